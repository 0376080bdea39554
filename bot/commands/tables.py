"""Narrow tables for a monospaced block. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

_WIDEST = 60


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, widest: int = _WIDEST) -> str:
    """Columns padded to their widest cell, two blanks apart; a cell beyond `widest` columns is cut with …"""
    cells = [[_one_line(cell, widest) for cell in row] for row in (head, *rows)]
    widths = [max(_width(row[column]) for row in cells) for column in range(len(head))]
    return "\n".join(
        "  ".join(
            cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in cells
    )


def utc(at: datetime, pattern: str) -> str:
    """A moment in UTC, whichever time zone the database tells it in."""
    return f"{at.astimezone(UTC):{pattern}}"


def _one_line(cell: str, widest: int) -> str:
    text = " ".join(str(cell).split())
    if _width(text) <= widest:
        return text
    shown, width = "", 0
    for character in text:
        width += _width(character)
        if width >= widest:
            break
        shown += character
    return shown + "…"


def _width(text: str) -> int:
    """Columns on a screen: East Asian wide characters take two, combining ones none."""
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )
