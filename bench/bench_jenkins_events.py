"""A burst of 10,000 build events over 500 jobs and 50 rooms, beside a script that posts a message per build.

Half of the rooms hear of everything, half of what changes; each job is heard of by one of either. What must be told
is worked out anew from what Jenkins itself says of its builds (`bench.jenkins_reference`), and what was told is read
from Webex. `lost`, `untold` and `untrue` are counts of what would be wrong, and the bench ends with an error where
one of them is not 0.
"""

from __future__ import annotations

import json
import math
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

import requests
from sqlalchemy import text

from bench import jenkins_stage
from bench.bench_roundtrip import Webex, playground_webex
from bench.family import Held, cpu_seconds, postgres, sampled
from bench.jenkins_reference import Build, deepest, most_within, told
from bench.jenkins_stage import BOT, OWNER, Jenkins, Sparkops
from bench.report import Result, publish
from bench.stage import ROOT, database
from bot.store.database import Database

EVENTS, JOBS, ROOMS, SENDERS = 10_000, 500, 50, 10
BUDGET, MINUTE = 30, 60.0
"""Messages nobody asked for that a room gets in a minute, as by default."""
LIMIT, WINDOW = 100, 10
"""Calls of a token in so many seconds. Webex publishes "about 300 a minute on most APIs, more for messages"."""
PEERS_MESSAGES = 1_000
"""The peer posts so many and no more; what all would take follows from its pace."""
_PEER = "one-by-one@webex.bot"
_OURS, _THEIRS = "Sparkops", "a message per build"
_WAIT = 1_800.0
_DIGEST = re.compile(r"^🔇 (\d+) more messages? since")

Ended = Mapping[str, Sequence[tuple[int, str]]]
"""By job, its ended builds as (number, result), oldest first."""


@dataclass(frozen=True)
class Seconds:
    """From the first event on, by the clock of the database."""

    accepted: float
    handled: float
    sent: float


def main() -> None:
    """The burst through Sparkops, then the peer among rooms of its own; each under the same limit of its token."""
    with database() as url, playground_webex() as webex, jenkins_stage.playground_jenkins() as jenkins:
        with jenkins_stage.sparkops(webex, jenkins.url, url) as bot:
            rooms = _subscribed(webex)
            began = time.time()
            _limited(webex)
            with _using(bot, url) as used, sampled({"web": bot.web, "worker": bot.worker}) as held:
                seconds = _burst(jenkins, bot, url)
        _unlimited(webex)
        ended = _ended(jenkins)
        ours = _checked(webex, url, rooms, ended, began)
        _limited(webex)
        theirs = _peer(webex, jenkins, rooms, ended)
        publish(_result(seconds, used, held, ours, theirs))


# --- the burst


def _subscribed(webex: Webex) -> dict[str, tuple[str, bool]]:
    """By room: the glob it subscribed to, in chat, and whether to everything."""
    wishes = {}
    for number, room in enumerate(jenkins_stage.rooms(webex, ROOMS)):
        slice_, everything = divmod(number, 2)
        hundred, fifth = divmod(slice_, 5)
        wishes[room] = (f"burst/job-0{hundred}[{2 * fifth}{2 * fifth + 1}]?", bool(everything))
    lines = [
        (room, f"jenkins subscribe {glob}{' --tell all' if everything else ''}")
        for room, (glob, everything) in wishes.items()
    ]
    jenkins_stage.say(webex, lines)
    return wishes


def _burst(jenkins: Jenkins, bot: Sparkops, url: str) -> Seconds:
    """Send all, and wait until nothing is left to do. Raises AssertionError where one is not answered by a 200."""
    report = jenkins.order(
        "burst", url=bot.hook, events=EVENTS, jobs=JOBS, concurrency=SENDERS, seed=20, prefix="burst"
    )
    assert report["answered_200"] == EVENTS, report["outcomes"]
    _until_quiet(url)
    return _moments(url)


def _until_quiet(url: str) -> None:
    """Wait until each event has ended and each message is sent, digests included. Raises TimeoutError."""
    query = text("""
        SELECT (SELECT count(*) FROM inbox WHERE state IN ('queued', 'waiting', 'handling'))
             + (SELECT count(*) FROM outbox WHERE state IN ('pending', 'sending'))
    """)
    until, left, looking = time.monotonic() + _WAIT, 1, Database(url, pool_size=1)
    while left:
        if time.monotonic() > until:
            raise TimeoutError(f"{left} events and messages are left after {_WAIT:.0f} s")
        time.sleep(1.0)
        with looking.transaction() as session:
            left = int(session.scalar(query) or 0)
    looking.close()


def _moments(url: str) -> Seconds:
    query = """
        SELECT extract(epoch FROM max(received_at) - min(received_at)),
               extract(epoch FROM max(finished_at) - min(received_at)),
               extract(epoch FROM (SELECT max(sent_at) FROM outbox) - min(received_at))
        FROM inbox WHERE source = 'jenkins'
    """
    [(accepted, handled, sent)] = _rows(url, query)
    return Seconds(float(accepted), float(handled), float(sent))


