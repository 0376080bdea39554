"""The HTTP edge: what is stored, what is refused and how it is told, and that nothing answered 200 is lost."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import psycopg
import pytest
import requests
from sqlalchemy import text

from bot.store.database import Database
from bot.store.inbox_rows import CHANNEL
from tests.bot_in_process import (
    BOT,
    SECRET,
    BotInProcess,
    about,
    bot_in_process,
    cut_connections,
    database_away,
    delivery,
    served,
)
from tests.playground.running import Webex, eventually

MESSAGE = {
    "id": "Y2lzY29zcGFyazovL3VzL01FU1NBR0UvMQ",
    "roomId": "Y2lzY29zcGFyazovL3VzL1JPT00vMQ",
    "roomType": "group",
    "personId": "Y2lzY29zcGFyazovL3VzL1BFT1BMRS95b3U",
    "personEmail": "you@example.com",
    "created": "2026-11-01T10:00:00.000Z",
}
EVENT = about(MESSAGE)
STATES = "SELECT state, deliveries FROM inbox ORDER BY id"


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    """The newer header, with both of its algorithms."""
    digests = {
        name: hmac.digest(secret.encode(), body, name.replace("-", "").lower()).hex()
        for name in ("SHA-256", "SHA-512")
    }
    return {"X-Webex-Signature": ", ".join(f"{name}={value}" for name, value in digests.items())}


def refused(bot: BotInProcess, reason: str, source: str = "webex") -> float:
    return bot.metric("sparkops_inbound_refused_total", source=source, reason=reason)


# Accepted


def test_a_signed_delivery_is_stored_and_queued_and_answered_200(bot: BotInProcess) -> None:
    answer = bot.deliver(EVENT)
    [(number,)] = bot.rows("SELECT id FROM inbox")
    assert (answer.status_code, answer.json) == (200, {"status": "stored", "id": number})
    assert bot.rows("SELECT source, dedupe_key, state, payload FROM inbox") == [
        (
            "webex",
            f"messages:created:{MESSAGE['id']}",
            "queued",
            {"resource": "messages", "event": "created", "actorId": MESSAGE["personId"], "data": MESSAGE},
        )
    ]


def test_the_newer_signature_is_accepted_as_well(bot: BotInProcess) -> None:
    body = json.dumps(EVENT).encode()
    assert bot.deliver(body, headers=signed(body)).status_code == 200
    assert bot.rows(STATES) == [("queued", 1)]


def test_during_a_rotation_of_the_secret_deliveries_signed_with_either_are_accepted(
    webex: Webex, database: Database
) -> None:
    with bot_in_process(webex, database, environ={"WEBEX_WEBHOOK_SECRET": "the-new-one, the-old-one"}) as bot:
        for number, secret in enumerate(("the-new-one", "the-old-one"), start=1):
            assert bot.deliver(about(MESSAGE | {"id": f"message-{number}"}), secret=secret).status_code == 200
        assert bot.deliver(about(MESSAGE | {"id": "message-3"}), secret="the-oldest-one").status_code == 401
        assert bot.rows(STATES) == [("queued", 1), ("queued", 1)]


def test_the_same_event_twice_is_one_row_and_is_counted(bot: BotInProcess) -> None:
    first, second = bot.deliver(EVENT), bot.deliver({**EVENT, "id": "another-webhook-of-ours"})
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json == second.json
    assert bot.rows(STATES) == [("queued", 2)]
    assert bot.metric("sparkops_inbound_duplicates_total", source="webex") == 1


def test_an_event_replayed_after_it_was_handled_is_not_handled_again(bot: BotInProcess) -> None:
    message = bot.hear("ping")
    bot.work()
    assert bot.deliver(about(message)).status_code == 200
    bot.work()
    assert bot.thread(message["id"]) == ["pong"]
    assert bot.rows(STATES) == [("done", 2)]


def test_the_same_id_in_another_event_is_another_piece_of_work(bot: BotInProcess) -> None:
    bot.deliver(EVENT)
    bot.deliver(about(MESSAGE, "deleted"))
    assert bot.rows(STATES) == [("queued", 1), ("queued", 1)]


def test_a_second_change_of_the_same_room_is_news_and_a_repeated_delivery_is_not(
    bot: BotInProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.inbound.hooks.time.time", lambda: 1_790_000_005.0)
    room = {"id": "room-1", "title": "Ops", "type": "group", "lastActivity": "2026-11-01T10:00:00.000Z"}
    renamed = room | {"title": "Operations"}
    for data in (room, room, renamed):
        assert bot.deliver(delivery("rooms", "updated", data)).status_code == 200
    assert bot.rows(STATES) == [("queued", 2), ("queued", 1)]


def test_many_deliveries_at_once_are_all_stored_and_each_once(bot: BotInProcess) -> None:
    events = [about(MESSAGE | {"id": f"message-{number % 20}"}) for number in range(60)]
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda event: _post(bot, event), events))
    assert answers == [200] * 60
    assert bot.rows("SELECT count(*), sum(deliveries) FROM inbox") == [(20, 60)]


def _post(bot: BotInProcess, event: Mapping[str, object]) -> int:
    """As `deliver`, with a client of its own: Flask's is not made for threads."""
    body = json.dumps(event).encode()
    return bot.app.test_client().post("/hooks/webex", data=body, headers=signed(body)).status_code


