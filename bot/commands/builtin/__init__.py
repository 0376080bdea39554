"""The core's own commands, a module to each noun."""

from bot.commands.builtin import (
    about,
    access,
    approvals,
    audit,
    confirm,
    credentials,
    run,
    schedule,
    token,
    why,
)
from bot.commands.model import Command

COMMANDS: tuple[Command, ...] = (
    *about.COMMANDS,
    *confirm.COMMANDS,
    *approvals.COMMANDS,
    *audit.COMMANDS,
    *run.COMMANDS,
    *schedule.COMMANDS,
    *credentials.COMMANDS,
    *token.COMMANDS,
    *access.COMMANDS,
    *why.COMMANDS,
)
