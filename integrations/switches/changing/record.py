"""The record of changes in the database: who may begin, what each switch holds, how it ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Text, cast, func, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from bot.runs.states import ENDED
from bot.store.database import Database
from bot.store.models import Attempt, Run
from integrations.switches.changing.model import CHANGE, ROLLBACK, Held, Holds
from integrations.switches.store.models import SwitchChange, SwitchChangeState

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('sparkops switches begin', 0))")
"""Two runs do not look at the same time whether they may begin."""


@dataclass(frozen=True, slots=True)
class Blocker:
    """The run that has, or will sooner have, switches that another one wants."""

    run_id: int
    title: str
    requester: str
    switches: tuple[str, ...]
    """Those that both want."""


@dataclass(frozen=True, slots=True)
class Record:
    """What is written of one run."""

    database: Database
    run_id: int

    def begin(
        self, change: SwitchChange, rows: Sequence[SwitchChangeState], *, beside: int = 0
    ) -> Blocker | None:
        """Write the change down, and it has begun; or the run that it must wait for.

        Runs that want a switch in common begin in the order they were asked for, one when the other has ended; one
        that is lost has not ended. `beside` is a run that is not waited for.
        """
        wanted = [row.switch for row in rows]
        with self.database.transaction() as session:
            session.execute(_LOCK)
            if session.get(SwitchChange, self.run_id) is not None:
                return None
            if (other := self._first_of_others(session, wanted, beside)) is not None:
                common = tuple(name for name in other.arguments["switches"] if name in set(wanted))
                return Blocker(other.id, other.title, other.requester, common)
            session.add(change)
            session.add_all(rows)
        return None

    def _first_of_others(self, session: Session, wanted: Sequence[str], beside: int) -> Run | None:
        first = (Run.id < self.run_id) if not beside else (Run.id < self.run_id) & (Run.kind == ROLLBACK)
        query = select(Run).where(
            Run.kind.in_((CHANGE, ROLLBACK)),
            Run.id.not_in((self.run_id, beside)),
            Run.state.not_in(ENDED),
            first | Run.id.in_(select(SwitchChange.run_id)),
            func.jsonb_exists_any(Run.arguments["switches"], cast(list(wanted), ARRAY(Text))),
        )
        return session.scalars(query.order_by(Run.id).limit(1)).first()

    def change(self) -> SwitchChange | None:
        """The change itself; None before it has begun."""
        with self.database.transaction() as session:
            return session.get(SwitchChange, self.run_id)

    def rows(self) -> list[SwitchChangeState]:
        """Every switch of it, in order."""
        query = select(SwitchChangeState).where(SwitchChangeState.run_id == self.run_id)
        with self.database.transaction() as session:
            return list(session.scalars(query.order_by(SwitchChangeState.place)))

    def mark(self, names: Iterable[str], holds: Holds) -> None:
        """Write down of these what they hold."""
        self._update(list(names), {"state": holds.value})

    def held(self, name: str, held: Held) -> None:
        """Write down what came of a switch. A failure stays one."""
        values: dict[str, Any] = {"state": held.holds.value}
        if held.detail:
            values["detail"] = held.detail
        if held.failed:
            values["failed"] = True
        if held.after:
            values["after"] = held.after
        if held.ill:
            values["ill"] = list(held.ill)
        self._update([name], values)

    def saved(self, name: str) -> None:
        """Its startup configuration holds the change."""
        self._update([name], {"saved": True})

    def _update(self, names: list[str], values: Mapping[str, Any]) -> None:
        mine = SwitchChangeState.run_id == self.run_id, SwitchChangeState.switch.in_(names)
        with self.database.transaction() as session:
            session.execute(update(SwitchChangeState).where(*mine).values(**values))

    def begun(self, what: str, names: Iterable[str]) -> dict[str, bool]:
        """Of the attempts `what` on these switches those that were begun, and whether each is known to have ended."""
        keys = {f"run:{self.run_id}:{what}:{name}": name for name in names}
        with self.database.transaction() as session:
            found = session.scalars(select(Attempt).where(Attempt.key.in_(keys)))
            return {keys[each.key]: each.finished_at is not None for each in found}

    def youngest_open(self, what: str, names: Iterable[str]) -> float | None:
        """Seconds since the last of the attempts `what` was begun that are not known to have ended; None for none."""
        keys = [f"run:{self.run_id}:{what}:{name}" for name in names]
        age = func.extract("epoch", func.now() - func.max(Attempt.started_at))
        with self.database.transaction() as session:
            found = session.scalar(select(age).where(Attempt.key.in_(keys), Attempt.finished_at.is_(None)))
        return None if found is None else float(found)

    def end(self, result: str) -> None:
        """Write down how it ended."""
        with self.database.transaction() as session:
            session.execute(
                update(SwitchChange).where(SwitchChange.run_id == self.run_id).values(result=result)
            )


def keep_what_is_changed(session: Session, run_id: int) -> None:
    """A change that is called off leaves changed what is; also one that has not begun."""
    session.execute(update(SwitchChange).where(SwitchChange.run_id == run_id).values(keep=True))


def latest(session: Session, limit: int) -> list[tuple[SwitchChange, dict[str, int]]]:
    """The last changes, newest first, with how many switches hold what."""
    changes = list(session.scalars(select(SwitchChange).order_by(SwitchChange.run_id.desc()).limit(limit)))
    counts: dict[int, dict[str, int]] = {}
    query = (
        select(SwitchChangeState.run_id, SwitchChangeState.state, func.count())
        .where(SwitchChangeState.run_id.in_([each.run_id for each in changes]))
        .group_by(SwitchChangeState.run_id, SwitchChangeState.state)
    )
    for run_id, state, count in session.execute(query):
        counts.setdefault(run_id, {})[state] = count
    return [(each, counts.get(each.run_id, {})) for each in changes]
