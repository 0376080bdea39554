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

from bot.outbound.quoting import neutralise_mentions, quote
from bot.outbound.redact import Redactor
from bot.outbound.split import AsFile, fit, hard_breaks, split_markdown
from bot.store.database import driver_connection
from bot.store.jsonb import as_jsonb
from bot.store.models import LiveMessage

_STORE = """
    INSERT INTO outbox (lane, dedupe_key, room_id, to_person_email, parent_id, body, file_name, file_content,
                        correlation_id)
    VALUES (%(lane)s, %(dedupe_key)s, %(room_id)s, %(to_person_email)s, %(parent_id)s, %(body)s::jsonb,
            %(file_name)s, %(file_content)b, %(correlation_id)s)
    ON CONFLICT (dedupe_key) DO NOTHING
"""
_UPDATE_LIVE = text("""
    INSERT INTO outbox (lane, dedupe_key, room_id, parent_id, body, live_id, not_before, correlation_id)
    VALUES (:lane, :key, :lane, :parent_id, '{}', :live_id, :not_before, :correlation_id)
    ON CONFLICT (live_id) WHERE state = 'pending' AND live_id IS NOT NULL
    DO UPDATE SET not_before = least(outbox.not_before, EXCLUDED.not_before)
""")
_GROWTH = 2.2
"""Each wait between edits to the last: from one second on, nine edits reach over a quarter of an hour."""
SAVED_EDITS = 1
"""Edits kept back so that a live message can always show its end."""
LARGEST_FILE = 100_000_000
"""Bytes: Webex takes files of up to 100 MB (developer.webex.com/docs/basics, "Message Attachments")."""
_NAMELESS = "reply.txt"
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
    urgent: bool = False
    """Whether it is told in quiet hours and past a digest, where nobody asked for it: somebody waits for an answer."""

    @property
    def lane(self) -> str:
        """The room's id, or the person's address."""
        return self.room_id or f"mailto:{self.to_person_email}"


def safe(markdown: str, redactor: Redactor, mentions: tuple[str, ...] = ()) -> str:
    """The text as it may leave: no secret, and no mention but the ones allowed."""
    return neutralise_mentions(redactor.redact(markdown), mentions)


def enqueue(session: Session, message: Outgoing, redactor: Redactor) -> str:
    """Store a message in one or more parts, each within Webex's 7,439 bytes; returns its lane.

    A file that is larger than Webex takes is left out, and the message says so.
    """
    content, left_out = _file_of(message, redactor)
    fitted = fit(hard_breaks(safe(f"{message.markdown}{left_out}", redactor, message.mentions)))
    files: list[tuple[str, bytes]] = []
    if isinstance(fitted, AsFile):
        parts: tuple[str, ...] = (fitted.summary,)
        files.append((fitted.filename, fitted.content.encode()))
    else:
        parts = fitted.parts
    if content is not None:
        files.append((message.file_name or _NAMELESS, content))
    if not parts and (files or message.card):
        parts = ("…",)
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
    _attach(rows, message.card, files, redactor)
    for row in rows:
        row["body"] = as_jsonb(row["body"])
        driver_connection(session).execute(_STORE, row)
    return message.lane


def _file_of(message: Outgoing, redactor: Redactor) -> tuple[bytes | None, str]:
    """The content of a message's file as it may leave; or none, and what to say of the one Webex would not take."""
    given = message.file_content
    if given is None:
        return None, ""
    content = redactor.redact_bytes(given) if len(given) <= LARGEST_FILE else given
    if len(content) <= LARGEST_FILE:
        return content, ""
    name, size = quote(message.file_name or _NAMELESS), f"{len(content) / 1_000_000:,.1f} MB"
    return (
        None,
        f"\n\n📎 **{name}** is left out: it has {size}, and Webex takes 100 MB. Ask for less of it at a time.",
    )


def _attach(
    rows: list[dict[str, Any]],
    card: Mapping[str, Any] | None,
    files: list[tuple[str, bytes]],
    redactor: Redactor,
) -> None:
    """A card or a file goes with the last part; Webex takes one of them, so each further one is a message."""
    last = rows[-1] if rows else {}
    is_free = card is None
    if card is not None:
        last["body"] = {**last["body"], "card": redactor.redact_value(dict(card))}
    for number, (name, content) in enumerate(files):
        row = last
        if not is_free:
            key = f"{last['dedupe_key']}:file{number}"
            row = {**last, "dedupe_key": key, "body": {"markdown": f"**{quote(name)}**"}}
            rows.append(row)
        row["file_name"], row["file_content"] = name, content
        is_free = False


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
    if live is None or live.final or (live.wanted == wanted and not final):
        return None
    live.wanted = wanted
    live.final = final
    if live.edits >= (MAX_EDITS if final else MAX_EDITS - SAVED_EDITS):
        return None
    wait = None if final else interval * (_GROWTH**live.edits)
    _enqueue_live(session, live, not_before=wait, correlation_id="")
    return live.room_id


def _live_text(markdown: str, redactor: Redactor) -> str:
    """One message's worth: a live message cannot be split, so what is too long is cut."""
    return next(iter(split_markdown(hard_breaks(safe(markdown, redactor)))), "…")


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
