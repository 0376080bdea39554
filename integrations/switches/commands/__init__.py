"""The chat commands, one file for each thing people come for."""

from bot.commands.model import Command
from bot.runs.kinds import RunKind
from integrations.switches.commands import checking, listing, watching

COMMANDS: tuple[Command, ...] = (
    *listing.COMMANDS,
    *checking.COMMANDS,
    *watching.COMMANDS,
)
RUN_KINDS: tuple[RunKind, ...] = (*checking.RUN_KINDS,)
