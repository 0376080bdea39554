"""The log of a build: seconds and memory of its last lines and of a search, beside python-jenkins' own call.

The log has 100 MB and a million lines, made by the stand-in Jenkins as it is read: "plain" takes its bytes and does
nothing with them, and so tells what of the seconds is the server's.
"""

from __future__ import annotations

import json
import subprocess
import sys
from statistics import median

import requests

from bench.jenkins_log_process import NEEDLE
from bench.report import Result, publish
from bench.stage import ROOT, process, wait_until_answers
from bot.supervisor import free_port

MEGABYTES = 100
ROUNDS = 3
_WHO = {
    "tail": "the last 40 lines: Sparkops",
    "library": "the last 40 lines: python-jenkins",
    "grep": "search for words: Sparkops",
    "grep regex": "search for /a regex/: Sparkops",
    "library grep": "search for words: python-jenkins",
    "plain": "taking the bytes",
}
_LINES = {"tail": 40, "library": 40, "grep": 1, "grep regex": 1, "library grep": 1}


def main() -> None:
    """Each reading in a fresh process, three times; the median of the seconds and the most of the memory."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with process("-m", "playground", "jenkins", "--port", str(port)):
        wait_until_answers(f"{url}/playground/faults")
        number = _long_build(url)
        publish(_result({name: _measured(who, url, number) for who, name in _WHO.items()}))


def _long_build(url: str) -> int:
    order = {"job": "web", "log": "+ make world", "log_megabytes": MEGABYTES, "log_lines": {"999000": NEEDLE}}
    made = requests.post(f"{url}/playground/builds", json=order, timeout=60)
    made.raise_for_status()
    return int(made.json()["number"])


def _measured(who: str, url: str, number: int) -> dict[str, float]:
    found = [_once(who, url, number) for _ in range(ROUNDS)]
    came = {each["lines"] for each in found}
    assert who not in _LINES or came == {_LINES[who]}, f"{who} came to {came} lines"
    return {
        "seconds": median(each["seconds"] for each in found),
        "peak MB": max(each["peak MB"] for each in found),
    }


def _once(who: str, url: str, number: int) -> dict[str, float]:
    ended = subprocess.run(
        [sys.executable, "-m", "bench.jenkins_log_process", who, url, "web", str(number)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    found: dict[str, float] = json.loads(ended.stdout)
    return found


def _result(figures: dict[str, dict[str, float]]) -> Result:
    ratios = {}
    for ours, theirs in (("tail", "library"), ("grep", "library grep")):
        for column in ("seconds", "peak MB"):
            mine, others = figures[_WHO[ours]][column], figures[_WHO[theirs]][column]
            ratios[f"{column} of {_WHO[ours].partition(':')[0]}"] = mine / others
    targets = {
        "seconds of the last 40 lines": "and under 1 s",
        "peak MB of the last 40 lines": "and under 20 MB",
    }
    return Result("jenkins_log", "python-jenkins' get_build_console_output", figures, ratios, targets)


if __name__ == "__main__":
    main()
