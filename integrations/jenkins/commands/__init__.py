"""The chat commands, one file for each thing people come for."""

from bot.commands.model import Command
from integrations.jenkins.commands import building, choosing, ending, looking, relaying

COMMANDS: tuple[Command, ...] = (
    *looking.COMMANDS,
    *building.COMMANDS,
    *ending.COMMANDS,
    *relaying.COMMANDS,
    *choosing.COMMANDS,
)
