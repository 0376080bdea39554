"""Rooms as commands name them: found, told apart, and shown to the policy by title and id."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from typing import Any

from bot.access.policy import Question
from bot.commands.context import Context
from bot.commands.model import CommandError, join_words
from bot.commands.parse import words_of
from bot.commands.tables import utc
from bot.outbound.quoting import code, quote
from bot.rooms.find import NoRoomFound, NoSuchRoom, SeveralRooms, Titled, find, identify, is_id
from bot.rooms.listing import kind_of
from bot.webex import NotFound, Room, WebexClient, WebexError

MOST_COUNTED = 1000
"""Members that are counted; of more it is said that they are more."""
_TOLD_APART = 5
_LONGEST_REASON = 600


@contextmanager
def in_words() -> Iterator[None]:
    """Have what Webex refuses told to whoever asked. Raises CommandError."""
    try:
        yield
    except WebexError as error:
        raise CommandError(reason(error)) from error


def reason(error: WebexError) -> str:
    """What was attempted and what came back, as markdown."""
    return quote(str(error), _LONGEST_REASON)


def room_named(context: Context, word: str) -> Room:
    """The room that a word of the request means, read from Webex now. Raises CommandError."""
    with in_words():
        try:
            return find(context.services, word, context.request.place)
        except NoRoomFound as error:
            raise CommandError(_explained(error, word, context)) from error


def known_room(context: Context, word: str) -> Titled:
    """As `room_named`, from what is known of titles, for what the policy is asked. Raises CommandError.

    An id of no room of the bot's stands for a room without a title: what becomes of it the command says.
    """
    with in_words():
        try:
            return identify(context.services, word, context.request.place)
        except NoRoomFound as error:
            if is_id(word):
                return Titled(word, "", "group")
            raise CommandError(_explained(error, word, context)) from error


def room_or_gone(context: Context, word: str) -> tuple[Room, bool]:
    """As `room_named`, and whether the room is there; one whose id is of none has no title. Raises CommandError."""
    with in_words():
        try:
            return find(context.services, word, context.request.place), True
        except NoRoomFound as error:
            if is_id(word):
                return Room(word, "", "group"), False
            raise CommandError(_explained(error, word, context)) from error


def resolve_room(context: Context, parameters: Mapping[str, Any]) -> Mapping[str, tuple[str, ...]]:
    """What the parameter `room`, one word or several, really means: `room` are titles, `room.id` the ids.

    A title tells a rule's writer more, and an id cannot be given to another room. Raises CommandError.
    """
    given = parameters["room"]
    words = (given,) if isinstance(given, str) else given or ("this",)
    return as_arguments(known_room(context, word) for word in words)


def as_arguments(rooms: Iterable[Titled]) -> dict[str, tuple[str, ...]]:
    """Rooms as arguments the policy is asked about. A direct room's title is anybody's own name, so it is none."""
    each = [(room.id, "direct" if room.type == "direct" else room.title) for room in rooms]
    return {"room": tuple(title for _, title in each), "room.id": tuple(room_id for room_id, _ in each)}


def called(room: Room | Titled) -> str:
    """A room in a sentence."""
    title = f"**{quote(room.title)}**" if room.title else code(room.id)
    return f"{title} (direct)" if room.type == "direct" else title


def traits(room: Room, members: str = "") -> str:
    """What tells a room from others of its title: `team, moderated, made 2026-01-02, last active …, 3 members`."""
    parts = (
        kind_of(room),
        f"made {day(room.created)}" if room.created else "",
        f"last active {day(room.last_activity)}" if room.last_activity else "",
        members,
    )
    return ", ".join(filter(None, parts))


def counted_members(webex: WebexClient, room_id: str) -> str:
    """How many are in a room: `3 members`. Raises WebexError."""
    count = sum(1 for _ in islice(webex.list_memberships(room_id), MOST_COUNTED + 1))
    if count > MOST_COUNTED:
        return f"more than {MOST_COUNTED:,} members"
    return counted(count, "member")


def counted(count: int, thing: str) -> str:
    """`1 room`, `2,000 rooms`."""
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def day(at: datetime) -> str:
    """A moment's day in UTC."""
    return utc(at, "%Y-%m-%d")


def _explained(error: NoRoomFound, word: str, context: Context) -> str:
    """What to say instead. Only rooms are named that the asker may run this command about."""
    if isinstance(error, SeveralRooms):
        told = [each for each in error.rooms if _may(each, context)]
        lines = [_told_apart(each, word, context) for each in told[:_TOLD_APART]]
        if len(told) > len(lines):
            lines.append(f"- … `room find {join_words((word,))}` shows more of them.")
        return "\n".join([str(error), "", *lines]) if lines else str(error)
    if isinstance(error, NoSuchRoom) and error.near:
        meant = [code(each.title) for each in error.near if _may(each, context)]
        return f"{error} Did you mean {' or '.join(meant)}?" if meant else str(error)
    return str(error)


def _told_apart(room: Titled, word: str, context: Context) -> str:
    line = code(_line_with(room.id, word, context), limit=1000)
    webex = context.services.webex
    try:
        read = webex.get_room(room.id)
        members = "" if read.type == "direct" else counted_members(webex, room.id)
    except NotFound:
        return f"- {called(room)}, which I have left meanwhile."
    return f"- {called(read)}: {traits(read, members)}. {line}"


def _line_with(room_id: str, word: str, context: Context) -> str:
    """The line that was typed, with the room's id where the word stood first behind the command's name."""
    request, name = context.request, len(context.command.words)
    words = request.words or words_of(request.line)
    assert isinstance(words, tuple)  # it was parsed before
    behind = list(words[name:])
    if word in behind:
        behind[behind.index(word)] = room_id
    return join_words((*words[:name], *behind))


def _may(room: Titled, context: Context) -> bool:
    """Whether the policy lets the asker run this command about that room."""
    services, request = context.services, context.request
    arguments = {**context.arguments, **as_arguments([room])}
    question: Question = services.question(context.command, request.person, request.place, arguments)
    return services.policy.decide(question).allowed
