"""Delivering webhooks: signatures, order, the switch-off after failures, and faults on the way."""

import hashlib
import hmac
import re
from typing import Any

import pytest

from tests.playground.running import Receiver, Webex, eventually

SECRET = "pssst"


def listen(webex: Webex, url: str, **more: Any) -> str:
    """Register the bot for all messages and return the webhook's id."""
    body = {"name": "w", "targetUrl": url, "resource": "messages", "event": "created"}
    identifier = webex.bot().post("webhooks", **body, **more)["id"]
    assert isinstance(identifier, str)
    return identifier


def post(webex: Webex, room_id: str, number: int = 1) -> list[str]:
    """Let the bot post messages, which are told to itself, and return their ids."""
    bot = webex.bot()
    return [bot.post("messages", roomId=room_id, text=str(each))["id"] for each in range(number)]


def status(webex: Webex, webhook_id: str) -> str:
    written = webex.bot().get(f"webhooks/{webhook_id}")["status"]
    assert isinstance(written, str)
    return written


def test_both_signatures_are_made_over_the_raw_body(webex: Webex, receiver: Receiver) -> None:
    room_id = webex.room_with_bot()
    listen(webex, receiver.url, secret=SECRET)
    post(webex, room_id)
    (hook,) = receiver.wait_for(1)

    def by_hand(algorithm: str) -> str:
        return hmac.new(SECRET.encode(), hook.raw, getattr(hashlib, algorithm)).hexdigest()

    assert hook.headers["X-Spark-Signature"] == by_hand("sha1")
    parts = dict(part.split("=") for part in hook.headers["X-Webex-Signature"].split(", "))
    assert parts == {"SHA-256": by_hand("sha256"), "SHA-512": by_hand("sha512")}
    assert re.fullmatch("[0-9a-f]{40}", hook.headers["X-Spark-Signature"])


def test_without_a_secret_there_is_no_signature(webex: Webex, receiver: Receiver) -> None:
    room_id = webex.room_with_bot()
    listen(webex, receiver.url)
    post(webex, room_id)
    (hook,) = receiver.wait_for(1)
    assert not [name for name in hook.headers if "Signature" in name]


def test_a_changed_secret_signs_the_next_delivery(webex: Webex, receiver: Receiver) -> None:
    room_id = webex.room_with_bot()
    webhook_id = listen(webex, receiver.url, secret="old")
    webex.bot().put(f"webhooks/{webhook_id}", name="w", targetUrl=receiver.url, secret=SECRET)
    post(webex, room_id)
    (hook,) = receiver.wait_for(1)
    assert hook.headers["X-Spark-Signature"] == hmac.new(SECRET.encode(), hook.raw, "sha1").hexdigest()


def test_the_api_does_not_wait_for_a_receiver(webex: Webex, receiver: Receiver) -> None:
    room_id = webex.room_with_bot()
    listen(webex, receiver.url)
    receiver.answering.clear()
    posted = post(webex, room_id, 3)
    assert receiver.hooks == []
    receiver.answering.set()
    assert {hook.data["id"] for hook in receiver.wait_for(3)} == set(posted)


def test_every_webhook_gets_its_own_delivery(webex: Webex, receiver: Receiver) -> None:
    room_id = webex.room_with_bot()
    webhooks = {listen(webex, receiver.url), listen(webex, receiver.url)}
    post(webex, room_id)
    assert {hook.body["id"] for hook in receiver.wait_for(2)} == webhooks


def test_a_deleted_webhook_is_silent(webex: Webex, receiver: Receiver) -> None:
    room_id = webex.room_with_bot()
    webex.bot().delete(f"webhooks/{listen(webex, receiver.url)}")
    kept = listen(webex, receiver.url)
    post(webex, room_id)
    assert [hook.body["id"] for hook in receiver.wait_for(1)] == [kept]


def test_deliveries_are_logged(webex: Webex, receiver: Receiver) -> None:
    room_id = webex.room_with_bot()
    webhook_id = listen(webex, receiver.url)
    (posted,) = post(webex, room_id)
    eventually(lambda: len(webex.deliveries()) == 1)
    (entry,) = webex.deliveries()
    assert entry.pop("ms") > 0
    assert entry == {
        "webhookId": webhook_id,
        "url": receiver.url,
        "resource": "messages",
        "event": "created",
        "dataId": posted,
        "status": 200,
        "attempt": 1,
    }


def test_an_unreachable_receiver_is_logged_with_status_0(webex: Webex) -> None:
    room_id = webex.room_with_bot()
    listen(webex, "http://127.0.0.1:9/")
    post(webex, room_id)
    eventually(lambda: len(webex.deliveries()) == 1)
    (entry,) = webex.deliveries()
    assert entry["status"] == 0 and "ClientConnectorError" in entry["error"]


def test_99_failures_within_five_minutes_are_borne_and_the_hundredth_is_not(
    webex: Webex, receiver: Receiver
) -> None:
    room_id = webex.room_with_bot()
    webhook_id = listen(webex, receiver.url)
    receiver.status = 500
    post(webex, room_id, 99)
    eventually(lambda: len(webex.deliveries()) == 99)
    assert status(webex, webhook_id) == "active"
    post(webex, room_id)
    eventually(lambda: status(webex, webhook_id) == "inactive")
    post(webex, room_id)
    kept = listen(webex, receiver.url)
    post(webex, room_id)
    assert [hook.body["id"] for hook in receiver.wait_for(101)[100:]] == [kept]


