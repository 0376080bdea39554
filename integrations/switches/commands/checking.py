"""`switch check`: can the switches be asked, and how safely?"""

from __future__ import annotations

import click

from bot.commands.context import Context
from bot.commands.model import Command, Reply, command
from bot.commands.rows import FileKind, as_option
from bot.runs.kinds import RunKind
from integrations.switches.client import SwitchesClient, failures
from integrations.switches.commands.asking import switches_of, targeted
from integrations.switches.commands.fleet import Answer, Asked, Order, Topic
from integrations.switches.render import checking as shown
from integrations.switches.render.words import counted


@command("switch check", resolve=targeted, examples=("switch check leaf01", "switch check @leaf --as csv"))
@click.argument("target")
@as_option
def check(context: Context, target: str, kind: FileKind | None) -> Reply:
    """Try the switches: is each reached, is the login taken, which version, which path and why, how fast.

    It also says who is asked without a check of the certificate, or over plain HTTP.
    """
    switches = switches_of(context)
    order = Order(
        title=f"check of {counted(len(switches), 'switch')}",
        switches=tuple(each.name for each in switches),
        commands=("show version",),
        before=("switch", "check"),
        after=("--as", kind) if kind else (),
        options={"kind": kind},
    )
    return TOPIC.ask(context, order, switches)


def tell(asked: Asked) -> Answer:
    """The worst first; all of them in a file where they are many."""
    client: SwitchesClient = asked.services.clients["switches"]
    results = shown.worst_first(asked.results)
    ways = {each.switch.name: client.way_to(each.switch) for each in results}
    kind: FileKind | None = asked.order.options["kind"]
    many = len(results) > shown.SHOWN
    listed = shown.checks(results[: shown.SHOWN], ways).table() if kind is None else ""
    file = shown.checks(results, ways).file(kind or "txt", "switch-check") if kind or many else None
    more = f"These are {shown.SHOWN}; the file has all {len(results):,}." if many and kind is None else ""
    unsafe = shown.unsafe([each.switch for each in results])
    parts = (shown.summary(results), listed, shown.ways_of(results, ways), unsafe, more)
    return Answer("\n\n".join(filter(None, parts)), file, failures(asked.results))


TOPIC = Topic("switch check", tell, masked=False)
COMMANDS: tuple[Command, ...] = (check,)
RUN_KINDS: tuple[RunKind, ...] = (TOPIC.kind,)
