"""A schedule's time has come: its command runs as its person, if they still may, and answers in its room."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.access.policies import Policies
from bot.access.policy import Policy
from bot.access.webex_relations import WebexRelations
from bot.runs import schedules
from bot.store.database import Database
from bot.store.models import Schedule
from tests.bot_in_process import BotInProcess, bot_in_process
from tests.commands import bakery
from tests.commands.bakery import Bakery
from tests.playground.running import Webex, running_webex
from tests.talking import OWNER, confirmation_code

GRACE = "grace@example.com"


@pytest.fixture
def webex() -> Iterator[Webex]:
    """A stand-in Webex."""
    with running_webex() as running:
        yield running


@pytest.fixture
def bot(webex: Webex, database: Database) -> Iterator[BotInProcess]:
    """The bot with a bakery, in a room with its owner, whose members it knows from Webex."""
    with bot_in_process(webex, database, commands=bakery.COMMANDS) as running:
        running.services.policies.refresh_grants()
        relations = WebexRelations(running.services.webex, seconds=0)
        running.serve(replace(running.services, clients={"bakery": Bakery()}, relations=relations))
        yield running


def slot_comes(bot: BotInProcess, hours: int = 0) -> None:
    """What the clock does at a slot of schedule 1, and then the worker."""
    with bot.database.transaction() as session:
        slot = datetime(2026, 12, 1, tzinfo=UTC) + timedelta(hours=hours)
        assert schedules.enqueue_slot(session, "1", slot)
    bot.work()


def last(bot: BotInProcess) -> str:
    """The last message in the room that stands in no thread."""
    said = [each for each in bot.messages() if "parentId" not in each]
    return str(said[-1].get("markdown") or said[-1]["text"])


def test_its_command_runs_and_answers_in_the_room(bot: BotInProcess) -> None:
    bot.ask("schedule add hourly bread list --kind rye")
    slot_comes(bot)
    assert last(bot) == "5 loaves, rye"
    audited = bot.rows("SELECT entry, person_email, line, result FROM audit ORDER BY id DESC LIMIT 1")
    assert audited == [("schedule", OWNER, "bread list --kind rye", "ok")]


def test_what_destroys_asks_its_person_in_the_room_each_time(bot: BotInProcess) -> None:
    bot.ask("schedule add hourly bread throw stale")
    for hours in range(2):
        slot_comes(bot, hours)
        asked = last(bot)
        assert asked.startswith("⚠️ Throw away stale?")
        assert bot.services.clients["bakery"].done == ["threw stale"] * hours
        assert bot.ask(f"confirm {confirmation_code(asked)}") == "Thrown away: stale."
        assert bot.services.clients["bakery"].done == ["threw stale"] * (hours + 1)


def test_who_has_lost_the_right_has_it_paused_until_they_have_it_again(bot: BotInProcess) -> None:
    bot.ask("schedule add hourly bread list")
    mine, policies = bot.services, Policies(Policy())
    bot.serve(replace(mine, policies=policies))
    slot_comes(bot)
    assert last(bot) == (
        f"⏸ I paused the schedule `1` of **{OWNER}**: No rule allows it, and what is not allowed is denied. "
        "`schedule resume 1` starts it again once that is settled."
    )
    bot.serve(mine)
    assert bot.ask("schedule resume 1").startswith("Schedule `1` goes on: next on ")
    slot_comes(bot, hours=1)
    assert last(bot) == "5 loaves, any kind"


def test_while_webex_cannot_be_asked_it_is_neither_run_nor_paused(bot: BotInProcess, webex: Webex) -> None:
    bot.ask("schedule add hourly bread list")
    webex.fault(kind="drop", match={"path": "/v1/memberships"})
    slot_comes(bot)
    with bot.database.transaction() as session:
        assert session.get_one(Schedule, "1").paused is None
    assert bot.rows("SELECT state FROM inbox WHERE source = 'schedule'") == [("waiting",)]


def test_who_has_left_the_room_has_it_paused_and_the_room_is_told(bot: BotInProcess, webex: Webex) -> None:
    bot.ask("schedule add hourly bread list")
    grace = webex.person(GRACE)
    webex.person().post("memberships", roomId=bot.room, personEmail=GRACE)
    seats = webex.person().get("memberships", roomId=bot.room, personEmail=OWNER)["items"]
    webex.person().delete(f"memberships/{seats[0]['id']}")
    slot_comes(bot)
    said = grace.get("messages", roomId=bot.room)["items"][0]
    assert said["markdown"] == (
        f"⏸ I paused the schedule `1` of **{OWNER}**: {OWNER} is not in that room. `schedule resume 1` starts it "
        "again once that is settled."
    )
    with bot.database.transaction() as session:
        assert session.get_one(Schedule, "1").paused == f"{OWNER} is not in that room."
        assert not schedules.enqueue_slot(session, "1", datetime(2026, 12, 2, tzinfo=UTC))
