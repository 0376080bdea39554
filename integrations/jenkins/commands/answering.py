"""Answer the question a Pipeline waits with: let it go on, or end it.

Jenkins sees the token's user only, so who may answer is the bot's policy to say, by job and by question.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import click
from sqlalchemy import select

from bot.commands.context import Context
from bot.commands.model import CommandError, Effect, Entry, NeedInput, Reply, command, join_words
from bot.commands.parameters import ASSIGNMENT, BUILD_NUMBER, Assignment, instance_option
from bot.commands.tables import utc
from bot.outbound.quoting import code, quote
from bot.store.models import Attempt, AuditRow
from integrations.jenkins import inputs, render
from integrations.jenkins.client import JenkinsClient
from integrations.jenkins.commands.afterwards import looked_up
from integrations.jenkins.commands.asking import client_of, full_name, in_words, noun_of
from integrations.jenkins.commands.ordering import as_arguments
from integrations.jenkins.errors import BadParameter, JenkinsError
from integrations.jenkins.inputs import PendingInput
from integrations.jenkins.model import Values
from integrations.jenkins.parameters import BadParameters, describe

_MINUTE = "%H:%M"


def _resolve_approve(context: Context, parameters: Mapping[str, Any]) -> Mapping[str, tuple[str, ...]]:
    """The job, the question by its id, and all values where none is to be asked for: so a rule can say which."""
    seen = _resolve_abort(context, parameters)
    typed, defaults = parameters["parameters"], parameters["defaults"]
    question = _question(context, seen["job"][0], parameters["number"], seen["input"][0])
    if _asks(context, question, typed, defaults=defaults):
        return seen
    return {**seen, **as_arguments(_values(question, typed))}


def _resolve_abort(context: Context, parameters: Mapping[str, Any]) -> Mapping[str, tuple[str, ...]]:
    found = full_name(context, parameters)
    question = _question(context, found["job"][0], parameters["number"], parameters["input_id"])
    return {**found, "input": (question.id,)}


def _says_approve(context: Context, parameters: Mapping[str, Any]) -> str:
    question, values = _answer(context, parameters)
    return render.answering(context.arguments["job"][0], parameters["number"], question, values)


def _plan_approve(context: Context, parameters: Mapping[str, Any]) -> str:
    """The question itself is part of it: the same id may ask something else in a loop."""
    question, values = _answer(context, parameters)
    return json.dumps([*_where(context, parameters), question.message, values])


def _says_abort(context: Context, parameters: Mapping[str, Any]) -> str:
    job, number, input_id = _where(context, parameters)
    return render.aborting(job, number, _question(context, job, number, input_id))


def _plan_abort(context: Context, parameters: Mapping[str, Any]) -> str:
    job, number, input_id = _where(context, parameters)
    return json.dumps([job, number, input_id, _question(context, job, number, input_id).message])


def _where(context: Context, parameters: Mapping[str, Any]) -> tuple[str, int, str]:
    return context.arguments["job"][0], parameters["number"], context.arguments["input"][0]


@command(
    "jenkins approve",
    effect=Effect.CHANGE,
    says=_says_approve,
    resolve=_resolve_approve,
    plan=_plan_approve,
    examples=(
        "jenkins approve team/deploy #3",
        "jenkins approve team/deploy #3 STRATEGY=rolling REASON=release",
        "jenkins approve team/deploy #3 --input Deploy --defaults",
    ),
)
@instance_option("server")
@click.argument("job")
@click.argument("number", type=BUILD_NUMBER, metavar="#n")
@click.argument("parameters", nargs=-1, type=ASSIGNMENT)
@click.option("--input", "input_id", help="which question, where several wait")
@click.option("--defaults", is_flag=True, help="answer without asking for the question's parameters")
def approve(
    context: Context,
    on: str | None,
    job: str,
    number: int,
    parameters: tuple[Assignment, ...],
    input_id: str | None,
    defaults: bool,
) -> Reply:
    """Let a Pipeline go on that asks for a yes. A question with parameters shows a form.

    Who may is for the bot's own rules to say, by job and by the question's id: Jenkins sees my user only.
    """
    given = {"number": number, "parameters": parameters, "defaults": defaults}
    question, values = _answer(context, given)
    full, client = context.arguments["job"][0], client_of(context)
    _send(context, client, number, question, lambda: inputs.submit(client, full, number, question, values))
    return Reply(render.answered(full, number, question, values))


@command(
    "jenkins abort",
    effect=Effect.CHANGE,
    says=_says_abort,
    resolve=_resolve_abort,
    plan=_plan_abort,
    examples=("jenkins abort team/deploy #3", "jenkins abort team/deploy #3 --input Deploy"),
)
@instance_option("server")
@click.argument("job")
@click.argument("number", type=BUILD_NUMBER, metavar="#n")
@click.option("--input", "input_id", help="which question, where several wait")
def abort(context: Context, on: str | None, job: str, number: int, input_id: str | None) -> Reply:
    """Answer no to a Pipeline that asks for a yes: it ends as aborted."""
    full, client = context.arguments["job"][0], client_of(context)
    question = _question(context, full, number, context.arguments["input"][0])
    _send(context, client, number, question, lambda: inputs.abort(client, full, number, question))
    return Reply(render.aborted(full, number, question))


# --- the question and its answer


def _question(context: Context, job: str, number: int, input_id: str | None) -> PendingInput:
    """The one question that can be meant. Raises CommandError where none waits, or more than one."""
    with in_words():
        waiting = inputs.pending(client_of(context), job, number)
    if input_id is not None:
        found = [each for each in waiting if each.id.casefold() == input_id.casefold()]
    else:
        found = list(waiting)
    if len(found) == 1:
        return found[0]
    name = render.build_name(job, number)
    if found:
        which = " or ".join(code(f"--input {each.id}") for each in found)
        raise CommandError(f"{name} asks {len(found)} questions at once. Say which: {which}.")
    raise CommandError(_nothing_waits(context, job, number, input_id, waiting))


def _nothing_waits(
    context: Context, job: str, number: int, input_id: str | None, waiting: tuple[PendingInput, ...]
) -> str:
    name = render.build_name(job, number)
    if waiting:
        others = " and ".join(code(each.id) for each in waiting)
        return f"{name} does not ask {code(input_id or '')} now; it asks {others}."
    noun = noun_of(context, client_of(context))
    short = code(join_words((noun, "status", job)))
    by = _answered_before(context, job, number, input_id)
    return f"{name} waits for no answer{by}. {short} tells how it stands."


def _answered_before(context: Context, job: str, number: int, input_id: str | None) -> str:
    """Who gave the answer through me; Jenkins itself would name my user."""
    wanted = {"on": [client_of(context).name], "job": [job], "number": [str(number)]} | (
        {"input": [input_id]} if input_id else {}
    )
    query = (
        select(AuditRow)
        .where(AuditRow.command.in_((approve.name, abort.name)), AuditRow.result == "ok")
        .where(AuditRow.arguments.contains(wanted))
        .order_by(AuditRow.id.desc())
        .limit(1)
    )
    with context.services.database.transaction() as session:
        if session.get(Attempt, f"request:{context.request.key}") is not None:
            return ": this very request has answered it, or I was interrupted while it did"
        row = session.scalars(query).first()
        if row is None:
            return ": it was answered in Jenkins, or asked nothing"
        said = "yes" if row.command == approve.name else "no"
        return f": {quote(row.person_email)} answered {said} at {utc(row.at, _MINUTE)} UTC"


def _answer(context: Context, parameters: Mapping[str, Any]) -> tuple[PendingInput, Values]:
    """The question and the answer to it. Raises NeedInput for parameters to be asked for, and CommandError."""
    job, number, input_id = _where(context, parameters)
    question = _question(context, job, number, input_id)
    typed = parameters["parameters"]
    if _asks(context, question, typed, defaults=parameters["defaults"]):
        _ask(noun_of(context, client_of(context)), job, number, question)
    return question, _values(question, typed)


def _asks(context: Context, question: PendingInput, typed: tuple[Assignment, ...], *, defaults: bool) -> bool:
    shows = context.request.entry in (Entry.TEXT, Entry.CARD)
    return shows and bool(question.parameters) and not typed and not defaults


def _ask(noun: str, job: str, number: int, question: PendingInput) -> None:
    """Raises NeedInput with the question's own parameters."""
    words = (noun, "approve", job, f"#{number}", f"--input={question.id}")
    takes = ", ".join(describe(each) for each in question.parameters)
    typed = code(f"{join_words(words)} {question.parameters[0].name}=value")
    filled = f"Fill in the form, or say {typed}; `--defaults` asks for nothing."
    hint = f"{render.question(question)} takes {takes}. {filled}"
    raise NeedInput(render.answer_form(question, words, job, number), hint)


