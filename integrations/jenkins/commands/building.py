"""Start a build, its parameters checked first."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import click

from bot.commands.context import Context
from bot.commands.model import Effect, Entry, Form, NeedInput, Reply, command, join_words
from bot.commands.parameters import ASSIGNMENT, Assignment, instance_option
from bot.outbound.quoting import code, quote
from integrations.jenkins import render
from integrations.jenkins.commands.asking import client_of, full_name, noun_of
from integrations.jenkins.commands.ordering import PRIVATELY, buildable, order_of
from integrations.jenkins.following import BUILD, BuildOrder
from integrations.jenkins.model import Job, ParameterDefinition, ParameterKind, shown_name
from integrations.jenkins.parameters import askable, describe, shown_values


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
    found = buildable(context, client)
    asks = context.request.entry in (Entry.TEXT, Entry.CARD)
    if asks and not parameters and not defaults:
        _ask_for_parameters(
            found, askable(found.parameters, client.requester_parameter), noun_of(context, client)
        )
    return order_of(context, client, found, parameters)


def _ask_for_parameters(job: Job, definitions: tuple[ParameterDefinition, ...], noun: str) -> None:
    """Raises NeedInput with a form, where the job has parameters that can be asked for in any room."""
    open_ones = [each for each in definitions if each.kind is not ParameterKind.PASSWORD]
    if not open_ones:
        return
    short = join_words((noun, "build", job.full_name))
    listed = ", ".join(describe(each) for each in definitions)
    name = quote(shown_name(job.full_name))
    typed = code(f"{short} {open_ones[0].name}=value")
    takes, plainly = f"**{name}** takes {listed}.", f"{code(f'{short} --defaults')} starts it without asking."
    form = Form(
        title=f"Build {shown_name(job.full_name)}",
        words=(noun, "build", job.full_name),
        fields=tuple(render.field_for(each) for each in open_ones),
    )
    privately = ""
    if len(open_ones) < len(definitions):
        words = code(join_words((noun, PRIVATELY, job.full_name)))
        privately = f" Passwords have the job's defaults here; {words} in our direct room asks for them."
    raise NeedInput(form, f"{takes} Fill in the form, or say {typed}; {plainly}{privately}")


COMMANDS = (build,)
