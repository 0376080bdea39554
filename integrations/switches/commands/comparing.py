"""`switch compare`: which switches say something else than most?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import click

from bot.commands.context import Context
from bot.commands.model import Command, CommandError, Reply, command
from bot.commands.rows import FileKind, as_option
from bot.outbound.quoting import code, quote
from bot.runs.kinds import RunKind
from integrations.switches.answers import trimmed
from integrations.switches.client import failures
from integrations.switches.commands.asking import checked, switches_of, targeted
from integrations.switches.commands.fleet import Answer, Asked, Order, Topic
from integrations.switches.commands.words import commands_in, fields_option, title_of
from integrations.switches.compare import Comparison, Difference, compare
from integrations.switches.conditions import UnknownField, fields_of, spelled
from integrations.switches.normalise import Row, tables
from integrations.switches.render import comparing as shown
from integrations.switches.render.words import file_stem

Tables = Mapping[str, Mapping[str, Sequence[Row]]]
"""The tables of each switch."""


@command(
    "switch compare",
    resolve=targeted,
    examples=(
        'switch compare @leaf "show version"',
        'switch compare @leaf "show interface brief" --fields speed,mtu --as csv',
    ),
)
@click.argument("target")
@click.argument("shows", nargs=-1, required=True)
@fields_option
@as_option
def comparing(
    context: Context,
    target: str,
    shows: tuple[str, ...],
    fields: tuple[str, ...],
    kind: FileKind | None,
) -> Reply:
    """Compare what a show says on several switches: what most of them say, and who says otherwise.

    Times, ages, counters and loads are left out, since they always differ.
    """
    commands = tuple(each.command for each in checked(context, commands_in(shows)))
    switches = switches_of(context)
    if len(switches) < 2:
        raise CommandError(f"{code(target)} is one switch, and comparing takes two at least.")
    order = Order(
        title=f"comparing {title_of(commands, len(switches))}",
        switches=tuple(each.name for each in switches),
        commands=commands,
        options={"fields": list(fields), "kind": kind},
    )
    return TOPIC.ask(context, order, switches)


def tell(asked: Asked) -> Answer:
    """The differences of each show."""
    order, kind = asked.order, asked.order.options["kind"]
    outputs = [_outputs(asked, number) for number in range(len(order.commands))]
    _refuse_unknown(order, [structured for structured, _ in outputs])
    parts: list[str] = []
    every: list[Comparison] = []
    for show, (structured, texts) in zip(order.commands, outputs, strict=True):
        if len(structured) > 1:
            found = _compared(structured, order.options["fields"])
            every.append(_titled(found, show) if len(order.commands) > 1 else found)
            parts += [shown.summary(show, found), *_table(found, kind), shown.left_out(found)]
            parts += [shown.otherwise(show, "Text instead of a table", tuple(texts))]
        elif len(texts) > 1:
            parts.append(shown.texts(show, texts))
            parts.append(shown.otherwise(show, "A table instead of text", tuple(structured)))
        elif structured or texts:
            parts.append(shown.nothing(show, (*structured, *texts)))
    file = None
    if every and (kind is not None or any(map(shown.needs_file, every))):
        whole = replace(every[0], differences=tuple(each for one in every for each in one.differences))
        file = shown.differences(whole).file(kind or "csv", f"compare-{file_stem(order.commands[0])}")
        parts.append(f"All of it is in **{quote(file.name)}**.")
    return Answer("\n\n".join(filter(None, parts)), file, failures(asked.results))


def _refuse_unknown(order: Order, outputs: Sequence[Tables]) -> None:
    """Raises CommandError for a field that none of the shows has."""
    known = [name for structured in outputs for name in _fields(structured)]
    try:
        for each in order.options["fields"] if known else ():
            spelled(each, dict.fromkeys(known), " and ".join(order.commands))
    except UnknownField as error:
        raise CommandError(quote(str(error), 2_000)) from error


def _fields(structured: Tables) -> tuple[str, ...]:
    return fields_of(row for each in structured.values() for rows in each.values() for row in rows)


def _table(found: Comparison, kind: FileKind | None) -> list[str]:
    if kind is not None or not found.differences:
        return []
    more = len(found.differences) - shown.MOST
    table = shown.differences(found, shown.MOST).table()
    return [table, f"These are the first {shown.MOST}."] if more > 0 else [table]


def _outputs(asked: Asked, number: int) -> tuple[Tables, Mapping[str, str]]:
    """What each switch said to a show: its tables, or its text."""
    structured: dict[str, Mapping[str, Sequence[Row]]] = {}
    texts: dict[str, str] = {}
    for result in asked.answered:
        output = result.outputs[number]
        if isinstance(output.body, str):
            texts[result.switch.name] = trimmed(output.body)
        elif output.error is None:
            structured[result.switch.name] = tables(output.body)
    return structured, texts


def _compared(structured: Tables, fields: Sequence[str]) -> Comparison:
    """All tables of a show in one comparison, of those of the fields that it has."""
    names = list(dict.fromkeys(name for each in structured.values() for name in each))
    spellings = {each.casefold(): each for each in _fields(structured)}
    wanted = [spellings[each.casefold()] for each in fields if each.casefold() in spellings]
    parts = []
    for name in names:
        rows = {switch: each.get(name, ()) for switch, each in structured.items()}
        mine = [each for each in wanted if any(each in row for given in rows.values() for row in given)]
        if mine or not fields:
            found = compare(rows, mine)
            parts.append(_titled(found, name.rpartition("/")[2]) if len(names) > 1 else found)
    return Comparison(
        tuple(structured),
        tuple(each for part in parts for each in part.differences),
        sum(part.agreeing for part in parts),
        tuple(dict.fromkeys(each for part in parts for each in part.individual)),
        tuple(dict.fromkeys(each for part in parts for each in part.dropped)),
    )


def _titled(found: Comparison, title: str) -> Comparison:
    """The same with a title before each row's name, to tell the rows of several tables or shows apart."""

    def named(each: Difference) -> Difference:
        return replace(each, row=" ".join(filter(None, (title, each.row))))

    return replace(found, differences=tuple(named(each) for each in found.differences))


TOPIC = Topic("switch compare", tell)
COMMANDS: tuple[Command, ...] = (comparing,)
RUN_KINDS: tuple[RunKind, ...] = (TOPIC.kind,)
