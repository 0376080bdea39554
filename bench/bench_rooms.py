"""Thousands of rooms: calls, seconds and memory of a listing, a dry run and a sweep, beside a script on the SDK.

The script claims a room deleted when Webex says yes; Sparkops reads each room before and after, which are the calls
it makes more in a sweep. `untrue` counts rooms that were told to be deleted and are still there.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import requests
import yaml
from sqlalchemy import text

from bench.report import Result, publish
from bench.rooms_process import OWNER, POLICY
from bench.stage import ROOT, database, process, wait_until_answers
from bot.store.database import Database
from bot.supervisor import free_port

SIZES = (100, 1_000, 10_000)
_WHO = {"sparkops": "Sparkops", "sdk": "SDK script"}
_WHAT = ("listing", "stale", "sweep")
_TABLES = "runs, sweep_items, rooms, attempts, outbox, outbox_lanes, confirmations"


def main() -> None:
    """Each measurement in a fresh process, among rooms that are as they were in the beginning."""
    figures: dict[str, dict[str, float]] = {}
    with database() as url, tempfile.TemporaryDirectory(prefix="sparkops-bench-") as folder:
        config = Path(folder) / "sparkops.yaml"
        config.write_text(yaml.safe_dump({"stale_rooms": [POLICY]}))
        for size in SIZES:
            port = free_port()
            with process("-m", "playground", "webex", "--port", str(port), "--rooms", str(size)):
                webex = f"http://127.0.0.1:{port}"
                wait_until_answers(f"{webex}/playground/stats")
                environment = {
                    "DATABASE_URL": url,
                    "SPARKOPS_CONFIG": str(config),
                    "SPARKOPS_ADMINS": OWNER,
                    "WEBEX_ACCESS_TOKEN": "bot:sparkops@webex.bot",
                    "WEBEX_API_URL": f"{webex}/v1/",
                    "LOG_LEVEL": "ERROR",
                }
                for what in _WHAT:
                    for who, name in _WHO.items():
                        _begin_anew(webex, url)
                        figures[f"{size:,} rooms, {what}: {name}"] = _measure(who, what, webex, environment)
    publish(_result(figures))


def _result(figures: dict[str, dict[str, float]]) -> Result:
    ratios, targets = {}, {}
    for what in _WHAT:
        for column in ("calls", "seconds", "peak MB"):
            name = f"{column} of a {what} among 10,000 rooms"
            ours, theirs = (figures[f"10,000 rooms, {what}: {who}"][column] for who in _WHO.values())
            ratios[name] = ours / theirs
    targets["calls of a listing among 10,000 rooms"] = "0.1: pages of 1,000 instead of 100"
    for what in ("listing", "stale"):
        few, many = (figures[f"{size} rooms, {what}: Sparkops"]["peak MB"] for size in ("1,000", "10,000"))
        ratios[f"Sparkops' peak MB of a {what}: 10,000 rooms / 1,000 rooms"] = many / max(few, 0.1)
    return Result(
        "rooms", "a script on webexpythonsdk, after the example of its README", figures, ratios, targets
    )


def _begin_anew(webex: str, url: str) -> None:
    requests.post(f"{webex}/playground/reset", timeout=60).raise_for_status()
    emptied = Database(url, pool_size=1)
    with emptied.transaction() as session:
        session.execute(text(f"TRUNCATE {_TABLES} RESTART IDENTITY CASCADE"))
    emptied.close()


def _measure(who: str, what: str, webex: str, environment: Mapping[str, str]) -> dict[str, float]:
    ended = subprocess.run(
        [sys.executable, "-m", "bench.rooms_process", who, what],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    found = json.loads(ended.stdout.splitlines()[-1])
    calls = requests.get(f"{webex}/playground/stats", timeout=10).json()["calls"]
    there = requests.get(f"{webex}/playground/rooms", params={"as": OWNER}, timeout=60).json()["items"]
    return {
        # The first question of each process is who it is; it is asked before the clock runs.
        "calls": float(sum(sum(each.values()) for each in calls.values()) - 1),
        "seconds": found["seconds"],
        "peak MB": found["peak MB"],
        "untrue": float(len({room["id"] for room in there} & set(found["claims"]))),
    }


if __name__ == "__main__":
    main()
