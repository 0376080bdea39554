"""Conditions of a watch: `in > 80%`, `errors > 0 or discards > 100`, `state != up`, `changes`. Read, and weighed. Pure.

Nothing is evaluated but what this grammar knows:

    any        = all { "or" all }
    all        = one { "and" one }
    one        = "not" one | "(" any ")" | "changes" | NAME SIGN VALUE
    SIGN       = > >= < <= = == !=
    VALUE      = number, perhaps with % or k M G T (and b/s behind) | a word | "quoted text"
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches

LONGEST = 200
"""Characters of a condition."""
_DEEPEST = 20
_EASE = 0.05
"""What stands is over only when it is this part of the threshold on the other side of it."""
_SIGNS: Mapping[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    "!=": operator.ne,
}
_OTHERWISE = {"==": "=", "≥": ">=", "≤": "<=", "≠": "!=", "<>": "!="}
_UNITS = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12}
_TOKEN = re.compile(
    r"""\s*(?:
        (?P<number>-?\d+(?:\.\d+)?)\s*(?:(?P<percent>%)|(?P<unit>[kmgt])?(?:b/s|bit/s|bps)?(?![\w/]))
      | (?P<sign>>=|<=|==|!=|<>|[><=≥≤≠])
      | (?P<bracket>[()])
      | "(?P<quoted>[^"]*)"
      | (?P<word>[A-Za-z0-9_][\w./:-]*)
    )""",
    re.VERBOSE | re.IGNORECASE,
)


class ConditionError(Exception):
    """A condition that cannot be read, or asks for what the watch does not see; the text says what is wrong."""


@dataclass(frozen=True, slots=True)
class Compare:
    """A value beside a threshold. `percent`: of the port's speed."""

    name: str
    sign: str
    value: float | str
    percent: bool = False

    def __str__(self) -> str:
        shown = f'"{self.value}"' if isinstance(self.value, str) else _number(self.value)
        return f"{self.name} {self.sign} {shown}{'%' if self.percent else ''}"


@dataclass(frozen=True, slots=True)
class Changes:
    """Another text than at the last poll."""

    def __str__(self) -> str:
        return "changes"


@dataclass(frozen=True, slots=True)
class Not:
    """The contrary."""

    part: Condition

    def __str__(self) -> str:
        return f"not {_bracketed(self.part)}"


@dataclass(frozen=True, slots=True)
class All:
    """Each of them."""

    parts: tuple[Condition, ...]

    def __str__(self) -> str:
        return " and ".join(map(_bracketed, self.parts))


@dataclass(frozen=True, slots=True)
class Any:
    """At least one of them."""

    parts: tuple[Condition, ...]

    def __str__(self) -> str:
        return " or ".join(map(_bracketed, self.parts))


Condition = Compare | Changes | Not | All | Any


@dataclass(frozen=True, slots=True)
class Names:
    """What a condition may speak of. `percents` may also be compared as a part of the speed."""

    numbers: frozenset[str]
    percents: frozenset[str] = frozenset()
    texts: frozenset[str] = frozenset()
    may_change: bool = False

    @property
    def words(self) -> tuple[str, ...]:
        """All of them, as they may be written."""
        every = sorted(self.numbers | self.texts)
        return (*every, *(["changes"] if self.may_change else []))


@dataclass(frozen=True, slots=True)
class Seen:
    """What a poll saw of one subject: numbers (None: not known now; `in%` is `in` in percent), a text, the one before.

    `known` says that the switch was seen before, so that a text where there was none is a change.
    """

    numbers: Mapping[str, float | None]
    text: str | None = None
    before: str | None = None
    known: bool = False


def parse(written: str, names: Names) -> Condition:
    """Read a condition. Raises ConditionError."""
    if len(written) > LONGEST:
        raise ConditionError(f"a condition has at most {LONGEST} characters, and this has {len(written):,}")
    reading = _Reading(_tokens(written))
    found = reading.any()
    reading.end()
    for part in parts(found):
        _check(part, names)
    return found


def parts(condition: Condition) -> Iterator[Condition]:
    """The condition and all within it."""
    yield condition
    if isinstance(condition, Not):
        yield from parts(condition.part)
    elif isinstance(condition, All | Any):
        for each in condition.parts:
            yield from parts(each)


def is_event(condition: Condition) -> bool:
    """Whether it happens at a moment, and so is told and over; other conditions stand for a while."""
    return any(isinstance(part, Changes) for part in parts(condition))


def holds(condition: Condition, seen: Seen, *, eased: bool = False) -> bool | None:
    """Whether it is met; None where what is seen does not tell.

    `eased` asks whether it is met with thresholds a twentieth easier: what stands is over only when it is not.
    """
    if isinstance(condition, Compare):
        return _compared(condition, seen, eased=eased)
    if isinstance(condition, Changes):
        return seen.known and seen.text != seen.before
    if isinstance(condition, Not):
        inner = holds(condition.part, seen, eased=False)
        return None if inner is None else not inner
    each = [holds(part, seen, eased=eased) for part in condition.parts]
    decisive = isinstance(condition, Any)
    if decisive in each:
        return decisive
    return None if None in each else not decisive


