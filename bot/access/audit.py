"""The audit trail: one row for every request, denied ones too."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.store.database import driver_connection
from bot.store.models import AuditRow

_LONGEST_LINE = 2000
_RECORD = """
    INSERT INTO audit (request_key, correlation_id, entry, person_email, room_id, command, line, decision,
                       rule, result, duration_ms)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (request_key) DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """What an audit row tells.

    `decision` is allowed, denied, unknown, incomplete, wrong or confirmation asked.
    """

    request_key: str
    correlation_id: str
    entry: str
    person: str
    room_id: str | None
    command: str
    line: str
    decision: str
    rule: str
    result: str
    duration_ms: int
    at: datetime | None = None


def record(session: Session, entry: Entry) -> None:
    """Write the row; a request that is handled again after a crash still has one."""
    driver_connection(session).execute(
        _RECORD,
        (
            entry.request_key,
            entry.correlation_id,
            entry.entry,
            entry.person.casefold(),
            entry.room_id,
            entry.command,
            entry.line[:_LONGEST_LINE],
            entry.decision,
            entry.rule,
            entry.result,
            entry.duration_ms,
        ),
    )


def latest(
    session: Session, *, limit: int, person: str | None = None, decision: str | None = None
) -> list[Entry]:
    """The latest rows, newest first, of one person or with one decision where given."""
    query = select(AuditRow).order_by(AuditRow.id.desc()).limit(limit)
    if person is not None:
        query = query.where(AuditRow.person_email == func.lower(person))
    if decision is not None:
        query = query.where(AuditRow.decision == decision)
    return [
        Entry(
            request_key=row.request_key,
            correlation_id=row.correlation_id,
            entry=row.entry,
            person=row.person_email,
            room_id=row.room_id,
            command=row.command,
            line=row.line,
            decision=row.decision,
            rule=row.rule,
            result=row.result,
            duration_ms=row.duration_ms,
            at=row.at,
        )
        for row in session.scalars(query)
    ]
