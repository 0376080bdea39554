"""What is watched: counters of interfaces, a switch's health, or a field of any show; and what is seen of it. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from integrations.switches import rates
from integrations.switches.errors import SwitchError
from integrations.switches.facts import HEALTH_COMMANDS, facts_from
from integrations.switches.health import KINDS, health
from integrations.switches.masking import mask_value
from integrations.switches.normalise import interface, main_table
from integrations.switches.ports import matcher
from integrations.switches.question import Result
from integrations.switches.rates import Count, Look, Rate, bits_in_words
from integrations.switches.rows import Key, identity, keyed, label
from integrations.switches.watching.condition import Names, Seen

Kind = Literal["counters", "health", "show"]

MOST_ROWS = 2_000
"""Rows of one switch's answer that a watch looks at."""
LONGEST_TEXT = 120
"""Characters of a text that are kept and told."""
_MOST_TEXTS = 20
"""Different texts of which is kept how often each was seen."""
_NAMES: Mapping[Kind, Names] = {
    "counters": Names(
        frozenset(("in", "out", "in-packets", "out-packets", "errors", "discards")), frozenset(("in", "out"))
    ),
    "health": Names(frozenset(("cpu", "memory", "findings", *KINDS)), may_change=True),
}
_KEPT: Mapping[Kind, tuple[str, ...]] = {
    "counters": ("in", "out", "errors"),
    "health": ("cpu", "memory", "findings"),
    "show": ("value",),
}


class WhatError(Exception):
    """What is to be watched cannot be; the text says why and what can."""


@dataclass(frozen=True, slots=True)
class Before:
    """What the last poll of a switch left: its counters, or its texts by subject; empty where there was none."""

    look: Look | None = None
    texts: Mapping[str, str] | None = None


NOTHING = Before()


@dataclass(frozen=True, slots=True)
class Observation:
    """One subject at one poll: an interface, a row of a show, or (`""`) the switch itself.

    `says` is the value in a few words, for people.
    """

    switch: str
    subject: str
    seen: Seen
    says: str
    kept: tuple[float | None, ...] = ()
    """The values of `What.fields`, for the history."""


@dataclass(frozen=True, slots=True)
class Poll:
    """What a poll of one switch came to, and what the next one is to be told of it."""

    observations: tuple[Observation, ...]
    before: Before


class Answers:
    """What one switch answered to all that was asked; whatever several watches want to know is read once."""

    def __init__(self, result: Result) -> None:
        self._result = result
        self.switch = result.switch.name
        self.at = result.at

    @cached_property
    def bodies(self) -> Mapping[str, Any]:
        """By command, those that were answered."""
        return {each.command: each.body for each in self._result.outputs if each.error is None}

    @cached_property
    def counts(self) -> Look:
        """The counters of all interfaces."""
        return rates.look(self.bodies, self.at, lambda _: True)

    def error(self, command: str) -> SwitchError | None:
        """What kept it from answering a command."""
        if self._result.error is not None:
            return self._result.error
        return next((each.error for each in self._result.outputs if each.command == command), None)


@dataclass(frozen=True, slots=True)
class What:
    """What a watch looks at. `detail` is the glob of interfaces, or the field of the show."""

    kind: Kind
    show: str = ""
    detail: str = ""

    def __str__(self) -> str:
        if self.kind == "show":
            return f'"{self.show}" {self.detail}'
        return f"{self.kind} {self.detail}".strip()

    @property
    def commands(self) -> tuple[str, ...]:
        """The shows that are asked for it."""
        return {"counters": rates.COMMANDS, "health": HEALTH_COMMANDS, "show": (self.show,)}[self.kind]

    @property
    def needed(self) -> str:
        """The show without whose answer nothing is seen."""
        return self.commands[0]

    @property
    def names(self) -> Names:
        """What its condition may speak of."""
        if self.kind != "show":
            return _NAMES[self.kind]
        known = frozenset((self.detail, "value"))
        return Names(known, texts=known, may_change=True)

    @property
    def noun(self) -> str:
        """What a subject is called."""
        return {"counters": "interface", "health": "finding", "show": "row"}[self.kind]

    @property
    def fields(self) -> tuple[str, ...]:
        """What the history keeps of each subject."""
        return _KEPT[self.kind]

    def look(self, answers: Answers, before: Before) -> Poll:
        """What a switch's answers say, beside what the last poll left. Raises WhatError where a field is missing."""
        reading = {"counters": self._counters, "health": self._health, "show": self._rows}[self.kind]
        return reading(answers, before)

    def _counters(self, answers: Answers, before: Before) -> Poll:
        wanted = matcher(self.detail or "*")
        every = answers.counts.interfaces
        now = Look(answers.at, {name: count for name, count in every.items() if wanted(name)})
        found = rates.rates(before.look, now) if before.look is not None else ()
        return Poll(tuple(_of_rate(answers.switch, each) for each in found), Before(look=now))

    def _health(self, answers: Answers, before: Before) -> Poll:
        switch = answers.switch
        facts = facts_from(switch, answers.bodies)
        found = health([facts]).findings
        texts = {
            f"{each.subject} ({each.kind})": _cut(each.says)
            for each in found
            if each.kind not in ("cpu", "memory", "errors")
        }
        by_kind = Counter(each.kind for each in found)
        load = facts.resources
        numbers: dict[str, float | None] = {
            "cpu": load.cpu_percent if load else None,
            "memory": load.memory_percent if load else None,
            "findings": float(len(found)),
            **{kind: float(by_kind[kind]) for kind in KINDS if kind not in ("cpu", "memory")},
        }
        worst = "; ".join(f"{each.subject}: {each.says}" for each in found[:3])
        says = f"CPU {_percent(numbers['cpu'])}, memory {_percent(numbers['memory'])}, {_findings(len(found), worst)}"
        kept = (numbers["cpu"], numbers["memory"], numbers["findings"])
        whole = Observation(switch, "", Seen(numbers), _cut(says, 240), kept)
        return Poll((whole, *_changed(switch, texts, before.texts)), Before(texts=texts))

    def _rows(self, answers: Answers, before: Before) -> Poll:
        switch = answers.switch
        texts = field_of(answers.bodies.get(self.show), self.show, self.detail)
        known = before.texts is not None
        found = [
            Observation(
                switch,
                subject,
                self._seen(text, (before.texts or {}).get(subject), known=known),
                text,
                (_number(text),),
            )
            for subject, text in texts.items()
        ]
        gone = [
            Observation(switch, subject, Seen({}, None, text, True), "gone")
            for subject, text in (before.texts or {}).items()
            if subject not in texts
        ]
        return Poll((*found, *gone), Before(texts=texts))

    def _seen(self, text: str, before: str | None, *, known: bool) -> Seen:
        number = _number(text)
        return Seen({"value": number, self.detail: number}, text, before, known)


