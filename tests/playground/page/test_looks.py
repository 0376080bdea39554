"""What a message looks like (markdown, inert markup, cards) and how the page fits a narrow window."""

import json

from playwright.sync_api import expect

from tests.playground.page.chat_page import ADA, BOT, YOU, Playground
from tests.playground.page.conftest import OpenChat

PHONE = {"viewport": {"width": 390, "height": 844}}

APPROVAL = {
    "contentType": "application/vnd.microsoft.card.adaptive",
    "content": {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.3",
        "body": [
            {
                "type": "TextBlock",
                "text": "Deploy **api** to <production>?",
                "weight": "Bolder",
                "wrap": True,
            },
            {
                "type": "Input.Text",
                "id": "reason",
                "label": "Reason",
                "isRequired": True,
                "errorMessage": "Say why.",
            },
            {
                "type": "Input.ChoiceSet",
                "id": "region",
                "label": "Region",
                "value": "eu",
                "choices": [{"title": "Europe", "value": "eu"}, {"title": "America", "value": "us"}],
            },
        ],
        "actions": [{"type": "Action.Submit", "title": "Approve", "data": {"run": "42"}}],
    },
}


def test_html_and_script_in_a_message_are_shown_as_words_and_do_nothing(
    playground: Playground, open_page: OpenChat
) -> None:
    room = playground.room("Inert", ADA)
    you = open_page(YOU, room)
    words = '<script>window.harmed = 1</script> <img src=x onerror="window.harmed = 2"> <b>bold</b>'

    playground.say(ADA, room, f"hello {words}")
    playground.say(ADA, room, "[click](javascript:window.harmed=3)")

    expect(you.part("message-body").first).to_have_text(f"hello {words}")
    expect(you.part("message-body").locator("script, img, b, a[href^=javascript]")).to_have_count(0)
    assert you.page.evaluate("window.harmed") is None


def test_hostile_html_from_the_server_itself_is_cleaned_by_the_page(
    playground: Playground, open_page: OpenChat
) -> None:
    room = playground.room("Second lock")
    message = playground.say(YOU, room, "harmless")
    hostile = (
        "<p onclick='window.harmed=1' style='position:fixed'>kept <i>words</i></p>"
        "<script>window.harmed=2</script><img src=x onerror='window.harmed=3'>"
        "<svg onload='window.harmed=4'></svg><iframe srcdoc='x'></iframe>"
        "<a href='javascript:window.harmed=5'>link</a><a href='https://example.com/'>good</a>"
    )
    answer = json.dumps({"items": [{**message, "html": hostile}]})
    you = open_page(YOU, room)
    you.page.route(
        "**/v1/messages?*", lambda route: route.fulfill(body=answer, content_type="application/json")
    )
    you.page.reload()

    expect(you.part("message-body")).to_have_text("kept wordslinkgood")
    assert you.part("message-body").inner_html() == (
        "<p>kept <i>words</i></p><span>link</span>"
        '<a href="https://example.com/" target="_blank" rel="noopener noreferrer nofollow">good</a>'
    )
    assert you.page.evaluate("window.harmed") is None


def test_a_wide_table_in_a_code_fence_scrolls_in_itself(playground: Playground, open_page: OpenChat) -> None:
    room = playground.room("Tables", BOT)
    row = "leaf-101  Eth1/1  connected  trunk  full  10G  " * 6
    playground.say(BOT, room, f"```\n{row}\n{row}\n```")
    you = open_page(YOU, room, **PHONE)

    code = you.part("message-body").locator("pre")
    expect(code).to_have_text(f"{row}\n{row}\n")
    assert code.evaluate("block => getComputedStyle(block).fontFamily").endswith("monospace")
    assert code.evaluate("block => block.scrollWidth > block.clientWidth")
    assert you.page.evaluate("document.documentElement.scrollWidth") == 390


