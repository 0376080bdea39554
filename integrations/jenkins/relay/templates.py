"""Messages in the operator's own words: Jinja templates in a sandbox, without files and without a network.

The fields and helpers are those of drone-spark's templates, as Jinja has them. Two things differ on purpose:
a template is text from `sparkops.yaml` and never an address to be fetched, and a build without a result is
no success.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from bot.outbound.quoting import quote
from integrations.jenkins.model import Result, shown_name
from integrations.jenkins.render.events import Told
from integrations.jenkins.render.words import duration

_BAD = frozenset({"failure", "unstable", "aborted"})
_LONGEST = 6_000
"""Characters of a message; what a template makes beyond is cut."""


class TemplateFault(Exception):
    """A template cannot be read or filled in; the text says which line and why."""


def check(source: str) -> None:
    """Read a template. Raises TemplateFault."""
    try:
        _ENVIRONMENT.parse(source)
    except TemplateSyntaxError as error:
        raise TemplateFault(f"line {error.lineno}: {error.message}") from error


def written(source: str, told: Told) -> str:
    """The message a template makes of a build's end, trimmed. Raises TemplateFault."""
    try:
        text = _ENVIRONMENT.from_string(source).render(fields(told)).strip()
    except (TemplateError, ValueError, TypeError, ArithmeticError, LookupError) as error:
        raise TemplateFault(f"{type(error).__name__}: {error}") from error
    return text[:_LONGEST]


def fields(told: Told) -> dict[str, Any]:
    """What a template may name. Texts from outside are quoted, so that they mention nobody and break nothing."""
    event, past = told.event, told.past
    ended = (
        event.started + event.duration if event.started is not None and event.duration is not None else None
    )
    return {
        "status": event.result.value.casefold() if event.result else "unknown",
        "change": told.change.value,
        "job": quote(shown_name(event.full_name)),
        "name": quote(shown_name(event.full_name).rpartition("/")[2]),
        "owner": quote(shown_name(event.full_name).rpartition("/")[0]),
        "number": event.number,
        "branch": quote(event.branch),
        "commit": quote(event.commit),
        "author": quote(event.culprits[0]) if event.culprits else "",
        "culprits": [quote(each) for each in event.culprits],
        "asked_by": quote(event.asked_by),
        "link": told.url,
        "started": event.started,
        "ended": ended,
        "duration": event.duration,
        "tests": event.tests,
        "tests_failed": event.tests_failed,
        "failed_tests": [quote(each) for each in event.failed_tests],
        "stage": quote(told.details.stage),
        "failures": past.after(event.number, event.result, 0.0).failures,
        "broken_since": past.since,
        "parameters": {name: quote(value) for name, value in event.parameters},
        "mentions": " ".join(f"<@personEmail:{address}>" for address in told.present.values()),
    }


def _duration(seconds: float | None, end: float | None = None) -> str:
    """`{{ duration | duration }}`, or `{{ started | duration(ended) }}` for the time between two moments."""
    if seconds is None:
        return "?"
    return duration(seconds if end is None else end - seconds)


def _datetime(moment: float | None, layout: str = "%Y-%m-%d %H:%M", zone: str = "UTC") -> str:
    """`{{ started | datetime("%H:%M", "Europe/Berlin") }}`: a moment by strftime's layout."""
    return (
        "?"
        if moment is None
        else datetime.fromtimestamp(moment, UTC).astimezone(ZoneInfo(zone)).strftime(layout)
    )


def _since(moment: float | None) -> str:
    """`{{ started | since }}`: how long ago."""
    return "?" if moment is None else duration(max(0.0, time.time() - moment))


def _uppercasefirst(text: object) -> str:
    words = str(text)
    return words[:1].upper() + words[1:]


def _truncated(text: object, length: int = 8) -> str:
    """The first characters, as many as there are: a short commit is no error."""
    return str(text)[:length]


def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
    filters: Mapping[str, Any] = {
        "duration": _duration,
        "datetime": _datetime,
        "since": _since,
        "uppercasefirst": _uppercasefirst,
        "uppercase": lambda text: str(text).upper(),
        "lowercase": lambda text: str(text).lower(),
        "truncate": _truncated,
    }
    environment.filters.update(filters)
    environment.tests["success"] = lambda status: status == Result.SUCCESS.value.casefold()
    environment.tests["failure"] = lambda status: status in _BAD
    return environment


_ENVIRONMENT = _environment()
