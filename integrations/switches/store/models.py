"""The tables: what switches answered at a moment that somebody wanted kept."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.models.base import Base, now


class SwitchSnapshot(Base):
    """Answers kept under a name, for `switch diff`, until they expire."""

    __tablename__ = "switch_snapshots"
    __table_args__ = (Index("switch_snapshots_expiry", "expires_at"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    """In small letters."""
    target: Mapped[str]
    """As it was written."""
    shows: Mapped[list[Any]] = mapped_column(JSONB)
    """The commands that were asked."""
    switches: Mapped[int]
    """How many answered."""
    size: Mapped[int]
    """Bytes kept."""
    taken_by: Mapped[str]
    taken_at: Mapped[datetime] = now()
    expires_at: Mapped[datetime]
    request_key: Mapped[str]
    """By which request it was taken: the same may take it again."""


class SwitchSnapshotAnswer(Base):
    """What one switch answered, masked, as compressed JSON."""

    __tablename__ = "switch_snapshot_answers"

    snapshot_id: Mapped[int] = mapped_column(
        ForeignKey("switch_snapshots.id", ondelete="CASCADE"), primary_key=True
    )
    switch: Mapped[str] = mapped_column(Text, primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
