"""`switch find`: at which port is it?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import click

from bot.commands.context import Context
from bot.commands.model import Command, CommandError, Reply, command
from bot.outbound.quoting import quote
from bot.runs.kinds import RunKind
from integrations.switches.commands.asking import switches_of, targeted
from integrations.switches.commands.fleet import Answer, Asked, Order, Topic
from integrations.switches.errors import CommandError as NotTaken
from integrations.switches.errors import SwitchError
from integrations.switches.facts import SERIAL_COMMANDS, WHERE_COMMANDS, Facts, facts_of_all
from integrations.switches.find import Found, find_host, find_ip, find_mac, find_serial
from integrations.switches.question import Result
from integrations.switches.render import finding as shown
from integrations.switches.render.words import counted

Finder = Callable[[str, Sequence[Facts]], Found]
_FINDERS: Mapping[str, Finder] = {
    "mac": find_mac,
    "ip": find_ip,
    "host": find_host,
    "serial": find_serial,
}


@command(
    "switch find",
    resolve=targeted,
    examples=(
        "switch find mac 00:50:56:00:ae:3a",
        "switch find ip 10.1.20.10 @leaf",
        "switch find host app-00001",
        "switch find serial FDO2410E7UJ",
    ),
)
@click.argument("what", type=click.Choice(tuple(_FINDERS)))
@click.argument("sought", metavar="ADDRESS_OR_NAME")
@click.argument("target", default="all")
def find(context: Context, what: str, sought: str, target: str) -> Reply:
    """Find where something is plugged in: by MAC address, IP address, the host's name, or a serial number.

    MAC tables, ARP, LLDP and CDP of all switches are put together: the port at the edge is told and not the
    uplinks on the way, and the two halves of a vPC are one place.
    """
    try:
        _FINDERS[what](sought, ())  # what is no address is told before anybody is asked
    except ValueError as error:
        raise CommandError(f"{quote(str(error))}.") from error
    switches = switches_of(context)
    order = Order(
        title=f"finding {what} {sought[:60]} on {counted(len(switches), 'switch')}",
        switches=tuple(each.name for each in switches),
        commands=SERIAL_COMMANDS if what == "serial" else WHERE_COMMANDS,
        before=("switch", "find", what, sought),
        options={"what": what, "sought": sought},
    )
    return TOPIC.ask(context, order, switches)


def tell(asked: Asked) -> Answer:
    """The port to go to."""
    what, sought = str(asked.order.options["what"]), str(asked.order.options["sought"])
    found = _FINDERS[what](sought, facts_of_all(asked.results))
    return Answer(shown.found(what, sought, found, len(asked.answered)), errors=tuple(unknown(asked.results)))


def unknown(results: Iterable[Result]) -> Iterable[SwitchError]:
    """The errors that leave something unknown. A show that a switch does not know is of a feature that is off."""
    for result in results:
        errors: list[Any] = [result.error, *(each.error for each in result.outputs)]
        yield from [each for each in errors if each is not None and not isinstance(each, NotTaken)][:1]


TOPIC = Topic("switch find", tell, masked=False)
COMMANDS: tuple[Command, ...] = (find,)
RUN_KINDS: tuple[RunKind, ...] = (TOPIC.kind,)
