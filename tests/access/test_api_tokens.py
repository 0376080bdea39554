"""Bearer tokens: only their hash is kept, and each opens no more than its scope."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, text

from bot.access import api_tokens
from bot.access.api_tokens import NotAccepted, Token, TokenError
from bot.access.policy import Question
from bot.access.scopes import Scope
from bot.outbound.redact import Redactor
from bot.store.database import Database

ADA = "ada@example.com"


def made(
    database: Database, name: str = "deploys", valid: timedelta | None = None, **scope: Any
) -> tuple[Token, str]:
    """A token of Ada's, and what it is shown as once."""
    with database.transaction() as session:
        return api_tokens.create(session, Scope(name, None, **scope), ADA, valid)


def accepted(database: Database, secret: str) -> Token:
    with database.transaction() as session:
        return api_tokens.accepted(session, secret)


def revoke(database: Database, name: str = "deploys", by: str = ADA, *, owner: bool = False) -> Token:
    with database.transaction() as session:
        return api_tokens.revoke(session, name, by, owner=owner)


def change(database: Database, what: str) -> None:
    with database.transaction() as session:
        session.execute(text(f"UPDATE api_tokens SET {what}"))


def everything(database: Database) -> str:
    """Every row of every table, as text."""
    with database.transaction() as session:
        tables = session.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).all()
        rows = [row for table in tables for row in session.scalars(text(f"SELECT t::text FROM {table} AS t"))]
    return "\n".join(rows)


# Made and known again


def test_a_token_is_256_random_bits_and_known_by_how_it_begins(database: Database) -> None:
    _, secret = made(database)
    _, another = made(database, "reports")
    assert re.fullmatch(r"spk_[A-Za-z0-9_-]{43}", secret)
    assert secret != another
    assert Redactor().redact(f"with {secret}.") == "with «redacted»."


def test_who_brings_it_is_told_from_who_brings_another(database: Database) -> None:
    token, secret = made(database, commands=("jenkins *",), rooms=("Ops *",), people=("*@example.com",))
    made(database, "reports")
    assert accepted(database, secret).scope == Scope(
        "deploys", token.id, ("jenkins *",), ("Ops *",), ("*@example.com",)
    )


def test_nothing_in_the_database_is_the_token_or_opens_in_its_place(database: Database) -> None:
    token, secret = made(database)
    accepted(database, secret)
    kept = everything(database)
    assert token.hint == secret[:8] and token.hint in kept
    assert secret not in kept
    assert secret[:9] not in kept
    with database.transaction() as session:
        digest = session.scalar(text("SELECT digest FROM api_tokens"))
    with pytest.raises(NotAccepted):
        accepted(database, str(digest))


