"""Types for bodies that anybody may have written: what is taken from one is bounded, well-formed, of its kind."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, Final, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from bot.characters import well_formed
from bot.integration import UnreadableEvent
from integrations.jenkins.model import Result, Values, read_result

Body = Mapping[str, Any]
"""A decoded JSON object."""
Headers = Mapping[str, str]
"""Header names in small letters with their values."""

LONGEST: Final = 500
"""Characters of a text that are kept."""
_LONGEST_IN_LIST: Final = 200
_MOST: Final = 50
"""Entries of a list, and parameters, that are kept: a report of 10,000 failed tests is told by the first few."""
_LARGEST_NUMBER: Final = 2**31 - 1
"""Jenkins counts builds in a Java int."""
_LATEST: Final = 1e15
"""Milliseconds; anything above is no time."""
_SECRETIVE = re.compile(r"(?i)passw|passphrase|pwd|secret|token|credential|api[_-]?key|private[_-]?key")
_BRANCH_PREFIX = re.compile(r"^(?:refs/heads/|refs/remotes/)?(?:origin/)?")


class Report(BaseModel):
    """Part of a body: what is not named is ignored, and no error repeats what was in it."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", populate_by_name=True, allow_inf_nan=False, hide_input_in_errors=True
    )


def clean(text: str, limit: int = LONGEST) -> str:
    """The text as a database takes it, at most `limit` characters of it."""
    return well_formed(text[:limit]).replace("\0", "\ufffd")[:limit]


def _text(limit: int) -> Callable[[object], object]:
    return lambda value: "" if value is None else clean(value, limit) if isinstance(value, str) else value


def no_truth(value: object) -> object:
    """JSON's true is no number, though Python takes it for 1. Raises ValueError."""
    if isinstance(value, bool):
        raise ValueError("a truth value is no number")
    return value


def _first(value: object) -> object:
    return () if value is None else value[:_MOST] if isinstance(value, list) else value


def _seconds(milliseconds: float | None) -> float | None:
    if milliseconds is None or not 0 <= milliseconds < _LATEST:
        return None
    return milliseconds / 1000


def _outcome(value: object) -> Result | None:
    return read_result(value) if isinstance(value, str) else None


def _parameters(value: object) -> Values:
    """Raises ValueError for what is no object."""
    if value is None:
        return ()
    if not isinstance(value, dict):
        raise ValueError("it must be an object of names and values")
    return harmless(value.items())


def harmless(parameters: Iterable[tuple[str, object]]) -> Values:
    """Pairs of names and values as text, without those whose name says that they are secret, and the nested."""
    kept: list[tuple[str, str]] = []
    for name, value in parameters:
        if len(kept) == _MOST:
            break
        if isinstance(value, str | int | float) and not _SECRETIVE.search(name):
            shown = str(value).lower() if isinstance(value, bool) else str(value)
            kept.append((clean(name, _LONGEST_IN_LIST), clean(shown)))
    return tuple(kept)


Text = Annotated[str, BeforeValidator(_text(LONGEST))]
"""Null is the empty text."""
Needed = Annotated[str, Field(min_length=1), BeforeValidator(_text(LONGEST))]
Names = Annotated[
    tuple[Annotated[str, BeforeValidator(_text(_LONGEST_IN_LIST))], ...], BeforeValidator(_first)
]
Number = Annotated[int, BeforeValidator(no_truth), Field(ge=1, le=_LARGEST_NUMBER)]
"""A build's number; digits in a string are taken as well."""
Count = Annotated[int, BeforeValidator(lambda value: no_truth(value or 0)), Field(ge=0, le=_LARGEST_NUMBER)]
QueueId = Annotated[
    Annotated[int, Field(le=2**63 - 1)] | None,
    BeforeValidator(no_truth),
    AfterValidator(lambda number: number if number and number > 0 else None),
]
"""None for 0 and below, which Jenkins gives where it does not know."""
Milliseconds = Annotated[float | None, BeforeValidator(no_truth), AfterValidator(_seconds)]
"""Milliseconds on the wire, seconds here; None for what is negative or no time."""
Outcome = Annotated[Result | None, BeforeValidator(_outcome)]
"""None for what is no result Jenkins has."""
Parameters = Annotated[Values, BeforeValidator(_parameters)]
part = BeforeValidator(lambda value: {} if value is None else value)
"""For a nested object: null is one without fields."""

M = TypeVar("M", bound=Report)


def typed(model: type[M], body: Body, sender: str) -> M:
    """The body as this model. Raises UnreadableEvent, which says whose shape it misses, where and why."""
    try:
        return model.model_validate(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(clean(str(step), 60) for step in first["loc"]) or "the body"
        raise UnreadableEvent(
            f"This looks like a report of {sender}, but {place}: {first['msg'].removeprefix('Value error, ')}. "
            "The README of the Jenkins integration shows the shapes."
        ) from error


def branch_name(text: str) -> str:
    """The branch's own name: `refs/remotes/origin/main`, `origin/main` and `main` are `main`."""
    name = _BRANCH_PREFIX.sub("", text, count=1)
    return "" if name == "detached" else name


def sample(body: Body) -> tuple[str, ...]:
    """The names of the body's first fields, in their order; nothing of what they hold."""
    return tuple(clean(name, 60) for name in list(body)[:20])
