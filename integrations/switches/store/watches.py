"""The tables of watches: what is watched for whom, what the last poll saw, and the history."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Float, ForeignKey, Index, Integer, LargeBinary, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.models.base import Base, now


class SwitchWatch(Base):
    """What a room is told of. One that ended is kept as long as its history."""

    __tablename__ = "switch_watches"
    __table_args__ = (
        UniqueConstraint("room_id", "name"),
        Index("switch_watches_due", "due_at", postgresql_where=text("ended_at IS NULL AND paused IS NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    room_id: Mapped[str]
    name: Mapped[str]
    owner: Mapped[str]
    """The e-mail of the person with whose rights it is polled."""
    target: Mapped[str]
    kind: Mapped[str]
    """counters, health or show."""
    show: Mapped[str] = mapped_column(Text, server_default="")
    detail: Mapped[str] = mapped_column(Text, server_default="")
    """The glob of interfaces, or the field of the show."""
    condition: Mapped[str] = mapped_column(Text, server_default="")
    """As it was written; empty where only the history is kept."""
    every: Mapped[int] = mapped_column(Integer)
    """Seconds."""
    urgent: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    parent_id: Mapped[str | None]
    """The thread it tells into."""
    asked: Mapped[dict[str, Any]]
    """What the policy is asked again at every poll; the switches are looked up each time."""
    created_at: Mapped[datetime] = now()
    until: Mapped[datetime]
    due_at: Mapped[datetime]
    paused: Mapped[str | None]
    """Why it rests."""
    ended_at: Mapped[datetime | None]
    standing: Mapped[list[Any]] = mapped_column(JSONB, server_default="[]")
    """What meets the condition (`watching.judging.Standing`)."""
    thinned_at: Mapped[datetime] = now()


class SwitchWatchPoll(Base):
    """The last poll of one switch for one watch."""

    __tablename__ = "switch_watch_polls"

    watch_id: Mapped[int] = mapped_column(
        ForeignKey("switch_watches.id", ondelete="CASCADE"), primary_key=True
    )
    switch: Mapped[str] = mapped_column(Text, primary_key=True)
    at: Mapped[float | None] = mapped_column(Float)
    """When it last answered, in seconds since the epoch."""
    seen: Mapped[dict[str, Any] | None]
    """Its counters or texts then (`watching.what.Before`)."""
    silence: Mapped[dict[str, Any] | None]
    """Since when it does not answer (`watching.judging.Silence`); NULL where it does."""


class SwitchWatchSeries(Base):
    """A subject of which history is kept, and its place in the frames."""

    __tablename__ = "switch_watch_series"
    __table_args__ = (UniqueConstraint("watch_id", "switch", "subject"),)

    watch_id: Mapped[int] = mapped_column(
        ForeignKey("switch_watches.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    switch: Mapped[str]
    subject: Mapped[str]


class SwitchWatchFrame(Base):
    """The values of one poll (`step` 0), or of all polls of so many seconds, for every series."""

    __tablename__ = "switch_watch_frames"

    watch_id: Mapped[int] = mapped_column(
        ForeignKey("switch_watches.id", ondelete="CASCADE"), primary_key=True
    )
    step: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    mean: Mapped[bytes] = mapped_column(LargeBinary)
    """`watching.frames.packed`."""
    peak: Mapped[bytes | None] = mapped_column(LargeBinary)
    """NULL where it is one poll, and so the same."""


class SwitchWatchEvent(Base):
    """Something a watch told."""

    __tablename__ = "switch_watch_events"
    __table_args__ = (Index("switch_watch_events_watch", "watch_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    watch_id: Mapped[int] = mapped_column(ForeignKey("switch_watches.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    kind: Mapped[str]
    """begun, changed, recovered, silent or back."""
    switch: Mapped[str]
    subject: Mapped[str]
    says: Mapped[str]
