"""Whatever Jenkins' plugins post to the hook, read as one typed event. Pure: nothing is asked, nothing kept.

A report is read by the first of these that recognises it. Those that say by headers or an envelope who they are
come first, then the narrower shapes before the wider, and the plain one last:

1. cloudevents, 2. generic_event, 3. input_notification, 4. outbound_webhook, 5. global_build_notification,
6. statistics_gatherer, 7. notification_plugin, 8. plain.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, NoReturn

from bot.integration import UnreadableEvent
from integrations.jenkins.events import (
    cloudevents,
    generic_event,
    global_build_notification,
    input_notification,
    notification_plugin,
    outbound_webhook,
    plain,
    statistics_gatherer,
)
from integrations.jenkins.events.model import (
    Answer,
    BuildEvent,
    Event,
    InputEvent,
    Noted,
    Phase,
    Unknown,
    dedupe_key,
    load,
)
from integrations.jenkins.events.untrusted import Body, Headers, clean, sample

__all__ = [
    "Answer",
    "BuildEvent",
    "Event",
    "InputEvent",
    "Noted",
    "Phase",
    "Unknown",
    "dedupe_key",
    "load",
    "read",
]

_Sender = tuple[Callable[[Body, Headers], bool], Callable[[Body, Headers], Event]]
_SENDERS: Final[tuple[_Sender, ...]] = (
    (cloudevents.recognises, cloudevents.read),
    (generic_event.recognises, generic_event.read),
    (input_notification.recognises, input_notification.read),
    (outbound_webhook.recognises, outbound_webhook.read),
    (global_build_notification.recognises, global_build_notification.read),
    (statistics_gatherer.recognises, statistics_gatherer.read),
    (notification_plugin.recognises, notification_plugin.read),
    (plain.recognises, plain.read),
)
NOBODY = "?"
"""The sender of a report that none recognises."""


def read(body: bytes, headers: Mapping[str, str]) -> Event:
    """The event a report tells of. A JSON object that nobody recognises is an Unknown one, and not refused.

    Raises UnreadableEvent, with the place and the reason, for what is no JSON object and for a report of a known
    sender that is not of its shape.
    """
    sent = _decoded(body)
    named = {name.lower(): value for name, value in headers.items()}
    for recognises, read_it in _SENDERS:
        if recognises(sent, named):
            return read_it(sent, named)
    return Unknown(sender=NOBODY, kind=_kind(sent), sample_keys=sample(sent))


def _kind(sent: Body) -> str:
    """A name for all objects with these fields, in whatever order they come."""
    return clean(", ".join(sorted(sent)), 120) or "an empty object"


def _decoded(body: bytes) -> dict[str, Any]:
    if body.lstrip()[:1] == b"<":
        raise UnreadableEvent(
            "The body is XML, and JSON is read here: set the Notification plugin's format to JSON."
        )
    try:
        sent = json.loads(body.decode("utf-8-sig"), parse_constant=_refuse)
    except RecursionError as error:
        raise UnreadableEvent("The body is JSON nested too deeply to be a report.") from error
    except (UnicodeDecodeError, ValueError) as error:
        raise UnreadableEvent("The body is not JSON in UTF-8; set the plugin's format to JSON.") from error
    if not isinstance(sent, dict):
        raise UnreadableEvent("The body is JSON, but no object.")
    return sent


def _refuse(constant: str) -> NoReturn:
    """NaN and Infinity are no JSON (RFC 8259, 6), though Python reads them. Raises ValueError."""
    raise ValueError(f"{constant} is no JSON")
