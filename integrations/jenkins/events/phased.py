"""A build as the Notification plugin tells it phase by phase, and the CloudEvents plugin after it. Pure."""

from __future__ import annotations

from typing import Any

from integrations.jenkins.events.addresses import job_in
from integrations.jenkins.events.model import BuildEvent, Phase
from integrations.jenkins.events.untrusted import (
    Milliseconds,
    Number,
    Outcome,
    Parameters,
    QueueId,
    Report,
    Text,
    branch_name,
)


class PhasedBuild(Report):
    """What both write of a build, but for what they call it."""

    number: Number
    phase: Phase
    status: Outcome = None
    url: Text = ""
    full_url: Text = ""
    queue_id: QueueId = None
    timestamp: Milliseconds = None
    """Of the phase, in seconds once read."""
    duration: Milliseconds = None
    parameters: Parameters = ()


def event_of(
    sender: str, job_url: str, build: PhasedBuild, *, branch: str, commit: str, **more: Any
) -> BuildEvent:
    """The event; `more` are fields of it that only one of them tells. Raises UnreadableEvent for a job's address."""
    over = build.phase.finished
    return BuildEvent(
        sender=sender,
        full_name=job_in(job_url),
        number=build.number,
        phase=build.phase,
        result=build.status if over else None,
        url=build.full_url or build.url,
        queue_id=build.queue_id,
        started=_start_of(build.phase, build.timestamp, build.duration),
        duration=build.duration if over else None,
        branch=branch_name(branch),
        commit=commit,
        parameters=build.parameters,
        **more,
    )


def _start_of(phase: Phase, moment: float | None, duration: float | None) -> float | None:
    """When the build began, in seconds, by the moment a phase is reported for; None where that does not tell.

    QUEUED is told of the moment it was queued, COMPLETED of its end, FINALIZED of any later one.
    """
    if moment is None or phase in (Phase.QUEUED, Phase.FINALIZED):
        return None
    return moment if phase is Phase.STARTED else round(moment - (duration or 0), 3)
