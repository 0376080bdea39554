"""Who owns work: a process holding the advisory lock of its id. When it dies, PostgreSQL frees the lock.

A heartbeat would call a frozen process dead and let its work be done twice; a lock cannot: as long as
the process's connection lives, its work is its own.
"""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from uuid import UUID, uuid4

import psycopg
from sqlalchemy import text
from sqlalchemy.orm import Session

IS_ALIVE = """
    EXISTS (
        SELECT FROM pg_locks
        WHERE locktype = 'advisory'
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND (classid::bigint << 32) | objid::bigint = executors.lock
    )
"""
"""SQL: whether the process of a row of `executors` lives."""
_DEAD_EXECUTORS = text(f"SELECT id, host, pid FROM executors WHERE NOT {IS_ALIVE} FOR UPDATE SKIP LOCKED")

_FREE = (
    "UPDATE inbox SET state = 'waiting', owner = NULL, not_before = now() "
    "WHERE state = 'handling' AND owner = :dead",
    "UPDATE outbox_lanes SET owner = NULL WHERE owner = :dead",
    "DELETE FROM executors WHERE id = :dead",
)


class OwnershipLost(Exception):
    """The connection that holds this process's lock is gone: others may take its work, so it must leave."""


class Ownership:
    """This process as an owner of work, for as long as its dedicated connection lives."""

    def __init__(self, url: str) -> None:
        """Connect, take the lock, and only then write the row others judge us by."""
        self.id: UUID = uuid4()
        self._connection = psycopg.connect(url, autocommit=True, keepalives_idle=10, keepalives_interval=5)
        self._connection.execute("SELECT pg_advisory_lock(%s)", (lock_key(self.id),))
        self._connection.execute(
            "INSERT INTO executors (id, lock, host, pid) VALUES (%s, %s, %s, %s)",
            (self.id, lock_key(self.id), socket.gethostname(), os.getpid()),
        )

    def check(self) -> None:
        """Raises OwnershipLost when the connection, and with it the lock, is gone."""
        try:
            self._connection.execute("SELECT 1")
        except psycopg.Error as error:
            raise OwnershipLost(f"The database connection of executor {self.id} is gone: {error}") from error

    def close(self) -> None:
        """Give everything back in order; what is still owned becomes free for others."""
        with suppress(psycopg.Error):  # a connection that is gone has given the lock back by itself
            self._connection.execute("DELETE FROM executors WHERE id = %s", (self.id,))
        self._connection.close()


def lock_key(executor: UUID) -> int:
    """The advisory lock's number: the first 64 bits of the id, as PostgreSQL's signed bigint."""
    return int.from_bytes(executor.bytes[:8], "big", signed=True)


def free_work_of_the_dead(session: Session) -> tuple[UUID, ...]:
    """Give back inbox events and outbox lanes whose owner holds its lock no more; returns those owners.

    Runs are the business of `bot.runs.advance`, since whether they may go on depends on their kind:
    it is to be called with the returned ids in the same transaction.
    """
    dead = tuple(row.id for row in session.execute(_DEAD_EXECUTORS))
    for executor in dead:
        for statement in _FREE:
            session.execute(text(statement), {"dead": executor})
    return dead
