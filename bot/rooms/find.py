"""One room by what a person calls it: `this`, its id, its title or a glob that only one title meets."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Protocol

from sqlalchemy import select

from bot.access.matching import glob, is_glob
from bot.outbound.quoting import code, quote
from bot.rooms.listing import pages
from bot.rooms.patience import Patience
from bot.store.database import Database
from bot.store.models import KnownRoom
from bot.webex import NotFound, Room, RoomType, WebexClient

_HERE = frozenset({"this", "here"})
_ID_BEGINS = "Y2lzY29zcGFyazovL"
"""What every id of Webex begins with (`ciscospark://` in Base64); beyond that an id is opaque."""
_KEPT = 60.0
"""Seconds for which titles are believed; what they find is read from Webex before it is used."""
_PATIENCE = 5.0
_PATIENCE_FOR_ALL = 10.0
_NEAREST = 5


class NoRoomFound(Exception):
    """No one room is meant by a word; the text says why, and what to say instead."""


class NoSuchRoom(NoRoomFound):
    """The bot is in no room of that name; `near` are some whose titles may have been meant."""

    def __init__(self, says: str, near: Sequence[Titled] = ()) -> None:
        super().__init__(says)
        self.near = tuple(near)


class SeveralRooms(NoRoomFound):
    """A word means more rooms than one; `rooms` are all of them."""

    def __init__(self, word: str, rooms: Sequence[Titled]) -> None:
        what = f"fit {code(word)}" if is_glob(word) else f"are called **{quote(word)}**"
        super().__init__(f"{len(rooms)} of my rooms {what}. Say which by its id.")
        self.rooms = tuple(rooms)


@dataclass(frozen=True, slots=True)
class Titled:
    """A room as far as its title tells."""

    id: str
    title: str
    type: RoomType


@dataclass(slots=True)
class Titles:
    """The titles of all the bot's rooms, listed at most once a minute. Safe to share between threads."""

    seconds: float = _KEPT
    now: Callable[[], float] = time.monotonic
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _listed_at: float = float("-inf")
    _rooms: tuple[Titled, ...] = ()

    def of(self, webex: WebexClient, *, anew: bool = False) -> tuple[Titled, ...]:
        """The titles, not older than a minute; with `anew`, listed for whoever asks now. Raises WebexError."""
        asked_at = self.now()
        with self._lock:  # who waits here for another's listing takes that
            if self._listed_at < (asked_at if anew else asked_at - self.seconds):
                every = pages(webex, Patience(_PATIENCE_FOR_ALL))
                self._rooms = tuple(Titled(room.id, room.title, room.type) for page in every for room in page)
                self._listed_at = self.now()
            return self._rooms

    def kept(self, room_id: str) -> Titled | None:
        """The room of an id, where it is known without asking."""
        with self._lock:
            is_new = self._listed_at >= self.now() - self.seconds
            return next((each for each in self._rooms if each.id == room_id), None) if is_new else None

    def forget(self) -> None:
        """Rooms have come, gone or got another title: list them when they are needed next."""
        with self._lock:
            self._listed_at = float("-inf")


class Finding(Protocol):
    """What finding needs of the services."""

    @property
    def webex(self) -> WebexClient:
        """The bot's own account."""

    @property
    def database(self) -> Database:
        """Where former ids are known."""

    @property
    def titles(self) -> Titles:
        """The bot's rooms by title."""


class Here(Protocol):
    """Where it was asked."""

    @property
    def room_id(self) -> str | None:
        """The room's id, None outside of rooms."""


def is_id(word: str) -> bool:
    """Whether a word is a room's id: then it is no title, whoever calls a room so."""
    return word.startswith(_ID_BEGINS)


def find(services: Finding, word: str, place: Here) -> Room:
    """The room that is meant by `word` when said in `place`, read from Webex now.

    Capitals make no difference in a title, which goes before a glob. An id that a room had before it migrated
    still finds it. Raises NoSuchRoom, SeveralRooms, WebexError.
    """
    if word.casefold() in _HERE or is_id(word):
        return read(services, _id_of(word, place))
    found = named(services, word)
    try:
        room = _get(services, found.id)
    except NotFound:
        room = None
    if room is not None and room.title == found.title:
        return room
    services.titles.forget()  # renamed, left or migrated since its title was listed
    return _get(services, named(services, word).id)


def read(services: Finding, room_id: str) -> Room:
    """The room of an id, present or former. Raises NoSuchRoom, WebexError."""
    try:
        return _get(services, room_id)
    except NotFound as error:
        with services.database.transaction() as session:
            moved = session.scalars(
                select(KnownRoom.room_id).where(KnownRoom.former_ids.contains({"ids": [room_id]}))
            ).first()
        if moved is None:
            raise NoSuchRoom(
                f"I am in no room of the id {code(room_id)}, or not any more. `room list` shows my rooms."
            ) from error
        return _get(services, moved)


def identify(services: Finding, word: str, place: Here) -> Titled:
    """As `find`, from what is known of titles: for the policy, which decides by title and id.

    Whoever acts on it reads the room itself. Raises NoSuchRoom, SeveralRooms, WebexError.
    """
    if word.casefold() not in _HERE and not is_id(word):
        return named(services, word)
    room_id = _id_of(word, place)
    if kept := services.titles.kept(room_id):
        return kept
    room = read(services, room_id)
    return Titled(room.id, room.title, room.type)


def named(services: Finding, title: str) -> Titled:
    """The one room of this title, or the one that a glob meets. Raises NoSuchRoom, SeveralRooms, WebexError."""
    found = meant_by(title, services.titles.of(services.webex))
    if not found:  # perhaps it is new
        rooms = services.titles.of(services.webex, anew=True)
        found = meant_by(title, rooms)
        if not found:
            what = f"whose title fits {code(title)}" if is_glob(title) else f"of the title {code(title)}"
            raise NoSuchRoom(f"I am in no room {what}.", near(title, rooms))
    if len(found) > 1:
        raise SeveralRooms(title, found)
    return found[0]


def meant_by(title: str, rooms: Sequence[Titled]) -> tuple[Titled, ...]:
    """The rooms of this title or, where none is, those that it meets as a glob. Pure."""
    folded = title.strip().casefold()
    exact = tuple(each for each in rooms if each.title.strip().casefold() == folded)
    if exact or not is_glob(title):
        return exact
    test = glob(title)
    return tuple(each for each in rooms if test(each.title.casefold()))


def near(title: str, rooms: Sequence[Titled]) -> tuple[Titled, ...]:
    """Rooms that may have been meant: those with these words in their title, then those spelt much like it. Pure."""
    folded = title.strip().casefold()
    by_title = {each.title.casefold(): each for each in rooms}
    held = [each for each in by_title if folded in each]
    alike = get_close_matches(folded, by_title, _NEAREST)
    return tuple(by_title[each] for each in dict.fromkeys([*held[:_NEAREST], *alike]))[:_NEAREST]


def _get(services: Finding, room_id: str) -> Room:
    return Patience(_PATIENCE).ask(lambda: services.webex.get_room(room_id))


def _id_of(word: str, place: Here) -> str:
    if is_id(word):
        return word
    if place.room_id is None:
        raise NoSuchRoom(f"{code(word)} was said in no room. Name the room by its title or its id.")
    return place.room_id
