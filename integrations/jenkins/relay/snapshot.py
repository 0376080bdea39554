"""One look at a whole Jenkins: every job's last end and every running build, in two requests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.integration import UnreadableEvent
from integrations.jenkins.client import JenkinsClient
from integrations.jenkins.events import BuildEvent, Phase
from integrations.jenkins.events.addresses import build_in
from integrations.jenkins.model import Build
from integrations.jenkins.relay.details import Details, read_details

SENDER = "look"
"""Whom an event is from that nobody sent: the reconciler found it."""
_DEPTH = 10
"""Folders within folders that are looked into, as python-jenkins does."""
_CAUSES = "causes[userId,upstreamProject,upstreamBuild]"
_ACTIONS = f"actions[failCount,skipCount,totalCount,{_CAUSES},parameters[name,value]]"
_ENDED = f"number,url,building,result,queueId,timestamp,duration,{_ACTIONS}"
_RUNNING = f"currentExecutable[number,url,building,queueId,timestamp,actions[{_CAUSES}]]"
_NODES = f"computer[executors[{_RUNNING}],oneOffExecutors[{_RUNNING}]]"


@dataclass(frozen=True, slots=True)
class Ended:
    """A build that has ended, and what its report would leave out."""

    event: BuildEvent
    details: Details


@dataclass(frozen=True, slots=True)
class Looked:
    """A job and its newest build that has ended; None where none has."""

    full_name: str
    last: Ended | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a look shows."""

    jobs: tuple[Looked, ...]
    running: tuple[BuildEvent, ...]


def look(client: JenkinsClient) -> Snapshot:
    """Look at a server. Raises JenkinsError."""
    asked = "looking at all jobs of Jenkins"
    jobs = client.info(asked, "", _jobs_tree(_DEPTH))
    nodes = client.info("looking at what Jenkins builds", "computer", _NODES)
    return Snapshot(
        jobs=client.typed(asked, lambda: tuple(_jobs(jobs))),
        running=client.typed(asked, lambda: tuple(_running(nodes))),
    )


def name_of_build(client: JenkinsClient, queue_id: int) -> str | None:
    """The full name of the job that has the build of this queue item now: its running or newest one. Two requests."""
    shown = look(client)
    ends = (job.last.event for job in shown.jobs if job.last)
    return next((each.full_name for each in (*shown.running, *ends) if each.queue_id == queue_id), None)


def _jobs_tree(depth: int) -> str:
    fields = f"fullName,lastCompletedBuild[{_ENDED}]"
    return f"jobs[{fields},{_jobs_tree(depth - 1)}]" if depth > 1 else f"jobs[{fields}]"


def _jobs(item: Mapping[str, Any]) -> Iterator[Looked]:
    """Folders have jobs, and jobs have builds; a multibranch project is a folder."""
    for each in item.get("jobs") or ():
        if "lastCompletedBuild" in each:
            last = each["lastCompletedBuild"]
            yield Looked(each["fullName"], ended(each["fullName"], last) if last else None)
        yield from _jobs(each)


def ended(full_name: str, data: dict[str, Any]) -> Ended:
    """A build that has ended, from `api/json`. Raises KeyError, TypeError and ValidationError."""
    details = read_details(data)
    return Ended(_event(full_name, data, Phase.FINALIZED, details), details)


def _running(data: Mapping[str, Any]) -> Iterator[BuildEvent]:
    """A Pipeline's steps each occupy an executor, beside the one it began on: each build is told once."""
    found: dict[str, BuildEvent] = {}
    for node in data.get("computer") or ():
        for executor in (*(node.get("executors") or ()), *(node.get("oneOffExecutors") or ())):
            running = executor.get("currentExecutable") or {}
            if "number" not in running or "url" not in running:
                continue
            try:
                full_name, _ = build_in(running["url"])
            except UnreadableEvent:
                continue  # a task of some plugin's, and no build
            found[running["url"]] = _event(full_name, running, Phase.STARTED, read_details(running))
    return iter(found.values())


def _event(full_name: str, data: dict[str, Any], phase: Phase, details: Details) -> BuildEvent:
    build = Build.model_validate(data)
    return BuildEvent(
        sender=SENDER,
        full_name=full_name,
        number=build.number,
        phase=phase,
        result=build.result if phase.finished else None,
        url=build.url,
        queue_id=build.queue_id,
        started=build.started,
        duration=build.duration if phase.finished else None,
        culprits=details.culprits,
        asked_by=details.asked_by,
        upstream=details.upstream,
        tests=details.tests,
        tests_failed=details.tests_failed,
        tests_skipped=details.tests_skipped,
    )
