"""The inbox: an event is stored, and its job queued, in one statement; the same event twice is one row."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from bot.store.database import Database
from bot.store.jobs import defer
from bot.store.models import InboxEvent

HANDLE_TASK = "inbox.handle"

# One round trip and one commit for each event. `procrastinate_defer_jobs_v1` is what Procrastinate 3.10's
# own `defer` calls; a test holds the job made here against the one `defer` makes.
_RECEIVE = """
    WITH event AS (
        INSERT INTO inbox (source, dedupe_key, payload, correlation_id, state)
        VALUES (%s, %s, %s::jsonb, %s, 'queued')
        ON CONFLICT (source, dedupe_key) DO UPDATE SET deliveries = inbox.deliveries + 1
        RETURNING id, deliveries
    ), job AS (
        SELECT procrastinate_defer_jobs_v1(ARRAY[ROW(
            'default', 'inbox.handle', 0, NULL, NULL, jsonb_build_object('inbox_id', id), NULL
        )::procrastinate_job_to_defer_v1]) FROM event WHERE deliveries = 1
    )
    SELECT id, deliveries, (SELECT count(*) FROM job) FROM event
"""
_CLAIM = text("""
    UPDATE inbox SET state = 'handling', owner = :me, attempts = attempts + 1
    WHERE id = :id AND state = 'queued'
    RETURNING id, source, payload, correlation_id, attempts, received_at, reason
""")
_DUE = text("""
    UPDATE inbox SET state = 'queued', not_before = NULL
    WHERE id IN (
        SELECT id FROM inbox WHERE state = 'waiting' AND not_before <= now()
        ORDER BY id LIMIT 200 FOR UPDATE SKIP LOCKED
    )
    RETURNING id
""")
_PUT_BACK = text("""
    UPDATE inbox SET state = 'waiting', owner = NULL, reason = :reason, attempts = attempts - :free,
                     not_before = now() + make_interval(secs => :wait)
    WHERE id = :id
""")
_FINISH = text("""
    UPDATE inbox SET state = :state, owner = NULL, reason = :reason, finished_at = now(),
                     answer = CAST(:answer AS jsonb)
    WHERE id = :id
""")
_FORGOTTEN = text("""
    UPDATE inbox SET state = 'waiting', owner = NULL, not_before = now()
    WHERE state = 'handling' AND owner = :me AND NOT id = ANY(:active)
""")


@dataclass(frozen=True, slots=True)
class Received:
    """What storing an event came to: its number, and how often it was delivered so far."""

    id: int
    deliveries: int


@dataclass(frozen=True, slots=True)
class Event:
    """A claimed event. `attempts` counts this one."""

    id: int
    source: str
    payload: Mapping[str, Any]
    correlation_id: str
    attempts: int
    received_at: datetime
    reason: str | None


def receive(
    database: Database, source: str, dedupe_key: str, payload: Mapping[str, Any], correlation_id: str
) -> Received:
    """Store an event and queue its job, both or neither. A known one only counts its delivery.

    Raises SQLAlchemyError or psycopg.Error when the database is away.
    """
    values = (source, dedupe_key, json.dumps(payload).replace("\\u0000", "\\ufffd"), correlation_id)
    with database.connection() as connection:
        row = connection.execute(_RECEIVE, values).fetchone()
    assert row is not None  # the statement always gives one
    return Received(row[0], row[1])


def claim(session: Session, inbox_id: int, owner: UUID) -> Event | None:
    """Take an event in hand; None where it is taken or done."""
    row = session.execute(_CLAIM, {"id": inbox_id, "me": owner}).first()
    return Event(**row._mapping) if row else None


def finish(
    session: Session, event: Event, state: str, reason: str | None = None, answer: Mapping[str, Any] | None = None
) -> None:
    """Mark an event done, ignored, stale or dead."""
    told = json.dumps(answer) if answer is not None else None
    session.execute(_FINISH, {"id": event.id, "state": state, "reason": reason, "answer": told})


def put_back(session: Session, event: Event, *, wait: float, reason: str, counts: bool = True) -> None:
    """Let an event wait `wait` seconds and be handled again; `counts` says whether this was an attempt."""
    values = {"id": event.id, "wait": wait, "reason": reason, "free": 0 if counts else 1}
    session.execute(_PUT_BACK, values)


def queue_due(session: Session) -> int:
    """Queue the events whose wait is over; returns how many."""
    due = [row.id for row in session.execute(_DUE)]
    for inbox_id in due:
        defer(session, HANDLE_TASK, inbox_id=inbox_id)
    return len(due)


def put_back_forgotten(session: Session, owner: UUID, active: Sequence[int]) -> None:
    """Let events wait that are written as in this process's hands and are not (the database was away)."""
    session.execute(_FORGOTTEN, {"me": owner, "active": list(active)})


def listed(session: Session, *, state: str | None, limit: int) -> list[InboxEvent]:
    """The latest events, newest first, in one state where given."""
    query = select(InboxEvent).order_by(InboxEvent.id.desc()).limit(limit)
    if state is not None:
        query = query.where(InboxEvent.state == state)
    return list(session.scalars(query))


def replay(session: Session, inbox_id: int) -> bool:
    """Queue an ended event once more, however old it is; False where there is none, or it is not ended."""
    row = session.get(InboxEvent, inbox_id, with_for_update=True)
    if row is None or row.state not in {"done", "dead", "stale", "ignored"}:
        return False
    row.state, row.reason, row.attempts, row.owner, row.finished_at = "queued", "replayed", 0, None, None
    session.flush()
    defer(session, HANDLE_TASK, inbox_id=inbox_id)
    return True
