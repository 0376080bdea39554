"""Messages: posting, limits, threads, mentions, what a bot may read, editing and deleting."""

import pytest

from tests.playground.running import Webex

REAL_LIMIT_SENTENCE = (
    "Message length limited to 7439 characters before encryption and 10000 characters after encryption"
)


def test_plain_text_stays_plain(webex: Webex) -> None:
    you = webex.person()
    room_id = you.post("rooms", title="Ops")["id"]
    message = you.post("messages", roomId=room_id, text="**not bold**")
    assert set(message) == {"id", "roomId", "roomType", "text", "personId", "personEmail", "created"}
    assert (message["text"], message["roomType"]) == ("**not bold**", "group")
    assert you.get(f"messages/{message['id']}") == message


def test_markdown_is_answered_with_html_and_a_plain_rendering(webex: Webex) -> None:
    you = webex.person()
    room_id = you.post("rooms", title="Ops")["id"]
    message = you.post("messages", roomId=room_id, markdown="**Done**\nin 3 s\n\nbye")
    assert message["html"] == "<p><strong>Done</strong><br>in 3 s</p><p>bye</p>"
    assert message["text"] == "Done in 3 s bye"
    assert message["markdown"] == "**Done**\nin 3 s\n\nbye"


def test_text_beside_markdown_is_the_alternative_text(webex: Webex) -> None:
    you = webex.person()
    room_id = you.post("rooms", title="Ops")["id"]
    message = you.post("messages", roomId=room_id, markdown="**Done**", text="It is done")
    assert (message["text"], message["html"]) == ("It is done", "<p><strong>Done</strong></p>")


@pytest.mark.parametrize("field", ["text", "markdown"])
def test_a_message_holds_7439_bytes_and_not_one_more(webex: Webex, field: str) -> None:
    you = webex.person()
    room_id = you.post("rooms", title="Ops")["id"]
    you.post("messages", roomId=room_id, **{field: "x" * 7439})
    for too_long in ("x" * 7440, "é" * 3720):
        refusal = you.refused(400, "POST", "messages", json={"roomId": room_id, field: too_long})
        assert refusal == REAL_LIMIT_SENTENCE


@pytest.mark.parametrize(
    "targets",
    [
        {},
        {"roomId": "r", "toPersonEmail": "a@example.com"},
        {"toPersonId": "p", "toPersonEmail": "a@example.com"},
    ],
)
def test_exactly_one_target_is_required(webex: Webex, targets: dict[str, str]) -> None:
    message = webex.person().refused(400, "POST", "messages", json={**targets, "text": "hi"})
    assert message == "Exactly one of roomId, toPersonId and toPersonEmail is required."


def test_an_empty_message_is_refused(webex: Webex) -> None:
    room_id = webex.person().post("rooms", title="Ops")["id"]
    message = webex.person().refused(400, "POST", "messages", json={"roomId": room_id, "text": ""})
    assert message == "A message needs text, markdown, a file or a card."


def test_a_direct_message_makes_one_room_for_the_two(webex: Webex) -> None:
    you, bot = webex.person(), webex.bot()
    bot_id = bot.get("people/me")["id"]
    sent = you.post("messages", toPersonId=bot_id, text="hi")
    answered = bot.post("messages", toPersonEmail="you@example.com", text="hello")
    assert sent["roomId"] == answered["roomId"] and sent["roomType"] == "direct"
    found = you.get("messages/direct", personEmail="sparkops@webex.bot")["items"]
    assert [message["text"] for message in found] == ["hello", "hi"]
    assert you.get("messages/direct", personId=bot_id)["items"] == found


def test_there_are_no_direct_messages_with_strangers_or_oneself(webex: Webex) -> None:
    you = webex.person()
    you.refused(404, "GET", "messages/direct", params={"personEmail": "stranger@example.com"})
    you.refused(400, "GET", "messages/direct")
    you.refused(400, "POST", "messages", json={"toPersonEmail": "you@example.com", "text": "hi"})
    you.refused(404, "POST", "messages", json={"toPersonId": "unknown", "text": "hi"})


