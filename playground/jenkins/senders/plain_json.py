"""As an `httpRequest` step in a pipeline's `post` block might do it: a few flat fields. Pure."""

from __future__ import annotations

from urllib.parse import unquote

from playground.jenkins.happenings import BuildMoved, Happening
from playground.jenkins.senders.message import Message, Scene
from playground.jenkins.tree import Json
from playground.jenkins.world import Build


def plain_json(scene: Scene, happening: Happening) -> tuple[Message, ...]:
    """A build's start and end. `job` is the full name; `started` and `duration` are in seconds."""
    if not isinstance(happening, BuildMoved) or happening.phase not in ("STARTED", "FINALIZED"):
        return ()
    build = happening.build
    ended = happening.phase == "FINALIZED"
    url = scene.world.url(build.path)
    body: dict[str, Json] = {
        "job": build.job.full_name,
        "number": build.number,
        "result": build.result if ended else None,
        "url": url,
        "started": build.started / 1000,
        "duration": build.duration / 1000 if ended else 0.0,
        "branch": _branch(scene, build),
        "phase": happening.phase,
    }
    return (Message(happening.phase, url, body),)


def _branch(scene: Scene, build: Build) -> str:
    """The branch a multibranch job is for, else the parameter BRANCH, else main."""
    folder = scene.world.items.get(build.job.full_name.rpartition("/")[0])
    if folder is not None and folder.kind == "multibranch":
        return unquote(build.job.name)
    given = (value.as_text() for value in build.parameters if value.name == "BRANCH")
    return next(given, "main")
