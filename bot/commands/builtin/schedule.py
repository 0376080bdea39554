"""`schedule …`: commands that I run by the clock, as the person who gave them and with the rights they have then."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import click
from sqlalchemy.orm import Session

from bot import cron
from bot.access.policy import Decision
from bot.commands.context import Context, Services
from bot.commands.gate import authorize, resolved
from bot.commands.model import (
    Command,
    CommandError,
    Effect,
    Entry,
    NeedInput,
    Reply,
    Request,
    command,
    join_words,
)
from bot.commands.parse import Incomplete, Parsed, Unknown, parse
from bot.commands.rows import FileKind, Rows, as_option
from bot.commands.tables import utc
from bot.outbound.quoting import code, quote
from bot.runs import schedules
from bot.store.models import Schedule

_LEAST_MINUTES = 5
_NAME = re.compile(r"[a-z][a-z0-9._-]{0,39}")
_ANSWERS = frozenset({"confirm", "leave", "approve", "deny"})
_TIMES = 'Say `hourly`, `daily 06:00`, `weekdays 06:00`, or five cron fields such as `"30 6 * * mon-fri"`; all in UTC.'


def _resolve(context: Context, parameters: Mapping[str, Any]) -> Mapping[str, tuple[str, ...]]:
    line, words = _read(parameters)
    return {"when": (line,), "command": (join_words(words),)}


@command(
    "schedule add",
    effect=Effect.CHANGE,
    resolve=_resolve,
    options_first=True,
    quotes=True,
    examples=(
        'schedule add "0 6 * * mon-fri" run list',
        "schedule add --name nightly daily 02:00 run list --all",
        "schedule add hourly ping",
    ),
)
@click.option("--name", help="what to call it; otherwise it gets a number")
@click.argument("when")
@click.argument("command", nargs=-1, required=True)
def schedule_add(context: Context, name: str | None, when: str, command: tuple[str, ...]) -> Reply:
    """Run a command by the clock, in UTC, and answer here.

    WHEN is `hourly`, `daily 06:00`, `weekdays 06:00`, or five cron fields. The command runs as you, with the
    rights you have at that moment; when you have lost them, or have left the room, the schedule pauses.
    """
    request, services = context.request, context.services
    if request.entry is Entry.REST:
        raise CommandError(
            "I take no schedules over REST: what a token left behind would go on when the token is revoked. "
            "Say it in the room where it shall answer."
        )
    name = _checked_name(name)
    now = datetime.now(UTC)
    line, words = _read({"when": when, "command": command})
    first = _first_slot(line, now)
    parsed = _may_run(words, context)
    with services.database.transaction() as session:
        try:
            name = schedules.add(
                session,
                name=name,
                cron=line,
                line=join_words(words),
                person=request.person,
                room_id=request.place.room_id,
                now=now,
            )
        except schedules.NameTaken as error:
            raise CommandError(
                f"There is a schedule {code(str(error))} already. Choose another name."
            ) from error
    return Reply(
        f"⏰ Schedule {code(name)}: I run {code(join_words(words))} {_where(context)} by {code(line)}, first on "
        f"{_moment(first)}, as {quote(request.person)} and with the rights you have then."
        f"{_asks_first(parsed, context)} `schedule remove {name}` ends it."
    )


@command("schedule list", examples=("schedule list", "schedule list --all"))
@click.option("--all", "everything", is_flag=True, help="those of every room (for my owners)")
@as_option
def schedule_list(context: Context, everything: bool, kind: FileKind | None) -> Reply:
    """Show what runs by the clock here; alone with me, what runs for you."""
    request, policy = context.request, context.services.policy
    if everything and not policy.is_owner(request.person):
        raise CommandError(
            "Only my owners see the schedules of every room. `schedule list` shows those of this one."
        )
    in_group = request.place.type == "group" and not everything
    with context.services.database.transaction() as session:
        rows = schedules.given(session, room_ids=request.place.ids if in_group else None)
    if not in_group and not everything:
        rows = [row for row in rows if _is_theirs(row, context)]
    if not rows:
        return Reply("Nothing is scheduled here. `help schedule add` tells how to.")
    now = datetime.now(UTC)
    lines = [(row.name, row.cron, row.line or "", row.person_email or "", _next(row, now)) for row in rows]
    rests = [_rests(row) for row in rows if row.paused is not None]
    shown = Rows(("name", "when (UTC)", "what", "whose", "next"), lines, widest=40)
    return shown.reply(kind, "schedules", below="\n\n".join(rests))


@command("schedule remove", effect=Effect.CHANGE, examples=("schedule remove 1",))
@click.argument("name")
def schedule_remove(context: Context, name: str) -> Reply:
    """Run a command by the clock no more; for whoever gave it and for my owners."""
    with context.services.database.transaction() as session:
        row = _own(session, name, context)
        session.delete(row)
    return Reply(f"Schedule {code(row.name)} is removed; {code(row.line or '')} does not run by it any more.")


@command("schedule resume", effect=Effect.CHANGE, examples=("schedule resume 1",))
@click.argument("name")
def schedule_resume(context: Context, name: str) -> Reply:
    """Let a paused schedule go on; for whoever gave it and for my owners."""
    now = datetime.now(UTC)
    with context.services.database.transaction() as session:
        row = _own(session, name, context)
        was_paused = row.paused is not None
        if was_paused:
            schedules.resume(row, now)
    if not was_paused:
        return Reply(f"Schedule {code(row.name)} is not paused. It runs next on {_next_moment(row, now)}.")
    return Reply(
        f"Schedule {code(row.name)} goes on: next on {_next_moment(row, now)}, with the rights "
        f"{quote(row.person_email or '')} has then."
    )


def _read(parameters: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    """The cron line, and the words of the command. Raises CommandError."""
    try:
        line, words = cron.read((parameters["when"], *parameters["command"]))
        too_often = cron.is_more_often_than(line, _LEAST_MINUTES)
    except cron.BadCron as error:
        raise CommandError(f"I cannot read that time: {quote(str(error))} {_TIMES}") from error
    if too_often:
        raise CommandError(
            f"{code(line)} is more often than every {_LEAST_MINUTES} minutes, and that is the most I do. "
            f'For that, say `"*/{_LEAST_MINUTES} * * * *"`.'
        )
    if not words:
        example = code(f'schedule add "{line}" ping')
        raise CommandError(f"Say the command behind the time, for example {example}.")
    return line, words


def _first_slot(line: str, now: datetime) -> datetime:
    first = cron.next_slot(line, now)
    if first is None:
        raise CommandError(f"{code(line)} is a time that never comes. {_TIMES}")
    return first


def _checked_name(name: str | None) -> str | None:
    if name is not None and not _NAME.fullmatch(name.casefold()):
        raise CommandError(
            f"{code(name)} is no name for a schedule: it begins with a letter and goes on with letters, digits, "
            "`.`, `_` and `-`, 40 at the most."
        )
    return name.casefold() if name else None


def _may_run(words: tuple[str, ...], context: Context) -> Parsed:
    """The command, if its asker may run it here now. Raises CommandError."""
    services = context.services
    request = replace(context.request, line="", words=words, entry=Entry.SCHEDULE)
    parsed = _parsed(words, request, services)
    command = parsed.command
    if command.words[0] in _ANSWERS or command is schedule_add:
        raise CommandError(f"`{command.name}` is said by a person, and not by the clock.")
    if command.effect is Effect.DESTROY and request.place.room_id is None:
        raise CommandError(
            f"`{command.name}` destroys, so I ask each time. Say it in the room where I can ask."
        )
    _check(
        command, authorize(command, request, parsed.arguments, services, any_arguments=bool(command.resolve))
    )
    if command.resolve is None:
        return parsed
    try:
        arguments = resolved(parsed, Context(request, services, command, parsed.arguments))
    except NeedInput as need:
        raise CommandError(
            f"{code(join_words(words))} asks for more, and by the clock nobody is there to answer. {need.hint}"
        ) from need
    _check(command, authorize(command, request, arguments, services))
    return replace(parsed, arguments=arguments)


def _parsed(words: tuple[str, ...], request: Request, services: Services) -> Parsed:
    line, result = code(join_words(words)), parse(words, services.registry)
    found = None if isinstance(result, Unknown) else result.command
    if isinstance(result, Unknown) or found is None:
        raise CommandError(f"I know no {line}, so I do not schedule it. `help` shows what I can do here.")
    if found.takes_secrets:
        raise CommandError(
            f"`{found.name}` takes a secret, and what I am to run later I keep as it was said."
        )
    if isinstance(result, Parsed):
        return result
    _check(found, authorize(found, request, {}, services, any_arguments=True))
    if isinstance(result, Incomplete):
        raise CommandError(f"{line} is not complete. Say all of it: {code(found.usage)}.")
    raise CommandError(f"{line} cannot be run: {quote(services.redactor.redact(result.reason))}")


def _check(command: Command, decision: Decision) -> None:
    if not decision.allowed:
        raise CommandError(
            f"You may not run `{command.name}` here, so I do not schedule it. {decision.reason}"
        )


def _asks_first(parsed: Parsed, context: Context) -> str:
    """What it still waits for each time, beside the clock."""
    command, services = parsed.command, context.services
    question = services.question(command, context.request.person, context.request.place, parsed.arguments)
    asks = ""
    if command.effect is Effect.DESTROY:
        asks += (
            " It destroys something: each time I ask you to confirm it, and without your yes within "
            f"{services.settings.confirm_seconds:.0f} s nothing is done."
        )
    if services.policy.approvals_for(question):
        asks += " Others must agree to it each time."
    return asks


def _own(session: Session, name: str, context: Context) -> Schedule:
    """A schedule that the asker may change. Raises CommandError."""
    row = schedules.find(session, name.casefold().removeprefix("#"))
    theirs = row is not None and _is_theirs(row, context)
    owner = context.services.policy.is_owner(context.request.person)
    here = row is not None and row.room_id is not None and row.room_id in context.request.place.ids
    if row is None or not (theirs or owner or here):
        raise CommandError(f"There is no schedule {code(name)} here. `schedule list` shows what there is.")
    if not (theirs or owner):
        raise CommandError(
            f"Schedule {code(row.name)} is {quote(row.person_email or '')}'s: only they and my owners may change it."
        )
    return row


def _is_theirs(row: Schedule, context: Context) -> bool:
    policy = context.services.policy
    return policy.identity(row.person_email or "") == policy.identity(context.request.person)


def _where(context: Context) -> str:
    return "in this room" if context.request.place.room_id is not None else "and answer you alone"


def _rests(row: Schedule) -> str:
    return (
        f"⏸ {code(row.name)} is paused: {quote(row.paused or '')} `schedule resume {row.name}` lets it go on."
    )


def _next(row: Schedule, now: datetime) -> datetime | str:
    if row.paused is not None:
        return "paused"
    return cron.next_slot(row.cron, now) or "never"


def _next_moment(row: Schedule, now: datetime) -> str:
    slot = cron.next_slot(row.cron, now)
    return _moment(slot) if slot is not None else "a day that never comes"


def _moment(slot: datetime) -> str:
    return utc(slot, "%Y-%m-%d at %H:%M UTC")


COMMANDS: tuple[Command, ...] = (schedule_add, schedule_list, schedule_remove, schedule_resume)
