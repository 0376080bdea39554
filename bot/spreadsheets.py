"""CSV that a spreadsheet shows and never carries out. Pure."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from typing import Any

_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def csv_line(cells: Iterable[Any]) -> str:
    """One line of CSV with its line end (RFC 4180). None is an empty cell, a list or mapping is written as JSON.

    No cell is taken for a formula: a text that begins like one has a ' in front (OWASP, "CSV Injection":
    a spreadsheet would carry out what somebody typed into a chat).
    """
    line = io.StringIO()
    csv.writer(line).writerow([_cell(each) for each in cells])
    return line.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, int | float):
        return str(value)
    shown = json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else str(value)
    return f"'{shown}" if shown.startswith(_BEGINS_A_FORMULA) else shown
