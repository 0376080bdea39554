"""Requests that were stored before they are carried out: approved ones, and scheduled ones."""

from __future__ import annotations

from dataclasses import replace

from bot.access import api_tokens, approvals
from bot.commands.model import Entry, Outcome, Place, Reply, Request
from bot.commands.normalise import normalise
from bot.inbound.inbox import Event
from bot.inbound.rooms import Rooms
from bot.inbound.webex_events import Ignored
from bot.outbound.quoting import code, quote
from bot.runs import schedules
from bot.store.database import Database
from bot.store.models import Schedule


def approved_request(database: Database, rooms: Rooms, event: Event) -> Request:
    """The request that others have agreed to, as it was asked: by whom, where, and by which door.

    Raises WebexError where Webex must be asked about the room and does not answer.
    """
    with database.transaction() as session:
        asked = approvals.request_of(session, event.payload["code"])
        scope = api_tokens.scope_of(session, asked.token_id) if asked.token_id else None
    return Request(
        key=f"approval:{asked.code}",
        entry=Entry(asked.entry),
        person=asked.person,
        place=_place(rooms, asked.room_id, asked.room_type),
        words=asked.words,
        parent_id=asked.parent_id,
        correlation_id=asked.correlation_id,
        scope=scope,
        confirmed=asked.confirmed,
        approved=asked.code,
    )


def scheduled_request(database: Database, rooms: Rooms, event: Event) -> Request | Ignored:
    """The command of a schedule, at one of its slots.

    Raises WebexError where Webex must be asked about the room and does not answer.
    """
    name = event.payload["schedule"]
    with database.transaction() as session:
        schedule = session.get(Schedule, name)
    if schedule is None or schedule.line is None or schedule.person_email is None:
        return Ignored(f"there is no schedule {name!r} any more")
    if schedule.paused is not None:
        return Ignored(f"the schedule {name!r} is paused: {schedule.paused}")
    return Request(
        key=f"schedule:{name}:{event.payload['slot']}",
        entry=Entry.SCHEDULE,
        person=schedule.person_email,
        place=_place(rooms, schedule.room_id, "group"),
        line=normalise(schedule.line),
        correlation_id=event.correlation_id,
    )


def paused(database: Database, event: Event, request: Request, outcome: Outcome) -> Outcome:
    """Pause the schedule whose command was denied; its room is told why, and how it goes on."""
    name, why = event.payload["schedule"], outcome.reason
    with database.transaction() as session:
        schedules.pause(session, name, why)
    text = (
        f"⏸ I paused the schedule {code(name)} of **{quote(request.person)}**: {why} "
        f"`schedule resume {name}` starts it again once that is settled."
    )
    return replace(outcome, replies=(Reply(text),))


def _place(rooms: Rooms, room_id: str | None, room_type: str) -> Place:
    if room_id is None:
        return Place()
    if room_type == "direct":
        return Place((room_id,), "", "direct")
    return rooms.place(room_id)
