"""`switch counters`: what goes over interfaces now, from two looks at their counters."""

from __future__ import annotations

from datetime import timedelta

import click

from bot.commands.context import Context
from bot.commands.model import Command, CommandError, Reply, command
from bot.commands.parameters import DURATION
from bot.commands.rows import FileKind, as_option
from bot.durations import span
from bot.outbound.quoting import quote
from bot.runs.kinds import RunKind
from integrations.switches import rates
from integrations.switches.commands.asking import switches_of, targeted
from integrations.switches.commands.fleet import Answer, Asked, Order, Topic
from integrations.switches.errors import SwitchError
from integrations.switches.ports import PortsError, matcher
from integrations.switches.question import Result
from integrations.switches.rates import Look, Rate
from integrations.switches.render import counting as shown
from integrations.switches.render.words import counted

_SHORTEST, _LONGEST = timedelta(seconds=1), timedelta(minutes=5)


@command(
    "switch counters",
    resolve=targeted,
    examples=(
        "switch counters leaf01 --over 1s",
        'switch counters @leaf "Eth1/[49-50]" --over 1s --top 5',
        "switch counters @spine --over 2s --as csv",
    ),
)
@click.argument("target")
@click.argument("interfaces", metavar="INTERFACE-GLOB", default="*")
@click.option("--over", type=DURATION, default="10s", help="between the two looks: 1s to 5m (else 10s)")
@click.option(
    "--top", type=click.IntRange(1, 100), default=20, help="how many to show, the busiest (else 20)"
)
@as_option
def counters(
    context: Context, target: str, interfaces: str, over: timedelta, top: int, kind: FileKind | None
) -> Reply:
    """Look twice at the counters of interfaces: bits and packets a second, the part of the speed, errors.

    INTERFACE-GLOB is `Eth1/1`, `Eth1/[1-48]`, `Po*`, or several with commas. A counter set to 0 meanwhile is told.
    """
    if not _SHORTEST <= over <= _LONGEST:
        raise CommandError(
            f"Between two looks lie {span(_SHORTEST)} to {span(_LONGEST)}, and not {span(over)}: say `--over 10s`."
        )
    try:
        matcher(interfaces)
    except PortsError as error:
        raise CommandError(f"{quote(str(error), 400)}.") from error
    switches = switches_of(context)
    after = ("--over", span(over), "--top", str(top), *(("--as", kind) if kind else ()))
    order = Order(
        title=f"counters of {counted(len(switches), 'switch')}",
        switches=tuple(each.name for each in switches),
        commands=rates.COMMANDS,
        before=("switch", "counters"),
        after=(*((interfaces,) if interfaces != "*" else ()), *after),
        options={"interfaces": interfaces, "top": top, "kind": kind},
        apart=over.total_seconds(),
    )
    return TOPIC.ask(context, order, switches)


def tell(asked: Asked) -> Answer:
    """The busiest first; all of them in a file where they are many."""
    options = asked.order.options
    wanted, kind, top = matcher(options["interfaces"]), options["kind"], options["top"]
    before = {each.switch.name: each for each in asked.earlier}
    found: list[tuple[str, Rate]] = []
    errors: list[SwitchError] = []
    for now in asked.results:
        first_time = before.get(now.switch.name)
        if first_time is None:  # it came into the inventory between the two
            continue
        looks = [_look(each, wanted) for each in (first_time, now)]
        failed = next((each for each in looks if isinstance(each, SwitchError)), None)
        if failed is not None:
            errors.append(failed)
            continue
        first, second = (each for each in looks if isinstance(each, Look))
        found += [(now.switch.name, each) for each in rates.rates(first, second)]
    if not found and not errors:
        raise CommandError(
            f"There is no interface {quote(options['interfaces'])} on {shown.those(asked.results)}."
        )
    ordered = shown.busiest_first(found)
    file = shown.rows(ordered).file(kind or "csv", "switch-counters") if kind or len(ordered) > top else None
    table = shown.table(ordered[:top]) if kind is None and found else ""
    told = (shown.summary(ordered, top, is_shown=kind is None), table, shown.notes(ordered))
    return Answer("\n\n".join(filter(None, told)), file, tuple(errors))


def _look(result: Result, wanted: rates.Wanted) -> Look | SwitchError:
    """What one switch counted, or why that is not known."""
    if result.error is not None:
        return result.error
    for output in result.outputs:
        if output.command == rates.COUNTED and output.error is not None:
            return output.error
    bodies = {each.command: each.body for each in result.outputs if each.error is None}
    return rates.look(bodies, result.at, wanted)


TOPIC = Topic("switch counters", tell, masked=False)
COMMANDS: tuple[Command, ...] = (counters,)
RUN_KINDS: tuple[RunKind, ...] = (TOPIC.kind,)
