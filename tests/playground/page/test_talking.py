"""Talking in the chat page: mentions, live updates, threads, edits, files, people and rooms."""

import re
from pathlib import Path

import requests
from playwright.sync_api import expect

from tests.playground.page.chat_page import ADA, BOT, YOU, Playground
from tests.playground.page.conftest import OpenChat


def test_a_mention_chosen_from_the_list_is_sent_and_appears_live_to_others(
    playground: Playground, open_page: OpenChat
) -> None:
    room = playground.room("Releases", ADA, BOT)
    you, ada = open_page(YOU, room), open_page(ADA, room)

    you.write("@spa")
    expect(you.part("mention-option").first).to_have_text(re.compile("Sparkops.*BOT"))
    you.part("composer").press("Enter")
    expect(you.part("composer")).to_have_value("@Sparkops ")
    you.send("ping")

    expect(ada.part("message-body")).to_have_text("Sparkops ping")
    expect(ada.part("message-author")).to_have_text("You")
    expect(you.part("composer")).to_have_value("")
    [message] = playground.messages(YOU, room)
    assert message["text"] == "Sparkops ping"
    assert message["mentionedPeople"] == [playground.call(BOT, "GET", "/v1/people/me")["id"]]


def test_shift_enter_begins_a_new_line_and_nothing_is_sent_before_enter(
    playground: Playground, open_page: OpenChat
) -> None:
    room = playground.room("Lines")
    you = open_page(YOU, room)

    you.write("first")
    you.part("composer").press("Shift+Enter")
    you.write("second")
    expect(you.part("composer")).to_have_value("first\nsecond")
    assert playground.messages(YOU, room) == []
    you.part("composer").press("Enter")

    expect(you.part("message-body")).to_have_text("first\nsecond", use_inner_text=True)


def test_one_click_on_a_suggestion_asks_the_bot(playground: Playground, open_page: OpenChat) -> None:
    room = playground.room("First visit", BOT)
    you = open_page(YOU, room)

    expect(you.part("suggestion")).to_have_text(["help", "ping", "jenkins jobs"])
    you.part("suggestion").filter(has_text="ping").click()

    expect(you.part("message-body")).to_have_text("Sparkops ping")
    you.part("mention-chip").click()
    expect(you.part("composer")).to_have_value("@Sparkops ")


def test_a_direct_room_needs_no_mention(playground: Playground, open_page: OpenChat) -> None:
    playground.call(BOT, "GET", "/v1/people/me")
    you = open_page(YOU, playground.room("Elsewhere"))

    you.part("new-direct").click()
    you.part("dialog").get_by_label("Sparkops").check()
    you.part("dialog-submit").click()
    expect(you.part("room-title")).to_have_text("Sparkops")
    expect(you.part("mention-chip")).to_have_count(0)
    you.send("ping")

    expect(you.part("message-body")).to_have_text("ping")
    expect(you.room("Sparkops")).to_have_attribute("aria-current", "true")
    [message] = playground.call(BOT, "GET", f"/v1/messages/direct?personEmail={YOU}")["items"]
    assert (message["roomType"], message["text"]) == ("direct", "ping")


def test_a_reply_in_a_thread_stands_under_its_root_for_everybody(
    playground: Playground, open_page: OpenChat
) -> None:
    room = playground.room("Threads", ADA)
    root = playground.say(ADA, room, "Shall we deploy?")
    playground.say(ADA, room, "Something else entirely")
    you, ada = open_page(YOU, room), open_page(ADA, room)

    you.message("Shall we deploy?").hover()
    you.message("Shall we deploy?").get_by_test_id("thread-reply").click()
    expect(you.part("composer-context")).to_contain_text("Replying to Ada")
    you.send("Yes, now")

    for chat in (you, ada):
        expect(chat.part("message-body")).to_have_text(
            ["Shall we deploy?", "Yes, now", "Something else entirely"]
        )
        expect(chat.part("thread")).to_have_attribute("data-root-id", root["id"])
        expect(chat.part("thread").get_by_test_id("message-body")).to_have_text("Yes, now")
    assert playground.messages(YOU, room)[0]["parentId"] == root["id"]


