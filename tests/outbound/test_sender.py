"""Sending: in order within a room, side by side between rooms, waiting where Webex says wait, losing nothing."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from senders import Held, another_sender, in_room, put
from sqlalchemy import text

from bot.outbound.outbox import Outgoing, enqueue
from tests.bot_in_process import BOT, BotInProcess
from tests.talking import PATIENCE, wait_for

STATES = "SELECT state, attempts FROM outbox ORDER BY id"


# Order


def test_what_is_stored_for_a_room_arrives_there_in_that_order(bot: BotInProcess) -> None:
    put(bot, *(f"message {number}" for number in range(10)))
    bot.sender.kick((bot.room,))
    bot.wait_until_sent()
    assert in_room(bot) == [f"message {number}" for number in range(10)]
    assert bot.rows(STATES) == [("sent", 1)] * 10


def test_two_workers_never_send_into_a_room_at_once_and_keep_the_order(bot: BotInProcess, held: Held) -> None:
    with another_sender(bot, held) as (one, _), another_sender(bot, held) as (other, _):
        for number in range(12):
            put(bot, f"message {number}")
            (one, other)[number % 2].kick((bot.room,))
        assert held.arrived.acquire(timeout=PATIENCE)
        held.go.release(12)
        wait_for(lambda: bot.rows(STATES) == [("sent", 1)] * 12, "all to be sent")
    assert in_room(bot) == [f"message {number}" for number in range(12)]
    assert held.most == 1


def test_a_room_where_webex_is_slow_does_not_hold_up_another_room(bot: BotInProcess, held: Held) -> None:
    other = bot.webex.room_with_bot("Another room")
    with another_sender(bot, held) as (sender, _):
        put(bot, "slow")
        sender.kick((bot.room,))
        assert held.arrived.acquire(timeout=PATIENCE)
        put(bot, "quick", room_id=other)
        bot.sender.kick((other,))
        wait_for(lambda: in_room(bot, other) == ["quick"], "the other room's message")
        assert in_room(bot) == []


def test_a_message_to_a_person_opens_the_direct_room_with_them(bot: BotInProcess) -> None:
    put(bot, "for you alone", room_id=None, to_person_email="ada@example.com")
    bot.sender.kick_due()
    bot.wait_until_sent()
    [message] = bot.webex.person("ada@example.com").get("messages/direct", personEmail=BOT)["items"]
    assert message["text"] == "for you alone"


def test_a_file_and_a_card_arrive_as_such(bot: BotInProcess) -> None:
    put(bot, "a card", card={"type": "AdaptiveCard", "version": "1.3", "body": []})
    put(bot, "a file", file_name="Bericht №1.log", file_content=b"all \xf0\x9f\x9a\x80\n")
    bot.work()
    card, file = bot.messages()
    assert card["attachments"][0]["content"]["type"] == "AdaptiveCard"
    content = bot.webex.person().call("GET", file["files"][0].partition("/v1/")[2])
    assert content.content.decode() == "all 🚀\n"
    assert "filename*=UTF-8''Bericht%20%E2%84%961.log" in content.headers["Content-Disposition"]
    assert bot.rows("SELECT file_content FROM outbox WHERE file_name IS NOT NULL") == [(None,)]


@pytest.mark.parametrize(
    ("name", "kind"),
    [("trend.png", "image/png"), ("builds.csv", "text/csv"), ("core", "application/octet-stream")],
)
def test_a_file_says_what_it_is_so_that_pictures_are_shown(bot: BotInProcess, name: str, kind: str) -> None:
    put(bot, "a file", file_name=name, file_content=b"\x89PNG")
    bot.work()
    [file] = bot.messages()
    content = bot.webex.person().call("HEAD", file["files"][0].partition("/v1/")[2])
    assert content.headers["Content-Type"] == kind


# The race between the one who finds a room's lane empty and the one who stores a message meanwhile


def test_a_message_stored_while_another_gives_the_lane_back_finds_it_free(bot: BotInProcess) -> None:
    with bot.database.transaction() as storing:
        storing.execute(text("SELECT 1"))  # this transaction is the older one
        message = Outgoing(key="late", markdown="late", room_id=bot.room)
        enqueue(storing, message, bot.services.redactor)
        claimed: list[Any] = []
        with bot.database.transaction() as giving_back:
            assert bot.sender.claim(giving_back, bot.room) is None  # it cannot see the message yet
            reaching = threading.Thread(target=lambda: claimed.append(bot.sender.claim(storing, bot.room)))
            reaching.start()
            wait_for(lambda: waits_for_a_lock(bot), "the storing transaction to wait for the lane")
        reaching.join(PATIENCE)
        [row] = claimed
        assert row is not None
    bot.sender.go_on(row)
    bot.wait_until_sent()
    assert in_room(bot) == ["late"]


def waits_for_a_lock(bot: BotInProcess) -> bool:
    return bot.rows("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'") != []


def test_a_message_stored_while_another_is_being_sent_is_sent_by_the_same_sender(
    bot: BotInProcess, held: Held
) -> None:
    with another_sender(bot, held) as (sender, _):
        put(bot, "first")
        sender.kick((bot.room,))
        assert held.arrived.acquire(timeout=PATIENCE)
        with bot.database.transaction() as storing:
            enqueue(
                storing, Outgoing(key="second", markdown="second", room_id=bot.room), bot.services.redactor
            )
            assert bot.sender.claim(storing, bot.room) is None  # the lane is taken, and now locked by us
            held.go.release()
            wait_for(lambda: waits_for_a_lock(bot), "the holder to wait for the storing transaction")
        held.go.release()
        wait_for(lambda: in_room(bot) == ["first", "second"], "both messages")


def test_many_messages_stored_from_many_threads_are_all_sent_without_any_later_kick(
    bot: BotInProcess,
) -> None:
    start = threading.Barrier(4)

    def store(worker: int) -> None:
        start.wait()
        for number in range(15):
            with bot.database.transaction() as session:
                key = f"{worker} {number}"
                lane = enqueue(
                    session, Outgoing(key=key, markdown=key, room_id=bot.room), bot.services.redactor
                )
                row = bot.sender.claim(session, lane)
            bot.sender.go_on(row)

    threads = [threading.Thread(target=store, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wait_for(lambda: len(in_room(bot)) == 60, "all messages")
    for worker in range(4):
        assert [each for each in in_room(bot) if each.startswith(f"{worker} ")] == [
            f"{worker} {number}" for number in range(15)
        ]


# Webex says no


def test_a_429_holds_the_room_as_long_as_webex_says_and_nothing_overtakes(bot: BotInProcess) -> None:
    bot.webex.fault(
        kind="status", status=429, retryAfter=3600, match={"method": "POST", "path": "/v1/messages"}, count=1
    )
    put(bot, "first", "second")
    bot.work()
    assert in_room(bot) == []
    bot.let_pass(3500)
    bot.work()
    assert in_room(bot) == []
    bot.let_pass(101)
    bot.work()
    assert in_room(bot) == ["first", "second"]


def test_being_limited_over_and_over_loses_no_message_and_is_no_repetition(bot: BotInProcess) -> None:
    bot.webex.fault(
        kind="status", status=429, retryAfter=1, match={"method": "POST", "path": "/v1/messages"}, count=30
    )
    put(bot, "patience")
    for _ in range(31):
        bot.work()
        bot.let_pass(2)
    assert in_room(bot) == ["patience"]
    assert bot.metric("sparkops_outbox_sent_again_total") == 0


def test_nobody_sleeps_in_a_thread_while_a_room_waits(bot: BotInProcess, held: Held) -> None:
    """More rooms are told to wait than the sender has threads; the next room is served all the same."""
    bot.webex.fault(
        kind="status", status=429, retryAfter=3600, match={"method": "POST", "path": "/v1/messages"}, count=8
    )
    rooms = [bot.webex.room_with_bot(f"Room {number}") for number in range(8)]
    for room in rooms:
        put(bot, "later", room_id=room)
    bot.work()
    put(bot, "now")
    bot.work()
    assert in_room(bot) == ["now"]


def test_after_a_5xx_the_message_is_tried_again_ever_more_slowly_and_counted(bot: BotInProcess) -> None:
    bot.webex.fault(kind="status", status=503, match={"method": "POST", "path": "/v1/messages"}, count=3)
    put(bot, "at last")
    waits = []
    for _ in range(3):
        bot.work()
        [(wait,)] = bot.rows("SELECT extract(epoch FROM not_before - now()) FROM outbox_lanes")
        waits.append(round(float(wait)))
        bot.let_pass(600)
    bot.work()
    assert in_room(bot) == ["at last"]
    assert waits == [1, 2, 4]
    assert bot.metric("sparkops_outbox_sent_again_total") == 3


def test_a_webex_that_does_not_answer_costs_no_message(bot: BotInProcess) -> None:
    bot.webex.fault(kind="drop", match={"method": "POST", "path": "/v1/messages"}, count=1)
    put(bot, "at last")
    bot.work()
    bot.let_pass(600)
    bot.work()
    assert in_room(bot) == ["at last"]


def test_a_message_that_never_gets_through_is_set_aside_and_those_behind_it_arrive(bot: BotInProcess) -> None:
    fault = bot.webex.fault(kind="status", status=502, match={"method": "POST", "path": "/v1/messages"})
    put(bot, "never")
    for _ in range(12):
        bot.work()
        bot.let_pass(600)
    bot.webex.control("DELETE", f"faults/{fault}")
    put(bot, "behind it")
    bot.work()
    assert in_room(bot) == ["behind it"]
    [(state, error), _] = bot.rows("SELECT state, error FROM outbox ORDER BY id")
    assert state == "refused"
    assert error.startswith(f"Posting a message to room {bot.room}: Webex answered 502 Bad Gateway")
    assert bot.metric("sparkops_outbox", state="refused") == 1


def test_what_webex_refuses_for_good_is_set_aside_at_once(bot: BotInProcess) -> None:
    put(bot, "bad card", card={"type": "AdaptiveCard", "version": "9.9", "body": []})
    put(bot, "good")
    bot.work()
    assert in_room(bot) == ["good"]
    assert bot.rows("SELECT state FROM outbox ORDER BY id") == [("refused",), ("sent",)]


def test_while_the_token_is_wrong_messages_wait_for_the_right_one(bot: BotInProcess) -> None:
    bot.webex.fault(kind="status", status=401, match={"path": "/v1/messages"}, count=2)
    put(bot, "after the new token")
    for _ in range(3):
        bot.work()
        bot.let_pass(600)
    assert in_room(bot) == ["after the new token"]


@pytest.mark.parametrize("gone", ["deleted", "a reply itself"])
def test_where_the_thread_is_gone_the_room_still_gets_its_answer(bot: BotInProcess, gone: str) -> None:
    you = bot.webex.person()
    root = you.post("messages", roomId=bot.room, text="question")
    parent = root["id"]
    if gone == "deleted":
        you.delete(f"messages/{parent}")
    else:
        parent = you.post("messages", roomId=bot.room, text="a reply", parentId=parent)["id"]
    put(bot, "the answer", "and more", parent_id=parent)
    bot.work()
    answers = bot.messages()[-2:]
    assert [each["markdown"] for each in answers] == ["the answer", "and more"]
    assert not any("parentId" in each for each in answers)


def test_a_room_the_bot_was_removed_from_gets_nothing_and_holds_nobody_up(bot: BotInProcess) -> None:
    mine = bot.webex.bot().get("memberships", roomId=bot.room)["items"]
    [seat] = [each for each in mine if each["personEmail"] == BOT]
    bot.webex.person().delete(f"memberships/{seat['id']}")
    put(bot, "too late")
    put(bot, "elsewhere", room_id=(other := bot.webex.room_with_bot("Another room")))
    bot.work()
    assert in_room(bot, other) == ["elsewhere"]
    assert bot.rows("SELECT state FROM outbox ORDER BY id") == [("refused",), ("sent",)]
