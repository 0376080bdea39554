"""Schedules that people gave: named, paused, resumed; each slot becomes one inbox event, whoever keeps the time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from bot import cron
from bot.clock import Clock
from bot.runs import schedules
from bot.runs.schedules import NameTaken
from bot.store.database import Database
from bot.store.models import Schedule
from tests.talking import ROOT, wait_for

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def give(database: Database, name: str | None = None, line: str = "ping", **more: Any) -> str:
    """Ada gives a schedule in room-1, at noon."""
    values = {"cron": "*/5 * * * *", "person": "ada@example.com", "room_id": "room-1", "now": NOON, **more}
    with database.transaction() as session:
        return schedules.add(session, name=name, line=line, **values)


def events(database: Database) -> list[tuple[str, str, dict[str, Any], str]]:
    """What lies in the inbox."""
    query = text("SELECT source, dedupe_key, payload, state FROM inbox ORDER BY id")
    with database.transaction() as session:
        return [tuple(row) for row in session.execute(query)]


def enqueue(database: Database, name: str, slot: datetime) -> bool:
    """What a clock does at a slot."""
    with database.transaction() as session:
        return schedules.enqueue_slot(session, name, slot)


def row(database: Database, name: str) -> Schedule | None:
    """The schedule as it is now."""
    with database.transaction() as session:
        return session.get(Schedule, name)


def test_a_slot_becomes_an_event_that_wakes_the_workers(database: Database, postgres_url: str) -> None:
    name = give(database)
    with psycopg.connect(postgres_url, autocommit=True) as listening:
        listening.execute("LISTEN sparkops_inbox")
        assert enqueue(database, name, NOON + timedelta(minutes=5))
        assert [each.channel for each in listening.notifies(timeout=20, stop_after=1)] == ["sparkops_inbox"]
    assert events(database) == [
        (
            "schedule",
            "1:2026-11-23T12:05:00+00:00",
            {"schedule": "1", "slot": "2026-11-23T12:05:00+00:00"},
            "queued",
        )
    ]
    kept = row(database, name)
    assert kept is not None and kept.last_slot == NOON + timedelta(minutes=5)


def test_twenty_clocks_at_once_make_one_event_of_a_slot(database: Database) -> None:
    name = give(database)
    ready = threading.Barrier(5)

    def tick(_number: int) -> bool:
        ready.wait(20)
        return enqueue(database, name, NOON)

    with ThreadPoolExecutor(5) as threads:
        said = [each for _round in range(4) for each in threads.map(tick, range(5))]
    assert sorted(said) == [False] * 19 + [True]
    assert len(events(database)) == 1


def test_unnamed_schedules_are_numbered_and_no_number_comes_twice(database: Database) -> None:
    assert [give(database), give(database, "nightly"), give(database)] == ["1", "nightly", "2"]
    with database.transaction() as session:
        session.delete(session.get_one(Schedule, "2"))
    assert give(database) == "3"


def test_a_name_is_given_once(database: Database) -> None:
    give(database, "nightly")
    with pytest.raises(NameTaken, match="nightly"):
        give(database, "nightly", line="version")
    kept = row(database, "nightly")
    assert kept is not None and kept.line == "ping"


def test_a_paused_schedule_has_no_slots_until_it_goes_on_and_makes_none_good(database: Database) -> None:
    name = give(database)
    with database.transaction() as session:
        schedules.pause(session, name, "Ada is not in that room.")
    assert not enqueue(database, name, NOON + timedelta(minutes=5))
    kept = row(database, name)
    assert kept is not None and kept.paused == "Ada is not in that room."
    with database.transaction() as session:
        found = schedules.find(session, name)
        assert found is not None
        schedules.resume(found, NOON + timedelta(hours=1))
    kept = row(database, name)
    assert kept is not None and kept.last_slot is not None
    assert cron.missed_slots(kept.cron, kept.last_slot, NOON + timedelta(hours=1), 1) == []
    assert enqueue(database, name, NOON + timedelta(hours=1, minutes=5))


def test_pausing_what_is_gone_or_is_the_bots_own_does_nothing(database: Database) -> None:
    with database.transaction() as session:
        schedules.install(session)
        schedules.pause(session, "never there", "why")
        schedules.pause(session, "watch webhooks", "why")
    kept = row(database, "watch webhooks")
    assert kept is not None and kept.paused is None


def test_the_bots_own_schedules_are_not_among_those_people_gave(database: Database) -> None:
    give(database)
    give(database, "elsewhere", room_id="room-2")
    with database.transaction() as session:
        schedules.install(session)
        assert [each.name for each in schedules.given(session)] == ["1", "elsewhere"]
        assert [each.name for each in schedules.given(session, room_ids=("room-2", "old"))] == ["elsewhere"]
        assert schedules.find(session, "watch webhooks") is None


def test_a_clock_that_stood_still_makes_the_newest_slot_good_and_no_other(database: Database) -> None:
    give(database, now=datetime.now(UTC) - timedelta(days=2))
    clock = Clock(database)
    clock.start()
    try:
        assert len(events(database)) == 1
        newest = cron.missed_slots(
            "*/5 * * * *", datetime.now(UTC) - timedelta(minutes=6), datetime.now(UTC), 1
        )
        assert events(database)[0][2]["slot"] in {
            each.isoformat() for each in (*newest, newest[-1] - timedelta(minutes=5))
        }
    finally:
        clock.stop()


def test_a_schedule_given_just_before_its_slot_does_not_miss_it(database: Database) -> None:
    """The clock looks at the table every half a minute: a slot may pass before it knows of the schedule."""
    clock = Clock(database)
    clock.start()
    try:
        give(database, now=datetime.now(UTC) - timedelta(minutes=6))
        clock._refresh()
        assert len(events(database)) == 1
        clock._refresh()
        assert len(events(database)) == 1
    finally:
        clock.stop()


def test_a_clock_drops_what_is_paused_or_removed_and_takes_it_up_again(database: Database) -> None:
    give(database, "nightly", now=datetime.now(UTC))
    clock = Clock(database)
    clock.start()

    def kept() -> bool:
        clock._refresh()
        return clock._scheduler.get_job("schedule:nightly") is not None

    try:
        assert kept()
        with database.transaction() as session:
            schedules.pause(session, "nightly", "why")
        assert not kept()
        with database.transaction() as session:
            found = schedules.find(session, "nightly")
            assert found is not None
            schedules.resume(found, datetime.now(UTC))
        assert kept()
        with database.transaction() as session:
            session.delete(session.get_one(Schedule, "nightly"))
        assert not kept()
    finally:
        clock.stop()


def test_a_line_that_cannot_be_read_stops_no_other(database: Database) -> None:
    """Such a row was written by hand, or by a version that read more."""
    with database.transaction() as session:
        values = {"task": "command", "last_slot": datetime.now(UTC) - timedelta(hours=1)}
        session.add(Schedule(name="a broken one", cron="whenever", **values))
    give(database, now=datetime.now(UTC) - timedelta(minutes=6))
    clock = Clock(database)
    clock.start()
    try:
        assert [each[2]["schedule"] for each in events(database)] == ["1"]
        assert clock._scheduler.get_job("schedule:1") is not None
        assert clock._scheduler.get_job("schedule:a broken one") is None
    finally:
        clock.stop()


def test_two_clock_processes_make_one_event_of_a_slot(
    database: Database, postgres_url: str, tmp_path: Path
) -> None:
    """Both start when a slot has been missed, and both see it."""
    now = datetime.now(UTC)
    give(database, cron=f"{(now.minute + 30) % 60} * * * *", now=now - timedelta(hours=1))
    environment = {**os.environ, "DATABASE_URL": postgres_url, "SPARKOPS_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "bot", "clock"]
    logs = [tmp_path / f"clock-{number}.log" for number in range(2)]
    clocks: list[subprocess.Popen[bytes]] = []
    try:
        for log in logs:
            with log.open("wb") as out:
                clocks.append(subprocess.Popen(command, env=environment, cwd=ROOT, stdout=out, stderr=out))
        wait_for(lambda: all("clock.started" in log.read_text() for log in logs), "both clocks", seconds=60)
    finally:
        for process in clocks:
            process.send_signal(signal.SIGTERM)
        for process in clocks:
            process.wait(60)
    assert len(events(database)) == 1
