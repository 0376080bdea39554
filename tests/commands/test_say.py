"""`say`: speaking as the bot in another room."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.commands.builtin.say import say
from bot.commands.model import Entry, Place
from bot.store.database import Database
from tests.bot_in_process import BOT
from tests.commands.in_webex import InWebex, in_webex

ADA = "ada@example.com"


@pytest.fixture
def here(database: Database) -> Iterator[InWebex]:
    with in_webex(database) as running:
        yield running


def test_what_is_said_stands_in_the_other_room_as_the_bots_own(here: InWebex) -> None:
    other = here.webex.room_with_bot("Ops Berlin")
    answer = here.say('say "ops berlin" "The **deploy** is done -- and `make prod` too."')
    [message] = here.messages(other)
    assert (message["personEmail"], message["markdown"]) == (
        BOT,
        "The **deploy** is done -- and `make prod` too.",
    )
    assert answer == f"Said in **Ops Berlin**, as myself. `message delete {message['id']}` takes it back."
    assert here.confirmed(f"message delete {message['id']}").startswith(
        "Deleted: my message in **Ops Berlin** "
    )
    assert here.messages(other) == []


def test_people_may_be_mentioned_and_a_whole_room_never(here: InWebex) -> None:
    here.webex.person().post("memberships", roomId=here.room, personEmail=ADA)
    ada = here.webex.person(ADA).get("people/me")["id"]
    here.say(f"say this <@personId:{ada}|Ada> <@personEmail:{ADA}> <@all> <@ALL> <@ all> &lt;@all&gt;")
    [message] = here.messages()
    assert message["mentionedPeople"] == [ada]
    assert "mentionedGroups" not in message
    assert message["markdown"].replace("\u200b", "").endswith("<@all> <@ALL> <@ all> &lt;@all&gt;")
    assert message["markdown"].count("\u200b") == 4


def test_a_secret_is_not_said(database: Database) -> None:
    with in_webex(database, environ={"JENKINS_TOKEN": "hunter2hunter2"}) as here:
        here.say(f"say {here.room} It was hunter2hunter2 yesterday", place=Place(), entry=Entry.TERMINAL)
        assert [each["markdown"] for each in here.messages()] == ["It was «redacted» yesterday"]


def test_a_room_it_may_not_speak_in_is_told_with_webexs_own_words(here: InWebex) -> None:
    here.webex.control("POST", f"rooms/{here.room}/read-only", json={"isReadOnly": True})
    answer = here.say("say this Hello?").replace("\\", "")
    assert answer.startswith(
        f"⚠️ Posting a message to room {here.room}: Webex answered 403 Forbidden: This room is read-only: nobody can "
        "post into it"
    )


def test_a_room_that_is_none_of_its_own_is_not_spoken_in(here: InWebex) -> None:
    assert here.say("say Nowhere Hello") == "⚠️ I am in no room of the title `Nowhere`."


def test_a_rule_decides_by_the_room_that_is_spoken_in(database: Database, tmp_path: Path) -> None:
    rules = {"access": [{"allow": ADA, "commands": "say", "arguments": {"room": "Ops *"}}]}
    with in_webex(database, config=rules, folder=tmp_path) as here:
        here.webex.person().post("memberships", roomId=here.room, personEmail=ADA)
        other = here.webex.room_with_bot("Ops Berlin")
        assert here.say(f"say {other} Hello", person=ADA).startswith("Said in **Ops Berlin**")
        assert here.outcome("say this Hello", person=ADA).decision == "denied"
        assert here.messages() == []


def test_the_bots_own_word_is_remembered_as_its_own(here: InWebex, database: Database) -> None:
    """So that it does not make a stale room young."""
    here.say("say this Hello")
    with database.transaction() as session:
        own = session.scalar(text("SELECT own_post_at FROM rooms"))
    [message] = here.messages()
    assert own.isoformat(timespec="milliseconds").startswith(message["created"].removesuffix("Z"))


@pytest.mark.parametrize("example", say.examples)
def test_its_examples_run(here: InWebex, example: str) -> None:
    for title in ("Ops", "Release 41"):
        here.webex.room_with_bot(title)
    assert here.outcome(example).result == "ok"
