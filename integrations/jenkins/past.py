"""The builds a job had, with who asked for them, whose changes they built, and since when a job is broken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import model_validator

from integrations.jenkins.changes import culprits_in
from integrations.jenkins.client import JenkinsClient, raw_path
from integrations.jenkins.model import Build, Result

_AUTHORS = "items[author[fullName]]"
_PAST = (
    "number,url,building,result,timestamp,duration,estimatedDuration,culprits[fullName],"
    f"changeSet[{_AUTHORS}],changeSets[{_AUTHORS}],"
    "actions[parameters[name,value],causes[shortDescription,userId],lastBuiltRevision[branch[name]]]"
)
_BROKEN = (Result.FAILURE, Result.UNSTABLE)
MOST = 100
"""Builds that Jenkins lists of a job (`builds`); older ones it reads from disk one by one (`allBuilds`)."""


class PastBuild(Build):
    """A build as the list of a job's builds shows it."""

    culprits: tuple[str, ...] = ()
    """Whose changes came in since the last build that succeeded; a Pipeline may name only its own changes'."""
    branch: str = ""
    """The branch that Git built; empty where another or no version control was asked."""

    @model_validator(mode="before")
    @classmethod
    def _people_and_branch(cls, data: Any) -> Any:
        """Both are gathered from several places, any of which may be missing."""
        if not isinstance(data, dict):
            return data
        revisions = [(each or {}).get("lastBuiltRevision") or {} for each in data.get("actions") or ()]
        branches = [each["name"] for one in revisions for each in one.get("branch") or ()]
        return {
            **data,
            "culprits": culprits_in(data),
            "branch": _plain_branch(branches[0]) if branches else "",
        }

    @property
    def asked_by(self) -> str:
        """The users who asked for it, or what else started it, in Jenkins' words without their beginning."""
        return ", ".join(dict.fromkeys(each.user or _cause(each.says) for each in self.causes))


def _plain_branch(name: str) -> str:
    return name.removeprefix("refs/remotes/").removeprefix("origin/")


def _cause(says: str) -> str:
    return says.removeprefix("Started by ").removeprefix("an ").removeprefix("a ")


def past_builds(client: JenkinsClient, full_name: str, limit: int) -> tuple[PastBuild, ...]:
    """The newest builds of a job, newest first, at most `limit` and at most a hundred."""
    asked = f"asking Jenkins for the builds of {full_name}"
    data = client.info(asked, raw_path(full_name, asked), f"builds[{_PAST}]{{0,{min(limit, MOST)}}}")
    return client.typed(asked, lambda: tuple(PastBuild.model_validate(each) for each in data["builds"]))


@dataclass(frozen=True, slots=True)
class Breakage:
    """Since when a job is broken: the first build that failed or was unstable after the last success."""

    last: PastBuild
    first: PastBuild
    in_a_row: int
    exact: bool
    """Whether the success before it is known; otherwise it is broken for longer."""


def breakage(builds: Sequence[PastBuild], *, all_known: bool) -> Breakage | None:
    """What the builds, newest first, say of it; None where the last that counts succeeded.

    Builds that run, were aborted or built nothing count for neither. `all_known` says that no older ones exist.
    """
    broken: list[PastBuild] = []
    for build in builds:
        if build.outcome is Result.SUCCESS:
            return Breakage(broken[0], broken[-1], len(broken), exact=True) if broken else None
        if build.outcome in _BROKEN:
            broken.append(build)
    if not broken:
        return None
    return Breakage(broken[0], broken[-1], len(broken), exact=all_known)


def broken_since(client: JenkinsClient, full_name: str) -> Breakage | None:
    """Since when this job is broken. Looks at its last 15 builds, and at a hundred where that does not tell."""
    few = past_builds(client, full_name, 15)
    found = breakage(few, all_known=len(few) < 15)
    if found is None or found.exact:
        return found
    many = past_builds(client, full_name, MOST)
    return breakage(many, all_known=len(many) < MOST)
