"""As the CloudEvents plugin does it: binary mode, all metadata in `ce-*` headers. Pure.

Format: jenkinsci/cloudevents-plugin. Its item events cast to AbstractProject, so a pipeline gives none; a
display name with a space makes no URI for `ce-source`, so such a job gives none at all. A failed build is told
as `finalized` and once more as `failed`.
"""

from __future__ import annotations

from uuid import uuid4

from playground.jenkins.happenings import (
    BuildMoved,
    BuildPhase,
    Happening,
    ItemChanged,
    NodeChanged,
    QueueChanged,
)
from playground.jenkins.nodes import Node
from playground.jenkins.senders.config_xml import config_xml
from playground.jenkins.senders.message import (
    Message,
    Scene,
    moment,
    open_parameters,
    repository,
    waiting_for_quiet_period,
)
from playground.jenkins.tree import Json
from playground.jenkins.world import Build, Job


def cloudevents(scene: Scene, happening: Happening) -> tuple[Message, ...]:
    """Builds from STARTED on, queue items, freestyle jobs that are made or changed, nodes."""
    if isinstance(happening, BuildMoved):
        return _job_events(scene, happening)
    if isinstance(happening, QueueChanged):
        return (_queue_event(scene, happening),)
    if isinstance(happening, ItemChanged) and isinstance(happening.item, Job):
        return _item_events(scene, happening, happening.item)
    if isinstance(happening, NodeChanged):
        return (_node_event(scene, happening.node),)
    return ()


def _message(phase: str, about: str, kind: str, source: str, body: dict[str, Json]) -> tuple[Message, ...]:
    if " " in source:
        return ()
    headers = {
        "ce-specversion": "1.0",
        "ce-id": str(uuid4()),
        "ce-source": source,
        "ce-type": f"org.jenkinsci.{kind}",
        "Content-Type": "application/json",
    }
    return (Message(phase, about, body, headers),)


def _job_events(scene: Scene, happening: BuildMoved) -> tuple[Message, ...]:
    build, phase = happening.build, happening.phase
    if phase == "QUEUED":
        return ()
    kinds = [phase.lower()]
    if phase == "FINALIZED" and build.result == "FAILURE":
        kinds.append("failed")
    job = build.job
    body: dict[str, Json] = {
        "userId": "SYSTEM",
        "userName": "SYSTEM",
        "name": job.name,
        "displayName": job.name,
        "url": job.path,
        "build": _build(scene, build, phase),
    }
    url, source = scene.world.url(build.path), f"job/{job.name}"
    return tuple(message for kind in kinds for message in _message(phase, url, f"job.{kind}", source, body))


def _build(scene: Scene, build: Build, phase: BuildPhase) -> dict[str, Json]:
    ended = phase != "STARTED"
    return {
        "fullUrl": scene.world.url(build.path),
        "number": build.number,
        "queueId": build.queue_id,
        "timestamp": moment(scene, build, phase),
        "duration": build.duration if ended else 0,
        "phase": phase,
        "status": build.result if ended else None,
        "url": build.path,
        "displayName": None,
        "parameters": open_parameters(build) or None,
        "scmState": repository(build) or {"url": None, "branch": None, "commit": None},
    }


def _queue_event(scene: Scene, happening: QueueChanged) -> Message:
    item, left = happening.item, happening.change == "left"
    now = item.left_at or scene.now
    body: dict[str, Json] = {
        "ciUrl": scene.world.root_url,
        "displayName": item.job.name,
        "entryTime": item.since,
        "exitTime": now if left else None,
        "startedBy": item.causes[-1].started_by,
        "jenkinsQueueId": item.id,
        "status": "LEFT" if left else "ENTERED_WAITING",
        "duration": now - item.since if left else 0,
    }
    kind = "left" if left else "entered_waiting"
    if not left:
        reason = waiting_for_quiet_period(scene, item.quiet_until)
        body["queueCauses"] = [{"reasonForWaiting": reason, "type": kind}]
    url = scene.world.url(item.job.path)
    (message,) = _message(f"queue.{happening.change}", url, f"queue.{kind}", "queue", body)
    return message


def _item_events(scene: Scene, happening: ItemChanged, job: Job) -> tuple[Message, ...]:
    if job.kind == "pipeline" or happening.change not in ("created", "updated"):
        return ()
    change = happening.change
    body: dict[str, Json] = {
        "userId": happening.user,
        "userName": happening.user,
        "status": change.upper(),
        "name": job.name,
        "displayName": job.name,
        "url": job.path,
        f"{change}Date": scene.now,
        "configFile": config_xml(job),
    }
    url = scene.world.url(job.path)
    return _message(f"item.{change}", url, f"job.{change}", f"job/{job.name}", body)


def _node_event(scene: Scene, node: Node) -> Message:
    mark = node.mark
    cause: dict[str, Json] | None = None
    if mark is not None:
        cause = {"timestamp": mark.at, "shortDescription": mark.description, "time": mark.at}
    elif node.disconnected:
        broken = "java.nio.channels.ClosedChannelException"
        cause = {"timestamp": scene.now, "shortDescription": broken, "time": scene.now}
    body: dict[str, Json] = {
        "numExecutors": node.executors,
        "offlineCause": cause,
        "nodeName": node.name,
        "cachedHostName": node.name or "jenkins",
        "terminatedBy": None if node.online else [],
        "connectTime": 0,
    }
    kind = "online" if node.online else "offline"
    url = scene.world.url("computer/")
    (message,) = _message(f"node.{kind}", url, f"node.{kind}", "node", body)
    return message
