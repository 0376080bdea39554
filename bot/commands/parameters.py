"""Parameter types of chat commands, on Click's: what a word must look like, and the error when it does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import click
from pydantic import SecretStr

from bot.durations import duration

H = TypeVar("H", bound=Callable[..., Any])

MASK = "«secret»"
"""Stands for a secret wherever a line is kept or shown."""
_MOST_DIGITS = 18
"""A number of more digits is no build's, and would not fit the database."""


class InstanceOption(click.Option):
    """Which of several of its kind a command is about: `jenkins@prod jobs` is `jenkins jobs --on prod`."""


def instance_option(what: str) -> Callable[[H], H]:
    """Give a command the parameter `on`; None where nothing was said. `what` says what it names: `server`."""
    return click.option(
        "--on", "on", cls=InstanceOption, metavar="NAME", help=f"which {what}; also written `noun@NAME verb`"
    )


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
        """Read it as `sparkops.yaml` does."""
        if isinstance(value, timedelta):
            return value
        try:
            return duration(str(value))
        except ValueError as error:
            self.fail(f"{error}.", param, ctx)


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time, or how long ago it is: told as it was typed, so that asking again later is the same words."""

    typed: str
    at: datetime | None = None
    ago: timedelta | None = None

    def __str__(self) -> str:
        return self.typed

    def seen_from(self, now: datetime) -> datetime:
        """The moment itself."""
        return self.at or now - (self.ago or timedelta())


class MomentType(click.ParamType[Moment]):
    """How long ago (`2h`, `7d`), or a date and perhaps a time in UTC: `2026-11-01`, `2026-11-01T09:30`."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Moment:
        """Read it as ISO 8601 where it is a date, as a duration otherwise."""
        if isinstance(value, Moment):
            return value
        typed = str(value)
        try:
            at = datetime.fromisoformat(typed)
        except ValueError:
            return Moment(typed, ago=self._ago(typed, param, ctx))
        return Moment(typed, at=at if at.tzinfo else at.replace(tzinfo=UTC))

    def _ago(self, typed: str, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        try:
            return duration(typed)
        except ValueError:
            self.fail(
                f"{typed!r} is neither a time ago such as 2h or 7d nor a date such as 2026-11-01.", param, ctx
            )


class BuildNumberType(click.ParamType[int]):
    """A number that may be written `#12`."""

    name = "#n"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Drop the mark and read the digits."""
        digits = str(value).removeprefix("#")
        if not digits.isdecimal() or len(digits) > _MOST_DIGITS:
            self.fail(f"{value!r} is not a number such as 12 or #12.", param, ctx)
        return int(digits)


@dataclass(frozen=True, slots=True)
class SecretAssignment:
    """`NAME=value` whose value must not be seen."""

    name: str
    value: SecretStr

    def __str__(self) -> str:
        return f"{self.name}={MASK}"


class SecretType(click.ParamType[SecretStr]):
    """A word that must not be seen: taken from a card in a direct room or at the terminal, never kept as typed."""

    name = "secret"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> SecretStr:
        """Hide it. The word of an error never holds it."""
        if isinstance(value, SecretStr):
            return value
        if not str(value):
            self.fail("the secret is empty.", param, ctx)
        return SecretStr(str(value))


class SecretAssignmentType(click.ParamType[SecretAssignment]):
    """A word of the form `NAME=value`, whose value is taken and kept like a secret word."""

    name = "NAME=secret"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> SecretAssignment:
        """Split at the first `=`. The words of an error hold neither the value nor what may be one."""
        if isinstance(value, SecretAssignment):
            return value
        name, equals, rest = str(value).partition("=")
        if not equals or not name.strip():
            self.fail("one of the words is not of the form NAME=value.", param, ctx)
        if not rest:
            self.fail(f"{name.strip()} is empty.", param, ctx)
        return SecretAssignment(name.strip(), SecretStr(rest))


ASSIGNMENT = AssignmentType()
DURATION = DurationType()
MOMENT = MomentType()
BUILD_NUMBER = BuildNumberType()
SECRET = SecretType()
SECRET_ASSIGNMENT = SecretAssignmentType()


def is_secret(parameter: click.Parameter) -> bool:
    """Whether what it takes must not be seen."""
    return isinstance(parameter.type, SecretType | SecretAssignmentType)
