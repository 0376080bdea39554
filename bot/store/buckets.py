"""Token buckets in PostgreSQL, by its clock: what is taken in one process is gone for all of them.

A bucket is one moment: when it will be full again. Each token taken puts that off by the time in which one
flows in; what is in it now follows (the generic cell rate algorithm, ITU-T I.371, which decides as a token
bucket does). Touching a bucket locks it until the transaction ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from bot.store.database import driver_connection

# Locked in the order of their keys: nobody waits for somebody who waits for them. By the clock, since now() is
# when a transaction began, and what it waited for is later.
_LOCK = """
    INSERT INTO buckets (key, full_at) SELECT key, clock_timestamp() FROM unnest(%(keys)s::text[]) AS level (key)
    ON CONFLICT (key) DO UPDATE SET full_at = greatest(buckets.full_at, clock_timestamp())
    RETURNING key, extract(epoch FROM full_at - clock_timestamp())::float8
"""
_TAKE = """
    WITH level AS (
        SELECT * FROM unnest(%(keys)s::text[], %(seconds)s::float8[], %(slacks)s::float8[])
                      AS level (key, seconds, slack)
    )
    UPDATE buckets SET full_at = full_at + make_interval(secs => level.seconds)
    FROM level
    WHERE buckets.key = level.key AND NOT EXISTS (
        SELECT FROM buckets JOIN level USING (key)
        WHERE full_at - clock_timestamp() > make_interval(secs => level.slack)
    )
    RETURNING buckets.key
"""
_STOP = """
    UPDATE buckets SET full_at = full_at + make_interval(secs => %s)
    WHERE key = %s AND full_at > clock_timestamp()
"""
_SPEND = "UPDATE buckets SET full_at = full_at + make_interval(secs => %s) WHERE key = %s"


@dataclass(frozen=True, slots=True)
class Level:
    """A bucket by its key: how many tokens it holds, and in how many seconds one flows in."""

    key: str
    capacity: int
    seconds: float

    @property
    def slack(self) -> float:
        """Seconds it may be away from being full and still hold a token."""
        return (self.capacity - 1) * self.seconds


def take(session: Session, levels: Sequence[Level]) -> dict[str, float]:
    """Take one token from each bucket or, where one of them is empty, from none; in one round trip.

    Returns the seconds until each bucket holds one, by its key: where all are 0.0, they were taken.
    """
    by_key = {level.key: level for level in sorted(levels, key=lambda each: each.key)}
    connection, columns = driver_connection(session), _columns(list(by_key.values()))
    with connection.pipeline():
        locked = connection.execute(_LOCK, columns)
        taken = connection.execute(_TAKE, columns)
        if taken.fetchall():
            return dict.fromkeys(by_key, 0.0)
        return {key: max(0.0, away - by_key[key].slack) for key, away in locked.fetchall()}


def lock(session: Session, level: Level) -> float:
    """Keep others from the bucket until the transaction ends; returns the seconds until it holds a token."""
    [(_key, away)] = driver_connection(session).execute(_LOCK, _columns([level])).fetchall()
    return max(0.0, float(away) - level.slack)


def spend(session: Session, level: Level) -> None:
    """Take one token, even where there is none: the next to flow in is then spent already."""
    driver_connection(session).execute(_SPEND, (level.seconds, level.key))


def stop(session: Session, key: str, seconds: float) -> None:
    """Let no token flow into a bucket for so many seconds from now; a full one, or one never used, stays as it is."""
    driver_connection(session).execute(_STOP, (seconds, key))


def _columns(levels: Sequence[Level]) -> dict[str, list[Any]]:
    return {
        "keys": [level.key for level in levels],
        "seconds": [level.seconds for level in levels],
        "slacks": [level.slack for level in levels],
    }
