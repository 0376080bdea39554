"""What Webex tells of rooms and memberships: kept, greeted, left or laid to rest."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import structlog
from sqlalchemy.orm import Session

from bot.access import audit
from bot.commands.context import Services
from bot.commands.model import Entry, Request
from bot.inbound import inbox
from bot.inbound.identity import Identity
from bot.inbound.inbox import Event
from bot.inbound.rooms import Rooms, follow_migration
from bot.rooms.fate import own_membership
from bot.rooms.guest import Guest, Invitation, rest

log = structlog.get_logger(__name__)

Lanes = tuple[str, ...]
_STILL_IN = "I am in this room: the news of my leaving is old"


class RoomEvents:
    """Handles the events of one bot. Safe to share between threads."""

    def __init__(self, services: Services, rooms: Rooms, me: Identity) -> None:
        self._services = services
        self._rooms = rooms
        self._me = me
        self._guest = Guest(services, me.id, me.email, me.display_name)

    def handle(self, event: Event) -> Lanes:
        """Follow what has changed, and end the event; returns the lanes in which something is due now.

        Raises WebexError where Webex must be asked about the room and does not answer.
        """
        data, kind = event.payload["data"], (event.payload["resource"], event.payload["event"])
        self._forget(data, kind[0])
        mine = data.get("personId") == self._me.id
        match kind:
            case "rooms", "migrated":
                return self._migrated(event, data)
            case "rooms", _:
                self._rooms.refresh(data["id"])
            case "memberships", "deleted" if mine:
                return self._removed(event, data["roomId"])
            case "memberships", "created" if mine:
                return self._added(event, data)
        return self._finish(event)

    def first_words(self, request: Request) -> str:
        """What to greet with ahead of the answer to this request; empty where it is not somebody's first message."""
        place = request.place
        if request.entry is not Entry.TEXT or place.type != "direct" or place.room_id is None:
            return ""
        return self._guest.first_words(place.room_id)

    def greet_person(self, session: Session, request: Request, words: str) -> None:
        """Store these first words in the room that the request came from, in which its answer is due as well."""
        if words and request.place.room_id is not None:
            room_id = request.place.room_id
            self._guest.greet_person(session, room_id, words, request.key, request.correlation_id)

    def _forget(self, data: Mapping[str, Any], resource: str) -> None:
        """Who is in a room and who moderates it may be different now (unlocked, it has no moderators), and titles."""
        if resource == "memberships":
            self._services.relations.forget(data["roomId"], data.get("personEmail"))
        else:
            self._services.relations.forget(data["id"])
        if resource == "rooms" or data.get("personId") == self._me.id:
            self._services.titles.forget()

    def _finish(self, event: Event, ignored: str | None = None) -> Lanes:
        with self._services.database.transaction() as session:
            inbox.finish(session, event, "ignored" if ignored else "done", ignored)
        return ()

    def _migrated(self, event: Event, data: Mapping[str, Any]) -> Lanes:
        old, new = data.get("migratedFrom") or data.get("oldRoomId"), data["id"]
        if not old:
            return self._finish(event, "a migration that does not say from where")
        with self._services.database.transaction() as session:
            changed = follow_migration(session, str(old), str(new))
            inbox.finish(session, event, "done")
        log.info("room.migrated", old=old, new=new, changed=changed)
        return ()

    def _added(self, event: Event, data: Mapping[str, Any]) -> Lanes:
        place = self._rooms.refresh(data["roomId"])
        if place.type == "direct":
            return self._finish(event)  # greeted when they write first, and not when the bot does
        invitation = Invitation(
            key=str(event.id),
            room_id=data["roomId"],
            added_by=event.payload.get("actorId"),
            joined=_moment(data.get("created")),
            correlation_id=event.correlation_id,
        )
        if found := self._guest.stranger(invitation):
            entry = self._guest.leave(invitation, *found)
            with self._services.database.transaction() as session:
                audit.record(session, entry, self._services.audit_keys)
                inbox.finish(session, event, "done")
            return ()
        words = self._guest.greeting(direct=False)
        with self._services.database.transaction() as session:
            lanes = self._guest.greet(session, invitation, words)
            inbox.finish(session, event, "done")
        return lanes

    def _removed(self, event: Event, room_id: str) -> Lanes:
        """Believed when Webex shows the same: events come late and in any order, and the bot may be back."""
        if own_membership(self._services.webex, room_id, self._me.email) is not None:
            return self._finish(event, _STILL_IN)
        with self._services.database.transaction() as session:
            self._rooms.left(session, room_id)
            rest(session, room_id)
            inbox.finish(session, event, "done")
        return ()


def _moment(written: object) -> datetime | None:
    """A moment as Webex writes it; None where it is none."""
    try:
        moment = datetime.fromisoformat(str(written))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
