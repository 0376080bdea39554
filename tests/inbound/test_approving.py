"""A question to others from the room to the run: asked by a message, answered by a card, told in every place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from bot.access.policies import Policies
from bot.access.policy import Policy
from bot.access.webex_relations import WebexRelations
from bot.config_file import ConfigFile
from bot.store.database import Database
from tests.access.asking_others import ADA, BOB, CAROL, DORA, OF_OPS, house_rules
from tests.bot_in_process import BOT, BotInProcess, about, bot_in_process, delivery
from tests.commands import bakery
from tests.commands.bakery import Bakery
from tests.playground.running import Webex
from tests.talking import OWNER

BOARD = "Release board"
LINE = "bread bake rye Sunday round"


@pytest.fixture
def bakers(webex: Webex, database: Database) -> Iterator[BotInProcess]:
    """The bakery's bot in a room with its owner, which knows who is in which room."""
    commands, integrations = bakery.COMMANDS, (bakery.integration,)
    with bot_in_process(webex, database, commands=commands, integrations=integrations) as bot:
        bot.serve(replace(bot.services, relations=WebexRelations(bot.services.webex)))
        yield bot


@pytest.fixture
def house(bakers: BotInProcess) -> BotInProcess:
    """Ada and Bob are in the room, and one of ops must agree there to whatever changes bread."""
    rule(bakers, OF_OPS)
    join(bakers.webex, bakers.room, ADA, BOB)
    return bakers


@pytest.fixture
def board(bakers: BotInProcess) -> str:
    """The id of another room, in which Bob and Carol are asked for what Ada wants in the first."""
    rule(bakers, {**OF_OPS, "ask": BOARD})
    join(bakers.webex, bakers.room, ADA)
    room = bakers.webex.room_with_bot(BOARD)
    join(bakers.webex, room, BOB, CAROL)
    bakers.rooms.refresh(room)
    return room


def rule(bot: BotInProcess, asked: Mapping[str, Any]) -> None:
    """From now on this is asked of others."""
    policy = Policy.of_file(ConfigFile.model_validate(house_rules(asked)), owners=(OWNER,))
    bot.serve(replace(bot.services, policies=Policies(policy)))


def join(webex: Webex, room: str, *people: str) -> None:
    for person in people:
        webex.person(person).get("people/me")
        webex.person().post("memberships", roomId=room, personEmail=person)


def shop_of(bot: BotInProcess) -> Bakery:
    shop: Bakery = bot.services.clients["bakery"]
    return shop


def words(message: dict[str, Any]) -> str:
    return str(message.get("markdown") or message["text"])


def press(bot: BotInProcess, person: str, card: dict[str, Any], title: str, **inputs: str) -> dict[str, Any]:
    """Somebody presses a button of a card, and Webex tells the bot; returns the delivery."""
    actions = card["attachments"][0]["content"]["actions"]
    [data] = [action["data"] for action in actions if action["title"] == title]
    pressed = bot.webex.person(person).post(
        "attachment/actions", type="submit", messageId=card["id"], inputs={**data, **inputs}
    )
    kept = ("id", "messageId", "personId", "roomId", "created")
    return delivery(
        "attachmentActions", "created", {name: pressed[name] for name in kept} | {"personEmail": person}
    )


def hear(bot: BotInProcess, event: dict[str, Any]) -> None:
    assert bot.deliver(event).status_code == 200
    bot.work()


def test_asked_in_the_thread_approved_by_card_and_run_for_whoever_asked(house: BotInProcess) -> None:
    message = house.hear(LINE, person=ADA)
    house.work()
    question, answer = house.messages(parentId=message["id"])
    assert words(question).startswith(
        f"🔏 **ada@example.com** wants `{LINE}`, in the room Sparkops demo.\n\n"
    )
    assert words(question).endswith(" <@personEmail:bob@example.com>")
    assert len(question["mentionedPeople"]) == 1
    assert words(answer).startswith(f"⏳ `{LINE}`\n\nThis waits for the yes of 1 of ops, within 1 h (by ")

    hear(house, press(house, ADA, question, "Approve"))
    assert house.thread(message["id"])[2].startswith("⚠️ ")
    assert shop_of(house).done == []

    hear(house, press(house, BOB, question, "Approve", field0="not to be heeded"))
    assert house.thread(message["id"])[3:] == [
        f"✅ `{LINE}` for **ada@example.com** is approved by bob@example.com, and goes ahead.",
        "Baked 1 of rye for Sunday.",
    ]
    assert shop_of(house).done == ["rye Sunday ('round',)"]


