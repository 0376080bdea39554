"""Wake what is due: the worker's second hand. What waits, waits in rows; here their time comes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import psycopg
import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from bot.runs.ownership import Ownership, OwnershipLost
from bot.runs.runs import STEP_TASK
from bot.store.database import Database
from bot.store.jobs import defer

log = structlog.get_logger(__name__)

_DUE_RUNS = text("""
    UPDATE runs SET step = 'queued', next_step_at = NULL
    WHERE id IN (
        SELECT id FROM runs WHERE step = 'idle' AND next_step_at <= now()
        ORDER BY next_step_at LIMIT 100 FOR UPDATE SKIP LOCKED
    )
    RETURNING id
""")
_LOOK_AT_DEAD_EVERY = 5.0


def queue_due_runs(session: Session) -> int:
    """Queue a step of every run whose time has come; returns how many."""
    due = [row.id for row in session.execute(_DUE_RUNS)]
    for run_id in due:
        defer(session, STEP_TASK, run_id=run_id)
    return len(due)


class Due:
    """A thread that looks, twice a second, for what is due, and now and then for owners that died.

    `each_tick` are looked at every time, in one transaction; `after_tick` run outside of it;
    `for_the_dead` is given, every five seconds, the transaction in which their work becomes free.
    """

    def __init__(
        self,
        database: Database,
        ownership: Ownership,
        *,
        each_tick: tuple[Callable[[Session], object], ...],
        after_tick: tuple[Callable[[], object], ...],
        for_the_dead: Callable[[Session], None],
        lost: Callable[[OwnershipLost], None],
        every: float = 0.5,
    ) -> None:
        self._database = database
        self._ownership = ownership
        self._each_tick = each_tick
        self._after_tick = after_tick
        self._for_the_dead = for_the_dead
        self._lost = lost
        self._every = every
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="due", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the present tick."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        looked = float("-inf")
        while not self._stop.wait(self._every):
            try:
                with self._database.transaction() as session:
                    for look in self._each_tick:
                        look(session)
                for look_after in self._after_tick:
                    look_after()
                if time.monotonic() - looked >= _LOOK_AT_DEAD_EVERY:
                    looked = time.monotonic()
                    self._ownership.check()
                    with self._database.transaction() as session:
                        self._for_the_dead(session)
            except OwnershipLost as error:
                self._lost(error)
                return
            except (SQLAlchemyError, psycopg.Error) as error:
                log.error("due.database_away", error=str(error))
                self._stop.wait(1.0)
