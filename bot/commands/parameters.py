"""Parameter types of chat commands, on Click's: what a word must look like, and the error when it does not."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import click

_DURATION = re.compile(r"(\d+)\s*([smhdw])", re.IGNORECASE)
_MOST_DIGITS = 18
"""A number of more digits is no build's, and would not fit the database."""
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True, slots=True)
class Assignment:
    """`NAME=value`."""

    name: str
    value: str

    def __str__(self) -> str:
        return f"{self.name}={self.value}"


class AssignmentType(click.ParamType[Assignment]):
    """A word of the form `NAME=value`; the value may be empty and may hold further `=`."""

    name = "NAME=value"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Assignment:
        """Split at the first `=`."""
        if isinstance(value, Assignment):
            return value
        name, equals, rest = str(value).partition("=")
        if not equals or not name.strip():
            self.fail(f"{value!r} is not of the form NAME=value.", param, ctx)
        return Assignment(name.strip(), rest)


class DurationType(click.ParamType[timedelta]):
    """A length of time: `90s`, `15m`, `2h`, `30d`, `1h30m`."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Add up number and unit pairs."""
        if isinstance(value, timedelta):
            return value
        parts = _DURATION.findall(str(value))
        if not parts or _DURATION.sub("", str(value)).strip():
            self.fail(f"{value!r} is not a duration such as 90s, 15m, 2h or 30d.", param, ctx)
        try:
            lengths = [timedelta(**{_UNITS[unit.lower()]: int(number)}) for number, unit in parts]
            return sum(lengths, timedelta())
        except (OverflowError, ValueError):
            self.fail(f"{value!r} is longer than I can count.", param, ctx)


class BuildNumberType(click.ParamType[int]):
    """A number that may be written `#12`."""

    name = "#n"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Drop the mark and read the digits."""
        digits = str(value).removeprefix("#")
        if not digits.isdecimal() or len(digits) > _MOST_DIGITS:
            self.fail(f"{value!r} is not a number such as 12 or #12.", param, ctx)
        return int(digits)


ASSIGNMENT = AssignmentType()
DURATION = DurationType()
BUILD_NUMBER = BuildNumberType()
