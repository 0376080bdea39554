"""One reading of a long build's log, in a process of its own that prints seconds and megabytes as JSON.

`python -m bench.jenkins_log_process WHO URL JOB NUMBER`, where WHO is one of those in WORKS.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from functools import partial

import jenkins
import requests

from bench.footprint import footprint
from integrations.jenkins.client import JenkinsClient
from integrations.jenkins.logs import Bounds, BuildLog
from integrations.jenkins.search import Pattern, Wanted
from playground.jenkins.access import DEFAULT_TOKEN

TAIL = 40
NEEDLE = "ERROR: the disk is full"
_USER, _TOKEN = "bot", DEFAULT_TOKEN

Work = Callable[[str, str, int], int]
"""Given the server, the job and the build: reads, and returns how many lines it came to."""


def tail(url: str, job: str, number: int) -> int:
    """`jenkins log JOB #n`."""
    return len(BuildLog(JenkinsClient(url, _USER, _TOKEN), job, number).tail(TAIL).lines)


def grep(typed: str, url: str, job: str, number: int) -> int:
    """`jenkins log JOB #n --grep …`."""
    log = BuildLog(JenkinsClient(url, _USER, _TOKEN, timeout=60), job, number)
    return log.grep(Pattern(typed), Wanted(), Bounds(bytes=10**9, seconds=600)).hits


def library(url: str, job: str, number: int) -> int:
    """python-jenkins' own call, and the last lines of what it gives."""
    handle = jenkins.Jenkins(url, _USER, _TOKEN, timeout=60)
    return len(handle.get_build_console_output(job, number).splitlines()[-TAIL:])


def library_grep(url: str, job: str, number: int) -> int:
    """The same, searched line by line."""
    handle = jenkins.Jenkins(url, _USER, _TOKEN, timeout=60)
    text = handle.get_build_console_output(job, number)
    return sum(NEEDLE in line for line in text.splitlines())


def plain(url: str, job: str, number: int) -> int:
    """Nothing but taking the bytes: what the server and the wire cost."""
    place = f"{url}/job/{job}/{number}/consoleText"
    with requests.get(place, auth=(_USER, _TOKEN), stream=True, timeout=60) as answer:
        return sum(piece.count(b"\n") for piece in answer.iter_content(65_536))


WORKS: Mapping[str, Work] = {
    "tail": tail,
    "grep": partial(grep, NEEDLE),
    "grep regex": partial(grep, "/error: .* full$/"),
    "library": library,
    "library grep": library_grep,
    "plain": plain,
}


def main(who: str, url: str, job: str, number: str) -> None:
    """Measure and print. A first small reading lets each pay for its imports and its connection beforehand."""
    WORKS[who](url, job, 1)
    with footprint() as found:
        lines = WORKS[who](url, job, int(number))
    print(json.dumps({"seconds": found.seconds, "peak MB": found.peak_mb, "lines": lines}))


if __name__ == "__main__":
    main(*sys.argv[1:])
