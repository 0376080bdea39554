"""Behind the inbox: claim an event, carry it out, and write everything it came to in one transaction."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from bot.access import api_tokens, audit
from bot.commands.context import Services
from bot.commands.execute import execute, record
from bot.commands.model import Entry, Outcome, Place, Reply, Request
from bot.commands.normalise import normalise
from bot.commands.outcomes import NOT_KNOWN
from bot.inbound import inbox
from bot.inbound.identity import is_bot
from bot.inbound.inbox import DOOR, Event
from bot.inbound.room_events import RoomEvents
from bot.inbound.rooms import Rooms
from bot.inbound.stored_requests import approved_request, paused, scheduled_request
from bot.inbound.webex_events import Ignored, WebexEvents
from bot.integration import HookEvent, Loaded
from bot.outbound.outbox import Outgoing, enqueue
from bot.outbound.redact import Redactor
from bot.outbound.sender import Row, Sender
from bot.rooms.known import seen_active
from bot.store.database import driver_connection, is_fault
from bot.webex import NotFound, RateLimited, Unauthorized, WebexError

log = structlog.get_logger(__name__)

_ATTEMPTS = 6
_NOT_FOUND_WAITS = (0.3, 0.6, 1.2, 2.5, 5.0)
"""Webex's REST may lag its webhooks: a 404 is asked again this often before it is believed."""
_LONGEST_WAIT = 30.0
_DEAD = (
    "💥 I could not handle this, though I tried several times. It is kept: my owners find it as event {number} "
    "(`{reference}`) and can replay it."
)
_TOO_LATE = "⌛ I could not reach Webex in time to act on this, and now it is too old to act on unasked. Say it again."


