"""Jobs, folders, builds and queue items as exported beans, with the visibilities a real 2.463 showed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from urllib.parse import unquote

from playground.jenkins.beans import (
    artifact_beans,
    build_actions,
    causes_action,
    change_set,
    culprits,
    health,
)
from playground.jenkins.executors import Executors
from playground.jenkins.nodes import blockage
from playground.jenkins.parameters import definitions_property, queue_text, values_action
from playground.jenkins.paths import PERMALINKS
from playground.jenkins.queue import Queue
from playground.jenkins.queue_items import QueueItem, WaitingPart
from playground.jenkins.tree import Bean, Exported, Value, bean
from playground.jenkins.world import Build, Folder, Job, World

BUILD_CLASS = {
    "freestyle": "hudson.model.FreeStyleBuild",
    "pipeline": "org.jenkinsci.plugins.workflow.job.WorkflowRun",
}
JOB_CLASS = {
    "freestyle": "hudson.model.FreeStyleProject",
    "pipeline": "org.jenkinsci.plugins.workflow.job.WorkflowJob",
}
FOLDER_CLASS = {
    "folder": "com.cloudbees.hudson.plugins.folder.Folder",
    "multibranch": "org.jenkinsci.plugins.workflow.multibranch.WorkflowMultiBranchProject",
}
_COLORS = {"SUCCESS": "blue", "UNSTABLE": "yellow", "FAILURE": "red", "ABORTED": "aborted"}
PLACEHOLDER = "org.jenkinsci.plugins.workflow.support.steps.ExecutorStepExecution$PlaceholderTask"
"""The class of a pipeline's part that waits for a node or runs on one."""

GOING_DOWN = "Jenkins is about to shut down"
_BUILDS_SHOWN = 100
_DAY = 24 * 3600 * 1000
_ALWAYS = 999


def color(job: Job) -> str:
    """The ball of a job: how its last ended build went, `_anime` while one runs."""
    if job.disabled:
        return "disabled"
    ended = job.build("lastCompletedBuild")
    ball = _COLORS.get(ended.result or "", "notbuilt") if ended is not None else "notbuilt"
    return f"{ball}_anime" if job.running() else ball


