"""What one may order of the control API, as checked JSON, and what it becomes in the world."""

from __future__ import annotations

from hashlib import md5
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from playground.jenkins.causes import BY_CHANGE, BY_TIMER, Cause, Change
from playground.jenkins.faults import FaultKind
from playground.jenkins.generated import LongOutput, MadeFile
from playground.jenkins.nodes import Node
from playground.jenkins.notifications import SenderName, SwitchKind
from playground.jenkins.parameters import Kind, ParameterDefinition
from playground.jenkins.recipes import plain
from playground.jenkins.script import (
    Artifact,
    CaseResult,
    CaseStatus,
    DownstreamRequest,
    InputRequest,
    Result,
    Script,
)
from playground.jenkins.world import Folder, FolderKind, Job, JobKind, World


class _Order(BaseModel):
    model_config = ConfigDict(extra="forbid")


class FaultOrder(_Order):
    """See faults.Fault."""

    kind: FaultKind
    method: str = "*"
    path: str = "*"
    status: int = 500
    seconds: float = 5.0
    count: int | None = 1


class RestartOrder(_Order):
    """Real seconds of refused connections, then of the boot page."""

    refusing: float = Field(2.0, ge=0)
    booting: float = Field(3.0, ge=0)


class SpeedOrder(_Order):
    """How much faster than life builds and the quiet period go."""

    speed: float = Field(gt=0)


class TokenOrder(_Order):
    """The API token all share, or that of one user."""

    token: str
    user: str | None = None


class HookOrder(_Order):
    """See notifications.Hook."""

    url: str
    log_lines: int = 0
    sender: SenderName = "notification-plugin"


class SwitchOrder(_Order):
    """See notifications.Switch. A `phase` is a build's, `PENDING` and the like, `item.created`, `queue.left`…"""

    kind: SwitchKind
    phase: str | None = Field(None, pattern=r"^([A-Z]+|(item|queue|node|run)\.[a-zA-Z]+)$")
    count: int | None = 1


class QueueOrder(_Order):
    """Seconds Jenkins remembers an item that left; seconds until that item names its build; executors."""

    remembered: float | None = None
    executable_after: float | None = None
    executors: int | None = None


class AgentOrder(_Order):
    """A new agent. An exclusive one builds only what asks for it by label."""

    name: str = Field(pattern=r"^[^/%&()]+$")
    executors: int = Field(2, ge=0)
    labels: tuple[str, ...] = ()
    exclusive: bool = False
    description: str = ""
    disconnected: bool = False

    def node(self) -> Node:
        """The agent itself."""
        return Node(
            self.name,
            self.executors,
            self.labels,
            self.exclusive,
            self.description,
            disconnected=self.disconnected,
        )


class ConnectionOrder(_Order):
    """Breaks an agent's connection, or mends it."""

    name: str
    disconnected: bool


class CaseOrder(_Order):
    """A JUnit case."""

    class_name: str
    name: str
    status: CaseStatus = "PASSED"
    seconds: float = 0.1
    error: str | None = None
    trace: str | None = None

    def case(self) -> CaseResult:
        """The case itself."""
        return CaseResult(self.class_name, self.name, self.status, self.seconds, self.error, self.trace)


class ChangeOrder(_Order):
    """A commit of an injected build."""

    author: str
    email: str
    message: str
    commit: str = "72aef114ab1201f5a5cd734220c9ec738c4e2910"
    files: tuple[str, ...] = ()

    def change(self) -> Change:
        """The commit itself."""
        return Change(self.commit, self.author, self.email, self.message, self.files)


class ArtifactOrder(_Order):
    """A file a build archives: its content, or how many megabytes of made-up bytes."""

    path: str
    content: str = ""
    megabytes: float | None = Field(None, ge=0)
    seed: int = 0

    def artifact(self) -> Artifact:
        """The file itself."""
        if self.megabytes is None:
            return Artifact(self.path, self.content.encode())
        return Artifact(self.path, MadeFile(round(self.megabytes * 1_000_000), self.seed))


class OutputOrder(_Order):
    """What a build prints and leaves behind.

    After `log` come `log_megabytes` of lines made from `log_seed`; `log_lines` puts given lines into these, by
    line number from 0.
    """

    log: str = ""
    log_megabytes: float | None = Field(None, gt=0)
    log_seed: int = 0
    log_lines: dict[int, str] = {}
    tests: tuple[CaseOrder, ...] = ()
    artifacts: tuple[ArtifactOrder, ...] = ()

    def long_output(self) -> LongOutput | None:
        """The long part of the log, if there is one."""
        if self.log_megabytes is None:
            return None
        return LongOutput.of_megabytes(self.log_megabytes, self.log_seed, self.log_lines)

    def cases(self) -> tuple[CaseResult, ...]:
        """The JUnit cases."""
        return tuple(order.case() for order in self.tests)

    def files(self) -> tuple[Artifact, ...]:
        """The archived files."""
        return tuple(order.artifact() for order in self.artifacts)


