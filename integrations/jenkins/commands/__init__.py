"""The chat commands, one file for each thing people come for."""

from bot.commands.model import Command
from integrations.jenkins.commands import (
    answering,
    building,
    choosing,
    confiding,
    ending,
    fleet,
    logs,
    looking,
    relaying,
    repeating,
    reports,
    switching,
)

COMMANDS: tuple[Command, ...] = (
    *looking.COMMANDS,
    *fleet.COMMANDS,
    *reports.COMMANDS,
    *logs.COMMANDS,
    *building.COMMANDS,
    *confiding.COMMANDS,
    *repeating.COMMANDS,
    *ending.COMMANDS,
    *answering.COMMANDS,
    *switching.COMMANDS,
    *relaying.COMMANDS,
    *choosing.COMMANDS,
)
