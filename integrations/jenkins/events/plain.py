"""The plain report: what a Jenkinsfile's `httpRequest`, a script or any other CI may post. Seconds throughout.

Only `job` and `number` are needed; the README of the integration lists the fields.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from integrations.jenkins.events.model import BuildEvent, Event, Phase
from integrations.jenkins.events.untrusted import (
    Body,
    Count,
    Headers,
    Names,
    Needed,
    Number,
    Outcome,
    Parameters,
    QueueId,
    Report,
    Text,
    branch_name,
    no_truth,
    typed,
)

SENDER = "plain"
_LATEST = 1e12
"""Seconds; anything above is no time."""

PhaseName = Annotated[
    Phase, BeforeValidator(lambda phase: phase.upper() if isinstance(phase, str) else phase)
]
Moment = Annotated[Annotated[float, Field(ge=0, le=_LATEST)] | None, BeforeValidator(no_truth)]


def _job(name: str) -> str:
    """Raises ValueError where nothing is named."""
    if not (named := name.strip("/ ")):
        raise ValueError("it names no job")
    return named


JobName = Annotated[Needed, AfterValidator(_job)]


class _Upstream(Report):
    job: JobName
    number: Number


class _Told(Report):
    job: JobName
    number: Number
    result: Outcome = None
    url: Text = ""
    phase: PhaseName = Phase.FINALIZED
    queue_id: QueueId = None
    started: Moment = None
    duration: Moment = None
    branch: Text = ""
    commit: Text = ""
    culprits: Names = ()
    asked_by: Text = ""
    upstream: _Upstream | None = None
    parameters: Parameters = ()
    tests: Count = 0
    tests_failed: Count = 0
    tests_skipped: Count = 0
    failed_tests: Names = ()


def recognises(body: Body, headers: Headers) -> bool:
    """Whether it names a job."""
    return "job" in body


def read(body: Body, headers: Headers) -> Event:
    """The build's event. Raises UnreadableEvent."""
    told = typed(_Told, body, SENDER)
    same: dict[str, Any] = told.model_dump(exclude={"job", "upstream"})
    over = told.phase.finished
    changed = {
        "result": told.result if over else None,
        "duration": told.duration if over else None,
        "branch": branch_name(told.branch),
        "upstream": (told.upstream.job, told.upstream.number) if told.upstream else None,
    }
    return BuildEvent(sender=SENDER, full_name=told.job, **(same | changed))
