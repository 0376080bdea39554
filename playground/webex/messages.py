"""Messages and the rules for posting, reading, editing and deleting them.

Sources: developer.webex.com (messages, bots). The sentence about 7,439 characters is the real server's, as
quoted in nautobot-app-chatops#2, "Failed to get activity." too, as quoted in agent-messenger#233.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from playground.webex import markdown
from playground.webex.bus import Bus
from playground.webex.clock import Clock, timestamp
from playground.webex.contents import Contents, Upload
from playground.webex.errors import BadRequest, Forbidden, NotFound
from playground.webex.identifiers import opaque, random_key
from playground.webex.memberships import Memberships
from playground.webex.paging import Page, Window, take
from playground.webex.people import People
from playground.webex.records import Message, Person, Room
from playground.webex.rooms import Rooms
from playground.webex.roster import Roster

MAX_BYTES = 7439
MAX_EDITS = 10
TOO_LONG = "Message length limited to 7439 characters before encryption and 10000 characters after encryption"
CARD_TYPE = "application/vnd.microsoft.card.adaptive"
CARD_VERSIONS = ("1.0", "1.1", "1.2", "1.3")


@dataclass(frozen=True, slots=True)
class Draft:
    """What a caller wants to post. `files_base` is the absolute URL under which uploads can be fetched."""

    text: str | None = None
    markdown: str | None = None
    parent_id: str | None = None
    upload: Upload | None = None
    files_base: str = ""
    cards: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Selection:
    """Which messages of a room to list: replies to a parent, mentions of a person, those before a moment."""

    parent_id: str | None = None
    mentioned: str | None = None
    before: str | None = None
    before_message: str | None = None


class Messages:
    """All messages, in order per room."""

    def __init__(
        self,
        clock: Clock,
        bus: Bus,
        people: People,
        roster: Roster,
        rooms: Rooms,
        memberships: Memberships,
        contents: Contents,
    ) -> None:
        self._clock = clock
        self._bus = bus
        self._people = people
        self._roster = roster
        self._rooms = rooms
        self._memberships = memberships
        self._contents = contents
        self._sequence = count(1)
        self._by_id: dict[str, Message] = {}
        self._ids: dict[int, str] = {}
        self._in_room: dict[str, list[int]] = {}
        rooms.on_gone(self._forget_room)
        rooms.on_migrated(self._move_room)

    def post(self, caller: Person, room: Room, draft: Draft) -> Message:
        """Post into a room of the caller's and return the message.

        Raises BadRequest for an empty or too long message, a bad card or parent; Forbidden for a room that is
        read-only or takes announcements from its moderators only.
        """
        self._check_may_post(caller, room)
        _check_draft(draft)
        self._check_parent(room, draft.parent_id)
        key = random_key()
        moment = timestamp(self._clock())
        message = Message(
            id=opaque("MESSAGE", key),
            room_id=room.id,
            room_type=room.type,
            author=caller,
            created=moment,
            sequence=next(self._sequence),
            parent_id=draft.parent_id,
            cards=draft.cards,
        )
        message = self._with_words(message, draft.text, draft.markdown)
        if draft.upload:
            content = self._contents.keep(message.id, key, draft.upload)
            message = replace(message, files=(draft.files_base + content.id,))
        self._insert(message)
        self._rooms.touch(room.id, moment)
        if room.type == "direct":
            self._memberships.unhide(room)
        self._publish("created", caller, message)
        return message

    def get(self, caller: Person, message_id: str) -> Message:
        """Return a message the caller may read. Raises NotFound."""
        message = self._by_id.get(message_id)
        if message is None or not self.visible(caller, message):
            raise NotFound("Unable to get message.")
        return message

    def visible(self, viewer: Person, message: Message) -> bool:
        """Whether somebody may read a message: a member; a bot in a group room only its own and its mentions.

        @all does not count: "In group spaces, bots must be @mentioned to access the message" (Bots guide)
        names the bot itself; what a group mention does is not documented.
        """
        if not self._roster.is_member(message.room_id, viewer.id):
            return False
        if not viewer.is_bot or message.room_type == "direct":
            return True
        return viewer.id == message.author.id or viewer.id in message.mentioned_people

    def list(self, caller: Person, room: Room, asked: Window, selection: Selection) -> Page[Message]:
        """Return one page of a room's messages, newest first.

        Raises Forbidden when a bot lists a group room without asking for its own mentions, NotFound for a
        `before_message` that is not in this room.
        """
        mentioned = self._mentioned(caller, selection.mentioned)
        if caller.is_bot and room.type == "group" and mentioned is None:
            raise Forbidden("Failed to get activity.")
        found = (
            message
            for message in self._backwards(room.id, self._upper_bound(room, asked, selection))
            if selection.parent_id in (None, message.parent_id)
            and (mentioned is None or mentioned in message.mentioned_people)
            and (selection.before is None or message.created < selection.before)
        )
        return take(found, lambda message: (message.sequence,), asked)

    def edit(
        self, caller: Person, message_id: str, room_id: str, text: str | None, source: str | None
    ) -> Message:
        """Replace the words of one's own message and return it.

        Raises Forbidden for another's message; BadRequest for the wrong room, no or too many words, a message
        with a file or a card, and after ten edits.
        """
        message = self.get(caller, message_id)
        if message.author.id != caller.id:
            raise Forbidden("Only the author of a message can edit it.")
        if message.room_id != room_id:
            raise BadRequest("roomId is not the room of this message.")
        if message.files or message.cards:
            raise BadRequest("Editing messages with files or attachments is currently unsupported.")
        if message.edits >= MAX_EDITS:
            raise BadRequest(f"The edit limit has been reached: a message can be edited {MAX_EDITS} times.")
        _check_draft(Draft(text=text, markdown=source))
        self._check_may_post(caller, self._rooms.get(caller, room_id))
        bare = replace(message, edits=message.edits + 1, updated=timestamp(self._clock()))
        edited = self._with_words(bare, text, source)
        self._by_id[message.id] = edited
        self._publish("updated", caller, edited)
        return edited

    def delete(self, caller: Person, message_id: str) -> None:
        """Delete one's own message, or as moderator any in the room. Raises Forbidden for another's."""
        message = self.get(caller, message_id)
        seat = self._roster.of(message.room_id, caller.id)
        if message.author.id != caller.id and not (seat and seat.is_moderator):
            raise Forbidden("Only the author or a moderator can delete a message.")
        self._remove(message)
        self._publish("deleted", caller, message)

    def _publish(self, name: str, actor: Person, message: Message) -> None:
        self._bus.publish("messages", name, actor.id, message, self._roster.member_ids(message.room_id))

    def _check_may_post(self, caller: Person, room: Room) -> None:
        if room.is_read_only:
            raise Forbidden("This room is read-only: nobody can post into it.")
        if room.is_announcement_only:
            self._rooms.require_moderator(room, caller, "post announcements")

    def _check_parent(self, room: Room, parent_id: str | None) -> None:
        if parent_id is None:
            return
        parent = self._by_id.get(parent_id)
        if parent is None or parent.room_id != room.id:
            raise BadRequest("parentId is not a message of this room.")
        if parent.parent_id is not None:
            raise BadRequest("parentId must be the first message of a thread, not a reply.")

    def _with_words(self, message: Message, text: str | None, source: str | None) -> Message:
        if source is None:
            return replace(
                message, text=text, markdown=None, html=None, mentioned_people=(), mentioned_groups=()
            )
        rendered = markdown.render(source, lambda kind, who: self._mentionable(message.room_id, kind, who))
        return replace(
            message,
            text=text if text is not None else rendered.text,
            markdown=source,
            html=rendered.html,
            mentioned_people=rendered.mentioned_people,
            mentioned_groups=rendered.mentioned_groups,
        )

    def _mentionable(self, room_id: str, kind: str, who: str) -> markdown.Mentioned | None:
        person = self._people.find(who) if kind == "personEmail" else self._people.known(who)
        if person is None or not self._roster.is_member(room_id, person.id):
            return None
        return markdown.Mentioned(person.id, person.first_name)

    def _mentioned(self, caller: Person, asked: str | None) -> str | None:
        if asked is None:
            return None
        if asked not in ("me", caller.id):
            raise BadRequest("mentionedPeople can only be 'me' or the id of the caller.")
        return caller.id

    def _upper_bound(self, room: Room, asked: Window, selection: Selection) -> int | None:
        bounds = [int(asked.after[0])] if asked.after else []
        if selection.before_message is not None:
            message = self._by_id.get(selection.before_message)
            if message is None or message.room_id != room.id:
                raise NotFound("beforeMessage is not a message of this room.")
            bounds.append(message.sequence)
        return min(bounds, default=None)

    def _backwards(self, room_id: str, below: int | None) -> Iterator[Message]:
        sequences = self._in_room.get(room_id, [])
        end = len(sequences) if below is None else bisect_left(sequences, below)
        return (self._by_id[self._ids[sequences[index]]] for index in range(end - 1, -1, -1))

    def _insert(self, message: Message) -> None:
        self._by_id[message.id] = message
        self._ids[message.sequence] = message.id
        insort(self._in_room.setdefault(message.room_id, []), message.sequence)

    def _remove(self, message: Message) -> None:
        sequences = self._in_room[message.room_id]
        del sequences[bisect_left(sequences, message.sequence)]
        del self._ids[message.sequence]
        del self._by_id[message.id]
        self._contents.drop_of(message.id)

    def _forget_room(self, room_id: str) -> None:
        for sequence in list(self._in_room.get(room_id, ())):
            self._remove(self._by_id[self._ids[sequence]])
        self._in_room.pop(room_id, None)

    def _move_room(self, old_room_id: str, new_room_id: str) -> None:
        self._in_room[new_room_id] = self._in_room.pop(old_room_id, [])
        for sequence in self._in_room[new_room_id]:
            message_id = self._ids[sequence]
            self._by_id[message_id] = replace(self._by_id[message_id], room_id=new_room_id)


def _check_draft(draft: Draft) -> None:
    for words in (draft.text, draft.markdown):
        if words is not None and len(words.encode()) > MAX_BYTES:
            raise BadRequest(TOO_LONG)
    if not (draft.text or draft.markdown or draft.upload or draft.cards):
        raise BadRequest("A message needs text, markdown, a file or a card.")
    if draft.upload and draft.cards:
        raise BadRequest("A message can carry a file or a card, not both.")
    if len(draft.cards) > 1:
        raise BadRequest("Only one card per message is supported.")
    for card in draft.cards:
        _check_card(card)


def _check_card(card: Mapping[str, Any]) -> None:
    content = card.get("content")
    if card.get("contentType") != CARD_TYPE or not isinstance(content, Mapping):
        raise BadRequest(f"An attachment needs contentType '{CARD_TYPE}' and a content object.")
    if content.get("type") != "AdaptiveCard":
        raise BadRequest("The content of an attachment must be of type 'AdaptiveCard'.")
    if content.get("version") not in CARD_VERSIONS:
        raise BadRequest(
            f"Adaptive Card version {content.get('version')!r} is not supported; use 1.3 or below."
        )
