"""The runs that follow a build: which they are, the rooms they tell, and how they are woken."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import Session

from bot.runs.states import ENDED, State
from bot.store.models import Run
from integrations.jenkins.following.order import KIND
from integrations.jenkins.settings import MAIN


def runs_following(
    session: Session, server: str, job: str, number: int, queue_id: int | None = None
) -> list[Run]:
    """The runs of this very build: known by its number or, before that is known, by its queue item."""
    known = [Run.progress["number"].astext == str(number)]
    if queue_id is not None:
        known.append(Run.progress["queue_id"].astext == str(queue_id))
    name = func.coalesce(Run.progress["job"].astext, Run.arguments["job"].astext)
    query = select(Run).where(Run.kind == KIND, name == job, or_(*known))
    return [run for run in session.scalars(query) if run.arguments.get("server", MAIN) == server]


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
