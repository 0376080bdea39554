"""Faults that are sprinkled over many calls, and rooms that go away in the middle of them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.playground.running import Webex


def statuses(webex: Webex, number: int, path: str = "rooms") -> list[int]:
    return [webex.person().call("GET", path).status_code for _ in range(number)]


def test_every_third_call_is_answered_429(webex: Webex) -> None:
    webex.fault(match={"path": "/v1/rooms"}, kind="status", status=429, retryAfter=1, every=3)
    assert statuses(webex, 7) == [200, 200, 429, 200, 200, 429, 200]


def test_only_matching_calls_are_counted(webex: Webex) -> None:
    webex.fault(match={"method": "GET", "path": "/v1/rooms"}, kind="status", status=503, every=2)
    you = webex.person()
    assert statuses(webex, 1) == [200]
    you.post("rooms", title="Ops")
    you.get("people/me")
    assert statuses(webex, 2) == [503, 200]


def test_a_fault_can_be_for_the_calls_of_one_token_only(webex: Webex) -> None:
    webex.fault(match={"token": "bot:sparkops@webex.bot"}, kind="status", status=503, every=2)
    answers = [(webex.bot().call("GET", "rooms").status_code, statuses(webex, 1)) for _ in range(4)]
    assert answers == [(200, [200]), (503, [200]), (200, [200]), (503, [200])]


def test_two_rates_are_sprinkled_over_the_same_calls(webex: Webex) -> None:
    webex.fault(match={"path": "/v1/*"}, kind="status", status=429, every=4)
    webex.fault(match={"path": "/v1/*"}, kind="status", status=502, every=3)
    assert statuses(webex, 8) == [200, 200, 502, 429, 200, 502, 200, 429]


def test_a_fault_can_begin_late_and_end_early(webex: Webex) -> None:
    webex.fault(match={"path": "/v1/rooms"}, kind="status", status=500, after=2, every=2, count=2)
    assert statuses(webex, 9) == [200, 200, 200, 500, 200, 500, 200, 200, 200]
    assert webex.control("GET", "faults").json()["items"] == []


def test_every_second_delivery_is_doubled(webex: Webex, receiver: Any) -> None:
    you = webex.person()
    you.post("webhooks", name="w", targetUrl=receiver.url, resource="rooms", event="created")
    webex.fault(match={"webhook": "rooms"}, kind="duplicate", every=2)
    rooms = [you.post("rooms", title=str(number))["id"] for number in range(4)]
    told = sorted(hook.data["id"] for hook in receiver.wait_for(6))
    assert told == sorted([*rooms, rooms[1], rooms[3]])


def test_a_room_vanishes_by_a_control_call(webex: Webex) -> None:
    room_id = webex.room_with_bot()
    assert webex.control("POST", f"rooms/{room_id}/vanish").status_code == 204
    for caller in (webex.person(), webex.bot()):
        caller.refused(404, "GET", f"rooms/{room_id}")
        assert caller.get("rooms")["items"] == []
    assert webex.control("POST", f"rooms/{room_id}/vanish").status_code == 404


def test_a_room_vanishes_at_the_call_that_comes_after_so_many(webex: Webex) -> None:
    room_id, other = webex.room_with_bot(), webex.room_with_bot("Other")
    webex.fault(match={"path": "/v1/rooms/*"}, kind="vanish", room=room_id, after=2)
    paths = [f"rooms/{room_id}", f"rooms/{other}", f"rooms/{room_id}", f"rooms/{other}"]
    assert [webex.bot().call("GET", path).status_code for path in paths] == [200, 200, 404, 200]


def test_a_room_migrates_between_reading_it_and_acting_on_it(webex: Webex) -> None:
    room_id = webex.room_with_bot()
    webex.fault(match={"method": "DELETE", "path": f"/v1/rooms/{room_id}"}, kind="migrate", room=room_id)
    bot = webex.bot()
    bot.get(f"rooms/{room_id}")
    bot.refused(404, "DELETE", f"rooms/{room_id}")
    (room,) = bot.get("rooms")["items"]
    assert room["title"] == "Ops" and room["id"] != room_id
    bot.get(f"rooms/{room['id']}")


def test_what_another_fault_has_forestalled_comes_at_the_next_call(webex: Webex) -> None:
    room_id = webex.room_with_bot()
    webex.fault(match={"path": "/v1/rooms/*"}, kind="status", status=503, count=1)
    webex.fault(match={"path": "/v1/rooms/*"}, kind="vanish", room=room_id)
    assert statuses(webex, 2, f"rooms/{room_id}") == [503, 404]


def test_a_room_that_is_gone_already_disturbs_no_call(webex: Webex) -> None:
    room_id = webex.room_with_bot()
    webex.fault(match={"path": "/v1/rooms"}, kind="migrate", room=room_id)
    webex.control("POST", f"rooms/{room_id}/vanish")
    assert statuses(webex, 1) == [200]


def test_a_fault_says_its_rate_and_its_room(webex: Webex) -> None:
    webex.fault(match={"path": "/v1/rooms"}, kind="vanish", room="room-1", after=5)
    (fault,) = webex.control("GET", "faults").json()["items"]
    assert {name: fault[name] for name in ("kind", "room", "after", "every", "count")} == {
        "kind": "vanish", "room": "room-1", "after": 5, "every": 1, "count": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({"kind": "status", "every": 0}, "every must be 1 or more, after 0 or more."),
        ({"kind": "status", "after": -1}, "every must be 1 or more, after 0 or more."),
        ({"kind": "migrate"}, "room is the id of the room to migrate or vanish; other kinds have none."),
        (
            {"kind": "vanish", "room": 7},
            "room is the id of the room to migrate or vanish; other kinds have none.",
        ),
        (
            {"kind": "slow", "room": "r"},
            "room is the id of the room to migrate or vanish; other kinds have none.",
        ),
    ],
)
def test_a_rate_that_makes_no_sense_is_refused(webex: Webex, body: dict[str, Any], refusal: str) -> None:
    answer = webex.control("POST", "faults", json=body)
    assert (answer.status_code, answer.json()["message"]) == (400, refusal)
