"""The one gate: what becomes of a request, whichever way it came, and that nothing happens twice."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import replace
from io import StringIO

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

from bot.commands.context import Context
from bot.commands.execute import execute
from bot.commands.model import Command, Entry, File, Place, Reply, Request, command
from bot.commands.registry import Registry
from bot.store.database import Database
from bot.store.models import AuditRow, LiveMessage, Run
from tests.commands import bakery
from tests.commands.bakery import SECRET, Bakery, PowerCut
from tests.talking import DIRECT, GROUP, OWNER, Conversation

BROKEN = (
    "💥 That ended in an error of mine, not of yours. It is in my log under `c0ffee`; "
    "my owners can find it there."
)


def request(line: str, key: str = "webex:1", **changes: object) -> Request:
    """A typed line as one request, which may be handled again under its key."""
    return replace(Request(key, Entry.TEXT, OWNER, GROUP, line, correlation_id="c0ffee"), **changes)


def audited(database: Database) -> list[AuditRow]:
    with database.transaction() as session:
        return list(session.scalars(select(AuditRow).order_by(AuditRow.id)))


def with_command(talk: Conversation, *commands: Command) -> Conversation:
    talk.services = replace(talk.services, registry=Registry(commands))
    return talk


@pytest.mark.parametrize("entry", list(Entry))
def test_every_way_in_passes_the_same_gate_and_leaves_an_audit_row(
    database: Database, talk: Conversation, entry: Entry
) -> None:
    place = GROUP if entry in (Entry.TEXT, Entry.CARD) else Place()
    allowed = talk.outcome("bread list", entry=entry, place=place)
    denied = talk.outcome("bread list", entry=entry, place=place, person="Eve@example.com")
    assert allowed.replies == (Reply("5 loaves, any kind"),)
    assert denied.replies[0].markdown == (
        "⛔ You may not run `bread list` here. No rule allows it, and what is not allowed is denied. "
        "`whoami` shows who I take you for; one of my owners can grant it."
    )
    first, second = audited(database)
    assert (first.entry, first.person_email, first.room_id) == (entry.value, OWNER, place.room_id)
    assert (first.command, first.line, first.decision) == ("bread list", "bread list", "allowed")
    assert (first.rule, first.result, first.correlation_id) == ("owner", "ok", "c0ffee")
    assert first.duration_ms >= 0
    assert (second.person_email, second.decision, second.rule) == (
        "eve@example.com",
        "denied",
        "nothing allows it",
    )


def test_one_request_leaves_one_audit_row_however_often_it_is_handled(
    database: Database, talk: Conversation
) -> None:
    talk.request(request("ping"))
    talk.request(request("ping"))
    assert [row.request_key for row in audited(database)] == ["webex:1"]


def test_a_long_line_is_cut_in_the_audit_and_a_secret_is_taken_out(
    database: Database, talk: Conversation
) -> None:
    talk.say(f"bread order mill KEY={SECRET} --to home")
    talk.say("frob " + "x" * 5000)
    talk.words(("bread", "list", "--kind", SECRET))
    lines = [row.line for row in audited(database)]
    assert lines[0] == "bread order mill KEY=«redacted» --to home"
    assert len(lines[1]) == 2000
    assert lines[2] == "bread list --kind «redacted»"


def test_a_submitted_card_is_audited_as_the_line_it_stands_for(
    database: Database, talk: Conversation
) -> None:
    talk.words(("bread", "bake", "rye", "Sunday Morning", 'the "long" one', ""))
    assert audited(database)[0].line == 'bread bake rye "Sunday Morning" "the \\"long\\" one" ""'


def test_what_cannot_be_done_is_said_in_the_commands_own_words(
    database: Database, talk: Conversation
) -> None:
    assert talk.say("bread order closed --to home") == (
        "⚠️ I asked the shop `closed` for flour, and it is closed. Ask another."
    )
    assert (audited(database)[0].decision, audited(database)[0].result) == ("allowed", "refused")


def test_a_bug_is_told_once_with_a_reference_and_without_its_secrets(
    database: Database, talk: Conversation
) -> None:
    written = StringIO()
    logging.getLogger().handlers[0].setStream(written)
    said = talk.outcome("oven explode")
    assert said.replies == (Reply(BROKEN),)
    row = audited(database)[0]
    assert (row.decision, row.result, row.correlation_id) == ("allowed", "error", "c0ffee")
    logged = json.loads(written.getvalue())
    assert (logged["event"], logged["correlation_id"]) == ("command.broken", "c0ffee")
    assert logged["exception"].endswith("\nRuntimeError: no fuse, the key was «redacted»")
    assert SECRET not in written.getvalue()


def test_a_bug_without_a_correlation_is_told_under_the_requests_key(talk: Conversation) -> None:
    said = talk.request(request("oven explode", correlation_id=""))
    assert "It is in my log under `webex:1`;" in said.replies[0].markdown


def failing(statement: str) -> Callable[[Context], Reply]:
    def handler(context: Context) -> Reply:
        """Ask the database."""
        with context.services.database.transaction() as session:
            session.execute(text(statement))
        return Reply("asked")

    return handler


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 99999999999999999999::bigint",
        "SELECT no_such_column FROM runs",
        "INSERT INTO facts (name, value) VALUES (NULL, '{}')",
    ],
)
def test_a_statement_the_database_refuses_is_a_bug_and_is_not_tried_forever(
    talk: Conversation, statement: str
) -> None:
    said = with_command(talk, command("oven ask")(failing(statement))).outcome("oven ask")
    assert (said.replies, said.result) == ((Reply(BROKEN),), "error")


def test_a_database_that_is_away_leaves_the_request_to_be_handled_again(
    database: Database, talk: Conversation
) -> None:
    gone = "SELECT pg_terminate_backend(pg_backend_pid())"
    with_command(talk, command("oven ask")(failing(gone)))
    with pytest.raises(OperationalError):
        execute(request("oven ask"), talk.services)
    database.engine.dispose()
    assert audited(database) == []


def test_a_change_is_not_made_twice_for_one_request_and_its_first_answer_is_given_again(
    talk: Conversation, shop: Bakery
) -> None:
    first = execute(request("bread bake rye Sunday round"), talk.services)
    again = execute(request("bread bake rye Sunday round"), talk.services)
    assert shop.done == ["rye Sunday ('round',)"]
    mentions = (f"personEmail:{OWNER}",)
    assert first.replies == (
        Reply("Baked 1 of rye for Sunday.", mentions=mentions, file=File("bill.txt", b"2 crowns")),
    )
    assert again.replies == (Reply("Baked 1 of rye for Sunday.", mentions=mentions),)
    assert (again.decision, again.result) == ("allowed", "ok")


def test_the_same_line_in_another_request_is_another_change(talk: Conversation, shop: Bakery) -> None:
    execute(request("bread bake rye Sunday round", "webex:1"), talk.services)
    execute(request("bread bake rye Sunday round", "webex:2"), talk.services)
    assert len(shop.done) == 2


def test_a_change_in_which_the_process_died_is_not_repeated_and_a_person_is_asked_to_look(
    database: Database, talk: Conversation, shop: Bakery
) -> None:
    shop.power_cut = True
    with pytest.raises(PowerCut):
        talk.request(request("bread bake rye Sunday round"))
    shop.power_cut = False
    said = talk.request(request("bread bake rye Sunday round"))
    assert said.replies[0].markdown == (
        "❓ I was interrupted while running `bread bake rye Sunday round`. "
        "Whether it happened I do not know, and I repeat nothing by myself: please look, "
        "and say it again if it is still to be done."
    )
    assert (said.decision, said.result) == ("allowed", "interrupted")
    assert [row.result for row in audited(database)] == ["interrupted"]
    assert shop.done == ["rye Sunday ('round',)"]


def test_a_refused_change_is_not_tried_twice_and_is_refused_in_the_same_words(
    talk: Conversation, shop: Bakery
) -> None:
    first = execute(request("bread order closed --to home"), talk.services)
    again = execute(request("bread order closed --to home"), talk.services)
    assert first == again
    assert first.replies[0].markdown == (
        "⚠️ I asked the shop `closed` for flour, and it is closed. Ask another."
    )
    assert shop.done == ["closed home []"]


def test_a_change_that_ended_in_a_bug_is_not_tried_twice(talk: Conversation, shop: Bakery) -> None:
    @command("oven slam", repeatable=False)
    def slam(context: Context) -> Reply:
        """Shut the oven too hard."""
        shop.do("slammed")
        raise ZeroDivisionError

    with_command(talk, slam)
    assert execute(request("oven slam"), talk.services).replies == (Reply(BROKEN),)
    again = execute(request("oven slam"), talk.services)
    assert again.replies[0].markdown == "⚠️ It was tried before, and ended in an error of mine."
    assert shop.done == ["slammed"]


def test_a_secret_in_an_answer_is_not_kept_for_the_second_time(talk: Conversation) -> None:
    line = f"bread order mill KEY={SECRET} --to home"
    asked = request(line, place=DIRECT)
    assert SECRET in execute(asked, talk.services).replies[0].markdown
    assert execute(asked, talk.services).replies[0].markdown == ("Ordered from mill to home: KEY=«redacted».")


def test_one_request_starts_one_run(database: Database, talk: Conversation) -> None:
    first = talk.request(request("oven run 3"))
    again = talk.request(request("oven run 3"))
    assert (
        first.replies
        == again.replies
        == (Reply("🔥 **oven 3** heats up.\n\nThis is run 1: `run show 1`, `run log 1`.", run_id=1),)
    )
    with database.transaction() as session:
        run = session.scalars(select(Run)).one()
        live = session.scalars(select(LiveMessage)).one()
    assert (run.requester, run.room_id, run.lock_key, run.correlation_id) == (
        OWNER,
        "room-1",
        "oven:3",
        "c0ffee",
    )
    assert (live.room_id, live.wanted) == ("room-1", "🔥 **oven 3** heats up.")


def test_a_run_started_outside_of_rooms_has_no_live_message(database: Database, talk: Conversation) -> None:
    said = talk.request(request("oven run 3", entry=Entry.TERMINAL, place=Place()))
    assert said.replies[0].run_id == 1
    with database.transaction() as session:
        assert session.scalars(select(LiveMessage)).all() == []


def test_capitals_in_arguments_are_kept(talk: Conversation, shop: Bakery) -> None:
    talk.say("BREAD Bake rye SunDay Round")
    assert shop.done == ["rye SunDay ('Round',)"]


def test_the_bakery_has_a_command_of_every_effect() -> None:
    assert {each.effect.value for each in bakery.COMMANDS} == {"read", "change", "destroy"}
