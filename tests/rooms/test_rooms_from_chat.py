"""Rooms from the chat, from the webhook to what people see: leaving with a goodbye, and a list of thousands."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest

from bot.commands.builtin import RUN_KINDS, room_list
from bot.commands.context import Context
from bot.commands.execute import execute
from bot.commands.model import Effect, Entry, Place, Reply, Request, command
from bot.commands.registry import Registry
from bot.runs.advance import Engine
from bot.runs.kinds import End, RunView
from bot.runs.states import State
from bot.store.database import Database
from playground.webex.many_rooms import ManyRooms
from tests.bot_in_process import BOT, BotInProcess, bot_in_process
from tests.playground.running import Webex, running_webex
from tests.talking import OWNER, confirmation_code


@pytest.fixture
def webex() -> Iterator[Webex]:
    with running_webex() as running:
        yield running


@pytest.fixture
def bot(webex: Webex, database: Database) -> Iterator[BotInProcess]:
    with bot_in_process(webex, database) as running:
        yield running


def direct_words(webex: Webex, person: str = OWNER) -> list[str]:
    """What the bot told a person directly, oldest first."""
    items = webex.person(person).get("messages/direct", personEmail=BOT)["items"]
    return [each["text"] for each in reversed(items)]


def engine_of(bot: BotInProcess) -> Engine:
    """What moves the bot's runs on."""
    return Engine(
        database=bot.database,
        redactor=bot.services.redactor,
        kinds={kind.name: kind for kind in RUN_KINDS},
        services=bot.services,
        owner=bot.ownership.id,
        kick=bot.sender.kick,
        edit_interval=0.0,
    )


def test_a_goodbye_stands_in_the_room_before_i_leave_it_and_what_came_of_it_is_told_directly(
    webex: Webex, bot: BotInProcess
) -> None:
    asked = bot.ask("room leave")
    assert asked.startswith("⚠️ Leave **Sparkops demo**? I leave it, and it goes on without me.")
    bot.hear(f"confirm {confirmation_code(asked)}")
    bot.work()
    assert [message["text"] for message in bot.messages()][-1] == (
        "👋 I leave this room: you@example.com asked me to. Add me again whenever I can be of use."
    )
    members = webex.person().get("memberships", roomId=bot.room)["items"]
    assert [each["personEmail"] for each in members] == [OWNER]
    [told] = direct_words(webex)
    assert (
        "Sparkops demo: I am not in it any more. Whether it still is there, I cannot see from outside."
        in told
    )
    assert bot.rows("SELECT DISTINCT state FROM outbox") == [("sent",)]


def test_what_cannot_be_left_is_told_where_it_was_asked(webex: Webex, bot: BotInProcess) -> None:
    asked = bot.ask("room leave")
    webex.fault(kind="status", status=403, match={"method": "DELETE", "path": "/v1/memberships/*"}, count=1)
    said = bot.ask(f"confirm {confirmation_code(asked)}")
    assert "❌ Sparkops demo: Removing membership " in said
    assert "`retry 1` tries the one marked ❌ again, and nothing else." in said


@command("goodbye", effect=Effect.CHANGE, examples=("goodbye",))
def goodbye(_context: Context) -> Reply:
    """Answer directly."""
    return Reply("Goodbye.", direct=True)


def test_an_answer_that_goes_directly_does_so_when_its_request_is_handled_again(
    webex: Webex, bot: BotInProcess
) -> None:
    bot.serve(replace(bot.services, registry=Registry([goodbye])))
    request = Request(
        "a", Entry.TEXT, OWNER, place=Place((bot.room,), "Ops", "group"), line="goodbye", present=True
    )
    first, again = execute(request, bot.services), execute(request, bot.services)
    assert [each.replies[0].direct for each in (first, again)] == [True, True]


