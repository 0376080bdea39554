"""The one way of messages nobody asked for: as a room wants to hear them, and never more than its budget.

A room (or a person) gets only so many in a time. What goes beyond is not sent: one digest in its place
says how many were left out, and how the first of them began. It waits for the next token of the room's
bucket and takes it, and while it waits all that comes for the room goes into it, so that the order holds.
What comes while a room is muted, has its quiet hours or wants a digest goes into one of the same kind, which
waits for the end of that (`bot.outbound.preferences`). Either is a row of the outbox, and so outlives us.
Replies, a run's own messages, and what asks somebody to confirm or approve are never counted or held back:
they go through `bot.outbound.outbox.enqueue`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy.orm import Session

from bot.config_file import Rate
from bot.outbound import preferences
from bot.outbound.digest import Digest, beginning
from bot.outbound.outbox import Outgoing, enqueue, safe
from bot.outbound.preferences import Why
from bot.outbound.redact import Redactor
from bot.store import buckets
from bot.store.buckets import Level
from bot.store.database import driver_connection
from bot.store.jsonb import as_jsonb

_IS_KNOWN = "SELECT FROM outbox WHERE dedupe_key = %s"
# Locked: the sender takes it before or after it is counted on, and never in between.
_WAITING = """
    SELECT is_held, id, body FROM outbox WHERE lane = %s AND state = 'pending' AND is_digest ORDER BY id FOR UPDATE
"""
_LEAVE_OUT = """
    INSERT INTO outbox (lane, dedupe_key, room_id, to_person_email, body, correlation_id, state)
    VALUES (%(lane)s, %(key)s, %(room_id)s, %(to_person_email)s, %(body)s::jsonb, %(correlation_id)s, 'left out')
    ON CONFLICT (dedupe_key) DO NOTHING
"""
_BEGIN = """
    INSERT INTO outbox (lane, dedupe_key, room_id, to_person_email, body, correlation_id, is_digest, is_held,
                        not_before)
    VALUES (%(lane)s, %(key)s, %(room_id)s, %(to_person_email)s, %(body)s::jsonb, %(correlation_id)s, true,
            %(is_held)s, %(due)s)
"""
_GO_ON = "UPDATE outbox SET body = %s::jsonb WHERE id = %s"


def bucket(lane: str, rate: Rate | None) -> Level:
    """The bucket of a lane, whose lock decides who says what becomes of its messages; never empty without a rate."""
    key = _bucket_key(lane)
    return Level(key, rate.count, rate.seconds / rate.count) if rate else Level(key, 1, 0.0)


def lane_waits(session: Session, lane: str, seconds: float) -> None:
    """Let no token flow into a lane's bucket while Webex has it wait.

    Its messages were counted when they were stored. Were it to fill up meanwhile, as many again could be stored,
    and all of them would reach the room at once.
    """
    buckets.stop(session, _bucket_key(lane), seconds)


def _bucket_key(lane: str) -> str:
    return f"outgoing:{lane}"


def notify(session: Session, message: Outgoing, redactor: Redactor, rate: Rate | None) -> str:
    """Store a message nobody asked for; or count it, where its room wants it later or has had enough.

    `rate` is what the lane gets (None: all). A message that is `urgent` waits for no quiet hours and no digest, but
    for the end of a mute. The same key twice is one message, and counted once. Returns the lane, in which something
    may be due.
    """
    level, connection = bucket(message.lane, rate), driver_connection(session)
    away = buckets.lock(session, level)  # from here on nobody else decides about this lane
    if connection.execute(_IS_KNOWN, (_key(message),)).fetchall():
        return message.lane
    wants, now = preferences.read(session, message.room_id)
    token = now + timedelta(seconds=away if rate else 0.0)
    hold = wants.hold(now, urgent=message.urgent)
    waiting = {
        is_held: (number, body) for is_held, number, body in connection.execute(_WAITING, (message.lane,))
    }
    if hold is None and False not in waiting:
        if token <= now:
            buckets.spend(session, level)
            return enqueue(session, message, redactor)
        hold = None if message.urgent else wants.hold_of_hours(token)
    line = beginning(safe(message.markdown, redactor, message.mentions))
    connection.execute(_LEAVE_OUT, _row(message, _key(message), {"markdown": line}))
    if (found := waiting.get(hold is not None)) is not None:
        number, so_far = found
        connection.execute(_GO_ON, (as_jsonb(Digest.of(so_far).with_line(line).body), number))
        return message.lane
    buckets.spend(session, level)
    digest = Digest(1, now, (line,), hold.why if hold else Why.FLOOD, wants.zone)
    _begin(session, message, digest, wants.free_at(max(token, hold.until)) if hold else token)
    return message.lane


def _begin(session: Session, message: Outgoing, digest: Digest, due: datetime) -> None:
    """Store a digest in place of the first message that it counts."""
    row = _row(message, f"digest:{uuid4()}", digest.body)
    held = {"is_held": digest.why is not Why.FLOOD, "due": due}
    driver_connection(session).execute(_BEGIN, row | held)


def _key(message: Outgoing) -> str:
    """As `enqueue` calls a message's first part."""
    return f"{message.key}:0"


def _row(message: Outgoing, key: str, body: dict[str, Any]) -> dict[str, Any]:
    return {
        "lane": message.lane,
        "key": key,
        "room_id": message.room_id,
        "to_person_email": message.to_person_email,
        "body": as_jsonb(body),
        "correlation_id": message.correlation_id,
    }
