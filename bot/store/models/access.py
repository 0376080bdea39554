"""Who asked what, who may, and what waits for a yes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, Integer, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.models.base import Base, now


class AuditRow(Base):
    """One request: who asked what, where, what was decided by which rule, and how it ended.

    Append-only, by a trigger: `seq` and `chain_hash` are filled in once when the row is sealed, and nothing
    else changes.
    """

    __tablename__ = "audit"
    __table_args__ = (
        Index("audit_at", "at"),
        Index("audit_person", "person_email", "at"),
        Index("audit_unsealed", "id", postgresql_where=text("seq is null")),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    at: Mapped[datetime] = now()
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
    arguments: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    """The parameters by name, redacted."""
    approvers: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    """`{"code": …, "by": [e-mails]}` where approval was needed."""
    content_hash: Mapped[str | None]
    """Over all of the above, written with the row."""
    seq: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    """Its place in the chain."""
    chain_hash: Mapped[str | None]
    """Over `seq`, `content_hash` and the chain hash before it."""


class Confirmation(Base):
    """A dangerous command waiting for its asker's yes: once, in time, for exactly these arguments."""

    __tablename__ = "confirmations"

    code: Mapped[str] = mapped_column(Text, primary_key=True)
    person_email: Mapped[str]
    room_id: Mapped[str | None]
    words: Mapped[dict[str, Any]]
    digest: Mapped[str]
    effect_text: Mapped[str]
    asked_at: Mapped[datetime] = now()
    expires_at: Mapped[datetime]
    used_by_request: Mapped[str | None]
    cancelled: Mapped[bool] = mapped_column(Boolean, server_default="false")


class Grant(Base):
    """A rule given in chat: the same fields as one of `sparkops.yaml`, and who gave and took it back when."""

    __tablename__ = "grants"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    rule: Mapped[dict[str, Any]]
    granted_by: Mapped[str]
    granted_at: Mapped[datetime] = now()
    expires_at: Mapped[datetime | None]
    revoked_by: Mapped[str | None]
    revoked_at: Mapped[datetime | None]


class Approval(Base):
    """A request that waits for others' yes, and what is needed to carry it out in its asker's name then."""

    __tablename__ = "approvals"
    __table_args__ = (
        Index("approvals_open", "expires_at", postgresql_where=text("state = 'open'")),
        Index("approvals_person", "person_email"),
    )

    code: Mapped[str] = mapped_column(Text, primary_key=True)
    request_key: Mapped[str] = mapped_column(Text, unique=True)
    """The request that asked; handled again after a crash, it asks once."""
    state: Mapped[str] = mapped_column(Text, server_default="open")
    """open, approved, denied, expired, withdrawn or void."""
    person_email: Mapped[str]
    entry: Mapped[str]
    room_id: Mapped[str | None]
    room_title: Mapped[str]
    room_type: Mapped[str]
    parent_id: Mapped[str | None]
    words: Mapped[dict[str, Any]]
    command: Mapped[str]
    digest: Mapped[str]
    """Over the exact arguments and, where the command has one, the plan."""
    effect_text: Mapped[str]
    asked: Mapped[dict[str, Any]]
    """The effect and the arguments the policy was asked about, to be asked about again at each yes."""
    needs: Mapped[dict[str, Any]]
    """The rules that asked, as they were then, for reminders; present policy decides anew at each yes."""
    confirmed: Mapped[str | None]
    token_id: Mapped[int | None]
    """The REST token it came by, whose scope still binds it."""
    correlation_id: Mapped[str]
    asked_at: Mapped[datetime] = now()
    expires_at: Mapped[datetime]
    remind_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None]
    reason: Mapped[str | None]


class ApprovalVote(Base):
    """One person's yes: `identity` is the same for all addresses of a person, so that they count once."""

    __tablename__ = "approval_votes"

    code: Mapped[str] = mapped_column(ForeignKey("approvals.code", ondelete="CASCADE"), primary_key=True)
    identity: Mapped[str] = mapped_column(Text, primary_key=True)
    person_email: Mapped[str]
    room_id: Mapped[str | None]
    at: Mapped[datetime] = now()


class ApprovalAsk(Base):
    """One place where others were asked for their yes, so that it is told there what became of it."""

    __tablename__ = "approval_asks"

    code: Mapped[str] = mapped_column(ForeignKey("approvals.code", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    """The message of that place has the outbox key `approval:CODE:ask:NUMBER`."""
    room_id: Mapped[str | None]
    to_person_email: Mapped[str | None]
    parent_id: Mapped[str | None]
    mentions: Mapped[dict[str, Any]]
    """`{"people": [e-mails]}`: who is called there."""


class Bucket(Base):
    """A token bucket: how much of a limit is left follows from when it will be full again."""

    __tablename__ = "buckets"

    key: Mapped[str] = mapped_column(Text, primary_key=True)
    full_at: Mapped[datetime]


class ApiToken(Base):
    """A bearer token of the REST API: only its hash is kept, and what it may be used for."""

    __tablename__ = "api_tokens"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    digest: Mapped[str] = mapped_column(Text, unique=True)
    hint: Mapped[str]
    """Its first characters, to tell which one it is."""
    scope: Mapped[dict[str, Any]]
    """`{"commands": [globs], "rooms": [globs], "people": [globs]}`."""
    created_by: Mapped[str]
    created_at: Mapped[datetime] = now()
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_by: Mapped[str | None]
    revoked_at: Mapped[datetime | None]


class Credential(Base):
    """A person's own credential for an outside system, encrypted."""

    __tablename__ = "credentials"

    person_email: Mapped[str] = mapped_column(Text, primary_key=True)
    service: Mapped[str] = mapped_column(Text, primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = now()
    last_used_at: Mapped[datetime | None]
