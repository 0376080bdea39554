"""All of the bot's rooms, a thousand to a call, and of them what a list shows. Memory grows by that alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Literal

from bot.access.matching import glob, is_glob
from bot.rooms.idle import NOTHING_KNOWN, Idle, Known, idle
from bot.rooms.patience import Patience
from bot.webex import Room, RoomType, WebexClient

PAGE = 1000
"""Rooms to a call: the most that Webex gives (rooms/list-rooms)."""
Order = Literal["activity", "idle", "title", "created"]
FirstPage = tuple[list[Room], str | None]
"""The rooms of the first page, and the link to the second (None: there is none)."""

_NEVER = datetime.min.replace(tzinfo=UTC)


def pages(
    webex: WebexClient, patience: Patience, *, type: RoomType | None = None, first: FirstPage | None = None
) -> Iterator[list[Room]]:
    """The bot's rooms page by page, asked for as they are consumed; `first` is a page that was read already.

    A page that meets a 429 or an outage is asked for again, and not those before it. Raises WebexError when there is
    no patience left.
    """
    rooms, link = first or patience.ask(partial(webex.room_page, type=type, page_size=PAGE))
    yield rooms
    while link is not None:
        rooms, link = patience.ask(partial(webex.room_page, link))
        yield rooms


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rooms to list, and in what order.

    `title` is a glob, or a part of a title; `stale` is for how long nobody has done anything in them.
    """

    title: str = ""
    type: RoomType | None = None
    stale: timedelta | None = None
    order: Order = "activity"

    def fits_title(self) -> Callable[[str], object]:
        """A test of casefolded titles."""
        return glob(self.title if is_glob(self.title) else f"*{self.title}*")


@dataclass(frozen=True, slots=True)
class Listed:
    """What is kept of a room for a list."""

    id: str
    title: str
    kind: str
    created: datetime | None
    last_activity: datetime | None
    idle: Idle


@dataclass(slots=True)
class Gathering:
    """The rooms that are wanted, as the pages go by."""

    wanted: Wanted
    now: datetime
    seen: int = 0
    """Rooms looked at so far."""
    found: list[Listed] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    """How many were found of each kind."""

    def take(self, rooms: Iterable[Room], known: Mapping[str, Known]) -> None:
        """Look at one page; `known` is what is kept of its rooms, by their ids."""
        fits = self.wanted.fits_title()
        for room in rooms:
            self.seen += 1
            quiet = idle(room.last_activity, known.get(room.id, NOTHING_KNOWN))
            if self._is_stale(quiet) and fits(room.title.casefold()):
                kind = kind_of(room)
                self.kinds[kind] += 1
                listed = Listed(room.id, room.title, kind, room.created, room.last_activity, quiet)
                self.found.append(listed)

    def _is_stale(self, quiet: Idle) -> bool:
        """A room of which Webex tells no activity, and nothing was seen, counts as lively."""
        if self.wanted.stale is None:
            return True
        return quiet.since is not None and self.now - quiet.since >= self.wanted.stale

    def in_order(self) -> list[Listed]:
        """What was found, in the order that is wanted; rooms of one title come in the order of their ids."""
        match self.wanted.order:
            case "title":
                return sorted(self.found, key=lambda each: (each.title.casefold(), each.id))
            case "idle":
                return sorted(self.found, key=lambda each: (each.idle.since or self.now, each.id))
            case "created":
                return sorted(self.found, key=lambda each: each.created or _NEVER, reverse=True)
            case "activity":
                return sorted(self.found, key=lambda each: each.last_activity or _NEVER, reverse=True)


def kind_of(room: Room) -> str:
    """What kind of room it is, in the words of a list: `direct`, `team, moderated`, `group, read-only`."""
    if room.type == "direct":
        return "direct"
    marks = (
        "team" if room.team_id is not None else "group",
        "announcements" if room.is_announcement_only else "moderated" if room.is_locked else "",
        "read-only" if room.is_read_only else "",
    )
    return ", ".join(filter(None, marks))
