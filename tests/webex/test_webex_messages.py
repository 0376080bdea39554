"""Messages, threads, cards, files and what is entered into cards, against the playground's Webex."""

from __future__ import annotations

import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest
from webex_peers import Account, Playground, new_account

from bot.webex import BadRequest, File, Forbidden, NotFound, Room, TooLarge, WebexClient, cards
from bot.webex.session import file_name


def mention(bot: Account, words: str) -> str:
    return f"<@personEmail:{bot.email}|Sparkops> {words}"


def test_a_message_to_a_room(bot: Account, room: Room) -> None:
    posted = bot.client.post_message(room.id, markdown="**#42** passed")

    assert posted.room_id == room.id
    assert posted.room_type == "group"
    assert posted.person_email == bot.email
    assert posted.markdown == "**#42** passed"
    assert posted.text == "#42 passed"
    assert "<strong>#42</strong>" in str(posted.html)
    assert bot.client.get_message(posted.id) == posted


def test_a_message_to_a_person_by_email_or_id(bot: Account, ada: Account) -> None:
    by_email = bot.client.post_message(to_person_email=ada.email, text="hello")
    by_id = bot.client.post_message(to_person_id=ada.client.me().id, text="hello again")

    assert by_email.room_type == "direct"
    assert by_email.room_id == by_id.room_id
    assert [each.text for each in bot.client.list_direct_messages(email=ada.email)] == [
        "hello again",
        "hello",
    ]


def test_a_reply_goes_into_the_thread_of_what_it_answers(bot: Account, ada: Account, room: Room) -> None:
    asked = ada.client.post_message(room.id, markdown=mention(bot, "build api"))
    first = bot.client.post_message(room.id, markdown="on it", parent_id=asked.thread_id)
    second = bot.client.post_message(room.id, markdown="done", parent_id=first.thread_id)

    assert first.parent_id == second.parent_id == asked.id
    assert [each.text for each in ada.client.list_messages(room.id, parent_id=asked.id)] == ["done", "on it"]


def test_webex_refuses_a_reply_to_a_reply(bot: Account, ada: Account, room: Room) -> None:
    asked = ada.client.post_message(room.id, markdown=mention(bot, "build api"))
    reply = bot.client.post_message(room.id, markdown="on it", parent_id=asked.id)

    with pytest.raises(BadRequest):
        bot.client.post_message(room.id, markdown="done", parent_id=reply.id)


def test_a_mention_arrives_as_text_markup_and_an_id(bot: Account, ada: Account, room: Room) -> None:
    asked = ada.client.post_message(room.id, markdown=mention(bot, "ping"))

    seen = bot.client.get_message(asked.id)

    assert seen.text == "Sparkops ping"
    assert seen.mentioned_people == (bot.client.me().id,)
    assert "spark-mention" in str(seen.html)


def test_a_message_without_a_mention_does_not_exist_for_a_bot(bot: Account, ada: Account, room: Room) -> None:
    private = ada.client.post_message(room.id, markdown="lunch?")

    with pytest.raises(NotFound) as caught:
        bot.client.get_message(private.id)

    assert str(caught.value) == (
        f"Reading message {private.id}: Webex answered 404 Not Found: {caught.value.message.rstrip('.')} "
        f"(tracking id {caught.value.tracking_id}). It may have been deleted, or the bot is not in that room"
    )


def test_a_bot_lists_a_rooms_messages_only_where_it_is_mentioned(
    bot: Account, ada: Account, room: Room
) -> None:
    for number in range(5):
        ada.client.post_message(room.id, markdown=mention(bot, f"ping {number}"))

    newest = bot.client.list_messages(room.id, mentioned_me=True, max=2)
    everything = bot.client.list_messages(room.id, mentioned_me=True, max=None)

    assert [each.text for each in newest] == ["Sparkops ping 4", "Sparkops ping 3"]
    assert len(list(everything)) == 5
    with pytest.raises(Forbidden) as caught:
        list(bot.client.list_messages(room.id))
    assert "it sees only messages that mention it" in str(caught.value)


def test_a_listing_is_followed_over_pages(bot: Account, ada: Account, room: Room) -> None:
    for number in range(101):
        ada.client.post_message(room.id, text=f"{number}")

    assert [each.text for each in ada.client.list_messages(room.id, max=None)] == [
        str(number) for number in reversed(range(101))
    ]


def test_a_message_is_edited_ten_times_and_no_more(bot: Account, room: Room) -> None:
    posted = bot.client.post_message(room.id, markdown="0 %")
    for step in range(1, 11):
        edited = bot.client.edit_message(posted.id, room.id, f"{step}0 %")

    assert edited.markdown == "100 %"
    assert bot.client.get_message(posted.id).text == "100 %"
    with pytest.raises(BadRequest, match=f"Editing message {posted.id}: Webex answered 400 Bad Request: "):
        bot.client.edit_message(posted.id, room.id, "110 %")


def test_a_deleted_message_is_gone(bot: Account, room: Room) -> None:
    posted = bot.client.post_message(room.id, markdown="oops")

    bot.client.delete_message(posted.id)

    with pytest.raises(NotFound):
        bot.client.get_message(posted.id)


def test_the_longest_message_webex_takes_and_one_byte_more(bot: Account, room: Room) -> None:
    assert bot.client.post_message(room.id, markdown="x" * 7439).text == "x" * 7439

    with pytest.raises(TooLarge) as caught:
        bot.client.post_message(room.id, markdown="x" * 7440)

    assert caught.value.status == 400
    assert "Message length limited to 7439 characters" in caught.value.message


