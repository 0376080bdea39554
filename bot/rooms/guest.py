"""The bot as a guest: it greets once, does not stay where it may not, and lets a room rest that it is not in."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import structlog
from sqlalchemy import text
from sqlalchemy.orm import Session

from bot.access import audit
from bot.access.answers import Answers
from bot.access.audit_seals import SealKeys
from bot.guest_policy import Guests
from bot.outbound.outbox import Outgoing, enqueue, safe
from bot.outbound.quoting import quote
from bot.rooms.fate import Unverified, act
from bot.rooms.services import RoomServices
from bot.settings import Settings
from bot.store.database import driver_connection
from bot.webex import BadRequest, Forbidden, NotFound, Person, Room

log = structlog.get_logger(__name__)

_CLAIM = text("""
    UPDATE rooms SET greeted_at = coalesce(CAST(:joined AS timestamptz), now())
    WHERE room_id = :room_id AND (greeted_at IS NULL OR greeted_at < CAST(:joined AS timestamptz))
    RETURNING room_id
""")
"""By Webex's own moment of joining: each is greeted once, however often and in whatever order its events come."""
_CLAIM_DIRECT = """
    INSERT INTO rooms (room_id, title, type, greeted_at) VALUES (%s, '', 'direct', now())
    ON CONFLICT (room_id) DO UPDATE SET greeted_at = now() WHERE rooms.greeted_at IS NULL RETURNING room_id
"""
_IS_GREETED = text("SELECT greeted_at IS NOT NULL FROM rooms WHERE room_id = :room_id")
_NOT_GREETED = text("UPDATE rooms SET greeted_at = NULL WHERE room_id = :room_id")
_REFUSE = text("""
    UPDATE outbox SET state = 'refused', error = :error
    WHERE lane = :room_id AND state IN ('pending', 'sending') RETURNING id
""")
_RESTING = text("""
    SELECT (SELECT count(*) FROM subscriptions WHERE room_id = :room_id),
           (SELECT count(*) FROM schedules WHERE room_id = :room_id)
""")
_NOT_THERE = "I am not in this room any more."
_FAREWELL = (
    "👋 Thank you for having me. I may stay only in rooms of my own house, and {stranger}, so I leave again. I am "
    "run by {owners}: they can say more."
)
_NAMED = 3
"""How many owners are named; of more only the number is told."""
_MOST_GREETED = 10_000
_HOUR, _DAY = 3600.0, 86_400.0


class House(RoomServices, Protocol):
    """`bot.commands.context.Services`, as far as it is needed here."""

    @property
    def settings(self) -> Settings:
        """Who the owners are."""

    @property
    def audit_keys(self) -> SealKeys:
        """What the rows of the audit trail are sealed with."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """The bot was added to a group room: by whom (None: Webex does not say) and when, by Webex's clock."""

    key: str
    """The same when the same event is handled again."""
    room_id: str
    added_by: str | None
    joined: datetime | None
    correlation_id: str


@dataclass(frozen=True, slots=True)
class Stranger:
    """Why the bot may not stay: who does not belong to the house, as an e-mail, and a clause that says so."""

    email: str
    says: str


