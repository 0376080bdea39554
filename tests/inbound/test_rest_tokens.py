"""`POST /api/commands` with a token made in chat: what it opens, to whom it answers, and when no more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
import pytest
from sqlalchemy import text
from werkzeug.test import TestResponse

from bot.access import api_tokens
from bot.access.scopes import Scope
from bot.commands.context import Context
from bot.commands.model import Effect, Reply, command
from bot.store.database import Database
from tests.bot_in_process import API_TOKEN, BotInProcess, bot_in_process, database_away, working
from tests.playground.running import Webex
from tests.talking import OWNER

ADA, BOB = "ada@example.com", "bob@example.com"
CONFIG = {"access": [{"allow": [ADA, BOB], "commands": "count *"}]}
WHOAMI = "`whoami` shows who I take you for; one of my owners can grant it."


@command("count up", effect=Effect.CHANGE)
@click.argument("what")
def count_up(context: Context, what: str) -> Reply:
    """Count something."""
    return Reply(f"counted {what}")


@command("count down", effect=Effect.DESTROY, says=lambda _context, given: f"Uncount {given['what']}?")
@click.argument("what")
def count_down(context: Context, what: str) -> Reply:
    """Uncount something, for good."""
    return Reply(f"uncounted {what}")


@dataclass
class Program:
    """Something that calls with a token."""

    bot: BotInProcess
    secret: str
    token_id: int = 0

    def post(self, line: str, *, person: str = ADA, key: str | None = None, **body: Any) -> TestResponse:
        """Call, without waiting for the bot to work."""
        headers = {"Authorization": f"Bearer {self.secret}", **({"Idempotency-Key": key} if key else {})}
        return self.bot.http.post(
            "/api/commands", json={"command": line, "as": person, **body}, headers=headers
        )

    def told(self, line: str, **more: Any) -> dict[str, Any]:
        """What a call came to: the decision, its rule, and the reply."""
        with working(self.bot):
            response = self.post(line, **more)
        assert response.status_code == 200, response.json
        body = response.json
        assert body is not None
        return {"decision": body["decision"], "rule": body["rule"], "says": body["replies"][0]["markdown"]}

    def look(self, number: int) -> TestResponse:
        """Ask what became of a call."""
        headers = {"Authorization": f"Bearer {self.secret}"}
        return self.bot.http.get(f"/api/commands/{number}", headers=headers)


@pytest.fixture
def bot(webex: Webex, database: Database, tmp_path: Path) -> Iterator[BotInProcess]:
    """A bot that counts, and in whose room Ada is too."""
    commands = (count_up, count_down)
    with bot_in_process(webex, database, commands=commands, config=CONFIG, folder=tmp_path) as running:
        webex.person().post("memberships", roomId=running.room, personEmail=ADA)
        yield running


def program(
    bot: BotInProcess, name: str = "deploys", valid: timedelta | None = None, **scope: Any
) -> Program:
    """A program with a new token, which speaks as Ada unless told otherwise."""
    with bot.database.transaction() as session:
        token, secret = api_tokens.create(
            session, Scope(name, None, **{"people": (ADA,), **scope}), OWNER, valid
        )
    return Program(bot, secret, token.id)


def refused(bot: BotInProcess, reason: str) -> float:
    return bot.metric("sparkops_inbound_refused_total", source="rest", reason=reason)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls are answered 202 at once."""
    monkeypatch.setattr("bot.inbound.rest._PATIENCE", 0.0)


def test_a_token_gives_its_person_s_commands(bot: BotInProcess) -> None:
    deploys = program(bot)
    assert deploys.told("count up api") == {
        "decision": "allowed",
        "rule": "access rule 1 (allow)",
        "says": "counted api",
    }
    assert bot.rows("SELECT entry, person_email, line, decision FROM audit") == [
        ("rest", ADA, "count up api", "allowed")
    ]


def test_the_policy_decides_about_the_person_whatever_the_token_may(bot: BotInProcess) -> None:
    assert program(bot).told("run list") == {
        "decision": "denied",
        "rule": "nothing allows it",
        "says": "⛔ You may not run `run list` here. No rule allows it, and what is not allowed is denied. "
        + WHOAMI,
    }


