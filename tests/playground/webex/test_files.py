"""Files: uploading one with a message and downloading it again."""

from pathlib import Path

import pytest
import requests

from tests.playground.running import Webex

LOG_TEXT = "line 1\nzeile 2 äöü\n"


@pytest.fixture
def build_log(tmp_path: Path) -> Path:
    path = tmp_path / "build.log"
    path.write_text(LOG_TEXT, encoding="utf-8")
    return path


def test_the_sdk_uploads_a_file_and_a_member_downloads_it(webex: Webex, build_log: Path) -> None:
    room_id = webex.room_with_bot()
    bot = webex.sdk("bot:sparkops@webex.bot")
    root = webex.person().post("messages", roomId=room_id, text="root")
    message = bot.messages.create(
        roomId=room_id, parentId=root["id"], markdown="the **log**", files=[str(build_log)]
    )
    assert (message.text, message.parentId) == ("the log", root["id"])
    (url,) = message.files
    assert url.startswith(f"{webex.api}contents/")
    headers = {"Authorization": "Bearer person:you@example.com"}
    answer = requests.get(url, headers=headers, timeout=20)
    assert answer.content.decode() == LOG_TEXT
    assert 'filename="build.log"' in answer.headers["Content-Disposition"]
    head = requests.head(url, headers=headers, timeout=20)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Length"] == str(len(LOG_TEXT.encode()))
    assert head.headers["Content-Disposition"] == answer.headers["Content-Disposition"]


def test_a_file_needs_no_words(webex: Webex, build_log: Path) -> None:
    message = _post_file(webex, webex.room_with_bot(), build_log)
    assert "text" not in message and len(message["files"]) == 1


def test_only_those_who_may_read_the_message_get_the_file(webex: Webex, build_log: Path) -> None:
    content = _post_file(webex, webex.room_with_bot(), build_log)["files"][0].removeprefix(webex.api)
    webex.person("stranger@example.com").refused(404, "GET", content)
    webex.bot().refused(404, "GET", content)
    webex.person().refused(404, "GET", "contents/unknown")


def test_a_file_goes_with_its_message(webex: Webex, build_log: Path) -> None:
    message = _post_file(webex, webex.room_with_bot(), build_log)
    webex.person().delete(f"messages/{message['id']}")
    webex.person().refused(404, "GET", message["files"][0].removeprefix(webex.api))


def test_a_message_with_a_file_cannot_be_edited(webex: Webex, build_log: Path) -> None:
    room_id = webex.room_with_bot()
    message = _post_file(webex, room_id, build_log)
    refusal = webex.person().refused(
        400, "PUT", f"messages/{message['id']}", json={"roomId": room_id, "text": "x"}
    )
    assert refusal == "Editing messages with files or attachments is currently unsupported."


def test_two_files_or_a_card_in_a_form_are_refused(webex: Webex, build_log: Path) -> None:
    room_id = webex.room_with_bot()
    two = [("files", ("a", b"a")), ("files", ("b", b"b"))]
    you = webex.person()
    refusal = you.refused(400, "POST", "messages", data={"roomId": room_id}, files=two)
    assert refusal == "Only one file per message is supported."
    card = {"roomId": room_id, "attachments": "[]"}
    refusal = you.refused(400, "POST", "messages", data=card, files={"files": build_log.read_bytes()})
    assert refusal == "A form carries a file; send a card as JSON."


def test_a_public_url_is_fetched_by_the_server(webex: Webex) -> None:
    room_id = webex.room_with_bot()
    you = webex.person()
    message = you.post("messages", roomId=room_id, files=[f"{webex.url}/playground/people"])
    answer = you.call("GET", message["files"][0].removeprefix(webex.api))
    assert answer.headers["Content-Type"] == "application/json"
    assert {person["type"] for person in answer.json()["items"]} == {"person", "bot"}


def test_a_url_that_leads_nowhere_is_refused(webex: Webex) -> None:
    room_id = webex.room_with_bot()
    you = webex.person()
    for url, words in (
        (f"{webex.url}/nowhere", "could not be fetched"),
        ("file:///etc/hostname", "must hold an http or https URL"),
    ):
        assert words in you.refused(400, "POST", "messages", json={"roomId": room_id, "files": [url]})


def _post_file(webex: Webex, room_id: str, path: Path) -> dict[str, list[str]]:
    answer = webex.person().call(
        "POST", "messages", data={"roomId": room_id}, files={"files": (path.name, path.read_bytes())}
    )
    assert answer.status_code == 200, answer.text
    message = answer.json()
    assert isinstance(message, dict)
    return message