class Guest:
    """How the bot behaves in other people's rooms. Safe to share between threads."""

    def __init__(self, services: House, me_id: str, me_email: str, me_name: str) -> None:
        self._services = services
        self._me_id = me_id
        self._me_email = me_email
        self._me_name = me_name
        self._names = Answers(self._ask_name, seconds=_HOUR, stale=_DAY, most=50, now=time.monotonic)
        self._lock = threading.Lock()
        self._greeted: set[str] = set()

    @property
    def _guests(self) -> Guests:
        return self._services.policies.file.guests

    # Staying or not

    def stranger(self, invitation: Invitation) -> tuple[Room, Stranger] | None:
        """The room and the reason, where the bot may not stay; None where it may.

        Whoever added the bot and whoever made the room must belong to the house; the bot itself does. One whom
        Webex does not know any more does not count, unless there is nobody else. Raises WebexError.
        """
        if not self._guests.leave_others:
            return None
        room = self._services.webex.get_room(invitation.room_id)
        roles = {room.creator_id: "made this one", invitation.added_by: "added me"}
        people = [
            (person, role)
            for person_id, role in roles.items()
            if person_id not in (None, self._me_id) and (person := self._person(str(person_id)))
        ]
        for person, role in people:
            if not self._guests.is_of_the_house(person.email, person.organisation_id):
                return room, Stranger(person.email, f"{quote(person.display_name)}, who {role}, is not of it")
        if not people and room.creator_id != self._me_id:
            return room, Stranger("", "I cannot see who added me")
        return None

    def leave(self, invitation: Invitation, room: Room, stranger: Stranger) -> audit.Entry:
        """Say one polite line, leave, and read what came of it; returns the row for the audit trail.

        The line is said once however often this is tried, but where the bot is killed in the very moment. Raises
        WebexError: it may then be tried again.
        """
        started = time.monotonic()
        self._say_farewell(invitation, stranger)
        try:
            came_to = act(self._services.webex, room, "leave", self._me_email).fate.value
        except Unverified as error:
            came_to = f"asked to leave, and not seen to ({error.error})"
        log.info("room.declined", room=room.id, because=stranger.says, came_to=came_to)
        return audit.Entry(
            request_key=f"event:{invitation.key}",
            correlation_id=invitation.correlation_id,
            entry="event",
            person=stranger.email or self._me_email,
            room_id=room.id,
            command="room leave",
            line=self._services.redactor.redact(f"added to {room.title}"),
            decision="allowed",
            rule="guests: leave_others",
            result=self._services.redactor.redact(f"{came_to}: {stranger.says}"),
            duration_ms=round((time.monotonic() - started) * 1000),
        )

    def _say_farewell(self, invitation: Invitation, stranger: Stranger) -> None:
        """Posted at once and not by the outbox: when that is sent, the bot is not there any more."""
        words = _FAREWELL.format(stranger=stranger.says, owners=self._owners())
        with self._services.database.transaction() as session:
            if not _is_first(session, invitation):
                return
            try:
                self._services.webex.post_message(
                    invitation.room_id, markdown=safe(words, self._services.redactor)
                )
            except (Forbidden, BadRequest) as error:  # read-only, or for announcements only
                log.info("room.declined_silently", room=invitation.room_id, error=str(error))

    def _person(self, person_id: str) -> Person | None:
        try:
            return self._services.webex.get_person(person_id)
        except NotFound:
            log.info("room.invited_by_nobody_known", person=person_id)
            return None

    # Greeting

    def greeting(self, *, direct: bool) -> str:
        """The words of a greeting, as they are to be stored; empty where there shall be none."""
        hears = "" if direct else "In this room I hear only what mentions me."
        filled = {
            "{name}": quote(self._me_name),
            "{owners}": self._owners(),
            "{help}": "`help`" if direct else f"`@{self._me_name} help`",
            "{hears}": hears,
        }
        words = self._guests.greeting
        for placeholder, value in filled.items():
            words = words.replace(placeholder, value)
        return words.strip()

    def greet(self, session: Session, invitation: Invitation, words: str) -> tuple[str, ...]:
        """Greet a group room the bot was added to, unless it was greeted since; returns the lanes now due.

        A room the bot has made by itself is not greeted: whoever asked for it knows.
        """
        if not words or invitation.added_by == self._me_id or not _is_first(session, invitation):
            return ()
        return (self._enqueue(session, invitation.room_id, invitation.key, words, invitation.correlation_id),)

    def first_words(self, room_id: str) -> str:
        """What to greet a direct room with, in which somebody has just written; empty where that is done."""
        with self._lock:
            if room_id in self._greeted:
                return ""
        with self._services.database.transaction() as session:
            if session.scalar(_IS_GREETED, {"room_id": room_id}):
                self._remember(room_id)
                return ""
        return self.greeting(direct=True)

    def greet_person(self, session: Session, room_id: str, words: str, key: str, correlation_id: str) -> None:
        """Greet somebody in their direct room ahead of the answer to their first message, unless that is done."""
        if driver_connection(session).execute(_CLAIM_DIRECT, (room_id,)).fetchone() is not None:
            self._enqueue(session, room_id, key, words, correlation_id)

    def _enqueue(self, session: Session, room_id: str, key: str, words: str, correlation_id: str) -> str:
        message = Outgoing(
            key=f"greeting:{key}", markdown=words, room_id=room_id, correlation_id=correlation_id
        )
        return enqueue(session, message, self._services.redactor)

    def _remember(self, room_id: str) -> None:
        with self._lock:
            if len(self._greeted) >= _MOST_GREETED:
                self._greeted.clear()
            self._greeted.add(room_id)

    def _owners(self) -> str:
        """The owners by name, or by e-mail while Webex tells no name."""
        owners = self._services.settings.admins
        names = [quote(self._names.of(each) or each) for each in owners[:_NAMED]]
        if len(owners) > _NAMED:
            names.append(f"{len(owners) - _NAMED} more")
        return _and(names) or "people who have not left their names with me"

    def _ask_name(self, email: str) -> str:
        """Raises WebexError."""
        found = self._services.webex.find_people(email=email)
        return found[0].display_name if found else email


def rest(session: Session, room_id: str) -> None:
    """Let everything about a room rest that the bot is not in any more, and tell it in the log.

    What was still to be sent there ends as refused. Subscriptions and schedules stay, and go on when the bot is
    added again; then it greets again, too.
    """
    refused = len(session.execute(_REFUSE, {"room_id": room_id, "error": _NOT_THERE}).all())
    session.execute(_NOT_GREETED, {"room_id": room_id})
    subscriptions, schedules = session.execute(_RESTING, {"room_id": room_id}).one()
    log.info(
        "room.left", room=room_id, messages_refused=refused, subscriptions=subscriptions, schedules=schedules
    )


def _is_first(session: Session, invitation: Invitation) -> bool:
    """Whether nobody has spoken for this joining yet; from now on somebody has."""
    claimed = session.execute(_CLAIM, {"room_id": invitation.room_id, "joined": invitation.joined})
    return claimed.first() is not None


def _and(names: Iterable[str]) -> str:
    *others, last = [*names] or [""]
    return f"{', '.join(others)} and {last}" if others else last
