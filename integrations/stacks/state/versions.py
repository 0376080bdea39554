"""The versions of states: written under the lock, read back, kept to go back to, and encrypted anew."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from sqlalchemy import delete, func, select, text
from sqlalchemy.orm import Session

from bot.access.encryption import Resealed
from integrations.stacks.state.sealing import Sealer
from integrations.stacks.store.models import StackState

_ONE_WRITER = text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 7311))")


class UnreadableState(Exception):
    """What was sent is no state; the text says why."""


class Conflict(Exception):
    """What was sent would put an older or another state in the place of the present one; the text says which."""


class _Head(BaseModel):
    """What is read of a state (format version 4)."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    serial: int = Field(ge=0, le=2**62)
    lineage: str = Field(pattern=r"^[\w.-]{1,200}$")


@dataclass(frozen=True, slots=True)
class Version:
    """One version, without its content."""

    id: int
    serial: int
    lineage: str
    size: int
    """Bytes."""
    written_at: datetime
    credential_id: str
    deleted: bool
    """Whether this one says that there is no state any more."""


def write(
    session: Session,
    sealer: Sealer,
    stack: str,
    instance: str,
    content: bytes,
    *,
    credential_id: str,
    keep: int,
) -> None:
    """Add a version; of the former ones the newest `keep` stay. The same content again changes nothing.

    Raises UnreadableState, Conflict and NoKey.
    """
    head = _head(content)
    session.execute(_ONE_WRITER, {"key": f"{stack}/{instance}"})
    present, sha256 = _newest(session, stack, instance), hashlib.sha256(content).hexdigest()
    if present is not None and present.sealed is not None:
        if present.sha256 == sha256:
            return
        _refuse_conflict(present, head)
    session.add(
        StackState(
            stack=stack,
            instance=instance,
            serial=head.serial,
            lineage=head.lineage,
            size=len(content),
            sha256=sha256,
            sealed=sealer.seal(stack, instance, content),
            credential_id=credential_id,
        )
    )
    session.flush()
    _forget_old(session, stack, instance, keep)


def read(
    session: Session, sealer: Sealer, stack: str, instance: str, version: int | None = None
) -> bytes | None:
    """The state in force, or a former version by its id; None where there is none. Raises NoKey and CannotOpen."""
    row = _newest(session, stack, instance)
    if version is not None:
        query = select(StackState).where(StackState.stack == stack, StackState.instance == instance)
        row = session.scalar(query.where(StackState.id == version))
    return sealer.open(stack, instance, row.sealed) if row is not None and row.sealed is not None else None


def remove(session: Session, stack: str, instance: str, *, credential_id: str) -> None:
    """Say that there is no state any more; the former versions stay."""
    session.execute(_ONE_WRITER, {"key": f"{stack}/{instance}"})
    present = _newest(session, stack, instance)
    if present is None or present.sealed is None:
        return
    session.add(
        StackState(
            stack=stack,
            instance=instance,
            serial=present.serial,
            lineage=present.lineage,
            size=0,
            sha256="",
            sealed=None,
            credential_id=credential_id,
        )
    )


def history(session: Session, stack: str, instance: str, limit: int = 50) -> tuple[Version, ...]:
    """The versions, newest first."""
    query = select(StackState).where(StackState.stack == stack, StackState.instance == instance)
    rows = session.scalars(query.order_by(StackState.id.desc()).limit(limit))
    return tuple(
        Version(
            row.id, row.serial, row.lineage, row.size, row.written_at, row.credential_id, row.sealed is None
        )
        for row in rows
    )


def reseal(session: Session, keys: Sequence[SecretStr]) -> Resealed:
    """Encrypt every version anew with the first key; what no key opens is left as it is, and named.

    Raises NoKey where there is something to encrypt and nothing to do it with.
    """
    sealer, count, unreadable = Sealer(keys), 0, []
    for row_id in session.scalars(select(StackState.id).where(StackState.sealed.is_not(None))).all():
        row = session.get(StackState, row_id, with_for_update=True)
        if row is None or row.sealed is None:
            continue
        if (sealed := sealer.renewed(row.sealed)) is None:
            unreadable.append(f"version {row_id} of the state of {row.stack}/{row.instance}")
        else:
            row.sealed, count = sealed, count + 1
        session.flush()
        session.expunge(row)  # states may be large: one at a time
    return Resealed(count, "versions of terraform's states", tuple(unreadable))


def _head(content: bytes) -> _Head:
    try:
        return _Head.model_validate(json.loads(content))
    except ValidationError as error:
        raise UnreadableState(
            "this is no state as terraform sends it: it has no serial and lineage"
        ) from error
    except (ValueError, RecursionError) as error:
        raise UnreadableState("this is no state as terraform sends it: it is no JSON") from error


def _refuse_conflict(present: StackState, head: _Head) -> None:
    if head.lineage != present.lineage:
        raise Conflict(
            f"the state kept here is of another lineage ({present.lineage}): what was sent belongs to something else"
        )
    if head.serial <= present.serial:
        raise Conflict(
            f"the state kept here has serial {present.serial}, and what was sent has {head.serial}"
        )


def _newest(session: Session, stack: str, instance: str) -> StackState | None:
    query = select(StackState).where(StackState.stack == stack, StackState.instance == instance)
    return session.scalar(query.order_by(StackState.id.desc()).limit(1))


def _forget_old(session: Session, stack: str, instance: str, keep: int) -> None:
    of = (StackState.stack == stack, StackState.instance == instance)
    kept = select(StackState.id).where(*of).order_by(StackState.id.desc()).limit(keep + 1)
    oldest = select(func.min(kept.subquery().c.id)).scalar_subquery()
    session.execute(delete(StackState).where(*of, StackState.id < oldest))
