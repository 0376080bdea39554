"""The outgoing budget of a room: messages nobody asked for, and what is said of those that were too many.

A room (or a person) gets only so many in a time. What goes beyond is not sent: one digest in its place
says how many were left out, and how the first of them began. It waits for the next token of the room's
bucket and takes it, and while it waits all that comes for the room goes into it, so that the order holds.
Replies, a run's own messages, and what asks somebody to confirm or approve are never counted: they go
through `bot.outbound.outbox.enqueue`.
"""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

from sqlalchemy.orm import Session

from bot.characters import prefix_within
from bot.config_file import Rate
from bot.outbound.outbox import Outgoing, enqueue, safe
from bot.outbound.quoting import quote
from bot.outbound.redact import Redactor
from bot.store import buckets
from bot.store.buckets import Level
from bot.store.database import driver_connection
from bot.store.jsonb import as_jsonb

LISTED = 10
"""How many of those left out a digest tells the beginning of."""
_LONGEST_LINE = 300
"""UTF-8 bytes of such a beginning: ten of them fit in one message."""
_BLOCK_MARKS = re.compile(r"^(?:(?:[#>]+|[-*+]|\d{1,9}[.)])\s+)+")
_FENCE = ("```", "~~~")

_IS_KNOWN = "SELECT FROM outbox WHERE dedupe_key = %s"
# Locked: the sender takes it before or after it is counted on, and never in between.
_WAITING = "SELECT id, body FROM outbox WHERE lane = %s AND state = 'pending' AND is_digest FOR UPDATE"
_LEAVE_OUT = """
    INSERT INTO outbox (lane, dedupe_key, room_id, to_person_email, body, correlation_id, state)
    VALUES (%(lane)s, %(key)s, %(room_id)s, %(to_person_email)s, %(body)s::jsonb, %(correlation_id)s, 'left out')
    ON CONFLICT (dedupe_key) DO NOTHING
"""
_BEGIN = """
    INSERT INTO outbox (lane, dedupe_key, room_id, to_person_email, body, correlation_id, is_digest, not_before)
    VALUES (%(lane)s, %(key)s, %(room_id)s, %(to_person_email)s, %(body)s::jsonb, %(correlation_id)s, true,
            clock_timestamp() + make_interval(secs => %(wait)s))
"""
_GO_ON = "UPDATE outbox SET body = %s::jsonb WHERE id = %s"
_CLOCK = "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'HH24:MI:SS')"


def notify(session: Session, message: Outgoing, redactor: Redactor, rate: Rate | None) -> str:
    """Store a message nobody asked for or, beyond what its lane gets (`rate`; None: all), count it as left out.

    The same key twice is one message, and counted once. Returns the lane, in which something may be due.
    """
    if rate is None:
        return enqueue(session, message, redactor)
    level = Level(f"outgoing:{message.lane}", rate.count, rate.seconds / rate.count)
    connection = driver_connection(session)
    wait = buckets.lock(session, level)  # from here on nobody else decides about this lane
    if connection.execute(_IS_KNOWN, (_key(message),)).fetchall():
        return message.lane
    waiting = connection.execute(_WAITING, (message.lane,)).fetchone()
    if waiting is None and not wait:
        buckets.spend(session, level)
        return enqueue(session, message, redactor)
    line = _beginning(safe(message.markdown, redactor, message.mentions))
    connection.execute(_LEAVE_OUT, _row(message, _key(message), {"markdown": line}))
    if waiting is None:
        buckets.spend(session, level)
        [(since,)] = connection.execute(_CLOCK).fetchall()
        body = _digest(1, since, [line])
        connection.execute(_BEGIN, {**_row(message, f"digest:{uuid4()}", body), "wait": wait})
    else:
        number, so_far = waiting
        body = _digest(so_far["left_out"] + 1, so_far["since"], [*so_far["lines"], line][:LISTED])
        connection.execute(_GO_ON, (as_jsonb(body), number))
    return message.lane


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


def _digest(left_out: int, since: str, lines: list[str]) -> dict[str, Any]:
    """A digest's body: its text, and what it takes to count further."""
    messages = "1 more message" if left_out == 1 else f"{left_out} more messages"
    listed = [f"- {line}" for line in lines]
    if left_out > len(lines):
        listed.append(f"- … and {left_out - len(lines)} more")
    head = f"🔇 {messages} since {since} UTC, left out so as not to flood this room:"
    return {"markdown": "\n".join([head, "", *listed]), "left_out": left_out, "since": since, "lines": lines}


def _beginning(markdown: str) -> str:
    """A message's first line, fit for a list. What stood in a code block, or is cut, shows its own marks."""
    lines = [line.strip() for line in markdown.splitlines() if line.strip()]
    if not lines:
        return "…"
    if lines[0].startswith(_FENCE):
        return quote(lines[1] if len(lines) > 1 else "…")
    line = _BLOCK_MARKS.sub("", lines[0])
    within = prefix_within(line, _LONGEST_LINE)
    return line if within == len(line) else quote(line[:within] + "…")