def test_asked_in_another_room_denied_there_and_told_in_both_threads(
    bakers: BotInProcess, board: str
) -> None:
    bot, room = bakers, board
    message = bot.hear(LINE, person=ADA)
    bot.work()
    assert "They are asked in the room Release board. `leave " in bot.thread(message["id"])[0]
    [question] = bot.messages(room=room)
    hear(bot, press(bot, BOB, question, "Deny", field0="Sunday's a holiday"))
    told = f"⛔ `{LINE}` for **ada@example.com** is denied by bob@example.com: Sunday's a holiday"
    assert [words(each) for each in bot.messages(room=room, parentId=question["id"])] == [told]
    assert bot.thread(message["id"])[1] == f"{told} <@personEmail:ada@example.com>"
    assert shop_of(bot).done == []


def test_somebody_who_has_left_the_room_they_were_asked_in_approves_nothing(
    bakers: BotInProcess, board: str
) -> None:
    bot, room = bakers, board
    bot.hear(LINE, person=ADA)
    bot.work()
    [question] = bot.messages(room=room)
    pressed = press(bot, BOB, question, "Approve")
    pressed["data"]["created"] = "2026-01-01T00:00:00.000Z"  # delivered late, it proves nothing about now
    owner = bot.webex.person()
    [seat] = owner.get("memberships", roomId=room, personEmail=BOB)["items"]
    owner.delete(f"memberships/{seat['id']}")
    assert bot.deliver(pressed).status_code == 200
    bot.work()
    assert bot.rows("SELECT count(*) FROM approval_votes") == [(0,)]
    hear(bot, press(bot, CAROL, question, "Approve"))
    assert len(shop_of(bot).done) == 1


def test_asked_by_a_program_each_is_written_to_and_its_person_gets_the_result(house: BotInProcess) -> None:
    message = house.webex.person(ADA).post("messages", toPersonEmail=BOT, text=LINE)
    hear(house, about(message))
    direct = house.webex.person(DORA)
    [room] = direct.get("rooms", type="direct")["items"]
    [question] = direct.get("messages", roomId=room["id"])["items"]
    hear(house, press(house, DORA, question, "Approve"))
    [mine] = house.webex.person(ADA).get("rooms", type="direct")["items"]
    replies = [
        words(each) for each in reversed(house.webex.person(ADA).get("messages", roomId=mine["id"])["items"])
    ]
    assert replies[1].startswith("👋 Hello, I am **Sparkops**.")
    assert replies[2].startswith(f"⏳ `{LINE}`\n\n")
    assert replies[3:] == [
        f"✅ `{LINE}` for **ada@example.com** is approved by dora@example.com, and goes ahead.",
        "Baked 1 of rye for Sunday.",
    ]
    bobs = house.webex.person(BOB).get("rooms", type="direct")["items"][0]["id"]
    assert [words(each)[0] for each in house.webex.person(BOB).get("messages", roomId=bobs)["items"]] == [
        "✅",
        "🔏",
    ]


def test_fifty_clicks_handled_by_many_threads_run_it_once(house: BotInProcess) -> None:
    message = house.hear(LINE, person=ADA)
    house.work()
    question = house.messages(parentId=message["id"])[0]
    for _ in range(25):
        for person in (BOB, ADA):
            assert house.deliver(press(house, person, question, "Approve")).status_code == 200
    events = house.handler.claim(50)
    assert len(events) == 50
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(house.handler.handle, events))
    house.work()
    told = house.thread(message["id"])
    assert (
        len([each for each in told if each.endswith("is approved by bob@example.com, and goes ahead.")]) == 1
    )
    assert told.count("Baked 1 of rye for Sunday.") == 1
    assert shop_of(house).done == ["rye Sunday ('round',)"]
    assert house.rows("SELECT count(*) FROM inbox WHERE source = 'approval'") == [(1,)]
