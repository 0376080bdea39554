"""Send the outbox: one sender per lane at a time, in order, waiting where Webex says wait.

A lane is claimed by writing one's executor id into its row; the claim ends when the lane is empty, has
to wait, or its owner dies (`bot.runs.ownership` frees it). A row found `sending` may have reached Webex
before its sender died: it is sent again, since a lost reply is worse than a doubled one, and counted.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import datetime
from mimetypes import guess_type
from typing import Any
from uuid import UUID, uuid4

import structlog
from sqlalchemy import text
from sqlalchemy.orm import Session

from bot.outbound.budget import lane_waits
from bot.outbound.outbox import MAX_EDITS, SAVED_EDITS
from bot.store.counters import Counters
from bot.store.database import Database, driver_connection
from bot.webex import (
    BadRequest,
    File,
    NotFound,
    RateLimited,
    Unauthorized,
    WebexClient,
    WebexError,
)

log = structlog.get_logger(__name__)

_CLAIM = """
    INSERT INTO outbox_lanes (lane, owner, claim) VALUES (%s, %s, %s)
    ON CONFLICT (lane) DO UPDATE SET owner = EXCLUDED.owner, claim = EXCLUDED.claim
    WHERE outbox_lanes.owner IS NULL
      AND (outbox_lanes.not_before IS NULL OR outbox_lanes.not_before <= clock_timestamp())
"""
# Locked before the next row is looked for: whoever stores a message meanwhile either is seen here, or
# waits for us and sees the lane free. By the clock, since now() is when a transaction began, and what it
# waited for is later.
_LOCK_LANE = "SELECT FROM outbox_lanes WHERE lane = %s FOR UPDATE"
_NEXT = """
    UPDATE outbox SET state = 'sending', attempts = attempts + 1
    WHERE id = (
        SELECT id FROM outbox
        WHERE lane = %(lane)s AND state IN ('pending', 'sending')
          AND (not_before IS NULL OR not_before <= clock_timestamp())
          AND EXISTS (SELECT FROM outbox_lanes WHERE lane = %(lane)s AND claim = %(claim)s)
        ORDER BY id LIMIT 1
    )
    RETURNING id, lane, %(claim)s::uuid, room_id, to_person_email, parent_id, body, file_name,
              live_id, attempts, correlation_id
"""
_FILE = "SELECT file_content FROM outbox WHERE id = %s"
_RELEASE_EMPTY = """
    UPDATE outbox_lanes SET owner = NULL, claim = NULL, not_before = now()
    WHERE lane = %(lane)s AND claim = %(claim)s
      AND NOT EXISTS (SELECT FROM outbox WHERE lane = %(lane)s AND state = 'sending')
"""
# In one statement, the room's row locked first, as `follow_migration` does. The post is told by Webex' clock, so that
# a room's last activity can be seen to be just that.
_SENT = """
    WITH sent AS (
        UPDATE outbox
        SET state = 'sent', sent_at = now(), message_id = %(message_id)s, file_content = NULL, error = NULL
        WHERE id = %(id)s
    )
    UPDATE rooms SET own_post_at = %(posted_at)s
    WHERE room_id = %(posted_in)s AND (own_post_at IS NULL OR own_post_at < %(posted_at)s)
"""
_RELEASE_NOW = "UPDATE outbox_lanes SET owner = NULL, claim = NULL WHERE lane = %s AND claim = %s"
_RELEASE = text("""
    UPDATE outbox_lanes SET owner = NULL, claim = NULL, not_before = now() + make_interval(secs => :wait)
    WHERE lane = :lane AND claim = :claim
""")
_OWNED = text("SELECT lane, claim FROM outbox_lanes WHERE owner = :me")
_REFUSED = text("UPDATE outbox SET state = 'refused', error = :error WHERE id = :id")
# What only one row of a lane may be while it is pending stays as it is: another may have begun meanwhile.
_AGAIN = text("""
    UPDATE outbox SET error = :error, attempts = attempts - :free,
                      state = CASE WHEN is_digest OR live_id IS NOT NULL THEN 'sending' ELSE 'pending' END
    WHERE id = :id
