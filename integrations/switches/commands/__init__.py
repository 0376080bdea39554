"""The chat commands, one file for each thing people come for."""

from bot.commands.model import Command
from bot.runs.kinds import RunKind
from integrations.switches.changing.back import ROLLBACK_RUN
from integrations.switches.changing.change import CHANGE_RUN
from integrations.switches.commands import (
    changes,
    checking,
    comparing,
    configuring,
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
    *configuring.COMMANDS,
    *changes.COMMANDS,
)
RUN_KINDS: tuple[RunKind, ...] = (
    *checking.RUN_KINDS,
    *showing.RUN_KINDS,
    *comparing.RUN_KINDS,
    *remembering.RUN_KINDS,
    *finding.RUN_KINDS,
    *health.RUN_KINDS,
    *counting.RUN_KINDS,
    CHANGE_RUN,
    ROLLBACK_RUN,
)
