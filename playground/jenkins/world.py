"""What the stand-in Jenkins holds: folders, jobs, builds with their flow nodes, causes and changes."""

from __future__ import annotations

from asyncio import Future
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import Literal
from urllib.parse import unquote

from playground.jenkins.causes import Cause, Change
from playground.jenkins.logs import BuildLog
from playground.jenkins.parameters import ParameterDefinition, ParameterValue
from playground.jenkins.paths import job_path
from playground.jenkins.script import Artifact, CaseResult, InputRequest, Recipe, Result

JobKind = Literal["freestyle", "pipeline"]
FolderKind = Literal["folder", "multibranch"]


class NameTaken(ValueError):
    """A job of that name is there already, or its folder is none."""


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
    """One build. Times are epoch milliseconds; a pipeline's `result` may be UNSTABLE while it still runs.

    `queued` is when it came into the queue; None for one that never waited.
    """

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
    built_on: str = ""
    queued: int | None = None
    description: str | None = None

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

    def previous(self) -> Build | None:
        """The build of the same job before it."""
        builds = self.job.builds
        index = bisect_left(builds, self.number, key=lambda build: build.number)
        return builds[index - 1] if index > 0 else None

    def next(self) -> Build | None:
        """The build of the same job after it."""
        builds = self.job.builds
        index = bisect_right(builds, self.number, key=lambda build: build.number)
        return builds[index] if index < len(builds) else None

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
    """A freestyle or pipeline job and its builds, oldest first.

    `label` says which nodes it may run on, `auth_token` lets a holder trigger it from remote, `triggers` are
    the jobs a successful freestyle build starts.
    """

    full_name: str
    kind: JobKind
    recipe: Recipe
    parameters: tuple[ParameterDefinition, ...] = ()
    description: str | None = None
    disabled: bool = False
    label: str | None = None
    auth_token: str | None = None
    triggers: tuple[str, ...] = ()
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
            index = bisect_left(self.builds, int(selector), key=lambda build: build.number)
            found = self.builds[index : index + 1]
            return found[0] if found and found[0].number == int(selector) else None
        return self.last(SELECTORS[selector])

    def estimated_duration(self) -> int:
        """Milliseconds, the mean of up to three ended builds, good ones first; -1 when there is none.

        Source: hudson.model.Job.getEstimatedDurationCandidates; aborted builds do not count.
        """
        newest_first = list(islice((build for build in reversed(self.builds) if not build.building), 6))
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


@lru_cache(maxsize=1 << 16)
def display(full_name: str) -> str:
    """A full name as people read it: ` » ` between the parts, branch names decoded."""
    return " » ".join(unquote(part) for part in full_name.split("/"))


class World:
    """All jobs and folders by full name, in the order they were made."""

    def __init__(self, root_url: str) -> None:
        self.root_url = root_url if root_url.endswith("/") else root_url + "/"
        self.items: dict[str, Job | Folder] = {}
        self._inside: dict[str, dict[str, Job | Folder]] = {"": {}}

    def add(self, item: Job | Folder) -> None:
        """Put a job or folder in its place. Raises NameTaken."""
        parent = item.full_name.rpartition("/")[0]
        if item.full_name in self.items:
            raise NameTaken(f"adding {item.full_name}: there is one already; choose another name")
        if parent and not isinstance(self.items.get(parent), Folder):
            raise NameTaken(f"adding {item.full_name}: {parent} is no folder; add it first")
        self._put(item)

    def job(self, full_name: str) -> Job | None:
        """A job by its full name; None for a folder or nothing."""
        item = self.items.get(full_name)
        return item if isinstance(item, Job) else None

    def jobs(self) -> Iterator[Job]:
        """Every job in every folder."""
        return (item for item in self.items.values() if isinstance(item, Job))

    def children(self, folder: str) -> list[Job | Folder]:
        """What lies directly in a folder, by name; the empty name is the root."""
        return sorted(self._inside.get(folder, {}).values(), key=lambda item: item.name)

    def upstream_of(self, job: Job) -> list[Job]:
        """The jobs whose successful builds start this one."""
        return [other for other in self.jobs() if job.full_name in other.triggers]

    def rename(self, job: Job, new_name: str) -> str:
        """Give a job another short name; its old address is gone, and the jobs that trigger it follow.

        Returns the old full name. Raises NameTaken.
        """
        old_name = job.full_name
        folder = old_name.rpartition("/")[0]
        full_name = f"{folder}/{new_name}" if folder else new_name
        if full_name in self.items:
            raise NameTaken(f"renaming {old_name}: {full_name} is there already")
        self._take(job)
        for other in self.upstream_of(job):
            other.triggers = tuple(full_name if name == old_name else name for name in other.triggers)
        job.full_name = full_name
        self._put(job)
        return old_name

    def delete(self, item: Job | Folder) -> None:
        """Take a job, or a folder and all in it, out of the world."""
        for child in self.children(item.full_name) if isinstance(item, Folder) else ():
            self.delete(child)
        self._take(item)

    def url(self, path: str) -> str:
        """The absolute URL of a path below the context root."""
        return self.root_url + path

    def _put(self, item: Job | Folder) -> None:
        self.items[item.full_name] = item
        self._inside.setdefault(item.full_name.rpartition("/")[0], {})[item.full_name] = item

    def _take(self, item: Job | Folder) -> None:
        del self.items[item.full_name]
        del self._inside[item.full_name.rpartition("/")[0]][item.full_name]
