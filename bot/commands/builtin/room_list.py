"""`room list`: a page of rooms at once; of more, a run whose message shows the paging and which ends in a file."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, get_args

import click

from bot.commands.context import Context, Services
from bot.commands.model import Command, Reply, command
from bot.commands.parameters import DURATION
from bot.commands.room_words import counted, in_words, reason
from bot.commands.rows import Cell, FileKind, Rows, as_option
from bot.rooms.known import known_of
from bot.rooms.listing import PAGE, FirstPage, Gathering, Listed, Order, Wanted, pages
from bot.rooms.patience import Patience
from bot.runs.kinds import End, RunKind, RunView, StepControl, Wait
from bot.runs.states import State
from bot.webex import Room, RoomType, WebexError

_MOST_SHOWN = 40
_AT_ONCE = 20.0
"""Seconds that somebody who waits for an answer may wait for Webex besides."""
_IN_A_RUN = 600.0
_TITLE = "the list of my rooms"
_KEPT_PAGES = 8


class _FirstPages:
    """First pages on their way from a command to its run, so that they are not read twice.

    A run that begins in another process reads its first page itself.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pages: dict[str, FirstPage] = {}

    def put(self, key: str, page: FirstPage) -> None:
        """Keep the page for the run of this request; of too many the oldest is dropped."""
        with self._lock:
            self._pages[key] = page
            while len(self._pages) > _KEPT_PAGES:
                del self._pages[next(iter(self._pages))]

    def take(self, key: str) -> FirstPage | None:
        """The page, once."""
        with self._lock:
            return self._pages.pop(key, None)


_first_pages = _FirstPages()


@command(
    "room list",
    repeatable=True,
    examples=(
        'room list "Release *"',
        "room list --stale 30d --type group",
        "room list --sort title --as csv",
    ),
)
@click.argument("title", metavar="GLOB", default="")
@click.option("--stale", type=DURATION, help="only rooms in which nobody has done anything for so long")
@click.option("--type", "room_type", type=click.Choice(get_args(RoomType)), help="only rooms of this type")
@click.option(
    "--sort",
    type=click.Choice(get_args(Order)),
    help="activity (newest first), idle (longest first), title, created",
)
@as_option
def room_list(
    context: Context,
    title: str,
    stale: timedelta | None,
    room_type: RoomType | None,
    sort: Order | None,
    kind: FileKind | None,
) -> Reply:
    """List my rooms: all, or those whose title has these words in it or fits the glob.

    Of more than a thousand rooms I show how far I am, and give them as a file.
    """
    services, request = context.services, context.request
    wanted = Wanted(title, room_type, stale, sort or ("idle" if stale else "activity"))
    gathering, patience = Gathering(wanted, datetime.now(UTC)), Patience(_AT_ONCE)
    with in_words():
        first = patience.ask(partial(services.webex.room_page, type=room_type, page_size=PAGE))
        is_run = first[1] is not None and request.place.room_id is not None
        if not is_run:  # nor is it where nobody would see the run's message
            for page in pages(services.webex, patience, type=room_type, first=first):
                _take(services, gathering, page)
            return _reply(gathering, kind)
    _first_pages.put(request.key, first)
    arguments = {
        "title": title,
        "type": room_type,
        "stale": stale.total_seconds() if stale else None,
        "order": wanted.order,
        "as": kind or "csv",
        "request": request.key,
    }
    live = f"📋 **{_TITLE}**: {counted(len(first[0]), 'room')} so far …"
    return context.start_run("room list", _TITLE, arguments, live=live)


def list_step(view: RunView, control: StepControl, services: Services) -> Wait | End:
    """Read all pages in one step, which only reads and so may begin anew; the message shows how far it is."""
    wanted, kind = _wanted(view.arguments), view.arguments["as"]
    gathering = Gathering(wanted, datetime.now(UTC))
    first = _first_pages.take(view.arguments["request"])
    try:
        for page in pages(services.webex, Patience(_IN_A_RUN), type=wanted.type, first=first):
            _take(services, gathering, page)
            if control.cancelled():
                told = f"🚫 **{_TITLE}** was cancelled after {counted(gathering.seen, 'room')}."
                return End(State.CANCELLED, "cancelled on the way", live=told, told=told)
            control.show(f"📋 **{_TITLE}**: {counted(gathering.seen, 'room')} so far …")
    except WebexError as error:
        told = f"❌ **{_TITLE}** ends after {counted(gathering.seen, 'room')}. {reason(error)}"
        return End(State.FAILED, str(error), live=told, told=told)
    file = _rows(gathering.in_order()).file(kind, "rooms")
    told = f"✅ **{_TITLE}**: {_summary(gathering)}"
    return End(
        State.DONE, f"{counted(len(gathering.found), 'room')} listed",
        live=told, told=f"{told} All of them are in **{file.name}**.", file=(file.name, file.content),
    )  # fmt: skip


def _take(services: Services, gathering: Gathering, page: list[Room]) -> None:
    with services.database.transaction() as session:
        known = known_of(session, [room.id for room in page])
    gathering.take(page, known)


def _wanted(arguments: Mapping[str, Any]) -> Wanted:
    seconds = arguments["stale"]
    stale = timedelta(seconds=seconds) if seconds is not None else None
    return Wanted(arguments["title"], arguments["type"], stale, arguments["order"])


def _reply(gathering: Gathering, kind: FileKind | None) -> Reply:
    found = gathering.in_order()
    if not found:
        return Reply(f"None of my {counted(gathering.seen, 'room')} is of that kind.")
    if kind is not None:
        return _rows(found).reply(kind, "rooms", above=_summary(gathering))
    shown = [(each.title, each.kind, each.last_activity, each.idle.since) for each in found[:_MOST_SHOWN]]
    head = ("room", "kind", "last activity", "idle since")
    more = "These are the first of them; `--as csv` gives all." if len(found) > len(shown) else ""
    table = Rows(head, shown, when="%Y-%m-%d", widest=36)
    return table.reply(None, "rooms", above=_summary(gathering), below=more)


def _rows(found: list[Listed]) -> Rows:
    head = ("room", "kind", "created", "last activity", "idle since", "by", "id")
    return Rows(head, [_cells(each) for each in found])


def _cells(room: Listed) -> tuple[Cell, ...]:
    quiet = room.idle
    return (
        room.title,
        room.kind,
        room.created,
        room.last_activity,
        quiet.since,
        quiet.measure.value,
        room.id,
    )


def _summary(gathering: Gathering) -> str:
    """`312 of my 10,000 rooms: 300 group, 12 direct.`"""
    found, seen = len(gathering.found), gathering.seen
    what = counted(seen, "room") if found == seen else f"{found:,} of my {counted(seen, 'room')}"
    kinds = "; ".join(f"{count:,} {kind}" for kind, count in gathering.kinds.most_common())
    return f"{what}: {kinds}." if kinds else f"{what}."


LISTING = RunKind("room list", list_step)
COMMANDS: tuple[Command, ...] = (room_list,)
