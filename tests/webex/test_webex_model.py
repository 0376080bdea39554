"""Webex's JSON becomes typed values; what is not Webex's JSON becomes one typed error."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.webex import AttachmentAction, BadData, Membership, Message, Person, Room, Webhook
from bot.webex.model import fingerprint

GROUP_MENTION: dict[str, Any] = {
    "id": "message-1",
    "roomId": "room-1",
    "roomType": "group",
    "text": "Sparkops ping",
    "personId": "person-1",
    "personEmail": "ada@example.com",
    "html": '<p><spark-mention data-object-id="bot-1">Sparkops</spark-mention> ping</p>',
    "mentionedPeople": ["bot-1"],
    "created": "2026-03-02T07:22:22.111Z",
}
CARD = {"contentType": "application/vnd.microsoft.card.adaptive", "content": {"type": "AdaptiveCard"}}


def test_a_group_message_that_mentions_the_bot() -> None:
    message = Message.from_json(GROUP_MENTION)

    assert message == Message(
        id="message-1",
        room_id="room-1",
        room_type="group",
        person_id="person-1",
        person_email="ada@example.com",
        created=datetime(2026, 3, 2, 7, 22, 22, 111000, tzinfo=UTC),
        text="Sparkops ping",
        html=GROUP_MENTION["html"],
        mentioned_people=("bot-1",),
    )


def test_a_reply_is_threaded_under_the_root_and_a_root_under_itself() -> None:
    assert Message.from_json(GROUP_MENTION | {"parentId": "root"}).thread_id == "root"
    assert Message.from_json(GROUP_MENTION).thread_id == "message-1"


def test_a_message_knows_its_files_and_whether_it_has_a_card() -> None:
    message = Message.from_json(GROUP_MENTION | {"files": ["https://x/contents/1"], "attachments": [CARD]})

    assert message.files == ("https://x/contents/1",)
    assert message.has_card
    assert not Message.from_json(GROUP_MENTION).has_card


@pytest.mark.parametrize(
    "written", ["2026-03-02T07:22:22Z", "2026-03-02T07:22:22+00:00", "2026-03-02T08:22:22+01:00"]
)
def test_timestamps_need_no_milliseconds(written: str) -> None:
    """The SDK's date properties refuse all three."""
    message = Message.from_json(GROUP_MENTION | {"created": written})

    assert message.created == datetime(2026, 3, 2, 7, 22, 22, tzinfo=UTC)


def test_fields_nobody_knows_yet_are_ignored() -> None:
    assert Message.from_json(GROUP_MENTION | {"isVoiceClip": False, "new": {}}) == Message.from_json(
        GROUP_MENTION
    )


def test_a_bot_and_a_person() -> None:
    bot = Person.from_json(
        {
            "id": "p",
            "emails": ["sparkops@webex.bot", "old@webex.bot"],
            "displayName": "Sparkops",
            "type": "bot",
        }
    )

    assert bot == Person(id="p", email="sparkops@webex.bot", display_name="Sparkops", type="bot")
    assert bot.is_bot
    assert not Person.from_json({"id": "p", "emails": ["ada@example.com"], "type": "person"}).is_bot


def test_a_room_with_only_what_webex_always_sends() -> None:
    room = Room.from_json({"id": "r", "type": "direct"})

    assert room == Room(id="r", title="", type="direct")
    assert room.last_activity is None
    assert room.is_locked is None


def test_a_room_with_everything() -> None:
    room = Room.from_json(
        {
            "id": "r",
            "title": "Release train",
            "type": "group",
            "isLocked": True,
            "teamId": "t",
            "lastActivity": "2026-03-02T20:26:02.321Z",
            "creatorId": "p",
            "created": "2026-02-24T22:31:13.482Z",
            "description": "All aboard",
            "isPublic": False,
            "isAnnouncementOnly": False,
            "isReadOnly": False,
        }
    )

    assert room.title == "Release train"
    assert room.is_locked
    assert room.is_read_only is False
    assert room.last_activity == datetime(2026, 3, 2, 20, 26, 2, 321000, tzinfo=UTC)


def test_a_membership_without_flags_is_an_ordinary_one() -> None:
    membership = Membership.from_json(
        {"id": "m", "roomId": "r", "personId": "p", "personEmail": "a@example.com"}
    )

    assert not membership.is_moderator
    assert not membership.is_room_hidden
    assert membership.room_type is None


def test_a_webhook_keeps_no_secret_but_can_tell_that_it_changed() -> None:
    data = {
        "id": "w",
        "name": "sparkops messages created",
        "targetUrl": "https://bot.example.com/hooks/webex",
        "resource": "messages",
        "event": "created",
        "status": "active",
        "secret": "hush-hush-4711",
    }

    webhook = Webhook.from_json(data)

    assert "hush-hush-4711" not in repr(webhook)
    assert webhook.secret_fingerprint == fingerprint("hush-hush-4711")
    assert webhook.secret_fingerprint != fingerprint("hush-hush-4712")
    assert "hush" not in str(webhook.secret_fingerprint)
    assert webhook.filter is None


def test_card_inputs_are_text_whatever_webex_sends() -> None:
    action = AttachmentAction.from_json(
        {
            "id": "a",
            "type": "submit",
            "messageId": "m",
            "roomId": "r",
            "personId": "p",
            "inputs": {"branch": "main", "nodes": 4, "dry": True, "tags": ["a"]},
        }
    )

    assert action.inputs == {"branch": "main", "nodes": "4", "dry": "true", "tags": '["a"]'}


@pytest.mark.parametrize(
    ("kind", "data", "complaint"),
    [
        (Message, {k: v for k, v in GROUP_MENTION.items() if k != "id"}, "message: 'id' holds nothing"),
        (Message, GROUP_MENTION | {"id": 7}, "message: 'id' holds int instead of text"),
        (
            Message,
            GROUP_MENTION | {"roomType": "huddle"},
            "message: 'roomType' holds 'huddle' instead of 'direct' or 'group'",
        ),
        (
            Message,
            GROUP_MENTION | {"created": "yesterday"},
            "message: 'created' holds 'yesterday' instead of a date and time",
        ),
        (
            Message,
            GROUP_MENTION | {"created": "2026-03-02T07:22:22"},
            "message: 'created' holds '2026-03-02T07:22:22', a time without its zone",
        ),
        (Message, GROUP_MENTION | {"files": "x"}, "message: 'files' holds str instead of a list"),
        (
            Message,
            GROUP_MENTION | {"mentionedPeople": [1]},
            "message: 'mentionedPeople' holds something that is not text",
        ),
        (Message, ["message"], "a message should be a JSON object, not list"),
        (Person, {"id": "p", "emails": []}, "person: 'emails' holds no e-mail address"),
        (
            Room,
            {"id": "r", "type": "group", "isLocked": "yes"},
            "room: 'isLocked' holds str instead of true or false",
        ),
        (Webhook, {"id": "w"}, "webhook: 'name' holds nothing"),
        (
            AttachmentAction,
            {"id": "a", "messageId": "m", "roomId": "r", "personId": "p", "inputs": []},
            "attachment action: 'inputs' holds list instead of an object",
        ),
    ],
)
def test_what_is_not_webexs_shape_says_which_field_of_what(kind: Any, data: Any, complaint: str) -> None:
    with pytest.raises(BadData) as caught:
        kind.from_json(data)

    assert str(caught.value) == complaint
