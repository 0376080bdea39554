"""`message delete`: taking a message back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bot.commands.builtin.message import message_delete
from bot.store.database import Database
from tests.commands.in_webex import InWebex, in_webex
from tests.talking import confirmation_code

ADA, EVE = "ada@example.com", "eve@example.com"
UNSEEN = "⚠️ I see no message `{id}`. In group rooms I see only my own, and those that mention me."


@pytest.fixture
def here(database: Database) -> Iterator[InWebex]:
    with in_webex(database) as running:
        running.webex.person().post("memberships", roomId=running.room, personEmail=ADA)
        yield running


def bots(here: InWebex, text: str, **more: Any) -> dict[str, Any]:
    """Something the bot has said."""
    posted = here.webex.bot().post("messages", roomId=here.room, markdown=text, **more)
    assert isinstance(posted, dict)
    return posted


def moderating(here: InWebex) -> str:
    """A room which the bot moderates, with Ada and the owner in it."""
    room = here.webex.bot().post("rooms", title="Release 41", isLocked=True)["id"]
    for person in ("you@example.com", ADA):
        here.webex.bot().post("memberships", roomId=room, personEmail=person)
    return str(room)


def minute(message: dict[str, Any]) -> str:
    return str(message["created"][:16].replace("T", " "))


def test_its_own_message_is_quoted_asked_about_and_deleted(here: InWebex) -> None:
    message = bots(here, "The *deploy* of yesterday\n\nhas failed. " + "x" * 100)
    line = f"message delete {message['id']}"
    assert here.say(line).partition("\n")[0] == (
        f"⚠️ Delete my message in **Sparkops demo** of {minute(message)} UTC: “The deploy of yesterday has failed. "
        f"{'x' * 43}…”?"
    )
    assert here.confirmed(line).startswith(
        f"Deleted: my message in **Sparkops demo** of {minute(message)} UTC: “The deploy"
    )
    assert here.messages() == []


def test_parent_is_the_first_message_of_the_thread_it_is_said_in(here: InWebex) -> None:
    root, other = bots(here, "Build 7 failed"), bots(here, "Build 8 failed")
    reply = here.post("message delete parent", parentId=root["id"])
    thread = {"parent_id": root["id"], "message_id": reply["id"]}
    assert here.confirmed("message delete parent", **thread).startswith(
        "Deleted: my message in **Sparkops demo**"
    )
    assert [each["id"] for each in here.messages()] == [other["id"], reply["id"]]


def test_parent_outside_a_thread_is_none(here: InWebex) -> None:
    alone = here.post("message delete parent")
    for where in ({"parent_id": alone["id"], "message_id": alone["id"]}, {}):
        assert here.say("message delete PARENT", **where) == (
            "⚠️ `parent` is the first message of a thread, and this was said in none. Reply to the message, or name "
            "it by its id."
        )


def test_a_yes_in_another_thread_is_not_a_yes_to_that_threads_parent(here: InWebex) -> None:
    first, second = bots(here, "first"), bots(here, "second")
    asked = here.say("message delete parent", parent_id=first["id"], message_id="m1")
    answer = here.say(f"confirm {confirmation_code(asked)}", parent_id=second["id"], message_id="m2")
    assert not answer.startswith("Deleted")
    assert [each["id"] for each in here.messages()] == [first["id"], second["id"]]


def test_a_message_edited_since_it_was_quoted_is_not_what_was_agreed_to(here: InWebex) -> None:
    message = bots(here, "All is well")
    asked = here.say(f"message delete {message['id']}")
    here.webex.clock.advance(seconds=2)
    here.webex.bot().put(f"messages/{message['id']}", roomId=here.room, markdown="Nothing is well")
    assert not here.say(f"confirm {confirmation_code(asked)}").startswith("Deleted")
    assert len(here.messages()) == 1


def test_anothers_message_is_deleted_only_where_the_bot_is_a_moderator(here: InWebex) -> None:
    message = here.post("look at this", person=ADA)
    assert here.say(f"message delete {message['id']}") == (
        "⚠️ That message is ada@example.com's, and others' messages I may delete only where I am a moderator. In "
        "**Sparkops demo** I am none."
    )
    room = moderating(here)
    message = here.post("look at that", person=ADA, room=room)
    line = f"message delete {message['id']}"
    assert here.say(line).startswith(
        f"⚠️ Delete the message of **ada@example.com** in **Release 41** of {minute(message)} UTC: "
        "“Sparkops look at that”?"
    )
    assert here.confirmed(line).startswith("Deleted: the message of **ada@example.com** in **Release 41**")
    assert here.messages(room) == []


def test_a_message_of_a_room_its_asker_is_not_in_is_neither_quoted_nor_deleted(here: InWebex) -> None:
    room = here.webex.bot().post("rooms", title="Board")["id"]
    secret = here.webex.bot().post("messages", roomId=room, markdown="We sell the company")
    assert here.say(f"message delete {secret['id']}") == UNSEEN.format(id=secret["id"])
    assert here.webex.bot().get(f"messages/{secret['id']}")["id"] == secret["id"]


def test_a_message_it_cannot_see_is_told_as_such(here: InWebex) -> None:
    unmentioned = here.webex.person(ADA).post("messages", roomId=here.room, text="among ourselves")
    for message_id in (unmentioned["id"], "Y2lzY29zcGFyazovL3VzL01FU1NBR0UvMQ", "nonsense"):
        assert here.say(f"message delete {message_id}") == UNSEEN.format(id=message_id)


def test_a_card_and_a_file_are_named_where_there_are_no_words(here: InWebex) -> None:
    card = {"type": "AdaptiveCard", "version": "1.3", "body": []}
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
    message = bots(here, "Pick one", attachments=[attachment])
    assert (
        here.say(f"message delete {message['id']}").partition("\n")[0].endswith(": “Pick one” with a card?")
    )


def test_what_webex_does_not_do_is_told(here: InWebex) -> None:
    message = bots(here, "Hello")
    here.webex.fault(kind="status", status=503, match={"method": "DELETE", "path": "/v1/messages/*"})
    assert here.confirmed(f"message delete {message['id']}").startswith("⚠️ Deleting message ")
    assert len(here.messages()) == 1


def test_its_examples_run(here: InWebex) -> None:
    for example in message_delete.examples:
        message = bots(here, "Hello")
        line = " ".join(message["id"] if word.startswith("Y2lz") else word for word in example.split())
        assert here.confirmed(line, parent_id=message["id"], message_id="another").startswith(
            "Deleted: my message"
        )
