"""Webhooks: registering, what they tell, to whom, and their filters."""

from typing import Any

import pytest

from tests.playground.running import Receiver, Webex

PING = "<@personEmail:sparkops@webex.bot|Sparkops> ping"


def register(webex: Webex, receiver: Receiver, resource: str, event: str, **more: Any) -> dict[str, Any]:
    body = {"name": f"{resource} {event}", "targetUrl": receiver.url, "resource": resource, "event": event}
    webhook = webex.bot().post("webhooks", **body, **more)
    assert isinstance(webhook, dict)
    return webhook


def test_a_webhook_is_echoed_with_its_secret_and_without_a_filter_it_has_none(
    webex: Webex, receiver: Receiver
) -> None:
    webhook = register(webex, receiver, "messages", "created", secret="s3cret")
    assert set(webhook) == {
        "id", "name", "targetUrl", "resource", "event", "orgId", "createdBy", "appId",
        "ownedBy", "status", "created", "secret",
    }  # fmt: skip
    assert (webhook["status"], webhook["ownedBy"], webhook["secret"]) == ("active", "creator", "s3cret")
    assert webex.bot().get("webhooks")["items"] == [webhook]
    assert webex.bot().get(f"webhooks/{webhook['id']}") == webhook


def test_webhooks_belong_to_whoever_made_them(webex: Webex, receiver: Receiver) -> None:
    webhook = register(webex, receiver, "messages", "created")
    assert webex.person().get("webhooks")["items"] == []
    webex.person().refused(404, "GET", f"webhooks/{webhook['id']}")
    webex.person().refused(404, "DELETE", f"webhooks/{webhook['id']}")


def test_only_name_target_secret_and_status_can_be_changed(webex: Webex, receiver: Receiver) -> None:
    webhook = register(webex, receiver, "messages", "created", secret="old")
    changed = webex.bot().put(
        f"webhooks/{webhook['id']}",
        name="new",
        targetUrl="https://bot.example.com/hooks",
        secret="new",
        resource="rooms",
        event="updated",
        filter="roomType=direct",
    )
    expected = {"name": "new", "targetUrl": "https://bot.example.com/hooks", "secret": "new"}
    assert changed == webhook | expected


def test_the_sdk_updates_and_deletes_a_webhook(webex: Webex, receiver: Receiver) -> None:
    api = webex.sdk("bot:sparkops@webex.bot")
    webhook = api.webhooks.create("w", receiver.url, "messages", "created", secret="s")
    assert api.webhooks.update(webhook.id, name="w2", targetUrl=receiver.url).name == "w2"
    api.webhooks.delete(webhook.id)
    assert list(api.webhooks.list()) == []


def test_a_webhook_cannot_be_deactivated_by_its_owner(webex: Webex, receiver: Receiver) -> None:
    webhook = register(webex, receiver, "messages", "created")
    body = {"name": "x", "targetUrl": receiver.url, "status": "inactive"}
    refusal = webex.bot().refused(400, "PUT", f"webhooks/{webhook['id']}", json=body)
    assert refusal == "status can only be set to 'active', not 'inactive'."


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"resource": "meetings"}, "Unknown webhook resource 'meetings'."),
        ({"event": "migrated"}, "Unknown event 'migrated' for webhook resource 'messages'."),
        ({"resource": "all"}, "The resource 'all' takes only the event 'all'."),
        ({"targetUrl": "bot.example.com"}, "targetUrl must be an http or https URL, not 'bot.example.com'."),
        ({"filter": "colour=red"}, "Invalid filter 'colour' for resource 'messages'."),
        ({"name": ""}, "name cannot be empty."),
        ({"name": None}, "name cannot be null."),
    ],
)
def test_senseless_webhooks_are_refused(webex: Webex, wrong: dict[str, str], words: str) -> None:
    body = {"name": "w", "targetUrl": "http://127.0.0.1:1/", "resource": "messages", "event": "created"}
    assert webex.bot().refused(400, "POST", "webhooks", json=body | wrong) == words


