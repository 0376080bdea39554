"""Runs builds: plays a script's timeline in real time, or all at once for history."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from playground.jenkins.clock import Clock
from playground.jenkins.parameters import ParameterValue
from playground.jenkins.script import Result, Script
from playground.jenkins.timeline import (
    ArtifactsArchived,
    Event,
    InputWanted,
    LinePrinted,
    NodeEnded,
    NodeStarted,
    Part,
    StepMarked,
    TestsRecorded,
    plan,
)
from playground.jenkins.world import Build, FlowNode, PendingInput, TestResults

WORKSPACES = "/var/jenkins_home/workspace"

Listener = Callable[[Build, str], None]
"""Called with a build and the phase it entered: QUEUED, STARTED, COMPLETED, FINALIZED."""


@dataclass(frozen=True)
class Interruption:
    """What ended a build early: the line it logs, and whether Jenkins notes it and tells of it."""

    line: str | None
    noted: bool = True


def record(build: Build, event: Event, now: int) -> None:
    """Let one event of a build's timeline happen at `now` (epoch milliseconds)."""
    match event:
        case NodeStarted():
            build.nodes[event.node_id] = FlowNode(
                event.node_id, event.name, now, event.parent, event.argument
            )
        case NodeEnded():
            _end_node(build.nodes[event.node_id], "FAILED" if event.error else "SUCCESS", now, event.error)
        case LinePrinted():
            build.log.write_line(event.text)
            if event.node_id is not None:
                build.nodes[event.node_id].lines.append(event.text)
        case StepMarked():
            build.log.write_line(event.text, note_before="[Pipeline]")
        case TestsRecorded():
            build.tests = TestResults(event.cases, event.stage_id, event.stage_name, event.node_id)
            if build.tests.count("FAILED"):
                build.result = "UNSTABLE"
        case ArtifactsArchived():
            build.artifacts += event.artifacts
        case InputWanted():
            build.log.write_line(event.request.message)
            build.log.write_line("Proceed or Abort", note_before="Proceed")


def begin(build: Build) -> None:
    """Write the head of the log."""
    for cause in build.causes:
        build.log.write_line(cause.description, note_before=cause.user)
    if build.job.kind == "pipeline":
        build.log.write_line("[Pipeline] Start of Pipeline", note_before="[Pipeline]")
        build.log.write_line("[Pipeline] node", note_before="[Pipeline]")
        build.log.write_line(f"Running on Jenkins in {WORKSPACES}/{build.job.full_name}")
        build.log.write_line("[Pipeline] {", note_before="[Pipeline]")
        return
    build.log.write_line("Running as SYSTEM")
    build.log.write_line(f"Building in workspace {WORKSPACES}/{build.job.full_name}")
    build.log.write_line(f"[{build.job.name}] $ /bin/sh -xe /tmp/jenkins{build.queue_id}.sh")


def finish(build: Build, result: Result, now: int, error: str | None = None) -> None:
    """End a build: its open nodes, the foot of its log, its result."""
    for node in build.nodes.values():
        if node.ended is None:
            _end_node(node, "ABORTED" if result == "ABORTED" else "FAILED", now)
    build.pending = None
    if build.job.kind == "pipeline":
        for line in ("[Pipeline] }", "[Pipeline] // node", "[Pipeline] End of Pipeline"):
            build.log.write_line(line, note_before="[Pipeline]")
        if error is not None:
            build.log.write_line(f"ERROR: {error}")
    elif error is not None:
        build.log.write_line("Build step 'Execute shell' marked build as failure")
    build.result = result
    build.log.write_line(f"Finished: {result}")
    build.ended = now


def outcome(build: Build, script: Script, part: Part) -> Result:
    """The result of a build that came to its end by itself."""
    if script.result is not None:
        return script.result
    if part.error is not None:
        return "FAILURE"
    return build.result or "SUCCESS"


def replay(build: Build, script: Script) -> None:
    """Let a whole build have happened from its `started` on; questions were answered at once."""
    part = plan(script)
    begin(build)
    for moment in part.moments:
        record(build, moment.event, build.started + round(moment.at * 1000))
        build.approved = build.approved or isinstance(moment.event, InputWanted)
    finish(build, outcome(build, script, part), build.started + round(part.end * 1000), part.error)


def _end_node(node: FlowNode, status: str, now: int, error: str | None = None) -> None:
    if node.paused_since is not None:
        node.paused += now - node.paused_since
        node.paused_since = None
    node.status, node.ended, node.error = status, now, error


