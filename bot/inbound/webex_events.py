"""Webex events become requests: fetch what the webhook left out, read the line, know the place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from bot.commands.forms import UnreadableAnswer, words_of_submission
from bot.commands.model import Entry, Place, Request
from bot.commands.normalise import normalise
from bot.inbound.identity import Identity, is_noise
from bot.inbound.rooms import Rooms
from bot.webex import Message, WebexClient

_FRESH = 60.0
"""Seconds for which a message proves that its writer is in the room; after that Webex is asked."""


@dataclass(frozen=True, slots=True)
class Ignored:
    """Nothing is to be done, and why."""

    reason: str
    state: str = "ignored"


class WebexEvents:
    """Reads events with the bot's own eyes."""

    def __init__(
        self, webex: WebexClient, rooms: Rooms, me: Identity, *, allowed_bots: tuple[str, ...], max_age: float
    ) -> None:
        self._webex = webex
        self._rooms = rooms
        self._me = me
        self._allowed_bots = allowed_bots
        self._max_age = max_age
        self._email_of = lru_cache(maxsize=4096)(self._ask_email)

    def request(
        self, payload: Mapping[str, Any], correlation_id: str, *, replayed: bool
    ) -> Request | Ignored:
        """The request an event stands for.

        Raises WebexError: NotFound when Webex does not know the message (yet), others as they come.
        """
        if is_noise(payload, self._me, self._allowed_bots):
            return Ignored("from the bot itself or another bot")
        age = _age(payload)
        if not replayed and age is not None and age > self._max_age:
            return Ignored(f"{age:.0f} s old, more than {self._max_age:.0f} s", "stale")
        present = not replayed and age is not None and age < _FRESH
        match payload["resource"], payload["event"]:
            case "messages", "created":
                return self._from_message(payload["data"]["id"], correlation_id, present)
            case "attachmentActions", "created":
                return self._from_action(payload["data"]["id"], correlation_id, present)
        return Ignored(f"{payload['resource']} {payload['event']} asks for nothing")

    @property
    def me(self) -> Identity:
        """Who the bot is."""
        return self._me

    def _from_message(self, message_id: str, correlation_id: str, present: bool) -> Request | Ignored:
        message = self._webex.get_message(message_id)
        if message.person_id == self._me.id:
            return Ignored("from the bot itself")
        if message.room_type == "group" and self._me.id not in message.mentioned_people:
            return Ignored("the bot is not mentioned")
        line = normalise(
            message.text or "",
            html=message.html,
            mentioned_people=message.mentioned_people,
            bot_id=self._me.id,
            bot_names=(self._me.display_name,),
        )
        return Request(
            key=f"webex:{message.id}",
            entry=Entry.TEXT,
            person=message.person_email,
            place=self._place(message.room_id, message.room_type),
            line=line,
            parent_id=_thread(message),
            correlation_id=correlation_id,
            received_at=message.created,
            message_id=message.id,
            present=present,
        )

    def _from_action(self, action_id: str, correlation_id: str, present: bool) -> Request | Ignored:
        action = self._webex.get_attachment_action(action_id)
        line = ""
        try:
            words = words_of_submission(action.inputs)
        except UnreadableAnswer as error:
            words, line = (), error.line  # refused as the same line typed would be, in words
        except ValueError as error:
            return Ignored(f"a card of mine that cannot be read: {error}")
        if words is None:
            return Ignored("not a card of mine")
        card = self._webex.get_message(action.message_id)
        return Request(
            key=f"webex-action:{action.id}",
            entry=Entry.CARD,
            person=self._email_of(action.person_id),
            place=self._place(action.room_id, card.room_type),
            words=words,
            line=line,
            parent_id=_thread(card),
            correlation_id=correlation_id,
            message_id=card.id,
            present=present,
        )

    def _place(self, room_id: str, room_type: str | None) -> Place:
        if room_type == "direct":
            return Place((room_id,), "", "direct")
        return self._rooms.place(room_id)

    def _ask_email(self, person_id: str) -> str:
        return self._webex.get_person(person_id).email


def _thread(message: Message) -> str | None:
    """Answers go into the thread; alone with a person they stand as a plain reply unless they wrote in one."""
    return message.parent_id if message.room_type == "direct" else message.thread_id


def _age(payload: Mapping[str, Any]) -> float | None:
    """Seconds since the thing happened, by Webex's own clock; None where it does not say."""
    created = payload["data"].get("created")
    if payload["event"] != "created" or not isinstance(created, str):
        return None
    try:
        happened = datetime.fromisoformat(created)
    except ValueError:
        return None
    if happened.tzinfo is None:
        happened = happened.replace(tzinfo=UTC)
    return (datetime.now(UTC) - happened).total_seconds()