def test_a_message_is_told_without_its_words(webex: Webex, receiver: Receiver) -> None:
    room_id = webex.room_with_bot()
    webhook = register(webex, receiver, "messages", "created", filter=f"roomId={room_id}")
    you = webex.person()
    root = you.post("messages", roomId=room_id, text="root")
    sent = you.post("messages", roomId=room_id, markdown=PING, parentId=root["id"])
    (hook,) = receiver.wait_for(1)
    assert hook.headers["Content-Type"] == "application/json"
    assert hook.body == {
        **{name: value for name, value in webhook.items() if name != "secret"},
        "actorId": sent["personId"],
        "data": {
            "id": sent["id"],
            "roomId": room_id,
            "roomType": "group",
            "personId": sent["personId"],
            "personEmail": "you@example.com",
            "mentionedPeople": sent["mentionedPeople"],
            "created": sent["created"],
            "parentId": root["id"],
        },
    }


def test_a_group_message_without_mention_is_not_told_to_the_bot(webex: Webex, receiver: Receiver) -> None:
    room_id = webex.room_with_bot()
    register(webex, receiver, "messages", "created")
    you = webex.person()
    you.post("messages", roomId=room_id, text="Sparkops ping")
    you.post("messages", roomId=room_id, markdown="<@all> hello")
    heard = you.post("messages", roomId=room_id, markdown=PING)
    assert [hook.data["id"] for hook in receiver.wait_for(1)] == [heard["id"]]


def test_the_bots_own_posts_are_told_to_it_too(webex: Webex, receiver: Receiver) -> None:
    room_id = webex.room_with_bot()
    webhook = register(webex, receiver, "messages", "created")
    own = webex.bot().post("messages", roomId=room_id, text="pong")
    (hook,) = receiver.wait_for(1)
    assert hook.data["id"] == own["id"]
    assert hook.body["actorId"] == hook.data["personId"] == webhook["createdBy"]


def test_edits_and_deletions_are_told(webex: Webex, receiver: Receiver) -> None:
    room_id = webex.room_with_bot()
    register(webex, receiver, "messages", "all")
    you = webex.person()
    sent = you.post("messages", roomId=room_id, markdown=PING)
    receiver.wait_for(1)
    edited = you.put(f"messages/{sent['id']}", roomId=room_id, markdown=PING + "!")
    receiver.wait_for(2)
    you.delete(f"messages/{sent['id']}")
    hooks = receiver.wait_for(3)
    assert [hook.body["event"] for hook in hooks] == ["created", "updated", "deleted"]
    assert hooks[1].data["updated"] == edited["updated"]
    assert {hook.data["id"] for hook in hooks} == {sent["id"]}


def test_coming_changing_and_going_are_told(webex: Webex, receiver: Receiver) -> None:
    for event in ("created", "updated", "deleted"):
        register(webex, receiver, "memberships", event, filter="personEmail=Sparkops@webex.bot")
    room_id = webex.room_with_bot()
    receiver.wait_for(1)
    you = webex.person()
    seat = you.get("memberships", roomId=room_id, personEmail="sparkops@webex.bot")["items"][0]
    you.put(f"memberships/{seat['id']}", isModerator=True)
    receiver.wait_for(2)
    you.delete(f"memberships/{seat['id']}")
    created, updated, deleted = receiver.wait_for(3)
    assert created.body["event"] == "created" and created.data == seat
    assert updated.body["event"] == "updated" and updated.data == seat | {"isModerator": True}
    assert deleted.body["event"] == "deleted" and deleted.data["roomId"] == room_id


def test_deleting_a_room_is_told_as_its_memberships_going(webex: Webex, receiver: Receiver) -> None:
    room_id = webex.room_with_bot()
    webex.person().put(f"rooms/{room_id}", title="Ops", isLocked=True)
    register(webex, receiver, "memberships", "deleted")
    webex.person().delete(f"rooms/{room_id}")
    assert {hook.data["personEmail"] for hook in receiver.wait_for(2)} == {
        "you@example.com",
        "sparkops@webex.bot",
    }


def test_rooms_are_told_without_their_title(webex: Webex, receiver: Receiver) -> None:
    room_id = webex.room_with_bot()
    register(webex, receiver, "rooms", "updated")
    webex.person().put(f"rooms/{room_id}", title="Secret project")
    (hook,) = receiver.wait_for(1)
    assert (hook.data["id"], hook.data["type"], hook.data["isLocked"]) == (room_id, "group", False)
    assert "title" not in hook.data


