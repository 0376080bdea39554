"""What is news at a poll: what is met for the first time, what still stands, what recovered, what changed. Pure.

A subject that meets the condition is told at once. It is over when two polls in a row do not meet it, and by a
twentieth: a rate that dances on its threshold is told once. While it stands it is told again after an hour, after four
more, and then once a day.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from integrations.switches.watching.condition import Condition, holds, is_event
from integrations.switches.watching.what import Observation

CALM = 2
"""Polls in a row that a condition must not be met to be over."""
SILENT = 2
"""Polls in a row that a switch must not answer to be told."""
MOST_STANDING = 5_000
"""Subjects of one watch that are kept in mind as meeting its condition."""
STILL = (3_600.0, 4 * 3_600.0, 24 * 3_600.0)
"""Seconds after which what stands is told again: the last of them again and again."""

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Standing:
    """Something that meets its condition: since when, and when it was last told (seconds since the epoch)."""

    since: float
    told_at: float
    told: int = 1
    calm: int = 0

    @property
    def again_at(self) -> float:
        """When it is to be told again."""
        return self.told_at + STILL[min(self.told, len(STILL)) - 1]


@dataclass(frozen=True, slots=True)
class Item:
    """One line of news. `since` is when it began."""

    switch: str
    subject: str
    says: str
    since: float


@dataclass(frozen=True, slots=True)
class News:
    """What a poll has to tell; empty where there is nothing."""

    begun: tuple[Item, ...] = ()
    changed: tuple[Item, ...] = ()
    recovered: tuple[Item, ...] = ()
    still: tuple[Item, ...] = ()
    silent: tuple[Item, ...] = ()
    back: tuple[Item, ...] = ()

    def __bool__(self) -> bool:
        return any((self.begun, self.changed, self.recovered, self.still, self.silent, self.back))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What stands now, and what is news."""

    standing: Mapping[Key, Standing]
    news: News


@dataclass(frozen=True, slots=True)
class Silence:
    """A switch that does not answer: since when, at how many polls, and whether it was told."""

    since: float
    polls: int = 1
    told: bool = False


@dataclass
class _Found:
    begun: list[Item] = field(default_factory=list)
    changed: list[Item] = field(default_factory=list)
    recovered: list[Item] = field(default_factory=list)
    still: list[Item] = field(default_factory=list)


def judge(
    condition: Condition | None,
    standing: Mapping[Key, Standing],
    observations: Iterable[Observation],
    answered: Iterable[str],
    now: float,
) -> Verdict:
    """Weigh what was seen of the switches that answered; what stands on others stays as it is."""
    if condition is None:
        return Verdict({}, News())
    found, left = _Found(), dict(standing)
    event, seen = is_event(condition), set[Key]()
    for each in observations:
        key = (each.switch, each.subject)
        seen.add(key)
        if event:
            if holds(condition, each.seen):
                found.changed.append(Item(*key, _change(each), now))
        elif key in left:
            _weigh(condition, each, key, left, found, now)
        elif holds(condition, each.seen) and len(left) < MOST_STANDING:
            left[key] = Standing(now, now)
            found.begun.append(Item(*key, each.says, now))
    there = set(answered)
    for key in [key for key in left if key not in seen and key[0] in there]:
        _calmer(key, "is not there any more", left, found)
    news = News(tuple(found.begun), tuple(found.changed), tuple(found.recovered), tuple(found.still))
    return Verdict(left, news)


def _weigh(
    condition: Condition,
    seen: Observation,
    key: Key,
    left: dict[Key, Standing],
    found: _Found,
    now: float,
) -> None:
    """One that stood: it still does, or is calmer, or nobody can say."""
    met, stood = holds(condition, seen.seen, eased=True), left[key]
    if met is False:
        _calmer(key, seen.says, left, found)
        return
    if met:
        stood = left[key] = replace(stood, calm=0)
    if now >= stood.again_at:
        left[key] = replace(stood, told_at=now, told=stood.told + 1)
        found.still.append(Item(*key, seen.says, stood.since))


def _calmer(key: Key, says: str, left: dict[Key, Standing], found: _Found) -> None:
    stood = left[key]
    if stood.calm + 1 < CALM:
        left[key] = replace(stood, calm=stood.calm + 1)
        return
    del left[key]
    found.recovered.append(Item(*key, says, stood.since))


def _change(seen: Observation) -> str:
    if seen.seen.before is None:
        return f"new: {seen.says}"
    if seen.seen.text is None:
        return f"{seen.seen.before} → {seen.says}"
    return f"{seen.seen.before} → {seen.seen.text}"


def unheard(before: Silence | None, now: float) -> tuple[Silence, bool]:
    """A switch did not answer. What is kept of that, and whether it is to be told now."""
    silence = Silence(now) if before is None else replace(before, polls=before.polls + 1)
    if silence.told or silence.polls < SILENT:
        return silence, False
    return replace(silence, told=True), True


def as_json(standing: Mapping[Key, Standing]) -> list[list[Any]]:
    """What stands, to be kept until the next poll."""
    return [[*key, each.since, each.told_at, each.told, each.calm] for key, each in standing.items()]


def from_json(kept: Iterable[Iterable[Any]]) -> dict[Key, Standing]:
    """The same again."""
    return {
        (switch, subject): Standing(since, told_at, told, calm)
        for switch, subject, since, told_at, told, calm in kept
    }
