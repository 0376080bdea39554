"""A build that runs: its stages as they pass, stopped if asked, to its end."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from bot.runs.kinds import End, Interrupted, Wait
from bot.runs.states import State
from integrations.jenkins import inputs, render
from integrations.jenkins.errors import JenkinsError, NotFound
from integrations.jenkins.events import Phase
from integrations.jenkins.following.step import Step
from integrations.jenkins.model import Build, Result, Stage, read_result, shown_name
from integrations.jenkins.relay.record import downstream
from integrations.jenkins.relay.snapshot import name_of_build


def follow(step: Step, number: int, *, shared: bool | None = None) -> Wait | End:
    """Look at the build."""
    order, client, progress = step.order, step.client, step.progress
    shared = progress.shared if shared is None else shared
    try:
        build = client.build(order.job, number)
    except NotFound as error:
        return _gone(step, number, error)
    stages = client.stages(order.job, number) if build.is_pipeline else ()
    below = _downstream(step, number)
    if not build.building:
        return _ended(step, build, stages, below)
    new = progress.number is None
    began_in = client.jenkins_session if new else progress.jenkins_session
    known: dict[str, Any] = {"number": number, "shared": shared, "jenkins_session": began_in}
    known |= _ask(step, build) if any(stage.waits for stage in stages) else {"waiting": ()}
    if step.view.cancel_requested_by:
        if shared:
            return step.left_to_the_others()
        _stop(step, number)
        live = render.stopping(order.job, build, step.view.cancel_requested_by, stages)
        return step.wait(1.0, State.RUNNING, why="asked to stop", live=live, stopped=True, **known)
    polls = 0 if new else progress.polls + 1
    return step.wait(
        step.delay(polls),
        State.RUNNING,
        why=f"build #{number} began",
        live=render.running(order.job, build, stages, order.given, time.time(), below),
        log=(f"Build #{number} began: {build.url}",) if new else (),
        polls=polls,
        **known,
    )


def _gone(step: Step, number: int, error: NotFound) -> Wait | End:
    """Jenkins leads nobody from a job's old name to its new one: the build is known by its queue item."""
    asked = step.progress.queue_id
    name = name_of_build(step.client, asked) if asked is not None else None
    if name is None or name == step.order.job:
        return step.lost(f"{error.came_back}: #{number} is gone, or the job was renamed")
    why = f"{shown_name(step.order.job)} is called {shown_name(name)} now"
    return step.wait(0.0, State.RUNNING, why=why, log=(f"{why}.",), job=name, number=number)


def _stop(step: Step, number: int) -> None:
    """Ask Jenkins once to stop the build. Asking again does no harm: an open attempt is simply redone."""
    if step.progress.stopped:
        return

    def ask() -> Mapping[str, Any]:
        step.client.stop(step.order.job, number)
        return {}

    try:
        step.control.attempt("stop", f"stopping #{number}", ask)
    except (Interrupted, JenkinsError) as error:
        step.control.forget("stop")
        if isinstance(error, JenkinsError):
            raise
        step.client.stop(step.order.job, number)


def _ask(step: Step, build: Build) -> dict[str, Any]:
    """Put each question that is new into the thread, as a card with its own fields, for whoever may answer."""
    order, progress = step.order, step.progress
    questions = dict(progress.questions)
    waiting = inputs.pending(step.client, order.job, build.number)
    for question in waiting:
        if question.id not in progress.waiting:
            questions[question.id] = questions.get(question.id, 0) + 1
            text, card = render.input_card(order.noun, order.job, build.number, question, build.url)
            step.control.post(f"input:{question.id}:{questions[question.id]}", text, card)
    return {"questions": questions, "waiting": tuple(each.id for each in waiting)}


def _downstream(step: Step, number: int) -> tuple[render.Below, ...]:
    """The builds that this one asked for, as far as they were heard of."""
    with step.services.database.transaction() as session:
        return tuple(
            render.Below(each.job, each.number, read_result(each.result), each.phase >= Phase.COMPLETED.order)
            for each in downstream(session, step.client.name, step.order.job, number)
        )


def _ended(step: Step, build: Build, stages: tuple[Stage, ...], below: tuple[render.Below, ...]) -> End:
    began_in, now_in = step.progress.jenkins_session, step.client.jenkins_session
    restarted = began_in is not None and began_in != now_in
    stopped = build.outcome is Result.ABORTED and not build.killed
    state = State.DONE if build.outcome is Result.SUCCESS else State.CANCELLED if stopped else State.FAILED
    why = f"#{build.number} {render.ending(build, restarted=restarted)}"
    order = step.order
    shown = (order.job, build, stages, order.given)
    told = render.told(*shown, restarted=restarted, noun=order.noun)
    return End(
        state,
        why,
        live=render.ended(*shown, restarted=restarted, below=below),
        told=told,
        card=render.report_card(
            told, render.build_buttons(order.job, build.number, "ended", noun=order.noun)
        ),
        progress={"number": build.number, "away_since": None},
        log=(why,),
    )
