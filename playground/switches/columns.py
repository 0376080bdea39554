"""Tables of plain text as the CLI prints them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any


def grid(rows: Iterable[Sequence[object]], widths: Sequence[int]) -> str:
    """Lines of left-aligned cells, one blank at least between them; a cell that is too long pushes on."""
    return "".join(_line(row, widths) for row in rows)


def _line(row: Sequence[object], widths: Sequence[int]) -> str:
    cells = [str(cell).ljust(width) for cell, width in zip(row, widths, strict=True)]
    return " ".join(cells).rstrip() + "\n"


def rows(body: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """The rows of a table of a plain body."""
    found = body.get(f"TABLE_{name}", {}).get(f"ROW_{name}", [])
    assert isinstance(found, list)
    return found


def cells(found: list[dict[str, Any]], *keys: str) -> list[list[object]]:
    """The values of some keys of rows; `--` where a row lacks one."""
    return [[_cell(row.get(key, "--")) for key in keys] for row in found]


def _cell(value: object) -> object:
    return "" if value is None else value


def rule(width: int) -> str:
    """A line of dashes."""
    return "-" * width + "\n"