class BuildOrder(OutputOrder):
    """A build Jenkins ran by itself: it took `seconds` and has ended, `ago` seconds before now."""

    job: str
    result: Result = "SUCCESS"
    seconds: float = Field(10.0, ge=0)
    ago: float = Field(0.0, ge=0)
    parameters: dict[str, str] = {}
    user: str | None = None
    upstream: tuple[str, int] | None = None
    remote: tuple[str, str | None] | None = None
    by_timer: bool = False
    changes: tuple[ChangeOrder, ...] = ()

    def script(self, kind: JobKind) -> Script:
        """What the build did."""
        return plain(
            kind,
            lines=self.log.splitlines(),
            seconds=self.seconds,
            result=self.result,
            cases=self.cases(),
            artifacts=self.files(),
            long_output=self.long_output(),
        )

    def cause(self, world: World) -> Cause:
        """Why it ran; by another build as that job's kind does it, from remote as (host, note)."""
        if self.upstream is not None:
            parent = world.job(self.upstream[0])
            triggered = parent is not None and parent.kind == "freestyle"
            return Cause.by_build(*self.upstream) if triggered else Cause.by_step(*self.upstream)
        if self.remote is not None:
            return Cause.by_remote(*self.remote)
        if self.by_timer:
            return BY_TIMER
        return BY_CHANGE if self.user is None else Cause.by_user(self.user)


class ParameterOrder(_Order):
    """A parameter of a new job or of a question."""

    name: str
    kind: Literal["string", "choice", "boolean", "text", "password"] = "string"
    default: str | bool = ""
    description: str = ""
    choices: tuple[str, ...] = ()

    def definition(self) -> ParameterDefinition:
        """The declaration itself."""
        kind = Kind(self.kind.capitalize())
        return ParameterDefinition(kind, self.name, self.default, self.description, self.choices)


class InputOrder(_Order):
    """The question a new pipeline asks, as its Jenkinsfile has it; without an `id` Jenkins makes one.

    See script.InputRequest.
    """

    id: str | None = Field("Deploy", min_length=1)
    message: str = "Go on?"
    ok: str = "Proceed"
    submitter: str | None = None
    submitter_parameter: str | None = None
    parameters: tuple[ParameterOrder, ...] = ()

    def request(self) -> InputRequest:
        """The question itself."""
        definitions = tuple(order.definition() for order in self.parameters)
        return InputRequest(
            _input_id(self.id, self.message),
            self.message,
            self.ok,
            definitions,
            self.submitter,
            self.id,
            self.submitter_parameter,
        )


def _input_id(written: str | None, message: str) -> str:
    """The id of a question: as written, else a digest of its message, a first letter a to z made a capital.

    Source: InputStep.getId and capitalize of the pipeline-input-step plugin.
    """
    name = written or md5(message.encode(), usedforsecurity=False).hexdigest()
    return name[0].upper() + name[1:] if "a" <= name[0] <= "z" else name


class JobOrder(OutputOrder):
    """A new job or folder. A job prints `log` over `seconds` and ends with `result`.

    A pipeline may ask (`input`) and run other jobs (`builds`); a good freestyle build starts its `triggers`.
    """

    name: str
    kind: JobKind | FolderKind = "freestyle"
    description: str | None = None
    parameters: tuple[ParameterOrder, ...] = ()
    log: str = "+ make"
    seconds: float = Field(3.0, ge=0)
    result: Result | None = None
    stages: tuple[str, ...] = Field(("Build",), min_length=1)
    stubborn: bool = False
    label: str | None = None
    auth_token: str | None = None
    triggers: tuple[str, ...] = ()
    builds: tuple[str, ...] = ()
    input: InputOrder | None = None

    @model_validator(mode="after")
    def _fits_its_kind(self) -> JobOrder:
        if self.kind != "pipeline" and (self.builds or self.input):
            raise ValueError(f"builds and input are for pipelines; {self.name} is a {self.kind}")
        if self.kind != "freestyle" and self.triggers:
            raise ValueError(f"triggers are for freestyle jobs; {self.name} is a {self.kind}")
        return self

    def item(self) -> Job | Folder:
        """The job or folder itself."""
        if self.kind == "folder" or self.kind == "multibranch":
            return Folder(self.name, self.kind, self.description)
        script = plain(
            self.kind,
            lines=self.log.splitlines(),
            seconds=self.seconds,
            result=self.result,
            stages=self.stages,
            stubborn=self.stubborn,
            cases=self.cases(),
            artifacts=self.files(),
            long_output=self.long_output(),
            question=None if self.input is None else self.input.request(),
            downstream=tuple(DownstreamRequest(job) for job in self.builds),
        )
        return Job(
            self.name,
            self.kind,
            lambda number, values: script,
            tuple(order.definition() for order in self.parameters),
            self.description,
            label=self.label,
            auth_token=self.auth_token,
            triggers=self.triggers,
        )


class DeletionOrder(_Order):
    """A job or folder to be deleted."""

    name: str


class ManyOrder(_Order):
    """So many jobs in so many folders nested `depth` deep, with some builds each; the same for the same seed."""

    count: int = Field(ge=1, le=100_000)
    folders: int = Field(10, ge=1)
    depth: int = Field(1, ge=1, le=20)
    builds: int = Field(5, ge=0)
    seed: int = 0
    prefix: str = "many"


class BurstOrder(_Order):
    """So many events over so many jobs, made from a seed, to one hook, so many at a time."""

    url: str
    sender: SenderName = "notification-plugin"
    events: int = Field(ge=1, le=1_000_000)
    jobs: int = Field(10, ge=1)
    concurrency: int = Field(8, ge=1)
    seed: int = 0
    phases: tuple[Literal["QUEUED", "STARTED", "COMPLETED", "FINALIZED"], ...] = Field(
        ("QUEUED", "STARTED", "COMPLETED", "FINALIZED"), min_length=1
    )
    prefix: str = "burst"
