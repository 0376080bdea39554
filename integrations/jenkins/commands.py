"""The chat commands: jobs, build, status, stop, subscribe."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

import click

from bot.access import confirmations
from bot.commands.context import Context
from bot.commands.model import (
    Command,
    CommandError,
    Effect,
    Entry,
    File,
    Form,
    FormField,
    NeedInput,
    Reply,
    command,
    join_words,
)
from bot.commands.parameters import ASSIGNMENT, BUILD_NUMBER, Assignment
from bot.commands.rows import FileKind, as_option
from bot.outbound.quoting import code, link, quote
from bot.outbound.subscriptions import subscribe, subscriptions, unsubscribe
from integrations.jenkins import render
from integrations.jenkins.asking import client_of, find_job, full_name, in_words
from integrations.jenkins.client import JenkinsClient
from integrations.jenkins.model import Job, ParameterDefinition, ParameterKind, shown_name
from integrations.jenkins.parameters import (
    BadParameters,
    Chosen,
    choose,
    describe,
    description_label,
    shown_values,
)
from integrations.jenkins.runs import BUILD, BuildOrder
from integrations.jenkins.stopping import to_stop
from integrations.jenkins.story import SOURCE


@command("jenkins jobs", examples=("jenkins jobs", "jenkins jobs team/*"))
@click.argument("glob", default="*")
@as_option
def jobs(context: Context, glob: str, kind: FileKind | None) -> Reply:
    """List the jobs, all or those that match, with how their last build went."""
    client = client_of(context)
    with in_words():
        found = [each for each in client.jobs() if _matches(each.full_name, glob)]
    if kind and found:
        return render.job_rows(found).reply(kind, "jenkins-jobs")
    every = render.job_file(found)
    file = File("jenkins-jobs.txt", every.encode()) if every else None
    return Reply(render.job_list(found, glob), file=file)


def _matches(full_name: str, glob: str) -> bool:
    spellings = (full_name.casefold(), shown_name(full_name).casefold())
    return any(fnmatchcase(each, glob.casefold()) for each in spellings)


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
@click.argument("job")
@click.argument("parameters", nargs=-1, type=ASSIGNMENT)
@click.option("--defaults", is_flag=True, help="start without asking for parameters")
def build(context: Context, job: str, parameters: tuple[Assignment, ...], defaults: bool) -> Reply:
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
        _ask_for_parameters(found)
    order = _ordered(found, _chosen(found, parameters), client)
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


def _ordered(job: Job, chosen: Chosen, client: JenkinsClient) -> BuildOrder:
    return BuildOrder(
        job=job.full_name,
        parameterised=bool(job.parameters),
        given=chosen.given,
        expected=chosen.expected,
        next_number=job.next_number,
        as_user=client.user if client.personal else None,
    )


def _ask_for_parameters(job: Job) -> None:
    """Raises NeedInput with a form, where the job has parameters that can be asked for."""
    definitions = [each for each in job.parameters if each.kind is not ParameterKind.PASSWORD]
    if not definitions:
        return
    short = join_words(("jenkins", "build", job.full_name))
    listed = ", ".join(describe(each) for each in job.parameters)
    name = quote(shown_name(job.full_name))
    typed = code(f"{short} {definitions[0].name}=value")
    takes, plainly = f"**{name}** takes {listed}.", f"{code(f'{short} --defaults')} starts it without asking."
    form = Form(
        title=f"Build {shown_name(job.full_name)}",
        words=("jenkins", "build", job.full_name),
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


@command("jenkins status", resolve=full_name, examples=("jenkins status api", "jenkins status team/deploy"))
@click.argument("job")
def status(context: Context, job: str) -> Reply:
    """Tell how a job stands: what runs or waits, how its last build went, stage by stage."""
    client = client_of(context)
    found = find_job(context, client)
    with in_words():
        shown = found.last if found.last and found.last.is_pipeline else None
        stages = client.stages(found.full_name, shown.number) if shown else ()
        waiting = len(client.queue_of(found.full_name))
    return Reply(render.job_status(found, stages, waiting, time.time()))


def _says_stop(context: Context, parameters: Mapping[str, Any]) -> str:
    return to_stop(context, client_of(context), parameters["number"]).says


@command(
    "jenkins stop",
    effect=Effect.DESTROY,
    repeatable=True,
    says=_says_stop,
    resolve=full_name,
    examples=("jenkins stop long-job", "jenkins stop long-job #2"),
)
@click.argument("job")
@click.argument("number", type=BUILD_NUMBER, required=False, metavar="#n")
def stop(context: Context, job: str, number: int | None) -> Reply:
    """Stop the running build of a job, or take the waiting one out of the queue.

    Where several run, say which: `jenkins stop api #12`.
    """
    client = client_of(context)
    stoppable = to_stop(context, client, number)
    with context.services.database.transaction() as session:
        asked = confirmations.expected_text(session, context.request.confirmed or "")
    if asked != stoppable.says:
        raise CommandError("What runs there has changed since I asked, so I stopped nothing. Say it again.")
    with in_words():
        return Reply(stoppable.end(client))


@command(
    "jenkins subscribe",
    effect=Effect.CHANGE,
    repeatable=True,
    examples=("jenkins subscribe team/*", "jenkins subscribe api"),
)
@click.argument("glob", metavar="JOB-GLOB")
def subscribe_room(context: Context, glob: str) -> Reply:
    """Tell this room of every finished build of the jobs that match."""
    room_id = _room(context)
    with context.services.database.transaction() as session:
        new = subscribe(session, SOURCE, glob, room_id, context.request.person)
    again = "" if new else " already"
    return Reply(
        f"📣 This room hears{again} of every finished build of {code(glob)}. {_matching_now(context, glob)}"
        f"`jenkins unsubscribe {glob}` ends it, `jenkins subscriptions` lists them."
    )


def _matching_now(context: Context, glob: str) -> str:
    """How many jobs match, as a hint; that Jenkins is away for the moment does not spoil a subscription."""
    if not isinstance(context.services.clients.get("jenkins"), JenkinsClient):
        return "No Jenkins is set up here yet, so nothing will be heard until one is. "
    try:
        client = client_of(context)
        with in_words():
            names = [shown_name(each.full_name) for each in client.jobs() if _matches(each.full_name, glob)]
    except CommandError as error:
        return f"I could not look which jobs that are: {error} "
    if not names:
        return "No job matches it now. "
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"Now that is {', '.join(code(each) for each in names[:3])}{more}. "


@command(
    "jenkins unsubscribe", effect=Effect.CHANGE, repeatable=True, examples=("jenkins unsubscribe team/*",)
)
@click.argument("glob", metavar="JOB-GLOB")
def unsubscribe_room(context: Context, glob: str) -> Reply:
    """Tell this room no more of the jobs that match; the glob must be one it subscribed to."""
    room_id = _room(context)
    with context.services.database.transaction() as session:
        gone = unsubscribe(session, SOURCE, glob, room_id)
        left = [each.topic for each in subscriptions(session, SOURCE, room_id)]
    others = f" It still hears of {', '.join(map(code, left))}." if left else ""
    if gone:
        return Reply(f"🔕 This room hears no more of {code(glob)}.{others}")
    return Reply(f"This room was not subscribed to {code(glob)}.{others}")


@command("jenkins subscriptions", examples=("jenkins subscriptions",))
def list_subscriptions(context: Context) -> Reply:
    """List the jobs this room hears of."""
    with context.services.database.transaction() as session:
        found = subscriptions(session, SOURCE, _room(context))
    if not found:
        return Reply("This room hears of no job. `jenkins subscribe JOB-GLOB` changes that.")
    lines = [f"- {code(each.topic)}, since {quote(each.created_by)} asked for it" for each in found]
    return Reply(
        "\n".join(
            [
                "This room hears of every finished build of",
                "",
                *lines,
                "",
                "`jenkins unsubscribe JOB-GLOB` ends one.",
            ]
        )
    )


def _room(context: Context) -> str:
    room_id = context.request.place.room_id
    if room_id is None:
        raise CommandError("Subscriptions belong to a room: say it in the one that is to hear of the builds.")
    return room_id


COMMANDS: tuple[Command, ...] = (
    jobs,
    build,
    status,
    stop,
    subscribe_room,
    unsubscribe_room,
    list_subscriptions,
)
