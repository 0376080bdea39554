"""Store and queue events as they come in: those that arrive together are written in one commit.

A request that finds nobody writing writes at once, or, where events crowd in, a millisecond later. Those
that arrive meanwhile wait for it, and the first of them then writes for all of them: under load one commit
serves many, and an idle bot waits for nothing.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg

from bot.characters import well_formed
from bot.store.database import Database
from bot.store.jsonb import as_jsonb

# A row that is new has no xmax. The row is its own job (docs/decisions/001): NOTIFY only wakes the workers.
_RECEIVE = """
    WITH event AS (
        INSERT INTO inbox (source, dedupe_key, payload, correlation_id, deliveries, state)
        SELECT source, key, payload, correlation_id, times, 'queued'
        FROM jsonb_to_recordset(%s::jsonb)
             AS given (source text, key text, payload jsonb, correlation_id text, times int)
        ON CONFLICT (source, dedupe_key) DO UPDATE SET deliveries = inbox.deliveries + EXCLUDED.deliveries
        RETURNING id, source, dedupe_key, deliveries, xmax = 0 AS is_new
    ), woken AS (
        SELECT pg_notify('sparkops_inbox', '') WHERE EXISTS (SELECT FROM event WHERE is_new)
    )
    SELECT source, dedupe_key, id, deliveries, (SELECT count(*) FROM woken) FROM event
"""
_LARGEST_BATCH = 64
_BUSY, _GATHER = 0.005, 0.001
"""Seconds: where the last write is so fresh, more are surely coming, and the writer waits for their company."""
_LONGEST_KEY = 500
"""Characters of a key that are stored as they are; PostgreSQL indexes no more than 2,704 bytes."""


class UnstorableEvent(ValueError):
    """A payload that is not JSON (NaN, nested too deeply): it would take its whole batch with it."""


@dataclass(frozen=True, slots=True)
class Received:
    """What storing an event came to: its number, and how often it was delivered so far."""

    id: int
    deliveries: int


def _held() -> threading.Lock:
    lock = threading.Lock()
    lock.acquire()
    return lock


@dataclass(slots=True)
class _Waiting:
    """An event whose request waits: for its result, or for its turn to write."""

    source: str
    key: str
    payload: str
    correlation_id: str
    asleep: threading.Lock = field(default_factory=_held)
    """Held until the request may go on: the cheapest thing to sleep on."""
    result: Received | None = None
    error: Exception | None = None

    @property
    def name(self) -> tuple[str, str]:
        """What makes it one event."""
        return self.source, self.key


class Intake:
    """Stores events for all threads of a process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._waiting: list[_Waiting] = []
        self._writing = False
        self._wrote = float("-inf")
        self._connection: psycopg.Connection[Any] | None = None

    def receive(self, source: str, key: str, payload: Mapping[str, Any], correlation_id: str) -> Received:
        """Store an event, queued to be handled. A known one only counts its delivery.

        Raises UnstorableEvent, and SQLAlchemyError or psycopg.Error when the database is away.
        """
        mine = _Waiting(source, _key(key), _jsonb(payload), correlation_id)
        with self._lock:
            self._waiting.append(mine)
            first, self._writing = not self._writing, True
        if not first:
            mine.asleep.acquire()
        if mine.result is None and mine.error is None:
            self._write_batch()
        if mine.error is not None:
            raise mine.error
        assert mine.result is not None  # a batch gives each of its events a result or an error
        return mine.result

    def _write_batch(self) -> None:
        """Write what waits, the caller's own event among it, and hand the pen to the next."""
        if time.monotonic() - self._wrote < _BUSY:
            time.sleep(_GATHER)
        with self._lock:
            batch, self._waiting = self._waiting[:_LARGEST_BATCH], self._waiting[_LARGEST_BATCH:]
        try:
            results = self._store(batch)
            for each in batch:
                each.result = results[each.name]
        except Exception as error:  # noqa: BLE001 - whatever it is, every request of the batch must hear of it
            for each in batch:
                each.error = error
        self._wrote = time.monotonic()
        with self._lock:
            successor = self._waiting[0] if self._waiting else None
            self._writing = successor is not None
        for each in batch:
            each.asleep.release()
        if successor is not None:
            successor.asleep.release()

    def _store(self, batch: Sequence[_Waiting]) -> dict[tuple[str, str], Received]:
        times = Counter(each.name for each in batch)
        unique = {each.name: each for each in batch}
        # In the order of their names, so that two processes with the same events do not wait for each other.
        given = f"[{','.join(_row(unique[name], times[name]) for name in sorted(unique))}]"
        try:
            stored = self._written(given)
        except psycopg.OperationalError:
            # A connection may have been cut while it lay in the pool. Writing the same again does no harm.
            stored = self._written(given)
        return {
            (source, key): Received(number, deliveries) for source, key, number, deliveries, _woken in stored
        }

    def _written(self, rows: str) -> list[tuple[Any, ...]]:
        """Only one thread writes at a time, so one connection serves, and waits for nobody."""
        connection, self._connection = self._connection, None
        try:
            if connection is None:
                connection = psycopg.connect(self._database.url, autocommit=True, connect_timeout=5)
            stored = connection.execute(_RECEIVE, (rows,)).fetchall()
        except BaseException as error:
            if connection is not None:
                connection.close()
            if isinstance(error, psycopg.OperationalError):
                self._database.close()  # cut by a restart, say: then those that lie in the pool are as dead
            raise
        self._connection = connection
        return stored


def _row(event: _Waiting, times: int) -> str:
    """The event as a record for `_RECEIVE`; its payload is JSON already."""
    named = {"source": event.source, "key": event.key, "correlation_id": event.correlation_id, "times": times}
    return f'{json.dumps(named)[:-1]}, "payload": {event.payload}}}'


def _key(key: str) -> str:
    """The key as PostgreSQL takes and indexes it: a very long one by its beginning and its hash."""
    key = well_formed(key).replace("\0", "\ufffd")
    if len(key) <= _LONGEST_KEY:
        return key
    return f"{key[:_LONGEST_KEY]}…{hashlib.sha256(key.encode()).hexdigest()}"


def _jsonb(payload: Mapping[str, Any]) -> str:
    """Raises UnstorableEvent."""
    try:
        return as_jsonb(payload)
    except (ValueError, TypeError, RecursionError) as error:
        raise UnstorableEvent(f"The event cannot be stored as JSON: {error}") from error
