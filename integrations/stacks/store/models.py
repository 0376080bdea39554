"""The tables: the states that terraform keeps with the bot, their locks, and who may write them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, DateTime, Index, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.models.base import Base, now


class StackState(Base):
    """One version of a state. The newest is the one in force; older ones are kept to go back to."""

    __tablename__ = "stack_states"
    __table_args__ = (Index("stack_states_newest", "stack", "instance", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    stack: Mapped[str]
    instance: Mapped[str]
    serial: Mapped[int]
    """Terraform's own number of it, which rises with every change."""
    lineage: Mapped[str]
    """Terraform's own id of the line of states it belongs to."""
    size: Mapped[int]
    """Bytes, as terraform sent it."""
    sha256: Mapped[str]
    """Of what terraform sent."""
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Compressed and encrypted; NULL where the state was deleted."""
    credential_id: Mapped[str]
    """Whose write it was."""
    written_at: Mapped[datetime] = now()


class StackLock(Base):
    """That somebody works on a state. It stays until it is freed, however its holder ends."""

    __tablename__ = "stack_locks"

    stack: Mapped[str] = mapped_column(Text, primary_key=True)
    instance: Mapped[str] = mapped_column(Text, primary_key=True)
    lock_id: Mapped[str]
    operation: Mapped[str]
    who: Mapped[str]
    info: Mapped[dict[str, Any]]
    """All that terraform told of it."""
    credential_id: Mapped[str]
    taken_at: Mapped[datetime] = now()


class StackCredential(Base):
    """Opens the state of one instance to one run of an engine."""

    __tablename__ = "stack_credentials"
    __table_args__ = (Index("stack_credentials_instance", "stack", "instance"),)

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    """The user name; it is no secret."""
    stack: Mapped[str]
    instance: Mapped[str]
    digest: Mapped[str]
    """The SHA-256 of the password, which is random and long, so that no slow hash is needed."""
    may_write: Mapped[bool] = mapped_column(Boolean)
    """Whether it opens for writing too; a plan only reads."""
    issued_for: Mapped[str]
    """The run, in words."""
    issued_at: Mapped[datetime] = now()
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class StackPlan(Base):
    """A saved plan, kept until it is applied or void: whoever applies it may be another worker than planned it."""

    __tablename__ = "stack_plans"
    __table_args__ = (Index("stack_plans_instance", "stack", "instance"),)

    digest: Mapped[str] = mapped_column(Text, primary_key=True)
    """The SHA-256 of the plan's bytes, to which an approval is bound."""
    stack: Mapped[str] = mapped_column(Text, primary_key=True)
    instance: Mapped[str] = mapped_column(Text, primary_key=True)
    revision: Mapped[str]
    """Of the stack's files it was made of."""
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """Compressed and encrypted: a plan holds every value in plain text."""
    made_at: Mapped[datetime] = now()
