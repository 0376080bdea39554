"""Where others are asked for their yes: in the thread, in another room or directly, and what is told there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.commands.model import Entry, Place
from bot.inbound.rooms import follow_migration
from bot.store.database import Database
from tests.access.asking_others import (
    ADA,
    BOB,
    CAROL,
    DORA,
    EVE,
    LINE,
    OF_OPS,
    House,
    approved,
    house_rules,
    open_house,
)
from tests.talking import DIRECT, OWNER

MOVED = Place(("room-1-new", "room-1"), "Sparkops demo", "group")


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    """One of ops must agree to whatever changes bread."""
    return open_house(database, tmp_path, house_rules(OF_OPS))


def test_asked_by_a_program_its_approvers_are_written_to_and_so_is_its_asker(house: House) -> None:
    said = house.talk.say(LINE, entry=Entry.REST, place=Place())
    assert "I write to bob@example.com, carol@example.com and dora@example.com. `leave " in said
    code = said.split("`leave ")[1][:6]
    question = house.told()[0][2]
    assert question.startswith(f"🔏 **ada@example.com** wants `{LINE}`, by the REST API.\n\nIt needs ")
    assert [lane for lane, _, _ in house.told()] == [f"mailto:{each}" for each in (BOB, CAROL, DORA)]
    house.say(CAROL, f"approve {code}", place=DIRECT)
    assert [(lane, words.split()[0]) for lane, _, words in house.told_since(3)] == [
        (f"mailto:{ADA}", "✅"),
        (f"mailto:{BOB}", "✅"),
        (f"mailto:{DORA}", "✅"),
    ]
    assert [said.replies[0].markdown for said in house.carry_out()] == ["Baked 1 of rye for Sunday."]


def test_in_a_direct_room_nobody_else_would_see_it_so_they_are_written_to(house: House) -> None:
    said = house.talk.say(LINE, place=DIRECT)
    assert "I write to bob@example.com, carol@example.com and dora@example.com." in said
    assert ", in a direct room with me.\n\n" in house.told()[0][2]


def test_asked_in_another_room_it_is_told_there_in_its_thread(database: Database, tmp_path: Path) -> None:
    house = open_house(database, tmp_path, house_rules({**OF_OPS, "ask": "release BOARD"}))
    house.knows_room("room-7", "Release board")
    said = house.talk.say(LINE, parent_id="root")
    assert "They are asked in the room Release board. `leave " in said
    code = said.split("`leave ")[1][:6]
    assert [(lane, thread) for lane, thread, _ in house.told()] == [("room-7", None)]
    with database.transaction() as session:
        session.connection().exec_driver_sql("UPDATE outbox SET message_id = 'question', state = 'sent'")
    house.say(BOB, f"deny {code}", place=DIRECT)
    assert [(lane, thread) for lane, thread, _ in house.told_since(1)] == [
        ("room-1", "root"),
        ("room-7", "question"),
    ]
    assert [words.endswith("<@personEmail:ada@example.com>") for _, _, words in house.told_since(1)] == [
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("ask", "rooms", "said"),
    [
        ("Nowhere", [], "I know no room Nowhere to ask in: pass this on to ops."),
        ("Twice", ["Twice", "twice"], "I know more than one room Twice to ask in: pass this on to ops."),
    ],
)
def test_a_room_that_is_not_to_be_found_is_told(
    database: Database, tmp_path: Path, ask: str, rooms: list[str], said: str
) -> None:
    house = open_house(database, tmp_path, house_rules({**OF_OPS, "ask": ask}))
    for number, title in enumerate(rooms):
        house.knows_room(f"room-{number + 7}", title)
    answer = house.talk.say(LINE)
    assert said in answer
    assert house.told() == []
    assert house.say(BOB, f"approve {answer.split('`leave ')[1][:6]}").startswith("✅")


def test_people_of_whom_no_address_is_known_cannot_be_written_to(database: Database, tmp_path: Path) -> None:
    house = open_house(database, tmp_path, house_rules({**OF_OPS, "of": "*@example.com"}))
    said = house.talk.say(LINE, place=DIRECT)
    assert "I know no address of \\*@example.com to write to: pass this on to them. `leave " in said


def test_owners_and_groups_are_written_to_once_each_and_never_whoever_asks(
    database: Database, tmp_path: Path
) -> None:
    rule = {**OF_OPS, "of": ["owners", "ops", "eve@*", BOB, ADA], "ask": "direct"}
    house = open_house(database, tmp_path, house_rules(rule))
    house.ask()
    assert [lane for lane, _, _ in house.told()] == [f"mailto:{each}" for each in (OWNER, BOB, CAROL, DORA)]


def test_a_room_that_migrates_meanwhile_is_the_same_room(database: Database, tmp_path: Path) -> None:
    house = open_house(database, tmp_path, house_rules({**OF_OPS, "rooms": "room-1"}))
    house.knows_room("room-1", "Sparkops demo")
    code = house.ask(parent_id="root")
    with database.transaction() as session:
        follow_migration(session, "room-1", "room-1-new")
    assert house.say(BOB, f"approve {code}", place=MOVED).startswith("✅")
    assert [(lane, thread) for lane, thread, _ in house.told_since(1)] == [("room-1-new", "root")]
    assert approved(database, code).place.room_id == "room-1-new"
    assert house.talk.request(replace(approved(database, code), place=MOVED)).result == "ok"


def test_moderators_of_the_room_it_was_asked_in_may_agree_from_anywhere(
    database: Database, tmp_path: Path
) -> None:
    house = open_house(database, tmp_path, house_rules({**OF_OPS, "of": "moderators"}))
    house.relations.moderators.add((EVE, "room-1"))
    code = house.ask()
    assert "of those who may decide" in house.say(BOB, f"approve {code}", place=DIRECT)
    house.relations.away = True
    assert house.say(EVE, f"approve {code}", place=Place()) == (
        f"⚠️ I could not find out from Webex whether you may decide {code}. Try again."
    )
    house.relations.away = False
    assert house.say(EVE, f"approve {code}", place=Place()).startswith("✅")