def test_webex_own_deliveries_are_accepted_also_doubled(webex: Webex, bot: BotInProcess) -> None:
    with served(bot.app) as url:
        sdk = webex.bot()
        sdk.post(
            "webhooks",
            name="w",
            targetUrl=f"{url}/hooks/webex",
            resource="messages",
            event="created",
            secret=SECRET,
        )
        webex.fault(kind="duplicate", match={"webhook": "messages"})
        message = bot.say("ping")
        eventually(lambda: len(webex.deliveries()) >= 2)
    bot.work()
    assert [each["status"] for each in webex.deliveries()][:2] == [200, 200]
    assert bot.thread(message["id"]) == ["pong"]


# Refused


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Spark-Signature": "0" * 40},
        {"X-Webex-Signature": "SHA-256=" + "0" * 64},
        signed(json.dumps(EVENT).encode(), "somebody-elses"),
        signed(json.dumps(EVENT).encode()) | {"X-Webex-Signature": "SHA-256=" + "0" * 64},
    ],
)
def test_a_wrong_signature_is_401_counted_and_not_acted_on(
    bot: BotInProcess, headers: dict[str, str]
) -> None:
    answer = bot.deliver(EVENT, headers=headers)
    assert (answer.status_code, answer.json) == (401, {"error": "bad signature"})
    assert bot.rows(STATES) == []
    assert refused(bot, "bad_signature") == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"text"',
        b"null",
        b"\xff\xfe\x00",
        json.dumps(EVENT).encode().replace(b"you@", b"y\xc3u@"),  # a broken UTF-8 sequence
        json.dumps(EVENT).encode("utf-16"),
        json.dumps({**EVENT, "data": None}).encode(),
        json.dumps({**EVENT, "data": []}).encode(),
        json.dumps({**EVENT, "data": {"roomId": "x"}}).encode(),
        json.dumps({**EVENT, "data": {"id": 7}}).encode(),
        json.dumps({**EVENT, "resource": None}).encode(),
        json.dumps({**EVENT, "event": ["created"]}).encode(),
        json.dumps({**EVENT, "data": {"id": "x", "size": float("nan")}}).encode(),
        json.dumps({**EVENT, "data": {"id": "x", "size": "BIG"}}).replace('"BIG"', "1e999").encode(),
        b"[" * 200_000,
    ],
    ids=lambda body: repr(body[:30]),
)
def test_a_signed_body_that_is_no_event_is_400_counted_and_not_acted_on(
    bot: BotInProcess, body: bytes
) -> None:
    answer = bot.deliver(body)
    assert (answer.status_code, answer.json) == (400, {"error": "bad json"})
    assert bot.rows(STATES) == []
    assert refused(bot, "bad_json") == 1


@pytest.mark.parametrize("odd", ["\0", "\ud83d", "\udc00 and \ud800", "\\u0000"])
def test_odd_characters_do_not_keep_an_event_from_being_stored(bot: BotInProcess, odd: str) -> None:
    assert (
        bot.deliver(about(MESSAGE | {"id": f"id{odd}", "personEmail": f"you{odd}@example.com"})).status_code
        == 200
    )
    [(payload,)] = bot.rows("SELECT payload FROM inbox")
    replaced = (
        odd
        if odd.startswith("\\")
        else "".join("�" if each in "\0\ud83d\udc00\ud800" else each for each in odd)
    )
    assert payload["data"]["personEmail"] == f"you{replaced}@example.com"


def test_an_id_longer_than_any_index_takes_is_still_told_from_others(bot: BotInProcess) -> None:
    long = "".join(hashlib.sha256(str(number).encode()).hexdigest() for number in range(200))
    for identifier in (long, long, f"{long}!"):
        assert bot.deliver(about(MESSAGE | {"id": identifier})).status_code == 200
    assert bot.rows(STATES) == [("queued", 2), ("queued", 1)]


def test_a_body_of_exactly_the_bound_is_taken_and_one_byte_more_is_413(
    webex: Webex, database: Database
) -> None:
    body = json.dumps(EVENT).encode()
    environ = {"SPARKOPS_MAX_BODY": str(len(body))}
    with bot_in_process(webex, database, environ=environ, room=False) as bot:
        assert bot.deliver(body).status_code == 200
        answer = bot.deliver(body + b" ")
        assert (answer.status_code, answer.json) == (413, {"error": "too large"})
        assert bot.rows(STATES) == [("queued", 1)]
        assert refused(bot, "too_large") == 1


