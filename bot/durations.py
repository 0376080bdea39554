"""Lengths of time as people write them: `90s`, `15m`, `1h30m`."""

from __future__ import annotations

import re
from datetime import timedelta

_DURATION = re.compile(r"(?:\d+\s*[smhdw]\s*)+", re.IGNORECASE)
_PART = re.compile(r"(\d+)\s*([smhdw])", re.IGNORECASE)
_NAMES = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_SECONDS = (("w", 604_800), ("d", 86_400), ("h", 3_600), ("m", 60))


def duration(value: str) -> timedelta:
    """`90s`, `15m`, `1h30m`, `30d`, `2w`. Raises ValueError for anything else, and for what cannot be counted."""
    if not _DURATION.fullmatch(value.strip()):
        raise ValueError(f"{value!r} is not a duration such as 90s, 15m, 2h or 30d")
    try:
        parts = [timedelta(**{_NAMES[unit.lower()]: int(number)}) for number, unit in _PART.findall(value)]
        return sum(parts, timedelta())
    except OverflowError as error:
        raise ValueError(f"{value!r} is longer than I can count") from error


def span(length: timedelta) -> str:
    """A length of time as it is typed: `45s`, `8h`, `1d12h`."""
    rest, parts = round(length.total_seconds()), ""
    for unit, seconds in _SECONDS:
        count, rest = divmod(rest, seconds)
        parts += f"{count}{unit}" if count else ""
    return parts + (f"{rest}s" if rest or not parts else "")
