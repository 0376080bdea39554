"""Reads a request path the way Jenkins does, segment by segment: which job, which build, what of it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, unquote

PERMALINKS = (
    "lastBuild",
    "lastCompletedBuild",
    "lastFailedBuild",
    "lastStableBuild",
    "lastSuccessfulBuild",
    "lastUnstableBuild",
    "lastUnsuccessfulBuild",
)


@dataclass(frozen=True)
class Address:
    """Where a path points: the job's names, outermost folder first, a build number or permalink, the rest."""

    job: tuple[str, ...]
    build: str | None
    rest: tuple[str, ...]


def parse_path(raw_path: str) -> Address:
    """Split a raw (still percent-encoded) path below the context root.

    Each segment is decoded once, so `feature%252Fx` is the multibranch job named `feature%2Fx`.
    """
    segments = [unquote(segment) for segment in raw_path.split("/") if segment]
    job: list[str] = []
    if segments[:1] == ["view"] and segments[2:3] == ["job"]:
        segments = segments[2:]
    while len(segments) >= 2 and segments[0] == "job":
        job.append(segments[1])
        segments = segments[2:]
    build = None
    if job and segments and (segments[0].isdecimal() or segments[0] in PERMALINKS):
        build = segments.pop(0)
    return Address(tuple(job), build, tuple(segments))


@lru_cache(maxsize=1 << 16)
def job_path(full_name: str) -> str:
    """The path of a job below the context root: `team/deploy` lives at `job/team/job/deploy/`."""
    return "".join(f"job/{quote(name, safe='')}/" for name in full_name.split("/"))
