"""How often: token buckets in PostgreSQL, so that they hold across processes."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass

from sqlalchemy.orm import Session

from bot.access.policy import Policy, Question
from bot.config_file import LimitRule
from bot.outbound.quoting import code
from bot.store import buckets
from bot.store.buckets import Level

_ANSWERS = frozenset({"confirm", "leave", "approve", "deny"})
"""They answer what was counted when it was asked: only a limit that names them counts them."""
_PERIODS = {1.0: "a second", 60.0: "a minute", 3600.0: "an hour", 86400.0: "a day"}
_UNITS = ((86400, "days"), (3600, "h"), (60, "min"), (1, "s"))


@dataclass(frozen=True, slots=True)
class Limit:
    """A rule as it counts one question: by its name in the file, and the bucket the question draws from."""

    name: str
    rule: LimitRule
    level: Level


@dataclass(frozen=True, slots=True)
class Limited:
    """A bucket is empty: the limit's name, and what to tell the person."""

    name: str
    says: str


def limits_of(policy: Policy, question: Question) -> tuple[Limit, ...]:
    """The limits that count this question, each with the bucket it draws from. Pure.

    A person's addresses share a bucket. A rule that is written otherwise has other buckets, full ones; its
    place in the file and its reason make no difference.
    """
    return tuple(
        Limit(f"limits, rule {policy.limits.index(rule) + 1}", rule, _level(rule, policy, question))
        for rule in policy.limits_for(question)
        if question.command not in _ANSWERS or rule.commands != ("*",)
    )


def take(session: Session, limits: tuple[Limit, ...], question: Question) -> Limited | None:
    """Take one from each bucket of these limits or, where one is empty, from none of them.

    Returns the limit that keeps the asker waiting longest, or None where the question was counted. A request
    that is handled again after a crash is counted again: that errs on the careful side, and to remember each
    request would cost every one of them a row.
    """
    waits = buckets.take(session, [limit.level for limit in limits])
    last = max(limits, key=lambda limit: waits[limit.level.key])
    wait = waits[last.level.key]
    return Limited(last.name, _says(last, question, wait)) if wait else None


def _level(rule: LimitRule, policy: Policy, question: Question) -> Level:
    drawn_by = {
        "person": policy.identity(question.person),
        "room": question.room_ids[0] if question.room_ids else question.room_type,
        "command": question.command,
    }
    written = hashlib.sha256(rule.model_dump_json(exclude={"reason"}).encode()).hexdigest()[:16]
    parts = [f"{each}={drawn_by[each]}" for each in sorted(set(rule.per))]
    return Level(":".join(["limit", written, *parts]), rule.capacity, rule.rate.seconds / rule.rate.count)


def _says(limit: Limit, question: Question, wait: float) -> str:
    rule = limit.rule
    who = "You have" if "person" in rule.per else "People have"
    what = code(question.command) if "command" in rule.per else _commands(rule)
    where = (" in this room" if question.room_ids else " outside of rooms") if "room" in rule.per else ""
    at_once = f", {rule.capacity} at once" if rule.capacity != rule.rate.count else ""
    text = (
        f"{who} asked for {what}{where} as often as the limit allows, which is {_times(rule.rate.count)} "
        f"{_period(rule.rate.seconds)}{at_once} ({limit.name}). In {_span(wait)} I take the next one."
    )
    return f"{text} {rule.reason}".rstrip()


def _commands(rule: LimitRule) -> str:
    """What the bucket counts together; a rule about the effect alone counts commands of any name."""
    if rule.commands == ("*",):
        return "commands" if len(rule.effects) == 3 else f"commands that {' or '.join(rule.effects)}"
    return ", ".join(code(each) for each in rule.commands)


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _period(seconds: float) -> str:
    return _PERIODS.get(seconds) or f"in {_span(seconds)}"


def _span(seconds: float) -> str:
    """Rounded up: whoever waits that long has waited long enough."""
    size, name = next((each for each in _UNITS if seconds >= 2 * each[0]), _UNITS[-1])
    return f"{math.ceil(seconds / size)} {name}"
