"""How a request may end at the gate, and the card that goes with an answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import structlog

from bot.access.policy import Decision
from bot.commands.context import Services
from bot.commands.model import Command, Entry, Outcome, Reply, Request
from bot.webex import cards

log = structlog.get_logger(__name__)

NOT_KNOWN = "membership not known"
"""The rule that decides where Webex cannot be asked: what nobody waits for is then asked again later."""


@dataclass(frozen=True, slots=True)
class Passed:
    """The request may be run: by which rule, and who agreed."""

    rule: str
    approvers: tuple[str, ...] = ()


def denied(command: Command, decision: Decision) -> Outcome:
    """The answer to what may not be run."""
    text = (
        f"⛔ You may not run `{command.name}` here. {decision.reason} `whoami` shows who I take you for; "
        "one of my owners can grant it."
    )
    return replace(outcome(command, "denied", decision.rule, "denied", Reply(text)), reason=decision.reason)


def refused(name: str, decision: str, text: str) -> Outcome:
    """The answer to what cannot be done."""
    return Outcome((Reply(f"⚠️ {text}"),), name, decision, "", "refused")


def outcome(command: Command, decision: str, rule: str, result: str, reply: Reply) -> Outcome:
    """How a request for this command ended, with one reply."""
    return Outcome((reply,), command.name, decision, rule, result)


def card_for(
    build: Callable[[], Mapping[str, Any]], request: Request, services: Services
) -> Mapping[str, Any] | None:
    """The card, where it can be shown: in a room, not too large, and with no secret in the words it carries.

    A redacted word would come back as another one. The reply's text does without the card.
    """
    if request.entry not in (Entry.TEXT, Entry.CARD):
        return None
    return card_in_room(build, request.correlation_id, services)


def card_in_room(
    build: Callable[[], Mapping[str, Any]], correlation_id: str, services: Services
) -> Mapping[str, Any] | None:
    """The card, where it is not too large and holds no secret, for a message to a room or a person."""
    try:
        card = build()
    except cards.CardError as error:
        log.warning("command.card_left_out", correlation_id=correlation_id, error=str(error))
        return None
    return card if services.redactor.redact_value(card) == card else None
