"""How a run ended is in the audit trail, beside the request it came from."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select, text

from bot.access.audit_chain import seal
from bot.access.audit_verify import verify
from bot.store.database import Database
from bot.store.models import AuditRow
from tests.runs.conftest import Worker
from tests.talking import GROUP, OWNER, Conversation


def ends(database: Database) -> list[AuditRow]:
    """What the trail tells of runs that ended."""
    with database.transaction() as session:
        return list(session.scalars(select(AuditRow).where(AuditRow.entry == "run").order_by(AuditRow.id)))


def test_a_run_that_ended_is_written_down_with_what_it_came_from(
    talk: Conversation, worker: Worker, database: Database
) -> None:
    talk.say("oven bake 2 --once")
    worker.step()
    assert ends(database) == []
    with database.transaction() as session:
        session.execute(text("UPDATE runs SET created_at = created_at - interval '1 hour'"))
    worker.run_to_end()
    [row] = ends(database)
    assert (row.request_key, row.person_email, row.room_id, row.correlation_id) == (
        "run:1:done", OWNER, GROUP.room_id, "c0ffee",
    )  # fmt: skip
    assert (row.command, row.line, row.decision, row.rule, row.result) == (
        "oven bake", "bread", "allowed", "", "done",
    )  # fmt: skip
    assert row.arguments == {"minutes": ["2"], "seconds": ["0.0"], "lighting": ["0.0"], "once": ["True"]}
    assert 3_600_000 <= row.duration_ms < 4_200_000


def test_a_run_that_took_longer_than_a_column_can_tell_ends_all_the_same(
    talk: Conversation, worker: Worker, database: Database
) -> None:
    talk.say("oven bake 1")
    with database.transaction() as session:
        session.execute(text("UPDATE runs SET created_at = created_at - interval '60 days'"))
    worker.run_to_end()
    assert worker.run().state == "done"
    assert ends(database)[0].duration_ms == 2**31 - 1


def test_the_code_of_its_approval_is_kept(talk: Conversation, worker: Worker, database: Database) -> None:
    talk.say("oven bake 1")
    with database.transaction() as session:
        session.execute(text("UPDATE runs SET asked = jsonb_set(asked, '{approved}', '\"7K3F9Q\"')"))
    worker.run_to_end()
    assert ends(database)[0].approvers == {"code": "7K3F9Q", "by": []}


def test_a_run_from_before_runs_kept_what_was_asked_ends_too(
    talk: Conversation, worker: Worker, database: Database
) -> None:
    talk.say("oven bake 1")
    with database.transaction() as session:
        session.execute(text("UPDATE runs SET asked = '{}'"))
    worker.run_to_end()
    assert [(row.command, row.result) for row in ends(database)] == [("", "done")]


@pytest.mark.parametrize("how", ["cancelled", "failed"])
def test_every_end_is_written(talk: Conversation, worker: Worker, database: Database, how: str) -> None:
    talk.say("oven bake 3")
    change = {"cancelled": "cancel_requested_by = 'ada@example.com'", "failed": "arguments = '{}'"}[how]
    with database.transaction() as session:
        session.execute(text(f"UPDATE runs SET {change}"))
    worker.run_to_end()
    assert [(row.request_key, row.result) for row in ends(database)] == [(f"run:1:{how}", how)]


def test_a_run_lost_with_its_worker_is_written_by_the_one_that_finds_it(
    talk: Conversation, another_worker: Callable[[], Worker], database: Database
) -> None:
    dying, heir = another_worker(), another_worker()
    talk.say("oven bake 3 --once")
    with database.transaction() as session:
        session.execute(
            text("UPDATE runs SET step = 'running', state = 'running', owner = :me"),
            {"me": dying.ownership.id},
        )
    dying.ownership._connection.close()
    heir.look_for_the_dead()
    assert [(row.request_key, row.result) for row in ends(database)] == [("run:1:lost", "lost")]


def test_what_runs_write_is_sealed_with_the_rest(
    talk: Conversation, worker: Worker, database: Database
) -> None:
    talk.say("oven bake 1")
    worker.run_to_end()
    keys = talk.services.audit_keys
    assert seal(database, keys) == 2
    assert (verify(database, keys).broken, verify(database, keys).checked) == (None, 2)