@contextmanager
def _using(bot: Sparkops, url: str) -> Iterator[dict[str, float]]:
    """CPU seconds of each family in the block, known once it is over."""
    pids = {"web": bot.web, "worker": bot.worker, "PostgreSQL": postgres(url)}
    before = {name: cpu_seconds(pid) for name, pid in pids.items()}
    used: dict[str, float] = {}
    yield used
    used.update({name: cpu_seconds(pid) - before[name] for name, pid in pids.items()})


# --- what came of it


def _ended(jenkins: Jenkins) -> Ended:
    """All builds of the burst, by Jenkins itself."""
    found = jenkins.ask("job/burst/", "jobs[fullName,builds[number,result]]")["jobs"]
    return {
        job["fullName"]: sorted((each["number"], each["result"]) for each in job["builds"]) for job in found
    }


def _checked(
    webex: Webex, url: str, rooms: Mapping[str, tuple[str, bool]], ended: Ended, began: float
) -> dict[str, dict[str, float]]:
    """What was told since `began`, against what must be. Raises AssertionError where one is lost or untrue."""
    kept = {
        (job, number): (phase, result)
        for job, number, phase, result in _rows(url, "SELECT job, number, phase, result FROM jenkins_builds")
    }
    truth = {(job, number): (3, result) for job, builds in ended.items() for number, result in builds}
    dead = _rows(url, "SELECT id FROM inbox WHERE source = 'jenkins' AND state <> 'done'")
    figures = {
        "builds on the record": float(len(kept)),
        "lost builds": float(sum(kept.get(build) != facts for build, facts in truth.items())),
        "lost events": float(len(dead)),
        "429s": float(_posted(webex).get("429", 0)),
    }
    assert len(truth) == EVENTS // 4, f"Jenkins knows of {len(truth)} builds"
    assert not figures["lost builds"] + figures["lost events"], figures
    assert len(kept) == len(truth), f"{len(kept)} builds are on the record"
    stored, found = _stored(url), {}
    for name, loud in (("loud rooms", True), ("quiet rooms", False)):
        heard = [
            Heard(
                told({job: each for job, each in ended.items() if fnmatchcase(job, glob)}, everything=loud),
                stored.get(room, frozenset()),
                [post for post in _posts(webex, room) if post[0] >= began],
            )
            for room, (glob, everything) in rooms.items()
            if everything is loud
        ]
        found[name] = _counted(heard)
    return {"burst": figures, **found}


@dataclass(frozen=True)
class Heard:
    """One room: the builds it must be told of, those it was by the outbox, and what Webex has of that."""

    wanted: Set[Build]
    builds: Set[Build]
    posts: Sequence[tuple[float, str]]

    @property
    def left_out(self) -> int:
        """Messages that digests stand for."""
        return sum(int(match[1]) for _, said in self.posts if (match := _DIGEST.match(said)))

    @property
    def reached(self) -> int:
        """Builds that were told, alone or in a digest."""
        return self.left_out + sum(not _DIGEST.match(said) for _, said in self.posts)


def _counted(rooms: Sequence[Heard]) -> dict[str, float]:
    """The rooms of one kind together; of moments the worst room. Raises AssertionError where one is wrong."""
    token = MINUTE / BUDGET
    moments = [[moment for moment, _ in each.posts] for each in rooms]
    found = {
        "wanted": float(sum(len(each.wanted) for each in rooms)),
        "messages": float(sum(len(each.posts) for each in rooms)),
        "left out": float(sum(each.left_out for each in rooms)),
        "untold": float(sum(len(each.wanted - each.builds) for each in rooms)),
        "untrue": float(sum(len(each.builds - each.wanted) for each in rooms)),
        "miscounted": float(sum(each.reached != len(each.wanted) for each in rooms)),
        "most in a minute": float(max(most_within(each, MINUTE) for each in moments)),
        "fullest bucket": max(deepest(each, token) for each in moments),
    }
    assert not found["untold"] + found["untrue"] + found["miscounted"], found
    # What Webex held up for a window comes with what has flowed in meanwhile.
    assert found["fullest bucket"] <= BUDGET + WINDOW / token, found
    return found


def _stored(url: str) -> dict[str, set[Build]]:
    """By room, the builds it was told of or had left out, by the outbox' own keys."""
    found: dict[str, set[Build]] = {}
    query = "SELECT room_id, dedupe_key FROM outbox WHERE dedupe_key LIKE 'jenkins:main:burst/%'"
    for room, key in _rows(url, query):
        _, _, job, number, *_ = key.split(":")
        found.setdefault(room, set()).add((job, int(number)))
    return found


def _posts(webex: Webex, room: str) -> list[tuple[float, str]]:
    """When and what the bot said in a room, by Webex."""
    items = webex.call("GET", f"messages?roomId={room}&max=1000", f"person:{OWNER}")["items"]
    assert isinstance(items, list)
    return [
        (datetime.fromisoformat(each["created"]).timestamp(), each.get("markdown") or each["text"])
        for each in items
        if each["personEmail"] == BOT
    ]


