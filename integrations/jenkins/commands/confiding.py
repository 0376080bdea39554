"""Start a build with passwords, which go from a card in the direct room to Jenkins and are kept nowhere between.

A run's arguments are stored, so a password cannot wait in a run to be sent by its first step. It is sent here, by
the command itself, behind the attempt row that guards a command which may not be entered twice; the run begins
with that attempt made and Jenkins' answer to it, and only follows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from bot.commands.context import Context
from bot.commands.model import CommandError, Effect, Entry, Form, NeedInput, Reply, command
from bot.commands.parameters import (
    ASSIGNMENT,
    Assignment,
    SecretAssignment,
    SecretAssignmentType,
    instance_option,
)
from bot.outbound.quoting import quote
from integrations.jenkins import render
from integrations.jenkins.client import JenkinsClient
from integrations.jenkins.commands.asking import client_of, full_name, in_words, noun_of
from integrations.jenkins.commands.ordering import (
    PRIVATELY,
    as_arguments,
    buildable,
    check_may_build,
    not_started,
    order_of,
)
from integrations.jenkins.errors import JenkinsError
from integrations.jenkins.following import BUILD, BuildOrder
from integrations.jenkins.model import Job, ParameterKind, Values, shown_name
from integrations.jenkins.parameters import askable, with_passwords


class _PasswordType(SecretAssignmentType):
    """`NAME=password`. What a card's field left empty gives is no secret, and stands for the job's default."""

    def convert(  # type: ignore[override]  # an empty one is told apart by its type
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> SecretAssignment | Assignment:
        """Split at the first `=`. The words of an error hold no value."""
        if isinstance(value, Assignment):
            return value
        if isinstance(value, str) and value.endswith("=") and value.count("=") == 1 and len(value) > 1:
            return Assignment(value[:-1].strip(), "")
        return super().convert(value, param, ctx)


def _says(context: Context, parameters: Mapping[str, Any]) -> str:
    """Only asked where nothing secret was given, since what is secret is not kept for others' yes: shows the card."""
    client = client_of(context)
    raise _card(context, client, buildable(context, client), parameters["parameters"])


@command(
    f"jenkins {PRIVATELY}",
    effect=Effect.CHANGE,
    says=_says,
    resolve=full_name,
    examples=("jenkins build-with-passwords team/deploy",),
)
@instance_option("server")
@click.argument("job")
@click.argument("parameters", nargs=-1, type=ASSIGNMENT)
@click.option("--hidden", multiple=True, type=_PasswordType(), help="a password parameter, as NAME=value")
def build_with_passwords(
    context: Context,
    on: str | None,
    job: str,
    parameters: tuple[Assignment, ...],
    hidden: tuple[SecretAssignment | Assignment, ...],
) -> Reply:
    """Start a build whose password parameters you give, and follow it.

    Say it in our direct room: a card asks for them. They go to Jenkins at once and are kept nowhere here. At
    the terminal, give them as --hidden NAME=value. Whoever may not say `jenkins build` may not say this.
    """
    client = client_of(context)
    found = buildable(context, client)
    secret = [each for each in hidden if isinstance(each, SecretAssignment)]
    if not hidden:
        raise _card(context, client, found, parameters)
    context.services.redactor.learn(each.value.get_secret_value() for each in secret)
    with not_started(found):
        passwords = with_passwords(
            found.parameters, [(each.name, each.value.get_secret_value()) for each in secret]
        )
    order = order_of(context, client, found, parameters)
    seen = {**context.arguments, **as_arguments(order.expected)}
    check_may_build(context, seen, order)
    return _followed(context, order, passwords, _ask_for(client, order, passwords))


def _ask_for(client: JenkinsClient, order: BuildOrder, passwords: Values) -> Mapping[str, Any]:
    """Ask Jenkins, once; returns what the run's own trigger would. Raises CommandError where nothing was started."""
    values = (*order.given, *passwords)
    with in_words():
        try:
            made = client.trigger(order.job, values, parameterised=order.parameterised, cause=order.cause)
        except JenkinsError as error:
            if not error.maybe_done:
                raise
            return {"unknown": str(error)}
    return made.model_dump()


def _followed(context: Context, order: BuildOrder, passwords: Values, answer: Mapping[str, Any]) -> Reply:
    live = render.requested(order.job, order.given)
    if passwords:
        live += f" {render.listed([name for name, _ in passwords])} came from you, and I keep nothing of it."
    title = f"build of {shown_name(order.job)}"
    arguments = order.model_dump(mode="json")
    return context.start_run(BUILD.name, title, arguments, live=live, attempted={"trigger": answer})


def _card(
    context: Context, client: JenkinsClient, job: Job, typed: tuple[Assignment, ...]
) -> NeedInput | CommandError:
    """What to raise where no password was given: the card, or where to say it."""
    name, noun = f"**{quote(shown_name(job.full_name))}**", noun_of(context, client)
    definitions = askable(job.parameters, client.requester_parameter)
    if not any(each.kind is ParameterKind.PASSWORD for each in definitions):
        return CommandError(f"{name} takes no password: `{noun} build` starts it.")
    if context.request.place.type != "direct" or context.request.entry not in (Entry.TEXT, Entry.CARD):
        return CommandError(
            "Say it in our direct room, where a card asks for the passwords; at the terminal, add "
            "`--hidden NAME=value`."
        )
    known = {each.name.casefold(): each.value for each in typed}
    fields = tuple(
        render.password_field(each)
        if each.kind is ParameterKind.PASSWORD
        else render.field_for(each, known.get(each.name.casefold()))
        for each in definitions
    )
    form = Form(f"Build {shown_name(job.full_name)}", (noun, PRIVATELY, job.full_name), fields)
    # Adaptive Cards mask an input from version 1.5 on; Webex shows 1.3.
    return NeedInput(
        form,
        f"Fill in the card to build {name}. What you type shows on your screen, and to nobody else here; the "
        "passwords go to Jenkins at once, and I keep none. One left empty has the job's default.",
    )


COMMANDS = (build_with_passwords,)
