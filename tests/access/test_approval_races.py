"""Answers that come at the same moment: one of them decides, it is done once, and everybody is told the truth."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.commands.model import Entry, Request
from bot.store.database import Database
from tests.access.asking_others import (
    ADA,
    BAKED,
    BOB,
    CAROL,
    DORA,
    LINE,
    OF_OPS,
    House,
    house_rules,
    open_house,
)
from tests.talking import DIRECT, GROUP, confirmation_code

CROWD = tuple(f"person{number}@example.com" for number in range(50))
OVEN = {"commands": "oven *", "effects": "change", "of": "*@example.com"}


@pytest.fixture
def wide(database: Database) -> Iterator[Database]:
    """The same database with enough connections that many can be at it at once."""
    wide = Database(database.url, pool_size=20)
    yield wide
    wide.close()


def at_once(*calls: Callable[[], str]) -> list[str]:
    """Make all the calls at the same moment; what each gave, in their order."""
    start = threading.Barrier(len(calls))

    def after_the_shot(call: Callable[[], str]) -> str:
        start.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(after_the_shot, calls))


def saying(house: House, people: Sequence[str], line: str) -> list[Callable[[], str]]:
    """Each of these people says the line in their direct room."""
    return [partial(house.say, person, line, place=DIRECT) for person in people]


def minute(house: House) -> str:
    """What a task does each minute, which nobody is answered."""
    house.each_minute()
    return ""


def counted(house: House, query: str) -> int:
    with house.database.transaction() as session:
        return int(session.scalar(text(query)) or 0)


@pytest.mark.parametrize("people", [(BOB, CAROL) * 25, CROWD], ids=["two people", "fifty people"])
@pytest.mark.parametrize("count", [1, 2])
def test_fifty_approvals_start_one_run(
    wide: Database, tmp_path: Path, people: tuple[str, ...], count: int
) -> None:
    house = open_house(wide, tmp_path, house_rules({**OVEN, "count": count}))
    code = house.ask("oven run 3", parent_id="root")
    replies = at_once(*saying(house, people, f"approve {code}"))
    decided = [reply for reply in replies if "goes ahead" in reply]
    assert len(decided) == 1
    others = [reply for reply in replies if reply != decided[0]]
    assert all(f"{code} is approved already" in each or "It still needs 1 more of" in each for each in others)
    assert counted(house, "SELECT count(*) FROM approval_votes") == count
    assert counted(house, "SELECT count(*) FROM inbox") == 1
    assert [said.result for said in house.carry_out()] == ["ok"]
    assert counted(house, "SELECT count(*) FROM runs") == 1


def test_two_at_the_same_moment_count_both_where_two_are_needed(wide: Database, tmp_path: Path) -> None:
    for _ in range(10):
        house = open_house(wide, tmp_path, house_rules({**OF_OPS, "count": 2}))
        code = house.ask()
        replies = at_once(*saying(house, (BOB, CAROL), f"approve {code}"))
        assert sorted("It still needs 1 more of ops" in reply for reply in replies) == [False, True]
        assert sorted("goes ahead" in reply for reply in replies) == [False, True]
        [said] = house.carry_out()
        assert sorted(said.approvers) == [BOB, CAROL]
        assert house.shop.done == [BAKED]


def test_fifty_confirmations_do_it_once(wide: Database, tmp_path: Path) -> None:
    house = open_house(wide, tmp_path, house_rules())
    code = confirmation_code(house.talk.say("bread throw stale"))
    replies = at_once(*[lambda: house.say(ADA, f"confirm {code}")] * 50)
    again = f"⚠️ {code} was confirmed already, and counts once."
    assert sorted(replies) == sorted(["Thrown away: stale.", *[again] * 49])
    assert house.shop.done == ["threw stale"]


def test_fifty_confirmations_of_what_others_must_approve_ask_once(wide: Database, tmp_path: Path) -> None:
    house = open_house(wide, tmp_path, house_rules(OF_OPS))
    code = confirmation_code(house.talk.say("bread throw stale"))
    replies = at_once(*[lambda: house.say(ADA, f"confirm {code}")] * 50)
    assert len([reply for reply in replies if reply.startswith("⏳ Throw away stale?")]) == 1
    assert counted(house, "SELECT count(*) FROM approvals") == 1
    assert len(house.told()) == 1


def test_of_yes_no_taking_back_and_time_one_wins_and_all_hear_the_same(
    wide: Database, tmp_path: Path
) -> None:
    subject = f"`{LINE}` for **ada@example.com**"
    late = "came too late"
    heard = {
        "approved": ("goes ahead", "is approved already", "Nothing of yours"),
        "denied": ("was denied by carol@example.com: no", "is denied by", "Nothing of yours"),
        "withdrawn": ("was taken back by", "was taken back by", "was taken back by"),
        "expired": (late, late, "Nothing of yours"),
    }
    told = {
        "approved": f"✅ {subject} is approved by bob@example.com, and goes ahead.",
        "denied": f"⛔ {subject} is denied by carol@example.com: no <@personEmail:ada@example.com>",
        "withdrawn": f"↩️ {subject} was taken back by ada@example.com. Nothing is done.",
        "expired": f"⌛ {subject} is off: nobody agreed within 1 h. Say it again to ask anew. "
        "<@personEmail:ada@example.com>",
    }
    for round_ in range(24):
        house = open_house(wide, tmp_path, house_rules(OF_OPS))
        code = house.ask(parent_id="root")
        if round_ % 3 == 0:  # its time is up just now
            house.time_goes_by(code, "59 minutes 59.99 seconds")
        already = len(house.told())

        *replies, _ = at_once(
            partial(house.say, BOB, f"approve {code}", place=DIRECT),
            partial(house.say, CAROL, f"deny {code} no", place=DIRECT),
            partial(house.say, ADA, f"leave {code}", place=DIRECT),
            partial(minute, house),
        )
        minute(house)  # where time was up only after the first look, the next one finds it
        state = house.row(code).state
        assert [part in reply for part, reply in zip(heard[state], replies, strict=True)] == [True] * 3, (
            replies
        )
        assert [words for lane, _, words in house.told_since(already) if lane == "room-1"] == [told[state]]
        assert len(house.carry_out()) == (state == "approved")
        assert house.shop.done == ([BAKED] if state == "approved" else [])


def test_the_same_request_asked_by_two_workers_asks_once(wide: Database, tmp_path: Path) -> None:
    house = open_house(wide, tmp_path, house_rules(OF_OPS))
    asking = Request("webex:1", Entry.TEXT, ADA, GROUP, LINE)
    replies = at_once(*[lambda: house.talk.request(asking).replies[0].markdown] * 10)
    assert len(set(replies)) == 1
    assert len(house.told()) == 1


def test_reminded_by_two_workers_at_once_they_are_reminded_once(wide: Database, tmp_path: Path) -> None:
    house = open_house(wide, tmp_path, house_rules({**OF_OPS, "remind": "20m"}))
    house.time_goes_by(house.ask(), "21 minutes")
    at_once(*[partial(minute, house)] * 10)
    assert len(house.told()) == 2
    assert DORA in house.told()[1][2]
