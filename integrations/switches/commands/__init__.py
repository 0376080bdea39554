"""The chat commands, one file for each thing people come for."""

from bot.commands.model import Command
from integrations.switches.commands import changes, configuring

COMMANDS: tuple[Command, ...] = (
    *configuring.COMMANDS,
    *changes.COMMANDS,
)
