"""`POST /api/commands`: what a program sends, and what it is answered."""

from __future__ import annotations

import base64
import json
from typing import Any

import click
import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from bot.commands.context import Context
from bot.commands.model import Effect, File, Reply, command
from bot.store.database import Database
from tests.bot_in_process import API_TOKEN, BotInProcess, bot_in_process, database_away, working
from tests.playground.running import Webex
from tests.talking import OWNER

TOKEN = {"Authorization": f"Bearer {API_TOKEN}"}


def call(bot: BotInProcess, line: str, *, person: str = OWNER, **more: Any) -> TestResponse:
    headers = TOKEN | more.pop("headers", {})
    return bot.http.post("/api/commands", json={"command": line, "as": person, **more}, headers=headers)


def answer(response: TestResponse) -> dict[str, Any]:
    """The JSON without what differs from call to call."""
    body = response.json
    assert isinstance(body, dict)
    assert len(body.pop("correlation_id", "c0ffeec0ffee")) == 12
    return {name: value for name, value in body.items() if name != "id"}


def test_a_command_is_answered_with_what_a_person_would_read(bot: BotInProcess) -> None:
    with working(bot):
        response = call(bot, "ping")
    assert response.status_code == 200
    assert answer(response) == {
        "status": "done",
        "decision": "allowed",
        "rule": "owner",
        "result": "ok",
        "replies": [{"markdown": "pong"}],
    }
    assert bot.rows("SELECT entry, person_email, line, decision FROM audit") == [
        ("rest", OWNER, "ping", "allowed")
    ]
    assert bot.messages() == []


def test_the_same_gate_decides_for_programs(bot: BotInProcess) -> None:
    with working(bot):
        response = call(bot, "run list", person="mallory@example.com")
    assert response.status_code == 200
    told = answer(response)
    assert (told["decision"], told["rule"]) == ("denied", "nothing allows it")
    assert told["replies"][0]["markdown"].startswith("⛔ You may not run `run list` here.")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Bearer "},
        {"Authorization": API_TOKEN},
        {"Authorization": f"Basic {API_TOKEN}"},
        {"Authorization": "Bearer t\xf6ken"},
    ],
)
def test_without_one_of_the_tokens_it_is_401_and_counted(bot: BotInProcess, headers: dict[str, str]) -> None:
    says = {"error": "A bearer token is needed: `Authorization: Bearer …`. `token create` makes one."}
    response = bot.http.post("/api/commands", json={"command": "ping", "as": OWNER}, headers=headers)
    assert (response.status_code, response.json) == (401, says)
    response = bot.http.get("/api/commands/1", headers=headers)
    assert (response.status_code, response.json) == (401, says)
    assert bot.rows("SELECT * FROM inbox") == []
    assert bot.metric("sparkops_inbound_refused_total", source="rest", reason="bad_token") == 2


def test_without_any_token_in_the_settings_nobody_is_let_in(webex: Webex, database: Database) -> None:
    with bot_in_process(webex, database, environ={"SPARKOPS_API_TOKENS": ""}) as bot:
        response = bot.http.post(
            "/api/commands", json={"command": "ping", "as": OWNER}, headers={"Authorization": "Bearer "}
        )
        assert response.status_code == 401


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        (b"", ["body: Invalid JSON: EOF while parsing a value at line 1 column 0"]),
        (b"\xff", ["body: Invalid JSON: expected value at line 1 column 1"]),
        (b'{"as": "you@example.com"}', ["command: Field required"]),
        (b'{"command": "", "as": "you@example.com"}', ["command: String should have at least 1 character"]),
        (b'{"command": "ping"}', ["as: Field required"]),
        (b'{"command": "ping", "as": "you"}', [r"as: String should match pattern '^[^@\s]+@[^@\s]+$'"]),
        (
            b'{"command": "ping", "as": "you@example.com", "dry": true}',
            ["dry: Extra inputs are not permitted"],
        ),
    ],
)
def test_a_body_that_cannot_be_used_is_400_and_says_what_is_wrong(
    bot: BotInProcess, body: bytes, faults: list[str]
) -> None:
    response = bot.http.post("/api/commands", data=body, headers=TOKEN)
    assert (response.status_code, response.json) == (
        400,
        {"error": "The body cannot be used.", "faults": faults},
    )
    assert bot.rows("SELECT * FROM inbox") == []
    assert bot.metric("sparkops_inbound_refused_total", source="rest", reason="bad_json") == 1