def _values(question: PendingInput, typed: tuple[Assignment, ...]) -> Values:
    try:
        return inputs.answer(question, typed)
    except BadParameters as error:
        raise CommandError(f"Nothing was answered. {' '.join(error.problems)}") from error


def _send(
    context: Context, client: JenkinsClient, number: int, question: PendingInput, send: Callable[[], None]
) -> None:
    """Give an answer, once; one that was refused or lost is looked after. Raises CommandError."""
    job = context.arguments["job"][0]
    with in_words():
        try:
            send()
            return
        except JenkinsError as error:
            if not error.maybe_done and not isinstance(error, BadParameter):
                raise
            refused = error
    with looked_up(refused, f"To answer {code(question.id)}"):
        still = any(each.id == question.id for each in inputs.pending(client, job, number))
    if refused.maybe_done:
        fate = "It still waits: say it again." if still else "It waits no more, so an answer has reached it."
        raise CommandError(f"{quote(str(refused), 600)} {fate}")
    if still:
        raise CommandError(
            f"{quote(refused.came_back, 400)}: Jenkins does not take this answer to {code(question.id)}. Its user "
            "may not be among those the Pipeline lets answer (`submitter`)."
        )
    raise CommandError(f"Somebody was quicker. {_nothing_waits(context, job, number, question.id, ())}")


COMMANDS = (approve, abort)
