"""As the Statistics Gatherer plugin does it: documents for builds, steps, checkouts, queue and jobs. Pure.

Format: jenkinsci/statistics-gatherer-plugin. A document has no field that says its kind; job documents carry
the whole config.xml, secrets included. Steps, checkouts and jobs are told of freestyle jobs only.
Sources: RunStatsListener, QueueStatsListener and ItemStatsListener.
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


def statistics_gatherer(scene: Scene, happening: Happening) -> tuple[Message, ...]:
    """A build's start and end, checkouts, queue items, and jobs that change."""
    if isinstance(happening, BuildMoved):
        return _build(scene, happening.build, happening.phase)
    if isinstance(happening, QueueChanged):
        return (_queue(scene, happening),)
    if isinstance(happening, ItemChanged) and isinstance(happening.item, Job):
        return _job(scene, happening, happening.item)
    return ()


def _build(scene: Scene, build: Build, phase: str) -> tuple[Message, ...]:
    url = scene.world.url(build.path)
    if phase == "STARTED":
        begun: tuple[Message, ...] = (Message(phase, url, _start(scene, build)),)
        return (*begun, *_work(scene, build, url, ended=False)) if build.job.kind == "freestyle" else begun
    if phase == "COMPLETED" and build.job.kind == "freestyle":
        return _work(scene, build, url, ended=True)
    return (Message(phase, url, _end(scene, build)),) if phase == "FINALIZED" else ()


def _work(scene: Scene, build: Build, url: str, *, ended: bool) -> tuple[Message, ...]:
    """The checkout before the one step begins, and the step; each once when it begins and once when it ends."""
    begun: dict[str, Json] = {"startTime": build.started, "endTime": 0, "buildUrl": build.path}
    done: dict[str, Json] = {"startTime": 0, "endTime": scene.now, "buildUrl": build.path}
    step: dict[str, Json] = {
        "buildStepType": "hudson.tasks.Shell",
        "buildStepId": f"hudson.tasks.Shell@{build.queue_id:x}",
    }
    if ended:
        return (Message("STEP", url, done | step),)
    checked_out = (Message("CHECKOUT", url, done),) if build.changes else ()
    return (Message("CHECKOUT", url, begun), *checked_out, Message("STEP", url, begun | step))


def _common(scene: Scene, build: Build) -> dict[str, Json]:
    return {
        "ciUrl": scene.world.root_url,
        "fullJobName": build.job.full_name,
        "buildUrl": build.path,
        "number": build.number,
        "jobName": build.job.name,
    }


def _start(scene: Scene, build: Build) -> dict[str, Json]:
    last = build.causes[-1]
    return {
        **_common(scene, build),
        "queueTime": build.started - (build.queued or build.started),
        "result": "INPROGRESS",
        "contextId": build.queue_id,
        "parameters": open_parameters(build),
        "buildCause": build.causes[0].description,
        "startTime": build.started,
        "startedUserId": last.started_by,
        "startedUsername": last.user or "SYSTEM",
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
        body |= {"status": "LEFT", "duration": left - item.since, "exitTime": left}
        body |= {"contextId": item.id} if item.build is not None else {}
    else:
        reason = waiting_for_quiet_period(scene, item.quiet_until)
        cause: dict[str, Json] = {
            "reasonForWaiting": reason,
            "exitTime": None,
            "entryTime": item.since,
            "type": "waiting",
        }
        body |= {"startedBy": item.causes[-1].started_by, "status": "ENTERED", "duration": 0}
        body |= {"queueCauses": [cause]}
    return Message(f"queue.{happening.change}", scene.world.url(item.job.path), body)


def _job(scene: Scene, happening: ItemChanged, job: Job) -> tuple[Message, ...]:
    if job.kind != "freestyle" or happening.change == "locationChanged":
        return ()
    gone = happening.change == "deleted"
    stamp = "createdDate" if happening.change == "created" else "updatedDate"
    body: dict[str, Json] = {
        "name": job.name,
        stamp: scene.now,
        "userId": happening.user,
        "userName": happening.user,
        "ciUrl": scene.world.root_url,
        "status": "DELETED" if gone else "DISABLED" if job.disabled else "ACTIVE",
    }
    if not gone:
        body["configFile"] = config_xml(job)
    return (Message(f"item.{happening.change}", scene.world.url(job.path), body),)
