"""The forms that values of `sparkops.yaml` are written in: lists, spans of time, globs and ranges. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

from bot.durations import duration
from bot.ranges import Range


class Strict(BaseModel):
    """A part of the file: what it does not know is an error, and it does not change."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, populate_by_name=True
    )


def _duration(value: object) -> object:
    return duration(value) if isinstance(value, str) else value


def _some_time(span: timedelta) -> timedelta:
    if not span:
        raise ValueError("no time at all is too short")
    return span


def _listed(value: object) -> object:
    """A lone value is a list of one; commas stay, since globs and titles may hold them."""
    return [value] if isinstance(value, str | int | float) else value


def _strings(value: object) -> object:
    """Numbers are written without quotes in YAML, and mean their digits."""
    listed = _listed(value)
    return (
        [str(each) if isinstance(each, int | float) else each for each in listed]
        if isinstance(listed, list)
        else listed
    )


def _value_pattern(written: str) -> str:
    """Raises ValueError for a range that is none, such as `4..1`."""
    Range.read(written)
    return written


def _distinct(arguments: dict[str, Any]) -> dict[str, Any]:
    names = [name.casefold() for name in arguments]
    for name in arguments:
        if names.count(name.casefold()) > 1:
            raise ValueError(f"the argument {name!r} is given twice, in other capitals")
    return arguments


Listed = Annotated[tuple[str, ...], BeforeValidator(_strings)]
Values = Annotated[tuple[Annotated[str, AfterValidator(_value_pattern)], ...], BeforeValidator(_strings)]
Arguments = Annotated[dict[str, Values], AfterValidator(_distinct)]
Span = Annotated[timedelta, BeforeValidator(_duration), AfterValidator(_some_time)]
Effects = Annotated[tuple[Literal["read", "change", "destroy"], ...], BeforeValidator(_listed)]
Scopes = Annotated[tuple[Literal["person", "room", "command"], ...], BeforeValidator(_listed)]
Kinds = Annotated[tuple[Literal["group", "team", "direct"], ...], BeforeValidator(_listed)]
