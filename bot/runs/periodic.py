"""Work that is done again and again, by one worker at a time: a row says when it is due next."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import structlog
from sqlalchemy import text
from sqlalchemy.orm import Session

from bot.runs.kinds import Periodic
from bot.store.database import Database
from bot.store.jobs import defer

log = structlog.get_logger(__name__)

PERIODIC_TASK = "periodic"

# Nobody is believed to be at it for longer than this: a worker may have died there, and twice does no harm.
_DUE = text("""
    UPDATE periodics SET queued_at = now()
    WHERE due_at <= now() AND (queued_at IS NULL OR queued_at < now() - interval '5 minutes')
    RETURNING name
""")
_INSTALL = text("INSERT INTO periodics (name) VALUES (:name) ON CONFLICT DO NOTHING")
_DONE = text("""
    UPDATE periodics SET queued_at = NULL, due_at = now() + make_interval(secs => :every) WHERE name = :name
""")
_GONE = text("DELETE FROM periodics WHERE name = :name")


def queue_due_periodics(session: Session) -> int:
    """Queue what is due and in nobody's hands; returns how many."""
    due = [row.name for row in session.execute(_DUE)]
    for name in due:
        defer(session, PERIODIC_TASK, name=name)
    return len(due)


class Periodics:
    """What this worker can do of it."""

    def __init__(
        self,
        database: Database,
        works: Iterable[tuple[Periodic, Any]],
        services: Any,
        kick: Callable[[tuple[str, ...]], object],
    ) -> None:
        """`works`: each with the settings of its integration; `kick` sends what waits in lanes."""
        self._database = database
        self._works = {work.name: (work, work.every(settings)) for work, settings in works}
        self._services = services
        self._kick = kick

    def install(self) -> None:
        """Let all of it be due from now on."""
        with self._database.transaction() as session:
            for name in self._works:
                session.execute(_INSTALL, {"name": name})

    def run(self, name: str) -> None:
        """The job: do the work, and say when it is due again, however it ended."""
        known = self._works.get(name)
        if known is None:
            log.warning("periodic.not_installed", name=name)
            with self._database.transaction() as session:
                session.execute(_GONE, {"name": name})
            return
        work, every = known
        try:
            lanes = work.run(self._services)
        finally:
            with self._database.transaction() as session:
                session.execute(_DONE, {"name": name, "every": every})
        self._kick(lanes)
