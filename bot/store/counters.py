"""Numbers no table can tell, counted where all processes see them and shown by `/metrics`."""

from __future__ import annotations

import threading
from collections import Counter as Tally
from typing import Protocol, runtime_checkable

import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from bot.store.database import Database

log = structlog.get_logger(__name__)

_ADD = text("""
    INSERT INTO counters (name, labels, value) VALUES (:name, :labels, :by)
    ON CONFLICT (name, labels) DO UPDATE SET value = counters.value + :by
""")


class Counting(Protocol):
    """What whoever has something to count is given."""

    def count(self, name: str, by: int = 1, **labels: str) -> None:
        """Raise a counter."""


@runtime_checkable
class Counts(Protocol):
    """What counts by itself, as an integration's client may."""

    def count_with(self, counters: Counting) -> None:
        """Count with these from now on."""


class NoCounters:
    """Counts nothing."""

    def count(self, name: str, by: int = 1, **labels: str) -> None:
        """Nothing is counted."""


class Counters:
    """Counts in memory and adds the sums to the table about once a second, so that counting is cheap."""

    def __init__(self, database: Database, *, every: float = 1.0) -> None:
        self._database = database
        self._every = every
        self._lock = threading.Lock()
        self._tally: Tally[tuple[str, str]] = Tally()
        self._timer: threading.Timer | None = None

    def count(self, name: str, by: int = 1, **labels: str) -> None:
        """Raise a counter. Labels must come from a small fixed set of values."""
        told = ",".join(f'{key}="{value}"' for key, value in sorted(labels.items()))
        with self._lock:
            self._tally[name, told] += by
            self._flush_later()

    def flush(self) -> None:
        """Write what was counted since the last time; kept for the next time while the database is away."""
        with self._lock:
            tally, self._tally, self._timer = self._tally, Tally(), None
        try:
            with self._database.transaction() as session:
                for (name, labels), by in sorted(tally.items()):
                    session.execute(_ADD, {"name": name, "labels": labels, "by": by})
        except SQLAlchemyError as error:
            log.warning("counters.kept", error=str(error))
            with self._lock:
                self._tally.update(tally)
                self._flush_later()

    def _flush_later(self) -> None:
        if self._timer is None and self._tally:
            self._timer = threading.Timer(self._every, self.flush)
            self._timer.daemon = True
            self._timer.start()
