"""The chat commands, one file for each thing people come for."""

from bot.commands.model import Command

COMMANDS: tuple[Command, ...] = ()
