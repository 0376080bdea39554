"""The Notification plugin: one report for each phase of a build, to the endpoints of its job.

Its `name` is the short name; only `url` tells the folder. Nulls are left out: there is no `status` before the
end, no `full_url` where Jenkins has no address. QUEUED comes when the build starts. COMPLETED and FINALIZED
both come. `timestamp` is the phase's own time. Changes and culprits are empty for Pipelines. The step
`notifyEndpoints` sends any phase by hand, also NONE. Source: jenkinsci/notification-plugin, JobListener and Phase.
"""

from __future__ import annotations

from typing import Annotated

from integrations.jenkins.events.addresses import job_in
from integrations.jenkins.events.model import BuildEvent, Event, Noted, Phase
from integrations.jenkins.events.untrusted import (
    Body,
    Count,
    Headers,
    Milliseconds,
    Names,
    Needed,
    Number,
    Outcome,
    Parameters,
    QueueId,
    Report,
    Text,
    branch_name,
    part,
    typed,
)

SENDER = "notification-plugin"


class _Scm(Report):
    branch: Text = ""
    commit: Text = ""
    culprits: Names = ()


class _Tests(Report):
    total: Count = 0
    failed: Count = 0
    skipped: Count = 0
    failed_tests: Names = ()


class _Build(Report):
    number: Number
    phase: Phase
    status: Outcome = None
    url: Text = ""
    full_url: Text = ""
    queue_id: QueueId = None
    timestamp: Milliseconds = None
    duration: Milliseconds = None
    scm: Annotated[_Scm, part] = _Scm()
    parameters: Parameters = ()
    test_summary: Annotated[_Tests, part] = _Tests()


class _Place(Report):
    url: Needed


class _Job(_Place):
    build: _Build


def recognises(body: Body, headers: Headers) -> bool:
    """Whether it has a build as this plugin writes it."""
    return isinstance(body.get("build"), dict)


def read(body: Body, headers: Headers) -> Event:
    """The build's event. Raises UnreadableEvent."""
    if body["build"].get("phase") == "NONE":
        return Noted(sender=SENDER, kind="NONE", about=job_in(typed(_Place, body, SENDER).url))
    job = typed(_Job, body, SENDER)
    build = job.build
    over = build.phase.finished
    return BuildEvent(
        sender=SENDER,
        full_name=job_in(job.url),
        number=build.number,
        phase=build.phase,
        result=build.status if over else None,
        url=build.full_url or build.url,
        queue_id=build.queue_id,
        started=start_of(build.phase, build.timestamp, build.duration),
        duration=build.duration if over else None,
        branch=branch_name(build.scm.branch),
        commit=build.scm.commit,
        culprits=build.scm.culprits,
        parameters=build.parameters,
        tests=build.test_summary.total,
        tests_failed=build.test_summary.failed,
        tests_skipped=build.test_summary.skipped,
        failed_tests=build.test_summary.failed_tests,
    )


def start_of(phase: Phase, moment: float | None, duration: float | None) -> float | None:
    """When the build began, in seconds, by the moment a phase is reported for; None where that does not tell.

    QUEUED is told of the moment it was queued, COMPLETED of its end, FINALIZED of any later one.
    """
    if moment is None or phase in (Phase.QUEUED, Phase.FINALIZED):
        return None
    return moment if phase is Phase.STARTED else round(moment - (duration or 0), 3)