def test_thousands_of_rooms_are_listed_with_the_paging_shown_and_end_in_a_file(database: Database) -> None:
    with running_webex(seed=ManyRooms(2500)) as webex, bot_in_process(webex, database) as bot:
        message = bot.hear("room list --sort title")
        bot.work()
        assert bot.thread(message["id"]) == ["📋 **the list of my rooms**: 1,000 rooms so far …"]
        engine_of(bot).step(1)
        bot.work()
        live, told = bot.messages(parentId=message["id"])
        assert live["markdown"].startswith("✅ **the list of my rooms**: 2,501 rooms: 1,126 group;")
        assert "All of them are in **rooms-" in told["markdown"]
        content = webex.person().call("GET", told["files"][0].partition("/v1/")[2]).text
        rows = list(csv.DictReader(io.StringIO(content)))
        assert len({row["id"] for row in rows}) == len(rows) == 2501
        titles = [row["room"].casefold() for row in rows]
        assert titles == sorted(titles)
        calls = webex.control("GET", "stats").json()["calls"]["GET /v1/rooms"]
        assert calls == {"200": 3}
        assert bot.rows("SELECT state, result FROM runs") == [("done", "2,501 rooms listed")]


def test_a_list_that_begins_anew_in_another_process_reads_its_first_page_itself(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_webex(seed=ManyRooms(1500)) as webex, bot_in_process(webex, database) as bot:
        bot.hear("room list --as json")
        bot.work()
        monkeypatch.setattr(room_list, "_first_pages", room_list._FirstPages())
        engine_of(bot).step(1)
        assert bot.rows("SELECT state, result FROM runs") == [("done", "1,501 rooms listed")]
        assert webex.control("GET", "stats").json()["calls"]["GET /v1/rooms"] == {"200": 3}


@dataclass
class Impatient:
    """A step's control for somebody who cancels after so many pages."""

    pages: int
    shown: list[str] = field(default_factory=list)

    def cancelled(self) -> bool:
        return len(self.shown) >= self.pages - 1

    def show(self, live: str) -> None:
        self.shown.append(live)


def test_a_list_ends_when_it_is_cancelled_and_says_how_far_it_came(database: Database) -> None:
    with running_webex(seed=ManyRooms(2500)) as webex, bot_in_process(webex, database) as bot:
        arguments = {"title": "", "type": None, "stale": None, "order": "title", "as": "csv", "request": "a"}
        view = RunView(1, "room list", "", State.REQUESTED, arguments, {}, OWNER, bot.room, "", None)
        control = Impatient(pages=2)
        end = room_list.list_step(view, control, bot.services)  # type: ignore[arg-type]
        assert control.shown == ["📋 **the list of my rooms**: 1,000 rooms so far …"]
        assert isinstance(end, End)
        assert (end.state, end.told) == (
            State.CANCELLED,
            "🚫 **the list of my rooms** was cancelled after 2,000 rooms.",
        )


def test_only_the_latest_first_pages_are_kept_on_their_way() -> None:
    kept = room_list._FirstPages()
    for number in range(9):
        kept.put(str(number), ([], str(number)))
    assert kept.take("0") is None
    assert kept.take("8") == ([], "8")
    assert kept.take("8") is None


def test_a_list_that_webex_refuses_says_how_far_it_came_and_why(database: Database) -> None:
    with running_webex(seed=ManyRooms(1500)) as webex, bot_in_process(webex, database) as bot:
        message = bot.hear("room list")
        bot.work()
        webex.fault(kind="status", status=403, match={"path": "/v1/rooms"})
        engine_of(bot).step(1)
        bot.work()
        assert bot.thread(message["id"])[0].startswith(
            "❌ **the list of my rooms** ends after 1,000 rooms. Listing the bot's rooms: Webex answered 403"
        )


def test_where_nobody_sees_a_run_all_of_it_is_listed_at_once(database: Database) -> None:
    with running_webex(seed=ManyRooms(1500)) as webex, bot_in_process(webex, database, room=False) as bot:
        request = Request("a", Entry.TERMINAL, OWNER, line="room list --as csv")
        [reply] = execute(request, bot.services).replies
        assert reply.file is not None
        assert len(reply.file.content.decode().splitlines()) == 1501
        assert webex.control("GET", "stats").json()["calls"]["GET /v1/rooms"] == {"200": 2}
