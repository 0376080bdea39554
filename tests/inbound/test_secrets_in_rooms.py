"""A secret in a room: what becomes of the message, what its writer is told, and how it is given well."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from bot.access.credentials import Credential, CredentialField, CredentialKind
from bot.integration import Integration
from bot.store.database import Database
from tests.bot_in_process import (
    API_TOKEN,
    BOT,
    BotInProcess,
    about,
    bot_in_process,
    delivery,
    working,
)
from tests.dumped import dumped
from tests.playground.running import Webex
from tests.talking import OWNER

TOKEN = "glpat-" + "a1b2c3d4e5" * 3
GIVEN = "sesame-opens-nothing-at-all"


def check(credential: Credential, _settings: Any) -> str:
    """The house knows everybody."""
    return credential.plain["user"]


HOUSE = Integration(
    name="house",
    credentials=CredentialKind(
        (CredentialField("user", "Your name", secret=False), CredentialField("token", "Your token")), check
    ),
)


@pytest.fixture
def bot(webex: Webex, database: Database) -> Iterator[BotInProcess]:
    environ = {"SPARKOPS_ENCRYPTION_KEY": "a key of the tests that is long enough for one"}
    with bot_in_process(webex, database, environ=environ, integrations=(HOUSE,)) as running:
        running.services.policies.refresh_grants()
        yield running


def moderated_room(webex: Webex) -> str:
    """A moderated room of the owner's in which the bot moderates too."""
    you = webex.person()
    room: str = you.post("rooms", title="Vault", isLocked=True)["id"]
    you.post("memberships", roomId=room, personEmail=BOT, isModerator=True)
    return room


def told(bot: BotInProcess, room: str) -> str:
    """The bot's last words in a room, the mention's target aside."""
    (said,) = [each for each in bot.messages(room=room) if each["personEmail"] == BOT]
    return str(said["markdown"])


def test_in_a_room_without_moderators_the_writer_is_told_to_delete_it(
    bot: BotInProcess, database: Database
) -> None:
    message = bot.hear(f"help {TOKEN}")
    bot.work()
    (said,) = bot.thread(message["id"])
    assert said == (
        f"🔒 <@personEmail:{OWNER}> I saw something that looks like a secret, so I ran nothing. I may not delete your "
        "message here: please delete it yourself, now. Somebody may have read it. Rotate it: make a new one where it "
        "comes from, and revoke this one. I take secrets on a card in our direct room only: there, say the command "
        "without them."
    )
    assert bot.webex.person().get(f"messages/{message['id']}")["id"] == message["id"]
    assert bot.rows("SELECT decision, line FROM audit") == [("secret", "help «redacted»")]
    assert TOKEN not in dumped(database)


def test_in_a_moderated_room_where_the_bot_moderates_the_message_is_deleted(
    bot: BotInProcess, database: Database
) -> None:
    room = moderated_room(bot.webex)
    message = bot.hear(f"help password={TOKEN}", room=room)
    bot.work()
    assert "I deleted your message, but somebody may have read it." in told(bot, room)
    bot.webex.person().refused(404, "GET", f"messages/{message['id']}")
    assert bot.rows("SELECT decision, line FROM audit") == [("secret", "help password=«redacted»")]
    assert TOKEN not in dumped(database)


def test_a_message_that_its_writer_deleted_meanwhile_counts_as_deleted(bot: BotInProcess) -> None:
    room = moderated_room(bot.webex)
    message = bot.say(f"help {TOKEN}", room=room)
    bot.webex.fault(kind="status", match={"method": "DELETE", "path": "/v1/messages/*"}, status=404, count=1)
    bot.deliver(about(message))
    bot.work()
    assert "I deleted your message" in told(bot, room)


def test_while_webex_is_away_the_deletion_is_tried_again(bot: BotInProcess) -> None:
    room = moderated_room(bot.webex)
    bot.webex.fault(kind="status", match={"method": "DELETE", "path": "/v1/messages/*"}, status=503, count=1)
    message = bot.hear(f"help {TOKEN}", room=room)
    bot.work()
    assert [each["id"] for each in bot.messages(room=room)] == [message["id"]], "nothing is said before"
    bot.let_pass(60)
    bot.work()
    assert "I deleted your message" in told(bot, room)


# --- given well


def say_directly(bot: BotInProcess, line: str) -> str:
    """Say a line to the bot alone; returns the direct room's id."""
    message = bot.webex.person().post("messages", toPersonEmail=BOT, text=line)
    assert bot.deliver(about(message)).status_code == 200
    bot.work()
    return str(message["roomId"])


def submit(bot: BotInProcess, card: dict[str, Any], **inputs: str) -> None:
    """Fill a card in and send it off."""
    data = card["attachments"][0]["content"]["actions"][0]["data"]
    you = bot.webex.person()
    action = you.post("attachment/actions", type="submit", messageId=card["id"], inputs={**data, **inputs})
    names = ("id", "messageId", "personId", "roomId", "created")
    assert bot.deliver(delivery("attachmentActions", "created", {each: action[each] for each in names}))
    bot.work()


def test_on_a_card_in_the_direct_room_it_is_taken_and_the_card_goes_away(
    bot: BotInProcess, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    room = say_directly(bot, "credentials set house")
    card = bot.messages(room=room)[-1]
    assert [each["type"] for each in card["attachments"][0]["content"]["body"]] == [
        "TextBlock",
        "Input.Text",
        "Input.Text",
    ]
    submit(bot, card, field0="ada", field1=GIVEN)
    bot.webex.person().refused(404, "GET", f"messages/{card['id']}")
    said = bot.messages(room=room)[-1]["markdown"]
    assert said.startswith("🔑 house knows you as **ada**. I keep it, encrypted;")
    line = "credentials set house user=«secret» token=«redacted»"
    assert bot.rows("SELECT decision, line FROM audit ORDER BY id DESC LIMIT 1") == [("allowed", line)]
    assert GIVEN not in dumped(database) and GIVEN not in caplog.text
    assert all(GIVEN not in str(each) for each in bot.messages(room=room))


def test_a_card_that_cannot_be_deleted_is_told(bot: BotInProcess) -> None:
    room = say_directly(bot, "credentials set house")
    card = bot.messages(room=room)[-1]
    bot.webex.fault(kind="status", match={"method": "DELETE", "path": "/v1/messages/*"}, status=500, count=1)
    submit(bot, card, field0="ada", field1=GIVEN)
    said = bot.messages(room=room)[-1]["markdown"]
    assert said.endswith("I could not delete my card, though: do not use it again.")


def test_by_rest_it_is_refused_and_the_stored_call_is_veiled(bot: BotInProcess, database: Database) -> None:
    call = {"command": f"credentials set house user=ada token={GIVEN}", "as": OWNER}
    with working(bot):
        answer = bot.http.post(
            "/api/commands", json=call, headers={"Authorization": f"Bearer {API_TOKEN}"}
        ).get_json()
    assert answer["decision"] == "secret"
    assert "I take none by REST, where it is kept" in answer["replies"][0]["markdown"]
    stored = bot.rows("SELECT payload->>'line' FROM inbox")
    assert stored == [("credentials set house user=«secret» token=«secret»",)]
    assert GIVEN not in dumped(database)


def test_as_text_in_the_direct_room_it_is_refused(bot: BotInProcess, database: Database) -> None:
    room = say_directly(bot, f"credentials set house user=ada token={GIVEN}")
    said = bot.messages(room=room)[-1]["markdown"]
    assert said.startswith("🔒 `credentials set` takes a secret, and I take none as text")
    assert GIVEN not in dumped(database)
