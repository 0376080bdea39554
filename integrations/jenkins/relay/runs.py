"""The runs that follow a build: which they are, the rooms they tell, and how they are woken."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import ColumnElement, bindparam, func, or_, select, update
from sqlalchemy.orm import Session

from bot.runs.states import ENDED, State
from bot.store.models import Run
from integrations.jenkins.following.order import KIND
from integrations.jenkins.settings import MAIN

_RENAMED_TO = Run.progress["job"].astext
_RUNS_OF_A_BUILD = select(Run).where(
    Run.kind == KIND,
    or_(Run.arguments["job"].astext == bindparam("job"), bindparam("job") == _RENAMED_TO),
    func.coalesce(_RENAMED_TO, bindparam("job")) == bindparam("job"),
    or_(
        Run.progress["number"].astext == bindparam("number"),
        Run.progress["queue_id"].astext == bindparam("queue_id"),  # NULL equals nothing
    ),
)
"""Made once: it is asked for each report, and to put it together takes as long as to ask."""


def runs_following(
    session: Session, server: str, job: str, number: int, queue_id: int | None = None
) -> list[Run]:
    """The runs of this very build: known by its number or, before that is known, by its queue item."""
    named = {"job": job, "number": str(number), "queue_id": None if queue_id is None else str(queue_id)}
    runs = session.scalars(_RUNS_OF_A_BUILD, named)
    return [run for run in runs if run.arguments.get("server", MAIN) == server]


def runs_on(server: str) -> tuple[ColumnElement[bool], ...]:
    """What tells the runs that follow a build of this server and are not over."""
    name = func.coalesce(Run.arguments["server"].astext, MAIN)
    return Run.kind == KIND, name == server, Run.state.not_in(ENDED)


def rooms_that_follow(runs: Iterable[Run]) -> set[str | None]:
    """The rooms whose own runs tell them of a build."""
    return {run.room_id for run in runs if run.state != State.LOST and not run.progress.get("left")}


def wake(session: Session, runs: Iterable[Run]) -> None:
    """Have these runs look at their build now."""
    ids = [run.id for run in runs]
    if not ids:
        return
    idle = (Run.id.in_(ids), Run.step == "idle", Run.next_step_at.is_not(None))
    session.execute(update(Run).where(*idle).values(next_step_at=func.now()))
