"""Work that outlives a reply, who does it, and when it is due."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey, Index, Integer, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.models.base import Base, now


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
    asked: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    """The question the policy was asked for it, to be asked again when the work begins."""
    created_at: Mapped[datetime] = now()
    updated_at: Mapped[datetime] = now()
    finished_at: Mapped[datetime | None]


class RunTransition(Base):
    """Who moved a run from which state to which, when and why."""

    __tablename__ = "run_transitions"
    __table_args__ = (Index("run_transitions_run", "run_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id"))
    at: Mapped[datetime] = now()
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
    at: Mapped[datetime] = now()
    text: Mapped[str]


class RunLock(Base):
    """The one run that may work on a thing (a job, a stack) until it ends."""

    __tablename__ = "run_locks"

    key: Mapped[str] = mapped_column(Text, primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id"))
    since: Mapped[datetime] = now()


class Attempt(Base):
    """Written before a side effect and closed after it: found open, the effect may have happened."""

    __tablename__ = "attempts"

    key: Mapped[str] = mapped_column(Text, primary_key=True)
    what: Mapped[str]
    started_at: Mapped[datetime] = now()
    finished_at: Mapped[datetime | None]
    outcome: Mapped[dict[str, Any] | None]


class Executor(Base):
    """A process that owns work. It lives as long as it holds the advisory lock of its id."""

    __tablename__ = "executors"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    lock: Mapped[int]
    host: Mapped[str]
    pid: Mapped[int] = mapped_column(Integer)
    started_at: Mapped[datetime] = now()


class Schedule(Base):
    """What the clock enqueues, by a cron line in UTC: a task by name or, where a person gave it, a command."""

    __tablename__ = "schedules"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    cron: Mapped[str]
    task: Mapped[str]
    catch_up: Mapped[int] = mapped_column(Integer, server_default="1")
    """How many missed slots are made good after an outage of the clock; the newest come first."""
    last_slot: Mapped[datetime | None]
    line: Mapped[str | None]
    """The command, which runs as `person_email` in `room_id`; `task` is then `command`."""
    person_email: Mapped[str | None]
    room_id: Mapped[str | None]
    paused: Mapped[str | None]
    """Why it does not run at present."""
    created_at: Mapped[datetime] = now()


class ScheduleSlot(Base):
    """One firing of a schedule: the unique key that makes a second clock harmless."""

    __tablename__ = "schedule_slots"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    slot: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    enqueued_at: Mapped[datetime] = now()
