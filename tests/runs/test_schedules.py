"""Schedules: each slot is queued once, however many clocks there are and whenever they stood still."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from bot.clock import Clock
from bot.runs import schedules
from bot.store.database import Database
from bot.store.models import Schedule
from tests.talking import wait_for

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def jobs(database: Database) -> int:
    with database.transaction() as session:
        return int(session.execute(text("SELECT count(*) FROM procrastinate_jobs")).scalar_one())


def add(database: Database, **values: object) -> None:
    with database.transaction() as session:
        session.add(Schedule(**{"name": "report", "cron": "*/5 * * * *", "task": "store.tidy", **values}))


def test_two_clocks_queue_a_slot_once(database: Database) -> None:
    add(database)
    for _clock in range(2):
        with database.transaction() as session:
            schedules.enqueue_slot(session, "report", NOON)
    assert jobs(database) == 1


def test_a_slot_is_told_by_its_minute(database: Database) -> None:
    """APScheduler fires a little late; the key is the slot and not the moment."""
    add(database)
    with database.transaction() as session:
        assert schedules.enqueue_slot(session, "report", NOON + timedelta(milliseconds=3))
        assert not schedules.enqueue_slot(session, "report", NOON + timedelta(seconds=41))


def test_a_slot_whose_job_cannot_be_queued_is_not_written_down(database: Database) -> None:
    add(database)
    try:
        with database.transaction() as session:
            schedules.enqueue_slot(session, "report", NOON)
            raise ConnectionError("the clock's process dies here")
    except ConnectionError:
        pass
    assert jobs(database) == 0
    with database.transaction() as session:
        assert schedules.enqueue_slot(session, "report", NOON)


def test_a_clock_that_stood_still_catches_up_when_it_starts(database: Database) -> None:
    add(database, last_slot=datetime.now(UTC) - timedelta(hours=1), catch_up=3)
    clock = Clock(database)
    clock.start()
    try:
        with database.transaction() as session:
            slots = session.scalars(text("SELECT slot FROM schedule_slots WHERE name = 'report'")).all()
        assert len(slots) == 3
        assert jobs(database) == 3
    finally:
        clock.stop()


def test_a_clock_fires_by_the_second_hand(database: Database) -> None:
    """Nothing is due now, so the clock is turned: a slot of this minute is submitted as APScheduler does."""
    add(database)
    clock = Clock(database)
    clock.start()
    try:
        clock._scheduler.modify_job("schedule:report", next_run_time=datetime.now(UTC))
        wait_for(lambda: jobs(database) == 1, "the slot to be queued")
    finally:
        clock.stop()


def test_the_built_in_schedules_are_installed_and_brought_up_to_date(database: Database) -> None:
    add(database, name="watch webhooks", cron="0 0 1 1 *", task="nothing")
    with database.transaction() as session:
        schedules.install(session)
    with database.transaction() as session:
        rows = {each.name: (each.cron, each.task) for each in schedules.all_schedules(session)}
    assert rows == {
        "watch webhooks": ("* * * * *", "webex.watch"),
        "reap stalled jobs": ("* * * * *", "queue.reap"),
        "tidy the store": ("17 3 * * *", "store.tidy"),
        "look at the rooms": ("37 * * * *", "rooms.look"),
    }


def test_policies_for_stale_rooms_run_by_the_clock_while_the_file_says_so(database: Database) -> None:
    """A policy that leaves the file leaves the clock; its name and its slot go with the job."""
    with database.transaction() as session:
        schedules.install(session, {"old": "0 6 * * mon", "lunch": "0 12 * * *"})
    with database.transaction() as session:
        schedules.install(session, {"old": "0 7 * * mon"})
        kept = [
            (each.name, each.cron, each.line)
            for each in schedules.all_schedules(session)
            if each.line is not None
        ]
    assert kept == [("sweep old", "0 7 * * mon", "old")]
    for _clock in range(2):
        with database.transaction() as session:
            schedules.enqueue_slot(session, "sweep old", NOON)
    with database.transaction() as session:
        queued = session.execute(text("SELECT task_name, args FROM procrastinate_jobs")).all()
    assert [tuple(each) for each in queued] == [
        ("rooms.sweep", {"policy": "old", "slot": "2026-11-23T12:00:00+00:00"})
    ]