def test_failures_older_than_five_minutes_do_not_count(webex: Webex, receiver: Receiver) -> None:
    room_id = webex.room_with_bot()
    webhook_id = listen(webex, receiver.url)
    receiver.status = 404
    post(webex, room_id, 99)
    eventually(lambda: len(webex.deliveries()) == 99)
    webex.clock.advance(minutes=5)
    post(webex, room_id)
    eventually(lambda: len(webex.deliveries()) == 100)
    assert status(webex, webhook_id) == "active"


def test_unreachable_counts_as_failed(webex: Webex) -> None:
    room_id = webex.room_with_bot()
    webhook_id = listen(webex, "http://127.0.0.1:9/")
    post(webex, room_id, 100)
    eventually(lambda: status(webex, webhook_id) == "inactive")


def test_activated_within_the_five_minutes_one_more_failure_disables_again(
    webex: Webex, receiver: Receiver
) -> None:
    room_id = webex.room_with_bot()
    webhook_id = listen(webex, receiver.url)
    receiver.status = 500
    post(webex, room_id, 100)
    eventually(lambda: status(webex, webhook_id) == "inactive")
    api = webex.sdk("bot:sparkops@webex.bot")
    assert (
        api.webhooks.update(webhook_id, name="w", targetUrl=receiver.url, status="active").status == "active"
    )
    post(webex, room_id)
    eventually(lambda: status(webex, webhook_id) == "inactive")


def test_activated_after_the_five_minutes_it_may_fail_again(webex: Webex, receiver: Receiver) -> None:
    room_id = webex.room_with_bot()
    webhook_id = listen(webex, receiver.url)
    receiver.status = 500
    post(webex, room_id, 100)
    eventually(lambda: status(webex, webhook_id) == "inactive")
    webex.clock.advance(minutes=6)
    webex.bot().put(f"webhooks/{webhook_id}", name="w", targetUrl=receiver.url, status="active")
    post(webex, room_id)
    eventually(lambda: len(webex.deliveries()) == 101)
    assert status(webex, webhook_id) == "active"


def test_a_webhook_can_be_disabled_by_hand(webex: Webex, receiver: Receiver) -> None:
    webhook_id = listen(webex, receiver.url)
    assert webex.control("POST", f"webhooks/{webhook_id}/disable").json()["status"] == "inactive"
    assert status(webex, webhook_id) == "inactive"
    assert webex.control("POST", "webhooks/unknown/disable").status_code == 404


def test_fault_duplicate_delivers_the_same_body_twice(webex: Webex, receiver: Receiver) -> None:
    room_id = webex.room_with_bot()
    listen(webex, receiver.url, secret=SECRET)
    webex.fault(match={"webhook": "messages"}, kind="duplicate", count=1)
    post(webex, room_id, 2)
    hooks = receiver.wait_for(3)
    first = [hook for hook in hooks if hook.raw == hooks[0].raw]
    assert len(first) == 2 and len({hook.headers["X-Spark-Signature"] for hook in first}) == 1
    eventually(lambda: sorted(entry["attempt"] for entry in webex.deliveries()) == [1, 1, 2])


def test_fault_out_of_order_lets_the_next_one_overtake(webex: Webex, receiver: Receiver) -> None:
    room_id = webex.room_with_bot()
    listen(webex, receiver.url)
    webex.fault(match={"webhook": "messages"}, kind="out-of-order", count=1, delay=60)
    first, second = post(webex, room_id, 2)
    assert [hook.data["id"] for hook in receiver.wait_for(2)] == [second, first]


def test_fault_out_of_order_does_not_keep_the_last_one_for_ever(webex: Webex, receiver: Receiver) -> None:
    room_id = webex.room_with_bot()
    listen(webex, receiver.url)
    webex.fault(match={"webhook": "messages"}, kind="out-of-order", delay=0.05)
    (only,) = post(webex, room_id)
    assert [hook.data["id"] for hook in receiver.wait_for(1)] == [only]


def test_fault_delay_delivers_late(webex: Webex, receiver: Receiver) -> None:
    room_id = webex.room_with_bot()
    listen(webex, receiver.url)
    webex.fault(match={"webhook": "messages", "event": "created"}, kind="delay", delay=1.0, count=1)
    late, prompt = post(webex, room_id, 2)
    assert [hook.data["id"] for hook in receiver.wait_for(2)] == [prompt, late]


def test_fault_fail_counts_as_a_failure_that_never_arrives(webex: Webex, receiver: Receiver) -> None:
    room_id = webex.room_with_bot()
    webhook_id = listen(webex, receiver.url)
    webex.fault(match={"webhook": webhook_id}, kind="fail", status=502, count=1)
    _, second = post(webex, room_id, 2)
    assert [hook.data["id"] for hook in receiver.wait_for(1)] == [second]
    assert sorted(entry["status"] for entry in webex.deliveries())[-1] == 502


@pytest.mark.parametrize("match", [{"webhook": "memberships"}, {"webhook": "messages", "event": "deleted"}])
def test_a_delivery_fault_hits_only_what_it_matches(
    webex: Webex, receiver: Receiver, match: dict[str, str]
) -> None:
    room_id = webex.room_with_bot()
    listen(webex, receiver.url)
    webex.fault(match=match, kind="fail")
    assert [hook.data["id"] for hook in receiver.wait_for(len(post(webex, room_id)))]