def test_the_token_itself_never_goes_to_the_database_not_even_to_be_looked_for(database: Database) -> None:
    said: list[str] = []

    def listen(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        said.append(f"{statement} {parameters}")

    event.listen(database.engine, "before_cursor_execute", listen)
    _, secret = made(database)
    accepted(database, secret)
    assert said
    assert not any(secret in each or secret[:9] in each for each in said)


@pytest.mark.parametrize("spoil", [str.upper, lambda secret: secret[:-1], lambda secret: f"{secret} "])
def test_a_token_that_is_nearly_right_is_unknown(database: Database, spoil: Any) -> None:
    _, secret = made(database)
    with pytest.raises(
        NotAccepted, match=r"^I do not know this token\. `token create` makes one\.$"
    ) as error:
        accepted(database, spoil(secret))
    assert error.value.reason == "unknown"


def test_when_it_was_last_used_is_noted_to_the_minute(database: Database) -> None:
    _, secret = made(database)
    assert accepted(database, secret).last_used_at is None
    first = accepted(database, secret).last_used_at
    assert first is not None
    assert accepted(database, secret).last_used_at == first
    change(database, "last_used_at = last_used_at - interval '61 seconds'")
    accepted(database, secret)
    again = accepted(database, secret).last_used_at
    assert again is not None and again > first


@pytest.mark.parametrize("name", ["", "Deploys", "two words", "-x", "x" * 41, "environment", "naïve", "a`b"])
def test_a_name_can_be_said_in_a_sentence_and_in_a_command(database: Database, name: str) -> None:
    with pytest.raises(
        TokenError, match=r"^A token's name has small letters, digits, dots, dashes and underscores"
    ):
        made(database, name)


def test_a_name_is_never_given_twice_since_the_audit_tells_tokens_by_it(database: Database) -> None:
    made(database)
    revoke(database)
    with pytest.raises(TokenError, match=r"^There is, or was, a token `deploys`, .*: choose another name\.$"):
        made(database)


# No longer good


def test_a_revoked_token_opens_nothing(database: Database) -> None:
    token, secret = made(database)
    revoke(database)
    with pytest.raises(NotAccepted) as error:
        accepted(database, secret)
    says = "The token deploys was revoked by ada@example.com. `token create` makes another."
    assert (error.value.reason, str(error.value)) == ("revoked", says)
    with database.transaction() as session:
        scope = api_tokens.scope_of(session, token.id)
    assert scope.decide(asking()).reason == "The token `deploys` was revoked by ada@example.com."


def test_an_expired_token_opens_nothing_by_the_databases_clock(database: Database) -> None:
    token, secret = made(database, valid=timedelta(days=1))
    assert accepted(database, secret).name == "deploys"
    change(database, "expires_at = now()")
    with pytest.raises(NotAccepted) as error:
        accepted(database, secret)
    says = "The token deploys has expired. `token create` makes another."
    assert (error.value.reason, str(error.value)) == ("expired", says)
    with database.transaction() as session:
        scope = api_tokens.scope_of(session, token.id)
    assert scope.decide(asking()).reason == "The token `deploys` has expired."


def test_of_a_token_that_is_gone_nothing_is_left(database: Database) -> None:
    with database.transaction() as session:
        scope = api_tokens.scope_of(session, 17)
    assert scope.decide(asking()) == scope.decide(asking("help"))
    assert scope.decide(asking()).reason == "The token `#17` is there no more."
    assert not scope.decide(asking()).allowed


def test_only_who_made_it_and_owners_revoke_it(database: Database) -> None:
    made(database)
    with pytest.raises(TokenError, match=r"^There is no token `deploys` that you may revoke\."):
        revoke(database, by="bob@example.com")
    assert revoke(database, "Deploys", by="bob@example.com", owner=True).revoked_at is None
    assert revoke(database).revoked_at is not None
    with database.transaction() as session:
        assert session.scalar(text("SELECT revoked_by FROM api_tokens")) == "bob@example.com"


# Its scope


def asking(
    command: str = "jenkins build", room: str = "Ops team", kind: str = "group", person: str = ADA
) -> Question:
    ids = () if kind == "none" else ("room-1", "room-0")
    return Question(person, command, "change", ids, room, kind)


ALL = ("*",)
ONLY_JENKINS = "The token `deploys` is for `jenkins *` only."
ONLY_OPS = "The token `deploys` is for rooms like `Ops *`, `none` only."


@pytest.mark.parametrize(
    ("commands", "rooms", "question", "against"),
    [
        (ALL, ALL, asking(), ""),
        (ALL, ALL, asking("help", "", "none"), ""),
        (("jenkins *",), ALL, asking(), ""),
        (("jenkins *",), ALL, asking("JENKINS build"), ""),
        (("jenkins *",), ALL, asking("stack destroy"), ONLY_JENKINS),
        (("jenkins *",), ALL, asking("jenkins"), ONLY_JENKINS),
        (("jenkins *",), ALL, asking("help"), ONLY_JENKINS),
        (("jenkins *",), ALL, asking("approve"), ONLY_JENKINS),
        (("jenkins *",), ALL, asking("confirm"), ""),
        (("run *", "ping"), ALL, asking("ping"), ""),
        (("run *", "ping"), ALL, asking(), "The token `deploys` is for `run *`, `ping` only."),
        (ALL, ("Ops *", "none"), asking(), ""),
        (ALL, ("Ops *", "none"), asking(room="ops night shift"), ""),
        (ALL, ("Ops *", "none"), asking(room="", kind="none"), ""),
        (ALL, ("Ops *", "none"), asking(room="Kitchen"), ONLY_OPS),
        (ALL, ("Ops *", "none"), asking(room="Ops team", kind="direct"), ONLY_OPS),
        (ALL, ("Ops *", "none"), asking("confirm", room="Kitchen"), ONLY_OPS),
        (ALL, ("room-1",), asking(), ""),
        (ALL, ("room-0",), asking(), ""),
        (ALL, ("direct",), asking(room="", kind="direct"), ""),
        (("jenkins *",), ("Ops *", "none"), asking("ping", "Kitchen"), ONLY_JENKINS),
        ((), ALL, asking(), "The token `deploys` is for nothing only."),
    ],
)
def test_a_scope_covers_commands_in_rooms(
    commands: tuple[str, ...], rooms: tuple[str, ...], question: Question, against: str
) -> None:
    decision = Scope("deploys", 1, commands, rooms).decide(question)
    reason = against or "The token's scope covers it."
    assert (decision.allowed, decision.rule, decision.reason) == (not against, "token deploys", reason)


@pytest.mark.parametrize(
    ("people", "person", "speaks"),
    [
        ((ADA,), ADA, True),
        ((ADA,), "Ada@Example.com", True),
        ((ADA,), "bob@example.com", False),
        (("*@example.com",), "bob@example.com", True),
        (("*@example.com",), "bob@example.com.evil.example", False),
        (("everyone",), ADA, False),
        (("ci@webex.bot",), "ci@webex.bot", True),
        ((), ADA, False),
    ],
)
def test_a_scope_names_those_it_may_speak_as(people: tuple[str, ...], person: str, speaks: bool) -> None:
    scope = Scope("deploys", 1, people=people)
    assert scope.speaks_as(person) is speaks
    decision = scope.decide(asking(person=person))
    says = "The token's scope covers it." if speaks else f"The token `deploys` may not speak as {person}."
    assert (decision.allowed, decision.reason) == (speaks, says)


def test_a_scope_kept_with_a_run_decides_as_it_did() -> None:
    scope = Scope("deploys", 1, ("jenkins *",), ("Ops *", "none"), (ADA,))
    kept = Scope(**json.loads(json.dumps(asdict(scope))))
    for question in (asking(), asking("ping"), asking(room="Kitchen"), asking(person="bob@example.com")):
        assert kept.decide(question) == scope.decide(question)
