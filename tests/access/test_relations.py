"""What Webex knows of people and rooms, as the policy is told it: what is asked, how often, and what if not."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.access.answers import Answers
from bot.access.webex_relations import WebexRelations
from bot.webex import Membership, Unreachable, WebexClient
from tests.playground.running import Webex, running_webex

YOU, ADA, GRACE = "you@example.com", "ada@example.com", "grace@example.com"
BOT = "sparkops@webex.bot"


class Watch:
    """Seconds that go by when a test says so."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


class House:
    """A stand-in Webex, what the bot knows by it, and how often it asked."""

    def __init__(self, webex: Webex) -> None:
        self.webex = webex
        self.watch = Watch()
        self.client = WebexClient(f"bot:{BOT}", webex.api)
        self.relations = WebexRelations(self.client, seconds=60, stale=600, now=self.watch)
        self.room = webex.room_with_bot("Ops")

    def asked(self, route: str = "GET /v1/memberships") -> int:
        """How often Webex was asked since the start."""
        calls = self.webex.control("GET", "stats").json()["calls"]
        return sum(calls.get(route, {}).values())

    def add(self, person: str, room: str | None = None) -> str:
        """Put somebody into the room; the membership's id."""
        added = self.webex.person().post("memberships", roomId=room or self.room, personEmail=person)
        return str(added["id"])

    def remove(self, membership: str) -> None:
        """Take somebody out again."""
        self.webex.person().delete(f"memberships/{membership}")

    def team(self, name: str, *members: str, by: str = YOU) -> str:
        """A team of these people and the bot; its id."""
        caller = self.webex.person(by)
        team = caller.post("teams", name=name)
        for person in (BOT, *members):
            caller.post("team/memberships", teamId=team["id"], personEmail=person)
        return str(team["id"])

    def away(self, kind: str = "drop", **more: object) -> None:
        """From now on Webex gives no answer, or that one."""
        self.webex.fault(kind=kind, match={"path": "/v1/*"}, **more)

    def back(self) -> None:
        """Webex answers again."""
        self.webex.control("DELETE", "faults")


@pytest.fixture
def house() -> Iterator[House]:
    """One of this test's own."""
    with running_webex() as webex:
        house = House(webex)
        yield house
        house.client.close()


def test_who_is_in_a_room_and_who_is_not(house: House) -> None:
    assert house.relations.is_member(YOU, house.room) is True
    assert house.relations.is_member(ADA, house.room) is False


def test_capitals_in_an_address_make_no_difference_and_no_second_call(house: House) -> None:
    assert house.relations.is_member("You@Example.COM", house.room) is True
    assert house.relations.is_member(YOU, house.room) is True
    assert house.asked() == 1


def test_one_call_tells_both_membership_and_moderation(house: House) -> None:
    house.webex.control("POST", f"rooms/{house.room}/lock")
    house.webex.person().post("memberships", roomId=house.room, personEmail=ADA)
    assert house.relations.moderates(YOU, house.room) is True
    assert house.relations.is_member(YOU, house.room) is True
    assert house.asked() == 1
    assert house.relations.moderates(ADA, house.room) is False
    assert house.relations.moderates(GRACE, house.room) is False


def test_a_direct_room_has_its_two_members(house: House) -> None:
    room = house.client.post_message(to_person_email=ADA, markdown="hi").room_id
    assert house.relations.is_member(ADA, room) is True
    assert house.relations.is_member(YOU, room) is False
    assert house.relations.moderates(ADA, room) is False


def test_of_a_room_without_the_bot_nobody_is_known_as_a_member(house: House) -> None:
    """Webex answers 404 there; a 403 means the same."""
    elsewhere = house.webex.person().post("rooms", title="Secret")["id"]
    assert house.relations.is_member(YOU, elsewhere) is False
    house.webex.fault(kind="status", status=403, match={"path": "/v1/memberships"})
    assert house.relations.is_member(YOU, house.room) is False


def test_an_answer_about_somebody_else_makes_nobody_a_member() -> None:
    """Should a proxy or a change at Webex lose the filter, the whole room is answered."""

    class Unfiltered(WebexClient):
        def list_memberships(self, *_asked: object, **_filters: object) -> Iterator[Membership]:
            return iter([Membership("m", "room", "p", ADA, is_moderator=True)])

    relations = WebexRelations(Unfiltered("token", "http://127.0.0.1:9/v1/"))
    assert relations.is_member(YOU, "room") is False
    assert relations.moderates(YOU, "room") is False
    assert relations.moderates(ADA, "room") is True


def test_yes_and_no_hold_for_a_minute(house: House) -> None:
    adas = house.add(ADA)
    assert house.relations.is_member(ADA, house.room) is True
    assert house.relations.is_member(GRACE, house.room) is False
    house.remove(adas)
    house.add(GRACE)
    house.watch.seconds += 59
    assert house.relations.is_member(ADA, house.room) is True
    assert house.relations.is_member(GRACE, house.room) is False
    assert house.asked() == 2
    house.watch.seconds += 1
    assert house.relations.is_member(ADA, house.room) is False
    assert house.relations.is_member(GRACE, house.room) is True
    assert house.asked() == 4


