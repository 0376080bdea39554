"""What a job does when it runs, as data: stages, steps, their output, tests, questions and errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from playground.jenkins.generated import LongOutput, MadeFile
from playground.jenkins.parameters import ParameterDefinition

Result = Literal["SUCCESS", "UNSTABLE", "FAILURE", "ABORTED", "NOT_BUILT"]
CaseStatus = Literal["PASSED", "FAILED", "SKIPPED"]


@dataclass(frozen=True)
class CaseResult:
    """One JUnit case of a build; `seconds` is its duration."""

    class_name: str
    name: str
    status: CaseStatus = "PASSED"
    seconds: float = 0.1
    error_details: str | None = None
    error_stack_trace: str | None = None

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from other cases and is the same in every build."""
        return self.class_name, self.name


@dataclass(frozen=True)
class Artifact:
    """A file a build archives."""

    path: str
    content: bytes | MadeFile

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]

    @property
    def size(self) -> int:
        """Bytes."""
        return self.content.size if isinstance(self.content, MadeFile) else len(self.content)


@dataclass(frozen=True)
class DownstreamRequest:
    """A `build` step: the job it runs, whether it waits for the end, whether a bad end is its own."""

    job: str
    wait: bool = True
    propagate: bool = True


@dataclass(frozen=True)
class Step:
    """One step: what it is called, how long it takes in seconds, what it prints, and whether it breaks.

    A step may have long output that is made only when it is read, and may run another job.
    """

    name: str
    argument: str = ""
    seconds: float = 1.0
    output: tuple[str, ...] = ()
    error: str | None = None
    cases: tuple[CaseResult, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    long_output: LongOutput | None = None
    downstream: DownstreamRequest | None = None


@dataclass(frozen=True)
class InputRequest:
    """An `input` step: the question a pipeline asks a person.

    `id` is as Jenkins has it, its first letter a capital; `written_id` is what the Jenkinsfile says, if it does.
    `submitter` names who may answer, by commas; `submitter_parameter` is how the pipeline learns who did.
    """

    id: str
    message: str
    proceed_text: str = "Proceed"
    definitions: tuple[ParameterDefinition, ...] = ()
    submitter: str | None = None
    written_id: str | None = None
    submitter_parameter: str | None = None


@dataclass(frozen=True)
class Stage:
    """A stage: first its question if it has one, then its steps, then its branches side by side."""

    name: str
    steps: tuple[Step, ...] = ()
    branches: tuple[Stage, ...] = ()
    input: InputRequest | None = None


@dataclass(frozen=True)
class Script:
    """A whole build: stages for a pipeline, steps for a freestyle job.

    `result` overrules what the steps would give. A `stubborn` build hangs in its `finally`: it ignores `stop`
    and ends only by `term` or `kill`.
    """

    stages: tuple[Stage, ...] = ()
    steps: tuple[Step, ...] = ()
    result: Result | None = None
    stubborn: bool = False


Recipe = Callable[[int, Mapping[str, str | bool]], Script]
"""Gives the script of a build from its number and its parameters."""