class InboxHandler:
    """Handles events as one executor."""

    def __init__(
        self,
        services: Services,
        events: WebexEvents,
        rooms: Rooms,
        sender: Sender,
        integrations: Mapping[str, Loaded],
        owner: UUID,
        *,
        threads: int = 16,
    ) -> None:
        self._services = services
        self._events = events
        self._rooms = rooms
        self._room_events = RoomEvents(services, rooms, events.me)
        self._sender = sender
        self._integrations = integrations
        self._owner = owner
        self._lock = threading.Lock()
        self._active: set[int] = set()
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="event")

    def claim(self, limit: int) -> list[Event]:
        """Take up to `limit` queued events in hand."""
        with self._lock, self._services.database.autocommit() as connection:
            events = inbox.claim(connection, self._owner, limit)
            self._active.update(event.id for event in events)
        return events

    def begin(self, event: Event, done: Callable[[], None]) -> None:
        """Handle a claimed event in a thread; `done` is called when it has ended, however it did."""
        self._threads.submit(self.handle, event).add_done_callback(lambda _: done())

    def put_back_forgotten(self, session: Session) -> None:
        """Let events be handled again that are ours in the table and in no thread (the database was away)."""
        with self._lock:
            inbox.put_back_forgotten(session, self._owner, sorted(self._active))

    def close(self) -> None:
        """Wait for what is in hand."""
        self._threads.shutdown(wait=True)

    def handle(self, event: Event) -> None:
        """Handle one claimed event. Errors put it back, or at last set it aside as dead."""
        try:
            self._tried(event)
        except Exception as error:  # noqa: BLE001 - nobody waits for this thread: what it could not write down is logged
            log.error("inbox.left_in_hand", inbox_id=event.id, error=str(error))
        finally:
            with self._lock:
                self._active.discard(event.id)

    def _tried(self, event: Event) -> None:
        with structlog.contextvars.bound_contextvars(correlation_id=event.correlation_id):
            try:
                self._dispatch(event)
            except WebexError as error:
                self._later(event, error)
            except Exception as error:  # a fault of ours: tried again a few times, then kept for an operator
                if isinstance(error, SQLAlchemyError | psycopg.Error) and not is_fault(error):
                    raise  # the database is away; the row is found forgotten later, and handled again
                log.exception("inbox.broken", inbox_id=event.id)
                self._again_or_dead(event, f"{type(error).__name__}: {error}", 2.0**event.attempts)

    def _dispatch(self, event: Event) -> None:
        match event.source:
            case "webex":
                self._webex(event)
            case "rest":
                self._rest(event)
            case "approval":
                self._approved(event)
            case "schedule":
                self._scheduled(event)
            case _:
                self._integration(event)

    def _webex(self, event: Event) -> None:
        started = time.monotonic()
        if event.payload["resource"] in {"rooms", "memberships"}:
            self._sender.kick(self._room_events.handle(event))
            return
        request = self._events.request(event.payload, event.correlation_id, replayed=event.is_replayed)
        if isinstance(request, Ignored):
            with self._services.database.transaction() as session:
                inbox.finish(session, event, request.state, request.reason)
                late = request.state == "stale" and event.reason is not None
                lanes = self._tell_asker(session, event, _TOO_LATE) if late else ()
            self._sender.kick(lanes)
            return
        self._store(event, request, execute(request, self._services), started)

    def _approved(self, event: Event) -> None:
        """Carry out what others have agreed to, in the name and the place of whoever asked for it."""
        started = time.monotonic()
        request = approved_request(self._services.database, self._rooms, event)
        self._store(event, request, execute(request, self._services), started)

    def _scheduled(self, event: Event) -> None:
        """Carry out a scheduled command as its owner; one that may not be run any more is paused."""
        started = time.monotonic()
        request = scheduled_request(self._services.database, self._rooms, event)
        if isinstance(request, Ignored):
            with self._services.database.transaction() as session:
                inbox.finish(session, event, request.state, request.reason)
            return
        outcome = execute(request, self._services)
        if outcome.decision == "denied" and outcome.rule != NOT_KNOWN:
            outcome = paused(self._services.database, event, request, outcome)
        self._store(event, request, outcome, started)

    def _store(self, event: Event, request: Request, outcome: Outcome, started: float) -> None:
        """Audit row, replies, the event's end and the room's lane: all of it, or none.

        What could not be decided since Webex did not answer is asked again, while nobody was told anything yet.
        """
        if outcome.rule == NOT_KNOWN and event.attempts < _ATTEMPTS:
            with self._services.database.transaction() as session:
                inbox.put_back(session, event, wait=2.0**event.attempts, reason=NOT_KNOWN)
            return
        self._reveal(request, outcome)
        entry = record(request, outcome, self._services, started)
        greeting = self._room_events.first_words(request)
        row: Row | None = None
        with self._services.database.transaction() as session, driver_connection(session).pipeline():
            audit.record(session, entry, self._services.audit_keys)
            self._room_events.greet_person(session, request, greeting)
            if event.source == "webex":
                _person_seen(session, request, event)
            lanes = self._replies(session, request, outcome)
            inbox.finish(session, event, "done")
            if lanes:
                row = self._sender.claim(session, lanes[0])
        self._sender.go_on(row)
        self._sender.kick(lanes[1:])

    def _reveal(self, request: Request, outcome: Outcome) -> None:
        """Post what may be stored nowhere straight to its asker. An event that is handled again reveals nothing."""
        room, person = request.place.room_id, request.person
        for reply in outcome.replies:
            if reply.reveals and request.place.type != "group":
                self._services.webex.post_message(
                    room, to_person_email=None if room else person, markdown=reply.reveals
                )

    def _replies(self, session: Session, request: Request, outcome: Outcome) -> tuple[str, ...]:
        lanes: list[str] = []
        for number, reply in enumerate(outcome.replies):
            if reply.run_id is not None and request.place.room_id is not None:
                lanes.append(request.place.room_id)  # the run's live message, stored when it started
                continue
            room_id = None if reply.direct else request.place.room_id
            message = Outgoing(
                key=f"reply:{request.key}:{number}",
                markdown=reply.markdown,
                room_id=room_id,
                to_person_email=None if room_id else request.person,
                parent_id=request.parent_id if room_id else None,
                card=reply.card,
                file_name=reply.file.name if reply.file else None,
                file_content=reply.file.content if reply.file else None,
                mentions=reply.mentions,
                correlation_id=request.correlation_id,
            )
            lanes.append(enqueue(session, message, self._services.redactor))
        return tuple(dict.fromkeys(lanes))

    def _rest(self, event: Event) -> None:
        started = time.monotonic()
        payload = event.payload
        place = self._rooms.place(payload["room"]) if payload["room"] else Place()
        token_id = payload.get("token_id")
        with self._services.database.transaction() as session:  # read again: it may be revoked by now
            scope = api_tokens.scope_of(session, token_id) if token_id else None
        request = Request(
            key=f"rest:{payload['key']}",
            entry=Entry.REST,
            person=payload["person"],
            place=place,
            line=normalise(payload["line"]),
            correlation_id=event.correlation_id,
            received_at=event.received_at,
            scope=scope,
        )
        outcome = execute(request, self._services)
        answer = {
            "decision": outcome.decision,
            "rule": outcome.rule,
            "result": outcome.result,
            "correlation_id": event.correlation_id,
            "replies": [_reply_json(reply, self._services.redactor) for reply in outcome.replies],
        }
        entry = record(request, outcome, self._services, started)
        with self._services.database.transaction() as session:
            audit.record(session, entry, self._services.audit_keys)
            if (kept := self._without_secrets(payload["line"], outcome)) != payload["line"]:
                inbox.veil_line(session, event, kept)
            inbox.finish(session, event, "done", answer=answer)
        if place.room_id and any(reply.run_id for reply in outcome.replies):
            self._sender.kick((place.room_id,))

    def _without_secrets(self, line: str, outcome: Outcome) -> str:
        """A call's line as it may be kept: where it was refused for a secret, as the refusal shows it."""
        return outcome.line if outcome.decision == "secret" else self._services.redactor.redact(line)

    def _integration(self, event: Event) -> None:
        loaded = self._integrations.get(event.source)
        hook = loaded.integration.hook if loaded else None
        if hook is None:
            with self._services.database.transaction() as session:
                inbox.finish(session, event, "dead", f"the integration {event.source!r} is not installed")
            return
        report = HookEvent("", event.payload, event.payload.get(DOOR, ""))
        if hook.gather is not None:
            report = hook.gather(report, self._services)
        with self._services.database.transaction() as session:
            lanes = hook.handle(report, self._services, session)
            inbox.finish(session, event, "done")
        self._sender.kick(lanes)

    def _later(self, event: Event, error: WebexError) -> None:
        """What an error of Webex' means for the event.

        A 429 waits as long as it says. An outage, or a refused token, is waited out for as long as the event
        may be acted on: neither is an attempt. A 404 is asked again briefly. What is left counts.
        """
        if isinstance(error, RateLimited):
            self._wait(event, error, error.retry_after)
        elif event.source == "webex" and (error.retryable or isinstance(error, Unauthorized)):
            age = (datetime.now(UTC) - event.received_at).total_seconds()
            self._wait(event, error, min(_LONGEST_WAIT, max(1.0, age / 4)))
        elif isinstance(error, NotFound) and event.source == "rest":
            with self._services.database.transaction() as session:
                inbox.finish(session, event, "ignored", str(error))
        elif isinstance(error, NotFound):
            if event.attempts <= len(_NOT_FOUND_WAITS):
                with self._services.database.transaction() as session:
                    wait = _NOT_FOUND_WAITS[event.attempts - 1]
                    inbox.put_back(session, event, wait=wait, reason=str(error))
                return
            with self._services.database.transaction() as session:
                inbox.finish(session, event, "ignored", f"gone before it was read: {error}")
        else:
            self._again_or_dead(event, str(error), 2.0**event.attempts)

    def _wait(self, event: Event, error: WebexError, seconds: float) -> None:
        with self._services.database.transaction() as session:
            inbox.put_back(session, event, wait=seconds, reason=str(error), counts=False)

    def _again_or_dead(self, event: Event, reason: str, wait: float) -> None:
        reason = self._services.redactor.redact(reason)
        if event.attempts < _ATTEMPTS:
            with self._services.database.transaction() as session:
                inbox.put_back(session, event, wait=wait, reason=reason)
            return
        log.error("inbox.dead", inbox_id=event.id, reason=reason)
        with self._services.database.transaction() as session:
            inbox.finish(session, event, "dead", reason)
            lanes = self._tell_asker(session, event, _DEAD)
        self._sender.kick(lanes)

    def _tell_asker(self, session: Session, event: Event, text: str) -> tuple[str, ...]:
        """Tell who wrote a message what became of it; other events have nobody to be told."""
        data = event.payload.get("data", {})
        if event.source != "webex" or event.payload["resource"] != "messages" or not data.get("roomId"):
            return ()
        thread = data.get("parentId") or (data["id"] if data.get("roomType") == "group" else None)
        message = Outgoing(
            key=f"told:{event.id}:{event.attempts}",
            markdown=text.format(number=event.id, reference=event.correlation_id),
            room_id=data["roomId"],
            parent_id=thread,
            correlation_id=event.correlation_id,
        )
        return (enqueue(session, message, self._services.redactor),)


def _person_seen(session: Session, request: Request, event: Event) -> None:
    """Keep that a person was active in the room: what another bot says there keeps no room alive."""
    place = request.place
    if place.room_id is not None and not is_bot(request.person):
        at = request.received_at or event.received_at
        seen_active(session, place.room_id, place.title, place.type, at)


def _reply_json(reply: Reply, redactor: Redactor) -> dict[str, Any]:
    """A reply as the REST API gives it; a file's content in base64."""
    told: dict[str, Any] = {"markdown": redactor.redact(reply.markdown)}
    if reply.run_id:
        told["run"] = reply.run_id
    if reply.file:
        content = base64.b64encode(redactor.redact_bytes(reply.file.content)).decode()
        told["file"] = {"name": reply.file.name, "type": reply.file.content_type, "base64": content}
    return told
