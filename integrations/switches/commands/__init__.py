"""The chat commands, one file for each thing people come for."""

from bot.commands.model import Command
from bot.runs.kinds import RunKind
from integrations.switches.commands import (
    checking,
    comparing,
    counting,
    finding,
    health,
    listing,
    remembering,
    showing,
    watching,
)

COMMANDS: tuple[Command, ...] = (
    *listing.COMMANDS,
    *checking.COMMANDS,
    *showing.COMMANDS,
    *comparing.COMMANDS,
    *remembering.COMMANDS,
    *finding.COMMANDS,
    *health.COMMANDS,
    *counting.COMMANDS,
    *watching.COMMANDS,
)
RUN_KINDS: tuple[RunKind, ...] = (
    *checking.RUN_KINDS,
    *showing.RUN_KINDS,
    *comparing.RUN_KINDS,
    *remembering.RUN_KINDS,
    *finding.RUN_KINDS,
    *health.RUN_KINDS,
    *counting.RUN_KINDS,
)
