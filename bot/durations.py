"""Lengths of time as people write them: `90s`, `15m`, `1h30m`."""

from __future__ import annotations

import re
from datetime import timedelta

_DURATION = re.compile(r"(?:\d+\s*[smhdw]\s*)+", re.IGNORECASE)
_PART = re.compile(r"(\d+)\s*([smhdw])", re.IGNORECASE)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def duration(value: str) -> timedelta:
    """`90s`, `15m`, `1h30m`, `30d`, `2w`. Raises ValueError for anything else, and for what cannot be counted."""
    if not _DURATION.fullmatch(value.strip()):
        raise ValueError(f"{value!r} is not a duration such as 90s, 15m, 2h or 30d")
    try:
        parts = [timedelta(**{_UNITS[unit.lower()]: int(number)}) for number, unit in _PART.findall(value)]
        return sum(parts, timedelta())
    except OverflowError as error:
        raise ValueError(f"{value!r} is longer than I can count") from error
