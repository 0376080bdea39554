"""Buttons below what is told of a build; each stands for a typed line, under the rights of who presses it. Pure."""

from __future__ import annotations

from typing import Any, Literal

from bot.commands.forms import words_button
from bot.outbound.quoting import for_card
from bot.webex import cards

Standing = Literal["queued", "running", "ended"]
"""Where a build is, as far as it decides what can be done with it."""


def build_buttons(
    full_name: str, number: int | None, state: Standing, *, noun: str = "jenkins"
) -> list[dict[str, Any]]:
    """The buttons that fit. `number` is None in the queue; `noun` names the server where there are several."""
    if number is None or state == "queued":
        return [words_button("Stop", (noun, "stop", full_name), "destructive")]
    which = (full_name, f"#{number}")
    log = words_button("Log", (noun, "log", *which))
    if state == "running":
        return [log, words_button("Stop", (noun, "stop", *which), "destructive")]
    rebuild = words_button("Rebuild", (noun, "rebuild", *which))
    return [log, rebuild, words_button("Artifacts", (noun, "artifacts", *which))]


def report_card(markdown: str, buttons: list[dict[str, Any]]) -> dict[str, Any] | None:
    """A message as a card with these buttons below it; None where it is too long for one.

    Where Webex shows a card it does not show the message's own text, so the card says the same.
    """
    lines = [for_card(line) for line in markdown.splitlines() if line.strip()]
    try:
        return cards.card([cards.text(line) for line in lines], buttons)
    except cards.CardError:
        return None
