"""The chat commands, one file for each thing people come for."""

from bot.commands.model import Command
from integrations.jenkins.commands import building, choosing, ending, fleet, logs, looking, relaying, reports

COMMANDS: tuple[Command, ...] = (
    *looking.COMMANDS,
    *fleet.COMMANDS,
    *reports.COMMANDS,
    *logs.COMMANDS,
    *building.COMMANDS,
    *ending.COMMANDS,
    *relaying.COMMANDS,
    *choosing.COMMANDS,
)
