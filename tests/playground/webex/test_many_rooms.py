"""A world of thousands of rooms: what is in it, and how it is paged through."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner

from playground.webex import cli as webex_cli
from playground.webex.clock import parse_timestamp
from playground.webex.many_rooms import ManyRooms, PlannedRoom, plan
from playground.webex.records import Room
from playground.webex.world import World
from tests.playground.running import Webex, running_webex

BOT = "sparkops@webex.bot"
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
KINDS = {"open", "moderated", "others'", "announcements", "team", "read-only", "direct"}


def world_of(count: int) -> World:
    return World(clock=lambda: NOON, seed=ManyRooms(count))


def rooms_of_the_bot(world: World) -> list[tuple[PlannedRoom, Room]]:
    bot = world.people.find(BOT)
    assert bot is not None
    seats = list(world.roster.of_person(bot.id))
    return list(zip(plan(len(seats)), (world.rooms.any(seat.room_id) for seat in seats), strict=True))


@pytest.fixture
def many() -> Iterator[Webex]:
    """A stand-in Webex in which the bot has 2,500 rooms."""
    with running_webex(seed=ManyRooms(2500)) as webex:
        yield webex


def test_the_bot_is_in_exactly_as_many_rooms_as_were_asked_for_and_all_kinds_occur() -> None:
    planned = rooms_of_the_bot(world_of(1000))
    assert len(planned) == 1000
    assert {room.kind for room, _ in planned} == KINDS


def test_every_kind_occurs_with_every_age_and_with_either_last_speaker() -> None:
    ages = {(room.kind, room.person_days // 100, room.bot_days is None) for room in plan(10_000)}
    wanted = {
        (kind, age, last)
        for kind in KINDS
        for age in range(4)
        for last in ((True,) if kind == "announcements" else (True, False))
    }
    assert wanted <= ages


def test_a_room_is_as_it_was_planned() -> None:
    world = world_of(300)
    bot = world.people.find(BOT)
    assert bot is not None
    for planned, room in rooms_of_the_bot(world):
        seat = world.roster.of(room.id, bot.id)
        assert seat is not None and seat.is_moderator == (planned.kind == "moderated")
        assert world.rooms.title(room, bot) == planned.title
        assert room.is_locked == (planned.kind in {"moderated", "others'", "announcements"})
        assert room.is_announcement_only == (planned.kind == "announcements")
        assert room.is_read_only == (planned.kind == "read-only")
        assert (room.team_id is not None) == (planned.kind == "team")
        assert (room.type == "direct") == (planned.kind == "direct")
        assert parse_timestamp(room.last_activity) == NOON - timedelta(days=planned.last_activity_days)


def test_the_last_words_are_a_persons_or_later_the_bots_own(many: Webex) -> None:
    bot, you = many.bot(), many.person()
    rooms = {room["title"]: room for room in bot.get("rooms", max=1000)["items"]}
    planned = [each for each in plan(900) if each.kind not in ("direct", "read-only") and each.title in rooms]
    spoken_to = next(each for each in planned if each.mentions and each.bot_days)
    messages = you.get("messages", roomId=rooms[spoken_to.title]["id"])["items"]
    assert [each["personEmail"] for each in messages] == [BOT, "you@example.com"]
    (heard,) = bot.get("messages", roomId=rooms[spoken_to.title]["id"], mentionedPeople="me")["items"]
    assert heard == messages[1]
    assert _days(messages[0], messages[1]) == spoken_to.person_days - (spoken_to.bot_days or 0)


def test_now_and_then_two_rooms_have_one_title() -> None:
    titles = [room.title for room in plan(10_000) if room.kind != "direct"]
    assert 0 < len(titles) - len(set(titles)) < 100


def test_the_same_rooms_come_back_at_each_start() -> None:
    def groups(world: World) -> list[str]:
        return [room.id for _, room in rooms_of_the_bot(world)]

    assert groups(world_of(50)) == groups(world_of(50))


def test_the_present_goes_on_after_the_seed(many: Webex) -> None:
    before = many.clock()
    created = many.person().post("rooms", title="Ops")["created"]
    # Webex writes milliseconds; what is behind them is cut off.
    assert parse_timestamp(created) >= before - timedelta(milliseconds=1)


def test_listing_costs_one_call_per_thousand_rooms(many: Webex) -> None:
    listed = list(many.sdk(f"bot:{BOT}").rooms.list(max=1000))
    assert len({room.id for room in listed}) == 2500
    assert many.control("GET", "stats").json()["calls"] == {"GET /v1/rooms": {"200": 3}}


@pytest.mark.parametrize("sort_by", ["id", "created", "lastactivity"])
def test_thousands_are_paged_in_every_order_without_a_gap(many: Webex, sort_by: str) -> None:
    listed = [room.id for room in many.sdk(f"bot:{BOT}").rooms.list(max=700, sortBy=sort_by)]
    assert len(listed) == len(set(listed)) == 2500


def test_rooms_that_go_away_while_thousands_are_listed_are_the_only_ones_missing(many: Webex) -> None:
    first_page = {room["id"] for room in many.bot().get("rooms", max=1000)["items"]}
    listing = iter(many.sdk(f"bot:{BOT}").rooms.list(max=1000))
    seen = [next(listing).id]
    doomed = [room.id for _, room in rooms_of_the_bot(many.world) if room.id not in first_page][:10]
    for room in doomed:
        assert many.control("POST", f"rooms/{room}/vanish").status_code == 204
    seen += [room.id for room in listing]
    assert len(seen) == len(set(seen)) == 2490
    assert not set(doomed) & set(seen)


def test_the_command_line_begins_with_so_many_rooms(monkeypatch: pytest.MonkeyPatch) -> None:
    served: dict[str, World] = {}
    monkeypatch.setattr(webex_cli, "make_app", lambda world: served.setdefault("world", world))
    monkeypatch.setattr(webex_cli, "serve", lambda *_: None)
    line = ["--port", "0", "--rooms", "40", "--bot-email", "ci@webex.bot", "--owner", "ada@example.com"]
    ended = CliRunner().invoke(webex_cli.cli, line)
    assert ended.exit_code == 0, ended.output
    world = served["world"]
    bot, ada = world.people.find("ci@webex.bot"), world.people.find("ada@example.com")
    assert bot is not None and ada is not None
    rooms = [world.rooms.any(seat.room_id) for seat in world.roster.of_person(bot.id)]
    assert len(rooms) == 40
    assert {room.creator_id for room in rooms if room.type == "group"} == {ada.id}


def _days(later: dict[str, Any], earlier: dict[str, Any]) -> int:
    return (parse_timestamp(later["created"]) - parse_timestamp(earlier["created"])).days