def test_arrow_up_edits_the_last_own_message_and_others_see_it_as_edited(
    playground: Playground, open_page: OpenChat
) -> None:
    room = playground.room("Edits", ADA, BOT)
    you, ada = open_page(YOU, room), open_page(ADA, room)
    you.send("@Sparkops jenkins biuld api")
    expect(ada.part("message-body")).to_have_text("Sparkops jenkins biuld api")
    expect(ada.part("message-edited")).to_be_hidden()

    you.part("composer").press("ArrowUp")
    expect(you.part("composer-context")).to_contain_text("Editing your message")
    expect(you.part("composer")).to_have_value("@Sparkops jenkins biuld api")
    you.part("composer").fill("@Sparkops jenkins build api")
    you.part("send").click()

    expect(ada.part("message-body")).to_have_text("Sparkops jenkins build api")
    expect(ada.part("message-edited")).to_have_text("edited")
    assert len(playground.messages(YOU, room)[0]["mentionedPeople"]) == 1


def test_a_deleted_message_leaves_every_page(playground: Playground, open_page: OpenChat) -> None:
    room = playground.room("Deletes", ADA)
    you, ada = open_page(YOU, room), open_page(ADA, room)
    you.send("a slip of the tongue")
    expect(ada.message("a slip of the tongue")).to_be_visible()
    ada.message("a slip of the tongue").hover()
    expect(ada.part("message-delete")).to_have_count(0)

    you.message("a slip of the tongue").hover()
    you.part("message-delete").click()
    you.part("dialog-submit").click()

    expect(you.part("message")).to_have_count(0)
    expect(ada.part("message")).to_have_count(0)


def test_a_file_is_sent_and_a_picture_is_shown(
    playground: Playground, open_page: OpenChat, tmp_path: Path
) -> None:
    picture = tmp_path / "graph.png"
    room = playground.room("Files", ADA)
    you, ada = open_page(YOU, room), open_page(ADA, room)
    picture.write_bytes(you.page.screenshot(clip={"x": 0, "y": 0, "width": 40, "height": 20}))

    you.part("file-input").set_input_files(picture)
    expect(you.part("file-pending")).to_contain_text("graph.png")
    you.send("The load of last night")

    expect(ada.part("message-body")).to_have_text("The load of last night")
    expect(ada.part("message-file")).to_contain_text("graph.png")
    expect(ada.part("message-file")).to_contain_text(f"{picture.stat().st_size} B")
    expect(ada.part("file-preview")).to_have_js_property("naturalWidth", 40)
    with ada.page.expect_download() as download:
        ada.part("message-file").get_by_role("button").click()
    assert download.value.suggested_filename == "graph.png"
    assert download.value.path().read_bytes() == picture.read_bytes()


def test_a_text_file_shows_how_it_begins(playground: Playground, open_page: OpenChat, tmp_path: Path) -> None:
    log = tmp_path / "console.txt"
    log.write_text("".join(f"line {number}\n" for number in range(1, 101)))
    you = open_page(YOU, playground.room("Logs"))

    you.part("file-input").set_input_files(log)
    you.part("send").click()

    expect(you.part("file-preview")).to_contain_text("line 12")
    expect(you.part("file-preview")).not_to_contain_text("line 13")


def test_a_message_in_another_room_marks_that_room_as_unread(
    playground: Playground, open_page: OpenChat
) -> None:
    quiet, busy = playground.room("Quiet corner", ADA), playground.room("Busy corner", ADA)
    you = open_page(YOU, quiet)

    playground.say(ADA, busy, "news")
    expect(you.room("Busy corner")).to_have_attribute("data-unread", "true")
    expect(you.page).to_have_title(re.compile(r"^\(\d+\) Quiet corner"))
    you.room("Busy corner").click()

    expect(you.part("message-body")).to_have_text("news")
    expect(you.room("Busy corner")).to_have_attribute("data-unread", "false")


