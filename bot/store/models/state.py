"""What processes agree on: facts and counters."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.models.base import Base, now


class Fact(Base):
    """A small thing all processes must agree on: the bot's identity, the health of its webhooks."""

    __tablename__ = "facts"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    value: Mapped[dict[str, Any]]
    updated_at: Mapped[datetime] = now()


class Counter(Base):
    """A number `/metrics` shows that no table can tell: refused requests, doubled deliveries."""

    __tablename__ = "counters"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    labels: Mapped[str] = mapped_column(Text, primary_key=True)
    value: Mapped[int] = mapped_column(server_default="0")


class PeriodicWork(Base):
    """When work that is done again and again is due next, and since when a worker has it in hand."""

    __tablename__ = "periodics"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    due_at: Mapped[datetime] = now()
    queued_at: Mapped[datetime | None]
