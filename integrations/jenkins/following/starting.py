"""Ask Jenkins for the build, once; where the answer is lost, look for what may have come of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from bot.runs.kinds import End, Interrupted, Wait
from bot.runs.states import State
from bot.store.models import Run
from integrations.jenkins import render
from integrations.jenkins.errors import CredentialGone, JenkinsError, Starting, Unreachable
from integrations.jenkins.following.order import KIND
from integrations.jenkins.following.step import Step
from integrations.jenkins.model import Build, QueueItem, carries, shown_name

_LOOKS = 5
"""How often Jenkins is asked for a build whose trigger's answer was lost, before none is believed."""
_LOOK_EVERY = 3.0


def start(step: Step) -> Wait | End:
    """Ask for the build."""
    control = step.control
    try:
        outcome = control.attempt("trigger", f"starting {shown_name(step.order.job)}", lambda: _post(step))
    except Interrupted:
        return look(step, "I was interrupted while asking for it")
    except (Starting, Unreachable):
        control.forget("trigger")
        raise
    except JenkinsError as error:
        return step.not_started(str(error))
    if "unknown" in outcome:
        return look(step, str(outcome["unknown"]))
    if "queue_id" not in outcome:  # it ended in an error that said nothing was done; then we died
        control.forget("trigger")
        return step.wait(0.0, State.REQUESTED)
    return _in_queue(step, int(outcome["queue_id"]), joined=bool(outcome["joined"]))


def _post(step: Step) -> Mapping[str, Any]:
    order = step.order
    if step.gone:
        again = "Say it again, to have it done as my own account."
        raise CredentialGone(f"starting {order.job}", step.gone, again)
    try:
        triggered = step.client.trigger(
            order.job, order.given, parameterised=order.parameterised, cause=order.cause
        )
    except JenkinsError as error:
        if error.maybe_done:
            return {"unknown": str(error)}
        raise
    return triggered.model_dump()


def _in_queue(step: Step, queue_id: int, *, joined: bool) -> Wait:
    said = "Jenkins put it to an identical one that waited" if joined else "Jenkins took it"
    return step.wait(
        0.0,
        State.QUEUED,
        why=f"{said}, as queue item {queue_id}",
        live=step.queue_text("it begins in a moment", joined=joined),
        log=(f"{said}: queue item {queue_id}.",),
        queue_id=queue_id,
        joined=joined,
        shared=joined,
        looking=0,
        polls=0,
    )


def look(step: Step, reason: str) -> Wait | End:
    """Look for what the lost trigger may have made: adopt it, say that there is nothing, or give up."""
    found = _candidates(step)
    if len(found) == 1:
        queue_id = next(iter(found))
        if not _followed_elsewhere(step, queue_id):
            return _in_queue(step, queue_id, joined=False)
    if found:
        which = " or ".join(found.values())
        return step.lost(f"{reason.rstrip('.')}, and Jenkins has what may be it or not: {which}")
    looks = step.progress.looking + 1
    if looks <= _LOOKS:
        live = render.looking(step.order.job)
        known: dict[str, Any] = {"looking": looks, "lost_by": reason}
        return step.wait(_LOOK_EVERY, State.QUEUED, why=reason, live=live, **known)
    return step.not_started(f"{reason.rstrip('.')}, and Jenkins has no such build: nothing was started.")


def _candidates(step: Step) -> dict[int, str]:
    """Queue items and builds since the order with our parameters and by our user, by queue id."""
    order, client = step.order, step.client
    asker = (order.as_user or client.user).casefold()

    def ours(each: Build | QueueItem) -> bool:
        by_us = any((cause.user or "").casefold() == asker for cause in each.causes)
        by_name = order.cause is not None and any(order.cause in cause.says for cause in each.causes)
        return (by_us or by_name) and carries(each.parameters, order.expected)

    found = {each.id: f"queue item {each.id}" for each in client.queue_of(order.job) if ours(each)}
    for build in client.builds(order.job):
        if build.number >= order.next_number and build.queue_id is not None and ours(build):
            found[build.queue_id] = f"#{build.number}"
    return found


def _followed_elsewhere(step: Step, queue_id: int) -> bool:
    same = select(Run.id).where(
        Run.kind == KIND,
        Run.id != step.view.id,
        Run.arguments["job"].astext == step.order.job,
        Run.progress["queue_id"].astext == str(queue_id),
    )
    with step.services.database.transaction() as session:
        return session.scalars(same).first() is not None
