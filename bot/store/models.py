"""The tables, as SQLAlchemy models. Their life is told where they are used; here is only their shape."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import UUID as PgUuid
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """The declarative base; a column named `room_id` is followed when a room migrates."""

    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it from the class
        str: Text,
        int: BigInteger,
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB,
        UUID: PgUuid(as_uuid=True),
    }


def _now() -> Mapped[datetime]:
    return mapped_column(DateTime(timezone=True), server_default=func.now())


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
    received_at: Mapped[datetime] = _now()
    finished_at: Mapped[datetime | None]
    answer: Mapped[dict[str, Any] | None]
    """What the REST API gives back; empty for events that are answered in a room."""


class AuditRow(Base):
    """One request: who asked what, where, what was decided by which rule, and how it ended."""

    __tablename__ = "audit"
    __table_args__ = (Index("audit_at", "at"), Index("audit_person", "person_email", "at"))

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    at: Mapped[datetime] = _now()
    request_key: Mapped[str] = mapped_column(Text, unique=True)
    correlation_id: Mapped[str]
    entry: Mapped[str]
    person_email: Mapped[str]
    room_id: Mapped[str | None]
    command: Mapped[str]
    line: Mapped[str]
    decision: Mapped[str]
    rule: Mapped[str]
    result: Mapped[str]
    duration_ms: Mapped[int] = mapped_column(Integer)


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
    """pending, sending, sent or refused."""
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")
    not_before: Mapped[datetime | None]
    correlation_id: Mapped[str]
    created_at: Mapped[datetime] = _now()
    sent_at: Mapped[datetime | None]
    message_id: Mapped[str | None]
    error: Mapped[str | None]


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


class Run(Base):
    """Work that outlives a reply. Its states and transitions are in `bot.runs.states`."""

    __tablename__ = "runs"
    __table_args__ = (
        Index(
            "runs_due", "next_step_at", postgresql_where=text("step = 'idle' and next_step_at is not null")
        ),
        Index("runs_stepping", "owner", postgresql_where=text("step = 'running'")),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    request_key: Mapped[str] = mapped_column(Text, unique=True)
    kind: Mapped[str]
    title: Mapped[str]
    state: Mapped[str]
    arguments: Mapped[dict[str, Any]]
    progress: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    result: Mapped[str | None]
    lock_key: Mapped[str | None]
    requester: Mapped[str]
    room_id: Mapped[str | None]
    parent_id: Mapped[str | None]
    live_id: Mapped[int | None] = mapped_column(ForeignKey("live_messages.id"))
    correlation_id: Mapped[str]
    step: Mapped[str] = mapped_column(Text, server_default="idle")
    """idle, queued or running: the short job that moves the run on."""
    next_step_at: Mapped[datetime | None]
    owner: Mapped[UUID | None]
    cancel_requested_by: Mapped[str | None]
    created_at: Mapped[datetime] = _now()
    updated_at: Mapped[datetime] = _now()
    finished_at: Mapped[datetime | None]


class RunTransition(Base):
    """Who moved a run from which state to which, when and why."""

    __tablename__ = "run_transitions"
    __table_args__ = (Index("run_transitions_run", "run_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id"))
    at: Mapped[datetime] = _now()
    old: Mapped[str | None]
    new: Mapped[str]
    who: Mapped[str]
    why: Mapped[str]


class RunLogLine(Base):
    """One line a run wrote about itself, redacted before it is stored."""

    __tablename__ = "run_log"
    __table_args__ = (Index("run_log_run", "run_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id"))
    at: Mapped[datetime] = _now()
    text: Mapped[str]


class RunLock(Base):
    """The one run that may work on a thing (a job, a stack) until it ends."""

    __tablename__ = "run_locks"

    key: Mapped[str] = mapped_column(Text, primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id"))
    since: Mapped[datetime] = _now()


class Attempt(Base):
    """Written before a side effect and closed after it: found open, the effect may have happened."""

    __tablename__ = "attempts"

    key: Mapped[str] = mapped_column(Text, primary_key=True)
    what: Mapped[str]
    started_at: Mapped[datetime] = _now()
    finished_at: Mapped[datetime | None]
    outcome: Mapped[dict[str, Any] | None]


class Executor(Base):
    """A process that owns work. It lives as long as it holds the advisory lock of its id."""

    __tablename__ = "executors"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    lock: Mapped[int]
    host: Mapped[str]
    pid: Mapped[int] = mapped_column(Integer)
    started_at: Mapped[datetime] = _now()


class Confirmation(Base):
    """A dangerous command waiting for its asker's yes: once, in time, for exactly these arguments."""

    __tablename__ = "confirmations"

    code: Mapped[str] = mapped_column(Text, primary_key=True)
    person_email: Mapped[str]
    room_id: Mapped[str | None]
    words: Mapped[dict[str, Any]]
    digest: Mapped[str]
    effect_text: Mapped[str]
    asked_at: Mapped[datetime] = _now()
    expires_at: Mapped[datetime]
    used_by_request: Mapped[str | None]
    cancelled: Mapped[bool] = mapped_column(Boolean, server_default="false")


class Subscription(Base):
    """A room that wants to hear of something an integration reports."""

    __tablename__ = "subscriptions"
    __table_args__ = (UniqueConstraint("source", "topic", "room_id"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    source: Mapped[str]
    topic: Mapped[str]
    room_id: Mapped[str]
    created_by: Mapped[str]
    created_at: Mapped[datetime] = _now()


class Topic(Base):
    """What was last told of one subject (a job and branch) in one room, and in which thread."""

    __tablename__ = "topics"
    __table_args__ = (UniqueConstraint("source", "subject", "room_id"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    source: Mapped[str]
    subject: Mapped[str]
    room_id: Mapped[str]
    state: Mapped[dict[str, Any]]
    updated_at: Mapped[datetime] = _now()


class KnownRoom(Base):
    """What we know of a room without asking Webex again; `former_ids` keeps old ids of a migrated one."""

    __tablename__ = "rooms"

    room_id: Mapped[str] = mapped_column(Text, primary_key=True)
    title: Mapped[str]
    type: Mapped[str]
    former_ids: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    left: Mapped[bool] = mapped_column(Boolean, server_default="false")
    updated_at: Mapped[datetime] = _now()


class Fact(Base):
    """A small thing all processes must agree on: the bot's identity, the health of its webhooks."""

    __tablename__ = "facts"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    value: Mapped[dict[str, Any]]
    updated_at: Mapped[datetime] = _now()


class Schedule(Base):
    """What the clock enqueues: a task by name, by a cron line in UTC."""

    __tablename__ = "schedules"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    cron: Mapped[str]
    task: Mapped[str]
    catch_up: Mapped[int] = mapped_column(Integer, server_default="1")
    """How many missed slots are made good after an outage of the clock; the newest come first."""
    last_slot: Mapped[datetime | None]


class ScheduleSlot(Base):
    """One firing of a schedule: the unique key that makes a second clock harmless."""

    __tablename__ = "schedule_slots"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    slot: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    enqueued_at: Mapped[datetime] = _now()


class Counter(Base):
    """A number `/metrics` shows that no table can tell: refused requests, doubled deliveries."""

    __tablename__ = "counters"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    labels: Mapped[str] = mapped_column(Text, primary_key=True)
    value: Mapped[int] = mapped_column(server_default="0")