def _compared(condition: Compare, seen: Seen, *, eased: bool) -> bool | None:
    value = condition.value
    if isinstance(value, str):
        if seen.text is None:
            return None
        return (seen.text.casefold() == value.casefold()) is (condition.sign == "=")
    now = seen.numbers.get(f"{condition.name}%" if condition.percent else condition.name)
    if now is None:
        return None
    slack = abs(value) * _EASE if eased else 0.0
    if condition.sign in (">", ">="):
        value -= slack
    elif condition.sign in ("<", "<="):
        value += slack
    return _SIGNS[condition.sign](now, value)


def _check(part: Condition, names: Names) -> None:
    """Raises ConditionError for what the watch does not see."""
    if isinstance(part, Changes) and not names.may_change:
        raise ConditionError(
            "rates change at every poll: say a threshold, such as 'in > 80%' or 'errors > 0'"
        )
    if isinstance(part, Not) and any(isinstance(each, Changes) for each in parts(part)):
        raise ConditionError("'not changes' would be told at every poll")
    if not isinstance(part, Compare):
        return
    known = names.numbers | names.texts
    if part.name not in known:
        near = get_close_matches(part.name, [*known, "changes"], n=1)
        hint = f"; did you mean {near[0]!r}?" if near else f", but {', '.join(names.words)}"
        raise ConditionError(f"there is no {part.name!r} here{hint}")
    if part.percent and part.name not in names.percents:
        raise ConditionError(f"{part.name} is no part of a speed: compare it with a number")
    if isinstance(part.value, str) and part.name not in names.texts:
        raise ConditionError(f"{part.name} is a number: {part.value!r} is none")
    if isinstance(part.value, str) and part.sign not in ("=", "!="):
        raise ConditionError(f"a text is compared with = or !=, not with {part.sign}")


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    value: float = 0.0
    percent: bool = False


def _tokens(written: str) -> list[_Token]:
    found, at = list[_Token](), 0
    written = written.rstrip()
    while at < len(written):
        match = _TOKEN.match(written, at)
        if match is None or match.end() == at:
            raise ConditionError(f"I cannot read {written[at:].strip()[:40]!r} in it")
        at = match.end()
        kind = match.lastgroup if match.lastgroup not in ("percent", "unit") else "number"
        text = match[kind or "word"]
        if kind == "number":
            value = float(text) * _UNITS[(match["unit"] or "").lower()]
            found.append(_Token("number", text, value, match["percent"] is not None))
        elif kind == "sign":
            found.append(_Token("sign", _OTHERWISE.get(text, text)))
        else:
            found.append(_Token(str(kind), text))
    return found


class _Reading:
    """One reading of the tokens, from the left."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    def any(self) -> Condition:
        """any = all { "or" all }"""
        found = [self._all()]
        while self._takes("or"):
            found.append(self._all())
        return found[0] if len(found) == 1 else Any(tuple(found))

    def end(self) -> None:
        """Raises ConditionError where something is left."""
        if (token := self._next()) is not None:
            raise ConditionError(f"I did not expect {token.text!r}: join conditions with 'and' or 'or'")

    def _all(self) -> Condition:
        found = [self._one()]
        while self._takes("and"):
            found.append(self._one())
        return found[0] if len(found) == 1 else All(tuple(found))

    def _one(self) -> Condition:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ConditionError("it is nested too deep")
        try:
            return self._read_one()
        finally:
            self._depth -= 1

    def _read_one(self) -> Condition:
        if self._takes("not"):
            return Not(self._one())
        token = self._taken("a name such as 'in' or 'errors'")
        if token == _Token("bracket", "("):
            found = self.any()
            if (closing := self._next()) != _Token("bracket", ")"):
                raise ConditionError(f"a bracket is never closed{_before(closing)}")
            self._at += 1
            return found
        if token.kind != "word":
            raise ConditionError(f"{token.text!r} is no name such as 'in' or 'errors'")
        if token.text.lower() == "changes":
            return Changes()
        return self._comparison(token.text)

    def _comparison(self, name: str) -> Condition:
        sign = self._next()
        if sign is None or sign.kind != "sign":
            raise ConditionError(f"after {name!r} one of > >= < <= = != is missing")
        self._at += 1
        value = self._taken(f"what {name} is compared with")
        if value.kind == "number":
            return Compare(name, sign.text, value.value, value.percent)
        if value.kind in ("word", "quoted"):
            return Compare(name, sign.text, value.text)
        raise ConditionError(f"{value.text!r} is nothing that {name} can be compared with")

    def _next(self) -> _Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _taken(self, wanted: str) -> _Token:
        token = self._next()
        if token is None:
            raise ConditionError(f"it ends where I expected {wanted}")
        self._at += 1
        return token

    def _takes(self, word: str) -> bool:
        token = self._next()
        if token is None or token.kind != "word" or token.text.lower() != word:
            return False
        self._at += 1
        return True


def _before(token: _Token | None) -> str:
    return "" if token is None else f" before {token.text!r}"


def _bracketed(condition: Condition) -> str:
    return f"({condition})" if isinstance(condition, All | Any) else str(condition)


def _number(value: float) -> str:
    """All digits there are, without an exponent."""
    return format(Decimal(repr(value)), "f").removesuffix(".0")
