"""Move one run one step on: the job that Procrastinate runs, and the attempt rows that keep it honest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Select, select, text
from sqlalchemy.orm import Session

from bot.access import audit
from bot.outbound.outbox import Outgoing, enqueue, update_live
from bot.outbound.redact import Redactor
from bot.runs.kinds import End, Interrupted, RunKind, RunView, Undecided, Wait
from bot.runs.runs import acquire_lock, move
from bot.runs.states import MOVES, State, check_move
from bot.store.database import Database
from bot.store.models import Attempt, Run, RunLogLine

log = structlog.get_logger(__name__)

_CLAIM = text("""
    UPDATE runs SET step = 'running', owner = :me
    WHERE id = :id AND step = 'queued' RETURNING id
""")
_LOCK_POLL = 30.0
"""Seconds between looks at a lock; its release wakes the next run at once, this is for the lost cases."""


_UNDECIDED_POLL = 15.0


@dataclass(frozen=True, slots=True)
class Engine:
    """Moves runs on, as one executor."""

    database: Database
    redactor: Redactor
    kinds: Mapping[str, RunKind]
    services: Any
    owner: UUID
    kick: Callable[[tuple[str, ...]], None]
    edit_interval: float
    refuses: Callable[[RunView], str | None] = lambda _view: None
    """Asked before a run begins: why its requester may not have it any more, or None."""
    _active: dict[int, None] = field(default_factory=dict)

    def step(self, run_id: int) -> None:
        """Claim the run, let its kind move it on, and write down what came of it.

        A run that is already claimed, or was never queued, is left alone: the job may come twice.
        """
        with self.database.transaction() as session:
            if session.execute(_CLAIM, {"id": run_id, "me": self.owner}).first() is None:
                return
            run = session.get_one(Run, run_id)
            holder = acquire_lock(session, run)
            if holder is not None and run.cancel_requested_by is None:
                lanes = self._wait_for_lock(session, run, holder)
                view = None
            else:
                lanes, view = (), _view(run)
            self._active[run_id] = None
        try:
            if view is not None:
                lanes = self._finish(run_id, self._moved(view))
        finally:
            self._active.pop(run_id, None)
        self.kick(lanes)

    def _moved(self, view: RunView) -> Wait | End:
        kind = self.kinds.get(view.kind)
        if kind is None:
            return _lost(view, f"its kind {view.kind!r} is not installed any more")
        if view.cancel_requested_by and view.state is State.REQUESTED and not self._begun(view.id):
            who = view.cancel_requested_by
            return End(
                State.CANCELLED, f"cancelled by {who} before it began",
                live=f"🚫 **{view.title}** was cancelled by {who} before it began.",
                told=f"🚫 **{view.title}** was cancelled before it began.",
            )  # fmt: skip
        if view.state is State.REQUESTED and not self._begun(view.id) and (refused := self._refused(view)):
            return refused
        try:
            return _possible(view, kind.step(view, _Control(self, view.id), self.services))
        except Interrupted as interruption:
            return _lost(view, f"it was interrupted while {interruption.what}")
        except Exception as error:  # a kind's bug ends its run, told to its room, and not the worker
            log.exception("run.step.broken", run_id=view.id, kind=view.kind)
            text = self.redactor.redact(f"{type(error).__name__}: {error}")
            return End(
                State.FAILED, text,
                live=f"❌ **{view.title}** ended in an error of mine.",
                told=f"❌ **{view.title}**: run {view.id} ended in an error of mine, not of yours. {text}",
                log=(text,),
            )  # fmt: skip

    def _refused(self, view: RunView) -> Wait | End | None:
        """Asked once more before it begins: its requester may have lost the right while it waited."""
        try:
            why = self.refuses(view)
        except Undecided as error:
            waiting = f"⏳ **{view.title}** waits. {error}"
            return Wait(_UNDECIDED_POLL, State.REQUESTED, live=waiting, log=(str(error),))
        if why is None:
            return None
        return End(
            State.CANCELLED, f"not allowed any more: {why}",
            live=f"⛔ **{view.title}** was not begun: {why}",
            told=f"⛔ **{view.title}** (run {view.id}) was not begun. When its turn came I asked again: {why}",
        )  # fmt: skip

    def _begun(self, run_id: int) -> bool:
        """Whether a side effect was begun: then something may have happened, and the kind itself cancels."""
        begun = select(Attempt.key).where(Attempt.key.startswith(f"run:{run_id}:", autoescape=True)).limit(1)
        with self.database.transaction() as session:
            return session.scalars(begun).first() is not None

    def _wait_for_lock(self, session: Session, run: Run, holder: Run) -> tuple[str, ...]:
        run.step, run.owner = "idle", None
        run.next_step_at = session.scalar(text("SELECT now() + make_interval(secs => :s)"), {"s": _LOCK_POLL})
        waiting = f"⏳ **{run.title}** waits for run {holder.id} ({holder.title}, {holder.requester})."
        return self.show(session, run, waiting, final=False)

    def _finish(self, run_id: int, result: Wait | End) -> tuple[str, ...]:
        with self.database.transaction() as session:
            run = session.get_one(Run, run_id, with_for_update=True)
            run.step, run.owner = "idle", None
            if result.progress:
                run.progress = self.redactor.redact_value({**run.progress, **result.progress})
            for line in result.log:
                session.add(RunLogLine(run_id=run.id, text=self.redactor.redact(line)))
            who = f"executor {self.owner}"
            if not _leads(State(run.state), result.state):
                move(session, run, State.RUNNING, who=who, why="began")  # and ended, in one step
            move(session, run, result.state, who=who, why=self.redactor.redact(result.why) or "moved on")
            if isinstance(result, Wait):
                wait = (
                    0.0
                    if run.cancel_requested_by and not result.progress.get("cancelling")
                    else result.seconds
                )
                run.next_step_at = session.scalar(
                    text("SELECT now() + make_interval(secs => :wait)"), {"wait": wait}
                )
                return self.show(session, run, result.live, final=False) if result.live else ()
            run.next_step_at = None
            run.result = self.redactor.redact(result.why)
            self._audit(session, run)
            return (*self.show(session, run, result.live, final=True), *self._tell(session, run, result))

    def _audit(self, session: Session, run: Run) -> None:
        """Write down how the run ended, beside the request it came from."""
        arguments = {name: tuple(words) for name, words in run.asked.get("arguments", {}).items()}
        entry = audit.Entry(
            request_key=f"run:{run.id}:{run.state}",
            correlation_id=run.correlation_id,
            entry="run",
            person=run.requester,
            room_id=run.room_id,
            command=run.asked.get("command", ""),
            line=self.redactor.redact(run.title),
            decision="allowed",
            rule="",
            result=run.state,
            duration_ms=round((run.updated_at - run.created_at).total_seconds() * 1000),
            arguments=audit.redacted(arguments, self.redactor),
            approval=run.asked.get("approved"),
        )
        audit.record(session, entry, self.services.audit_keys)

    def show(self, session: Session, run: Run, live: str, *, final: bool) -> tuple[str, ...]:
        """Store what the run's message shall show; returns the lanes that have something to send."""
        if run.live_id is None:
            return ()
        lane = update_live(
            session, run.live_id, live, self.redactor, final=final, interval=self.edit_interval
        )
        return (lane,) if lane else ()

    def _tell(self, session: Session, run: Run, result: End) -> tuple[str, ...]:
        if run.room_id is None or not result.told:
            return ()
        mention = f" <@personEmail:{run.requester}>" if result.mention else ""
        message = Outgoing(
            key=f"run:{run.id}:{result.state}",
            markdown=result.told + mention,
            room_id=run.room_id,
            parent_id=run.parent_id,
            card=result.card,
            file_name=result.file[0] if result.file else None,
            file_content=result.file[1] if result.file else None,
            mentions=(f"personEmail:{run.requester}",) if result.mention else (),
            correlation_id=run.correlation_id,
        )
        return (enqueue(session, message, self.redactor),)

    def recover(self, session: Session, dead: tuple[UUID, ...]) -> tuple[str, ...]:
        """What becomes of runs whose executor died in a step: resumed where their kind allows, else lost.

        Returns the lanes that have something to say about it.
        """
        return self._recover(session, select(Run).where(Run.step == "running", Run.owner.in_(dead)))

    def recover_forgotten(self, session: Session) -> tuple[str, ...]:
        """The same for runs written as in this process's hands that are not (the database was away)."""
        mine = select(Run).where(Run.step == "running", Run.owner == self.owner)
        return self._recover(session, mine.where(Run.id.not_in(list(self._active))))

    def _recover(self, session: Session, query: Select[Run]) -> tuple[str, ...]:
        lanes: list[str] = []
        for run in session.scalars(query.with_for_update(skip_locked=True)):
            kind = self.kinds.get(run.kind)
            run.step, run.owner = "idle", None
            if kind is not None and kind.resumable:
                run.next_step_at = session.scalar(text("SELECT now()"))
                session.add(RunLogLine(run_id=run.id, text="The worker died; the run goes on in another."))
                continue
            result = _lost(_view(run), "its worker died in the middle of it")
            move(session, run, State.LOST, who=f"executor {self.owner}", why=result.why)
            run.next_step_at = None
            self._audit(session, run)
            lanes += [*self.show(session, run, result.live, final=True), *self._tell(session, run, result)]
        return tuple(lanes)


