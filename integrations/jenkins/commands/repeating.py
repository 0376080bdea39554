"""Build again: with the same parameters or some changed (rebuild), or with a Pipeline's own script too (replay)."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

import click

from bot.commands.context import Context
from bot.commands.model import CommandError, Effect, Reply, command, join_words
from bot.commands.parameters import ASSIGNMENT, BUILD_NUMBER, Assignment, instance_option
from bot.outbound.quoting import code, quote
from integrations.jenkins import acting, render
from integrations.jenkins.client import JenkinsClient
from integrations.jenkins.commands.asking import client_of, full_name, in_words, noun_of
from integrations.jenkins.commands.ordering import (
    PRIVATELY,
    as_arguments,
    buildable,
    check_may_build,
    order_of,
    repeated,
)
from integrations.jenkins.errors import JenkinsError
from integrations.jenkins.following import BUILD, BuildOrder
from integrations.jenkins.model import Build, Job, ParameterKind, Values, shown_name
from integrations.jenkins.parameters import requester_definition, shown_values

_LOOKS = 12
"""How often a replay is looked for, whose answer does not say what it became."""
_LOOK_EVERY = 0.25


class _NumberOrAssignment(click.ParamType[int | Assignment]):
    """`#12`, or `NAME=value`."""

    name = "#n or NAME=value"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> int | Assignment:
        """An assignment is what has an equals sign."""
        if isinstance(value, Assignment) or "=" in str(value):
            return ASSIGNMENT.convert(value, param, ctx)
        return BUILD_NUMBER.convert(value, param, ctx)


def _resolve_rebuild(context: Context, parameters: Mapping[str, Any]) -> Mapping[str, tuple[str, ...]]:
    """The job, the build and every parameter as they will be: a rule about production holds for what was typed once.

    Raises CommandError also where the asker may not build that.
    """
    found = full_name(context, parameters)
    context = _with(context, found)
    order, before = _order(context, parameters["changes"])
    seen = {**found, **as_arguments(order.expected)}
    check_may_build(context, seen, order)
    return {**seen, "number": (str(before.number),)}


def _says_rebuild(context: Context, parameters: Mapping[str, Any]) -> str:
    order, before = _order(context, parameters["changes"])
    name, values = quote(shown_name(order.job)), shown_values(order.expected)
    return f"Build **{name}** again, as #{before.number} was{f', with {values}' if values else ''}?"


def _plan_rebuild(context: Context, parameters: Mapping[str, Any]) -> str:
    order, before = _order(context, parameters["changes"])
    return json.dumps([order.job, before.number, order.expected])


@command(
    "jenkins rebuild",
    effect=Effect.CHANGE,
    repeatable=True,
    says=_says_rebuild,
    resolve=_resolve_rebuild,
    plan=_plan_rebuild,
    examples=("jenkins rebuild api", "jenkins rebuild api #4", "jenkins rebuild api #4 TARGET=staging"),
)
@instance_option("server")
@click.argument("job")
@click.argument("changes", nargs=-1, type=_NumberOrAssignment(), metavar="#n NAME=value")
def rebuild(context: Context, on: str | None, job: str, changes: tuple[int | Assignment, ...]) -> Reply:
    """Build again with the parameters of the last build, or of the one named; some may be changed.

    Jenkins shows no passwords, so those have the job's defaults.
    """
    order, before = _order(context, changes)
    found = _job(context)
    live = f"{render.requested(order.job, order.given)} It is #{before.number} again.{_without(found, order)}"
    return context.start_run(
        BUILD.name, f"build of {shown_name(order.job)}", order.model_dump(mode="json"), live=live
    )


def _with(context: Context, found: Mapping[str, tuple[str, ...]]) -> Context:
    """The context with the job found: what `find_job` looks at."""
    return Context(context.request, context.services, context.command, {**context.arguments, **found})


def _job(context: Context) -> Job:
    return buildable(context, client_of(context))


def _order(context: Context, changes: tuple[int | Assignment, ...]) -> tuple[BuildOrder, Build]:
    """What is to be built, and the build it repeats. Raises CommandError."""
    client = client_of(context)
    job = buildable(context, client)
    numbers = [each for each in changes if isinstance(each, int)]
    if len(numbers) > 1:
        raise CommandError("Say one build to repeat, and not several.")
    # Once resolved it stays that build, also where another has become the last one meanwhile.
    resolved = [int(each) for each in context.arguments.get("number", ())]
    before = _before(context, client, job, next(iter([*numbers, *resolved]), None))
    changed = [each for each in changes if isinstance(each, Assignment)]
    typed = repeated(job, before, client.requester_parameter, changed)
    return order_of(context, client, job, typed), before


def _before(context: Context, client: JenkinsClient, job: Job, number: int | None) -> Build:
    if number is not None:
        with in_words():
            return client.build(job.full_name, number)
    if job.last is None:
        short = code(join_words((noun_of(context, client), "build", job.full_name)))
        raise CommandError(f"**{quote(shown_name(job.full_name))}** was never built: say {short}.")
    return job.last


def _without(job: Job, order: BuildOrder) -> str:
    """A word on passwords, which Jenkins does not show and so cannot be repeated."""
    passwords = [each.name for each in job.parameters if each.kind is ParameterKind.PASSWORD]
    if not passwords:
        return ""
    given = tuple(f"{name}={value}" for name, value in order.given)
    again = code(join_words((order.noun, PRIVATELY, job.full_name, *given)))
    have = "has its default" if len(passwords) == 1 else "have their defaults"
    return f" {render.listed(passwords)} {have}, since Jenkins shows no passwords; {again} in our direct room asks."


# --- replay


def _resolve_replay(context: Context, parameters: Mapping[str, Any]) -> Mapping[str, tuple[str, ...]]:
    found = full_name(context, parameters)
    context = _with(context, found)
    order, _ = _replay_order(context, parameters["number"])
    seen = {**found, **as_arguments(order.expected)}
    check_may_build(context, seen, order)
    return seen


def _says_replay(context: Context, parameters: Mapping[str, Any]) -> str:
    order, before = _replay_order(context, parameters["number"])
    name, values = render.build_name(order.job, before.number), shown_values(order.expected)
    return f"Replay {name}, with the script it had{f' and {values}' if values else ''}?"


def _plan_replay(context: Context, parameters: Mapping[str, Any]) -> str:
    order, before = _replay_order(context, parameters["number"])
    return json.dumps([order.job, before.number, order.expected])


@command(
    "jenkins replay",
    effect=Effect.CHANGE,
    says=_says_replay,
    resolve=_resolve_replay,
    plan=_plan_replay,
    examples=("jenkins replay api #3",),
)
@instance_option("server")
@click.argument("job")
@click.argument("number", type=BUILD_NUMBER, metavar="#n")
def replay(context: Context, on: str | None, job: str, number: int) -> Reply:
    """Run a Pipeline's build again as it was: its parameters, and the script it had then.

    `jenkins rebuild` takes the job's script of today, and can change parameters.
    """
    client = client_of(context)
    order, before = _replay_order(context, number)
    with in_words():
        lost = acting.sent(lambda: acting.replay(client, order.job, before.number))
        answer = _found(client, order, before.number, str(lost) if lost else "")
    live = (
        f"⏪ I ask Jenkins to replay {render.build_name(order.job, number)}{render.with_values(order.given)}."
    )
    title = f"replay of {shown_name(order.job)} #{number}"
    arguments = order.model_dump(mode="json")
    return context.start_run(BUILD.name, title, arguments, live=live, attempted={"trigger": answer})


def _replay_order(context: Context, number: int) -> tuple[BuildOrder, Build]:
    """The replay as a build to be followed. Raises CommandError where it cannot be, or names another as its asker."""
    client = client_of(context)
    job = buildable(context, client)
    before = _before(context, client, job, number)
    name = render.build_name(job.full_name, number)
    if not before.is_pipeline:
        again = code(join_words((noun_of(context, client), "rebuild", job.full_name, f"#{number}")))
        raise CommandError(
            f"{name} is no Pipeline's, and only those can be replayed. {again} builds it again."
        )
    _check_asker(context, client, job, before)
    return (
        BuildOrder(
            server=client.name,
            noun=noun_of(context, client),
            job=job.full_name,
            parameterised=bool(job.parameters),
            given=before.parameters,
            expected=before.parameters,
            next_number=job.next_number,
            as_user=client.user if client.personal else None,
        ),
        before,
    )


def _check_asker(context: Context, client: JenkinsClient, job: Job, before: Build) -> None:
    """A replay repeats every parameter, and so would name who asked then as who asks now. Raises CommandError."""
    definition = requester_definition(job.parameters, client.requester_parameter)
    asked: Values = tuple(each for each in before.parameters if definition and each[0] == definition.name)
    if any(value.casefold() != context.request.person.casefold() for _, value in asked):
        again = code(join_words((noun_of(context, client), "rebuild", job.full_name, f"#{before.number}")))
        raise CommandError(
            f"{render.build_name(job.full_name, before.number)} names {quote(asked[0][1])} as who asked, and a "
            f"replay would name them again. {again} names you."
        )


def _found(client: JenkinsClient, order: BuildOrder, number: int, lost: str) -> Mapping[str, Any]:
    """What the replay became, as the run's own trigger would tell; where it does not show in time, the run looks on."""
    for look in range(_LOOKS):
        try:
            queue_id = acting.replayed(client, order.job, number, order.next_number)
        except JenkinsError as error:
            return {"unknown": lost or f"Jenkins took the replay, and then did not say what it is. {error}"}
        if queue_id is not None:
            return {"queue_id": queue_id, "joined": False}
        if look < _LOOKS - 1:
            time.sleep(_LOOK_EVERY)
    return {"unknown": lost or "Jenkins does not say which build a replay becomes"}


COMMANDS = (rebuild, replay)
