"""From a grant in one process until every other process decides by it, beside processes that look once a second."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

import yaml

from bench.report import Result, publish, spread
from bench.stage import ROOT, database
from bot.access import grants
from bot.config_file import AccessRule
from bot.store.database import Database

RULES, CHANGES, PROCESSES = 1000, 60, 2
_HEARD, _POLLED = "Sparkops (LISTEN)", "a look each second"
_WAYS = {_HEARD: "heard", _POLLED: "polled"}


def main() -> None:
    """Give and revoke grants at random moments; every process tells when it has taken the policy that follows."""
    with (
        database() as url,
        tempfile.TemporaryDirectory(prefix="sparkops-bench-") as folder,
        ExitStack() as stack,
    ):
        config = _config(Path(folder))
        processes = {
            who: [stack.enter_context(_process(way, url, config)) for _ in range(PROCESSES)]
            for who, way in _WAYS.items()
        }
        seconds = _measure(url, processes)
    figures = {who: {**spread(each), "slowest ms": max(each) * 1000} for who, each in seconds.items()}
    half = f"half of the changes / {_POLLED}"
    publish(
        Result(
            name="policy_changes",
            peer="processes that read the grants once a second, as a reload by cron would at best",
            figures=figures,
            ratios={
                half: median(seconds[_HEARD]) / median(seconds[_POLLED]),
                "slowest / 1 s": max(seconds[_HEARD]),
            },
            targets={half: "below 0.1", "slowest / 1 s": "below 1"},
        )
    )


def _config(folder: Path) -> Path:
    """A file of so many rules: they are put together anew with every change."""
    rules = [
        {
            "allow": f"person{number}@example.com",
            "commands": f"noun{number % 50} *",
            "rooms": f"Team {number} *",
        }
        for number in range(RULES)
    ]
    path = folder / "sparkops.yaml"
    path.write_text(yaml.safe_dump({"access": rules}))
    return path


def _measure(url: str, processes: dict[str, list[subprocess.Popen[str]]]) -> dict[str, list[float]]:
    """Seconds from before the commit until each process decides by the grant, or without it."""
    giver, seconds = Database(url), {who: list[float]() for who in processes}
    for each in (process for group in processes.values() for process in group):
        _taken(each, RULES)
    number = 0
    for change in range(CHANGES):
        time.sleep(random.uniform(0.1, 1.1))
        began = time.monotonic_ns()
        with giver.transaction() as session:
            if change % 2 == 0:
                number = grants.give(session, AccessRule(allow=("ada@example.com",)), by="you@example.com")
            else:
                grants.revoke(session, number, by="you@example.com")
        expected = RULES + (change % 2 == 0)
        for who, group in processes.items():
            seconds[who] += [(_taken(each, expected) - began) / 1e9 for each in group]
    giver.close()
    return seconds


def _taken(process: subprocess.Popen[str], rules: int) -> int:
    """When the process took a policy of so many rules, in nanoseconds. Raises RuntimeError where it has ended."""
    assert process.stdout is not None
    for line in process.stdout:
        at, count = line.split()
        if int(count) == rules:
            return int(at)
    raise RuntimeError(f"The process ended with {process.wait()}.")


@contextmanager
def _process(way: str, url: str, config: Path) -> Iterator[subprocess.Popen[str]]:
    environment = {**os.environ, "DATABASE_URL": url, "SPARKOPS_CONFIG": str(config)}
    running = subprocess.Popen(
        [sys.executable, "-m", "bench.policy_process", way],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield running
    finally:
        running.terminate()
        running.wait(30)


if __name__ == "__main__":
    main()