def test_what_webex_tells_of_a_membership_counts_at_once(house: House) -> None:
    adas = house.add(ADA)
    assert house.relations.is_member(ADA, house.room) is True
    assert house.relations.is_member(YOU, house.room) is True
    house.remove(adas)
    house.relations.forget(house.room, "Ada@example.com")
    assert house.relations.is_member(ADA, house.room) is False
    assert house.relations.is_member(YOU, house.room) is True
    assert house.asked() == 3


def test_a_whole_room_is_forgotten_and_no_other(house: House) -> None:
    other = house.webex.room_with_bot("Lab")
    for room in (house.room, other):
        house.relations.is_member(YOU, room)
    house.relations.forget(house.room)
    for room in (house.room, other):
        house.relations.is_member(YOU, room)
    assert house.asked() == 3


@pytest.mark.parametrize(
    "fault", [{"kind": "drop"}, {"kind": "status", "status": 503}, {"kind": "status", "status": 401}]
)
def test_while_webex_is_away_an_older_answer_stands_in_for_ten_minutes(
    house: House, fault: dict[str, object]
) -> None:
    assert house.relations.is_member(YOU, house.room) is True
    assert house.relations.is_member(ADA, house.room) is False
    house.away(**fault)  # type: ignore[arg-type]
    house.watch.seconds += 600
    assert house.relations.is_member(YOU, house.room) is True
    assert house.relations.is_member(ADA, house.room) is False
    assert house.relations.moderates(GRACE, house.room) is None, "nothing was ever known of her"
    house.watch.seconds += 1
    assert house.relations.is_member(YOU, house.room) is None
    house.back()
    house.watch.seconds += 5
    assert house.relations.is_member(YOU, house.room) is True


def test_what_was_forgotten_does_not_stand_in(house: House) -> None:
    """Webex has told that she left, and is then away: that she was a member is known to be out of date."""
    house.add(ADA)
    assert house.relations.is_member(ADA, house.room) is True
    house.relations.forget(house.room, ADA)
    house.away()
    assert house.relations.is_member(ADA, house.room) is None


def test_while_nothing_answers_not_everybody_waits_for_it(house: House) -> None:
    house.away()
    assert house.relations.is_member(YOU, house.room) is None
    house.back()
    before = house.asked()
    assert house.relations.is_member(ADA, house.room) is None, "not asked again so soon"
    assert house.asked() == before
    house.watch.seconds += 5
    assert house.relations.is_member(ADA, house.room) is False


def test_a_rate_limit_is_waited_for_as_long_as_it_says(house: House) -> None:
    house.webex.fault(kind="status", status=429, retryAfter=90, match={"path": "/v1/memberships"}, count=1)
    assert house.relations.is_member(YOU, house.room) is None
    house.watch.seconds += 89
    assert house.relations.is_member(YOU, house.room) is None
    assert house.asked() == 1
    house.watch.seconds += 1
    assert house.relations.is_member(YOU, house.room) is True


def test_the_same_question_at_the_same_time_is_one_call(house: House) -> None:
    house.webex.fault(kind="slow", delay=0.3, match={"path": "/v1/memberships"})
    with ThreadPoolExecutor(20) as threads:
        said = list(threads.map(lambda _: house.relations.is_member(YOU, house.room), range(20)))
    assert said == [True] * 20
    assert house.asked() == 1


def test_who_is_in_a_team_by_its_name_and_by_its_id(house: House) -> None:
    team = house.team("Build Squad", ADA)
    for name in ("Build Squad", "build squad", " BUILD SQUAD ", team):
        assert house.relations.in_team("Ada@Example.com", name) is True
        assert house.relations.in_team(GRACE, name) is False


def test_a_teams_members_are_fetched_once_a_minute_for_everybody(house: House) -> None:
    team = house.team("Build Squad", ADA)
    for person in (YOU, ADA, GRACE) * 3:
        house.relations.in_team(person, "Build Squad")
    assert (house.asked("GET /v1/teams"), house.asked("GET /v1/team/memberships")) == (1, 1)
    house.webex.person().post("team/memberships", teamId=team, personEmail=GRACE)
    assert house.relations.in_team(GRACE, "Build Squad") is False
    house.watch.seconds += 60
    assert house.relations.in_team(GRACE, "Build Squad") is True


def test_who_leaves_a_team_is_out_at_once_when_webex_tells_of_its_general_room(house: House) -> None:
    team = house.team("Build Squad", ADA)
    assert house.relations.in_team(ADA, "Build Squad") is True
    you = house.webex.person()
    seats = {each["personEmail"]: each["id"] for each in you.get("team/memberships", teamId=team)["items"]}
    you.delete(f"team/memberships/{seats[ADA]}")
    house.relations.forget(you.get("rooms", teamId=team)["items"][0]["id"], ADA)
    assert house.relations.in_team(ADA, "Build Squad") is False


