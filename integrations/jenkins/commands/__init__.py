"""The chat commands, one file for each thing people come for."""

from bot.commands.model import Command
from integrations.jenkins.commands import (
    answering,
    building,
    choosing,
    confiding,
    ending,
    looking,
    relaying,
    repeating,
    switching,
)

COMMANDS: tuple[Command, ...] = (
    *looking.COMMANDS,
    *building.COMMANDS,
    *confiding.COMMANDS,
    *repeating.COMMANDS,
    *ending.COMMANDS,
    *answering.COMMANDS,
    *switching.COMMANDS,
    *relaying.COMMANDS,
    *choosing.COMMANDS,
)
