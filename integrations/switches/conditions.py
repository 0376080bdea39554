"""Which rows and fields of a show are wanted: `--where state=up`, `--fields interface,state`. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from operator import ge, gt, le, lt

from integrations.switches.normalise import Row, Value, decimal, interface

_WRITTEN = re.compile(r"\s*([\w.-]+)\s*(!=|>=|<=|=|>|<)\s*(.*?)\s*")
_SHORT_NAME = re.compile(r"([A-Za-z-]+)\s*([\d*?].*)")
_NUMBERS: dict[str, Callable[[float, float], bool]] = {">": gt, ">=": ge, "<": lt, "<=": le}
_TOLD = 40
"""Fields that are named to somebody who named one there is not."""


class UnknownField(Exception):
    """No answer has such a field; the text names those there are."""


@dataclass(frozen=True)
class Condition:
    """`field=value`, where the value may be a glob; `!=`; `>`, `>=`, `<`, `<=` of numbers."""

    field: str
    sign: str
    value: str

    def __str__(self) -> str:
        return f"{self.field}{self.sign}{self.value}"

    def holds(self, value: Value | None) -> bool:
        """Whether a value is one that is wanted; what is not there fits only `!=`."""
        if self.sign in _NUMBERS:
            number, bound = decimal(value), decimal(self.value)
            return number is not None and bound is not None and _NUMBERS[self.sign](number, bound)
        fits = value is not None and any(self._pattern.fullmatch(each) for each in _spellings(value))
        return fits is (self.sign == "=")

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        """Of the value in any of its spellings, with `*` and `?`; capitals make no difference."""
        written = dict.fromkeys((self.value, _in_full(self.value)))
        signs = {"*": ".*", "?": "."}
        globs = ["".join(signs.get(each) or re.escape(each) for each in word) for word in written]
        return re.compile("|".join(f"(?:{glob})" for glob in globs), re.IGNORECASE | re.DOTALL)


def _in_full(glob: str) -> str:
    """`Eth1/*` as `Ethernet1/*`; anything else as it is."""
    match = _SHORT_NAME.fullmatch(glob)
    return interface(f"{match[1]}1")[:-1] + match[2] if match else glob


def _spellings(value: Value) -> tuple[str, ...]:
    """A value as text, and an interface by its full name too."""
    told = str(value).lower() if isinstance(value, bool) else str(value)
    full = interface(told)
    return (told,) if full == told else (told, full)


def condition(written: str) -> Condition:
    """Read `state=up`. Raises ValueError saying how one is written."""
    match = _WRITTEN.fullmatch(written)
    if match is None:
        raise ValueError(
            f"{written[:60]!r} is no condition: write field=value, field!=value, field>number or field<number; "
            "a value may be a glob such as Ethernet1/*"
        )
    found = Condition(match[1], match[2], match[3])
    if found.sign in _NUMBERS and decimal(found.value) is None:
        raise ValueError(f"{written[:60]!r} compares with {found.value[:40]!r}, which is no number")
    return found


def spelled(name: str, known: Collection[str], show: str) -> str:
    """A field as the switch writes it, from however it was typed. Raises UnknownField."""
    if name in known:
        return name
    folded = {each.casefold(): each for each in known}
    if name.casefold() in folded:
        return folded[name.casefold()]
    near = get_close_matches(name.casefold(), list(folded), n=1)
    hint = f" Did you mean {folded[near[0]]}?" if near else ""
    there = ", ".join([*known][:_TOLD]) + (f" and {len(known) - _TOLD} more" if len(known) > _TOLD else "")
    raise UnknownField(f"{show} has no field {name}.{hint} It has: {there}.")


def fields_of(rows: Iterable[Row]) -> tuple[str, ...]:
    """Every field that any of the rows has, in the order met."""
    return tuple(dict.fromkeys(name for row in rows for name in row))


def wanted_rows(
    rows: Sequence[tuple[str, Row]], conditions: Sequence[Condition]
) -> tuple[tuple[str, Row], ...]:
    """The rows, each with its switch, for which all conditions hold."""
    return tuple(pair for pair in rows if all(each.holds(pair[1].get(each.field)) for each in conditions))
