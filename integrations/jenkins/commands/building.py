"""Start a build, its parameters checked first."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import click

from bot.commands.context import Context
from bot.commands.model import (
    CommandError,
    Effect,
    Entry,
    Form,
    FormField,
    NeedInput,
    Reply,
    command,
    join_words,
)
from bot.commands.parameters import ASSIGNMENT, Assignment, instance_option
from bot.outbound.quoting import code, link, quote
from integrations.jenkins import render
from integrations.jenkins.client import JenkinsClient
from integrations.jenkins.commands.asking import client_of, find_job, full_name, in_words, noun_of
from integrations.jenkins.following import BUILD, BuildOrder
from integrations.jenkins.model import Job, ParameterDefinition, ParameterKind, shown_name
from integrations.jenkins.parameters import (
    BadParameters,
    Chosen,
    choose,
    describe,
    description_label,
    shown_values,
)


def _says_build(context: Context, parameters: Mapping[str, Any]) -> str:
    order = _order(context, parameters["parameters"], defaults=parameters["defaults"])
    values = shown_values(order.expected)
    return f"Build **{quote(shown_name(order.job))}**{f' with {values}' if values else ''}?"


def _plan_build(context: Context, parameters: Mapping[str, Any]) -> str:
    """What it would be built with, the job's defaults included: they may change while others are asked."""
    order = _order(context, parameters["parameters"], defaults=parameters["defaults"])
    return json.dumps([order.job, order.expected])


@command(
    "jenkins build",
    effect=Effect.CHANGE,
    repeatable=True,
    says=_says_build,
    resolve=full_name,
    plan=_plan_build,
    examples=("jenkins build api BRANCH=main", "jenkins build web", "jenkins build api --defaults"),
)
@instance_option("server")
@click.argument("job")
@click.argument("parameters", nargs=-1, type=ASSIGNMENT)
@click.option("--defaults", is_flag=True, help="start without asking for parameters")
def build(
    context: Context, on: str | None, job: str, parameters: tuple[Assignment, ...], defaults: bool
) -> Reply:
    """Start a build and follow it here: its stages, how long it takes, how it ends.

    The job's name may be its end, where that is unique. A job with parameters shows a form to fill in
    unless some are typed as NAME=value; those left out have the job's defaults.
    """
    order = _order(context, parameters, defaults=defaults)
    live = render.requested(order.job, order.given)
    return context.start_run(
        BUILD.name, f"build of {shown_name(order.job)}", order.model_dump(mode="json"), live=live
    )


def _order(context: Context, parameters: tuple[Assignment, ...], *, defaults: bool) -> BuildOrder:
    """What is to be built. Raises NeedInput for parameters to be asked for, and CommandError."""
    client = client_of(context)
    found = find_job(context, client)
    name = quote(shown_name(found.full_name))
    if not found.buildable:
        enable = link("Enable it", found.url)
        raise CommandError(f"**{name}** is disabled in Jenkins, so nothing was started. {enable} first.")
    with in_words():
        if client.quieting_down():
            raise CommandError(
                f"Jenkins is about to shut down and starts nothing any more, so **{name}** was not started. "
                "Say it again when Jenkins is back."
            )
    asks = context.request.entry in (Entry.TEXT, Entry.CARD)
    if asks and not parameters and not defaults:
        _ask_for_parameters(found, noun_of(context, client))
    order = _ordered(found, _chosen(found, parameters), client, noun_of(context, client))
    shown = order.model_dump(mode="json")
    if context.services.redactor.redact_value(shown) != shown:
        raise CommandError(
            "Nothing was started: one of these values looks like a secret, and I neither keep nor pass on "
            "secrets from chat. Start the build in Jenkins, or let the job take it from its credentials."
        )
    return order


def _chosen(job: Job, parameters: tuple[Assignment, ...]) -> Chosen:
    try:
        return choose(job.parameters, parameters)
    except BadParameters as error:
        name = quote(shown_name(job.full_name))
        raise CommandError(f"Nothing was started of **{name}**. {' '.join(error.problems)}") from error


def _ordered(job: Job, chosen: Chosen, client: JenkinsClient, noun: str) -> BuildOrder:
    return BuildOrder(
        server=client.name,
        noun=noun,
        job=job.full_name,
        parameterised=bool(job.parameters),
        given=chosen.given,
        expected=chosen.expected,
        next_number=job.next_number,
        as_user=client.user if client.personal else None,
    )


def _ask_for_parameters(job: Job, noun: str) -> None:
    """Raises NeedInput with a form, where the job has parameters that can be asked for."""
    definitions = [each for each in job.parameters if each.kind is not ParameterKind.PASSWORD]
    if not definitions:
        return
    short = join_words((noun, "build", job.full_name))
    listed = ", ".join(describe(each) for each in job.parameters)
    name = quote(shown_name(job.full_name))
    typed = code(f"{short} {definitions[0].name}=value")
    takes, plainly = f"**{name}** takes {listed}.", f"{code(f'{short} --defaults')} starts it without asking."
    form = Form(
        title=f"Build {shown_name(job.full_name)}",
        words=(noun, "build", job.full_name),
        fields=tuple(_field(each) for each in definitions),
    )
    raise NeedInput(form, f"{takes} Fill in the form, or say {typed}; {plainly}")


def _field(definition: ParameterDefinition) -> FormField:
    # A card's list cannot offer a value with a comma; such a parameter is typed, and checked all the same.
    listable = definition.choices if not any("," in each for each in definition.choices) else ()
    return FormField(
        name=definition.name,
        label=description_label(definition),
        required=False,
        choices=listable,
        default=definition.default or "",
        toggle=definition.kind is ParameterKind.BOOLEAN,
        prefix=f"{definition.name}=",
    )


COMMANDS = (build,)