def test_messages_are_listed_newest_first_and_by_time_and_thread(webex: Webex) -> None:
    you = webex.person()
    room_id = you.post("rooms", title="Ops")["id"]
    first = you.post("messages", roomId=room_id, text="first")
    webex.clock.advance(seconds=5)
    second = you.post("messages", roomId=room_id, text="second", parentId=first["id"])
    webex.clock.advance(seconds=5)
    you.post("messages", roomId=room_id, text="third")

    def texts(**query: str) -> list[str]:
        return [message["text"] for message in you.get("messages", roomId=room_id, **query)["items"]]

    assert texts() == ["third", "second", "first"]
    assert texts(parentId=first["id"]) == ["second"]
    assert texts(before=second["created"]) == ["first"]
    assert texts(beforeMessage=second["id"]) == ["first"]
    you.refused(400, "GET", "messages", params={"roomId": room_id, "before": "yesterday"})
    you.refused(400, "GET", "messages")


def test_a_reply_hangs_on_the_first_message_of_a_thread(webex: Webex) -> None:
    you = webex.person()
    room_id = you.post("rooms", title="Ops")["id"]
    root = you.post("messages", roomId=room_id, text="root")
    reply = you.post("messages", roomId=room_id, text="reply", parentId=root["id"])
    assert reply["parentId"] == root["id"]
    draft = {"roomId": room_id, "text": "x", "parentId": reply["id"]}
    refusal = you.refused(400, "POST", "messages", json=draft)
    assert refusal == "parentId must be the first message of a thread, not a reply."
    draft["parentId"] = "unknown"
    assert you.refused(400, "POST", "messages", json=draft) == "parentId is not a message of this room."


def test_a_mention_arrives_as_the_bots_name_with_html_and_mentioned_people(webex: Webex) -> None:
    room_id = webex.room_with_bot()
    bot_id = webex.bot().get("people/me")["id"]
    source = "<@personEmail:sparkops@webex.bot|Sparkops> ping"
    sent = webex.person().post("messages", roomId=room_id, markdown=source)
    seen = webex.bot().get(f"messages/{sent['id']}")
    assert seen["text"] == "Sparkops ping"
    assert seen["html"] == (
        f'<p><spark-mention data-object-type="person" data-object-id="{bot_id}">'
        "Sparkops</spark-mention> ping</p>"
    )
    assert seen["mentionedPeople"] == [bot_id]


def test_a_message_without_mention_does_not_exist_for_a_bot(webex: Webex) -> None:
    room_id = webex.room_with_bot()
    sent = webex.person().post("messages", roomId=room_id, text="Sparkops ping")
    assert webex.bot().refused(404, "GET", f"messages/{sent['id']}") == "Unable to get message."
    everybody = webex.person().post("messages", roomId=room_id, markdown="<@all> hello")
    assert everybody["mentionedGroups"] == ["all"]
    webex.bot().refused(404, "GET", f"messages/{everybody['id']}")


def test_a_bot_reads_its_own_messages_and_all_of_a_direct_room(webex: Webex) -> None:
    room_id = webex.room_with_bot()
    own = webex.bot().post("messages", roomId=room_id, text="pong")
    assert webex.bot().get(f"messages/{own['id']}") == own
    direct = webex.person().post("messages", toPersonEmail="sparkops@webex.bot", text="ping")
    assert webex.bot().get(f"messages/{direct['id']}")["text"] == "ping"
    assert len(webex.bot().get("messages", roomId=direct["roomId"])["items"]) == 1


def test_a_bot_lists_a_group_room_only_for_its_own_mentions(webex: Webex) -> None:
    room_id = webex.room_with_bot()
    you, bot = webex.person(), webex.bot()
    you.post("messages", roomId=room_id, text="not for you")
    you.post("messages", roomId=room_id, markdown="<@personEmail:sparkops@webex.bot> for you")
    assert bot.refused(403, "GET", "messages", params={"roomId": room_id}) == "Failed to get activity."
    for who in ("me", bot.get("people/me")["id"]):
        listed = bot.get("messages", roomId=room_id, mentionedPeople=who)["items"]
        assert [message["text"] for message in listed] == ["Sparkops for you"]
    refusal = bot.refused(400, "GET", "messages", params={"roomId": room_id, "mentionedPeople": "ada"})
    assert refusal == "mentionedPeople can only be 'me' or the id of the caller."


