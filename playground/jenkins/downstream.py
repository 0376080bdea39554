"""Builds that start other builds: a freestyle job's triggers, and a pipeline's `build` step."""

from __future__ import annotations

import asyncio

from playground.jenkins.causes import Cause
from playground.jenkins.executors import Executors, Interruption, StepBroke
from playground.jenkins.parameters import values_for
from playground.jenkins.queue import Queue
from playground.jenkins.script import DownstreamRequest
from playground.jenkins.world import Build, Job, World


def trigger_downstream(world: World, queue: Queue, build: Build) -> None:
    """Ask for builds of the jobs a build triggers, if it came out well; disabled and unknown ones are left out."""
    if build.result != "SUCCESS":
        return
    cause = Cause.by_build(build.job.full_name, build.number)
    for name in build.job.triggers:
        job = world.job(name)
        if job is not None and not job.disabled:
            queue.schedule(job, values_for(job.parameters, {}), cause)


async def run_downstream(
    world: World, queue: Queue, executors: Executors, build: Build, request: DownstreamRequest
) -> None:
    """Run a job for a `build` step, until its end if the step waits; it ends with the caller.

    Raises StepBroke when there is no such job, when its item was cancelled, or when it came out badly.
    """
    job = _beside(world, build.job, request.job)
    if job is None or job.disabled:
        problem = f"No item named {request.job} found" if job is None else f"{request.job} is not buildable"
        raise StepBroke(problem)
    build.log.write_line(f"Scheduling project: {job.full_display_name}", note_before=job.full_display_name)
    cause = Cause.by_step(build.job.full_name, build.number)
    item, _ = queue.schedule(job, values_for(job.parameters, {}), cause, delay=0.0)
    if not request.wait:
        return
    await item.gone.wait()
    if item.build is None:
        raise StepBroke("Queue task was cancelled")
    child = item.build
    build.log.write_line(f"Starting building: {child.full_display_name}", note_before=child.full_display_name)
    try:
        await executors.ended(child)
    except asyncio.CancelledError:
        executors.interrupt(child, Interruption("Calling Pipeline was cancelled"))
        raise
    build.log.write_line(f"Build {child.full_display_name} completed: {child.result}")
    if request.propagate and child.result not in ("SUCCESS", None):
        problem = (
            f"{child.full_display_name} completed with status {child.result} (propagate: false to ignore)"
        )
        raise StepBroke(problem, child.result)


def _beside(world: World, job: Job, name: str) -> Job | None:
    """A job by its full name, or by its name in the folder of another."""
    folder = job.full_name.rpartition("/")[0]
    return (world.job(f"{folder}/{name}") if folder else None) or world.job(name)
