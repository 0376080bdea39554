"""The audit trail: one row for every request, denied ones too."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.store.models import AuditRow

_LONGEST_LINE = 2000


@dataclass(frozen=True, slots=True)
class Entry:
    """What an audit row tells. `decision` is allowed, denied, unknown, incomplete or confirmation asked."""

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
    values = {
        "request_key": entry.request_key,
        "correlation_id": entry.correlation_id,
        "entry": entry.entry,
        "person_email": entry.person.casefold(),
        "room_id": entry.room_id,
        "command": entry.command,
        "line": entry.line[:_LONGEST_LINE],
        "decision": entry.decision,
        "rule": entry.rule,
        "result": entry.result,
        "duration_ms": entry.duration_ms,
    }
    session.execute(insert(AuditRow).values(**values).on_conflict_do_nothing())


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
