"""Listing thousands of rooms: the calls it costs, what it waits out, and what is kept of each room."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.rooms.idle import Known, Measure
from bot.rooms.listing import Gathering, Order, Wanted, kind_of, pages
from bot.rooms.patience import Patience
from bot.webex import Forbidden, RateLimited, Room, RoomType, ServerError, WebexClient, WebexError
from playground.webex.many_rooms import ManyRooms
from tests.playground.running import Webex, running_webex
from tests.rooms.house import BOT

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def many() -> Iterator[Webex]:
    """A stand-in Webex in which the bot has 2,500 rooms."""
    with running_webex(seed=ManyRooms(2500)) as webex:
        yield webex


@pytest.fixture
def client(many: Webex) -> Iterator[WebexClient]:
    client = WebexClient(f"bot:{BOT}", many.api)
    yield client
    client.close()
    many.control("DELETE", "faults")


def calls(webex: Webex) -> dict[str, int]:
    """Calls of the listing so far, by status."""
    answered: dict[str, int] = webex.control("GET", "stats").json()["calls"].get("GET /v1/rooms", {})
    return answered


def no_patience() -> Patience:
    return Patience(0.0)


@pytest.mark.parametrize(("type", "wanted"), [(None, 2500), ("direct", 250), ("group", 2250)])
def test_every_room_once_for_a_call_per_thousand(
    many: Webex, client: WebexClient, type: RoomType | None, wanted: int
) -> None:
    before = calls(many).get("200", 0)
    rooms = [room for page in pages(client, no_patience(), type=type) for room in page]
    assert len(rooms) == len({room.id for room in rooms}) == wanted
    assert calls(many)["200"] - before == -(-wanted // 1000)


def test_pages_are_asked_for_as_they_are_wanted(many: Webex, client: WebexClient) -> None:
    before = calls(many)["200"]
    listing = pages(client, no_patience())
    assert (len(next(listing)), calls(many)["200"] - before) == (1000, 1)
    assert (len(next(listing)), calls(many)["200"] - before) == (1000, 2)


def test_a_first_page_that_was_read_already_is_not_read_again(many: Webex, client: WebexClient) -> None:
    first = client.room_page()
    before = calls(many)["200"]
    assert sum(len(page) for page in pages(client, no_patience(), first=first)) == 2500
    assert calls(many)["200"] - before == 2


def test_a_page_that_meets_a_429_is_waited_for_and_no_other_is_asked_again(
    many: Webex, client: WebexClient
) -> None:
    slept: list[float] = []
    before = calls(many)["200"]
    many.fault(kind="status", status=429, retryAfter=7, match={"path": "/v1/rooms"}, after=2, count=1)
    every = pages(client, Patience(60, sleep=slept.append))
    assert sum(len(page) for page in every) == 2500
    assert slept == [7]
    assert calls(many)["200"] - before == 3


def test_an_outage_is_waited_out_twice_as_long_each_time(many: Webex, client: WebexClient) -> None:
    slept: list[float] = []
    many.fault(kind="status", status=503, match={"path": "/v1/rooms"}, count=3)
    assert len(next(pages(client, Patience(60, sleep=slept.append)))) == 1000
    assert slept == [0.5, 1.0, 2.0]


def test_patience_is_for_all_of_the_work_and_ends(many: Webex, client: WebexClient) -> None:
    slept: list[float] = []
    many.fault(kind="status", status=429, retryAfter=40, match={"path": "/v1/rooms"})
    with pytest.raises(RateLimited):
        next(pages(client, Patience(100, sleep=slept.append)))
    assert slept == [40, 40]


@pytest.mark.parametrize("error", [Forbidden("Asking", 403), ServerError("Asking", 500)])
def test_only_what_may_get_better_is_asked_again(error: WebexError) -> None:
    asked: list[int] = []

    def ask() -> None:
        asked.append(1)
        raise error

    with pytest.raises(type(error)):
        Patience(1.6, sleep=lambda _: None).ask(ask)
    assert len(asked) == (1 if isinstance(error, Forbidden) else 3)


# --- what is kept


def room(number: int, title: str = "Ops", days: float | None = 1, **more: object) -> Room:
    active = None if days is None else NOW - timedelta(days=days)
    return Room(
        f"id{number}",
        title,
        "group",
        last_activity=active,
        created=NOW - timedelta(days=100 + number),
        **more,
    )  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (Room("a", "Ada", "direct"), "direct"),
        (Room("a", "Ops", "group"), "group"),
        (Room("a", "Ops", "group", is_locked=True), "group, moderated"),
        (Room("a", "Ops", "group", is_locked=True, is_announcement_only=True), "group, announcements"),
        (Room("a", "Ops", "group", team_id="t", is_read_only=True), "team, read-only"),
        (
            Room("a", "Ops", "group", team_id="t", is_locked=True, is_read_only=True),
            "team, moderated, read-only",
        ),
    ],
)
def test_a_rooms_kind_in_words(given: Room, kind: str) -> None:
    assert kind_of(given) == kind


@pytest.mark.parametrize(
    ("title", "found"),
    [
        ("", ["Ops", "Ops Berlin", "[prod] deploys"]),
        ("ops", ["Ops", "Ops Berlin"]),
        ("ops*", ["Ops", "Ops Berlin"]),
        ("*BERLIN", ["Ops Berlin"]),
        ("o?s", ["Ops"]),
        ("[prod]", ["[prod] deploys"]),
        ("[prod]*", ["[prod] deploys"]),
    ],
)
def test_titles_by_a_part_or_by_a_glob(title: str, found: list[str]) -> None:
    gathering = Gathering(Wanted(title), NOW)
    gathering.take([room(1, "Ops"), room(2, "Ops Berlin"), room(3, "[prod] deploys")], {})
    assert (gathering.seen, [each.title for each in gathering.found]) == (3, found)


def test_stale_is_by_what_is_known_and_not_by_the_bots_own_posts() -> None:
    posted = NOW - timedelta(days=1)
    known = {
        "id1": Known(
            own_post_at=posted, person_active_at=NOW - timedelta(days=60), person_active_by=Measure.PERSON
        )
    }
    gathering = Gathering(Wanted(stale=timedelta(days=30)), NOW)
    gathering.take([room(1), room(2), room(3, days=30), room(4, days=29.9), room(5, days=None)], known)
    assert [(each.id, each.idle.measure) for each in gathering.found] == [
        ("id1", Measure.PERSON),
        ("id3", Measure.UNSURE),
    ]
    assert gathering.kinds == {"group": 2}


@pytest.mark.parametrize(
    ("order", "ids"),
    [
        ("activity", ["id2", "id1", "id3", "id4"]),
        ("idle", ["id3", "id1", "id2", "id4"]),
        ("title", ["id3", "id1", "id4", "id2"]),
        ("created", ["id1", "id2", "id3", "id4"]),
    ],
)
def test_the_order(order: Order, ids: list[str]) -> None:
    gathering = Gathering(Wanted(order=order), NOW)
    gathering.take([room(4, "ops", None), room(1, "OPS", 5), room(2, "Zoo", 1), room(3, "an", 9)], {})
    assert [each.id for each in gathering.in_order()] == ids
