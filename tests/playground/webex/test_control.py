"""The playground's own API: event streams, people and rooms for the page, statistics, reset, the page."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests

from tests.playground.running import PATIENCE_S, Webex

Events = Iterator[tuple[str, dict[str, Any]]]


@contextmanager
def stream(webex: Webex, email: str) -> Iterator[Events]:
    """Open the event stream of a person; yields (name, data) pairs as they come."""
    with requests.get(
        f"{webex.url}/playground/events", params={"as": email}, stream=True, timeout=PATIENCE_S
    ) as answer:
        assert answer.headers["Content-Type"] == "text/event-stream"
        lines = answer.iter_lines(chunk_size=1, decode_unicode=True)
        assert next(lines) == ": connected"
        yield _parse(lines)


def _parse(lines: Iterator[str]) -> Events:
    name = ""
    for line in lines:
        field, _, value = line.partition(": ")
        if field == "event":
            name = value
        elif field == "data":
            yield name, json.loads(value)


def test_a_page_hears_of_messages_as_its_person_would_get_them(webex: Webex) -> None:
    you, bot = webex.person(), webex.bot()
    room_id = webex.room_with_bot()
    with stream(webex, "you@example.com") as events:
        sent = bot.post("messages", roomId=room_id, markdown="**pong**")
        assert next(events) == ("messages.created", sent)
        edited = bot.put(f"messages/{sent['id']}", roomId=room_id, text="edited")
        assert next(events) == ("messages.updated", edited)
        bot.delete(f"messages/{sent['id']}")
        name, data = next(events)
        assert (name, data["id"]) == ("messages.deleted", sent["id"])
        assert you.get("messages", roomId=room_id)["items"] == []


def test_a_page_hears_of_its_own_rooms_only(webex: Webex) -> None:
    ada = webex.person("ada@example.com")
    ada.get("people/me")
    with stream(webex, "you@example.com") as events:
        secret = ada.post("rooms", title="Secret")
        ada.post("messages", roomId=secret["id"], text="psst")
        room = webex.person().post("rooms", title="Ops")
        assert next(events) == ("rooms.created", room)
        name, seat = next(events)
        assert (name, seat["personEmail"]) == ("memberships.created", "you@example.com")


def test_a_page_hears_when_its_person_is_added_and_removed_and_of_new_people(webex: Webex) -> None:
    ada = webex.person("ada@example.com")
    room_id = ada.post("rooms", title="Ops")["id"]
    with stream(webex, "you@example.com") as events:
        seat = ada.post("memberships", roomId=room_id, personEmail="you@example.com")
        assert next(events) == ("memberships.created", seat)
        ada.put(f"rooms/{room_id}", title="Operations")
        name, room = next(events)
        assert (name, room["title"]) == ("rooms.updated", "Operations")
        ada.delete(f"memberships/{seat['id']}")
        assert next(events) == ("memberships.deleted", seat)
        grace = webex.control("POST", "people", json={"email": "grace@example.com"}).json()
        assert next(events) == ("people.created", grace)


def test_each_side_of_a_direct_room_hears_the_others_name_as_title(webex: Webex) -> None:
    webex.person().get("people/me")
    with stream(webex, "ada@example.com") as events:
        webex.person().post("messages", toPersonEmail="ada@example.com", text="hi")
        assert [next(events)[0] for _ in range(2)] == ["memberships.created", "messages.created"]
        rooms = webex.control("GET", "rooms", params={"as": "ada@example.com"}).json()["items"]
        assert [room["title"] for room in rooms] == ["You"]


def test_a_page_hears_of_a_room_that_was_deleted_and_of_a_reset(webex: Webex) -> None:
    you = webex.person()
    room_id = you.post("rooms", title="Ops", isLocked=True)["id"]
    with stream(webex, "you@example.com") as events:
        you.delete(f"rooms/{room_id}")
        assert next(events)[0] == "memberships.deleted"
        name, room = next(events)
        assert (name, room["id"]) == ("rooms.deleted", room_id)
        webex.control("POST", "reset")
        assert next(events)[0] == "playground.reset"


def test_a_stream_needs_a_person(webex: Webex) -> None:
    answer = webex.control("GET", "events")
    assert (answer.status_code, answer.json()["message"]) == (400, "as=<e-mail> is required.")


def test_people_are_listed_and_made(webex: Webex) -> None:
    webex.bot().get("people/me")
    body = {"email": "ada@example.com", "displayName": "Ada Lovelace"}
    ada = webex.control("POST", "people", json=body).json()
    assert ada == webex.person("ada@example.com").get("people/me")
    assert ada["displayName"] == "Ada Lovelace"
    people = webex.control("GET", "people").json()["items"]
    assert [(person["displayName"], person["type"]) for person in people] == [
        ("Sparkops", "bot"),
        ("Ada Lovelace", "person"),
    ]
    assert set(people[0]) == {"id", "displayName", "emails", "type"}


def test_rooms_come_with_everybody_in_them(webex: Webex) -> None:
    room_id = webex.room_with_bot()
    (room,) = webex.control("GET", "rooms", params={"as": "you@example.com"}).json()["items"]
    members = room.pop("members")
    assert room == webex.person().get(f"rooms/{room_id}")
    assert [(each["email"], each["displayName"], each["isModerator"], each["type"]) for each in members] == [
        ("you@example.com", "You", False, "person"),
        ("sparkops@webex.bot", "Sparkops", False, "bot"),
    ]


def test_a_room_is_made_read_only_and_writable_again(webex: Webex) -> None:
    room_id = webex.room_with_bot()
    assert webex.control("POST", f"rooms/{room_id}/read-only").json()["isReadOnly"] is True
    draft = {"roomId": room_id, "text": "hi"}
    refusal = webex.bot().refused(403, "POST", "messages", json=draft)
    assert refusal == "This room is read-only: nobody can post into it."
    webex.control("POST", f"rooms/{room_id}/read-only", json={"isReadOnly": False})
    webex.bot().post("messages", **draft)


def test_a_room_is_locked_for_its_maker_or_for_somebody_named(webex: Webex) -> None:
    room_id = webex.room_with_bot()

    def moderators() -> list[str]:
        seats = webex.person().get("memberships", roomId=room_id)["items"]
        return [seat["personEmail"] for seat in seats if seat["isModerator"]]

    webex.control("POST", f"rooms/{room_id}/lock")
    assert moderators() == ["you@example.com"]
    webex.control("POST", f"rooms/{room_id}/lock", json={"isLocked": False})
    assert moderators() == []
    webex.control("POST", f"rooms/{room_id}/lock", json={"moderator": "sparkops@webex.bot"})
    assert moderators() == ["sparkops@webex.bot"]
    webex.bot().delete(f"rooms/{room_id}")
    webex.person().refused(404, "GET", f"rooms/{room_id}")


def test_calls_are_counted_by_route_and_status(webex: Webex) -> None:
    you = webex.person()
    room = you.post("rooms", title="Ops")
    you.get(f"rooms/{room['id']}")
    you.refused(404, "GET", "rooms/unknown")
    assert webex.control("GET", "stats").json() == {
        "calls": {"GET /v1/rooms/{id}": {"200": 1, "404": 1}, "POST /v1/rooms": {"200": 1}}
    }


def test_reset_forgets_everything(webex: Webex) -> None:
    webex.room_with_bot()
    webex.fault(match={}, kind="status", status=500)
    assert webex.control("POST", "reset").status_code == 204
    assert webex.control("GET", "people").json()["items"] == []
    assert webex.control("GET", "stats").json() == {"calls": {}}
    assert webex.person().get("rooms")["items"] == []


def test_the_chat_page_is_served(webex: Webex) -> None:
    page = requests.get(webex.url, timeout=PATIENCE_S)
    assert page.status_code == 200 and page.headers["Content-Type"].startswith("text/html")
    assert requests.get(f"{webex.url}/page/index.html", timeout=PATIENCE_S).text == page.text


@pytest.mark.parametrize("path", ["rooms", "nothing"])
def test_control_errors_have_webex_shape_too(webex: Webex, path: str) -> None:
    answer = webex.control("GET", path)
    assert answer.status_code in (400, 404)
    assert answer.json()["errors"] == [{"description": answer.json()["message"]}]
