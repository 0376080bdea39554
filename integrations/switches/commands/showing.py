"""`switch show`: ask shows of one switch or of a thousand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import click

from bot.commands.context import Context
from bot.commands.model import Command, CommandError, Reply, command
from bot.commands.rows import FileKind, as_option
from bot.outbound.quoting import quote
from bot.runs.kinds import RunKind
from integrations.switches.answers import Answers, gather, narrowed, usual_fields
from integrations.switches.client import failures
from integrations.switches.commands.asking import checked, switches_of, targeted
from integrations.switches.commands.fleet import Answer, Asked, Order, Topic
from integrations.switches.commands.words import commands_in, condition_option, fields_option, title_of
from integrations.switches.conditions import Condition, UnknownField, condition, spelled
from integrations.switches.normalise import tables
from integrations.switches.question import Result
from integrations.switches.render import showing as shown


@command(
    "switch show",
    resolve=targeted,
    examples=(
        'switch show @leaf "show version"',
        'switch show leaf01 "show interface brief" --where state=down --fields interface,state_rsn_desc',
        'switch show all "show version" "show module" --as csv',
        'switch show leaf01 "show clock" --text',
    ),
)
@click.argument("target")
@click.argument("shows", nargs=-1, required=True)
@fields_option
@condition_option
@click.option("--text", is_flag=True, help="the text of the switch in place of a table")
@as_option
def show(
    context: Context,
    target: str,
    shows: tuple[str, ...],
    fields: tuple[str, ...],
    conditions: tuple[Condition, ...],
    text: bool,
    kind: FileKind | None,
) -> Reply:
    """Ask switches for what a show shows: a table over all of them where it can be read, else their text.

    Several shows are asked at once. Secrets in what they answer are hidden. Who gave no answer is told by
    cause, and `retry` asks only those again.
    """
    if text and (fields or conditions):
        raise CommandError("Text has no fields: leave out `--text`, or `--fields` and `--where`.")
    commands = tuple(each.command for each in checked(context, commands_in(shows)))
    switches = switches_of(context)
    order = Order(
        title=title_of(commands, len(switches)),
        switches=tuple(each.name for each in switches),
        commands=commands,
        form="text" if text else "json",
        before=("switch", "show"),
        after=_after(commands, fields, conditions, text, kind),
        options={"fields": list(fields), "conditions": [str(each) for each in conditions], "kind": kind},
    )
    return TOPIC.ask(context, order, switches)


def _after(
    commands: Sequence[str],
    fields: Sequence[str],
    conditions: Sequence[Condition],
    text: bool,
    kind: FileKind | None,
) -> tuple[str, ...]:
    words = [*commands]
    if fields:
        words += ["--fields", ",".join(fields)]
    for each in conditions:
        words += ["--where", str(each)]
    words += ["--text"] if text else []
    words += ["--as", kind] if kind else []
    return tuple(words)


def tell(asked: Asked) -> Answer:
    """A table for each show, or its texts; what is too long for a room is in a file."""
    kind = asked.order.options["kind"]
    every = _answers(asked)
    parts = [_told(each, asked, whole=kind is None) for each in every]
    file = None
    if kind is not None or shown.needs_file(every, asked.order.options["fields"]):
        narrow = [replace(each, fields=_given(each, asked) or each.fields) for each in every]
        file = shown.file(kind or "csv", narrow, asked.results, _bodies(asked.results))
        parts += [f"All of it is in **{quote(file.name)}**."] if asked.answered else []
    elif not any(each.seen or each.texts or each.silent for each in every):
        parts = []
    return Answer("\n\n".join(filter(None, parts)), file, failures(asked.results))


def _answers(asked: Asked) -> list[Answers]:
    """Of each show what is wanted of it. Raises CommandError for a field that none of them has."""
    options = asked.order.options
    conditions = [condition(each) for each in options["conditions"]]
    wanted = [*options["fields"], *(each.field for each in conditions)]
    every = [gather(each, number, asked.results, wanted) for number, each in enumerate(asked.order.commands)]
    with_rows = [each for each in every if each.rows]
    for name in wanted if with_rows else ():
        _known(name, with_rows)
    return [narrowed(each, [test for test in conditions if _has(each, test.field)]) for each in every]


def _known(name: str, every: Sequence[Answers]) -> None:
    """Raises CommandError unless one of the shows has such a field."""
    if any(_has(each, name) for each in every):
        return
    try:
        spelled(name, every[0].fields, every[0].show)
    except UnknownField as error:
        raise CommandError(quote(str(error), 2_000)) from error


def _has(answers: Answers, name: str) -> bool:
    return name.casefold() in {each.casefold() for each in answers.fields}


def _told(answers: Answers, asked: Asked, *, whole: bool) -> str:
    single = len(asked.order.switches) == 1 and answers.seen == 1
    fields = _given(answers, asked) or (() if single else usual_fields(answers))
    return shown.answer(answers, fields, len(asked.order.switches), whole=whole)


def _given(answers: Answers, asked: Asked) -> tuple[str, ...]:
    """The fields that were asked for, as this show writes them."""
    given = asked.order.options["fields"]
    return tuple(spelled(each, answers.fields, answers.show) for each in given if _has(answers, each))


def _bodies(results: Sequence[Result]) -> dict[str, Any]:
    """What each switch answered, for a file of JSON: tables by name, or text."""
    return {
        each.switch.name: {
            output.command: output.body if isinstance(output.body, str) else tables(output.body)
            for output in each.outputs
            if output.error is None
        }
        for each in results
    }


TOPIC = Topic("switch show", tell)
COMMANDS: tuple[Command, ...] = (show,)
RUN_KINDS: tuple[RunKind, ...] = (TOPIC.kind,)
