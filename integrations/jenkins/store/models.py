"""The tables: builds as far as they were heard of, jobs as last looked at, what rooms and committers are."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Float, Index, Integer, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.models import Run
from bot.store.models.base import Base, now

Index("jenkins_runs_of_a_job", Run.kind, Run.arguments["job"].astext)
Index("jenkins_runs_of_a_renamed_job", Run.kind, Run.progress["job"].astext)
"""On the core's table: each report asks who follows its build, and runs are never thrown away."""


class JenkinsBuild(Base):
    """One build, as far as anybody has told of it. Its phase only goes forward."""

    __tablename__ = "jenkins_builds"
    __table_args__ = (
        Index("jenkins_builds_history", "server", "job", "branch", "number"),
        Index(
            "jenkins_builds_upstream",
            "server",
            "upstream_job",
            "upstream_number",
            postgresql_where=text("upstream_job IS NOT NULL"),
        ),
        Index("jenkins_builds_seen", "seen_at"),
    )

    server: Mapped[str] = mapped_column(Text, primary_key=True)
    job: Mapped[str] = mapped_column(Text, primary_key=True)
    """The full name."""
    number: Mapped[int] = mapped_column(primary_key=True)
    phase: Mapped[int] = mapped_column(Integer)
    """0 queued, 1 started, 2 completed, 3 finalized."""
    result: Mapped[str | None]
    branch: Mapped[str] = mapped_column(Text, server_default="")
    url: Mapped[str] = mapped_column(Text, server_default="")
    queue_id: Mapped[int | None]
    started: Mapped[float | None] = mapped_column(Float)
    """Seconds since the epoch, by Jenkins' clock."""
    duration: Mapped[float | None] = mapped_column(Float)
    """Seconds."""
    commit: Mapped[str] = mapped_column(Text, server_default="")
    culprits: Mapped[list[Any]] = mapped_column(JSONB, server_default="[]")
    asked_by: Mapped[str] = mapped_column(Text, server_default="")
    upstream_job: Mapped[str | None]
    upstream_number: Mapped[int | None]
    tests: Mapped[int | None]
    """How many ran; NULL where nobody said."""
    failed_tests: Mapped[list[Any] | None] = mapped_column(JSONB)
    """Their names; NULL where nobody said."""
    told: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    """Whether its end has been told to the rooms that care, as `told_result`."""
    told_result: Mapped[str | None]
    seen_at: Mapped[datetime] = now()


class JenkinsJob(Base):
    """A job as the reconciler last looked at it."""

    __tablename__ = "jenkins_jobs"

    server: Mapped[str] = mapped_column(Text, primary_key=True)
    job: Mapped[str] = mapped_column(Text, primary_key=True)
    completed: Mapped[int]
    """The number of the newest build whose end is on the record, told or not; 0 for none."""
    seen: Mapped[int]
    """The number of the newest build that had ended when it was last looked at."""
    newest_id: Mapped[int | None]
    """That build's queue item, by which the job is known again when it is renamed."""
    looked_at: Mapped[datetime] = now()


class JenkinsRoom(Base):
    """The server that is meant in a room where none is named."""

    __tablename__ = "jenkins_rooms"

    room_id: Mapped[str] = mapped_column(Text, primary_key=True)
    server: Mapped[str]
    chosen_by: Mapped[str]


class JenkinsCommitter(Base):
    """The Webex address of somebody whom Jenkins knows by another name."""

    __tablename__ = "jenkins_committers"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    """In small letters, as a commit or Jenkins has it: a name, a user id or an address."""
    person_email: Mapped[str]
    added_by: Mapped[str]
    added_at: Mapped[datetime] = now()
