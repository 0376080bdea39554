"""What a sender makes of a happening, and what it may look at for that. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from playground.jenkins.exports import Exports
from playground.jenkins.happenings import BuildPhase, Happening
from playground.jenkins.tree import Json
from playground.jenkins.world import Build, World


@dataclass(frozen=True)
class Scene:
    """The world as a sender sees it; `now` is in epoch milliseconds, `log_lines` are what the hook wants."""

    world: World
    exports: Exports
    now: int
    log_lines: int = 0


@dataclass(frozen=True)
class Message:
    """One POST: its phase (what switches go by), the URL of what it is about, body and headers."""

    phase: str
    about: str
    body: dict[str, Json]
    headers: Mapping[str, str] = field(default_factory=dict)


Sender: TypeAlias = Callable[[Scene, Happening], tuple[Message, ...]]
"""Gives the messages about a happening: none where the plugin is silent."""


def open_parameters(build: Build) -> dict[str, Json]:
    """The parameters of a build that are no secrets, as text."""
    return {value.name: value.as_text() for value in build.parameters if not value.sensitive}


def repository(build: Build) -> dict[str, Json] | None:
    """Where a freestyle build's commits came from; None where the environment has no Git variables."""
    if build.job.kind == "pipeline" or not build.changes:
        return None
    return {
        "url": f"https://git.example.com/acme/{build.job.name}.git",
        "branch": "origin/main",
        "commit": build.changes[-1].commit,
    }


def moment(scene: Scene, build: Build, phase: BuildPhase) -> int:
    """The time two plugins give for a phase, in epoch milliseconds: not when the build began, but its own.

    Source: JobListener of the Notification plugin, and CEJobListener of the CloudEvents plugin.
    """
    if phase == "FINALIZED":
        return scene.now
    if phase == "COMPLETED":
        return build.started + build.duration
    return build.started if phase == "STARTED" or build.queued is None else build.queued


def waiting_for_quiet_period(scene: Scene, quiet_until: int) -> str:
    """Why a new item does not build yet, in the words of Jenkins."""
    return f"In the quiet period. Expires in {max(0, quiet_until - scene.now) / 1000:.1f} sec"
