"""Start runs, move them from state to state, and find them again; each move is written down."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.outbound.outbox import start_live
from bot.outbound.redact import Redactor
from bot.runs.states import ENDED, State, check_move
from bot.store.jobs import defer
from bot.store.models import Attempt, Run, RunLock, RunLogLine, RunTransition

STEP_TASK = "runs.step"

_WAKE_NEXT = text("""
    UPDATE runs SET next_step_at = now()
    WHERE id = (SELECT id FROM runs WHERE lock_key = :key AND state = 'requested' AND step = 'idle' ORDER BY id LIMIT 1)
""")


class NoSuchRun(Exception):
    """There is no run of that number."""


def start(
    session: Session,
    redactor: Redactor,
    *,
    kind: str,
    title: str,
    arguments: Mapping[str, Any],
    requester: str,
    request_key: str,
    room_id: str | None,
    parent_id: str | None,
    correlation_id: str,
    live: str,
    lock_key: str | None = None,
    asked: Mapping[str, Any] | None = None,
) -> tuple[int, bool]:
    """Store a run and queue its first step; returns its number, and whether it is new.

    The same request key gives the same run. In a room, `live` is the first text of its live message. `asked`
    is what the policy is asked again when the run begins.
    """
    known = session.scalars(select(Run).where(Run.request_key == request_key)).first()
    if known is not None:
        return known.id, False
    live_id = start_live(session, room_id, parent_id, live, redactor, correlation_id) if room_id else None
    run = Run(
        request_key=request_key,
        kind=kind,
        title=redactor.redact(title),
        state=State.REQUESTED,
        arguments=redactor.redact_value(dict(arguments)),
        requester=requester,
        room_id=room_id,
        parent_id=parent_id,
        lock_key=lock_key,
        live_id=live_id,
        correlation_id=correlation_id,
        step="queued",
        asked=redactor.redact_value(dict(asked or {})),
    )
    session.add(run)
    session.flush()
    session.add(RunTransition(run_id=run.id, old=None, new=State.REQUESTED, who=requester, why="asked for"))
    defer(session, STEP_TASK, run_id=run.id)
    return run.id, True


def remember(
    session: Session, redactor: Redactor, run_id: int, attempted: Mapping[str, Mapping[str, Any]]
) -> None:
    """Store the outcomes of attempts that were made before the run began, by their names."""
    now = session.scalar(text("SELECT now()"))
    for name, outcome in attempted.items():
        values = redactor.redact_value(dict(outcome))
        session.add(
            Attempt(key=f"run:{run_id}:{name}", what="before it began", finished_at=now, outcome=values)
        )


def move(session: Session, run: Run, new: State, *, who: str, why: str) -> None:
    """Move a run and write down who, when and why. Staying where it is writes nothing.

    Raises ImpossibleMove where the table of states does not lead there.
    """
    old = State(run.state)
    if old is new:
        return
    check_move(old, new)
    run.state = new
    run.updated_at = session.scalar(text("SELECT now()"))
    session.add(RunTransition(run_id=run.id, old=old, new=new, who=who, why=why))
    if new in ENDED:
        run.finished_at = run.updated_at
        run.next_step_at = None
        release_lock(session, run)


def acquire_lock(session: Session, run: Run) -> Run | None:
    """Take the run's lock; returns the run that holds it instead, or None when it is ours (or none is asked)."""
    if run.lock_key is None:
        return None
    session.execute(insert(RunLock).values(key=run.lock_key, run_id=run.id).on_conflict_do_nothing())
    holder = session.scalars(
        select(Run).join(RunLock, RunLock.run_id == Run.id).where(RunLock.key == run.lock_key)
    ).one()
    return None if holder.id == run.id else holder


def release_lock(session: Session, run: Run) -> None:
    """Free the run's lock and wake the oldest run that waits for it."""
    if run.lock_key is None:
        return
    gone = session.execute(
        delete(RunLock).where(RunLock.key == run.lock_key, RunLock.run_id == run.id).returning(RunLock.key)
    ).first()
    if gone is not None:
        session.execute(_WAKE_NEXT, {"key": run.lock_key})


def request_cancel(session: Session, run_id: int, who: str) -> Run:
    """Ask a run to end. A lost one ends at once; any other is told at its next step, which is now.

    Raises NoSuchRun.
    """
    run = get(session, run_id, lock=True)
    if State(run.state) in ENDED:
        return run
    run.cancel_requested_by = who
    if State(run.state) is State.LOST:
        move(session, run, State.CANCELLED, who=who, why="given up as lost")
    else:
        wake(session, run)
    return run


def wake(session: Session, run: Run) -> None:
    """Let a run that waits take its next step now; one that is in a step comes to it by itself."""
    if run.step == "idle":
        run.next_step_at = session.scalar(text("SELECT now()"))


def get(session: Session, run_id: int, *, lock: bool = False) -> Run:
    """The run of this number. Raises NoSuchRun."""
    run = session.get(Run, run_id, with_for_update=lock)
    if run is None:
        raise NoSuchRun(f"There is no run {run_id}. `run list` shows the latest.")
    return run


def latest(
    session: Session, *, limit: int, room_id: str | None = None, unfinished: bool = False
) -> list[Run]:
    """The latest runs, newest first."""
    query = select(Run).order_by(Run.id.desc()).limit(limit)
    if room_id is not None:
        query = query.where(Run.room_id == room_id)
    if unfinished:
        query = query.where(Run.state.not_in(ENDED))
    return list(session.scalars(query))


def transitions(session: Session, run_id: int) -> list[RunTransition]:
    """Every move of a run, in order."""
    return list(
        session.scalars(
            select(RunTransition).where(RunTransition.run_id == run_id).order_by(RunTransition.id)
        )
    )


def log_lines(session: Session, run_id: int, *, limit: int = 1000) -> list[RunLogLine]:
    """The last lines of a run's log, in order."""
    query = select(RunLogLine).where(RunLogLine.run_id == run_id).order_by(RunLogLine.id.desc()).limit(limit)
    return list(reversed(list(session.scalars(query))))
