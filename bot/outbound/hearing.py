"""Change what a room wants to hear, and when it is told what waits: both at once, or neither."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.outbound import preferences
from bot.outbound.budget import bucket
from bot.outbound.digest import Digest
from bot.outbound.preferences import Preferences
from bot.store import buckets
from bot.store.database import driver_connection
from bot.store.jsonb import as_jsonb
from bot.store.models import NotificationPreferences

# Of those that a migrated room brought along beside its own, only one is still counted on; both wait.
_WAITING = """
    SELECT id, body, not_before FROM outbox
    WHERE lane = %s AND state = 'pending' AND (is_held OR is_digest AND %s) ORDER BY id
"""
_TAKE = f"{_WAITING} FOR UPDATE"
_TELL_NOW = "UPDATE outbox SET not_before = NULL WHERE id = ANY(%s)"
_HOLD = "UPDATE outbox SET body = %s::jsonb, not_before = %s, is_digest = true, is_held = true WHERE id = %s"
_DROP = "DELETE FROM outbox WHERE id = ANY(%s)"


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a room has not been told yet, since it wants it later; and when it will be."""

    digest: Digest
    due: datetime


@dataclass(frozen=True, slots=True)
class Hearing:
    """What a room wants, what waits because of it, who has changed that last, and the moment of all this."""

    had: Preferences
    """What it wanted before, where it has just been changed."""
    wants: Preferences
    waiting: Waiting | None
    changed_by: str | None
    now: datetime


Change = Callable[[Preferences, datetime], Preferences]
"""Given what a room wants and the present moment, what it wants from now on."""


def hearing(session: Session, room_id: str) -> Hearing:
    """What a room wants to hear, and what waits."""
    wants, now = preferences.read(session, room_id)
    by = session.scalar(
        select(NotificationPreferences.changed_by).where(NotificationPreferences.room_id == room_id)
    )
    found = driver_connection(session).execute(_WAITING, (room_id, False)).fetchall()
    waiting = Waiting(_one([Digest.of(body) for _, body, _ in found]), found[-1][2] or now) if found else None
    return Hearing(wants, wants, waiting, by, now)


def change(session: Session, room_id: str, by: str, how: Change) -> Hearing:
    """Let a room hear differently from now on; what waits is told when the new wishes let it.

    Returns what waits then; where nothing is held back any more that is told at once, and `due` is now.
    """
    buckets.lock(session, bucket(room_id, None))  # from here on nobody is told anything in this room
    before, now = preferences.read(session, room_id)
    wants = how(before, now)
    waiting = _wait_anew(session, room_id, wants, now)  # first, as migrations of rooms take the tables
    if wants != before:
        _keep(session, room_id, by, wants)
    return Hearing(before, wants, waiting, by, now)


def _keep(session: Session, room_id: str, by: str, wants: Preferences) -> None:
    if wants == Preferences():
        session.execute(delete(NotificationPreferences).where(NotificationPreferences.room_id == room_id))
        return
    values = _values(wants) | {"changed_by": by, "updated_at": func.now()}
    statement = insert(NotificationPreferences).values(room_id=room_id, **values)
    session.execute(
        statement.on_conflict_do_update(index_elements=[NotificationPreferences.room_id], set_=values)
    )


def _wait_anew(session: Session, room_id: str, wants: Preferences, now: datetime) -> Waiting | None:
    """Hold what waits, as one digest, as long as the room wants now; or let it go."""
    connection, hold = driver_connection(session), wants.hold(now)
    found = connection.execute(_TAKE, (room_id, hold is not None)).fetchall()
    if not found:
        return None
    [number, *others] = [each for each, _, _ in found]
    digests = [Digest.of(body) for _, body, _ in found]
    if hold is None:
        connection.execute(_TELL_NOW, ([number, *others],))
        return Waiting(_one(digests), now)
    digest = _one([replace(each, why=hold.why, zone=wants.zone) for each in digests])
    connection.execute(_DROP, (others,))
    connection.execute(_HOLD, (as_jsonb(digest.body), hold.until, number))
    return Waiting(digest, hold.until)


def _one(digests: Sequence[Digest]) -> Digest:
    """Several digests as one, the oldest first."""
    first, *others = digests
    for each in others:
        first = first.and_more(each.count, each.lines)
    return first


def _values(wants: Preferences) -> dict[str, Any]:
    quiet, digest = wants.quiet, wants.digest
    return {
        "muted_until": wants.muted_until,
        "quiet_hours": quiet.hours if quiet else None,
        "quiet_days": quiet.written_days if quiet else None,
        "quiet_zone": quiet.zone if quiet else None,
        "digest_every": digest.every if digest else None,
        "digest_from": digest.since if digest else None,
    }