def test_a_chunked_body_over_the_bound_is_413_though_it_does_not_tell_its_length(bot: BotInProcess) -> None:
    with served(bot.app) as url:
        answer = requests.post(f"{url}/hooks/webex", data=(b"x" * 65_536 for _ in range(20)), timeout=30)
        assert (answer.status_code, answer.json()) == (413, {"error": "too large"})
        body = json.dumps(EVENT).encode()
        halves = (body[:100], body[100:])
        answer = requests.post(f"{url}/hooks/webex", data=iter(halves), headers=signed(body), timeout=30)
        assert answer.status_code == 200
    assert refused(bot, "too_large") == 1
    assert bot.rows(STATES) == [("queued", 1)]


def test_a_caller_that_promises_too_much_is_refused_before_it_has_sent_it(bot: BotInProcess) -> None:
    with served(bot.app) as url:
        port = urlsplit(url).port
        with socket.create_connection(("127.0.0.1", port), timeout=30) as caller:
            caller.sendall(b"POST /hooks/webex HTTP/1.1\r\nHost: bot\r\nContent-Length: 999999999\r\n\r\n{")
            assert caller.recv(100).startswith(b"HTTP/1.1 413 ")
    assert refused(bot, "too_large") == 1


# The database


def test_while_the_database_is_away_the_answer_is_503_and_afterwards_all_goes_on(
    bot: BotInProcess, postgres_url: str
) -> None:
    with database_away(postgres_url):
        answer = bot.deliver(EVENT)
        assert (answer.status_code, answer.json) == (503, {"error": "database away"})
    assert bot.deliver(EVENT).status_code == 200
    assert bot.rows(STATES) == [("queued", 1)]
    assert refused(bot, "database_away") == 1


def test_a_restart_of_the_database_between_two_deliveries_costs_neither(
    bot: BotInProcess, postgres_url: str
) -> None:
    with ThreadPoolExecutor(4) as threads:  # so that several connections lie in the pool
        list(threads.map(lambda number: _post(bot, about(MESSAGE | {"id": f"before-{number}"})), range(8)))
    name = psycopg.conninfo.conninfo_to_dict(postgres_url)["dbname"]
    with psycopg.connect(postgres_url, dbname="template1", autocommit=True) as elsewhere:
        cut_connections(elsewhere, str(name))
    answers = [_post(bot, about(MESSAGE | {"id": f"after-{number}"})) for number in range(8)]
    assert answers == [200] * 8
    assert bot.rows("SELECT count(*) FROM inbox") == [(16,)]


def test_storing_an_event_wakes_the_workers_and_a_repeated_one_does_not(
    bot: BotInProcess, postgres_url: str
) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as worker:
        worker.execute(f"LISTEN {CHANNEL}")
        for event in (EVENT, EVENT):
            assert bot.deliver(event).status_code == 200
        worker.execute("SELECT pg_notify(%s, 'the end of the test')", (CHANNEL,))
        heard = [each.payload for each in worker.notifies(timeout=30, stop_after=2)]
    assert heard == ["", "the end of the test"]


# Noise


@pytest.mark.parametrize(
    ("person", "status"),
    [
        ({"personId": "ME"}, "dropped"),
        ({"personId": "my id in another spelling", "personEmail": "SparkOps@webex.bot"}, "dropped"),
        ({"personId": "x", "personEmail": "other@webex.bot"}, "dropped"),
        ({"personId": "x", "personEmail": "old@sparkbot.io"}, "dropped"),
        ({"personId": "x", "personEmail": "friend@webex.bot"}, "stored"),
        ({"personId": "x", "personEmail": "webex.bot@example.com"}, "stored"),
    ],
)
def test_its_own_messages_and_those_of_other_bots_are_dropped_before_anything_is_stored(
    webex: Webex, database: Database, person: dict[str, str], status: str
) -> None:
    with bot_in_process(
        webex, database, environ={"SPARKOPS_ALLOWED_BOTS": "Friend@webex.bot"}, room=False
    ) as bot:
        who = {name: bot.me.id if value == "ME" else value for name, value in person.items()}
        answer = bot.deliver(about({**MESSAGE, **who}))
        assert answer.status_code == 200
        assert answer.json is not None and answer.json["status"] == status
        dropped = status == "dropped"
        assert len(bot.rows(STATES)) == (0 if dropped else 1)
        assert bot.metric("sparkops_inbound_dropped_total", source="webex", reason="own_or_bot") == dropped


def test_before_a_worker_knows_who_the_bot_is_its_own_messages_are_stored_and_the_worker_drops_them(
    webex: Webex, database: Database
) -> None:
    with bot_in_process(webex, database, environ={"SPARKOPS_ALLOWED_BOTS": BOT}) as bot:
        with database.transaction() as session:
            session.execute(text("DELETE FROM facts"))
        own = webex.bot().post("messages", roomId=bot.room, markdown=f"<@personEmail:{BOT}> ping")
        assert bot.deliver(about(own)).json == {"status": "stored", "id": 1}
        bot.work()
        assert bot.rows("SELECT state, reason FROM inbox") == [
            ("ignored", "from the bot itself or another bot")
        ]
        assert len(bot.messages()) == 1
