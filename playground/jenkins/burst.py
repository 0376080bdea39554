"""Sends many events at once, for load: realistic builds of many jobs, in order within each job."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from random import Random

from playground.jenkins.builds import begin, finish, settle
from playground.jenkins.causes import BY_CHANGE
from playground.jenkins.controller import Controller
from playground.jenkins.happenings import BuildMoved
from playground.jenkins.many import next_result, plain_job
from playground.jenkins.notifications import Delivery, Hook
from playground.jenkins.orders import BurstOrder
from playground.jenkins.script import Result
from playground.jenkins.world import Build, Folder, Job


class SilentSender(ValueError):
    """The sender of a burst has nothing to say of the phases it shall tell."""


@dataclass(frozen=True)
class BurstReport:
    """How many events were sent, what came back by outcome, and how long it took in seconds."""

    events: int
    answered_200: int
    outcomes: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0


async def burst(controller: Controller, order: BurstOrder) -> BurstReport:
    """Send the events and wait for all answers. The builds stay in the world, to be asked about afterwards.

    Each job belongs to one of the `concurrency` senders, so its events never overtake each other.
    Raises SilentSender.
    """
    jobs = _jobs(controller, order)
    lanes = min(order.concurrency, len(jobs))
    outcomes: Counter[str] = Counter()
    began = time.perf_counter()
    await asyncio.gather(
        *(_lane(controller, order, jobs[lane::lanes], lane, lanes, outcomes) for lane in range(lanes))
    )
    seconds = time.perf_counter() - began
    return BurstReport(outcomes.total(), outcomes["200"], dict(outcomes), round(seconds, 3))


def _jobs(controller: Controller, order: BurstOrder) -> list[Job]:
    """The jobs of the burst; those of an earlier one are used again."""
    world = controller.world
    if order.prefix not in world.items:
        world.add(Folder(order.prefix))
    for number in range(order.jobs):
        name = f"{order.prefix}/job-{number:04d}"
        if name not in world.items:
            world.add(plain_job(name, "freestyle" if number % 2 else "pipeline"))
    found = (world.job(f"{order.prefix}/job-{number:04d}") for number in range(order.jobs))
    return [job for job in found if job is not None]


async def _lane(
    controller: Controller, order: BurstOrder, jobs: list[Job], lane: int, lanes: int, outcomes: Counter[str]
) -> None:
    share = order.events // lanes + (lane < order.events % lanes)
    hook = Hook(order.url, sender=order.sender)
    for delivery in islice(_deliveries(controller, order, hook, jobs, lane), share):
        await controller.notifier.post(delivery)
        outcomes[delivery.outcome] += 1


def _deliveries(
    controller: Controller, order: BurstOrder, hook: Hook, jobs: list[Job], lane: int
) -> Iterator[Delivery]:
    """Builds of the jobs in turn, each told in its phases, without end.

    Raises SilentSender when it has nothing to say of two builds of every job.
    """
    random = Random(f"{order.seed}/{lane}")
    last: dict[Job, Result] = {}
    silent = 0
    while True:
        for job in jobs:
            last[job] = next_result(random, last.get(job, "SUCCESS"))
            silent += 1
            for delivery in _build(controller, order, hook, job, last[job], random):
                silent = 0
                yield delivery
            if silent > 2 * len(jobs):
                raise SilentSender(f"burst: {hook.sender} says nothing of {', '.join(order.phases)}")


def _build(
    controller: Controller, order: BurstOrder, hook: Hook, job: Job, result: Result, random: Random
) -> Iterator[Delivery]:
    build = Build(job, job.next_number, controller.queue.next_id(), controller.clock.now(), (BY_CHANGE,))
    job.next_number += 1
    job.builds.append(build)
    begin(build)
    settle(build, controller.nodes.built_in)
    for phase in order.phases:
        if phase in ("COMPLETED", "FINALIZED") and build.building:
            finish(build, result, build.started + random.randrange(5_000, 120_000))
        for message in controller.notifier.messages(hook, BuildMoved(build, phase)):
            yield Delivery.of(hook, message)
    if build.building:
        finish(build, result, build.started + random.randrange(5_000, 120_000))
