"""The forms that values of a `stack.yaml` are written in: names, spans of time, versions. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated

import re2
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from bot.config_fields import Strict
from bot.cron import trigger
from bot.durations import duration

NAME = r"^[a-z][a-z0-9-]{0,39}$"
"""A stack's name and an instance's: as in host names, since they become part of such."""
_VARIABLE = r"^[A-Za-z_][A-Za-z0-9_]{0,63}$"
_ENVIRONMENT = r"^[A-Za-z_][A-Za-z0-9_]*$"
_OUR_OWN = ("SPARKOPS_", "WEBEX_", "DATABASE_URL", "LD_", "PYTHON")
"""What an engine is never given: the bot's own secrets, and what would change which code is run."""
_DURATION_SCHEMA = {
    "type": "string",
    "pattern": r"^(\s*\d+\s*[smhdwSMHDW])+\s*$",
    "examples": ["8h", "1h30m"],
}


def _span(value: object) -> object:
    if isinstance(value, str):
        return duration(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise ValueError(f"{value!r} needs a unit, such as {value}m or {value}h")
    return value


def _some_time(value: timedelta) -> timedelta:
    if not value:
        raise ValueError("no time at all is too short")
    return value


def _listed(value: object) -> object:
    """A lone value is a list of one."""
    return [value] if isinstance(value, str | int | float) else value


def _specifier(value: str) -> str:
    try:
        SpecifierSet(value)
    except InvalidSpecifier as error:
        raise ValueError(f"{value!r} is no range of versions such as >=1.5,<2") from error
    return value


def _cron(value: str) -> str:
    trigger(value)
    return value


def _pattern(value: str) -> str:
    """RE2 reads it in time that grows with the value's length, whatever it is (github.com/google/re2)."""
    try:
        re2.compile(value)
    except re2.error as error:
        raise ValueError(f"{value!r} is no pattern that RE2 reads: {_words(error)}") from error
    return value


def _words(error: Exception) -> str:
    said = error.args[0] if error.args else error
    return said.decode(errors="replace") if isinstance(said, bytes) else str(said)


def _inside(value: str) -> str:
    """A path below the folder it is written in."""
    parts = value.replace("\\", "/").split("/")
    if value.startswith(("/", "~")) or ".." in parts or "\0" in value or not value.strip():
        raise ValueError(f"{value!r} must be a path below the source's folder")
    return value


def _environment_name(value: str) -> str:
    if value.upper().startswith(_OUR_OWN):
        raise ValueError(f"{value!r} is the bot's own, or decides which code is run: no engine is given it")
    return value


def distinct(values: Iterable[str]) -> tuple[str, ...]:
    """The values once each, in their order."""
    return tuple(dict.fromkeys(values))


Span = Annotated[
    timedelta, BeforeValidator(_span), AfterValidator(_some_time), WithJsonSchema(_DURATION_SCHEMA)
]
Listed = Annotated[tuple[str, ...], BeforeValidator(_listed)]
Spans = Annotated[tuple[Span, ...], BeforeValidator(_listed)]
Versions = Annotated[str, AfterValidator(_specifier)]
CronLine = Annotated[str, AfterValidator(_cron)]
Pattern = Annotated[str, AfterValidator(_pattern)]
Inside = Annotated[str, AfterValidator(_inside)]
Name = Annotated[str, Field(pattern=NAME)]
VariableName = Annotated[str, Field(pattern=_VARIABLE)]
EnvironmentName = Annotated[str, Field(pattern=_ENVIRONMENT), AfterValidator(_environment_name)]
EnvironmentNames = Annotated[tuple[EnvironmentName, ...], BeforeValidator(_listed)]

__all__ = (
    "NAME",
    "CronLine",
    "EnvironmentName",
    "EnvironmentNames",
    "Inside",
    "Listed",
    "Name",
    "Pattern",
    "Span",
    "Spans",
    "Strict",
    "VariableName",
    "Versions",
    "distinct",
)
