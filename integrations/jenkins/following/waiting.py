"""A build that waits in Jenkins' queue: until it begins, is taken out, or Jenkins forgets the item."""

from __future__ import annotations

from bot.runs.kinds import End, Wait
from bot.runs.states import State
from integrations.jenkins import render
from integrations.jenkins.errors import BadParameter, NotFound
from integrations.jenkins.following.building import follow
from integrations.jenkins.following.step import Step
from integrations.jenkins.model import QueueItem

_LEFT_LOOKS = 60
"""Looks at an item that left the queue without a word on where to."""


def queued(step: Step, queue_id: int) -> Wait | End:
    """Look at the queue item."""
    try:
        item = step.client.queue_item(queue_id)
    except NotFound:
        return _forgotten(step, queue_id)
    shared = step.progress.shared or len(item.causes) > 1
    if item.number is not None:
        return follow(step, item.number, shared=shared)
    if item.cancelled:
        return _taken_out(step)
    if item.left and step.progress.polls > _LEFT_LOOKS:
        return _forgotten(step, queue_id)
    if step.view.cancel_requested_by and shared:
        return step.left_to_the_others()
    if step.view.cancel_requested_by and not item.left:
        return _cancel_item(step, queue_id)
    live = step.queue_text(_waits_for(item), joined=step.progress.joined)
    return step.wait(step.delay(), State.QUEUED, live=live, shared=shared, polls=step.progress.polls + 1)


def _forgotten(step: Step, queue_id: int) -> Wait | End:
    """Jenkins remembers items that left for five minutes, and not over a restart: the build tells."""
    build = step.client.build_of(step.order.job, queue_id)
    if build is not None:
        return follow(step, build.number)
    return step.lost(f"Jenkins has forgotten queue item {queue_id} and shows no build that came of it")


def _cancel_item(step: Step, queue_id: int) -> Wait:
    try:
        step.client.cancel(queue_id)
    except (NotFound, BadParameter):
        step.control.log("It left the queue before it could be taken out.")
    return step.wait(0.5, State.QUEUED, why="asked to leave the queue", polls=step.progress.polls + 1)


def _taken_out(step: Step) -> End:
    says = render.taken_out(step.order.job, step.view.cancel_requested_by)
    return End(State.CANCELLED, "taken out of the queue", live=says, told=says, log=("Out of the queue.",))


def _waits_for(item: QueueItem) -> str:
    if item.blocked:
        return "it waits for the build before it"
    return "it waits for a free executor" if item.buildable else "it begins in a moment"