""")
_DUE = text("""
    SELECT DISTINCT waiting.lane FROM outbox AS waiting LEFT JOIN outbox_lanes USING (lane)
    WHERE waiting.state IN ('pending', 'sending')
      AND (waiting.not_before IS NULL OR waiting.not_before <= now())
      AND outbox_lanes.owner IS NULL
      AND (outbox_lanes.not_before IS NULL OR outbox_lanes.not_before <= now())
    LIMIT 50
""")
_LIVE = text("SELECT wanted, shown, final, message_id, edits FROM live_messages WHERE id = :id")
_LIVE_SHOWN = text("""
    UPDATE live_messages
    SET message_id = :message_id, shown = :shown, edits = :edits, edited_at = now() WHERE id = :id
""")

_GIVE_UP_AFTER = 12
"""Attempts at one message before it is set aside as refused: with the waits between, about twenty minutes."""
_LONGEST_WAIT = 300.0


@dataclass(frozen=True, slots=True)
class Row:
    """One outbox row in the hands of its sender."""

    id: int
    lane: str
    claim: UUID
    room_id: str | None
    to_person_email: str | None
    parent_id: str | None
    body: dict[str, Any]
    file_name: str | None
    live_id: int | None
    attempts: int
    correlation_id: str


@dataclass(frozen=True, slots=True)
class _Posted:
    """The message at Webex that a row has become or, where it was edited only, had become before."""

    message_id: str
    posted_in: str | None = None
    posted_at: datetime | None = None
    """Where and when, by Webex' clock, it was posted; not of an edit, which is no new activity in a room."""


