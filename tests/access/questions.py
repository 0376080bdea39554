"""Policies and questions, as short as a test needs them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.access.policy import Decision, Policy, Question, Rule
from bot.config_file import AccessRule

OWNER, ADA, EVE = "you@example.com", "ada@example.com", "eve@example.com"
GROUPS = {"ops": (ADA, "*@ops.example.com"), "guests": ("*",)}

ROOM: dict[str, Any] = {"room_ids": ("room-1",), "room_title": "Ops Berlin", "room_type": "group"}
DIRECT: dict[str, Any] = {"room_ids": ("room-2",), "room_type": "direct"}

NOTHING = Decision(False, "nothing allows it", "No rule allows it, and what is not allowed is denied.")
ALLOWED = Decision(True, "access rule 1 (allow)", "A rule allows it.")
DENIED = Decision(False, "access rule 1 (deny)", "A rule denies it.")


def named(*rules: AccessRule, until: tuple[datetime | None, ...] = ()) -> tuple[Rule, ...]:
    """The rules under the names that those of the file have, each until its time where times are given."""
    times = until or (None,) * len(rules)
    return tuple(
        Rule(f"access rule {number} ({'deny' if rule.deny else 'allow'})", rule, time)
        for number, (rule, time) in enumerate(zip(rules, times, strict=True), start=1)
    )


def policy(*rules: dict[str, Any]) -> Policy:
    """One owner, two groups, and these rules."""
    return Policy(
        owners=frozenset({OWNER}),
        groups=GROUPS,
        rules=named(*(AccessRule.model_validate(rule) for rule in rules)),
    )


def ask(person: str, command: str = "run list", **more: Any) -> Question:
    """Somebody asks to read, at the terminal where nothing else is said."""
    return Question(**{"person": person, "command": command, "effect": "read", **more})
