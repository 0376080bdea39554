"""What the stand-in Jenkins holds: folders, jobs, builds with their flow nodes, causes and changes."""

from __future__ import annotations

from asyncio import Future
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import unquote

from playground.jenkins.logs import BuildLog
from playground.jenkins.parameters import ParameterDefinition, ParameterValue
from playground.jenkins.paths import job_path
from playground.jenkins.script import Artifact, CaseResult, InputRequest, Recipe, Result

JobKind = Literal["freestyle", "pipeline"]
FolderKind = Literal["folder", "multibranch"]


class NameTaken(ValueError):
    """A job of that name is there already, or its folder is none."""


@dataclass(frozen=True)
class Cause:
    """Why a build runs. Give `user`, or `upstream` as (job, number), or only a description."""

    description: str
    user: str | None = None
    upstream: tuple[str, int] | None = None

    @classmethod
    def by_user(cls, user: str) -> Cause:
        """Started by a person, or by a bot that calls itself one."""
        return cls(f"Started by user {user}", user=user)

    @classmethod
    def by_build(cls, job: str, number: int) -> Cause:
        """Started by another build."""
        return cls(f'Started by upstream project "{job}" build number {number}', upstream=(job, number))


BY_TIMER = Cause("Started by timer")
BY_CHANGE = Cause("Started by an SCM change")


@dataclass(frozen=True)
class Change:
    """A commit that is new in a build."""

    commit: str
    author: str
    email: str
    message: str
    files: tuple[str, ...] = ()


@dataclass
class FlowNode:
    """A stage, branch or step of a running or ended pipeline; `parent` is the stage of a step."""

    id: str
    name: str
    started: int
    parent: str | None = None
    argument: str = ""
    status: str = "IN_PROGRESS"
    ended: int | None = None
    error: str | None = None
    paused_since: int | None = None
    paused: int = 0
    lines: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class PendingInput:
    """A question that waits for an answer: the values given, or None when it was proceeded empty."""

    request: InputRequest
    node_id: str
    answer: Future[tuple[ParameterValue, ...] | None]


@dataclass(frozen=True)
class TestResults:
    """The cases of a build and the stage that archived them."""

    cases: tuple[CaseResult, ...]
    stage_id: str | None = None
    stage_name: str | None = None
    node_id: str | None = None

    def count(self, status: str) -> int:
        """How many cases came out so."""
        return sum(case.status == status for case in self.cases)


@dataclass(eq=False)
class Build:
    """One build. Times are epoch milliseconds; a pipeline's `result` may be UNSTABLE while it still runs."""

    job: Job
    number: int
    queue_id: int
    started: int
    causes: tuple[Cause, ...]
    parameters: tuple[ParameterValue, ...] = ()
    changes: tuple[Change, ...] = ()
    ended: int | None = None
    result: Result | None = None
    interrupted: bool = False
    approved: bool = False
    log: BuildLog = field(default_factory=BuildLog)
    nodes: dict[str, FlowNode] = field(default_factory=dict)
    tests: TestResults | None = None
    artifacts: list[Artifact] = field(default_factory=list)
    pending: PendingInput | None = None

    @property
    def building(self) -> bool:
        """Whether it has not ended yet."""
        return self.ended is None

    @property
    def duration(self) -> int:
        """Milliseconds from start to end; 0 while building."""
        return 0 if self.ended is None else self.ended - self.started

    @property
    def path(self) -> str:
        """Below the context root, with its slash at the end."""
        return f"{self.job.path}{self.number}/"

    @property
    def full_display_name(self) -> str:
        """`team » deploy #4`."""
        return f"{self.job.full_display_name} #{self.number}"


@dataclass(eq=False)
class Folder:
    """A folder, or a multibranch project, whose jobs are branches named with their slashes encoded."""

    full_name: str
    kind: FolderKind = "folder"
    description: str | None = None

    @property
    def name(self) -> str:
        """The last part of the full name."""
        return self.full_name.rpartition("/")[2]

    @property
    def path(self) -> str:
        """Below the context root, with its slash at the end."""
        return job_path(self.full_name)

    @property
    def full_display_name(self) -> str:
        """The parts of the name, joined as Jenkins shows them."""
        return display(self.full_name)


