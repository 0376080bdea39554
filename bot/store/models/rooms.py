"""What is known of rooms, what a sweep does with each, and what a bulk command could not do."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.models.base import Base, now


class KnownRoom(Base):
    """What we know of a room without asking Webex again; `former_ids` keeps old ids of a migrated one."""

    __tablename__ = "rooms"

    room_id: Mapped[str] = mapped_column(Text, primary_key=True)
    title: Mapped[str]
    type: Mapped[str]
    former_ids: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    left: Mapped[bool] = mapped_column(Boolean, server_default="false")
    person_active_at: Mapped[datetime | None]
    """When a person was last seen to do something in it; the bot's own posts refresh Webex' `lastActivity`."""
    person_active_by: Mapped[str | None]
    """By which measure that is known (`bot.rooms.idle.Measure`)."""
    own_post_at: Mapped[datetime | None]
    """When the bot last posted in it."""
    greeted_at: Mapped[datetime | None]
    kept_until: Mapped[datetime | None]
    """Until when no sweep may touch it, since somebody pressed Keep."""
    kept_by: Mapped[str | None]
    updated_at: Mapped[datetime] = now()


class SweepItem(Base):
    """One room in the hands of one sweep: what was foreseen, when it may be acted on, and what came of it."""

    __tablename__ = "sweep_items"
    __table_args__ = (Index("sweep_items_state", "run_id", "state"), Index("sweep_items_room", "room_id"))

    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    room_key: Mapped[str] = mapped_column(Text, primary_key=True)
    """The room's id when the sweep began; `room_id` follows a migration."""
    room_id: Mapped[str]
    title: Mapped[str]
    state: Mapped[str]
    """chosen, noticed, kept, active, acted, verified, gone, refused or failed."""
    idle_since: Mapped[datetime | None]
    measure: Mapped[str]
    """By what it was found idle: a person's last message, or what else could be known."""
    foreseen: Mapped[str]
    """What acting on it would do, as told in the notice: deleted, archived, left, hidden or nothing."""
    noticed_at: Mapped[datetime | None]
    act_after: Mapped[datetime | None]
    outcome: Mapped[str | None]
    error: Mapped[str | None]
    updated_at: Mapped[datetime] = now()


class BulkResult(Base):
    """What of a command about many things could not be done, so that `retry` does only that again."""

    __tablename__ = "bulk_results"
    __table_args__ = (Index("bulk_results_person", "person_email", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    request_key: Mapped[str] = mapped_column(Text, unique=True)
    person_email: Mapped[str]
    room_id: Mapped[str | None]
    words: Mapped[dict[str, Any]]
    """The words of the command that does the rest: `{"words": [...]}`, and `"after"` for those behind its items."""
    failed: Mapped[dict[str, Any]]
    """`{"items": {item: reason}}`."""
    at: Mapped[datetime] = now()