def test_when_it_was_last_used_is_shown(bot: BotInProcess) -> None:
    deploys = program(bot)
    assert bot.rows("SELECT last_used_at FROM api_tokens") == [(None,)]
    deploys.told("count up api")
    assert bot.rows("SELECT last_used_at > now() - interval '1 minute' FROM api_tokens") == [(True,)]


# At the door


def test_a_token_that_is_not_known_revoked_or_expired_is_401_and_counted(bot: BotInProcess) -> None:
    unknown = Program(bot, "spk_" + "x" * 43)
    revoked, expired = program(bot, "old"), program(bot, "brief", timedelta(hours=1))
    with bot.database.transaction() as session:
        api_tokens.revoke(session, "old", OWNER, owner=True)
        session.execute(text("UPDATE api_tokens SET expires_at = now() WHERE name = 'brief'"))
    for each, reason, says in (
        (unknown, "unknown_token", "I do not know this token. `token create` makes one."),
        (revoked, "revoked_token", f"The token old was revoked by {OWNER}. `token create` makes another."),
        (expired, "expired_token", "The token brief has expired. `token create` makes another."),
    ):
        for response in (each.post("count up api"), each.look(1)):
            assert (response.status_code, response.json) == (401, {"error": says})
        assert refused(bot, reason) == 2
    assert bot.rows("SELECT * FROM inbox") == []
    assert bot.rows("SELECT last_used_at FROM api_tokens") == [(None,), (None,)]


def test_who_is_not_among_those_it_speaks_as_is_403_and_counted(bot: BotInProcess) -> None:
    response = program(bot).post("count up api", person=BOB)
    says = "The token deploys may not speak as bob@example.com."
    assert (response.status_code, response.json) == (403, {"error": says})
    assert refused(bot, "not_as") == 1
    assert bot.rows("SELECT * FROM inbox") == []


def test_while_the_database_is_away_it_is_503(bot: BotInProcess, postgres_url: str) -> None:
    deploys = program(bot)
    with database_away(postgres_url):
        response = deploys.post("count up api")
    assert (response.status_code, response.json) == (
        503,
        {"error": "The database is away; nothing was stored."},
    )


# Its scope


def test_a_command_outside_its_scope_is_denied_by_the_token_and_audited_so(bot: BotInProcess) -> None:
    assert program(bot, commands=("count down",)).told("count up api") == {
        "decision": "denied",
        "rule": "token deploys",
        "says": f"⛔ You may not run `count up` here. The token `deploys` is for `count down` only. {WHOAMI}",
    }
    assert bot.rows("SELECT decision, rule FROM audit") == [("denied", "token deploys")]


def test_a_room_outside_its_scope_is_denied(bot: BotInProcess) -> None:
    deploys = program(bot, rooms=("Kitchen", "none"))
    assert deploys.told("count up api")["decision"] == "allowed"
    assert deploys.told("count up api", room=bot.room) == {
        "decision": "denied",
        "rule": "token deploys",
        "says": "⛔ You may not run `count up` here. The token `deploys` is for rooms like `Kitchen`, `none` only. "
        + WHOAMI,
    }
    assert (
        program(bot, "demo", rooms=("Sparkops *",)).told("count up api", room=bot.room)["decision"]
        == "allowed"
    )


def test_in_a_room_it_speaks_only_as_those_who_are_there(bot: BotInProcess) -> None:
    both = program(bot, people=("*@example.com",))
    assert both.told("count up api", room=bot.room)["decision"] == "allowed"
    assert both.told("count up api", room=bot.room, person=BOB) == {
        "decision": "denied",
        "rule": "membership",
        "says": f"⛔ You may not run `count up` here. bob@example.com is not in that room. {WHOAMI}",
    }