@dataclass(eq=False)
class Job:
    """A freestyle or pipeline job and its builds, oldest first."""

    full_name: str
    kind: JobKind
    recipe: Recipe
    parameters: tuple[ParameterDefinition, ...] = ()
    description: str | None = None
    disabled: bool = False
    next_number: int = 1
    builds: list[Build] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The last part of the full name."""
        return self.full_name.rpartition("/")[2]

    @property
    def path(self) -> str:
        """Below the context root, with its slash at the end."""
        return job_path(self.full_name)

    @property
    def full_display_name(self) -> str:
        """The parts of the name, joined as Jenkins shows them."""
        return display(self.full_name)

    @property
    def concurrent(self) -> bool:
        """Whether two builds may run at once: a pipeline's default, not a freestyle job's."""
        return self.kind == "pipeline"

    def running(self) -> list[Build]:
        """The builds that have not ended."""
        return [build for build in self.builds if build.building]

    def last(self, wanted: Callable[[Build], bool]) -> Build | None:
        """The newest build that is wanted."""
        return next((build for build in reversed(self.builds) if wanted(build)), None)

    def build(self, selector: str) -> Build | None:
        """A build by number or permalink."""
        if selector.isdecimal():
            return self.last(lambda build: build.number == int(selector))
        return self.last(SELECTORS[selector])

    def estimated_duration(self) -> int:
        """Milliseconds, the mean of up to three ended builds, good ones first; -1 when there is none.

        Source: hudson.model.Job.getEstimatedDurationCandidates; aborted builds do not count.
        """
        newest_first = [build for build in reversed(self.builds) if not build.building][:6]
        good = [build for build in newest_first if build.result in ("SUCCESS", "UNSTABLE")]
        bad = [build for build in newest_first if build.result == "FAILURE"]
        candidates = (good + bad)[:3]
        if not candidates:
            return -1
        return round(sum(build.duration for build in candidates) / len(candidates))


SELECTORS: dict[str, Callable[[Build], bool]] = {
    "lastBuild": lambda build: True,
    "lastCompletedBuild": lambda build: not build.building,
    "lastFailedBuild": lambda build: not build.building and build.result == "FAILURE",
    "lastStableBuild": lambda build: not build.building and build.result == "SUCCESS",
    "lastSuccessfulBuild": lambda build: not build.building and build.result in ("SUCCESS", "UNSTABLE"),
    "lastUnstableBuild": lambda build: not build.building and build.result == "UNSTABLE",
    "lastUnsuccessfulBuild": lambda build: not build.building and build.result != "SUCCESS",
}


def display(full_name: str) -> str:
    """A full name as people read it: ` » ` between the parts, branch names decoded."""
    return " » ".join(unquote(part) for part in full_name.split("/"))


class World:
    """All jobs and folders by full name, in the order they were made."""

    def __init__(self, root_url: str) -> None:
        self.root_url = root_url if root_url.endswith("/") else root_url + "/"
        self.items: dict[str, Job | Folder] = {}

    def add(self, item: Job | Folder) -> None:
        """Put a job or folder in its place. Raises NameTaken."""
        parent = item.full_name.rpartition("/")[0]
        if item.full_name in self.items:
            raise NameTaken(f"adding {item.full_name}: there is one already; choose another name")
        if parent and not isinstance(self.items.get(parent), Folder):
            raise NameTaken(f"adding {item.full_name}: {parent} is no folder; add it first")
        self.items[item.full_name] = item

    def job(self, full_name: str) -> Job | None:
        """A job by its full name; None for a folder or nothing."""
        item = self.items.get(full_name)
        return item if isinstance(item, Job) else None

    def jobs(self) -> Iterator[Job]:
        """Every job in every folder."""
        return (item for item in self.items.values() if isinstance(item, Job))

    def children(self, folder: str) -> list[Job | Folder]:
        """What lies directly in a folder, by name; the empty name is the root."""
        found = [item for name, item in self.items.items() if name.rpartition("/")[0] == folder]
        return sorted(found, key=lambda item: item.name)

    def rename(self, job: Job, new_name: str) -> None:
        """Give a job another short name; its old address is gone. Raises NameTaken."""
        folder = job.full_name.rpartition("/")[0]
        full_name = f"{folder}/{new_name}" if folder else new_name
        if full_name in self.items:
            raise NameTaken(f"renaming {job.full_name}: {full_name} is there already")
        del self.items[job.full_name]
        job.full_name = full_name
        self.items[full_name] = job

    def url(self, path: str) -> str:
        """The absolute URL of a path below the context root."""
        return self.root_url + path
