"""Tells every hook of a build's phases as the Notification plugin does: in order and in the background.

Format: jenkinsci/notification-plugin, model serialised with Gson (nulls left out).
"""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import dataclass, field
from typing import Literal

import aiohttp

from playground.jenkins.tree import Json
from playground.jenkins.world import Build, TestResults, World

log = logging.getLogger(__name__)

TIMEOUT = 30.0
"""Seconds; the plugin's default."""

SwitchKind = Literal["duplicate", "hold", "drop"]


@dataclass(frozen=True)
class Hook:
    """Where notifications go, and how many lines of the log they bring along (0: none)."""

    url: str
    log_lines: int = 0


@dataclass
class Switch:
    """Mistreats notifications: sends them twice, holds them until after the next one, or drops them.

    `phase` None means any; `count` None means for ever.
    """

    kind: SwitchKind
    phase: str | None = None
    count: int | None = 1


@dataclass
class Delivery:
    """One notification to one hook and what became of it: waiting, held, dropped, a status or an error."""

    hook: str
    phase: str
    build: str
    payload: dict[str, Json]
    outcome: str = "waiting"


@dataclass
class _Line:
    """The deliveries on their way to one hook, one after the other."""

    queue: asyncio.Queue[Delivery] = field(default_factory=asyncio.Queue)
    held: list[Delivery] = field(default_factory=list)
    worker: asyncio.Task[None] | None = None


def payload(world: World, build: Build, phase: str, log_lines: int = 0) -> dict[str, Json]:
    """The body of one notification. `name` is the short name; only `url` tells the folder."""
    ended = phase in ("COMPLETED", "FINALIZED")
    state: dict[str, Json] = {
        "full_url": world.url(build.path),
        "number": build.number,
        "queue_id": build.queue_id,
        "timestamp": build.started,
        "duration": build.duration if ended else 0,
        "phase": phase,
    }
    if ended:
        state["status"] = build.result
    state |= {"url": build.path, "scm": _scm(build)}
    if build.parameters:
        state["parameters"] = {
            value.name: value.as_text() for value in build.parameters if not value.sensitive
        }
    state |= {"log": build.log.tail(log_lines), "notes": ""}
    if build.tests is not None:
        state["test_summary"] = _test_summary(build.tests)
    state["artifacts"] = {
        artifact.path: {"archive": world.url(f"{build.path}artifact/{artifact.path}")}
        for artifact in build.artifacts
    }
    return {
        "name": build.job.name,
        "display_name": build.job.name,
        "url": build.job.path,
        "build": state,
    }


def _scm(build: Build) -> dict[str, Json]:
    """What the plugin knows of the commits: for a pipeline it never finds any."""
    if build.job.kind == "pipeline" or not build.changes:
        return {"changes": [], "culprits": []}
    return {
        "url": f"https://git.example.com/acme/{build.job.name}.git",
        "branch": "origin/main",
        "commit": build.changes[-1].commit,
        "changes": [path for change in build.changes for path in change.files],
        "culprits": list(dict.fromkeys(change.author for change in build.changes)),
    }


def _test_summary(tests: TestResults) -> dict[str, Json]:
    return {
        "total": len(tests.cases),
        "failed": tests.count("FAILED"),
        "passed": tests.count("PASSED"),
        "skipped": tests.count("SKIPPED"),
        "failed_tests": [f"{case.class_name}.{case.name}" for case in tests.cases if case.status == "FAILED"],
    }


class Notifier:
    """Sends notifications to every hook; keeps what it sent."""

    def __init__(self, world: World, hooks: tuple[str, ...]) -> None:
        self.hooks: list[Hook] = [Hook(url) for url in hooks]
        self.switches: list[Switch] = []
        self.deliveries: list[Delivery] = []
        self._world = world
        self._lines: dict[str, _Line] = {}
        self._session: aiohttp.ClientSession | None = None

    def notify(self, build: Build, phase: str) -> None:
        """Put a notification for every hook on its way; returns at once."""
        switch = self._take_switch(phase)
        for hook in self.hooks:
            body = payload(self._world, build, phase, hook.log_lines)
            self._dispatch(Delivery(hook.url, phase, self._world.url(build.path), body), switch)

    async def close(self) -> None:
        """Stop sending; what is on its way is lost."""
        workers = [line.worker for line in self._lines.values() if line.worker is not None]
        self._lines.clear()
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _take_switch(self, phase: str) -> Switch | None:
        for switch in self.switches:
            if switch.phase in (None, phase):
                if switch.count is not None:
                    switch.count -= 1
                    if switch.count <= 0:
                        self.switches.remove(switch)
                return switch
        return None

    def _dispatch(self, delivery: Delivery, switch: Switch | None) -> None:
        line = self._line(delivery.hook)
        self.deliveries.append(delivery)
        kind = None if switch is None else switch.kind
        if kind == "drop":
            delivery.outcome = "dropped"
        elif kind == "hold":
            delivery.outcome = "held"
            line.held.append(delivery)
        else:
            line.queue.put_nowait(delivery)
            if kind == "duplicate":
                again = Delivery(delivery.hook, delivery.phase, delivery.build, delivery.payload)
                self.deliveries.append(again)
                line.queue.put_nowait(again)
            for held in line.held:
                line.queue.put_nowait(held)
            line.held.clear()

    def _line(self, url: str) -> _Line:
        line = self._lines.setdefault(url, _Line())
        if line.worker is None:
            line.worker = asyncio.create_task(self._work(line), name=f"notifications to {url}")
        return line

    async def _work(self, line: _Line) -> None:
        while True:
            await self._deliver(await line.queue.get())

    async def _deliver(self, delivery: Delivery) -> None:
        """POST once. The plugin looks at no status and by default does not try again, so neither do we."""
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT))
        body = json.dumps(delivery.payload, ensure_ascii=False, separators=(",", ":")).encode()
        headers = {"Content-Type": "application/json;charset=UTF-8"}
        try:
            async with self._session.post(delivery.hook, data=body, headers=headers) as response:
                delivery.outcome = str(response.status)
        except (aiohttp.ClientError, TimeoutError) as error:
            delivery.outcome = f"{type(error).__name__}: {error}"
            log.warning("notification of %s to %s: %s", delivery.build, delivery.hook, delivery.outcome)