def test_a_bot_is_told_from_a_person_by_its_badge(playground: Playground, open_page: OpenChat) -> None:
    room = playground.room("Badges", ADA, BOT)
    playground.say(BOT, room, "from a bot")
    playground.say(ADA, room, "from a person")
    you = open_page(YOU, room)

    expect(you.message("from a bot").get_by_test_id("bot-badge")).to_have_text("BOT")
    expect(you.message("from a person").get_by_test_id("bot-badge")).to_have_count(0)


def test_a_card_is_filled_in_and_submitted_once(playground: Playground, open_page: OpenChat) -> None:
    room = playground.room("Cards", BOT)
    card = playground.say(BOT, room, "Deploy api?", attachments=[APPROVAL])
    you = open_page(YOU, room)
    expect(you.part("card")).to_contain_text("Deploy api to <production>?")
    expect(you.part("card").locator("strong")).to_have_text("api")
    approve = you.part("card").get_by_role("button", name="Approve")

    approve.click()
    expect(you.part("card")).to_contain_text("Say why.")
    you.part("card").get_by_label("Reason").fill("hotfix")
    you.part("card").get_by_label("Region").select_option("America")
    with you.page.expect_response("**/v1/attachment/actions") as submitted:
        approve.click()

    expect(you.part("card-status")).to_contain_text("Sent: Approve")
    expect(you.part("card")).to_have_attribute("data-sent", "true")
    expect(approve).to_be_disabled()
    action = playground.call(BOT, "GET", f"/v1/attachment/actions/{submitted.value.json()['id']}")
    assert action["messageId"] == card["id"]
    assert action["inputs"] == {"run": "42", "reason": "hotfix", "region": "us"}


def test_a_submitted_card_is_still_marked_as_sent_when_one_comes_back_to_its_room(
    playground: Playground, open_page: OpenChat
) -> None:
    room = playground.room("Sent before", BOT)
    playground.room("Detour")
    playground.say(BOT, room, "Deploy api?", attachments=[APPROVAL])
    you = open_page(YOU, room)
    you.part("card").get_by_label("Reason").fill("hotfix")
    you.part("card").get_by_role("button", name="Approve").click()
    expect(you.part("card-status")).to_contain_text("Sent: Approve")

    you.room("Detour").click()
    expect(you.part("card")).to_have_count(0)
    you.room("Sent before").click()

    expect(you.part("card-status")).to_contain_text("Sent: Approve")
    expect(you.part("card").get_by_role("button", name="Approve")).to_be_disabled()


def test_half_filled_card_inputs_survive_new_messages(playground: Playground, open_page: OpenChat) -> None:
    room = playground.room("Half filled", ADA, BOT)
    playground.say(BOT, room, "Deploy api?", attachments=[APPROVAL])
    you = open_page(YOU, room)

    you.part("card").get_by_label("Reason").fill("because")
    playground.say(ADA, room, "meanwhile")

    expect(you.message("meanwhile")).to_be_visible()
    expect(you.part("card").get_by_label("Reason")).to_have_value("because")
    expect(you.part("card").get_by_label("Reason")).to_be_focused()


def test_on_a_phone_the_rooms_are_a_drawer(playground: Playground, open_page: OpenChat) -> None:
    here = playground.room("Pocket")
    playground.room("Other pocket")
    you = open_page(YOU, here, **PHONE)
    expect(you.part("sidebar")).not_to_be_visible()

    you.part("open-drawer").click()
    expect(you.part("sidebar")).to_be_in_viewport(ratio=1)
    you.page.keyboard.press("Escape")
    expect(you.part("sidebar")).not_to_be_visible()
    you.part("open-drawer").click()
    you.room("Other pocket").click()

    expect(you.part("room-title")).to_have_text("Other pocket")
    expect(you.part("sidebar")).not_to_be_visible()
    assert you.page.evaluate("document.documentElement.scrollWidth") == 390


def test_the_colours_follow_the_system(playground: Playground, open_page: OpenChat) -> None:
    room = playground.room("Colours")
    background = "getComputedStyle(document.body).backgroundColor"

    assert open_page(YOU, room, color_scheme="light").page.evaluate(background) == "rgb(255, 255, 255)"
    assert open_page(YOU, room, color_scheme="dark").page.evaluate(background) == "rgb(15, 17, 21)"
