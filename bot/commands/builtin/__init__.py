"""The core's own commands, a module to each noun."""

from bot.commands.builtin import (
    about,
    access,
    approvals,
    audit,
    confirm,
    credentials,
    message,
    notifications,
    person,
    retry,
    room,
    room_ending,
    room_list,
    room_people,
    run,
    say,
    schedule,
    stale,
    token,
    webhook,
    why,
)
from bot.commands.model import Command
from bot.runs.kinds import RunKind

COMMANDS: tuple[Command, ...] = (
    *about.COMMANDS,
    *confirm.COMMANDS,
    *approvals.COMMANDS,
    *audit.COMMANDS,
    *run.COMMANDS,
    *schedule.COMMANDS,
    *stale.COMMANDS,
    *credentials.COMMANDS,
    *token.COMMANDS,
    *access.COMMANDS,
    *why.COMMANDS,
    *room_list.COMMANDS,
    *room.COMMANDS,
    *room_people.COMMANDS,
    *room_ending.COMMANDS,
    *say.COMMANDS,
    *message.COMMANDS,
    *notifications.COMMANDS,
    *person.COMMANDS,
    *webhook.COMMANDS,
    *retry.COMMANDS,
)
RUN_KINDS: tuple[RunKind, ...] = (room_list.LISTING, *stale.RUN_KINDS)