def test_what_destroys_is_confirmed_through_the_token_and_within_its_scope(bot: BotInProcess) -> None:
    deploys, reports = program(bot, commands=("count *",)), program(bot, "reports", commands=("run *",))
    codes = [deploys.told("count down api")["says"].partition("`confirm ")[2][:6] for _ in range(2)]
    assert deploys.told(f"confirm {codes[0]}")["says"] == "uncounted api"
    assert reports.told(f"confirm {codes[1]}") == {
        "decision": "denied",
        "rule": "token reports",
        "says": f"⛔ You may not run `count down` here. The token `reports` is for `run *` only. {WHOAMI}",
    }


# Between the call and its turn


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("what", "says"),
    [
        (
            "revoked_at = now(), revoked_by = 'you@example.com'",
            "The token `deploys` was revoked by you@example.com.",
        ),
        ("expires_at = now()", "The token `deploys` has expired."),
        ("""scope = scope || '{"commands": ["run *"]}'""", "The token `deploys` is for `run *` only."),
        ("""scope = scope || '{"people": []}'""", "The token `deploys` may not speak as ada@example.com."),
    ],
)
def test_what_became_of_the_token_meanwhile_counts(bot: BotInProcess, what: str, says: str) -> None:
    assert program(bot).post("count up api").status_code == 202
    with bot.database.transaction() as session:
        session.execute(text(f"UPDATE api_tokens SET {what}"))
    bot.work()
    [(answer,)] = bot.rows("SELECT answer FROM inbox")
    assert (answer["decision"], answer["rule"]) == ("denied", "token deploys")
    assert answer["replies"] == [{"markdown": f"⛔ You may not run `count up` here. {says} {WHOAMI}"}]


# Whose call it is


@pytest.mark.usefixtures("impatient")
def test_only_the_token_that_made_a_call_is_told_what_became_of_it(bot: BotInProcess) -> None:
    deploys, reports, environment = program(bot), program(bot, "reports"), Program(bot, API_TOKEN)
    for each in (deploys, environment):
        response = each.post("count up api")
        assert response.json is not None
        number = response.json["id"]
        bot.work()
        for other in (deploys, reports, environment):
            answer = other.look(number)
            if other is each:
                assert answer.status_code == 200
            else:
                assert (answer.status_code, answer.json) == (404, {"error": f"There is no call {number}."})


def test_each_token_has_idempotency_keys_of_its_own(bot: BotInProcess) -> None:
    deploys, reports, environment = program(bot), program(bot, "reports"), Program(bot, API_TOKEN)
    said = [
        each.told(f"count up {name}", key="42")["says"]
        for each, name in ((deploys, "a"), (reports, "b"), (environment, "c"), (deploys, "a"))
    ]
    assert said == ["counted a", "counted b", "counted c", "counted a"]
    assert bot.rows("SELECT count(*) FROM audit") == [(3,)]


def test_nobody_answers_another_tokens_call_by_guessing_how_its_key_is_kept(bot: BotInProcess) -> None:
    deploys, environment = program(bot), Program(bot, API_TOKEN)
    deploys.told("count up api", key="42")
    [(kept,)] = bot.rows("SELECT dedupe_key FROM inbox")
    with working(bot):
        response = environment.post("count up api", key=kept)
    assert (response.status_code, response.json) == (
        422,
        {"error": "This Idempotency-Key was used for another call. Use a new key for each."},
    )


def test_the_tokens_of_the_environment_speak_as_anybody_about_anything(bot: BotInProcess) -> None:
    environment = Program(bot, API_TOKEN)
    assert environment.told("count up api", person=BOB)["decision"] == "allowed"
    assert environment.told("run list", person=OWNER)["decision"] == "allowed"
    assert bot.rows("SELECT DISTINCT payload ->> 'token' FROM inbox") == [("environment",)]


def test_a_token_is_in_no_row_that_a_call_leaves_behind(bot: BotInProcess) -> None:
    deploys = program(bot)
    deploys.told("count up api")
    tables = bot.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    kept = [row for (table,) in tables for (row,) in bot.rows(f"SELECT t::text FROM {table} AS t")]
    assert any("count up api" in row for row in kept)
    assert not any(deploys.secret in row for row in kept)