def test_a_body_over_the_bound_is_413(webex: Webex, database: Database) -> None:
    with bot_in_process(webex, database, environ={"SPARKOPS_MAX_BODY": "100"}) as bot:
        response = call(bot, "x" * 100)
        assert (response.status_code, response.json) == (413, {"error": "The body is larger than 100 bytes."})
        assert bot.metric("sparkops_inbound_refused_total", source="rest", reason="too_large") == 1


def test_what_takes_long_is_202_with_an_address_that_tells_the_end(
    bot: BotInProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.inbound.rest._PATIENCE", 0.05)
    response = call(bot, "ping")
    [(number,)] = bot.rows("SELECT id FROM inbox")
    assert (response.status_code, response.json) == (202, {"id": number, "status": "running"})
    assert bot.http.get(f"/api/commands/{number}", headers=TOKEN).status_code == 202
    bot.work()
    later = bot.http.get(f"/api/commands/{number}", headers=TOKEN)
    assert later.status_code == 200
    assert answer(later)["replies"] == [{"markdown": "pong"}]


def test_an_unknown_number_is_404_also_where_it_is_an_event_of_webex(bot: BotInProcess) -> None:
    bot.hear("ping")
    [(number,)] = bot.rows("SELECT id FROM inbox")
    for each in (number, 99):
        response = bot.http.get(f"/api/commands/{each}", headers=TOKEN)
        assert (response.status_code, response.json) == (404, {"error": f"There is no call {each}."})


calls: list[str] = []


@command("count up", effect=Effect.CHANGE)
@click.argument("what")
def count_up(context: Context, what: str) -> Reply:
    """Count, so that a second time would be seen."""
    calls.append(what)
    return Reply(f"counted {len(calls)}")


def test_an_idempotency_key_makes_a_repeated_call_one_request(webex: Webex, database: Database) -> None:
    calls.clear()
    with bot_in_process(webex, database, commands=(count_up,)) as bot, working(bot):
        key = {"Idempotency-Key": "deploy-42"}
        first = call(bot, "count up api", headers=key)
        second = call(bot, "count up api", headers=key)
        assert first.json == second.json
        assert answer(second)["replies"] == [{"markdown": "counted 1"}]
        assert answer(call(bot, "count up api"))["replies"] == [{"markdown": "counted 2"}]
    assert calls == ["api", "api"]


def test_an_idempotency_key_used_for_something_else_is_refused(webex: Webex, database: Database) -> None:
    with bot_in_process(webex, database) as bot, working(bot):
        key = {"Idempotency-Key": "deploy-42"}
        assert call(bot, "ping", headers=key).status_code == 200
        for response in (
            call(bot, "version", headers=key),
            call(bot, "ping", person="ada@example.com", headers=key),
            call(bot, "ping", room=bot.room, headers=key),
        ):
            assert (response.status_code, response.json) == (
                422,
                {"error": "This Idempotency-Key was used for another call. Use a new key for each."},
            )


def test_an_idempotency_key_has_its_bounds(bot: BotInProcess) -> None:
    response = call(bot, "ping", headers={"Idempotency-Key": "x" * 256})
    assert (response.status_code, response.json) == (
        400,
        {"error": "The Idempotency-Key is longer than 255 characters."},
    )
    with working(bot):
        assert call(bot, "ping", headers={"Idempotency-Key": "x" * 255}).status_code == 200


def test_a_room_gives_the_rights_one_has_there(webex: Webex, database: Database) -> None:
    with bot_in_process(webex, database) as bot, working(bot):
        response = call(bot, "whoami", room=bot.room)
        assert answer(response)["replies"][0]["markdown"].startswith(
            "You are **you@example.com**, in the room Sparkops demo."
        )
        assert bot.messages() == []


def test_a_room_the_bot_is_not_in_is_404_and_says_so(bot: BotInProcess) -> None:
    room = bot.webex.person("ada@example.com").post("rooms", title="Secret")["id"]
    with working(bot):
        response = call(bot, "ping", room=room)
    assert response.status_code == 404
    told = answer(response)
    assert told["status"] == "ignored"
    assert told["error"].startswith(f"Reading room {room}: Webex answered 404 Not Found")
    assert told["error"].endswith("It may have been deleted, or the bot is not in that room")


@command("reveal", effect=Effect.READ)
def reveal(context: Context) -> Reply:
    """Say what must not be said."""
    return Reply(f"the token is {API_TOKEN}", file=File("console.log", f"login {API_TOKEN} ✓\n".encode()))


@command("explode", effect=Effect.READ)
def explode(context: Context) -> Reply:
    """End in an error."""
    raise RuntimeError("boom")


def test_no_secret_leaves_by_this_door_either(webex: Webex, database: Database) -> None:
    with bot_in_process(webex, database, commands=(reveal,)) as bot, working(bot):
        response = call(bot, "reveal")
        [reply] = answer(response)["replies"]
        content = reply["file"].pop("base64")
        assert reply == {
            "markdown": "the token is «redacted»",
            "file": {"name": "console.log", "type": "text/plain"},
        }
        assert base64.b64decode(content).decode() == "login «redacted» ✓\n"
        assert API_TOKEN not in json.dumps(bot.rows("SELECT answer FROM inbox"))


def test_an_error_of_the_bots_own_is_told_with_what_to_look_for_in_its_log(
    webex: Webex, database: Database
) -> None:
    with bot_in_process(webex, database, commands=(explode,)) as bot, working(bot):
        response = call(bot, "explode")
        assert response.status_code == 200
        assert response.json is not None
        correlation = response.json["correlation_id"]
        assert answer(response)["replies"] == [
            {
                "markdown": "💥 That ended in an error of mine, not of yours. It is in my log under "
                f"`{correlation}`; my owners can find it there."
            }
        ]


def test_a_call_that_became_a_dead_letter_says_so(bot: BotInProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.inbound.rest._PATIENCE", 0.05)
    call(bot, "ping")
    with bot.database.transaction() as session:
        session.execute(text("UPDATE inbox SET state = 'dead', reason = 'it kept failing'"))
    [(number,)] = bot.rows("SELECT id FROM inbox")
    response = bot.http.get(f"/api/commands/{number}", headers=TOKEN)
    assert (response.status_code, response.json) == (
        500,
        {"id": number, "status": "dead", "error": "it kept failing"},
    )


def test_while_the_database_is_away_it_is_503(bot: BotInProcess, postgres_url: str) -> None:
    with database_away(postgres_url):
        response = call(bot, "ping")
        assert (response.status_code, response.json) == (
            503,
            {"error": "The database is away; nothing was stored."},
        )
        response = bot.http.get("/api/commands/1", headers=TOKEN)
        assert (response.status_code, response.json) == (503, {"error": "The database is away."})
    assert bot.metric("sparkops_inbound_refused_total", source="rest", reason="database_away") == 2


def test_a_database_that_goes_away_while_somebody_waits_does_not_deny_what_was_stored(
    bot: BotInProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(*_: object) -> None:
        raise OperationalError("SELECT 1", {}, Exception("gone"))

    monkeypatch.setattr("bot.inbound.rest._PATIENCE", 0.05)
    monkeypatch.setattr("bot.inbound.rest._state", cut)
    response = call(bot, "ping")
    [(number,)] = bot.rows("SELECT id FROM inbox")
    assert (response.status_code, response.json) == (202, {"id": number, "status": "running"})
