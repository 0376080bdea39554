"""As the Statistics Gatherer plugin does it: documents for builds, steps, checkouts, queue and jobs. Pure.

Format: jenkinsci/statistics-gatherer-plugin. A document has no field that says its kind; job documents carry
the whole config.xml, secrets included. Steps are told of freestyle builds only.
"""

from __future__ import annotations

from playground.jenkins.happenings import BuildMoved, Happening, ItemChanged, QueueChanged
from playground.jenkins.senders.config_xml import config_xml
from playground.jenkins.senders.message import (
    Message,
    Scene,
    open_parameters,
    repository,
    waiting_for_quiet_period,
)
from playground.jenkins.tree import Json
from playground.jenkins.world import Build, Job

_JOB_CHANGES = {"created": "ACTIVE", "updated": "ACTIVE", "locationChanged": "ACTIVE", "deleted": "DELETED"}


def statistics_gatherer(scene: Scene, happening: Happening) -> tuple[Message, ...]:
    """A build's start and end, checkouts, queue items, and jobs that change."""
    if isinstance(happening, BuildMoved):
        return _build(scene, happening.build, happening.phase)
    if isinstance(happening, QueueChanged):
        return (_queue(scene, happening),)
    if isinstance(happening, ItemChanged) and isinstance(happening.item, Job):
        return (_job(scene, happening, happening.item),)
    return ()


def _build(scene: Scene, build: Build, phase: str) -> tuple[Message, ...]:
    url = scene.world.url(build.path)
    begun: dict[str, Json] = {"startTime": build.started, "endTime": 0, "buildUrl": build.path}
    done: dict[str, Json] = {"startTime": 0, "endTime": scene.now, "buildUrl": build.path}
    step: dict[str, Json] = {
        "buildStepType": "hudson.tasks.Shell",
        "buildStepId": f"hudson.tasks.Shell@{build.queue_id:x}",
    }
    steps = build.job.kind == "freestyle"
    if phase == "STARTED":
        checkout = (Message("CHECKOUT", url, begun), Message("CHECKOUT", url, done)) if build.changes else ()
        first = (Message("STEP", url, begun | step),) if steps else ()
        return (Message(phase, url, _start(scene, build)), *checkout, *first)
    if phase == "COMPLETED" and steps:
        return (Message("STEP", url, done | step),)
    return (Message(phase, url, _end(scene, build)),) if phase == "FINALIZED" else ()


def _common(scene: Scene, build: Build) -> dict[str, Json]:
    return {
        "ciUrl": scene.world.root_url,
        "fullJobName": build.job.full_name,
        "buildUrl": build.path,
        "number": build.number,
        "jobName": build.job.name,
    }


def _start(scene: Scene, build: Build) -> dict[str, Json]:
    cause = build.causes[0]
    user = cause.user or "SYSTEM"
    return {
        **_common(scene, build),
        "queueTime": 0,
        "result": "INPROGRESS",
        "contextId": build.queue_id,
        "parameters": open_parameters(build),
        "buildCause": cause.description,
        "startTime": build.started,
        "startedUserId": user,
        "startedUsername": user,
        "slaveInfo": {"slaveName": build.built_on or "master", "executor": "0", "label": ""},
        "scmInfo": repository(build) or {},
    }


def _end(scene: Scene, build: Build) -> dict[str, Json]:
    return {
        **_common(scene, build),
        "result": build.result,
        "endTime": build.ended,
        "duration": build.duration,
    }


def _queue(scene: Scene, happening: QueueChanged) -> Message:
    item = happening.item
    body: dict[str, Json] = {
        "ciUrl": scene.world.root_url,
        "jobName": item.job.full_display_name,
        "jenkinsQueueId": item.id,
        "entryTime": item.since,
    }
    if happening.change == "left":
        left = item.left_at or scene.now
        body |= {
            "startedBy": item.causes[0].user or "SCM",
            "status": "LEFT",
            "duration": left - item.since,
            "contextId": item.id,
            "exitTime": left,
        }
    else:
        reason = waiting_for_quiet_period(scene, item.quiet_until)
        cause = {
            "reasonForWaiting": reason,
            "exitTime": None,
            "entryTime": item.since,
            "type": "waiting",
        }
        body |= {"queueCauses": [cause]}
    return Message(f"queue.{happening.change}", scene.world.url(item.job.path), body)


def _job(scene: Scene, happening: ItemChanged, job: Job) -> Message:
    stamp = "createdDate" if happening.change == "created" else "updatedDate"
    body: dict[str, Json] = {
        "name": job.name,
        stamp: scene.now,
        "userId": happening.user,
        "userName": happening.user,
        "ciUrl": scene.world.root_url,
        "status": _JOB_CHANGES[happening.change],
        "configFile": config_xml(job),
    }
    return Message(f"item.{happening.change}", scene.world.url(job.path), body)