class _Control:
    """`StepControl` over the attempts table."""

    def __init__(self, engine: Engine, run_id: int) -> None:
        self._engine = engine
        self._run_id = run_id

    def attempt(self, name: str, what: str, effect: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
        key = f"run:{self._run_id}:{name}"
        return attempt(self._engine.database, key, what, effect, self._engine.redactor)

    def forget(self, name: str) -> None:
        forget_attempt(self._engine.database, f"run:{self._run_id}:{name}")

    def cancelled(self) -> bool:
        with self._engine.database.transaction() as session:
            return session.get_one(Run, self._run_id).cancel_requested_by is not None

    def log(self, line: str) -> None:
        with self._engine.database.transaction() as session:
            session.add(RunLogLine(run_id=self._run_id, text=self._engine.redactor.redact(line)))

    def show(self, live: str) -> None:
        with self._engine.database.transaction() as session:
            lanes = self._engine.show(session, session.get_one(Run, self._run_id), live, final=False)
        self._engine.kick(lanes)

    def post(self, key: str, markdown: str, card: Mapping[str, Any] | None = None) -> None:
        with self._engine.database.transaction() as session:
            run = session.get_one(Run, self._run_id)
            if run.room_id is None:
                return
            message = Outgoing(
                key=f"run:{run.id}:{key}",
                markdown=markdown,
                room_id=run.room_id,
                parent_id=run.parent_id,
                card=card,
                correlation_id=run.correlation_id,
            )
            lane = enqueue(session, message, self._engine.redactor)
        self._engine.kick((lane,))


def attempt(
    database: Database,
    key: str,
    what: str,
    effect: Callable[[], Mapping[str, Any]],
    redactor: Redactor,
) -> Mapping[str, Any]:
    """Do `effect` at most once for `key`: a row is committed before it and closed after it.

    Returns the outcome, remembered if it was done before. Raises Interrupted where the row is open,
    that is, where a former life of this process may or may not have done it.
    """
    with database.transaction() as session:
        row = session.get(Attempt, key)
        if row is not None and row.finished_at is None:
            raise Interrupted(row.what)
        if row is not None:
            return row.outcome or {}
        session.add(Attempt(key=key, what=redactor.redact(what)))
    try:
        outcome = dict(effect())
    except Exception:
        # It ended, by an error the caller will tell: not the state of not knowing that an open row means.
        _close(database, key, {"error": True}, redactor)
        raise
    _close(database, key, outcome, redactor)
    return outcome


def forget_attempt(database: Database, key: str) -> None:
    """Take an attempt back, once it is known that its effect did not happen."""
    with database.transaction() as session:
        row = session.get(Attempt, key)
        if row is not None:
            session.delete(row)


def _close(database: Database, key: str, outcome: Mapping[str, Any], redactor: Redactor) -> None:
    with database.transaction() as session:
        row = session.get_one(Attempt, key)
        row.finished_at = session.scalar(text("SELECT now()"))
        row.outcome = redactor.redact_value(dict(outcome))


def _possible(view: RunView, result: Wait | End) -> Wait | End:
    """The result of a step, whose state must be one the run can go to. Raises ImpossibleMove."""
    if not _leads(view.state, result.state):
        check_move(State.RUNNING if view.state is State.REQUESTED else view.state, result.state)
    return result


def _leads(old: State, new: State) -> bool:
    return old is new or new in MOVES[old]


def _lost(view: RunView, why: str) -> End:
    return End(
        State.LOST, why,
        live=f"❓ **{view.title}** is lost: {why}.",
        told=(
            f"❓ **{view.title}** (run {view.id}) is lost: {why}. I do not know how far it came, and I repeat "
            f"nothing by myself. Please look, then `run cancel {view.id}` frees what it holds."
        ),
    )  # fmt: skip


def _view(run: Run) -> RunView:
    return RunView(
        id=run.id,
        kind=run.kind,
        title=run.title,
        state=State(run.state),
        arguments=run.arguments,
        progress=run.progress,
        requester=run.requester,
        room_id=run.room_id,
        correlation_id=run.correlation_id,
        cancel_requested_by=run.cancel_requested_by,
        asked=run.asked,
    )