def test_a_large_team_is_read_to_its_last_page(house: House) -> None:
    house.team("Build Squad", *(f"p{number}@example.com" for number in range(205)))
    assert house.relations.in_team("p204@example.com", "Build Squad") is True
    assert house.asked("GET /v1/team/memberships") == 2


def test_of_a_team_the_bot_is_not_in_nothing_is_known(house: House) -> None:
    house.webex.person().post("teams", name="Build Squad")
    assert house.relations.in_team(YOU, "Build Squad") is None


def test_a_name_that_two_teams_have_means_neither(house: House) -> None:
    """Anybody may found a second "Build Squad" and put the bot into it; that must let nobody in."""
    real = house.team("Build Squad", ADA)
    house.team("build squad", by="mallory@example.com")
    assert house.relations.in_team("mallory@example.com", "Build Squad") is None
    assert house.relations.in_team(ADA, "Build Squad") is None
    assert house.relations.in_team(ADA, real) is True
    assert house.relations.in_team("mallory@example.com", real) is False


def test_a_team_named_like_the_id_of_another_is_not_that_team(house: House) -> None:
    real = house.team("Build Squad", ADA)
    house.team(real, by="mallory@example.com")
    assert house.relations.in_team("mallory@example.com", real) is False
    assert house.relations.in_team(ADA, real) is True


def test_a_team_while_webex_is_away(house: House) -> None:
    house.team("Build Squad", ADA)
    assert house.relations.in_team(ADA, "Build Squad") is True
    house.away()
    house.watch.seconds += 600
    assert house.relations.in_team(ADA, "Build Squad") is True
    assert house.relations.in_team(ADA, "Another") is None
    house.watch.seconds += 1
    assert house.relations.in_team(ADA, "Build Squad") is None


def test_an_answer_that_was_under_way_when_its_room_changed_is_not_kept() -> None:
    """It may tell of before the change. Whoever asks after the change asks anew."""
    asked, go_on = threading.Event(), threading.Event()
    given = iter(["before", "after"])

    def ask(_key: str) -> str:
        answer = next(given)
        if answer == "before":
            asked.set()
            assert go_on.wait(20)
        return answer

    answers = Answers(ask, seconds=60, stale=600, most=10, now=Watch())
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(answers.of, "ada")
        assert asked.wait(20)
        answers.forget(lambda key: key == "ada")
        assert answers.of("ada") == "after"
        go_on.set()
        assert first.result(20) == "before"
    assert answers.of("ada") == "after"


def test_no_more_answers_are_kept_than_allowed_and_the_newest_stay() -> None:
    asked: list[int] = []

    def ask(key: int) -> int:
        asked.append(key)
        return key

    answers = Answers(ask, seconds=60, stale=600, most=3, now=Watch())
    for key in (1, 2, 3, 4, 4, 3, 2, 1):
        assert answers.of(key) == key
    assert asked == [1, 2, 3, 4, 1]


def test_what_was_asked_anew_counts_as_new_when_answers_are_dropped() -> None:
    watch, asked = Watch(), list[int]()

    def ask(key: int) -> int:
        asked.append(key)
        return key

    answers = Answers(ask, seconds=60, stale=600, most=2, now=watch)
    for key in (1, 2):
        answers.of(key)
    watch.seconds += 60
    for key in (1, 3, 1):
        answers.of(key)
    assert asked == [1, 2, 1, 3]


def test_a_fault_of_ours_is_told_to_all_who_wait_and_the_next_asks_anew() -> None:
    asked, go_on = threading.Event(), threading.Event()

    def ask(key: str) -> str:
        if not go_on.is_set():
            asked.set()
            assert go_on.wait(20)
            raise ArithmeticError("no such thing")
        return key

    answers = Answers(ask, seconds=60, stale=600, most=3, now=Watch())
    with ThreadPoolExecutor(2) as threads:
        one = threads.submit(answers.of, "ada")
        assert asked.wait(20)
        other = threads.submit(answers.of, "ada")
        go_on.set()
        with pytest.raises(ArithmeticError):
            one.result(20)
        assert isinstance(other.exception(20), ArithmeticError) or other.result(20) == "ada"
    assert answers.of("ada") == "ada"


def test_an_older_answer_is_not_used_once_webex_has_answered_anew() -> None:
    watch, given = Watch(), iter([True, False, Unreachable("Asking", "gone", sent=False)])

    def ask(_key: str) -> bool:
        answer = next(given)
        if isinstance(answer, Exception):
            raise answer
        return answer

    answers = Answers(ask, seconds=60, stale=600, most=3, now=watch)
    assert answers.of("ada") is True
    watch.seconds += 61
    assert answers.of("ada") is False
    watch.seconds += 61
    assert answers.of("ada") is False
