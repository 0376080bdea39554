"""The tables: snapshots of what switches answered, changes of configuration, and what each switch holds of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, LargeBinary, Text, text
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


class SwitchChange(Base):
    """A change of configuration that has begun, or the rolling back of one."""

    __tablename__ = "switch_changes"

    run_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    of_run: Mapped[int | None]
    """The change that is rolled back; NULL for a change itself."""
    requester: Mapped[str]
    room_id: Mapped[str | None]
    target: Mapped[str]
    lines: Mapped[str]
    """As they were written, placeholders and all: no value of a secret variable is in them."""
    keep: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    """Whether what is changed stays where it is called off."""
    result: Mapped[str] = mapped_column(Text, server_default="")
    """How it ended, in words."""
    asked_at: Mapped[datetime] = now()


class SwitchChangeState(Base):
    """What one switch holds of a change, as far as is known."""

    __tablename__ = "switch_change_states"
    __table_args__ = (Index("switch_change_states_switch", "switch", "run_id"),)

    run_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    switch: Mapped[str] = mapped_column(Text, primary_key=True)
    place: Mapped[int]
    """Its place in the order of the change."""
    stage: Mapped[int]
    """0 for a canary, then the number of its batch."""
    state: Mapped[str]
    """See `changing.model.Holds`."""
    failed: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    detail: Mapped[str] = mapped_column(Text, server_default="")
    """Why, where something is not as it should be."""
    before: Mapped[str]
    """SHA-256 of its configuration when the change was asked for."""
    after: Mapped[str] = mapped_column(Text, server_default="")
    """SHA-256 of its configuration once it was changed."""
    checkpoint: Mapped[str] = mapped_column(Text, server_default="")
    """The checkpoint on the switch that holds what was before."""
    ill: Mapped[list[Any]] = mapped_column(JSONB, server_default="[]")
    """What was not well before."""
    saved: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
