"""What comes in and what goes out: the inbox, the outbox, live messages, subscriptions, what rooms want to hear."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.models.base import Base, now


class InboxEvent(Base):
    """One event that was answered 200: the same (source, dedupe_key) twice is one row."""

    __tablename__ = "inbox"
    __table_args__ = (
        UniqueConstraint("source", "dedupe_key"),
        Index("inbox_queued", "id", postgresql_where=text("state = 'queued'")),
        Index("inbox_due", "not_before", postgresql_where=text("state = 'waiting'")),
        Index("inbox_handling", "owner", postgresql_where=text("state = 'handling'")),
        Index("inbox_dead", "id", postgresql_where=text("state = 'dead'")),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    source: Mapped[str]
    dedupe_key: Mapped[str]
    payload: Mapped[dict[str, Any]]
    correlation_id: Mapped[str]
    state: Mapped[str]
    """queued, waiting (for not_before), handling, done, ignored, stale or dead."""
    reason: Mapped[str | None]
    deliveries: Mapped[int] = mapped_column(Integer, server_default="1")
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")
    owner: Mapped[UUID | None]
    not_before: Mapped[datetime | None]
    received_at: Mapped[datetime] = now()
    finished_at: Mapped[datetime | None]
    answer: Mapped[dict[str, Any] | None]
    """What the REST API gives back; empty for events that are answered in a room."""


class OutboxMessage(Base):
    """One message on its way to Webex; rows of one lane (a room or a person) leave in order of id."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index("outbox_pending", "lane", "id", postgresql_where=text("state in ('pending', 'sending')")),
        Index(
            "outbox_live",
            "live_id",
            unique=True,
            postgresql_where=text("state = 'pending' and live_id is not null"),
        ),
        Index(
            "outbox_digest",
            "lane",
            "is_held",
            unique=True,
            postgresql_where=text("state = 'pending' and is_digest"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    lane: Mapped[str]
    dedupe_key: Mapped[str] = mapped_column(Text, unique=True)
    room_id: Mapped[str | None]
    to_person_email: Mapped[str | None]
    parent_id: Mapped[str | None]
    body: Mapped[dict[str, Any]]
    file_name: Mapped[str | None]
    file_content: Mapped[bytes | None] = mapped_column(LargeBinary)
    live_id: Mapped[int | None] = mapped_column(ForeignKey("live_messages.id"))
    state: Mapped[str] = mapped_column(Text, server_default="pending")
    """pending, sending, sent, refused or left out (counted in a digest)."""
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")
    not_before: Mapped[datetime | None]
    correlation_id: Mapped[str]
    created_at: Mapped[datetime] = now()
    sent_at: Mapped[datetime | None]
    message_id: Mapped[str | None]
    error: Mapped[str | None]
    is_digest: Mapped[bool] = mapped_column(Boolean, server_default="false")
    """Whether it stands for messages that were left out, which it counts."""
    is_held: Mapped[bool] = mapped_column(Boolean, server_default="false")
    """Whether those were left out since the room wants them later, and not for its budget."""


class OutboxLane(Base):
    """Who is sending into a room right now, and until when the room must wait (429)."""

    __tablename__ = "outbox_lanes"

    lane: Mapped[str] = mapped_column(Text, primary_key=True)
    owner: Mapped[UUID | None]
    claim: Mapped[UUID | None]
    """Tells one thread of the owner from another."""
    not_before: Mapped[datetime | None]


class LiveMessage(Base):
    """A message that is edited while its run goes on (Webex allows ten edits)."""

    __tablename__ = "live_messages"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    room_id: Mapped[str]
    parent_id: Mapped[str | None]
    message_id: Mapped[str | None]
    wanted: Mapped[str]
    shown: Mapped[str | None]
    final: Mapped[bool] = mapped_column(Boolean, server_default="false")
    edits: Mapped[int] = mapped_column(Integer, server_default="0")
    edited_at: Mapped[datetime | None]


class Subscription(Base):
    """A room that wants to hear of something an integration reports."""

    __tablename__ = "subscriptions"
    __table_args__ = (UniqueConstraint("source", "topic", "room_id"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    source: Mapped[str]
    topic: Mapped[str]
    room_id: Mapped[str]
    options: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    """What of the topic it wants to hear, in the integration's own words."""
    created_by: Mapped[str]
    created_at: Mapped[datetime] = now()


class NotificationPreferences(Base):
    """What a room wants to hear of what nobody asked for, and when; a room without a row hears all at once."""

    __tablename__ = "notification_preferences"

    room_id: Mapped[str] = mapped_column(Text, primary_key=True)
    muted_until: Mapped[datetime | None]
    quiet_hours: Mapped[str | None]
    """`22:00-07:00`, as people write it, and so are `quiet_days` (`mon-fri`) and `quiet_zone` (an IANA name)."""
    quiet_days: Mapped[str | None]
    quiet_zone: Mapped[str | None]
    digest_every: Mapped[timedelta | None]
    digest_from: Mapped[datetime | None]
    """A digest is due at each whole number of periods after this."""
    changed_by: Mapped[str]
    updated_at: Mapped[datetime] = now()


class Topic(Base):
    """What was last told of one subject (a job and branch) in one room, and in which thread."""

    __tablename__ = "topics"
    __table_args__ = (UniqueConstraint("source", "subject", "room_id"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    source: Mapped[str]
    subject: Mapped[str]
    room_id: Mapped[str]
    state: Mapped[dict[str, Any]]
    updated_at: Mapped[datetime] = now()