class Executors:
    """The running builds of the one node: starts, interrupts, and tells the listener of every phase."""

    def __init__(self, clock: Clock, listener: Listener, freed: Callable[[], None], count: int = 4) -> None:
        self.clock = clock
        self.count = count
        self._listener = listener
        self._freed = freed
        self._tasks: dict[Build, asyncio.Task[None]] = {}
        self._scripts: dict[Build, Script] = {}
        self._interruptions: dict[Build, Interruption] = {}

    def running(self) -> list[Build]:
        """The builds under way, oldest first."""
        return list(self._tasks)

    def idle(self) -> int:
        """Executors free for a freestyle build; a pipeline itself runs on a one-off executor."""
        return self.count - sum(build.job.kind == "freestyle" for build in self._tasks)

    def start(self, build: Build) -> None:
        """Run a build from its job's recipe."""
        values = {value.name: value.value for value in build.parameters}
        self._scripts[build] = build.job.recipe(build.number, values)
        self._tasks[build] = asyncio.create_task(self._run(build), name=build.full_display_name)

    def stop(self, build: Build, user: str) -> None:
        """`/stop`: a well-behaved build ends ABORTED; a stubborn one only takes note."""
        script = self._scripts.get(build)
        if script is None:
            return
        if script.stubborn:
            build.interrupted = True
            build.log.write_line(f"Aborted by {user}")
            return
        self.interrupt(build, Interruption(f"Aborted by {user}"))

    def interrupt(self, build: Build, interruption: Interruption) -> None:
        """End a build now; nothing happens when it has ended."""
        task = self._tasks.get(build)
        if task is not None:
            self._interruptions[build] = interruption
            # Not at once: a task cancelled before its first step would never reach its own end.
            asyncio.get_running_loop().call_soon(task.cancel)

    async def shut_down(self) -> None:
        """Drop all builds without a word, as the process would."""
        tasks = list(self._tasks.values())
        self._tasks.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def answer(self, build: Build, pending: PendingInput, values: tuple[ParameterValue, ...] | None) -> None:
        """Let a paused pipeline go on."""
        build.approved = True
        pending.answer.set_result(values)

    async def _run(self, build: Build) -> None:
        script = self._scripts[build]
        heard = True
        try:
            self._listener(build, "QUEUED")
            self._listener(build, "STARTED")
            begin(build)
            part = await self._play(build, script)
            finish(build, outcome(build, script, part), self.clock.now(), part.error)
        except asyncio.CancelledError:
            interruption = self._interruptions.get(build)
            if interruption is None:
                raise
            self._break_off(build, interruption)
            heard = interruption.noted
        finally:
            self._tasks.pop(build, None)
            self._scripts.pop(build, None)
            self._interruptions.pop(build, None)
        if heard:
            self._listener(build, "COMPLETED")
            self._listener(build, "FINALIZED")
        self._freed()

    async def _play(self, build: Build, script: Script) -> Part:
        part = plan(script)
        elapsed = 0.0
        for moment in part.moments:
            await self._advance(moment.at - elapsed)
            elapsed = moment.at
            record(build, moment.event, self.clock.now())
            if isinstance(moment.event, InputWanted):
                await self._ask(build, moment.event)
        await self._advance(part.end - elapsed)
        if script.stubborn:
            build.log.write_line("Cleaning up (waiting for a lock that never comes)")
            await asyncio.Event().wait()
        return part

    async def _advance(self, seconds: float) -> None:
        if seconds > 0:
            await self.clock.sleep(seconds)

    async def _ask(self, build: Build, wanted: InputWanted) -> None:
        node = build.nodes[wanted.node_id]
        answer: asyncio.Future[tuple[ParameterValue, ...] | None] = asyncio.get_running_loop().create_future()
        node.status, node.paused_since = "PAUSED_PENDING_INPUT", self.clock.now()
        build.pending = PendingInput(wanted.request, node.id, answer)
        values = await answer
        node.status, node.paused = "IN_PROGRESS", node.paused + self.clock.now() - (node.paused_since or 0)
        node.paused_since = build.pending = None
        for definition in wanted.request.definitions:
            given = next((value.as_text() for value in values or () if value.name == definition.name), "null")
            build.log.write_line(f"{definition.name}={given}")

    def _break_off(self, build: Build, interruption: Interruption) -> None:
        if build.job.kind == "freestyle" and interruption.noted:
            build.log.write_line("Build was aborted")
        if interruption.line is not None:
            build.log.write_line(interruption.line)
        build.interrupted = interruption.noted
        finish(build, "ABORTED", self.clock.now())
