"""The rooms in the hands of a sweep, a row each: chosen, given notice, acted on or spared."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.rooms.idle import Idle
from bot.runs.states import ENDED
from bot.store.models import Run, SweepItem
from bot.webex import Room

CHOSEN, NOTICED = "chosen", "noticed"
KEPT, ACTIVE, GONE, REFUSED = "kept", "active", "gone", "refused"
ACTED, VERIFIED, FAILED = "acted", "verified", "failed"
"""The states of an item. `acted`: Webex was asked, and could not be read afterwards yet."""

NOT_READ = ""
"""In `foreseen`: the bot's own membership must be read first."""
NOTHING = "nothing"
"""In `foreseen`: notice is given, and nothing else."""

_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(73110003)")


def forget_all(session: Session, run_id: int) -> None:
    """A sweep plans anew: nobody has been told of anything yet."""
    session.execute(delete(SweepItem).where(SweepItem.run_id == run_id))


def in_other_hands(session: Session, room_ids: Collection[str], run_id: int) -> dict[str, int]:
    """Which of these rooms another sweep has in hand that is not over, and which sweep.

    Asked and followed by `add` in one transaction: no two sweeps choose at the same time.
    """
    session.execute(_ONE_AT_A_TIME)
    rows = session.execute(
        select(SweepItem.room_id, SweepItem.run_id)
        .join(Run, Run.id == SweepItem.run_id)
        .where(
            SweepItem.room_id.in_(room_ids),
            SweepItem.run_id != run_id,
            SweepItem.state.in_((CHOSEN, NOTICED, ACTED)),
            Run.state.not_in(ENDED),
        )
    )
    return {row.room_id: row.run_id for row in rows}


def add(session: Session, run_id: int, chosen: Sequence[tuple[Room, Idle, str]]) -> None:
    """Choose rooms, each with what is foreseen for it; one that was chosen before stays as it is."""
    if not chosen:
        return
    values = [
        {
            "run_id": run_id,
            "room_key": room.id,
            "room_id": room.id,
            "title": room.title,
            "state": CHOSEN,
            "idle_since": idle.since,
            "measure": idle.measure.value,
            "foreseen": foreseen,
        }
        for room, idle, foreseen in chosen
    ]
    session.execute(insert(SweepItem).values(values).on_conflict_do_nothing())


def batch(
    session: Session, run_id: int, state: str, limit: int, *, foreseen: str | None = None
) -> Sequence[SweepItem]:
    """The next items in this state, always in the same order."""
    query = select(SweepItem).where(SweepItem.run_id == run_id, SweepItem.state == state)
    if foreseen is not None:
        query = query.where(SweepItem.foreseen == foreseen)
    return session.scalars(query.order_by(SweepItem.room_key).limit(limit)).all()


def due(session: Session, run_id: int, limit: int) -> Sequence[SweepItem]:
    """The next items that have had notice and whose grace is over, by the database's clock."""
    return session.scalars(
        select(SweepItem)
        .where(SweepItem.run_id == run_id, SweepItem.state == NOTICED, SweepItem.act_after <= func.now())
        .order_by(SweepItem.act_after, SweepItem.room_key)
        .limit(limit)
    ).all()


def seconds_to_next(session: Session, run_id: int) -> float | None:
    """Seconds until the next item is due, 0 where one is; None where none waits."""
    earliest = select(func.extract("epoch", func.min(SweepItem.act_after) - func.now())).where(
        SweepItem.run_id == run_id, SweepItem.state == NOTICED
    )
    seconds = session.scalar(earliest)
    return None if seconds is None else max(0.0, float(seconds))


def change(session: Session, run_id: int, room_key: str, **values: Any) -> None:
    """Write down what became of an item."""
    session.execute(
        update(SweepItem)
        .where(SweepItem.run_id == run_id, SweepItem.room_key == room_key)
        .values(**values, updated_at=func.now())
    )


def counts(session: Session, run_id: int) -> dict[str, int]:
    """How many items are in which state."""
    rows = session.execute(
        select(SweepItem.state, func.count()).where(SweepItem.run_id == run_id).group_by(SweepItem.state)
    )
    return {row.state: row[1] for row in rows}


def fates(session: Session, run_id: int, *states: str) -> dict[str, int]:
    """How many items in these states (all, where none is named) are foreseen to end how."""
    query = select(SweepItem.foreseen, func.count()).where(SweepItem.run_id == run_id)
    if states:
        query = query.where(SweepItem.state.in_(states))
    return {row.foreseen: row[1] for row in session.execute(query.group_by(SweepItem.foreseen))}


def outcomes(session: Session, run_id: int) -> dict[str, int]:
    """How many items were acted on, and read again, with which outcome."""
    query = select(SweepItem.outcome, func.count()).where(
        SweepItem.run_id == run_id, SweepItem.state == VERIFIED
    )
    return {row.outcome: row[1] for row in session.execute(query.group_by(SweepItem.outcome))}


def every(session: Session, run_id: int) -> Iterator[SweepItem]:
    """All items by title, as many at a time as fit in little memory."""
    query = select(SweepItem).where(SweepItem.run_id == run_id).order_by(SweepItem.title, SweepItem.room_key)
    yield from session.scalars(query.execution_options(yield_per=500))


def latest_grace_end(session: Session, run_id: int) -> datetime | None:
    """When the last item that had notice is due."""
    return session.scalar(select(func.max(SweepItem.act_after)).where(SweepItem.run_id == run_id))


def holding(session: Session, room_id: str) -> Run | None:
    """The newest unfinished sweep that has given notice in this room, or is about to."""
    return session.scalars(
        select(Run)
        .join(SweepItem, SweepItem.run_id == Run.id)
        .where(
            SweepItem.room_id == room_id,
            SweepItem.state.in_((CHOSEN, NOTICED)),
            Run.state.not_in(ENDED),
        )
        .order_by(Run.id.desc())
        .limit(1)
    ).first()


def fingerprint(session: Session, run_id: int) -> str:
    """What tells these chosen rooms, and what is foreseen for each, from any others."""
    digest = hashlib.sha256()
    for item in every(session, run_id):
        digest.update(f"{item.room_key} {item.foreseen} {item.state}\n".encode())
    return digest.hexdigest()
