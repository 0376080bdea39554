"""Put messages into the outbox: made safe first, then stored, to be sent by `bot.outbound.sender`.

Every message belongs to a lane, which is a room or a person; a lane is sent in the order it was
stored. The same key twice is one message.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sqlalchemy import text
from sqlalchemy.orm import Session

from bot.outbound.quoting import neutralise_mentions
from bot.outbound.redact import Redactor
from bot.outbound.split import AsFile, fit, hard_breaks, split_markdown
from bot.store.database import driver_connection
from bot.store.jsonb import as_jsonb
from bot.store.models import LiveMessage

_STORE = """
    INSERT INTO outbox (lane, dedupe_key, room_id, to_person_email, parent_id, body, file_name, file_content,
                        correlation_id)
    VALUES (%(lane)s, %(dedupe_key)s, %(room_id)s, %(to_person_email)s, %(parent_id)s, %(body)s::jsonb,
            %(file_name)s, %(file_content)s, %(correlation_id)s)
    ON CONFLICT (dedupe_key) DO NOTHING
"""
_UPDATE_LIVE = text("""
    INSERT INTO outbox (lane, dedupe_key, room_id, parent_id, body, live_id, not_before, correlation_id)
    VALUES (:lane, :key, :lane, :parent_id, '{}', :live_id, :not_before, :correlation_id)
    ON CONFLICT (live_id) WHERE state = 'pending' AND live_id IS NOT NULL
    DO UPDATE SET not_before = least(outbox.not_before, EXCLUDED.not_before)
""")
_SAVED_EDITS = 1
"""Edits kept back so that a live message can always show its end."""
MAX_EDITS = 10
"""Webex refuses the eleventh edit of a message (developer.webex.com, Edit a Message)."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to a room, or to a person directly. `key` makes it one message however often it is stored."""

    key: str
    markdown: str
    room_id: str | None = None
    to_person_email: str | None = None
    parent_id: str | None = None
    card: Mapping[str, Any] | None = None
    file_name: str | None = None
    file_content: bytes | None = None
    mentions: tuple[str, ...] = ()
    correlation_id: str = ""

    @property
    def lane(self) -> str:
        """The room's id, or the person's address."""
        return self.room_id or f"mailto:{self.to_person_email}"


def safe(markdown: str, redactor: Redactor, mentions: tuple[str, ...] = ()) -> str:
    """The text as it may leave: no secret, and no mention but the ones allowed."""
    return neutralise_mentions(redactor.redact(markdown), mentions)


def enqueue(session: Session, message: Outgoing, redactor: Redactor) -> str:
    """Store a message in one or more parts, each within Webex's 7,439 bytes; returns its lane."""
    text = hard_breaks(safe(message.markdown, redactor, message.mentions))
    fitted = fit(text)
    name, content = message.file_name, message.file_content
    if isinstance(fitted, AsFile):
        parts: tuple[str, ...] = (fitted.summary,)
        if content is None:
            name, content = fitted.filename, fitted.content.encode()
    else:
        parts = fitted.parts
    rows = [
        {
            "lane": message.lane,
            "dedupe_key": f"{message.key}:{number}",
            "room_id": message.room_id,
            "to_person_email": message.to_person_email,
            "parent_id": message.parent_id,
            "body": {"markdown": part},
            "file_name": None,
            "file_content": None,
            "correlation_id": message.correlation_id,
        }
        for number, part in enumerate(parts)
    ]
    _attach(rows, message.card, name, content, redactor)
    for row in rows:
        row["body"] = as_jsonb(row["body"])
    for row in rows:
        driver_connection(session).execute(_STORE, row)
    return message.lane


def _attach(
    rows: list[dict[str, Any]],
    card: Mapping[str, Any] | None,
    name: str | None,
    content: bytes | None,
    redactor: Redactor,
) -> None:
    """Card and file go with the last part; Webex takes one of them in a message, so both make two."""
    if card is not None:
        last = rows[-1]
        last["body"] = {**last["body"], "card": redactor.redact_value(dict(card))}
        if content is not None:
            rows.append(
                {**last, "dedupe_key": f"{last['dedupe_key']}:file", "body": {"markdown": name or ""}}
            )
    if content is not None:
        rows[-1]["file_name"] = name
        rows[-1]["file_content"] = content


def start_live(
    session: Session,
    room_id: str,
    parent_id: str | None,
    markdown: str,
    redactor: Redactor,
    correlation_id: str = "",
) -> int:
    """Store a message that will be edited; returns its number."""
    live = LiveMessage(room_id=room_id, parent_id=parent_id, wanted=_live_text(markdown, redactor))
    session.add(live)
    session.flush()
    _enqueue_live(session, live, not_before=None, correlation_id=correlation_id)
    return live.id


def update_live(
    session: Session, live_id: int, markdown: str, redactor: Redactor, *, final: bool, interval: float
) -> str | None:
    """Say what a live message shall show now; returns its lane, or None where nothing is to be sent.

    Updates that come faster than `interval` seconds (longer with each edit used) fold into one; the
    last edit is kept for the end.
    """
    live = session.get(LiveMessage, live_id, with_for_update=True)
    wanted = _live_text(markdown, redactor)
    if live is None or live.final or live.wanted == wanted:
        return None
    live.wanted = wanted
    live.final = final
    if live.edits >= (MAX_EDITS if final else MAX_EDITS - _SAVED_EDITS):
        return None
    wait = None if final else interval * (1.6**live.edits)
    _enqueue_live(session, live, not_before=wait, correlation_id="")
    return live.room_id


def _live_text(markdown: str, redactor: Redactor) -> str:
    """One message's worth: a live message cannot be split, so what is too long is cut."""
    return split_markdown(hard_breaks(safe(markdown, redactor)))[0]


def _enqueue_live(
    session: Session, live: LiveMessage, *, not_before: float | None, correlation_id: str
) -> None:
    due = session.execute(
        text("SELECT coalesce(CAST(:edited AS timestamptz), now()) + make_interval(secs => :wait)"),
        {"edited": live.edited_at, "wait": not_before or 0.0},
    ).scalar_one()
    session.execute(
        _UPDATE_LIVE,
        {
            "lane": live.room_id,
            "key": f"live:{live.id}:{uuid4()}",
            "parent_id": live.parent_id,
            "live_id": live.id,
            "not_before": due,
            "correlation_id": correlation_id,
        },
    )