def field_of(body: Any, show: str, field: str) -> dict[str, str]:
    """A field of every row of an answer, by what names the row, with secrets masked. Raises WhatError."""
    rows = main_table(mask_value(body)) if isinstance(body, Mapping) else []
    if not rows:
        return {}
    columns = dict.fromkeys(name for row in rows for name in row)
    if field not in columns:
        raise WhatError(
            f"{show!r} has no field {field!r}. It has {', '.join(list(columns)[:40])}"
            f"{' and more' if len(columns) > 40 else ''}"
        )
    names = [name for name in identity([rows]) if name != field]
    return {
        _subject(key, names): _cut(str(row[field]))
        for key, row in list(keyed(rows, names).items())[:MOST_ROWS]
        if field in row
    }


def _subject(key: Key, names: Sequence[str]) -> str:
    return _cut(interface(key[0]) if list(names) == ["interface"] and len(key) == 1 else label(key))


def _changed(
    switch: str, texts: Mapping[str, str], before: Mapping[str, str] | None
) -> Iterator[Observation]:
    """What is found now and was not at the last poll, and the other way round; nothing says of itself more."""
    if before is None:
        return
    for subject, text in texts.items():
        if subject not in before:
            yield Observation(switch, subject, Seen({}, text, None, True), text)
    for subject, text in before.items():
        if subject not in texts:
            yield Observation(switch, subject, Seen({}, None, text, True), "well again")


def _of_rate(switch: str, rate: Rate) -> Observation:
    numbers: dict[str, float | None] = {
        "in": rate.in_bits,
        "out": rate.out_bits,
        "in%": rate.in_percent,
        "out%": rate.out_percent,
        "in-packets": rate.in_packets,
        "out-packets": rate.out_packets,
        "errors": rate.errors,
        "discards": rate.discards,
    }
    kept = (rate.in_bits, rate.out_bits, None if rate.errors is None else float(rate.errors))
    return Observation(switch, rate.interface, Seen(numbers), rate_in_words(rate), kept)


def rate_in_words(rate: Rate) -> str:
    """`in 8.42 Gb/s (84 %), out 1.10 Gb/s (11 %), 3 errors`."""
    if rate.note == "reset":
        return "its counters were set to 0"
    sides = (("in", rate.in_bits, rate.in_percent), ("out", rate.out_bits, rate.out_percent))
    said = [f"{side} {bits_in_words(bits)}{_of_speed(part)}" for side, bits, part in sides]
    for word, count in (("error", rate.errors), ("discard", rate.discards)):
        if count:
            said.append(f"{count:,} {word}{'' if count == 1 else 's'}")
    return ", ".join(said)


def counts_of_texts(observations: Sequence[Observation]) -> dict[str, float]:
    """How often each text was seen, for the history of texts that are no numbers; the most frequent only."""
    texts = Counter(each.says for each in observations if each.kept)
    return {text: float(count) for text, count in texts.most_common(_MOST_TEXTS)}


def as_json(before: Before) -> dict[str, Any]:
    """To be kept until the next poll."""
    if before.look is None:
        return {"texts": dict(before.texts or {})}
    return {"counts": {name: list(count.numbers) for name, count in before.look.interfaces.items()}}


def from_json(kept: Mapping[str, Any] | None, at: float) -> Before:
    """The same again; `at` is when it was seen, in seconds since the epoch."""
    if kept is None:
        return Before()
    if "counts" in kept:
        return Before(look=Look(at, {name: Count(*numbers) for name, numbers in kept["counts"].items()}))
    return Before(texts=kept["texts"])


def _findings(count: int, worst: str) -> str:
    return f"{count} finding{'' if count == 1 else 's'}" + (f" ({worst})" if worst else "")


def _percent(value: float | None) -> str:
    return "?" if value is None else f"{value:.0f} %"


def _of_speed(part: float | None) -> str:
    return "" if part is None else f" ({part:.0f} %)" if part >= 10 else f" ({part:.1f} %)"


def _number(text: str) -> float | None:
    try:
        return (
            float(text)
            if len(text) < 30 and text.lower().lstrip("+-") not in ("nan", "inf", "infinity")
            else None
        )
    except ValueError:
        return None


def _cut(text: str, limit: int = LONGEST_TEXT) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
