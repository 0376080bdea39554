"""Memory does not grow with the number of rooms: a dry run and a sweep's planning go through them page by page."""

from __future__ import annotations

import os
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from bot.runs.states import State
from bot.store.database import Database
from bot.supervisor import free_port
from playground.webex.world import World
from tests.bot_in_process import bot_in_process
from tests.conftest import empty
from tests.playground.running import Clock, Webex
from tests.rooms.sweeping import Sweeping
from tests.talking import Process, confirmation_code, wait_for

# One page of 1,000 rooms in either case; what is allowed above that is noise. Nine thousand rooms that were kept
# would take more than 9 MB.
_MORE_MB = 3.0
_CONFIG = {
    "stale_rooms": [
        {"name": "old", "titles": "*", "kinds": ["group", "team", "direct"], "idle": "401d", "most": 0}
    ]
}


@contextmanager
def playground_of(rooms: int, folder: Path) -> Iterator[Webex]:
    """A stand-in Webex of so many rooms in a process of its own, whose memory is not ours."""
    port = free_port()
    command = [sys.executable, "-m", "playground", "webex", "--port", str(port), "--rooms", str(rooms)]
    process = Process("playground", command, os.environ, folder / "playground.log")

    def answers() -> bool:
        try:
            return requests.get(f"http://127.0.0.1:{port}/playground/stats", timeout=2).ok
        except requests.ConnectionError:
            return False

    try:
        process.start()
        wait_for(answers, "the playground")
        clock = Clock()
        yield Webex(f"http://127.0.0.1:{port}", World(clock), clock)
    finally:
        process.stop()


def peak_mb(work: Callable[[], object]) -> float:
    """Megabytes that Python holds at most, beyond what it held before, while `work` is done."""
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        work()
        return (tracemalloc.get_traced_memory()[1] - before) / 2**20
    finally:
        tracemalloc.stop()


@dataclass(frozen=True, slots=True)
class Peaks:
    """Megabytes at the peak of a dry run, and of a sweep's planning until it asks a person."""

    dry_run: float
    planning: float


def peaks(rooms: int, database: Database, folder: Path) -> Peaks:
    """Dry run and planning among so many rooms."""
    empty(database)
    with (
        playground_of(rooms, folder) as webex,
        bot_in_process(webex, database, config=_CONFIG, folder=folder) as bot,
    ):
        sweep = Sweeping(bot)
        dry_run = peak_mb(lambda: sweep.say("room stale old"))
        sweep.say(f"confirm {confirmation_code(sweep.say('room sweep old'))}")
        sweep.start_worker()
        planning = peak_mb(lambda: _plan(sweep))
        sweep.kill_worker()
        assert int(bot.rows("SELECT progress->'listing'->>'rooms' FROM runs")[0][0]) == rooms + 1
    return Peaks(dry_run, planning)


def _plan(sweep: Sweeping) -> None:
    while sweep.state in (State.REQUESTED, State.PLANNING):
        sweep.step()


def test_ten_thousand_rooms_take_no_more_memory_than_one_thousand(database: Database, tmp_path: Path) -> None:
    peaks(20, database, tmp_path)  # what is imported and compiled at the first time is there from now on
    few, many = (peaks(rooms, database, tmp_path) for rooms in (1_000, 10_000))
    assert many.planning < few.planning + _MORE_MB, f"{few} {many}"
    assert many.dry_run < few.dry_run + _MORE_MB, f"{few} {many}"
