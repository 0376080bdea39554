"""What is known of rooms without asking Webex each time, and where a migrated room's new id is followed."""

from __future__ import annotations

import threading
import time

from sqlalchemy import PrimaryKeyConstraint, Table, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.commands.model import Place
from bot.store.database import Database
from bot.store.models import Base, KnownRoom
from bot.webex import Room, WebexClient

_NOT_FOLLOWED = frozenset({"rooms", "outbox_lanes", "audit"})
"""A room and its lane are moved by themselves; the audit trail keeps the id that was true then."""


_COUNT_NO_FURTHER = text("""
    UPDATE outbox AS old SET is_digest = false
    FROM outbox AS new
    WHERE old.lane = :old AND new.lane = :new AND old.is_held = new.is_held
      AND old.is_digest AND new.is_digest AND old.state = 'pending' AND new.state = 'pending'
""")
"""Of two digests that wait, one under each id of a room, the older goes as it stands: one alone is counted on."""
_KEPT_OF_A_ROOM = (
    "person_active_at",
    "person_active_by",
    "own_post_at",
    "greeted_at",
    "kept_until",
    "kept_by",
)
"""What a room takes along when it gets another id."""


class Rooms:
    """Rooms as places for requests; remembered for a minute here, and in the database until they change."""

    def __init__(self, database: Database, webex: WebexClient, *, seconds: float = 60.0) -> None:
        self._database = database
        self._webex = webex
        self._seconds = seconds
        self._lock = threading.Lock()
        self._known: dict[str, tuple[float, Place]] = {}

    def place(self, room_id: str) -> Place:
        """The room as a place. Raises WebexError where Webex must be asked and does not answer."""
        with self._lock:
            kept = self._known.get(room_id)
        if kept and time.monotonic() - kept[0] < self._seconds:
            return kept[1]
        with self._database.transaction() as session:
            known = session.get(KnownRoom, room_id)
            place = _place(known) if known and not known.left else None
        return self._keep(place or self.refresh(room_id))

    def refresh(self, room_id: str) -> Place:
        """Ask Webex, and remember the answer."""
        room = self._webex.get_room(room_id)
        with self._database.transaction() as session:
            _store(session, room)
            return self._keep(_place(session.get_one(KnownRoom, room_id)))

    def left(self, session: Session, room_id: str) -> None:
        """The bot is no member any more."""
        known = session.get(KnownRoom, room_id)
        if known is not None:
            known.left = True
        with self._lock:
            self._known.pop(room_id, None)

    def _keep(self, place: Place) -> Place:
        with self._lock:
            if len(self._known) > 10_000:
                self._known.clear()
            self._known[place.ids[0]] = (time.monotonic(), place)
        return place


def follow_migration(session: Session, old_id: str, new_id: str) -> dict[str, int]:
    """Give the new id to every row that holds the old one; returns how many, by table.

    Every column named `room_id` counts (and an outbox lane), so a new table is followed by itself; but the
    audit trail, which cannot be changed.
    """
    changed: dict[str, int] = {}
    known = session.get(KnownRoom, old_id)
    if known is not None:
        kept = {name: getattr(known, name) for name in _KEPT_OF_A_ROOM}
        kept["former_ids"] = {"ids": [*known.former_ids.get("ids", []), old_id]}
        statement = insert(KnownRoom).values(room_id=new_id, title=known.title, type=known.type, **kept)
        session.execute(statement.on_conflict_do_update(index_elements=[KnownRoom.room_id], set_=kept))
        session.delete(known)
        session.flush()
    session.execute(_COUNT_NO_FURTHER, {"new": new_id, "old": old_id})
    for table in Base.metadata.sorted_tables:
        _drop_doubles(session, table, old_id, new_id)
        for column in ("room_id", "lane"):
            if column in table.columns and table.name not in _NOT_FOLLOWED:
                done = session.execute(
                    text(f"UPDATE {table.name} SET {column} = :new WHERE {column} = :old"),
                    {"new": new_id, "old": old_id},
                )
                if count := done.rowcount:  # type: ignore[attr-defined]
                    changed[table.name] = max(count, changed.get(table.name, 0))
    return changed


def _drop_doubles(session: Session, table: Table, old_id: str, new_id: str) -> None:
    """Where a room may have a thing once only, what stands under its new id already takes the old one's place."""
    if table.name in _NOT_FOLLOWED:
        return
    for constraint in table.constraints:
        if (
            isinstance(constraint, UniqueConstraint | PrimaryKeyConstraint)
            and "room_id" in constraint.columns
        ):
            others = (column.name for column in constraint.columns if column.name != "room_id")
            same = "".join(f" AND old.{name} = new.{name}" for name in others)
            session.execute(
                text(
                    f"DELETE FROM {table.name} AS old USING {table.name} AS new "
                    f"WHERE old.room_id = :old AND new.room_id = :new{same}"
                ),
                {"new": new_id, "old": old_id},
            )


def _store(session: Session, room: Room) -> None:
    values = {"room_id": room.id, "title": room.title, "type": room.type, "left": False}
    update = {**values, "updated_at": text("now()")}
    session.execute(
        insert(KnownRoom)
        .values(**values)
        .on_conflict_do_update(index_elements=[KnownRoom.room_id], set_=update)
    )


def _place(known: KnownRoom) -> Place:
    return Place((known.room_id, *known.former_ids.get("ids", [])), known.title, known.type)
