"""Globs, ranges and rooms of many rules, made ready once: which rules does a value meet? Pure.

An answer is an integer whose bit N stands for rule N, so that a thousand rules are weighed by a few `&`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from fnmatch import translate
from functools import lru_cache

from bot.ranges import Range

ROOM_TYPES = frozenset({"direct", "group", "none"})
"""Words that name a kind of place: whoever calls a room `direct` does not make it one."""
_ID = "Y2lzY29zcGFyazovL"
"""What every id of Webex begins with (`ciscospark://` in Base64): it is no title, whoever calls a room so."""
_REMEMBERED = 2048
"""Answers each index keeps; the values come from outside, so there may be any number of them."""

Test = Callable[[str], object]


@lru_cache(maxsize=8192)
def glob(pattern: str) -> Test:
    """A test of casefolded values. Globs know `*` and `?`; a bracket is itself: rooms are called `[prod] deploys`.

    `re` keeps 512 patterns and `fnmatch` 256 (Python 3.11): fewer than a policy may have.
    """
    return re.compile(translate(pattern.casefold().replace("[", "[[]"))).match


def is_glob(pattern: str) -> bool:
    """Whether the pattern may be met by more than one value."""
    return "*" in pattern or "?" in pattern


def numbers_of(bits: int) -> Iterator[int]:
    """The numbers of the bits that are set, the lowest first."""
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest


class Index:
    """Patterns by the rules they stand in. With `ranges`, `1..4` is met by the numbers from 1 to 4."""

    def __init__(self, patterns: Iterable[tuple[int, str]], *, ranges: bool = False) -> None:
        self._exact: dict[str, int] = {}
        tests: dict[Test, int] = {}
        for number, pattern in patterns:
            bit = 1 << number
            if ranges and (numbers := Range.read(pattern)):
                tests[numbers.holds] = tests.get(numbers.holds, 0) | bit
            elif is_glob(pattern):
                test = glob(pattern.casefold())
                tests[test] = tests.get(test, 0) | bit
            else:
                exact = pattern.casefold()
                self._exact[exact] = self._exact.get(exact, 0) | bit
        self._tests = tuple(tests.items())
        self.met_by = lru_cache(maxsize=_REMEMBERED)(self._met_by)

    def _met_by(self, value: str) -> int:
        """The rules with a pattern that the value meets; capitals make no difference."""
        folded = value.casefold()
        met = self._exact.get(folded, 0)
        for test, bits in self._tests:
            if test(folded):
                met |= bits
        return met


class RoomIndex:
    """The rooms of rules: `*`, ids, kinds and globs over titles."""

    def __init__(self, rooms: Iterable[tuple[int, str]]) -> None:
        self._by_id: dict[str, int] = {}
        self._by_type: dict[str, int] = {}
        titles: list[tuple[int, str]] = []
        self._any = 0
        for number, room in rooms:
            bit = 1 << number
            self._by_id[room] = self._by_id.get(room, 0) | bit
            if room == "*":
                self._any |= bit
            elif (kind := room.casefold()) in ROOM_TYPES:
                self._by_type[kind] = self._by_type.get(kind, 0) | bit
            elif not room.startswith(_ID):
                titles.append((number, room))
        self._titles = Index(titles)

    def met_by(self, ids: tuple[str, ...], title: str, kind: str) -> int:
        """The rules about this room; only rooms of several people have a title of their own."""
        met = self._any | self._by_type.get(kind, 0)
        for each in ids:
            met |= self._by_id.get(each, 0)
        return met | self._titles.met_by(title) if kind == "group" else met


class ArgumentIndex:
    """The arguments of rules. To be `every`, all values given for a name must match; otherwise any is enough."""

    def __init__(self, wanted: Iterable[Mapping[str, tuple[str, ...]]], *, every: bool) -> None:
        self._every = every
        named: dict[str, list[tuple[int, str]]] = {}
        about: dict[str, int] = {}
        self.wanting = 0
        for number, arguments in enumerate(wanted):
            for name, patterns in arguments.items():
                folded = name.casefold()
                about[folded] = about.get(folded, 0) | 1 << number
                named.setdefault(folded, []).extend((number, pattern) for pattern in patterns)
                self.wanting |= 1 << number
        self._names = tuple(
            (name, ~about[name], Index(patterns, ranges=True)) for name, patterns in named.items()
        )

    def met_by(self, given: Mapping[str, tuple[str, ...]]) -> int:
        """The rules that want nothing, or all of what they want is given. Of other rules' bits, nothing is said."""
        values: dict[str, list[str]] = {}
        for name, words in given.items():
            values.setdefault(name.casefold(), []).extend(words)
        met = -1
        for name, not_about, index in self._names:
            met &= not_about | (self._combined(index, values[name]) if values.get(name) else 0)
        return met

    def _combined(self, index: Index, values: list[str]) -> int:
        answers = [index.met_by(value) for value in values]
        met = answers[0]
        for each in answers[1:]:
            met = met & each if self._every else met | each
        return met
