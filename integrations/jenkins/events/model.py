"""What a report is about, whoever sent it: a build, a question of a Pipeline, or nothing a room is told of.

Times are seconds. Nothing here holds a secret: what may be one is left out where it is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from integrations.jenkins.model import Result, Values


class Phase(StrEnum):
    """How far a build is, in the order of its life. Jenkins reports QUEUED only when the build starts."""

    QUEUED = "QUEUED"
    STARTED = "STARTED"
    COMPLETED = "COMPLETED"
    FINALIZED = "FINALIZED"

    @property
    def order(self) -> int:
        """Its place in a build's life: a report of a lower one that comes later is late."""
        return list(Phase).index(self)

    @property
    def finished(self) -> bool:
        """Whether the build is over: COMPLETED and FINALIZED both come, and either may be lost."""
        return self.order >= Phase.COMPLETED.order


class _Report(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    sender: str
    """Which plugin's shape it has, as `notification-plugin`; `?` where it has none that is known."""


class BuildEvent(_Report):
    """One report about one build. What the sender does not tell is empty."""

    type: Literal["build"] = "build"
    full_name: str
    """As Jenkins has it: a multibranch job's branch is `mb/feature%2Flogin`."""
    number: int
    phase: Phase
    result: Result | None = None
    """None before the end, and where it is missing or unknown: never taken for a success."""
    url: str = ""
    """The build's page; relative to Jenkins' root where Jenkins does not know its own address."""
    queue_id: int | None = None
    started: float | None = None
    """Seconds since the epoch."""
    duration: float | None = None
    branch: str = ""
    commit: str = ""
    culprits: tuple[str, ...] = ()
    """User ids, names or e-mail addresses; always empty for Pipelines told by the Notification plugin."""
    asked_by: str = ""
    """The user's id in Jenkins."""
    upstream: tuple[str, int] | None = None
    """Full name and number of the build that asked for this one."""
    parameters: Values = ()
    tests: int = 0
    tests_failed: int = 0
    tests_skipped: int = 0
    failed_tests: tuple[str, ...] = ()
    """The first of them."""

    @property
    def finished(self) -> bool:
        """Whether the build is over."""
        return self.phase.finished

    @property
    def subject(self) -> str:
        """What its story is told under: the job, and the branch where one is named."""
        return f"{self.full_name}@{self.branch}" if self.branch else self.full_name


class Answer(StrEnum):
    """What became of a Pipeline's question."""

    PENDING = "PENDING"
    APPROVED = "APPROVED"
    ABORTED = "ABORTED"


class InputEvent(_Report):
    """A Pipeline asks (its `input` step), or was answered."""

    type: Literal["input"] = "input"
    full_name: str
    number: int
    input_id: str = ""
    """As Jenkins spells it in addresses; empty where the Jenkinsfile names none."""
    message: str = ""
    submitter: str = ""
    """Who may answer, as the Jenkinsfile says: user ids and groups, separated by commas."""
    approver: str = ""
    """Who answered, where that is told."""
    result: Answer
    url: str = ""
    """The build's page."""


class Noted(_Report):
    """A known kind of report that tells rooms nothing: of the queue, a node, a step, a job's configuration."""

    type: Literal["noted"] = "noted"
    kind: str
    """In the sender's words, as `queue.left` or `item.updated`."""
    about: str = ""
    """The job's, node's or step's name."""


class Unknown(_Report):
    """A report nobody here can read. It is kept, and the bot's owners are told of its kind once."""

    type: Literal["unknown"] = "unknown"
    kind: str
    """The same for all reports like it."""
    sample_keys: tuple[str, ...] = ()
    """The names of its first fields, for whoever looks for the sender; no values."""


Event = Annotated[BuildEvent | InputEvent | Noted | Unknown, Field(discriminator="type")]
_EVENT: TypeAdapter[BuildEvent | InputEvent | Noted | Unknown] = TypeAdapter(Event)


def load(payload: Mapping[str, Any]) -> Event:
    """The event again that was stored as JSON (`model_dump(mode="json")`). Raises ValidationError."""
    return _EVENT.validate_python(payload)


def dedupe_key(event: Event) -> str:
    """The same for whatever tells the same: one phase and result of one build by one sender, say.

    Different senders' reports of one build are different events. The queue item tells a build from another
    of the same number, after a job was deleted and made anew. Noted and unknown reports are one of their kind.
    """
    match event:
        case BuildEvent():
            build = f"{event.url or event.full_name}:{event.number}:{event.queue_id or event.started or ''}"
            return f"{event.sender}:{build}:{event.phase}:{event.result or ''}"
        case InputEvent():
            build = f"{event.url or event.full_name}:{event.number}"
            return f"{event.sender}:{build}:{event.input_id}:{event.result}"
        case Noted():
            return f"{event.sender}:noted:{event.kind}:{event.about}"
        case Unknown():
            return f"{event.sender}:unknown:{event.kind}"
