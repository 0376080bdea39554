"""The CloudEvents plugin: binary mode, where `ce-type` says what happened; structured mode is read as well.

Its camelCase body tells a build much as the Notification plugin does. `failed` comes beside `finalized` for
the same end of a build; the plugin's README spells `finalzed` and `FAILED` where its code sends `finalized` and
`FAILURE`. `userId` is the thread's own user (SYSTEM), not who asked. Job events carry the whole config.xml.
Sources: jenkinsci/cloudevents-plugin, Stage and JobModel; CloudEvents 1.0 HTTP binding, 3.1 and 3.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import AliasChoices, BeforeValidator, Field

from bot.integration import UnreadableEvent
from integrations.jenkins.events.model import BuildEvent, Event, Noted, Phase, Unknown
from integrations.jenkins.events.phased import PhasedBuild, event_of
from integrations.jenkins.events.untrusted import (
    Body,
    Headers,
    Needed,
    Outcome,
    QueueId,
    Report,
    Text,
    clean,
    part,
    sample,
    typed,
)

SENDER = "cloudevents"
_PREFIX = "org.jenkinsci."
_PHASES: Final[Mapping[str, Phase]] = {
    "job.started": Phase.STARTED,
    "job.completed": Phase.COMPLETED,
    "job.finalized": Phase.FINALIZED,
    "job.finalzed": Phase.FINALIZED,
    "job.failed": Phase.FINALIZED,
}
_NOTED: Final = frozenset(
    {
        "job.created",
        "job.updated",
        "queue.entered_waiting",
        "queue.left",
        "node.online",
        "node.offline",
    }
)
_OF_BUILDS = frozenset({"scmState", "fullUrl", "queueId"})
"""Fields of a build that only this plugin writes so: they tell it where a proxy dropped the headers."""


class _Scm(Report):
    branch: Text = ""
    commit: Text = ""


class _Build(PhasedBuild):
    status: Annotated[
        Outcome, BeforeValidator(lambda status: "FAILURE" if status == "FAILED" else status)
    ] = None
    full_url: Text = Field("", alias="fullUrl")
    queue_id: QueueId = Field(None, alias="queueId")
    scm: Annotated[_Scm, part] = Field(_Scm(), alias="scmState")


class _Job(Report):
    url: Needed
    build: _Build


class _Thing(Report):
    about: Text = Field("", validation_alias=AliasChoices("nodeName", "displayName", "name"))


class _Envelope(Report):
    type: Needed
    data: dict[str, Any]


def recognises(body: Body, headers: Headers) -> bool:
    """Whether its headers, its envelope or, without either, its build are those of a CloudEvent."""
    build = body.get("build")
    of_plugin = isinstance(build, dict) and not _OF_BUILDS.isdisjoint(build)
    return "ce-type" in headers or _is_structured(body, headers) or of_plugin


def read(body: Body, headers: Headers) -> Event:
    """The event in either mode. Raises UnreadableEvent."""
    if "ce-type" in headers:
        return _of(headers["ce-type"], body)
    if _is_structured(body, headers):
        envelope = typed(_Envelope, body, SENDER)
        return _of(envelope.type, envelope.data)
    return _build(typed(_Job, body, SENDER))


def _is_structured(body: Body, headers: Headers) -> bool:
    return headers.get("content-type", "").startswith("application/cloudevents+json") or "specversion" in body


def _of(full_type: str, data: Body) -> Event:
    kind = clean(full_type, 120).removeprefix(_PREFIX) or "without a type"
    if kind in _NOTED:
        return Noted(sender=SENDER, kind=kind, about=typed(_Thing, data, SENDER).about)
    if kind not in _PHASES:
        return Unknown(sender=SENDER, kind=kind, sample_keys=sample(data))
    if not isinstance(data.get("build"), dict):
        raise UnreadableEvent(f"This is a CloudEvent {kind}, but build: it has none.")
    phased = {**data, "build": {**data["build"], "phase": _PHASES[kind]}}
    return _build(typed(_Job, phased, SENDER))


def _build(job: _Job) -> BuildEvent:
    scm = job.build.scm
    return event_of(SENDER, job.url, job.build, branch=scm.branch, commit=scm.commit)