class Exports:
    """Makes beans of one world; URLs are absolute below its root, times epoch milliseconds."""

    def __init__(self, world: World, queue: Queue, executors: Executors, now: Callable[[], int]) -> None:
        self._world = world
        self._queue = queue
        self._executors = executors
        self._now = now

    def build(self, build: Build) -> Bean:
        """A build in full, as `…/N/api/json` shows it."""
        pipeline = build.job.kind == "pipeline"
        executor = Bean("hudson.model.OneOffExecutor" if pipeline else None) if build.building else None
        common = bean(
            None,
            1,
            actions=lambda: build_actions(build),
            artifacts=lambda: artifact_beans(build),
            building=build.building,
            description=build.description,
            displayName=f"#{build.number}",
            duration=build.duration,
            estimatedDuration=build.job.estimated_duration,
            executor=executor,
            fullDisplayName=build.full_display_name,
            id=str(build.number),
            inProgress=build.building,
            keepLog=False,
            queueId=build.queue_id,
            result=build.result,
            timestamp=build.started,
            culprits=lambda: culprits(build, self._world.root_url),
        ).properties
        located = self.locator(build).properties
        own = self._pipeline_part(build) if pipeline else self._freestyle_part(build)
        return Bean(BUILD_CLASS[build.job.kind], {**common, **located, **own})

    def locator(self, build: Build) -> Bean:
        """A build as number and address only."""
        return bean(BUILD_CLASS[build.job.kind], 2, number=build.number, url=self._world.url(build.path))

    def job(self, job: Job) -> Bean:
        """A job in full, as `job/NAME/api/json` shows it."""
        shown = unquote(job.name)
        common = bean(
            None,
            1,
            actions=lambda: [*_property(job), Bean(None)],
            description=job.description,
            displayName=shown,
            displayNameOrNull=shown if shown != job.name else None,
            fullDisplayName=job.full_display_name,
            fullName=job.full_name,
            buildable=not job.disabled,
            builds=lambda: [self.build(build) for build in job.builds[: -_BUILDS_SHOWN - 1 : -1]],
            firstBuild=lambda: self.build(job.builds[0]) if job.builds else None,
            healthReport=lambda: health(job),
            inQueue=lambda: any(item.job is job for item in self._queue.pending()),
            keepDependencies=False,
            nextBuildNumber=job.next_number,
            queueItem=partial(self._queue_item_of, job),
            concurrentBuild=job.concurrent,
            disabled=job.disabled,
            **{name: partial(self._permalink, job, name) for name in PERMALINKS},
        ).properties
        every = Exported(lambda: [self.build(build) for build in reversed(job.builds)], -2)
        declared = Exported(lambda: _property(job), 1, inline=True)
        return Bean(
            JOB_CLASS[job.kind],
            {
                **common,
                **self.task(job).properties,
                "allBuilds": every,
                "property": declared,
                **self._own_part(job),
            },
        )

    def task(self, job: Job) -> Bean:
        """A job as a queue item names it."""
        return Bean(
            JOB_CLASS[job.kind],
            {
                "name": Exported(job.name, 3),
                "url": Exported(self._world.url(job.path), _ALWAYS),
                "color": Exported(partial(color, job), 2),
            },
        )

    def folder(self, folder: Folder) -> Bean:
        """A folder or multibranch project with what lies in it."""
        view = self.view(folder.full_name, folder.path)
        common = bean(
            None,
            1,
            actions=[],
            description=folder.description,
            displayName=folder.name,
            displayNameOrNull=None,
            fullDisplayName=folder.full_display_name,
            fullName=folder.full_name,
            healthReport=[],
            jobs=lambda: self.items(folder.full_name),
            primaryView=view,
            views=[view],
        ).properties
        located = {"name": Exported(folder.name, 3), "url": Exported(self._world.url(folder.path), _ALWAYS)}
        return Bean(FOLDER_CLASS[folder.kind], {**common, **located})

    def items(self, folder: str) -> list[Value]:
        """The jobs and folders that lie directly in a folder; the empty name is the root."""
        return [
            self.job(item) if isinstance(item, Job) else self.folder(item)
            for item in self._world.children(folder)
        ]

    def view(self, folder: str, path: str) -> Bean:
        """The view named all of a folder, which shares the folder's address."""
        return Bean(
            "hudson.model.AllView",
            {
                "description": Exported(None),
                "jobs": Exported(lambda: self.items(folder)),
                "name": Exported("all", 3),
                "property": Exported([]),
                "url": Exported(self._world.url(path), _ALWAYS),
            },
        )

    def queue(self) -> Bean:
        """`queue/api/json`: all that has not left, oldest first."""
        items: list[Value] = [self.queue_item(item) for item in self._queue.pending()]
        items += [self.waiting_part(part) for part in self._executors.waiting()]
        listed = {"discoverableItems": Exported([]), "items": Exported(items, 1, inline=True)}
        return Bean("hudson.model.Queue", listed)

    def queue_item(self, item: QueueItem) -> Bean:
        """A queue item: Waiting, Blocked, Buildable or Left."""
        actions: list[Value] = [values_action(item.parameters)] if item.parameters else []
        return bean(
            f"hudson.model.Queue${item.state.capitalize()}Item",
            _ALWAYS,
            actions=[*actions, causes_action(tuple(item.causes))],
            blocked=item.state == "blocked",
            buildable=item.state == "buildable",
            id=item.id,
            inQueueSince=item.since,
            params=queue_text(item.parameters),
            stuck=item.state == "buildable" and self._stuck(item),
            task=self.task(item.job),
            url=f"queue/item/{item.id}/",
            why=self._why(item),
            **self._state_part(item),
        )

    def waiting_part(self, part: WaitingPart) -> Bean:
        """A pipeline's part in the queue: its task has neither name nor address."""
        job = part.build.job
        return bean(
            "hudson.model.Queue$BuildableItem",
            _ALWAYS,
            actions=[],
            blocked=False,
            buildable=True,
            id=part.id,
            inQueueSince=part.since,
            params="",
            stuck=self._long_overdue(job, part.since),
            task=Bean(PLACEHOLDER),
            url=f"queue/item/{part.id}/",
            why=self._executors.why_none(job.label),
            buildableStartMilliseconds=part.since,
            pending=False,
        )

    def _stuck(self, item: QueueItem) -> bool:
        return self._long_overdue(item.job, item.buildable_since or item.since)

    def _long_overdue(self, job: Job, since: int) -> bool:
        """Whether no node can take it, or it waits ten times too long (hudson.model.Queue.BuildableItem)."""
        nodes = self._executors.nodes.fitting(job.label)
        if job.label is not None and blockage(nodes) != "busy":
            return True
        estimate = job.estimated_duration()
        return self._now() - since > (max(estimate, 60_000) * 10 if estimate >= 0 else _DAY)

    def _state_part(self, item: QueueItem) -> dict[str, Value]:
        if item.state == "waiting":
            return {"timestamp": item.quiet_until}
        if item.state == "blocked":
            return {"buildableStartMilliseconds": item.buildable_since}
        if item.state == "buildable":
            return {"buildableStartMilliseconds": item.buildable_since, "pending": False}
        build = self._queue.executable(item)
        return {"cancelled": item.cancelled, "executable": None if build is None else self.locator(build)}

    def _why(self, item: QueueItem) -> str | None:
        if item.state == "left":
            return None
        if item.state == "buildable":
            going_down = self._queue.quieting_down
            return GOING_DOWN if going_down else self._executors.why_none(item.job.label)
        if item.state == "blocked":
            running = item.job.running()
            return (
                f"Build #{running[0].number} is already in progress (ETA: N/A)"
                if running
                else "Finished waiting"
            )
        left = item.quiet_until - self._now()
        return f"In the quiet period. Expires in {left / 1000:.1f} sec" if left > 0 else "Finished waiting"

    def _queue_item_of(self, job: Job) -> Bean | None:
        return next((self.queue_item(item) for item in self._queue.pending() if item.job is job), None)

    def _permalink(self, job: Job, name: str) -> Bean | None:
        build = job.build(name)
        return None if build is None else self.build(build)

    def _pipeline_part(self, build: Build) -> dict[str, Exported]:
        sets: list[Value] = (
            [change_set(build.changes, build.started, self._world.root_url)] if build.changes else []
        )
        return {
            "changeSets": Exported(sets),
            "nextBuild": Exported(partial(self._neighbour, build, 1)),
            "previousBuild": Exported(partial(self._neighbour, build, -1)),
        }

    def _freestyle_part(self, build: Build) -> dict[str, Exported]:
        return {
            "builtOn": Exported(build.built_on),
            "changeSet": Exported(lambda: change_set(build.changes, build.started, self._world.root_url)),
        }

    def _own_part(self, job: Job) -> dict[str, Exported]:
        """What only this kind of job has; a pipeline's `resumeBlocked` is from its plugin's documentation."""
        if job.kind == "pipeline":
            return {"resumeBlocked": Exported(False)}
        return {
            "downstreamProjects": Exported(lambda: self._known(job.triggers)),
            "labelExpression": Exported(job.label),
            "scm": Exported(Bean("hudson.scm.NullSCM")),
            "upstreamProjects": Exported(lambda: [self.job(j) for j in self._world.upstream_of(job)]),
        }

    def _known(self, names: tuple[str, ...]) -> list[Value]:
        found = (self._world.job(name) for name in names)
        return [self.job(job) for job in found if job is not None]

    def _neighbour(self, build: Build, step: int) -> Bean | None:
        near = build.previous() if step < 0 else build.next()
        return None if near is None else Bean(None, self.locator(near).properties)


def _property(job: Job) -> list[Value]:
    return [definitions_property(job.parameters)] if job.parameters else []
