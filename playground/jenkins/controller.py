"""The Jenkins controller: a world with its queue, executors, callers, faults and hooks, and its restarts."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from typing import Literal, Protocol
from urllib.parse import urlsplit

from playground.jenkins import demo as demo_world
from playground.jenkins.access import Access
from playground.jenkins.builds import replay
from playground.jenkins.causes import Cause, Change
from playground.jenkins.clock import Clock
from playground.jenkins.downstream import run_downstream, trigger_downstream
from playground.jenkins.executors import Executors, Interruption
from playground.jenkins.exports import Exports
from playground.jenkins.faults import Faults
from playground.jenkins.happenings import BuildDeleted, BuildMoved, Happening, ItemChanged, NodeChanged
from playground.jenkins.nodes import Node, Nodes, OfflineMark
from playground.jenkins.notifications import Hook, Notifier
from playground.jenkins.parameters import ParameterValue
from playground.jenkins.queue import Queue
from playground.jenkins.script import DownstreamRequest, Script
from playground.jenkins.world import Build, Folder, Job, World

Phase = Literal["up", "refusing", "booting"]


class Doors(Protocol):
    """The listening socket, where the stand-in has one of its own."""

    async def close(self) -> None:
        """Refuse connections from now on."""

    async def open(self) -> None:
        """Accept them again, at the same port."""


class Controller:
    """Everything a request may touch. `reset` makes it as new."""

    def __init__(
        self,
        *,
        root_url: str,
        hooks: tuple[Hook, ...] = (),
        demo: bool = True,
        speed: float = 1.0,
        anonymous_read: bool = False,
    ) -> None:
        self.root_url = root_url if root_url.endswith("/") else root_url + "/"
        self.context = urlsplit(self.root_url).path
        self.doors: Doors | None = None
        self._hooks = hooks
        self._demo = demo
        self._speed = speed
        self._anonymous_read = anonymous_read
        self._restarting: asyncio.Task[None] | None = None
        self._set_up()

    def _set_up(self) -> None:
        self.phase: Phase = "up"
        self.session = secrets.token_hex(4)
        self.clock = Clock(self._speed)
        self.world = World(self.root_url)
        self.access = Access(anonymous_read=self._anonymous_read)
        self.faults = Faults()
        self.nodes = Nodes()
        self.executors = Executors(
            self.clock,
            self.nodes,
            self.tell,
            lambda: self.queue.maintain(),
            lambda: self.queue.next_id(),
            self._run_downstream,
        )
        self.queue = Queue(self.clock, self.executors, _call_later, self.tell)
        self.exports = Exports(self.world, self.queue, self.executors, self.clock.now)
        self.notifier = Notifier(self.world, self.exports, self.clock.now, self._hooks)
        if self._demo:
            demo_world.fill(self.world, self.nodes, self.clock.now(), self.queue.next_id)

    async def close(self) -> None:
        """End all builds and notifications, and let nothing start any more."""
        self.queue.held = True
        if self._restarting is not None:
            self._restarting.cancel()
            await asyncio.gather(self._restarting, return_exceptions=True)
        await self.executors.shut_down()
        await self.notifier.close()

    async def reset(self) -> None:
        """Forget everything that happened and every switch that was set."""
        await self.close()
        self._set_up()

    def inject(
        self,
        job: Job,
        script: Script,
        cause: Cause,
        parameters: tuple[ParameterValue, ...] = (),
        changes: tuple[Change, ...] = (),
        seconds: float = 10.0,
    ) -> Build:
        """A build Jenkins ran by itself and has just ended, all its notifications sent."""
        started = self.clock.now() - round(seconds * 1000)
        build = Build(job, job.next_number, self.queue.next_id(), started, (cause,), parameters, changes)
        job.next_number += 1
        job.builds.append(build)
        self.tell(BuildMoved(build, "QUEUED"))
        self.tell(BuildMoved(build, "STARTED"))
        replay(build, script, self.nodes.home_of(job.label))
        self.tell(BuildMoved(build, "COMPLETED"))
        self.tell(BuildMoved(build, "FINALIZED"))
        return build

    def tell(self, happening: Happening) -> None:
        """Let the hooks know, and let a good build start the jobs it triggers."""
        self.notifier.tell(happening)
        if isinstance(happening, BuildMoved) and happening.phase == "COMPLETED":
            trigger_downstream(self.world, self.queue, happening.build)

    async def _run_downstream(self, build: Build, request: DownstreamRequest) -> None:
        await run_downstream(self.world, self.queue, self.executors, build, request)

    def mark_node(self, node: Node, mark: OfflineMark | None) -> None:
        """Take a node offline for now, or put it online again; what runs on it runs on."""
        node.mark = mark
        self.tell(NodeChanged(node))
        self.queue.maintain()

    def connect_node(self, node: Node, connected: bool) -> None:
        """Break an agent's connection, or mend it."""
        if node.disconnected == (not connected):
            return
        node.disconnected = not connected
        if node.disconnected:
            self.executors.lose(node)
        self.tell(NodeChanged(node))
        self.queue.maintain()

    def delete(self, item: Job | Folder, user: str) -> None:
        """Delete a job, or a folder with all in it: its builds end, its queue items go."""
        for child in self.world.children(item.full_name) if isinstance(item, Folder) else ():
            self.delete(child, user)
        if isinstance(item, Job):
            self.queue.drop(item)
            for build in item.running():
                self.executors.interrupt(build, Interruption(None, noted=False))
        self.world.delete(item)
        self.tell(ItemChanged(item, "deleted", user))

    def delete_build(self, build: Build) -> None:
        """Throw a build away, ended or not."""
        self.executors.interrupt(build, Interruption(None, noted=False))
        build.job.builds.remove(build)
        self.tell(BuildDeleted(build))

    def restart(self, refusing: float, booting: float) -> None:
        """Go down and come back: so many real seconds of refused connections, then of the boot page."""
        if self._restarting is not None and not self._restarting.done():
            return
        self._go_down()
        self._restarting = asyncio.create_task(self._come_back(refusing, booting), name="restart")

    def _go_down(self) -> None:
        """Freestyle builds die; pipelines, open questions and waiting items are kept (measured)."""
        self.phase = "refusing"
        self.clock.stop()
        self.queue.held = True
        self.queue.forget_left()
        self.access.forget_sessions()
        for build in self.executors.running():
            if build.job.kind == "freestyle":
                self.executors.interrupt(build, Interruption(None, noted=False))

    async def _come_back(self, refusing: float, booting: float) -> None:
        if self.doors is not None:
            await self.doors.close()
        await asyncio.sleep(refusing)
        self.phase = "booting"
        if self.doors is not None:
            await self.doors.open()
        await asyncio.sleep(booting)
        self.session = secrets.token_hex(4)
        self.phase = "up"
        self.queue.quieting_down = False
        self.queue.quiet_down_reason = None
        self.queue.held = False
        self.clock.go()
        self.queue.maintain()


def _call_later(seconds: float, action: Callable[[], None]) -> object:
    return asyncio.get_running_loop().call_later(seconds, action)