def test_a_listing_of_mentions_is_capped_at_100(webex: Webex) -> None:
    room_id = webex.room_with_bot()
    for number in range(101):
        webex.person().post(
            "messages", roomId=room_id, markdown=f"<@personEmail:sparkops@webex.bot> {number}"
        )
    api = webex.sdk("bot:sparkops@webex.bot")
    page = webex.bot().get("messages", roomId=room_id, mentionedPeople="me", max=1000)
    assert len(page["items"]) == 100
    assert len(list(api.messages.list(room_id, mentionedPeople="me", max=1000))) == 101


def test_an_edit_replaces_words_and_mentions(webex: Webex) -> None:
    room_id = webex.room_with_bot()
    you = webex.person()
    message = you.post("messages", roomId=room_id, markdown="**one**")
    webex.clock.advance(seconds=1)
    edited = you.put(f"messages/{message['id']}", roomId=room_id, text="two")
    assert edited["text"] == "two" and edited["updated"] > edited["created"]
    assert "markdown" not in edited and "html" not in edited
    named = you.put(
        f"messages/{message['id']}", roomId=room_id, markdown="<@personEmail:sparkops@webex.bot> x"
    )
    assert named["mentionedPeople"] == [webex.bot().get("people/me")["id"]]


def test_the_sdk_edits_a_message_ten_times_and_not_eleven_times(webex: Webex) -> None:
    api = webex.sdk("person:you@example.com")
    room = api.rooms.create("Ops")
    message = api.messages.create(roomId=room.id, text="0")
    for number in range(1, 11):
        assert api.messages.update(message.id, room.id, text=str(number)).text == str(number)
    refusal = webex.person().refused(
        400, "PUT", f"messages/{message.id}", json={"roomId": room.id, "text": "11"}
    )
    assert refusal == "The edit limit has been reached: a message can be edited 10 times."
    assert api.messages.get(message.id).text == "10"


def test_edits_that_webex_refuses(webex: Webex) -> None:
    you, ada = webex.person(), webex.person("ada@example.com")
    room_id = you.post("rooms", title="Ops")["id"]
    you.post("memberships", roomId=room_id, personEmail="ada@example.com")
    message = you.post("messages", roomId=room_id, markdown="**hi**")
    path = f"messages/{message['id']}"
    ada.refused(403, "PUT", path, json={"roomId": room_id, "text": "x"})
    you.refused(400, "PUT", path, json={"roomId": "other", "text": "x"})
    you.refused(400, "PUT", path, json={"text": "x"})
    you.refused(400, "PUT", path, json={"roomId": room_id})
    assert you.refused(400, "PUT", path, json={"roomId": room_id, "text": "x" * 7440}) == REAL_LIMIT_SENTENCE
    sent_back = message | {"markdown": "**bye**"}
    assert "html cannot be set" in you.refused(400, "PUT", path, json=sent_back)
    del sent_back["html"]
    assert you.put(path, **sent_back)["html"] == "<p><strong>bye</strong></p>"


def test_a_message_is_deleted_by_its_author_or_a_moderator(webex: Webex) -> None:
    you, ada = webex.person(), webex.person("ada@example.com")
    room_id = you.post("rooms", title="Ops", isLocked=True)["id"]
    you.post("memberships", roomId=room_id, personEmail="ada@example.com")
    yours = you.post("messages", roomId=room_id, text="mine")
    ada.refused(403, "DELETE", f"messages/{yours['id']}")
    adas = ada.post("messages", roomId=room_id, text="hers")
    you.delete(f"messages/{adas['id']}")
    you.delete(f"messages/{yours['id']}")
    assert you.get("messages", roomId=room_id)["items"] == []
    you.refused(404, "GET", f"messages/{yours['id']}")


def test_bodies_that_are_not_json_objects_are_refused(webex: Webex) -> None:
    you = webex.person()
    json_type = {"Content-Type": "application/json;charset=utf-8"}
    assert "The body is not JSON" in you.refused(400, "POST", "messages", data="{", headers=json_type)
    you.refused(400, "POST", "messages", data="[]", headers=json_type)
    you.refused(400, "POST", "messages", json={"toPersonEmail": "a@b.c", "text": 7})
    assert (
        you.refused(415, "POST", "messages", data="x", headers={"Content-Type": "text/plain"})
        == "Content type 'text/plain' not supported"
    )


def test_unknown_paths_and_methods_are_refused_in_webex_shape(webex: Webex) -> None:
    webex.person().refused(404, "GET", "nothing")
    webex.person().refused(405, "PUT", "messages", json={})
