"""`switch list`: which switches there are."""

from __future__ import annotations

import click

from bot.commands.context import Context
from bot.commands.model import Command, Reply, command
from bot.commands.rows import FileKind, as_option
from integrations.switches.commands.asking import selected, targeted
from integrations.switches.render import listing as shown

_NEXT = '`switch check TARGET` tries them, `switch show TARGET "show version"` asks them.'


@command(
    "switch list",
    resolve=targeted,
    examples=("switch list", "switch list @leaf", 'switch list "@leaf and not leaf03" --as csv'),
)
@click.argument("target", default="all")
@as_option
def switches(context: Context, target: str, kind: FileKind | None) -> Reply:
    """List the switches: where each is, its tags and site, how it proves who it is, how it is asked.

    A target is a name, a glob, a range or a tag: `leaf01`, `leaf*`, `leaf[01-48]`, `@leaf and not @lab`.
    """
    selection = selected(context, target)
    above, found = shown.summary(selection), selection.switches
    if kind is not None or len(found) <= shown.SHOWN:
        return shown.inventory(found).reply(kind, "switches", above=above, below="" if kind else _NEXT)
    table = shown.inventory(found[: shown.SHOWN]).reply(None, "switches", above=above)
    more = f"These are the first {shown.SHOWN}; the file has all of them. {_NEXT}"
    return Reply(f"{table.markdown}\n\n{more}", file=shown.inventory(found).file("txt", "switches"))


COMMANDS: tuple[Command, ...] = (switches,)
