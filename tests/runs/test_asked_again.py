"""A run that had to wait is asked about once more before it begins: its requester may have lost the right."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from sqlalchemy import text

from bot.access import api_tokens, grants
from bot.access.scopes import Scope
from bot.commands.model import Entry, Place, Request
from bot.config_file import AccessRule
from bot.store.database import Database
from tests.runs.conftest import Worker, told
from tests.talking import GROUP, OWNER, Conversation, Stated

ADA = "ada@example.com"
REFUSED = (
    "⛔ **bread** (run 1) was not begun. When its turn came I asked again: {} <@personEmail:ada@example.com>"
)


def let_ada(talk: Conversation, database: Database) -> int:
    """Ada may bake; returns the number of the grant."""
    with database.transaction() as session:
        number = grants.give(session, AccessRule(allow=(ADA,), commands=("oven bake",)), by=OWNER)
    talk.services.policies.refresh_grants()
    return number


def test_a_run_whose_requester_has_lost_the_right_is_not_begun(
    talk: Conversation, worker: Worker, database: Database, loaves: Path
) -> None:
    number = let_ada(talk, database)
    assert "This is run 1" in talk.say("oven bake 1", person=ADA)
    with database.transaction() as session:
        grants.revoke(session, number, by=OWNER)
    talk.services.policies.refresh_grants()
    worker.run_to_end()
    assert (worker.run().state, loaves.exists()) == ("cancelled", False)
    why = "No rule allows it, and what is not allowed is denied."
    assert worker.run().result == f"not allowed any more: {why}"
    assert told(database) == [REFUSED.format(why)]


def test_a_run_whose_requester_has_left_the_room_is_not_begun(
    talk: Conversation, worker: Worker, database: Database, loaves: Path
) -> None:
    let_ada(talk, database)
    talk.say("oven bake 1", person=ADA)
    stated = talk.services.relations
    assert isinstance(stated, Stated)
    stated.outside.add((ADA, str(GROUP.room_id)))
    worker.run_to_end()
    assert (worker.run().state, loaves.exists()) == ("cancelled", False)
    assert told(database) == [REFUSED.format("ada@example.com is not in that room.")]


def test_while_webex_cannot_say_who_is_in_the_room_it_waits(
    talk: Conversation, worker: Worker, database: Database, loaves: Path
) -> None:
    talk.say("oven bake 1")
    stated = talk.services.relations
    assert isinstance(stated, Stated)
    stated.away = True
    worker.step()
    assert (worker.run().state, loaves.exists()) == ("requested", False)
    stated.away = False
    with database.transaction() as session:
        session.execute(text("UPDATE runs SET next_step_at = now(), step = 'queued'"))
    worker.run_to_end()
    assert worker.run().state == "done"


def test_a_run_that_came_by_a_token_which_was_revoked_is_not_begun(
    talk: Conversation, worker: Worker, database: Database, loaves: Path
) -> None:
    with database.transaction() as session:
        scope = Scope("deploys", None, people=(OWNER,))
        token, _ = api_tokens.create(session, scope, OWNER, timedelta(days=1))
        scope = api_tokens.scope_of(session, token.scope.token_id or 0)
    request = Request("rest:1", Entry.REST, OWNER, Place(), line="oven bake 1", scope=scope)
    assert talk.request(request).decision == "allowed"
    with database.transaction() as session:
        api_tokens.revoke(session, "deploys", OWNER, owner=True)
    worker.run_to_end()
    assert (worker.run().state, loaves.exists()) == ("cancelled", False)
    assert "was revoked" in (worker.run().result or "")


def test_a_run_that_has_begun_is_not_asked_about_again(
    talk: Conversation, worker: Worker, database: Database, loaves: Path
) -> None:
    number = let_ada(talk, database)
    talk.say("oven bake 3", person=ADA)
    worker.step()
    with database.transaction() as session:
        grants.revoke(session, number, by=OWNER)
    talk.services.policies.refresh_grants()
    worker.run_to_end()
    assert (worker.run().state, loaves.read_text()) == ("done", "lit for run 1\n")
