"""Audit rows as lines of JSON and of CSV, for files and for a sink. Pure."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from bot.spreadsheets import csv_line as _csv
from bot.store.models import AuditRow

COLUMNS = (
    "seq",
    "id",
    "at",
    "entry",
    "person_email",
    "room_id",
    "command",
    "line",
    "arguments",
    "decision",
    "rule",
    "approvers",
    "result",
    "duration_ms",
    "correlation_id",
    "request_key",
    "content_hash",
    "chain_hash",
)


def json_line(row: AuditRow) -> str:
    """A row as one line of JSON with its newline; the moment in UTC, arguments as a list of `name=word`."""
    return json.dumps(_told(row), ensure_ascii=False, separators=(",", ":")) + "\n"


def csv_head() -> str:
    """The first line of a CSV file."""
    return _csv(COLUMNS)


def csv_line(row: AuditRow) -> str:
    """A row as CSV, in which no cell is taken for a formula."""
    return _csv(_told(row).values())


def _told(row: AuditRow) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in COLUMNS}
    at: datetime = row.at
    return {
        **values,
        "at": at.astimezone(UTC).isoformat(timespec="microseconds"),
        # Not by name: redaction takes what follows `"token":` for a secret, and the line would be no JSON any more.
        "arguments": [f"{name}={word}" for name, words in row.arguments.items() for word in words],
    }