class Sender:
    """Sends lanes in threads of its own."""

    def __init__(
        self, database: Database, webex: WebexClient, counters: Counters, owner: UUID, *, threads: int = 8
    ) -> None:
        self._database = database
        self._counters = counters
        self._webex = webex
        self._owner = owner
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="sender")
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._sending: set[str] = set()
        self._suspects: set[tuple[str, UUID]] = set()

    def claim(self, session: Session, lane: str) -> Row | None:
        """Within the caller's transaction: take the lane and its first row. None where it is taken or empty."""
        claim = uuid4()
        driver_connection(session).execute(_CLAIM, (lane, self._owner, claim))
        return self._next(session, lane, claim)

    def go_on(self, row: Row | None) -> None:
        """Send a claimed row, and what follows it in its lane, in a thread."""
        if row is not None:
            with self._lock:
                self._sending.add(row.lane)
            self._threads.submit(self._drain, row)

    def kick(self, lanes: Iterable[str]) -> None:
        """Claim each of these lanes and send what it holds."""
        for lane in dict.fromkeys(lanes):
            with self._database.transaction() as session:
                row = self.claim(session, lane)
            self.go_on(row)

    def kick_due(self) -> int:
        """Claim the lanes nobody sends though they hold something due; returns how many were found."""
        with self._database.transaction() as session:
            lanes = [row.lane for row in session.execute(_DUE)]
        self.kick(lanes)
        return len(lanes)

    def close(self) -> None:
        """Wait for what is on its way; what else a lane holds is left to another worker, or the next."""
        self._closing.set()
        self._threads.shutdown(wait=True)

    def _next(self, session: Session, lane: str, claim: UUID) -> Row | None:
        """The claimed lane's next due row. Releases the lane where there is none, or it is another's."""
        connection, named = driver_connection(session), {"lane": lane, "claim": claim}
        with connection.pipeline():
            connection.execute(_LOCK_LANE, (lane,))
            found = connection.execute(_NEXT, named)
            connection.execute(_RELEASE_EMPTY, named)
            row = found.fetchone()
        return Row(*row) if row else None

    def _drain(self, first: Row) -> None:
        row: Row | None = first
        try:
            while row is not None:
                row = self._send(row)
        except Exception:
            # The lane is still ours in the table; `release_forgotten` frees it.
            log.exception("outbox.lane.broken", lane=first.lane)
        finally:
            with self._lock:
                self._sending.discard(first.lane)

    def release_forgotten(self, session: Session) -> None:
        """Free lanes that are ours in the table and in nobody's hands (the database was away).

        A lane is freed at the second look only: at the first it may be between claim and thread.
        """
        owned = {(row.lane, row.claim) for row in session.execute(_OWNED, {"me": self._owner})}
        with self._lock:
            idle = {each for each in owned if each[0] not in self._sending}
        for lane, claim in idle & self._suspects:
            session.execute(_RELEASE, {"lane": lane, "claim": claim, "wait": 0.0})
        self._suspects = idle - self._suspects

    def _send(self, row: Row) -> Row | None:
        """Send one row, write down what came of it, and take the next."""
        if row.attempts > 1:
            self._counters.count("outbox_sent_again")
        try:
            posted = self._post_live(row) if row.live_id is not None else self._post(row)
        except WebexError as error:
            return self._put_back(row, error)
        with self._database.transaction() as session, driver_connection(session).pipeline():
            driver_connection(session).execute(_SENT, {"id": row.id, **asdict(posted)})
            if self._closing.is_set():
                driver_connection(session).execute(_RELEASE_NOW, (row.lane, row.claim))
                return None
            return self._next(session, row.lane, row.claim)

    def _post(self, row: Row) -> _Posted:
        file = self._file(row.id, row.file_name) if row.file_name is not None else None
        message = self._webex.post_message(
            room_id=row.room_id,
            to_person_email=row.to_person_email,
            markdown=row.body["markdown"],
            parent_id=row.parent_id,
            card=row.body.get("card"),
            file=file,
        )
        return _Posted(message.id, message.room_id, message.created)

    def _file(self, outbox_id: int, name: str) -> File:
        """Read only now, and as bytes: up to a hundred megabytes would otherwise come as hexadecimal digits.

        Its type is told by its name: a client shows a picture only where it is said to be one.
        """
        with self._database.transaction() as session:
            found = driver_connection(session).execute(_FILE, (outbox_id,), binary=True).fetchall()
        [(content,)] = found
        return File(name, content, guess_type(name)[0] or "application/octet-stream")

    def _post_live(self, row: Row) -> _Posted:
        with self._database.transaction() as session:
            live = session.execute(_LIVE, {"id": row.live_id}).one()
        edits = live.edits
        if live.message_id is None:
            message = self._webex.post_message(
                room_id=row.room_id, markdown=live.wanted, parent_id=row.parent_id
            )
            posted = _Posted(message.id, message.room_id, message.created)
        elif live.shown != live.wanted and edits < (MAX_EDITS if live.final else MAX_EDITS - SAVED_EDITS):
            self._webex.edit_message(live.message_id, room_id=row.lane, markdown=live.wanted)
            posted = _Posted(live.message_id)
            edits += 1
        else:
            return _Posted(live.message_id)
        with self._database.transaction() as session:
            shown = {"id": row.live_id, "message_id": posted.message_id, "shown": live.wanted, "edits": edits}
            session.execute(_LIVE_SHOWN, shown)
        return posted

    def _put_back(self, row: Row, error: WebexError) -> Row | None:
        """Decide what an error means for the row and its lane."""
        log.warning("outbox.send.refused", lane=row.lane, outbox_id=row.id, error=str(error))
        with self._database.transaction() as session:
            if isinstance(error, BadRequest | NotFound) and row.parent_id is not None:
                # The thread's root is gone (deleted, or itself a reply): the room still gets its answer.
                session.execute(
                    text("UPDATE outbox SET parent_id = NULL, state = 'pending' WHERE id = :id"),
                    {"id": row.id},
                )
                return self._next(session, row.lane, row.claim)
            is_limited = isinstance(error, RateLimited)  # Webex did not look at it: this was no attempt
            may_come = error.retryable or isinstance(error, Unauthorized)
            if not may_come or (row.attempts >= _GIVE_UP_AFTER and not is_limited):
                session.execute(_REFUSED, {"id": row.id, "error": str(error)})
                return self._next(session, row.lane, row.claim)
            wait = _wait(row, error)
            lane_waits(session, row.lane, wait)  # first, as whoever stores a message locks the bucket first
            session.execute(_AGAIN, {"id": row.id, "error": str(error), "free": int(is_limited)})
            session.execute(_RELEASE, {"lane": row.lane, "claim": row.claim, "wait": wait})
            return None


def _wait(row: Row, error: WebexError) -> float:
    """Seconds the lane waits: what Webex asks for, else twice as long each time."""
    if isinstance(error, RateLimited):
        return error.retry_after
    return min(_LONGEST_WAIT, 0.5 * 2.0**row.attempts)
