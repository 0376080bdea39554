"""A watch runs with its owner's rights of that moment; when they are lost it pauses, and the room is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.store.database import Database
from bot.store.models import KnownRoom
from tests.integrations.switches.farm import Farm, FleetTalk, fleet_talk
from tests.integrations.switches.watching.watched import audited, due_poll, watch_of
from tests.talking import Stated

BOB = "bob@example.com"
LINE = "switch watch leaf01 health --name well"
RULES = {
    "access": [
        {"allow": "netops", "commands": "switch *"},
        {"allow": "everyone", "commands": "switch watches"},
    ],
    "groups": {"netops": [BOB]},
}


@pytest.fixture
def known() -> Stated:
    """Who is in which room."""
    return Stated()


@pytest.fixture
def fleet(farm: Farm, database: Database, tmp_path: Path, known: Stated) -> Iterator[FleetTalk]:
    """A bot whose group netops may ask switches."""
    with fleet_talk(database, farm, config=RULES, folder=tmp_path, relations=known) as talk:
        yield talk


def test_who_leaves_the_room_leaves_the_watch_paused(fleet: FleetTalk, known: Stated) -> None:
    assert fleet.say(LINE, person=BOB).startswith("👁 Watch **well**")
    assert due_poll(fleet) == []
    known.outside.add((BOB, "room-1"))
    assert due_poll(fleet) == [
        "⏸ I paused the watch **well** of **bob@example.com**: bob@example.com is not in that room. "
        "`switch resume well` lets it go on once that is settled."
    ]
    before = fleet.farm.requests()["leaf01"]
    assert due_poll(fleet) == []
    assert fleet.farm.requests()["leaf01"] == before
    assert audited(fleet) == [("watch", "well paused", "denied", "paused")]
    assert (
        "⏸ `well` is paused: bob@example.com is not in that room. `switch resume well` lets it go on."
        in fleet.say("switch watches")
    )


def test_who_loses_the_right_loses_the_watch_until_it_is_back(
    fleet: FleetTalk, farm: Farm, known: Stated, tmp_path: Path
) -> None:
    fleet.say(LINE, person=BOB)
    due_poll(fleet)
    (tmp_path / "later").mkdir()
    later = {**RULES, "access": [{"allow": "everyone", "commands": "switch watches"}]}
    with fleet_talk(
        fleet.database, farm, config=later, folder=tmp_path / "later", relations=known
    ) as changed:
        [told] = due_poll(changed)
    assert told.startswith("⏸ I paused the watch **well** of **bob@example.com**: ")
    assert fleet.say("switch resume well", person=BOB) == (
        "👁 The watch **well** goes on, with the rights bob@example.com has."
    )
    before = fleet.farm.requests()["leaf01"]
    assert due_poll(fleet) == []
    assert fleet.farm.requests()["leaf01"] == before + 1
    assert fleet.say("switch resume well", person=BOB) == "The watch **well** is not paused."


def test_a_rule_about_switches_is_asked_about_every_one_the_target_means_now(
    farm: Farm, database: Database, tmp_path: Path
) -> None:
    only = {"allow": "netops", "commands": "switch *", "arguments": {"switch": "leaf*"}}
    with fleet_talk(database, farm, config={**RULES, "access": [only]}, folder=tmp_path) as talk:
        talk.say(LINE, person=BOB)
        assert due_poll(talk) == []
        with database.transaction() as session:
            session.execute(text("UPDATE switch_watches SET target = 'all'"))
        [told] = due_poll(talk)
        assert told.startswith("⏸ I paused the watch **well** of **bob@example.com**: ")


def test_while_webex_does_not_say_who_is_in_the_room_it_waits(fleet: FleetTalk, known: Stated) -> None:
    fleet.say(LINE, person=BOB)
    known.away = True
    before = fleet.farm.requests()["leaf01"]
    assert due_poll(fleet) == []
    assert fleet.farm.requests()["leaf01"] == before
    assert watch_of(fleet, "well").paused is None
    known.away = False
    due_poll(fleet)
    assert fleet.farm.requests()["leaf01"] == before + 1


def test_a_target_that_means_nothing_any_more_pauses_it(fleet: FleetTalk) -> None:
    fleet.say(LINE, person=BOB)
    with fleet.database.transaction() as session:
        session.execute(text("UPDATE switch_watches SET target = 'leaf99'"))
    assert due_poll(fleet) == [
        "⏸ I paused the watch **well** of **bob@example.com**: its target means no switch any more: there is no switch "
        "'leaf99'; did you mean 'leaf06'? `switch resume well` lets it go on once that is settled."
    ]


def test_a_show_that_is_granted_no_more_pauses_it(fleet: FleetTalk) -> None:
    fleet.say('switch watch leaf01 "show interface brief" state --name ports', person=BOB)
    with fleet.database.transaction() as session:
        session.execute(text("UPDATE switch_watches SET show = 'show running-config'"))
    [told] = due_poll(fleet)
    assert told.startswith("⏸ I paused the watch **ports** of **bob@example.com**: ")
    assert "is not asked from chat: it holds secrets" in told


def test_a_room_the_bot_has_left_is_not_told(fleet: FleetTalk) -> None:
    fleet.say(LINE, person=BOB)
    with fleet.database.transaction() as session:
        session.add(KnownRoom(room_id="room-1", title="Sparkops demo", type="group", left=True))
    assert due_poll(fleet) == []
    assert watch_of(fleet, "well").paused == "I am not in its room any more."


def test_only_its_owner_and_mine_may_end_it(fleet: FleetTalk) -> None:
    fleet.say(LINE)
    assert fleet.say("switch unwatch well", person=BOB) == (
        "⚠️ The watch `well` is you@example.com's: only they and my owners may change it."
    )
    fleet.say("switch watch leaf02 health --name bobs", person=BOB)
    assert fleet.say("switch unwatch bobs").startswith("🙈 The watch **bobs**")
    assert fleet.say("switch unwatch bobs") == (
        "⚠️ The watch `bobs` is over already. `switch history bobs` shows what it saw."
    )


def test_a_history_is_shown_to_who_may_ask_for_every_switch_in_it(
    farm: Farm, database: Database, tmp_path: Path
) -> None:
    rules = [
        {"allow": "netops", "commands": "switch *"},
        {"allow": "everyone", "commands": "switch history", "arguments": {"switch": "leaf*"}},
    ]
    with fleet_talk(database, farm, config={**RULES, "access": rules}, folder=tmp_path) as talk:
        talk.say("switch watch @leaf health --name leafs", person=BOB)
        talk.say("switch watch all health --name every", person=BOB)
        due_poll(talk)
        assert talk.outcome("switch history leafs", person="ada@example.com").decision == "allowed"
        assert talk.outcome("switch history every", person="ada@example.com").decision == "denied"
        assert talk.outcome("switch history every", person=BOB).decision == "allowed"
        with database.transaction() as session:
            session.execute(text("UPDATE switch_watches SET target = 'leaf01' WHERE name = 'every'"))
        assert talk.outcome("switch history every", person="ada@example.com").decision == "denied"


def test_a_history_of_a_show_is_shown_to_who_may_ask_it(fleet: FleetTalk) -> None:
    fleet.say('switch watch leaf01 "show interface brief" state --name ports', person=BOB)
    due_poll(fleet)
    with fleet.database.transaction() as session:
        session.execute(text("UPDATE switch_watches SET show = 'show running-config'"))
    said = fleet.say("switch history ports", person=BOB)
    assert said.startswith("⚠️ \\`show running-config\\` is not asked from chat: it holds secrets.")


def test_only_my_owners_see_the_watches_of_every_room(fleet: FleetTalk) -> None:
    fleet.say(LINE)
    assert fleet.say("switch watches --all", person=BOB) == (
        "⚠️ Only my owners see the watches of every room. `switch watches` lists those of this one."
    )
    assert "well" in fleet.say("switch watches --all")
