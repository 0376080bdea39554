"""Store an event of our own making in the inbox, in the caller's transaction: it is handled when that commits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.store.models import InboxEvent

CHANNEL = "sparkops_inbox"
"""Where PostgreSQL tells the workers that something is queued."""


def store_event(
    session: Session, source: str, dedupe_key: str, payload: Mapping[str, Any], correlation_id: str
) -> bool:
    """Queue an event; False where the same source has stored one under this key before."""
    new = session.execute(
        insert(InboxEvent)
        .values(
            source=source,
            dedupe_key=dedupe_key,
            payload=dict(payload),
            correlation_id=correlation_id,
            state="queued",
        )
        .on_conflict_do_nothing()
        .returning(InboxEvent.id)
    ).first()
    if new is not None:
        wake_workers(session)
    return new is not None


def wake_workers(session: Session) -> None:
    """Tell the workers, when the session commits, that something is queued."""
    session.execute(text("SELECT pg_notify(:channel, '')"), {"channel": CHANNEL})
