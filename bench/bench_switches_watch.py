"""What it costs to watch a thousand switches each minute, beside a plain loop with requests that keeps nothing.

A farm of 1,000 stand-in switches with TLS and 50 ms, in a process of its own. Three rooms watch the same two uplinks of
each (2,000 interfaces): a poll asks each switch once for the three shows that rates need, compares them with the last
poll, weighs the condition, and keeps the rates. Figures are medians of the polls behind the first, which opens the
connections. The peer asks the same three shows in one request of each switch, reads the JSON, and forgets it; it does
so once, since that takes more than the minute there is.

The day of history is kept for real: 1,440 frames of one watch with other values each, and what PostgreSQL has for them
on disk; then thinned, as it is after a day. Every core is shared with the farm.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from bench.bench_switches import PASSWORD, Farm, farm
from bench.report import Result, publish
from bench.stage import ROOT, database

COUNT, ROOMS, PASSES = 1_000, 3, 6
PORTS = "Eth1/[49-50]"
_OURS, _PEER = "ours", "a loop with requests"


def main() -> None:
    """Run the farm, watch, then loop."""
    with (
        tempfile.TemporaryDirectory(prefix="sparkops-bench-") as folder,
        database() as url,
        farm(COUNT, "50ms", Path(folder)) as running,
    ):
        watched = _watched(running, url)
        looped = _told(("-m", "bench.switches.plain_loop", "--list", str(running.list)), {})
    if looped["answered"] != COUNT:
        raise RuntimeError(f"only {looped['answered']} of {COUNT} answered the loop")
    publish(_result(watched, looped))


def _result(watched: dict[str, Any], looped: dict[str, Any]) -> Result:
    warm = watched["rounds"][1:]
    ours = {
        "wall s": median(each["wall"] for each in warm),
        "CPU s a minute": median(each["cpu"] for each in warm),
        "PostgreSQL's CPU s": median(each["postgres"] for each in warm),
        "requests a switch": watched["requests"] / COUNT,
        "interfaces": float(watched["series"]),
        "rows a day": float(watched["rows_a_day"]),
        "MB a day": watched["mb_a_day"],
        "rows a day, thinned": float(watched["thinned_rows_a_day"]),
        "MB a day, thinned": watched["thinned_mb_a_day"],
        "MB of last polls, 3 rooms": watched["last_mb"],
        "ms to keep a poll": watched["keep_ms"],
        "peak RSS MB": watched["rss_mb"],
    }
    told = {"wall s": looped["wall"], "CPU s a minute": looped["cpu"], "requests a switch": 1.0}
    theirs = {name: told.get(name, 0.0) for name in ours}
    return Result(
        "switches_watch",
        "a plain loop with requests that keeps nothing",
        {_OURS: ours, _PEER: theirs},
        {name: ours[name] / theirs[name] for name in ("wall s", "CPU s a minute")},
        {"wall s": "below 1/10", "CPU s a minute": "below 1, with three rooms and the history kept"},
    )


def _watched(running: Farm, url: str) -> dict[str, Any]:
    command = ("-m", "bench.switches.watching", "--control", running.control)
    command += ("--rooms", str(ROOMS), "--passes", str(PASSES), "--ports", PORTS)
    environment = {
        "DATABASE_URL": url,
        "SWITCHES_INVENTORY": str(running.inventory),
        "SPARKOPS_ADMINS": "you@example.com",
        "WEBEX_ACCESS_TOKEN": "bot:sparkops@webex.bot",
        "LOG_LEVEL": "WARNING",
        # A machine that does other things meanwhile makes it slow, and not another measurement.
        "SWITCHES_TIMEOUT": "120",
        "SWITCHES_DEADLINE": "240",
    }
    return _told(command, environment)


def _told(command: tuple[str, ...], environment: dict[str, str]) -> dict[str, Any]:
    values = {**os.environ, "SWITCHES_PASSWORD": PASSWORD, **environment}
    done = subprocess.run(
        (sys.executable, *command), cwd=ROOT, env=values, capture_output=True, text=True, timeout=900
    )
    if done.returncode:
        raise RuntimeError(f"{command} ended with {done.returncode}:\n{done.stderr[-3000:]}")
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


if __name__ == "__main__":
    main()
