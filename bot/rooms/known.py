"""What is kept of rooms, in the database: read, and written by whoever sees something of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.rooms.idle import NOTHING_KNOWN, Known, Measure, news
from bot.store.database import driver_connection
from bot.store.models import KnownRoom
from bot.webex import Room

_SEEN_ACTIVE = f"""
    INSERT INTO rooms (room_id, title, type, person_active_at, person_active_by)
    VALUES (%(room_id)s, %(title)s, %(type)s, %(at)s, '{Measure.PERSON.replace("'", "''")}')
    ON CONFLICT (room_id) DO UPDATE
    SET person_active_at = EXCLUDED.person_active_at, person_active_by = EXCLUDED.person_active_by
    WHERE rooms.person_active_at IS NULL OR rooms.person_active_at < EXCLUDED.person_active_at
"""
_SPOKE = """
    INSERT INTO rooms (room_id, title, type, own_post_at) VALUES (%(room_id)s, %(title)s, %(type)s, %(at)s)
    ON CONFLICT (room_id) DO UPDATE SET own_post_at = EXCLUDED.own_post_at
    WHERE rooms.own_post_at IS NULL OR rooms.own_post_at < EXCLUDED.own_post_at
"""


def known_of(session: Session, room_ids: Collection[str]) -> dict[str, Known]:
    """What is kept of these rooms, by their ids; a room that is not known is left out."""
    return {row.room_id: _known(row) for row in _rows(session, room_ids)}


def remember(session: Session, rooms: Sequence[Room]) -> dict[str, Known]:
    """Keep what a page of the listing tells anew; returns what is kept of each of these rooms then, by its id.

    Only rows that change are written, always in the same order, so that two looks do not wait for each other in
    a ring.
    """
    rows = {row.room_id: row for row in _rows(session, [room.id for room in rooms])}
    known = {room.id: _known(rows[room.id]) if room.id in rows else NOTHING_KNOWN for room in rooms}
    values: list[dict[str, Any]] = []
    for room in sorted(rooms, key=lambda each: each.id):
        row, found = rows.get(room.id), news(room.last_activity, known[room.id])
        if row is None or found or (row.title, row.type, row.left) != (room.title, room.type, False):
            values.append(
                {
                    "room_id": room.id,
                    "title": room.title,
                    "type": room.type,
                    "left": False,
                    "person_active_at": found.since if found else None,
                    "person_active_by": found.measure.value if found else None,
                }
            )
    if not values:
        return known
    _upsert(session, values)
    return known | known_of(session, [each["room_id"] for each in values])


def seen_active(session: Session, room_id: str, title: str, type: str, at: datetime) -> None:
    """Keep that a person did something in a room: wrote to the bot, or pressed a button of its."""
    values = {"room_id": room_id, "title": title, "type": type, "at": at}
    driver_connection(session).execute(_SEEN_ACTIVE, values)


def spoke(session: Session, room_id: str, title: str, type: str, at: datetime) -> None:
    """Keep that the bot itself posted in a room, past the outbox; the sender keeps what goes through it."""
    values = {"room_id": room_id, "title": title, "type": type, "at": at}
    driver_connection(session).execute(_SPOKE, values)


def keep(session: Session, room_id: str, title: str, type: str, *, until: datetime, by: str) -> None:
    """Let no sweep touch a room until then."""
    kept = {"kept_until": until, "kept_by": by}
    statement = insert(KnownRoom).values(room_id=room_id, title=title, type=type, **kept)
    session.execute(statement.on_conflict_do_update(index_elements=[KnownRoom.room_id], set_=kept))


def present_id(session: Session, room_id: str) -> str:
    """The id a room has now, by one it had before it migrated."""
    moved = select(KnownRoom.room_id).where(KnownRoom.former_ids.contains({"ids": [room_id]}))
    return session.scalars(moved).first() or room_id


def _rows(session: Session, room_ids: Collection[str]) -> Sequence[KnownRoom]:
    return session.scalars(
        select(KnownRoom).where(KnownRoom.room_id.in_(room_ids)).execution_options(populate_existing=True)
    ).all()


def _known(row: KnownRoom) -> Known:
    return Known(
        person_active_at=row.person_active_at,
        person_active_by=Measure(row.person_active_by) if row.person_active_by else None,
        own_post_at=row.own_post_at,
        kept_until=row.kept_until,
        kept_by=row.kept_by,
        former_ids=tuple(row.former_ids.get("ids", ())),
    )


def _upsert(session: Session, values: list[dict[str, Any]]) -> None:
    statement = insert(KnownRoom).values(values)
    new = statement.excluded
    is_later = func.coalesce(
        new.person_active_at > KnownRoom.person_active_at, KnownRoom.person_active_at.is_(None)
    )
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[KnownRoom.room_id],
            set_={
                "title": new.title,
                "type": new.type,
                "left": new.left,
                "person_active_at": func.greatest(KnownRoom.person_active_at, new.person_active_at),
                "person_active_by": case((is_later, new.person_active_by), else_=KnownRoom.person_active_by),
                "updated_at": func.now(),
            },
        )
    )
