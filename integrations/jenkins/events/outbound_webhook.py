"""The Outbound WebHook plugin: the start and the end of a freestyle build, told by its post-build action.

`projectName` is only shown to people: `buildUrl` tells the job. It has no event for an aborted build, which
therefore is never reported. Its Pipeline step reports `pipeline`, from wherever it stands. `buildVars` holds the
build's whole environment and is not looked at. Source: jenkinsci/outbound-webhook-plugin, NotificationEvent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pydantic import Field

from integrations.jenkins.events.addresses import build_in
from integrations.jenkins.events.model import BuildEvent, Event, Noted, Phase, Unknown
from integrations.jenkins.events.untrusted import Body, Headers, Needed, Report, sample, typed
from integrations.jenkins.model import Result

SENDER = "outbound-webhook"
_EVENTS: Final[Mapping[str, tuple[Phase, Result | None]]] = {
    "start": (Phase.STARTED, None),
    "success": (Phase.COMPLETED, Result.SUCCESS),
    "failure": (Phase.COMPLETED, Result.FAILURE),
    "unstable": (Phase.COMPLETED, Result.UNSTABLE),
}


class _Told(Report):
    url: Needed = Field(alias="buildUrl")
    event: Needed


def recognises(body: Body, headers: Headers) -> bool:
    """Whether it has the fields of this plugin."""
    return {"projectName", "buildUrl", "event"} <= body.keys()


def read(body: Body, headers: Headers) -> Event:
    """The build's event. Raises UnreadableEvent."""
    told = typed(_Told, body, SENDER)
    kind = told.event.lower()
    full_name, number = build_in(told.url)
    if kind == "pipeline":
        return Noted(sender=SENDER, kind=kind, about=f"{full_name} #{number}")
    if kind not in _EVENTS:
        return Unknown(sender=SENDER, kind=kind[:120], sample_keys=sample(body))
    phase, result = _EVENTS[kind]
    return BuildEvent(
        sender=SENDER, full_name=full_name, number=number, phase=phase, result=result, url=told.url
    )
