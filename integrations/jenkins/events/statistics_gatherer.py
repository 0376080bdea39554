"""The Statistics Gatherer plugin: builds, and beside them its queue, job, step and checkout reports.

A build's report is the first where `result` is INPROGRESS, and the last otherwise; only the first tells who
asked, and the last one's `startTime` is no start. Job reports carry the whole config.xml. Its README shows times
in seconds where its code sends milliseconds. Source: jenkinsci/statistics-gatherer-plugin, RunStatsListener.
"""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator, Field

from integrations.jenkins.events.addresses import absolute, job_in
from integrations.jenkins.events.model import BuildEvent, Event, Noted, Phase
from integrations.jenkins.events.untrusted import (
    Body,
    Headers,
    Milliseconds,
    Needed,
    Number,
    Parameters,
    Report,
    Text,
    branch_name,
    part,
    typed,
)
from integrations.jenkins.model import read_result

SENDER = "statistics-gatherer"
_BEGUN = "INPROGRESS"
_NOBODY: Final = frozenset({"", "upstream", "scm", "timer", "unknown", "system", "anonymous"})
"""What stands for a user where none asked, in small letters."""
_YEAR_5138 = 1e11
"""Seconds since the epoch: any greater number must be milliseconds."""


def _epoch(value: object) -> object:
    """Milliseconds of a time that may be told in seconds."""
    if isinstance(value, int | float) and not isinstance(value, bool) and value < _YEAR_5138:
        return value * 1000
    return value


class _Scm(Report):
    branch: Text = ""
    commit: Text = ""


class _Build(Report):
    root: Text = Field("", alias="ciUrl")
    full_name: Text = Field("", alias="fullJobName")
    """Older versions have none."""
    number: Number
    result: Needed
    url: Text = Field("", alias="buildUrl")
    started: Annotated[Milliseconds, BeforeValidator(_epoch)] = Field(None, alias="startTime")
    duration: Milliseconds = None
    asked_by: Annotated[Text, AfterValidator(lambda user: "" if user.casefold() in _NOBODY else user)] = (
        Field("", alias="startedUserId")
    )
    parameters: Parameters = ()
    scm: Annotated[_Scm, part] = Field(_Scm(), alias="scmInfo")


class _Job(Report):
    name: Text = ""
    status: Text = ""


class _QueueItem(Report):
    job: Text = Field("", alias="jobName")
    status: Text = ""


class _Step(Report):
    kind: Text = Field("", alias="buildStepType")


_FIELDS: Final = {
    "build": frozenset({"ciUrl", "jobName", "number", "result"}),
    "queue": frozenset({"ciUrl", "jobName", "jenkinsQueueId"}),
    "job": frozenset({"ciUrl", "name", "userId", "status"}),
    "step": frozenset({"buildStepId", "buildStepType", "buildUrl"}),
    "scm": frozenset({"startTime", "endTime", "buildUrl"}),
}
"""What each kind of report has, in the order in which they are told apart."""


def recognises(body: Body, headers: Headers) -> bool:
    """Whether it has the fields of one of this plugin's reports."""
    return _kind(body) is not None


def read(body: Body, headers: Headers) -> Event:
    """The build's event, or what was noted. Raises UnreadableEvent."""
    match _kind(body):
        case "build":
            return _build(typed(_Build, body, SENDER))
        case "queue":
            item = typed(_QueueItem, body, SENDER)
            return Noted(sender=SENDER, kind=f"queue {item.status.lower()[:40]}".strip(), about=item.job)
        case "job":
            job = typed(_Job, body, SENDER)
            return Noted(sender=SENDER, kind=f"job {job.status.lower()[:40]}".strip(), about=job.name)
        case "step":
            return Noted(sender=SENDER, kind="step", about=typed(_Step, body, SENDER).kind)
        case _:
            return Noted(sender=SENDER, kind="scm")


def _kind(body: Body) -> str | None:
    return next((kind for kind, fields in _FIELDS.items() if fields <= body.keys()), None)


def _build(build: _Build) -> BuildEvent:
    begun = build.result == _BEGUN
    return BuildEvent(
        sender=SENDER,
        full_name=build.full_name or job_in(build.url.rstrip("/").rpartition("/")[0]),
        number=build.number,
        phase=Phase.STARTED if begun else Phase.FINALIZED,
        result=None if begun else read_result(build.result),
        url=absolute(build.root, build.url),
        started=build.started if begun else None,
        duration=None if begun else build.duration,
        branch=branch_name(build.scm.branch),
        commit=build.scm.commit,
        asked_by=build.asked_by if begun else "",
        parameters=build.parameters,
    )
