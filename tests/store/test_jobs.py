"""Jobs on the caller's own connection, and the word that a lock is free."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from procrastinate import App, SyncPsycopgConnector
from sqlalchemy import text
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from bot.runs.queue import Queue
from bot.store.database import Database, driver_connection
from bot.store.jobs import defer
from tests.talking import PATIENCE

JOBS = text("SELECT task_name, args, lock, queueing_lock, status::text FROM procrastinate_jobs")


def test_a_job_is_queued_when_and_only_when_its_transaction_commits(database: Database) -> None:
    with database.transaction() as session:
        defer(session, "inbox.handle", inbox_ids=[1, 2])
        with database.transaction() as other:
            assert other.execute(JOBS).all() == []
    with database.transaction() as session:
        assert session.execute(JOBS).all() == [("inbox.handle", {"inbox_ids": [1, 2]}, None, None, "todo")]


def test_a_database_that_goes_away_while_a_job_is_queued_is_told_as_by_the_session_itself(
    database: Database, postgres_url: str
) -> None:
    with pytest.raises(SQLAlchemyError), database.transaction() as session:
        session.execute(text("SELECT 1"))
        pid = driver_connection(session).info.backend_pid
        with psycopg.connect(postgres_url, autocommit=True) as elsewhere:
            elsewhere.execute("SELECT pg_terminate_backend(%s)", (pid,))
        with pytest.raises(OperationalError, match="terminating connection due to administrator command"):
            defer(session, "inbox.handle", inbox_ids=[1])
        session.execute(text("SELECT 1"))


def test_a_job_that_met_an_outage_is_tried_again(database: Database, postgres_url: str) -> None:
    """Its row still waits for it: an event that stays queued without a job would never be handled."""
    met: list[list[int]] = []

    def handle(inbox_ids: list[int]) -> None:
        met.append(inbox_ids)
        raise OperationalError("UPDATE inbox", {}, psycopg.OperationalError("gone"))

    with database.transaction() as session:
        defer(session, "inbox.handle", inbox_ids=[1])
    until = text(
        "SELECT status::text, attempts, scheduled_at > now() FROM procrastinate_jobs "
        "WHERE attempts > 0 AND status <> 'doing'"
    )
    assert worked_until(Queue(postgres_url, {"inbox.handle": handle}, threads=1), database, until) == (
        "todo",
        1,
        True,
    )
    assert met == [[1]]


def test_a_job_that_ends_in_a_bug_is_kept_as_failed(database: Database, postgres_url: str) -> None:
    def handle() -> None:
        raise RuntimeError("boom")

    with database.transaction() as session:
        defer(session, "store.tidy")
    until = text("SELECT status::text, attempts FROM procrastinate_jobs WHERE status = 'failed'")
    assert worked_until(Queue(postgres_url, {"store.tidy": handle}, threads=1), database, until) == (
        "failed",
        1,
    )


def worked_until(queue: Queue, database: Database, query: Any) -> tuple[Any, ...]:
    """Run the queue until the query finds a row."""

    async def look() -> tuple[Any, ...]:
        stop = asyncio.Event()
        working = asyncio.create_task(queue.run(stop))
        try:
            async with asyncio.timeout(PATIENCE):
                while True:
                    with database.transaction() as session:
                        if row := session.execute(query).first():
                            return tuple(row)
                    await asyncio.sleep(0.02)
        finally:
            stop.set()
            await working

    with ThreadPoolExecutor(
        1
    ) as thread:  # this one may have a loop already: Playwright's stays until the end
        return thread.submit(lambda: asyncio.run(look())).result()


@pytest.fixture
def listener(postgres_url: str) -> Iterator[psycopg.Connection[Any]]:
    """Somebody who hears what a worker of Procrastinate hears."""
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("LISTEN procrastinate_any_queue_v1")
        yield connection


@pytest.mark.parametrize("delete", [False, True])
@pytest.mark.parametrize(("lock", "told"), [("stack:eth-private", True), (None, False)])
def test_the_end_of_a_job_that_held_a_lock_wakes_the_workers_at_once(
    database: Database, listener: psycopg.Connection[Any], delete: bool, lock: str | None, told: bool
) -> None:
    """Procrastinate 3.10 tells only of new jobs: the next one of the lock would wait for the poll."""
    app = App(connector=SyncPsycopgConnector())
    with database.transaction() as session:
        job = app.configure_task("a.task", lock=lock, connection=driver_connection(session)).defer()
    assert (
        len(list(listener.notifies(timeout=PATIENCE, stop_after=1))) == 1
    )  # of the new job, by Procrastinate
    with database.transaction() as session:
        session.execute(text("UPDATE procrastinate_jobs SET status = 'doing' WHERE id = :id"), {"id": job})
        finish = "SELECT procrastinate_finish_job_v1(:id, 'succeeded', :delete)"
        session.execute(text(finish), {"id": job, "delete": delete})
        session.execute(text("NOTIFY procrastinate_any_queue_v1, 'the end of the test'"))
    heard = [each.payload for each in listener.notifies(timeout=PATIENCE, stop_after=1 + told)]
    assert heard.pop() == "the end of the test"
    assert [json.loads(each) for each in heard] == [{"type": "job_inserted", "job_id": job}] * told