def _rows(url: str, query: str) -> list[Any]:
    looking = Database(url, pool_size=1)
    with looking.transaction() as session:
        found = list(session.execute(text(query)))
    looking.close()
    return found


# --- Webex' limit


def _limited(webex: Webex) -> None:
    fault = {"kind": "limit", "limit": LIMIT, "window": WINDOW}
    requests.post(f"{webex.url}/playground/faults", json=fault, timeout=10).raise_for_status()


def _unlimited(webex: Webex) -> None:
    requests.delete(f"{webex.url}/playground/faults", timeout=10).raise_for_status()


def _posted(webex: Webex) -> dict[str, int]:
    """How often POST /messages was answered so far, by status."""
    calls = requests.get(f"{webex.url}/playground/stats", timeout=10).json()["calls"]
    found: dict[str, int] = calls.get("POST /v1/messages", {})
    return found


def _at_best(messages: float) -> float:
    """Seconds that the limit alone makes so many messages take."""
    return (math.ceil(messages / LIMIT) - 1) * WINDOW


# --- the peer


def _peer(
    webex: Webex, jenkins: Jenkins, rooms: Mapping[str, tuple[str, bool]], ended: Ended
) -> dict[str, float]:
    """The same builds in the order of their numbers, to one room of each slice of jobs."""
    channels = {
        glob: webex.room(f"Channel {glob}", OWNER, _PEER) for glob, everything in rooms.values() if everything
    }
    builds = [
        {
            "room": next(room for glob, room in channels.items() if fnmatchcase(job, glob)),
            "job": job,
            "number": number,
            "result": result,
            "url": f"{jenkins.url}/job/{job.replace('/', '/job/')}/{number}/",
        }
        for number, job, result in sorted(
            (number, job, result) for job, every in ended.items() for number, result in every
        )
    ]
    before = _posted(webex)
    running = subprocess.run(
        [sys.executable, "-m", "bench.message_per_build", f"{webex.url}/v1/", f"bot:{_PEER}"],
        input="\n".join(map(json.dumps, builds[:PEERS_MESSAGES])),
        cwd=ROOT,
        env=dict(os.environ),
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    found: dict[str, float] = json.loads(running.stdout)
    refused = _posted(webex).get("429", 0) - before.get("429", 0)
    return {**found, "429s": float(refused), "builds": float(len(builds))}


# --- the result


def _result(
    seconds: Seconds,
    used: Mapping[str, float],
    held: Mapping[str, Held],
    ours: Mapping[str, Mapping[str, float]],
    theirs: Mapping[str, float],
) -> Result:
    messages = ours["loud rooms"]["messages"] + ours["quiet rooms"]["messages"]
    wanted = ours["loud rooms"]["wanted"] + ours["quiet rooms"]["wanted"]
    scale = theirs["builds"] / theirs["messages"]
    posting = {
        _OURS: {
            "told": wanted,
            "messages": messages,
            "429s": ours["burst"]["429s"],
            "s to the last": seconds.sent,
            "s by the limit alone": _at_best(messages),
        },
        _THEIRS: {
            "told": theirs["builds"],
            "messages": theirs["builds"],
            "429s": theirs["429s"] * scale,
            # What the limit makes it wait is known of all; what comes on top is by its pace.
            "s to the last": _at_best(theirs["builds"])
            + scale * max(0.0, theirs["seconds"] - _at_best(theirs["messages"])),
            "s by the limit alone": _at_best(theirs["builds"]),
        },
    }
    figures = {
        **posting,
        **ours,
        "seconds from the first event": asdict(seconds),
        "CPU ms an event": {name: each / EVENTS * 1000 for name, each in used.items()},
        **{f"{name}, USS MB": each.columns() for name, each in held.items()},
    }
    last = f"{_OURS}: s to the last message / s by Webex' limit alone"
    fullest = f"fullest bucket / {BUDGET}"
    ratios = {
        "messages to 50 rooms / a message per build to 25": messages / theirs["builds"],
        "messages to the 25 quiet rooms / a message per build to 25": ours["quiet rooms"]["messages"]
        / theirs["builds"],
        last: posting[_OURS]["s to the last"] / posting[_OURS]["s by the limit alone"],
        fullest: ours["loud rooms"]["fullest bucket"] / BUDGET,
        **{
            f"{name}, USS: end / middle": each.columns()["end"] / each.columns()["middle"]
            for name, each in held.items()
        },
    }
    targets = {
        last: "near 1: the limit is what takes the time",
        fullest: "no more than 1: no room gets more than its budget",
        **{f"{name}, USS: end / middle": "near 1: flat" for name in held},
    }
    peer = f"a message per finished build (webexpythonsdk; {theirs['messages']:.0f} posted, the rest by its pace)"
    return Result("jenkins_events", peer, figures, ratios, targets)


if __name__ == "__main__":
    main()
