"""The Generic Event plugin: all builds and items of a Jenkins, each with its `api/json` as `data`.

`run.initialize` comes when a build leaves the queue. The folder is told by `source`, the job's address; for
Pipelines also by `_parentFullName` and `_projectName`; Jenkins' root by the header `Referrer`, spelled so. Causes,
parameters, tests and commits lie in `actions` among others' and empty ones.
Source: jenkinsci/generic-event-plugin, GenericEventRunListener, HttpEventSender and docs/run.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final
from urllib.parse import unquote

from pydantic import AliasChoices, BeforeValidator, Field

from integrations.jenkins.events.addresses import absolute, job_in
from integrations.jenkins.events.model import BuildEvent, Event, Noted, Phase, Unknown
from integrations.jenkins.events.untrusted import (
    Body,
    Count,
    Headers,
    M,
    Milliseconds,
    Needed,
    Number,
    Outcome,
    QueueId,
    Report,
    Text,
    branch_name,
    clean,
    harmless,
    part,
    sample,
    typed,
)
from integrations.jenkins.model import Values

SENDER = "generic-event"
_PHASES: Final[Mapping[str, Phase]] = {
    "run.initialize": Phase.QUEUED,
    "run.started": Phase.STARTED,
    "run.completed": Phase.COMPLETED,
    "run.finalized": Phase.FINALIZED,
}
_NOTED: Final = frozenset(
    {"run.deleted", "item.created", "item.updated", "item.deleted", "item.locationChanged"}
)
_MOST_ACTIONS = 200


def _objects(value: object) -> list[dict[str, Any]]:
    """The objects of a list, without whatever else somebody put there."""
    items = value[:_MOST_ACTIONS] if isinstance(value, list) else []
    return [each for each in items if isinstance(each, dict)]


Objects = Annotated[list[dict[str, Any]], BeforeValidator(_objects)]


class _Run(Report):
    number: Number
    result: Outcome = None
    url: Text = ""
    queue_id: QueueId = Field(None, alias="queueId")
    timestamp: Milliseconds = None
    """When the build began."""
    duration: Milliseconds = None
    actions: Objects = Field(default_factory=list)
    culprits: Objects = Field(default_factory=list)
    parent: Text = Field("", alias="_parentFullName")
    project: Text = Field("", alias="_projectName")


class _Envelope(Report):
    type: Needed
    source: Text = ""
    url: Text = ""


class _OfRun(_Envelope):
    data: _Run


class _Thing(Report):
    name: Text = Field("", validation_alias=AliasChoices("fullName", "fullDisplayName", "name"))


class _OfThing(_Envelope):
    data: Annotated[_Thing, part] = _Thing.model_validate({})


class _Cause(Report):
    user: Text = Field("", alias="userId")
    project: Text = Field("", alias="upstreamProject")
    build: Count = Field(0, alias="upstreamBuild")


class _Person(Report):
    id: Text = ""
    address: Text = Field("", alias="absoluteUrl")
    name: Text = Field("", alias="fullName")


class _Tests(Report):
    total: Count = Field(0, alias="totalCount")
    failed: Count = Field(0, alias="failCount")
    skipped: Count = Field(0, alias="skipCount")


class _Branch(Report):
    name: Text = ""
    commit: Text = Field("", alias="SHA1")


_NO_BRANCH = _Branch.model_validate({})


class _Revision(Report):
    branches: tuple[_Branch, ...] = Field((), alias="branch", max_length=_MOST_ACTIONS)


class _Git(Report):
    revision: _Revision | None = Field(None, alias="lastBuiltRevision")


def recognises(body: Body, headers: Headers) -> bool:
    """Whether it is an envelope with data, as this plugin's and nobody else's header or fields say."""
    named = "x-event-type" in headers or "dataType" in body
    return named and "type" in body and "data" in body


def read(body: Body, headers: Headers) -> Event:
    """The build's event, or what was noted. Raises UnreadableEvent."""
    kind = typed(_Envelope, body, SENDER).type[:120]
    if kind in _NOTED:
        return Noted(sender=SENDER, kind=kind, about=typed(_OfThing, body, SENDER).data.name)
    if kind not in _PHASES:
        return Unknown(sender=SENDER, kind=kind, sample_keys=sample(body))
    return _build(typed(_OfRun, body, SENDER), _PHASES[kind], headers.get("referrer", ""))


def _build(event: _OfRun, phase: Phase, root: str) -> BuildEvent:
    run = event.data
    causes = _causes(run.actions)
    tests = _action(_Tests, run.actions, "TestResultAction")
    built = _built(run.actions)
    return BuildEvent(
        sender=SENDER,
        full_name=_full_name(event),
        number=run.number,
        phase=phase,
        result=run.result if phase.finished else None,
        url=absolute(root, run.url or event.url or f"{event.source.rstrip('/')}/{run.number}/"),
        queue_id=run.queue_id,
        started=run.timestamp,
        duration=run.duration if phase.finished else None,
        branch=branch_name(built.name),
        commit=built.commit,
        culprits=_people(run.culprits),
        asked_by=next((each.user for each in causes if each.user), ""),
        upstream=_upstream(causes),
        parameters=_parameters(run.actions),
        tests=tests.total,
        tests_failed=tests.failed,
        tests_skipped=tests.skipped,
    )


def _full_name(event: _OfRun) -> str:
    run = event.data
    if run.project:
        return f"{run.parent}/{run.project}" if run.parent else run.project
    return job_in(event.source)


def _of_class(actions: Iterable[Mapping[str, Any]], ending: str) -> list[Mapping[str, Any]]:
    classes = [(each.get("_class"), each) for each in actions]
    return [each for name, each in classes if isinstance(name, str) and name.endswith(ending)]


def _action(model: type[M], actions: Iterable[Mapping[str, Any]], ending: str) -> M:
    """The first action of a class, typed; an empty one where there is none."""
    return typed(model, next(iter(_of_class(actions, ending)), {}), SENDER)


def _built(actions: Iterable[Mapping[str, Any]]) -> _Branch:
    """The branch and commit the Git plugin checked out; nothing where it was not used."""
    revision = _action(_Git, actions, "BuildData").revision
    return next(iter(revision.branches if revision else ()), _NO_BRANCH)


def _causes(actions: Iterable[Mapping[str, Any]]) -> list[_Cause]:
    found = [cause for each in _of_class(actions, "CauseAction") for cause in _objects(each.get("causes"))]
    return [typed(_Cause, cause, SENDER) for cause in found]


def _upstream(causes: Iterable[_Cause]) -> tuple[str, int] | None:
    return next(((each.project, each.build) for each in causes if each.project and each.build), None)


def _parameters(actions: Iterable[Mapping[str, Any]]) -> Values:
    """The parameters; of a password Jenkins tells no value, and what is of such a class is left out anyway."""
    given = [
        one for each in _of_class(actions, "ParametersAction") for one in _objects(each.get("parameters"))
    ]
    shown = [
        (each["name"], each["value"])
        for each in given
        if isinstance(each.get("name"), str) and "value" in each and not _is_secret(each.get("_class"))
    ]
    return harmless(shown)


def _is_secret(class_name: object) -> bool:
    return isinstance(class_name, str) and ("Password" in class_name or "Credentials" in class_name)


def _people(culprits: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """User ids, which end their addresses, or names where there is no address."""
    people = [typed(_Person, each, SENDER) for each in culprits]
    names = [each.id or unquote(each.address.rstrip("/").rpartition("/")[2]) or each.name for each in people]
    return tuple(clean(name, 200) for name in names if name)[:50]
