"""As the Generic Event plugin does it: the whole `api/json` of a build or item in an envelope. Pure.

Format: jenkinsci/generic-event-plugin. The data has no `url` of its own; `source` is the parent's address.
"""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

from playground.jenkins.exports import BUILD_CLASS, FOLDER_CLASS, JOB_CLASS
from playground.jenkins.happenings import BuildDeleted, BuildMoved, Happening, ItemChanged
from playground.jenkins.paths import job_path
from playground.jenkins.senders.message import Message, Scene
from playground.jenkins.tree import ByDepth, Json, render
from playground.jenkins.world import Build, Folder, Job

_RUN_TYPES = {
    "QUEUED": "run.initialize",
    "STARTED": "run.started",
    "COMPLETED": "run.completed",
    "FINALIZED": "run.finalized",
}


def generic_event(scene: Scene, happening: Happening) -> tuple[Message, ...]:
    """All phases and deletions of builds; jobs and folders that are made, changed, moved or deleted."""
    if isinstance(happening, BuildMoved):
        return (_run(scene, happening.build, happening.phase, _RUN_TYPES[happening.phase]),)
    if isinstance(happening, BuildDeleted):
        return (_run(scene, happening.build, "run.deleted", "run.deleted"),)
    if isinstance(happening, ItemChanged):
        return (_item(scene, happening),)
    return ()


def _run(scene: Scene, build: Build, phase: str, kind: str) -> Message:
    data = _data(render(scene.exports.build(build), ByDepth(1)))
    if build.job.kind == "pipeline":
        parent = build.job.full_name.rpartition("/")[0]
        branches = scene.world.items.get(parent)
        data |= {
            "_class": "io.jenkins.plugins.generic.event.data.WorkflowRunData",
            "_multiBranch": isinstance(branches, Folder) and branches.kind == "multibranch",
            "_parentFullName": parent,
            "_projectName": build.job.name,
        }
    body = _envelope(scene, kind, build.job.path, BUILD_CLASS[build.job.kind], data)
    return Message(phase, scene.world.url(build.path), body)


def _item(scene: Scene, happening: ItemChanged) -> Message:
    item = happening.item
    kind = f"item.{happening.change}"
    parent = item.full_name.rpartition("/")[0]
    exported = scene.exports.job(item) if isinstance(item, Job) else scene.exports.folder(item)
    java_class = JOB_CLASS[item.kind] if isinstance(item, Job) else FOLDER_CLASS[item.kind]
    data = _data(render(exported, ByDepth(1)))
    body = _envelope(scene, kind, job_path(parent) if parent else "", java_class, data)
    if happening.old_name is not None:
        body["metaData"] = {
            "oldName": happening.old_name,
            "newName": item.full_name,
            "oldUrl": job_path(happening.old_name),
            "newUrl": item.path,
        }
    return Message(kind, scene.world.url(item.path), body)


def _data(rendered: Json) -> dict[str, Json]:
    assert isinstance(rendered, dict)
    return {name: value for name, value in rendered.items() if name != "url"}


def _envelope(
    scene: Scene, kind: str, source: str, java_class: str, data: dict[str, Json]
) -> dict[str, Json]:
    time = datetime.fromtimestamp(scene.now / 1000, UTC)
    return {
        "data": data,
        "dataType": java_class,
        "id": str(uuid4()),
        "source": source,
        "time": time.isoformat(timespec="milliseconds").replace("+00:00", "+0000"),
        "type": kind,
    }
