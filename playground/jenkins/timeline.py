"""Turns a script into events at offsets in seconds; history and live builds share it. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from playground.jenkins.generated import LongOutput
from playground.jenkins.script import (
    Artifact,
    CaseResult,
    DownstreamRequest,
    InputRequest,
    Script,
    Stage,
    Step,
)


@dataclass(frozen=True)
class NodeStarted:
    """A stage, branch or step begins. `parent` is None for a stage; a freestyle step has no node at all."""

    node_id: str
    name: str
    parent: str | None = None
    argument: str = ""


@dataclass(frozen=True)
class NodeEnded:
    """A stage, branch or step is over; `error` is what broke it."""

    node_id: str
    error: str | None = None


@dataclass(frozen=True)
class LinePrinted:
    """A line for the console, and for the step's own log when a step printed it."""

    text: str
    node_id: str | None = None


@dataclass(frozen=True)
class LongOutputPrinted:
    """More lines than anybody wants to hold."""

    output: LongOutput


@dataclass(frozen=True)
class StepMarked:
    """A `[Pipeline] …` line, which carries a hidden note."""

    text: str


@dataclass(frozen=True)
class TestsRecorded:
    """A JUnit report was archived."""

    cases: tuple[CaseResult, ...]
    stage_id: str | None = None
    stage_name: str | None = None
    node_id: str | None = None


@dataclass(frozen=True)
class ArtifactsArchived:
    """Files were archived."""

    artifacts: tuple[Artifact, ...]


@dataclass(frozen=True)
class InputWanted:
    """The pipeline stops and asks; all that follows waits for the answer."""

    request: InputRequest
    node_id: str


@dataclass(frozen=True)
class DownstreamWanted:
    """The pipeline runs another job; all that follows waits for it, if the step does."""

    request: DownstreamRequest
    node_id: str
    stage_id: str


Event = (
    NodeStarted
    | NodeEnded
    | LinePrinted
    | LongOutputPrinted
    | StepMarked
    | TestsRecorded
    | ArtifactsArchived
    | InputWanted
    | DownstreamWanted
)


@dataclass(frozen=True)
class Moment:
    """An event, so many seconds after the build began."""

    at: float
    event: Event


@dataclass(frozen=True)
class Part:
    """A piece of a plan: its moments in order, when it ends, what broke it."""

    moments: tuple[Moment, ...]
    end: float
    error: str | None = None


def plan(script: Script) -> Part:
    """Everything a script will do, in the order it happens.

    A failing step breaks off its stage; a failing branch lets its siblings finish, then the build fails;
    the stage that forked has long ended well (as `wfapi` shows it).
    """
    ids = itertools.count(6)
    if script.stages:
        return _in_turn(script.stages, 0.0, ids)
    return _steps(script.steps, 0.0, None, ids)


def _in_turn(stages: tuple[Stage, ...], at: float, ids: Iterator[int]) -> Part:
    moments: list[Moment] = []
    for stage in stages:
        part = _stage(stage, at, ids)
        moments += part.moments
        at = part.end
        if part.error is not None:
            return Part(tuple(moments), at, part.error)
    return Part(tuple(moments), at)


def _stage(stage: Stage, at: float, ids: Iterator[int], branch: bool = False) -> Part:
    node_id = _block_id(ids)
    opening = f"[Pipeline] {{ (Branch: {stage.name})" if branch else f"[Pipeline] {{ ({stage.name})"
    moments = [Moment(at, StepMarked("[Pipeline] stage"))] if not branch else []
    moments += [Moment(at, StepMarked(opening)), Moment(at, NodeStarted(node_id, stage.name))]
    if stage.input is not None:
        moments += [Moment(at, StepMarked("[Pipeline] input")), Moment(at, InputWanted(stage.input, node_id))]
    work = _steps(stage.steps, at, (node_id, stage.name), ids)
    moments += work.moments
    closing = [
        Moment(work.end, NodeEnded(node_id, work.error)),
        Moment(work.end, StepMarked("[Pipeline] }")),
    ]
    if work.error is not None or not stage.branches:
        return Part((*moments, *closing), work.end, work.error)
    fork = _side_by_side(stage.branches, work.end, ids)
    shut = Moment(fork.end, StepMarked("[Pipeline] }"))
    return Part((*moments, closing[0], *fork.moments, shut), fork.end, fork.error)


def _side_by_side(branches: tuple[Stage, ...], at: float, ids: Iterator[int]) -> Part:
    parts = [_stage(branch, at, ids, branch=True) for branch in branches]
    moments = [moment for part in parts for moment in part.moments]
    for branch, part in zip(branches, parts, strict=True):
        if part.error is not None:
            moments.append(Moment(part.end, LinePrinted(f"Failed in branch {branch.name}")))
    moments.sort(key=lambda moment: moment.at)
    end = max(part.end for part in parts)
    error = next((part.error for part in parts if part.error is not None), None)
    parallel = Moment(at, StepMarked("[Pipeline] parallel"))
    return Part((parallel, *moments, Moment(end, StepMarked("[Pipeline] // parallel"))), end, error)


def _steps(steps: tuple[Step, ...], at: float, stage: tuple[str, str] | None, ids: Iterator[int]) -> Part:
    moments: list[Moment] = []
    for step in steps:
        node_id = str(next(ids)) if stage else None
        moments += _step(step, at, stage, node_id)
        at += step.seconds
        if step.error is not None:
            return Part(tuple(moments), at, step.error)
    return Part(tuple(moments), at)


def _step(step: Step, at: float, stage: tuple[str, str] | None, node_id: str | None) -> Iterator[Moment]:
    end = at + step.seconds
    if stage is not None and node_id is not None:
        yield Moment(at, StepMarked(f"[Pipeline] {_FUNCTIONS.get(step.name, 'echo')}"))
        yield Moment(at, NodeStarted(node_id, step.name, stage[0], step.argument))
    for index, line in enumerate(step.output):
        yield Moment(at + step.seconds * index / len(step.output), LinePrinted(line, node_id))
    if step.long_output is not None:
        yield Moment(end, LongOutputPrinted(step.long_output))
    if step.downstream is not None and stage is not None and node_id is not None:
        yield Moment(end, DownstreamWanted(step.downstream, node_id, stage[0]))
    if step.cases:
        stage_id, stage_name = stage or (None, None)
        yield Moment(end, TestsRecorded(step.cases, stage_id, stage_name, node_id))
    if step.artifacts:
        yield Moment(end, ArtifactsArchived(step.artifacts))
    if node_id is not None:
        yield Moment(end, NodeEnded(node_id, step.error))


def _block_id(ids: Iterator[int]) -> str:
    """A block takes two flow nodes, the step's and its body's; `wfapi` shows the body's."""
    next(ids)
    return str(next(ids))


_FUNCTIONS = {
    "Shell Script": "sh",
    "Check out from version control": "checkout",
    "Archive JUnit-formatted test results": "junit",
    "Archive the artifacts": "archiveArtifacts",
    "Build a job": "build",
}
