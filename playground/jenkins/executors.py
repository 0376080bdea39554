"""The running builds: seats them on nodes, plays their scripts in real time, stops them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from playground.jenkins.builds import begin, end_node, finish, outcome, record, settle
from playground.jenkins.clock import Clock
from playground.jenkins.happenings import BuildMoved, InputChanged, Tell
from playground.jenkins.nodes import NEEDS_EXECUTOR, Node, Nodes, why_not, why_not_here
from playground.jenkins.parameters import ParameterValue
from playground.jenkins.queue_items import WaitingPart
from playground.jenkins.script import DownstreamRequest, Result, Script
from playground.jenkins.timeline import DownstreamWanted, InputWanted, Part, plan
from playground.jenkins.world import Build, PendingInput


@dataclass(frozen=True)
class Interruption:
    """What ended a build early: the line it logs, whether Jenkins notes it and tells of it, what it came to."""

    line: str | None
    noted: bool = True
    result: Result = "ABORTED"


class StepBroke(Exception):
    """A step of a running pipeline went wrong in a way its script could not foresee; the build gets `result`."""

    def __init__(self, message: str, result: Result = "FAILURE") -> None:
        super().__init__(message)
        self.result = result


RunDownstream = Callable[[Build, DownstreamRequest], Awaitable[None]]
"""Runs a job for a `build` step and waits if the step waits; raises StepBroke."""


@dataclass(eq=False)
class _Running:
    script: Script
    task: asyncio.Task[None] | None = None
    node: Node | None = None
    interruption: Interruption | None = None
    waiting: WaitingPart | None = None
    wake: asyncio.Event | None = None


class Executors:
    """The builds under way. A pipeline without a label needs no executor; all others hold one each.

    tell: hears of phases and questions. freed: called when an executor came free. next_id: gives queue ids.
    """

    def __init__(
        self,
        clock: Clock,
        nodes: Nodes,
        tell: Tell,
        freed: Callable[[], None],
        next_id: Callable[[], int],
        run_downstream: RunDownstream,
    ) -> None:
        self.clock = clock
        self.nodes = nodes
        self._tell = tell
        self._freed = freed
        self._next_id = next_id
        self._run_downstream = run_downstream
        self._running: dict[Build, _Running] = {}

    def running(self) -> list[Build]:
        """The builds under way, oldest first."""
        return list(self._running)

    def on(self, node: Node) -> list[Build]:
        """The builds on a node's executors: those that hold one first, then pipelines that merely run there.

        A pipeline that waits for input has let its executor go (measured: only `oneOffExecutors` shows it).
        """
        there = [
            build
            for build, running in self._running.items()
            if running.node is node and build.pending is None
        ]
        return sorted(there, key=lambda build: not _holds_executor(build))[: node.executors]

    def waiting(self) -> list[WaitingPart]:
        """The running pipelines that wait for a node."""
        return [running.waiting for running in self._running.values() if running.waiting is not None]

    def free_node(self, label: str | None) -> Node | None:
        """An online node with an idle executor for this label, the idlest of all; None when there is none."""
        idle = [(self._idle(node), node) for node in self.nodes.fitting(label) if node.online]
        most, node = max(idle, key=lambda pair: pair[0], default=(0, None))
        return node if most > 0 else None

    def _idle(self, node: Node) -> int:
        held = [build for build, running in self._running.items() if running.node is node]
        return node.executors - sum(_holds_executor(build) for build in held)

    def why_none(self, label: str | None) -> str:
        """Why nothing starts for this label (hudson.model.Queue.BuildableItem.getCauseOfBlockage).

        Without a label every node has its say, but only while one of them has an idle executor.
        """
        if label is not None:
            return why_not(label, self.nodes.fitting(label))
        if any(node.online and self._idle(node) > 0 for node in self.nodes):
            return "; ".join(why_not_here(node) for node in self.nodes)
        return NEEDS_EXECUTOR

    def start(self, build: Build) -> None:
        """Run a build from its job's recipe."""
        values = {value.name: value.value for value in build.parameters}
        running = _Running(build.job.recipe(build.number, values))
        if build.job.kind == "freestyle":
            running.node = self.free_node(build.job.label)
        self._running[build] = running
        running.task = asyncio.create_task(self._run(build, running), name=build.full_display_name)

    def seat_waiting(self) -> None:
        """Let every pipeline look again whether there is a node for it."""
        for running in self._running.values():
            if running.wake is not None:
                running.wake.set()

    def stop(self, build: Build, user: str) -> None:
        """`/stop`: a well-behaved build ends ABORTED; a stubborn one only takes note."""
        running = self._running.get(build)
        if running is None:
            return
        if running.script.stubborn:
            build.interrupted = True
            build.log.write_line(f"Aborted by {user}")
            return
        self.interrupt(build, Interruption(f"Aborted by {user}"))

    def interrupt(self, build: Build, interruption: Interruption) -> None:
        """End a build now; nothing happens when it has ended."""
        running = self._running.get(build)
        if running is not None and running.task is not None:
            running.interruption = interruption
            # Not at once: a task cancelled before its first step would never reach its own end.
            asyncio.get_running_loop().call_soon(running.task.cancel)

    def lose(self, node: Node) -> None:
        """What an agent's broken connection does: freestyle builds on it fail, pipelines wait for it to be back.

        In life a pipeline's step goes on upon the agent meanwhile, so here the pipeline just runs on.
        """
        for build in self.on(node):
            if build.job.kind == "freestyle":
                line = f"FATAL: command execution failed: Backing channel '{node.name}' is disconnected."
                self.interrupt(build, Interruption(line, result="FAILURE"))
            else:
                build.log.write_line(f"Cannot contact {node.name}: hudson.remoting.ChannelClosedException")

    async def shut_down(self) -> None:
        """Drop all builds without a word, as the process would."""
        tasks = [running.task for running in self._running.values() if running.task is not None]
        self._running.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def ended(self, build: Build) -> None:
        """Return when a build has ended."""
        running = self._running.get(build)
        if running is not None and running.task is not None:
            await asyncio.wait([running.task])

    def answer(
        self, build: Build, pending: PendingInput, values: tuple[ParameterValue, ...] | None, user: str
    ) -> None:
        """Let a paused pipeline go on."""
        build.approved = True
        pending.answer.set_result(values)
        self._tell(InputChanged(build, pending.request, "APPROVED", user))

    async def _run(self, build: Build, running: _Running) -> None:
        heard = True
        try:
            self._tell(BuildMoved(build, "QUEUED"))
            self._tell(BuildMoved(build, "STARTED"))
            begin(build)
            await self._take_seat(build, running)
            settle(build, running.node or self.nodes.built_in)
            part = await self._play(build, running)
            finish(build, outcome(build, running.script, part), self.clock.now(), part.error)
        except StepBroke as error:
            finish(build, error.result, self.clock.now(), str(error))
        except asyncio.CancelledError:
            if running.interruption is None:
                raise
            self._break_off(build, running.interruption)
            heard = running.interruption.noted
        finally:
            self._running.pop(build, None)
        if heard:
            self._tell(BuildMoved(build, "COMPLETED"))
            self._tell(BuildMoved(build, "FINALIZED"))
        self._freed()

    async def _take_seat(self, build: Build, running: _Running) -> None:
        """Wait for a node where a pipeline asks for one by label, in the queue where all can see it."""
        if build.job.label is None:
            running.node = running.node or self.nodes.built_in
            return
        while running.node is None:
            running.node = self.free_node(build.job.label)
            if running.node is None:
                await self._wait_in_queue(build, running)
        running.waiting = running.wake = None

    async def _wait_in_queue(self, build: Build, running: _Running) -> None:
        if running.waiting is None:
            running.waiting = WaitingPart(self._next_id(), build, self.clock.now())
            build.log.write_line("Still waiting to schedule task")
            build.log.write_line(self.why_none(build.job.label))
        running.wake = asyncio.Event()
        await running.wake.wait()

    async def _play(self, build: Build, running: _Running) -> Part:
        part = plan(running.script)
        elapsed = 0.0
        for moment in part.moments:
            await self._advance(moment.at - elapsed)
            elapsed = moment.at
            record(build, moment.event, self.clock.now())
            if isinstance(moment.event, InputWanted):
                await self._ask(build, running, moment.event)
            elif isinstance(moment.event, DownstreamWanted):
                await self._build_another(build, moment.event)
        await self._advance(part.end - elapsed)
        if running.script.stubborn:
            build.log.write_line("Cleaning up (waiting for a lock that never comes)")
            await asyncio.Event().wait()
        return part

    async def _advance(self, seconds: float) -> None:
        if seconds > 0:
            await self.clock.sleep(seconds)

    async def _ask(self, build: Build, running: _Running, wanted: InputWanted) -> None:
        node = build.nodes[wanted.node_id]
        answer: asyncio.Future[tuple[ParameterValue, ...] | None] = asyncio.get_running_loop().create_future()
        node.status, node.paused_since = "PAUSED_PENDING_INPUT", self.clock.now()
        build.pending = PendingInput(wanted.request, node.id, answer)
        self._tell(InputChanged(build, wanted.request, "PENDING"))
        running.node = None
        self._freed()
        values = await answer
        node.status, node.paused = "IN_PROGRESS", node.paused + self.clock.now() - (node.paused_since or 0)
        node.paused_since = build.pending = None
        for definition in wanted.request.definitions:
            given = next((value.as_text() for value in values or () if value.name == definition.name), "null")
            build.log.write_line(f"{definition.name}={given}")
        await self._take_seat(build, running)

    async def _build_another(self, build: Build, wanted: DownstreamWanted) -> None:
        try:
            await self._run_downstream(build, wanted.request)
        except StepBroke as error:
            for node_id in (wanted.node_id, wanted.stage_id):
                end_node(build.nodes[node_id], "FAILED", self.clock.now(), str(error))
            raise

    def _break_off(self, build: Build, interruption: Interruption) -> None:
        aborted = interruption.noted and interruption.result == "ABORTED"
        if build.job.kind == "freestyle" and aborted:
            build.log.write_line("Build was aborted")
        if interruption.line is not None:
            build.log.write_line(interruption.line)
        build.interrupted = aborted
        finish(build, interruption.result, self.clock.now())


def _holds_executor(build: Build) -> bool:
    return build.job.kind == "freestyle" or build.job.label is not None
