"""What happens to a build: its timeline's events, its head and foot, its result."""

from __future__ import annotations

from playground.jenkins.nodes import Node
from playground.jenkins.script import Result, Script
from playground.jenkins.timeline import (
    ArtifactsArchived,
    Event,
    InputWanted,
    LinePrinted,
    LongOutputPrinted,
    NodeEnded,
    NodeStarted,
    Part,
    StepMarked,
    TestsRecorded,
    plan,
)
from playground.jenkins.world import Build, FlowNode, TestResults


def record(build: Build, event: Event, now: int) -> None:
    """Let one event of a build's timeline happen at `now` (epoch milliseconds)."""
    match event:
        case NodeStarted():
            build.nodes[event.node_id] = FlowNode(
                event.node_id, event.name, now, event.parent, event.argument
            )
        case NodeEnded():
            end_node(build.nodes[event.node_id], "FAILED" if event.error else "SUCCESS", now, event.error)
        case LinePrinted():
            build.log.write_line(event.text)
            if event.node_id is not None:
                build.nodes[event.node_id].lines.append(event.text)
        case LongOutputPrinted():
            build.log.write_long(event.output)
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
    """Write the head of the log, down to where a pipeline asks for a node."""
    for cause in build.causes:
        build.log.write_line(cause.description, note_before=cause.user)
    if build.job.kind == "pipeline":
        build.log.write_line("[Pipeline] Start of Pipeline", note_before="[Pipeline]")
        build.log.write_line("[Pipeline] node", note_before="[Pipeline]")


def settle(build: Build, node: Node) -> None:
    """Let a build have its node, and say so in the log."""
    workspace = node.workspace(build.job.full_name)
    build.built_on = node.name
    if build.job.kind == "pipeline":
        build.log.write_line(f"Running on {node.name or 'Jenkins'} in {workspace}")
        build.log.write_line("[Pipeline] {", note_before="[Pipeline]")
        return
    build.log.write_line("Running as SYSTEM")
    remotely = f" remotely on {node.name} ({' '.join(node.labels)}) in" if node.name else " in"
    build.log.write_line(f"Building{remotely} workspace {workspace}")
    build.log.write_line(f"[{build.job.name}] $ /bin/sh -xe /tmp/jenkins{build.queue_id}.sh")


def finish(build: Build, result: Result, now: int, error: str | None = None) -> None:
    """End a build: its open nodes, the foot of its log, its result."""
    for node in build.nodes.values():
        if node.ended is None:
            end_node(node, "ABORTED" if result == "ABORTED" else "FAILED", now)
    build.pending = None
    if build.job.kind == "pipeline":
        for line in ("[Pipeline] }", "[Pipeline] // node", "[Pipeline] End of Pipeline"):
            build.log.write_line(line, note_before="[Pipeline]")
        if error is not None:
            build.log.write_line(f"ERROR: {error}")
    elif error is not None:
        build.log.write_line("Build step 'Execute shell' marked build as failure")
    elif result == "SUCCESS":
        for name in build.job.triggers:
            build.log.write_line(f"Triggering a new build of {name}", note_before=name)
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


def replay(build: Build, script: Script, node: Node) -> None:
    """Let a whole build have happened on a node from its `started` on.

    Questions were answered at once, and jobs a step runs are taken to have run.
    """
    part = plan(script)
    begin(build)
    settle(build, node)
    for moment in part.moments:
        record(build, moment.event, build.started + round(moment.at * 1000))
        build.approved = build.approved or isinstance(moment.event, InputWanted)
    finish(build, outcome(build, script, part), build.started + round(part.end * 1000), part.error)


def end_node(node: FlowNode, status: str, now: int, error: str | None = None) -> None:
    """End a stage or step at `now` (epoch milliseconds)."""
    if node.paused_since is not None:
        node.paused += now - node.paused_since
        node.paused_since = None
    node.status, node.ended, node.error = status, now, error
