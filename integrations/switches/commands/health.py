"""`switch health`: what is broken, what is full, which versions run?"""

from __future__ import annotations

from dataclasses import replace

import click

from bot.commands.context import Context
from bot.commands.model import Command, Reply, command
from bot.commands.rows import FileKind, as_option
from bot.outbound.quoting import quote
from bot.runs.kinds import RunKind
from integrations.switches.commands.asking import switches_of, targeted
from integrations.switches.commands.fleet import Answer, Asked, Order, Topic
from integrations.switches.errors import CommandError as NotTaken
from integrations.switches.facts import HEALTH_COMMANDS, Facts, facts_of_all
from integrations.switches.health import health as health_of
from integrations.switches.render import health as shown
from integrations.switches.render.words import counted

_OF_FEATURES = frozenset(("show vpc", "show bgp all summary vrf all"))
"""Shows that a switch does not know where the feature is off, which is no fault."""


@command(
    "switch health",
    resolve=targeted,
    examples=("switch health", "switch health @leaf", "switch health --as csv"),
)
@click.argument("target", default="all")
@as_option
def health(context: Context, target: str, kind: FileKind | None) -> Reply:
    """Tell how the switches are, the worst first, and which versions run.

    Looked at are power, fans, temperature, modules, err-disabled ports, vPC, BGP, CPU, memory and errors on
    interfaces.
    """
    switches = switches_of(context)
    order = Order(
        title=f"health of {counted(len(switches), 'switch')}",
        switches=tuple(each.name for each in switches),
        commands=HEALTH_COMMANDS,
        before=("switch", "health"),
        after=("--as", kind) if kind else (),
        options={"kind": kind},
    )
    return TOPIC.ask(context, order, switches)


def tell(asked: Asked) -> Answer:
    """What is not well. Who gave no answer at all is told below it."""
    kind: FileKind | None = asked.order.options["kind"]
    found = health_of([_asked_for(facts) for facts in facts_of_all(asked.results)])
    errors = tuple(each.error for each in asked.results if each.error is not None)
    markdown, file = shown.health(found), None
    if kind is not None or shown.needs_file(found):
        file = shown.rows(found, errors).file(kind or "csv", "switch-health")
        markdown += f"\n\nAll of it is in **{quote(file.name)}**."
    return Answer(markdown.strip(), file, errors)


def _asked_for(facts: Facts) -> Facts:
    missing = {
        show: error
        for show, error in facts.missing.items()
        if not (show in _OF_FEATURES and isinstance(error, NotTaken))
    }
    return replace(facts, missing=missing)


TOPIC = Topic("switch health", tell, masked=False)
COMMANDS: tuple[Command, ...] = (health,)
RUN_KINDS: tuple[RunKind, ...] = (TOPIC.kind,)
