"""The locks of states: one holder each, told by terraform, seen and freed from chat."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, NoReturn

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from integrations.stacks.store.models import StackLock

_Word = Annotated[str, AfterValidator(lambda text: text.replace("\0", "\ufffd"))]
"""PostgreSQL takes no NUL."""


class UnreadableLock(Exception):
    """What terraform sent is no lock; the text says why."""


class LockInfo(BaseModel):
    """What terraform tells of a lock (github.com/hashicorp/terraform, internal/states/statemgr/locker.go)."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: _Word = Field(alias="ID", min_length=1, max_length=200)
    operation: _Word = Field("", alias="Operation", max_length=200)
    who: _Word = Field("", alias="Who", max_length=500)


@dataclass(frozen=True, slots=True)
class Lock:
    """Who works on a state, at what, since when."""

    stack: str
    instance: str
    id: str
    operation: str
    who: str
    taken_at: datetime
    info: Mapping[str, Any]
    credential_id: str


def read_info(body: bytes) -> tuple[LockInfo, dict[str, Any]]:
    """A lock as it was sent, typed and whole. Raises UnreadableLock."""
    try:
        sent = json.loads(body, parse_constant=_no_number)
        return LockInfo.model_validate(sent), sent
    except (ValueError, RecursionError) as error:
        why = (
            "it has no ID, or one that is no text" if isinstance(error, ValidationError) else "it is no JSON"
        )
        raise UnreadableLock(f"this is no lock as terraform sends it: {why}") from error


def take(
    session: Session, stack: str, instance: str, info: LockInfo, whole: Mapping[str, Any], credential_id: str
) -> Lock | None:
    """Take the lock; None when it is taken now, or was by this same holder before (its answer may have been lost).

    Otherwise returns who holds it.
    """
    row = {
        "stack": stack,
        "instance": instance,
        "lock_id": info.id,
        "operation": info.operation,
        "who": info.who,
        "info": dict(whole),
        "credential_id": credential_id,
    }
    session.execute(insert(StackLock).values(row).on_conflict_do_nothing())
    holder = of(session, stack, instance, for_update=True)
    return (
        None if holder is None or (holder.id == info.id and holder.credential_id == credential_id) else holder
    )


def free(session: Session, stack: str, instance: str, lock_id: str | None) -> Lock | None:
    """Free the lock of that id, or whichever there is where none is given; returns the one that stays, if any.

    Where there is no lock there is nothing to free, and that is well.
    """
    holder = of(session, stack, instance, for_update=True)
    if holder is None:
        return None
    if lock_id is not None and holder.id != lock_id:
        return holder
    session.execute(delete(StackLock).where(StackLock.stack == stack, StackLock.instance == instance))
    return None


def of(session: Session, stack: str, instance: str, *, for_update: bool = False) -> Lock | None:
    """The lock of an instance's state."""
    query = select(StackLock).where(StackLock.stack == stack, StackLock.instance == instance)
    row = session.scalar(query.with_for_update() if for_update else query)
    return _lock(row) if row else None


def every(session: Session) -> tuple[Lock, ...]:
    """All locks, the oldest first."""
    return tuple(map(_lock, session.scalars(select(StackLock).order_by(StackLock.taken_at))))


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number that JSON has")


def _lock(row: StackLock) -> Lock:
    return Lock(
        row.stack,
        row.instance,
        row.lock_id,
        row.operation,
        row.who,
        row.taken_at,
        row.info,
        row.credential_id,
    )