def test_a_migrated_room_has_a_new_id_and_keeps_its_people_and_messages(
    webex: Webex, receiver: Receiver
) -> None:
    room_id = webex.room_with_bot()
    register(webex, receiver, "rooms", "migrated")
    sent = webex.person().post("messages", roomId=room_id, markdown=PING)
    moved = webex.control("POST", f"rooms/{room_id}/migrate").json()
    (hook,) = receiver.wait_for(1)
    assert (hook.data["id"], hook.data["migratedFrom"]) == (moved["id"], room_id)
    bot = webex.bot()
    bot.refused(404, "GET", f"rooms/{room_id}")
    assert bot.get(f"rooms/{moved['id']}")["title"] == "Ops"
    assert bot.get(f"messages/{sent['id']}")["roomId"] == moved["id"]
    assert bot.get("memberships")["items"][0]["roomId"] == moved["id"]
    listed = webex.person().get("messages", roomId=moved["id"])["items"]
    assert [message["id"] for message in listed] == [sent["id"]]


def test_the_firehose_hears_of_everything_but_submitted_cards(webex: Webex, receiver: Receiver) -> None:
    register(webex, receiver, "all", "all")
    room_id = webex.room_with_bot()
    receiver.wait_for(1)
    webex.person().post("messages", roomId=room_id, markdown=PING)
    receiver.wait_for(2)
    card = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "content": {"type": "AdaptiveCard", "version": "1.3"},
    }
    message = webex.bot().post("messages", roomId=room_id, text="?", attachments=[card])
    receiver.wait_for(3)
    webex.person().post("attachment/actions", type="submit", messageId=message["id"], inputs={})
    webex.person().put(f"rooms/{room_id}", title="Ops 2")
    told = [f"{hook.body['resource']}.{hook.body['event']}" for hook in receiver.wait_for(4)]
    assert told == ["memberships.created", "messages.created", "messages.created", "rooms.updated"]


CARD = {
    "contentType": "application/vnd.microsoft.card.adaptive",
    "content": {"type": "AdaptiveCard", "version": "1.3"},
}


def post_one_of_each(webex: Webex, room_id: str) -> dict[str, str]:
    """Post one message of each sort the bot can see; return their ids by sort."""
    you, ada, bot = webex.person(), webex.person("ada@example.com"), webex.bot()
    you.post("memberships", roomId=room_id, personEmail="ada@example.com")
    form = {"roomId": room_id, "markdown": PING}
    return {
        "yours": you.post("messages", roomId=room_id, markdown=PING)["id"],
        "ada's": ada.post("messages", roomId=room_id, markdown=PING)["id"],
        "the bot's own": bot.post("messages", roomId=room_id, text="own")["id"],
        "with a file": you.call("POST", "messages", data=form, files={"files": b"x"}).json()["id"],
        "with a card": you.post("messages", roomId=room_id, markdown=PING, attachments=[CARD])["id"],
        "direct": you.post("messages", toPersonEmail="sparkops@webex.bot", text="hi")["id"],
    }


@pytest.mark.parametrize(
    ("written", "passes"),
    [
        ("roomType=direct", {"direct"}),
        ("hasFiles=true", {"with a file"}),
        ("hasAttachments=true", {"with a card"}),
        ("personEmail=ADA@example.com", {"ada's"}),
        ("personId={bot}", {"the bot's own"}),
        ("mentionedPeople=me", {"yours", "ada's", "with a file", "with a card"}),
        ("mentionedPeople={bot}&hasFiles=false&hasAttachments=false", {"yours", "ada's"}),
    ],
)
def test_a_filter_lets_only_its_own_through(
    webex: Webex, receiver: Receiver, written: str, passes: set[str]
) -> None:
    room_id = webex.room_with_bot()
    written = written.format(bot=webex.bot().get("people/me")["id"])
    webhook = register(webex, receiver, "messages", "created", filter=written)
    assert webhook["filter"] == written
    posted = post_one_of_each(webex, room_id)
    heard = {hook.data["id"] for hook in receiver.wait_for(len(passes))}
    assert {sort for sort, identifier in posted.items() if identifier in heard} == passes


def test_a_direct_message_to_the_bot_needs_no_mention(webex: Webex, receiver: Receiver) -> None:
    register(webex, receiver, "messages", "created", filter="mentionedPeople=me")
    register(webex, receiver, "messages", "created")
    sent = webex.person().post("messages", toPersonEmail="sparkops@webex.bot", text="ping")
    (hook,) = receiver.wait_for(1)
    assert (hook.data["id"], hook.data["roomType"], hook.body["name"]) == (
        sent["id"],
        "direct",
        "messages created",
    )
    assert "filter" not in hook.body
