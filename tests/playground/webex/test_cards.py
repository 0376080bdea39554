"""Adaptive Cards: posting one, submitting it, and what the bot learns."""

from typing import Any

import pytest

from tests.playground.running import Receiver, Webex


def card(version: str = "1.3") -> dict[str, Any]:
    return {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "content": {
            "type": "AdaptiveCard",
            "version": version,
            "body": [{"type": "Input.Text", "id": "branch"}],
            "actions": [{"type": "Action.Submit", "title": "Build", "data": {"action": "build"}}],
        },
    }


def test_a_card_is_kept_as_it_was_posted(webex: Webex) -> None:
    room_id = webex.room_with_bot()
    api = webex.sdk("bot:sparkops@webex.bot")
    message = api.messages.create(roomId=room_id, text="Build what?", attachments=[card()])
    assert webex.person().get(f"messages/{message.id}")["attachments"] == [card()]


def test_a_submitted_card_reaches_its_bot_without_the_inputs(webex: Webex, receiver: Receiver) -> None:
    room_id = webex.room_with_bot()
    bot, you = webex.sdk("bot:sparkops@webex.bot"), webex.person()
    bot.webhooks.create("cards", receiver.url, "attachmentActions", "created")
    message = bot.messages.create(roomId=room_id, text="Build what?", attachments=[card()])
    inputs = {"action": "build", "branch": "main"}
    action = you.post("attachment/actions", type="submit", messageId=message.id, inputs=inputs)
    assert action["inputs"] == inputs
    (hook,) = receiver.wait_for(1)
    assert (hook.body["resource"], hook.body["event"]) == ("attachmentActions", "created")
    assert hook.body["actorId"] == you.get("people/me")["id"]
    assert hook.data == {name: value for name, value in action.items() if name != "inputs"}
    assert set(hook.data) == {"id", "type", "messageId", "personId", "roomId", "created"}
    fetched = bot.attachment_actions.get(hook.data["id"])
    assert (fetched.inputs, fetched.messageId) == (inputs, message.id)


def test_the_sdk_submits_a_card(webex: Webex) -> None:
    room_id = webex.room_with_bot()
    message = webex.bot().post("messages", roomId=room_id, text="?", attachments=[card()])
    action = webex.sdk("person:you@example.com").attachment_actions.create(
        type="submit", messageId=message["id"], inputs={"branch": "main"}
    )
    assert action.inputs == {"branch": "main"}


def test_nobody_else_learns_what_was_filled_in(webex: Webex) -> None:
    room_id = webex.room_with_bot()
    message = webex.bot().post("messages", roomId=room_id, text="?", attachments=[card()])
    action = webex.person().post("attachment/actions", type="submit", messageId=message["id"], inputs={})
    webex.person("ada@example.com").refused(404, "GET", f"attachment/actions/{action['id']}")
    assert webex.person().get(f"attachment/actions/{action['id']}") == action


def test_submissions_that_webex_refuses(webex: Webex) -> None:
    room_id = webex.room_with_bot()
    you = webex.person()
    plain = you.post("messages", roomId=room_id, text="no card")
    body = {"type": "submit", "messageId": plain["id"], "inputs": {}}
    refusal = you.refused(400, "POST", "attachment/actions", json=body)
    assert refusal == "This message has no card to submit."
    you.refused(404, "POST", "attachment/actions", json=body | {"messageId": "unknown"})
    you.refused(400, "POST", "attachment/actions", json=body | {"type": "open"})
    you.refused(400, "POST", "attachment/actions", json=body | {"inputs": "x"})
    with_card = webex.bot().post("messages", roomId=room_id, text="?", attachments=[card()])
    stranger = webex.person("stranger@example.com")
    stranger.refused(404, "POST", "attachment/actions", json=body | {"messageId": with_card["id"]})


@pytest.mark.parametrize(
    ("attachments", "words"),
    [
        ([card(), card()], "Only one card per message is supported."),
        ([card("1.5")], "Adaptive Card version '1.5' is not supported; use 1.3 or below."),
        ([card() | {"contentType": "text/html"}], "An attachment needs contentType"),
        ([card() | {"content": {"type": "Other"}}], "must be of type 'AdaptiveCard'"),
        (["card"], "attachments must be a list of objects."),
    ],
)
def test_cards_that_webex_refuses(webex: Webex, attachments: list[Any], words: str) -> None:
    room_id = webex.room_with_bot()
    body = {"roomId": room_id, "text": "x", "attachments": attachments}
    assert words in webex.bot().refused(400, "POST", "messages", json=body)


def test_a_message_with_a_card_cannot_be_edited(webex: Webex) -> None:
    room_id = webex.room_with_bot()
    message = webex.bot().post("messages", roomId=room_id, text="?", attachments=[card()])
    refusal = webex.bot().refused(
        400, "PUT", f"messages/{message['id']}", json={"roomId": room_id, "text": "x"}
    )
    assert refusal == "Editing messages with files or attachments is currently unsupported."
