"""What a room wants to hear of the jobs it subscribed to. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import unquote

from pydantic import BaseModel, ConfigDict, Field

from integrations.jenkins.model import Result
from integrations.jenkins.relay.noise import Change

EVERY = 5
"""Of how many failures in a row one is told, where a room says nothing else."""


class Tells(StrEnum):
    """What is told of the builds that a wish is about."""

    CHANGES = "changes"
    """The first failure, every so many that follow, and the recovery."""
    FAILURES = "failures"
    """Every failure, and the recovery."""
    ALL = "all"
    """Every build that ended."""


_TOLD = {
    Tells.CHANGES: {Change.BROKE, Change.CHANGED, Change.RECOVERED, Change.UNKNOWN},
    Tells.FAILURES: {Change.BROKE, Change.CHANGED, Change.STILL, Change.RECOVERED, Change.UNKNOWN},
    Tells.ALL: set(Change),
}


class Wish(BaseModel):
    """The options of one subscription, stored as JSON. What is empty leaves nothing out."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    tells: Tells = Tells.CHANGES
    every: int = Field(EVERY, ge=1)
    branches: tuple[str, ...] = ()
    """Globs."""
    results: tuple[Result, ...] = ()
    people: tuple[str, ...] = ()
    """Who asked for the build or changed something in it: names in Jenkins, or addresses."""
    template: str = ""
    """The name of the template its messages are written by; empty: by the change they tell of."""

    def options(self) -> Mapping[str, Any]:
        """As JSON, without what is as usual."""
        return self.model_dump(mode="json", exclude_defaults=True)

    def as_words(self) -> tuple[str, ...]:
        """The options of `jenkins subscribe` that make it."""
        return (
            f"--tell={self.tells}",
            f"--every={self.every}",
            *(f"--branch={each}" for each in self.branches),
            *(f"--result={each.lower()}" for each in self.results),
            *(f"--by={each}" for each in self.people),
            *([f"--template={self.template}"] if self.template else []),
        )

    def is_about_branch(self, job: str, branch: str) -> bool:
        """Whether the branch is meant. A multibranch job's branch is the last part of its name."""
        names = (branch, unquote(job.rpartition("/")[2]))
        return not self.branches or _any_matches(names, self.branches)

    def is_about_people(self, people: Iterable[str]) -> bool:
        """Whether one of these is meant: who asked for the build, and who changed something in it."""
        return not self.people or _any_matches(people, self.people)

    def wants(self, change: Change, result: Result | None, failures: int) -> bool:
        """Whether to tell. `failures` is how many in a row there are with this one."""
        if self.results and result not in self.results:
            return False
        nth = change is Change.STILL and (failures - 1) % self.every == 0
        return change in _TOLD[self.tells] or nth


def _any_matches(names: Iterable[str], globs: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name.casefold(), glob.casefold()) for name in names if name for glob in globs)