@pytest.mark.parametrize(
    ("message", "complaint"),
    [
        ({"markdown": "hi"}, "exactly one of room_id, to_person_email, to_person_id is needed, not 0"),
        ({"room_id": "r", "to_person_id": "p", "text": "hi"}, "exactly one of .* is needed, not 2"),
        ({"room_id": "r"}, "a message needs markdown, text or a file"),
        ({"room_id": "r", "card": {"type": "AdaptiveCard"}}, "a card needs markdown or text beside it"),
        (
            {"room_id": "r", "text": "x", "card": {"type": "AdaptiveCard"}, "file": File("a.txt", b"a")},
            "a card or a file, not both",
        ),
    ],
)
def test_messages_that_make_no_sense_are_refused_here(message: dict[str, object], complaint: str) -> None:
    client = WebexClient("bot:sparkops@webex.bot", "http://127.0.0.1:1/v1/")

    with pytest.raises(ValueError, match=complaint):
        client.post_message(**message)  # type: ignore[arg-type]


def test_a_card_is_posted_filled_in_and_read(
    bot: Account, ada: Account, room: Room, playground: Playground
) -> None:
    form = cards.card(
        [cards.input_text("branch", "Branch", value="main"), cards.input_toggle("clean", "Clean workspace")],
        [cards.submit("Build", {"do": "jenkins build api"})],
    )
    posted = bot.client.post_message(room.id, markdown="Build api: which branch?", card=form)
    assert posted.has_card
    assert posted.markdown == "Build api: which branch?"

    action_id = playground.submit_card(
        ada.token, posted.id, {"do": "jenkins build api", "branch": "fix-7", "clean": "true"}
    )

    action = bot.client.get_attachment_action(action_id)
    assert action.inputs == {"do": "jenkins build api", "branch": "fix-7", "clean": "true"}
    assert action.message_id == posted.id
    assert action.room_id == room.id
    assert action.person_id == ada.client.me().id


def test_a_card_cannot_be_edited(bot: Account, room: Room) -> None:
    posted = bot.client.post_message(room.id, markdown="Sure?", card=cards.card([cards.text("Sure?")]))

    with pytest.raises(BadRequest):
        bot.client.edit_message(posted.id, room.id, "Too late")


@pytest.mark.parametrize("name", ["console.log", "Prüfbericht „api“.txt", "a b;c.txt"])
def test_a_file_goes_up_from_memory_and_comes_down_the_same(bot: Account, room: Room, name: str) -> None:
    content = bytes(range(256)) * 300

    posted = bot.client.post_message(
        room.id, markdown="The console of **#42**", file=File(name, content, "text/plain")
    )

    assert posted.markdown == "The console of **#42**"
    [url] = posted.files
    assert bot.client.download(url, max_bytes=len(content)) == (name, content)


def test_a_file_alone_in_a_thread(bot: Account, ada: Account, room: Room) -> None:
    asked = ada.client.post_message(room.id, markdown=mention(bot, "log"))

    posted = bot.client.post_message(room.id, parent_id=asked.id, file=File("log.txt", b"all is well"))

    assert posted.parent_id == asked.id
    assert len(posted.files) == 1


def test_a_file_larger_than_wanted_is_not_kept(bot: Account, room: Room) -> None:
    posted = bot.client.post_message(room.id, file=File("big.bin", b"x" * 1001))

    with pytest.raises(TooLarge) as caught:
        bot.client.download(posted.files[0], max_bytes=1000)

    assert str(caught.value) == (
        f"Downloading {posted.files[0]}: the file is larger than the 1000 bytes allowed. "
        "Send less, or send it as a file"
    )


def test_somebody_elses_file_is_not_found(bot: Account, room: Room, playground: Playground) -> None:
    posted = bot.client.post_message(room.id, file=File("log.txt", b"all is well"))
    stranger = new_account(playground, "person", "mallory")

    with pytest.raises(NotFound):
        stranger.client.download(posted.files[0], max_bytes=1000)


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('attachment; filename="report.txt"', "report.txt"),
        ("attachment; filename*=UTF-8''Pr%C3%BCfbericht.txt", "Prüfbericht.txt"),
        ('attachment; filename="Prüfbericht.txt"'.encode().decode("latin-1"), "Prüfbericht.txt"),
        ("attachment; filename=\"Pr?f.txt\"; filename*=UTF-8''Pr%C3%BCf.txt", "Prüf.txt"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        (r'attachment; filename="C:\\temp\\log.txt"', "log.txt"),
        ("attachment", "a b.txt"),
        (None, "a b.txt"),
    ],
)
def test_a_file_is_named_as_its_header_says_but_never_a_path(disposition: str | None, name: str) -> None:
    assert file_name(disposition, "https://webexapis.com/v1/contents/a%20b.txt") == name


def test_twenty_threads_share_one_client(bot: Account, room: Room, caplog: pytest.LogCaptureFixture) -> None:
    """The SDK's own pool of ten makes urllib3 warn that it is full and connect anew."""

    def post_and_read(number: int) -> tuple[str | None, str | None]:
        posted = bot.client.post_message(room.id, text=f"message {number}")
        return posted.text, bot.client.get_message(posted.id).text

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with ThreadPoolExecutor(20) as threads:
            seen = list(threads.map(post_and_read, range(200)))

    assert seen == [(f"message {number}", f"message {number}") for number in range(200)]
    assert [record.message for record in caplog.records if "pool is full" in record.message] == []
