"""One room by what a person calls it; what is said where none or several are meant is in test_room_commands."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from bot.commands.model import Place
from bot.inbound.rooms import Rooms, follow_migration
from bot.rooms.find import NoSuchRoom, SeveralRooms, Titled, Titles, find, identify, meant_by, near
from bot.store.database import Database
from bot.webex import NotFound, WebexClient
from tests.playground.running import Webex, running_webex
from tests.rooms.house import BOT

NOWHERE = Place()


@dataclass
class Watch:
    """Seconds that go by when a test says so."""

    seconds: float = 1000.0

    def __call__(self) -> float:
        return self.seconds


@dataclass
class Found:
    """What finding needs."""

    webex: WebexClient
    database: Database
    watch: Watch = field(default_factory=Watch)
    titles: Titles = field(init=False)

    def __post_init__(self) -> None:
        self.titles = Titles(now=self.watch)


@pytest.fixture
def webex() -> Iterator[Webex]:
    with running_webex() as running:
        yield running


@pytest.fixture
def services(webex: Webex, database: Database) -> Iterator[Found]:
    client = WebexClient(f"bot:{BOT}", webex.api)
    yield Found(client, database)
    client.close()


def listings(webex: Webex) -> int:
    """How often the rooms were listed."""
    return sum(webex.control("GET", "stats").json()["calls"].get("GET /v1/rooms", {}).values())


ROOMS = tuple(
    Titled(str(number), title, "group")
    for number, title in enumerate(["Ops", "ops ", "Release 41", "Release 42", "*", "[prod] deploys"])
)


@pytest.mark.parametrize(
    ("word", "ids"),
    [
        ("OPS", "01"),
        (" ops", "01"),
        ("release 42", "3"),
        ("release", ""),
        ("release*", "23"),
        ("*42", "3"),
        ("*", "4"),
        ("[prod] deploys", "5"),
        ("[prod]*", "5"),
        ("[o]*", ""),
    ],
)
def test_a_title_goes_before_a_glob_and_a_bracket_is_itself(word: str, ids: str) -> None:
    assert "".join(each.id for each in meant_by(word, ROOMS)) == ids


def test_what_is_near_holds_the_words_or_is_spelt_alike() -> None:
    assert [each.title for each in near("42", ROOMS)] == ["Release 42"]
    assert [each.title for each in near("Relaese 4", ROOMS)] == ["Release 42", "Release 41"]
    assert near("zzz", ROOMS) == ()


def test_a_migrated_room_is_found_by_its_former_id(webex: Webex, services: Found) -> None:
    old = webex.room_with_bot("Ops")
    Rooms(services.database, services.webex).refresh(old)
    new = webex.control("POST", f"rooms/{old}/migrate").json()["id"]
    with pytest.raises(NoSuchRoom):
        find(services, old, NOWHERE)  # the bot was not told yet
    with services.database.transaction() as session:
        follow_migration(session, old, new)
    assert find(services, old, NOWHERE).id == identify(services, old, NOWHERE).id == new != old


def test_a_room_that_migrated_since_its_title_was_listed_is_found(webex: Webex, services: Found) -> None:
    old = webex.room_with_bot("Ops")
    assert find(services, "ops", NOWHERE).id == old
    new = webex.control("POST", f"rooms/{old}/migrate").json()["id"]
    assert find(services, "ops", NOWHERE).id == new


def test_a_room_that_is_gone_is_not_found_by_its_kept_title(webex: Webex, services: Found) -> None:
    room_id = webex.room_with_bot("Ops")
    assert identify(services, "ops", NOWHERE).id == room_id
    webex.control("POST", f"rooms/{room_id}/vanish")
    with pytest.raises(NoSuchRoom):
        find(services, "ops", NOWHERE)
    with pytest.raises(NoSuchRoom):
        find(services, room_id, NOWHERE)


def test_the_policy_is_asked_about_this_room_without_listing_all(webex: Webex, services: Found) -> None:
    room_id = webex.room_with_bot("Ops")
    assert identify(services, "this", Place((room_id,))) == Titled(room_id, "Ops", "group")
    assert listings(webex) == 0
    services.titles.of(services.webex)
    webex.fault(kind="status", status=500, match={"path": "/v1/rooms/*"})
    assert identify(services, room_id, NOWHERE) == Titled(room_id, "Ops", "group")


def test_titles_are_believed_for_a_minute(webex: Webex, services: Found) -> None:
    webex.room_with_bot("Ops")
    for seconds, listed in ((0, 1), (59, 1), (61, 2), (100, 2), (122, 3)):
        services.watch.seconds = 1000.0 + seconds
        assert [each.title for each in services.titles.of(services.webex)] == ["Ops"]
        assert listings(webex) == listed, seconds


def test_what_is_kept_too_long_is_not_used_for_an_id(webex: Webex, services: Found) -> None:
    room_id = webex.room_with_bot("Ops")
    services.titles.of(services.webex)
    webex.person().put(f"rooms/{room_id}", title="Ops Berlin")
    assert identify(services, room_id, NOWHERE).title == "Ops"
    services.watch.seconds += 61
    assert identify(services, room_id, NOWHERE).title == "Ops Berlin"


def test_many_who_ask_at_once_are_answered_by_one_listing(webex: Webex, services: Found) -> None:
    webex.room_with_bot("Ops")
    webex.control("POST", "latency", json={"seconds": 0.2})
    start = threading.Barrier(4)

    def ask() -> int:
        start.wait()
        return len(services.titles.of(services.webex))

    with ThreadPoolExecutor(4) as threads:
        assert [each.result() for each in [threads.submit(ask) for _ in range(4)]] == [1] * 4
    assert listings(webex) == 1


def test_several_rooms_are_an_error_that_holds_all_of_them(webex: Webex, services: Found) -> None:
    ids = {webex.room_with_bot("Ops"), webex.room_with_bot("OPS")}
    with pytest.raises(SeveralRooms) as error:
        find(services, "ops", NOWHERE)
    assert {each.id for each in error.value.rooms} == ids
    with pytest.raises(SeveralRooms, match=r"2 of my rooms fit `O\*`"):
        find(services, "O*", NOWHERE)


def test_a_429_while_a_room_is_read_is_waited_out(webex: Webex, services: Found) -> None:
    room_id = webex.room_with_bot("Ops")
    webex.fault(kind="status", status=429, retryAfter=1, match={"path": f"/v1/rooms/{room_id}"}, count=1)
    assert find(services, room_id, NOWHERE).title == "Ops"


def test_not_found_is_not_waited_for(webex: Webex, services: Found) -> None:
    webex.room_with_bot("Ops")
    with pytest.raises(NoSuchRoom) as error:
        find(services, "Y2lzY29zcGFyazovL3VzL1JPT00vMQ", NOWHERE)
    assert isinstance(error.value.__cause__, NotFound)
