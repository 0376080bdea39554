"""The process of bench_switches_watch that is ours: rooms that watch the same switches, polled again and again."""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import requests
from sqlalchemy import select, text

from bot.assembly import load_parts, make_services, make_webex
from bot.commands.context import Services
from bot.commands.execute import execute
from bot.commands.model import Entry, Place, Request
from bot.settings import Settings
from bot.store.database import Database
from integrations.switches.store.watches import SwitchWatch
from integrations.switches.watching import history
from integrations.switches.watching.frames import unpacked
from integrations.switches.watching.polling import poll

OWNER = "you@example.com"


class Everybody:
    """Webex is not what is measured: everybody is in every room."""

    def is_member(self, person: str, room_id: str) -> bool | None:
        """Yes."""
        return True

    def moderates(self, person: str, room_id: str) -> bool | None:
        """No."""
        return False

    def in_team(self, person: str, team: str) -> bool | None:
        """No."""
        return False

    def forget(self, room_id: str, person: str | None = None) -> None:
        """Nothing was known."""


def main() -> None:
    """Begin the watches, poll, keep a day; a JSON line says what each took."""
    options = argparse.ArgumentParser()
    options.add_argument("--control", required=True)
    options.add_argument("--rooms", type=int, required=True)
    options.add_argument("--passes", type=int, required=True)
    options.add_argument("--ports", required=True)
    told = options.parse_args()
    settings = Settings.load(dict(os.environ))
    parts = load_parts(settings)
    database = Database(os.environ["DATABASE_URL"], pool_size=5)
    services = replace(make_services(parts, database, make_webex(settings)), relations=Everybody())
    services.policies.refresh_grants()
    for room in range(told.rooms):
        _begin(services, f"room-{room}", told.ports)
    before = _requests(told.control)
    rounds = [_round(services) for _ in range(told.passes)]
    asked = _requests(told.control) - before
    day = _day(database)
    print(
        json.dumps(
            {
                "rounds": rounds,
                "requests": asked / told.passes,
                "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
                **day,
            }
        )
    )
    services.clients["switches"].close()


def _begin(services: Services, room: str, ports: str) -> None:
    line = f'switch watch all counters "{ports}" --when "in > 80% or errors > 1000" --name uplinks'
    place = Place((room,), room, "group")
    said = execute(
        Request(key=f"bench:{room}", entry=Entry.TEXT, person=OWNER, place=place, line=line), services
    )
    if said.result != "ok":
        raise RuntimeError(said.replies[0].markdown)


def _round(services: Services) -> dict[str, float]:
    with services.database.transaction() as session:
        session.execute(text("UPDATE switch_watches SET due_at = now()"))
    postgres = _postgres()
    began, cpu, theirs = time.perf_counter(), time.process_time(), _spent(postgres)
    poll(services)
    wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    with services.database.transaction() as session:
        silent = text("SELECT count(*) FROM switch_watch_polls WHERE silence IS NOT NULL")
        if missing := session.execute(silent).scalar_one():
            raise RuntimeError(f"{missing} polls were not answered: another measurement than this one")
    return {"wall": wall, "cpu": cpu, "postgres": _spent(postgres) - theirs}


def _postgres() -> psutil.Process:
    """The postmaster of our database."""
    folder = os.environ["DATABASE_URL"].split("host=")[1].split("&")[0]
    for each in psutil.process_iter(["name", "cmdline"]):
        words = each.info["cmdline"] or []
        if each.info["name"] == "postgres" and any(
            os.sep in word and Path(folder).is_relative_to(Path(word).parent) for word in words
        ):
            return each
    raise RuntimeError(f"no postgres is found for {folder}")


def _spent(postgres: psutil.Process) -> float:
    family = [postgres, *postgres.children()]
    return sum(sum(each.cpu_times()[:2]) for each in family)


def _requests(control: str) -> int:
    """What all switches were asked so far."""
    listed: list[dict[str, Any]] = requests.get(f"{control}/switches", timeout=60).json()
    return sum(each["requests"] for each in listed)


def _day(database: Database) -> dict[str, float]:
    """Keep a day's frames of one watch, the last real one over and over with other values; what that takes."""
    chance = random.Random(1)
    with database.transaction() as session:
        watch_id = session.scalars(select(SwitchWatch.id).order_by(SwitchWatch.id)).first()
        assert watch_id is not None
        keys = history.series(session, watch_id)
        query = "SELECT mean FROM switch_watch_frames WHERE watch_id = :id ORDER BY at DESC LIMIT 1"
        values = unpacked(session.execute(text(query), {"id": watch_id}).scalar_one())
        session.execute(text("TRUNCATE switch_watch_frames"))
    last = _megabytes(database, "switch_watch_polls")
    now = datetime.now(UTC)
    begins = now - timedelta(days=2)
    empty = _megabytes(database, "switch_watch_frames")
    cpu = time.process_time()
    for minute in range(1440):
        frame = {
            key: [None if v is None else v * chance.uniform(0.5, 1.5) for v in values[n * 3 : n * 3 + 3]]
            for n, key in enumerate(keys)
        }
        with database.transaction() as session:
            history.keep_frame(session, watch_id, begins + timedelta(minutes=minute), 3, frame)
    kept = time.process_time() - cpu
    raw = _megabytes(database, "switch_watch_frames") - empty
    cpu = time.process_time()
    with database.transaction() as session:
        history.thin_one(session, watch_id, now)
        query = "SELECT count(*), sum(octet_length(mean) + octet_length(peak)) FROM switch_watch_frames"
        thinned, octets = session.execute(text(query)).one()
    return {
        "series": len(keys),
        "rows_a_day": 1440,
        "mb_a_day": raw,
        "last_mb": last,
        "keep_ms": kept / 1440 * 1000,
        "thin_s": time.process_time() - cpu,
        "thinned_rows_a_day": thinned,
        "thinned_mb_a_day": octets / 2**20,
    }


def _megabytes(database: Database, table: str) -> float:
    with database.transaction() as session:
        size: int = session.execute(
            text("SELECT pg_total_relation_size(:table)"), {"table": table}
        ).scalar_one()
    return size / 2**20


if __name__ == "__main__":
    main()