def test_somebody_new_is_added_and_spoken_as_and_makes_a_room(
    playground: Playground, open_page: OpenChat
) -> None:
    you = open_page(YOU, playground.room("Start"))

    you.part("person-switcher").click()
    you.part("add-person").click()
    you.part("dialog").get_by_label("E-mail", exact=True).fill("margaret.hamilton@example.com")
    you.part("dialog-submit").click()
    expect(you.part("person-switcher")).to_contain_text("Margaret Hamilton")

    you.part("new-room").click()
    you.part("dialog").get_by_label("Title").fill("Guidance")
    you.part("dialog").get_by_label("Others by e-mail").fill(BOT)
    you.part("dialog-submit").click()
    expect(you.part("room-title")).to_have_text("Guidance")
    you.part("room-members").click()
    expect(you.part("dialog")).to_contain_text("Margaret Hamilton")
    expect(you.part("dialog")).to_contain_text("Sparkops")
    you.part("dialog").get_by_label("Add a person or a bot").fill(ADA)
    you.part("dialog-submit").click()

    expect(you.part("room-members")).to_contain_text("3")
    you.page.goto(playground.url)
    expect(you.part("person-switcher")).to_contain_text("Margaret Hamilton")
    expect(you.part("room-title")).to_have_text("Guidance")


def test_a_refused_message_says_why_and_is_given_back(playground: Playground, open_page: OpenChat) -> None:
    you = open_page(YOU, playground.room("Limits"))
    too_long = "x" * 7440

    you.part("composer").fill(too_long)
    you.part("composer").press("Enter")

    expect(you.part("toast")).to_contain_text("Sending the message: 400")
    expect(you.part("composer")).to_have_value(too_long)


def test_what_happened_while_the_connection_was_lost_is_shown_after_it(
    playground: Playground, open_page: OpenChat
) -> None:
    room = playground.room("Flaky", ADA)
    you = open_page(YOU, room)
    you.page.route("**/playground/events*", lambda route: route.abort())
    you.page.reload()
    expect(you.part("connection")).to_be_visible()

    playground.say(ADA, room, "said in the gap")
    you.page.unroute("**/playground/events*")

    expect(you.message("said in the gap")).to_be_visible()
    expect(you.part("connection")).to_be_hidden()


def test_a_room_too_long_for_one_page_shows_its_beginning_on_request(
    playground: Playground, open_page: OpenChat
) -> None:
    room = playground.room("Long")
    for number in range(1, 121):
        playground.say(YOU, room, f"number {number}.")
    you = open_page(YOU, room)

    expect(you.message("number 120.")).to_be_in_viewport()
    expect(you.part("message")).to_have_count(100)
    you.page.get_by_role("button", name="Show earlier messages").click()

    expect(you.part("message")).to_have_count(120)
    expect(you.page.get_by_role("button", name="Show earlier messages")).to_have_count(0)


def test_a_reader_further_up_stays_there_and_is_offered_the_way_down(
    playground: Playground, open_page: OpenChat
) -> None:
    room = playground.room("Scrolling", ADA)
    for number in range(1, 41):
        playground.say(YOU, room, f"line {number}.")
    you = open_page(YOU, room)
    expect(you.message("line 40.")).to_be_in_viewport()

    you.part("timeline").hover()
    you.page.mouse.wheel(0, -5000)
    expect(you.message("line 1.")).to_be_in_viewport()
    playground.say(ADA, room, "over here")
    you.page.get_by_role("button", name="New messages").click()

    expect(you.message("over here")).to_be_in_viewport()


def test_the_page_and_its_parts_come_from_this_server_only(
    playground: Playground, open_page: OpenChat
) -> None:
    you = open_page(YOU, playground.room("Offline"))

    addresses = you.page.evaluate("performance.getEntriesByType('resource').map((entry) => entry.name)")

    assert addresses
    assert [address for address in addresses if not address.startswith(playground.url)] == []
    assert requests.get(f"{playground.url}/page/vendor/adaptivecards/LICENSE", timeout=30).text.startswith(
        "MIT License"
    )
