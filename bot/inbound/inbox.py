"""The inbox after intake: events are claimed, ended, put back, listed and replayed.

The table is its own queue: a row is `queued` until a worker claims it, and its state, its owner and its
`not_before` are all there is to know about when it is handled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from bot.store.database import driver_connection
from bot.store.inbox_rows import wake_workers
from bot.store.jsonb import as_jsonb
from bot.store.models import InboxEvent

DOOR = "sparkops:door"
"""Beside a report's own words: by which of its hook's secrets it came."""
_REPLAYED = "replayed"
_CLAIM = """
    UPDATE inbox SET state = 'handling', owner = %s, attempts = attempts + 1
    WHERE id IN (SELECT id FROM inbox WHERE state = 'queued' ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED)
    RETURNING id, source, payload, correlation_id, attempts, received_at, reason
"""
_DUE = text("""
    UPDATE inbox SET state = 'queued', not_before = NULL
    WHERE id IN (
        SELECT id FROM inbox WHERE state = 'waiting' AND not_before <= now()
        ORDER BY id LIMIT 200 FOR UPDATE SKIP LOCKED
    )
    RETURNING id
""")
_VEIL = "UPDATE inbox SET payload = jsonb_set(payload, '{line}', %s::jsonb) WHERE id = %s"
_PUT_BACK = text("""
    UPDATE inbox SET state = 'waiting', owner = NULL, reason = :reason, attempts = attempts - :free,
                     not_before = now() + make_interval(secs => :wait)
    WHERE id = :id
""")
_FINISH = """
    UPDATE inbox SET state = %s, owner = NULL, reason = %s, finished_at = now(), answer = %s::jsonb
    WHERE id = %s
"""
_FORGOTTEN = text("""
    UPDATE inbox SET state = 'waiting', owner = NULL, not_before = now()
    WHERE state = 'handling' AND owner = :me AND NOT id = ANY(:active)
""")


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

    @property
    def is_replayed(self) -> bool:
        """Whether an operator asked for it: it is then acted on however old it is."""
        return self.reason is not None and self.reason.startswith(_REPLAYED)


def claim(connection: psycopg.Connection[Any], owner: UUID, limit: int) -> list[Event]:
    """Take up to `limit` queued events in hand, the oldest first, leaving those another worker is taking."""
    return sorted(
        (Event(*row) for row in connection.execute(_CLAIM, (owner, limit))), key=lambda each: each.id
    )


def finish(
    session: Session,
    event: Event,
    state: str,
    reason: str | None = None,
    answer: Mapping[str, Any] | None = None,
) -> None:
    """Mark an event done, ignored, stale or dead."""
    told = as_jsonb(answer) if answer is not None else None
    driver_connection(session).execute(_FINISH, (state, reason, told, event.id))


def veil_line(session: Session, event: Event, line: str) -> None:
    """Keep this in place of the line an event holds, which held a secret."""
    driver_connection(session).execute(_VEIL, (as_jsonb(line), event.id))


def put_back(session: Session, event: Event, *, wait: float, reason: str, counts: bool = True) -> None:
    """Let an event wait `wait` seconds and be handled again; `counts` says whether this was an attempt."""
    reason = f"{_REPLAYED}; {reason}" if event.is_replayed else reason
    values = {"id": event.id, "wait": wait, "reason": reason, "free": 0 if counts else 1}
    session.execute(_PUT_BACK, values)


def queue_due(session: Session) -> int:
    """Queue the events whose wait is over; returns how many."""
    due = len(session.execute(_DUE).all())
    if due:
        wake_workers(session)
    return due


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
    row.state, row.reason, row.attempts, row.owner, row.finished_at = "queued", _REPLAYED, 0, None, None
    session.flush()
    wake_workers(session)
    return True
