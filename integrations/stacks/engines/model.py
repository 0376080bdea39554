"""What every engine is given and gives back: a job, a plan, what happens meanwhile, and how it ended. Pure values."""

from __future__ import annotations

import hashlib
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from pydantic import SecretStr

from integrations.stacks.engines.process import Ended, Stop
from integrations.stacks.spec.model import StackSpec
from integrations.stacks.spec.variables import Values


class Purpose(StrEnum):
    """What a plan is for."""

    APPLY = "apply"
    DESTROY = "destroy"


class Outcome(StrEnum):
    """How an apply ended."""

    DONE = "done"
    FAILED = "failed"
    """With an error, and nothing was changed."""
    PARTIAL = "partial"
    """With an error, after some was changed."""
    CANCELLED = "cancelled"
    """Told to stop, and stopped by itself."""
    KILLED = "killed"
    """Stopped by force: what it was making is not written down anywhere."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that a plan would change, by its address; never with a value."""

    address: str
    actions: tuple[str, ...]
    """As terraform tells them: `create`, `update`, `delete`, `read`; two of them for a replacement."""
    reason: str = ""

    @property
    def is_change(self) -> bool:
        """Whether anything outside would change."""
        return not set(self.actions) <= {"no-op", "read"}

    @property
    def word(self) -> str:
        """The action in one word."""
        both = {"create", "delete"} <= set(self.actions)
        return "replace" if both else self.actions[0] if self.actions else "no-op"


@dataclass(frozen=True, slots=True)
class Counts:
    """How many things are or were added, changed, taken away, taken over."""

    add: int = 0
    change: int = 0
    remove: int = 0
    imported: int = 0

    @property
    def any(self) -> bool:
        """Whether there is anything."""
        return bool(self.add or self.change or self.remove or self.imported)


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """What an engine warns of or ends with."""

    severity: str
    """`error` or `warning`."""
    summary: str
    detail: str = ""
    address: str = ""

    def __str__(self) -> str:
        where = f"{self.address}: " if self.address else ""
        return f"{where}{self.summary}{f' ({self.detail})' if self.detail else ''}"


# --- what happens meanwhile


@dataclass(frozen=True, slots=True)
class Said:
    """A line of plain words; `source` names the builder, the host or the resource it came from."""

    text: str
    source: str = ""


class Phase(StrEnum):
    """How far a thing has come."""

    STARTED = "started"
    GOING = "going"
    DONE = "done"
    ERRORED = "errored"


@dataclass(frozen=True, slots=True)
class Moved:
    """A thing that is being worked on."""

    address: str
    action: str
    phase: Phase
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Found:
    """A change that the plan holds, or (`drift`) one that other hands have made."""

    change: Change
    drift: bool = False


@dataclass(frozen=True, slots=True)
class Counted:
    """What the engine itself counts: the only place counts come from."""

    counts: Counts
    operation: str


@dataclass(frozen=True, slots=True)
class Diagnosed:
    """A warning or an error."""

    diagnostic: Diagnostic


Event = Said | Moved | Found | Counted | Diagnosed


@dataclass(frozen=True, slots=True)
class Listener:
    """Who hears of what happens, and may stop it."""

    event: Callable[[Event], None] = lambda _event: None
    stop: Callable[[], Stop] = lambda: Stop.NO
    redact: Callable[[str], str] = lambda text: text
    """Takes secrets out of everything that is told or kept."""


# --- what goes in and comes out


@dataclass(frozen=True, slots=True)
class StateAccess:
    """Where terraform keeps this instance's state with the bot, and with which credential."""

    address: str
    username: str
    password: SecretStr


@dataclass(frozen=True, slots=True)
class Job:
    """One instance of a stack in the hands of an engine."""

    spec: StackSpec
    instance: str
    folder: Path
    """Where the engine runs: in a copy of the source that is this job's alone."""
    private: Path
    """A folder of mode 0700 for plans, variables and logs; beside the source, not in it."""
    revision: str
    """Of the stack's files."""
    values: Values = field(default_factory=Values)
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The bot's own environment, of which the engine is given a part."""
    state: StateAccess | None = None
    """None where the source says by itself where its state is."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A program that was found."""

    path: str
    name: str
    version: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be done. `digest` is the SHA-256 of the saved plan's bytes, to which an approval is bound."""

    purpose: Purpose
    file: Path
    digest: str
    counts: Counts
    changes: tuple[Change, ...] = ()
    drift: tuple[Change, ...] = ()
    """What other hands have changed since the last apply: it explains, and is no reason to alert by itself."""
    has_changes: bool = True
    """As the engine says; outputs may change where nothing else does."""
    warnings: tuple[Diagnostic, ...] = ()
    beside: tuple[Path, ...] = ()
    """Further files that applying needs; the plan itself holds their digests."""


@dataclass(frozen=True, slots=True)
class Output:
    """A value that the stack gives out."""

    value: Any = field(repr=False)
    sensitive: bool = False


@dataclass(frozen=True, slots=True)
class Artifact:
    """A thing that was made, such as an image, by what made it."""

    builder: str
    id: str
    says: str = ""
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """How an apply ended."""

    outcome: Outcome
    counts: Counts | None = None
    """As the engine counted; None where it did not come to that."""
    diagnostics: tuple[Diagnostic, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    outputs: Mapping[str, Output] = field(default_factory=dict)
    left_running: int = 0
    """Processes that the engine has left behind."""

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """What it ended with."""
        return tuple(each for each in self.diagnostics if each.severity == "error")


@dataclass(frozen=True, slots=True)
class Held:
    """A thing that stands, by its address; a tainted one was not finished and is made anew by the next apply."""

    address: str
    tainted: bool = False


class Engine(Protocol):
    """One kind of engine. Every operation runs programs in the calling thread, to their end.

    All raise MissingProgram and WrongVersion; what cannot be done by an engine raises NotOffered.
    """

    def tool(self, job: Job) -> Tool:
        """The program, looked for on the path."""

    def plan(self, job: Job, purpose: Purpose, listener: Listener) -> Plan:
        """Look at what would be done, and save it. Raises EngineFailed and its kinds, and Cancelled."""

    def apply(self, job: Job, plan: Plan, listener: Listener) -> Result:
        """Do exactly what was planned. Raises PlanChanged and StalePlan, having done nothing."""

    def destroy(self, job: Job, listener: Listener) -> Result:
        """Plan to take everything away, and do it. For where nobody has to agree."""

    def refresh(self, job: Job, listener: Listener) -> Plan:
        """Look at what differs from what the files say: a plan that is not for applying. Raises as `plan` does."""

    def outputs(self, job: Job, listener: Listener) -> Mapping[str, Output]:
        """The values that it gives out as it stands."""

    def held(self, job: Job, listener: Listener) -> tuple[Held, ...]:
        """What stands by the engine's own account: what is left after a cancel, say."""


def outcome_of(ended: Ended, *, touched: bool) -> Outcome:
    """How an apply ended, by how its program did, and whether anything was begun."""
    if ended.killed or ended.code == -signal.SIGKILL:
        return Outcome.KILLED
    if ended.code == 0:
        return Outcome.DONE
    if ended.told:
        return Outcome.CANCELLED
    return Outcome.PARTIAL if touched else Outcome.FAILED


def digest_of(file: Path) -> str:
    """The SHA-256 of a saved plan, as 64 hexadecimal digits."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
