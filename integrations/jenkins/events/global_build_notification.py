"""The Global Build Notification plugin: the start and the completion of every build of a Jenkins.

The number is told by `url` only. Its `parameters` hold every parameter's value, those of passwords in clear
text: none of them is kept. Source: anxk/global-build-notification-plugin, Event.java.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pydantic import Field

from integrations.jenkins.events.addresses import build_in
from integrations.jenkins.events.model import BuildEvent, Event, Phase, Unknown
from integrations.jenkins.events.untrusted import (
    Body,
    Headers,
    Milliseconds,
    Needed,
    Outcome,
    Report,
    sample,
    typed,
)

SENDER = "global-build-notification"
_PHASES: Final[Mapping[str, Phase]] = {"started": Phase.STARTED, "completed": Phase.COMPLETED}


class _Told(Report):
    kind: Needed = Field("completed", alias="eventType")
    """Older versions report the completion only, and have no such field."""
    job: Needed = Field(alias="jobName")
    url: Needed
    result: Outcome = None
    duration: Milliseconds = None
    timestamp: Milliseconds = None


def recognises(body: Body, headers: Headers) -> bool:
    """Whether it has the fields of this plugin."""
    return {"eventId", "jobName", "url", "causes"} <= body.keys()


def read(body: Body, headers: Headers) -> Event:
    """The build's event. Raises UnreadableEvent."""
    told = typed(_Told, body, SENDER)
    phase = _PHASES.get(told.kind)
    if phase is None:
        return Unknown(sender=SENDER, kind=told.kind[:120], sample_keys=sample(body))
    _, number = build_in(told.url)
    return BuildEvent(
        sender=SENDER,
        full_name=told.job,
        number=number,
        phase=phase,
        result=told.result if phase.finished else None,
        url=told.url,
        started=told.timestamp if phase is Phase.STARTED else None,
        duration=told.duration if phase.finished else None,
    )
