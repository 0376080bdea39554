"""What 1,000 jobs cost to be looked at: requests, bytes and CPU, beside a bot that asks for each job by itself.

Each room subscribes to twenty jobs, and the rooms share none. Counted by a relay before the stand-in Jenkins while
Sparkops' own worker runs; a measurement begins with a look and lasts whole looks. The other bot asks at the same
interval for each job of each room (`get_job_info`) and for each build it follows (`get_build_info`), as those on
python-jenkins do; one round of it is measured, in a thread of its own.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import jenkins as python_jenkins

from bench import jenkins_stage
from bench.bench_roundtrip import Webex, playground_webex
from bench.family import cpu_seconds
from bench.jenkins_stage import Jenkins, Sparkops
from bench.relay import Relay, relay
from bench.report import Result, publish
from bench.stage import database

JOBS, OF_A_ROOM, FOLLOWED = 1_000, 20, 20
ROOMS = (1, 10, 50)
LOOKS = 3
EVERY = 15.0
"""Seconds between looks, by default (JENKINS_LOOK_EVERY)."""
_FOLDERS = 10
_SETTLE = 90.0
"""Seconds until followed builds are asked for at their slowest: each ten seconds."""
_LOOK = "/computer/api/json"
"""Asked once in each look, and by nothing else here."""
_OURS, _THEIRS = "Sparkops", "each job by itself"


@dataclass(frozen=True)
class Seen:
    """What passed in so many seconds."""

    seconds: float
    looks: float
    requests: int
    bytes_: int
    cpu: float

    def columns(self, idle: float) -> dict[str, float]:
        """By the minute and by the look; `idle`: seconds of CPU a second that the process takes anyway."""
        cpu = max(0.0, self.cpu - idle * self.seconds)
        return {
            "requests/min": self.requests / self.seconds * 60,
            "kB/min": self.bytes_ / 1000 / self.seconds * 60,
            "requests/look": self.requests / self.looks,
            "kB/look": self.bytes_ / 1000 / self.looks,
            "CPU ms/look": cpu / self.looks * 1000,
        }


def main() -> None:
    """First more and more rooms, then builds to follow besides."""
    with (
        database() as url,
        playground_webex() as webex,
        jenkins_stage.playground_jenkins() as jenkins,
        relay(int(jenkins.url.rpartition(":")[2])) as passing,
    ):
        _filled(jenkins)
        at = f"http://127.0.0.1:{passing.port}"
        ours, theirs = {}, {}
        with jenkins_stage.sparkops(webex, at, url) as bot:
            rooms = jenkins_stage.rooms(webex, max(ROOMS))
            jenkins_stage.say(webex, [(room, "ping") for room in rooms])
            idle = _idle(bot)
            before = 0
            for count in ROOMS:
                _subscribe(webex, rooms, range(before, count))
                before = count
                ours[count, 0] = _looked(bot, passing)
            jenkins_stage.say(webex, [(rooms[n], f"jenkins build slow/job-{n:02}") for n in range(FOLLOWED)])
            time.sleep(_SETTLE)
            ours[max(ROOMS), FOLLOWED] = _looked(bot, passing)
        for count, followed in ours:
            theirs[count, followed] = _asked(at, passing, count, followed)
    publish(_result(ours, theirs, idle))


def _filled(jenkins: Jenkins) -> None:
    jenkins.order("jobs/many", count=JOBS, folders=_FOLDERS, builds=5, seed=20)
    jenkins.order("queue", executors=FOLLOWED)
    jenkins.order("jobs", name="slow", kind="folder")
    for number in range(FOLLOWED):
        jenkins.order("jobs", name=f"slow/job-{number:02}", seconds=86_400)


def _subscribe(webex: Webex, rooms: Sequence[str], numbers: range) -> None:
    jenkins_stage.say(webex, [(rooms[number], f"jenkins subscribe {_glob(number)}") for number in numbers])


def _glob(room: int) -> str:
    """Twenty jobs: the unit and a pair of tens name a fiftieth."""
    tens, unit = divmod(room, 10)
    return f"many/*/job-00?[{2 * tens}{2 * tens + 1}]{unit}"


def _jobs_of(room: int) -> list[str]:
    tens, unit = divmod(room, 10)
    numbers = [n for n in range(JOBS) if n % 10 == unit and n // 10 % 10 // 2 == tens]
    assert len(numbers) == OF_A_ROOM
    return [f"many/folder-{number % _FOLDERS:03}/job-{number:05}" for number in numbers]


# --- Sparkops


def _idle(bot: Sparkops) -> float:
    """CPU seconds a second of a worker that nobody asked for anything."""
    began, before = time.monotonic(), cpu_seconds(bot.worker)
    time.sleep(EVERY)
    return (cpu_seconds(bot.worker) - before) / (time.monotonic() - began)


def _looked(bot: Sparkops, passing: Relay) -> Seen:
    """Whole looks: from one to the one after the last."""
    _next_look(passing)
    began, requests, answered = time.monotonic(), len(passing.requests), passing.answered
    cpu = cpu_seconds(bot.worker)
    for _ in range(LOOKS):
        _next_look(passing)
    return Seen(
        time.monotonic() - began,
        LOOKS,
        len(passing.requests) - requests,
        passing.answered - answered,
        cpu_seconds(bot.worker) - cpu,
    )


def _next_look(passing: Relay, seconds: float = 120.0) -> None:
    """Wait until a look has begun and is over. Raises TimeoutError."""
    known, until = _looks(passing), time.monotonic() + seconds
    while _looks(passing) == known:
        if time.monotonic() > until:
            raise TimeoutError(f"no look at Jenkins within {seconds:.0f} s")
        time.sleep(0.05)
    time.sleep(2.0)


def _looks(passing: Relay) -> int:
    return sum(each.path == _LOOK for each in passing.requests)


# --- the bot that asks for each job


def _asked(url: str, passing: Relay, rooms: int, followed: int) -> Seen:
    """One round, as if it was asked every `EVERY` seconds."""
    server = python_jenkins.Jenkins(url, "sparkops", "playground-token")
    server.get_whoami()
    requests, answered, cpu = len(passing.requests), passing.answered, time.thread_time()
    for room in range(rooms):
        for job in _jobs_of(room):
            server.get_job_info(job)
    for number in range(followed):
        server.get_build_info(f"slow/job-{number:02}", 1)
    return Seen(
        EVERY, 1, len(passing.requests) - requests, passing.answered - answered, time.thread_time() - cpu
    )


def _result(ours: dict[tuple[int, int], Seen], theirs: dict[tuple[int, int], Seen], idle: float) -> Result:
    figures = {}
    for (rooms, followed), seen in ours.items():
        name = f"{rooms} room{'s' if rooms > 1 else ''}{f', {followed} builds followed' if followed else ''}"
        figures[f"{name}: {_OURS}"] = seen.columns(idle)
        figures[f"{name}: {_THEIRS}"] = theirs[rooms, followed].columns(0.0)
    few, many = (figures[f"{name}: {_OURS}"] for name in ("1 room", f"{max(ROOMS)} rooms"))
    others = figures[f"{max(ROOMS)} rooms: {_THEIRS}"]
    at_most = f"{max(ROOMS)} rooms"
    ratios = {f"{column} of {at_most}": many[column] / others[column] for column in many}
    ratios["requests of 50 rooms / of 1 room, Sparkops"] = many["requests/look"] / few["requests/look"]
    targets = {"requests of 50 rooms / of 1 room, Sparkops": "1: a look serves all rooms"}
    return Result(
        "jenkins_polling",
        "a bot on python-jenkins that asks for each job by itself",
        figures,
        ratios,
        targets,
    )


if __name__ == "__main__":
    main()
