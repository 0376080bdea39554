"""Faults of API calls, and latency."""

from typing import Any

import pytest
import requests
import webexpythonsdk

from tests.playground.running import Webex


def test_a_429_carries_retry_after_and_ends_after_its_count(webex: Webex) -> None:
    you = webex.person()
    room_id = you.post("rooms", title="Ops")["id"]
    webex.fault(
        match={"method": "POST", "path": "/v1/messages*"}, kind="status", status=429, retryAfter=2, count=3
    )
    for _ in range(3):
        answer = you.call("POST", "messages", json={"roomId": room_id, "text": "x"})
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "2")
        assert answer.json()["message"] == "Too Many Requests"
        assert answer.json()["trackingId"] == answer.headers["Trackingid"]
    you.get("messages", roomId=room_id)
    you.post("messages", roomId=room_id, text="x")


def test_the_sdk_understands_the_429(webex: Webex) -> None:
    webex.fault(match={"path": "/v1/people/me"}, kind="status", status=429, retryAfter=7)
    with pytest.raises(webexpythonsdk.RateLimitError) as caught:
        webex.sdk("bot:sparkops@webex.bot").people.me()
    assert caught.value.retry_after == 7


def test_a_429_can_come_as_html(webex: Webex) -> None:
    webex.fault(match={}, kind="html", status=429, retryAfter=3600)
    answer = webex.person().call("GET", "rooms")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3600")
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "<h1>429 Too Many Requests</h1>" in answer.text


@pytest.mark.parametrize("status", [423, 500, 502, 503])
def test_other_statuses_have_webex_shape_too(webex: Webex, status: int) -> None:
    webex.fault(match={"path": "/v1/rooms"}, kind="status", status=status)
    webex.person().refused(status, "GET", "rooms")


def test_a_dropped_call_has_no_effect_and_no_answer(webex: Webex) -> None:
    you = webex.person()
    webex.fault(match={"method": "POST", "path": "/v1/rooms"}, kind="drop", count=1)
    with pytest.raises(requests.ConnectionError):
        you.post("rooms", title="Ops")
    assert you.get("rooms")["items"] == []


def test_a_slow_call_outlasts_an_impatient_client_and_is_answered_to_a_patient_one(webex: Webex) -> None:
    fault_id = webex.fault(match={"path": "/v1/rooms"}, kind="slow", delay=5)
    headers = {"Authorization": "Bearer person:you@example.com"}
    with pytest.raises(requests.ReadTimeout):
        requests.get(f"{webex.api}rooms", headers=headers, timeout=0.2)
    webex.control("DELETE", f"faults/{fault_id}")
    webex.fault(match={"path": "/v1/rooms"}, kind="slow", delay=0.1)
    assert webex.person().get("rooms") == {"items": []}


def test_latency_holds_for_every_api_call_until_it_is_taken_back(webex: Webex) -> None:
    assert webex.control("POST", "latency", json={"seconds": 5}).json() == {"seconds": 5.0}
    headers = {"Authorization": "Bearer person:you@example.com"}
    with pytest.raises(requests.ReadTimeout):
        requests.get(f"{webex.api}rooms", headers=headers, timeout=0.2)
    webex.control("POST", "latency", json={"seconds": 0})
    assert webex.person().get("rooms") == {"items": []}
    assert webex.control("POST", "latency", json={"seconds": "slow"}).status_code == 400


def test_a_limit_lets_so_many_calls_of_each_token_pass(webex: Webex) -> None:
    webex.fault(match={"path": "/v1/rooms"}, kind="limit", limit=2, window=60)
    you = webex.person()
    you.get("rooms")
    you.get("rooms")
    answer = you.call("GET", "rooms")
    assert answer.status_code == 429 and 1 <= int(answer.headers["Retry-After"]) <= 60
    webex.person("ada@example.com").get("rooms")


def test_a_fault_of_probability_0_never_strikes(webex: Webex) -> None:
    webex.fault(match={}, kind="status", status=500, probability=0, count=1)
    webex.person().get("rooms")
    assert len(webex.control("GET", "faults").json()["items"]) == 1


def test_faults_are_listed_and_switched_off(webex: Webex) -> None:
    first = webex.fault(match={"path": "/v1/rooms"}, kind="status", status=500)
    second = webex.fault(match={"webhook": "messages"}, kind="duplicate")

    def listed() -> list[str]:
        return [fault["id"] for fault in webex.control("GET", "faults").json()["items"]]

    assert listed() == [first, second]
    assert webex.control("DELETE", f"faults/{first}").status_code == 204
    assert listed() == [second]
    assert webex.control("DELETE", f"faults/{first}").status_code == 404
    assert webex.control("DELETE", "faults").status_code == 204
    assert listed() == []
    webex.person().get("rooms")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"kind": "explode"},
        {"kind": "status", "status": "many"},
        {"kind": "status", "match": {"webhook": "messages"}},
        {"kind": "duplicate", "match": {"path": "/v1/rooms"}},
        {"kind": "slow", "match": "everything"},
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(webex: Webex, body: dict[str, Any]) -> None:
    answer = webex.control("POST", "faults", json=body)
    assert answer.status_code == 400 and answer.json()["message"]


def test_a_defect_of_the_playground_looks_like_webex_own_500(
    webex: Webex, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(webex.world.rooms, "list", None)
    webex.person().refused(500, "GET", "rooms")
    assert "GET /v1/rooms ended in a defect of the playground" in caplog.text
