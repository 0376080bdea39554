"""Worlds of any size: jobs in nested folders with a past, the same for the same seed."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from playground.jenkins.builds import replay
from playground.jenkins.causes import BY_CHANGE
from playground.jenkins.nodes import Nodes
from playground.jenkins.orders import ManyOrder
from playground.jenkins.recipes import plain
from playground.jenkins.script import Result, Script
from playground.jenkins.world import Build, Folder, Job, JobKind, World

_HOUR = 3_600_000


def add_many(world: World, order: ManyOrder, now: int, next_queue_id: Callable[[], int]) -> None:
    """Put the jobs and their builds into the world; `now` is in epoch milliseconds. Raises NameTaken."""
    random = Random(order.seed)
    homes = [_folder(world, order, number) for number in range(order.folders)]
    built_in = Nodes().built_in
    for number in range(order.count):
        kind: JobKind = "pipeline" if random.random() < 0.6 else "freestyle"
        job = plain_job(f"{homes[number % order.folders]}/job-{number:05d}", kind)
        world.add(job)
        result: Result = "SUCCESS"
        for age in range(order.builds, 0, -1):
            result = next_result(random, result)
            started = now - age * _HOUR - random.randrange(_HOUR)
            build = Build(job, job.next_number, next_queue_id(), started, (BY_CHANGE,))
            job.next_number += 1
            job.builds.append(build)
            replay(build, script_of(kind, result, random), built_in)


def plain_job(full_name: str, kind: JobKind) -> Job:
    """A job that, when somebody triggers it, prints a line and is done."""
    script = plain(kind)
    return Job(full_name, kind, lambda number, values: script)


def script_of(kind: JobKind, result: Result, random: Random) -> Script:
    """What a build with this result did, in up to two minutes."""
    return plain(kind, result=result, seconds=random.uniform(5.0, 120.0))


def next_result(random: Random, before: Result) -> Result:
    """How the next build comes out: good jobs mostly stay good, broken ones stay broken for a while."""
    if random.random() < 0.03:
        return "ABORTED"
    if before in ("SUCCESS", "ABORTED"):
        return random.choices(("SUCCESS", "FAILURE", "UNSTABLE"), (0.88, 0.08, 0.04))[0]
    return before if random.random() < 0.6 else "SUCCESS"


def _folder(world: World, order: ManyOrder, number: int) -> str:
    """The innermost of the folders for a part of the jobs."""
    name = order.prefix
    for part in (f"folder-{number:03d}", *(f"level-{level:02d}" for level in range(2, order.depth + 1))):
        if name not in world.items:
            world.add(Folder(name))
        name = f"{name}/{part}"
    world.add(Folder(name))
    return name
