"""`switch watch` and what belongs to it: told when a threshold or a change is met, with a history."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import click
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.charts import LineChart, NothingToDraw, png
from bot.commands.context import Context, asked
from bot.commands.model import Command, CommandError, Effect, Entry, File, Reply, command
from bot.commands.parameters import DURATION, MOMENT, Moment
from bot.commands.rows import FileKind, as_option
from bot.commands.tables import utc
from bot.durations import span
from bot.outbound.quoting import code, quote
from integrations.switches.commands.asking import checked, client_of, switches_of, targeted
from integrations.switches.inventory.model import InventoryError, Switch
from integrations.switches.ports import PortsError, matcher
from integrations.switches.question import Result
from integrations.switches.render import history as drawn
from integrations.switches.render import watching as shown
from integrations.switches.render.words import counted
from integrations.switches.store.watches import SwitchWatch, SwitchWatchPoll
from integrations.switches.targets.expression import TargetError
from integrations.switches.watching import history, record
from integrations.switches.watching.buckets import gathered
from integrations.switches.watching.condition import ConditionError, is_event, parse
from integrations.switches.watching.what import NOTHING, Answers, What, WhatError

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
_LONGEST = timedelta(days=90)
_TRIED = 3
"""Switches that are asked before a watch is begun, to see that there is something to watch."""


@command(
    "switch watch",
    effect=Effect.CHANGE,
    resolve=targeted,
    examples=(
        'switch watch @leaf counters "Eth1/[49-50]" --when "in > 80% or out > 80%" --name uplinks',
        "switch watch all health --every 5m",
        'switch watch @leaf "show interface brief" state --when changes',
        'switch watch leaf01 counters --when "errors > 0" --urgent',
    ),
)
@click.argument("target")
@click.argument("what")
@click.argument("detail", required=False)
@click.option("--every", type=DURATION, default="60s", help="how often it is polled: 10s to 1d (else 60s)")
@click.option("--when", "condition", help='"in > 80%", "errors > 0", "cpu > 90 or memory > 85", changes')
@click.option("--for", "length", type=DURATION, default="7d", help="how long: up to 90d (else 7d)")
@click.option("--name", help="what to call it; otherwise it gets a number")
@click.option("--urgent", is_flag=True, help="tell it in quiet hours, too")
def watch(
    context: Context,
    target: str,
    what: str,
    detail: str | None,
    every: timedelta,
    condition: str | None,
    length: timedelta,
    name: str | None,
    urgent: bool,
) -> Reply:
    """Poll switches in the background, and tell this thread when something is met, still is, and recovers.

    WHAT is `counters` (DETAIL: which interfaces, such as `Eth1/[1-48]`), `health`, or a show in quotes (DETAIL: one of
    its fields). It is polled as you, with the rights you have at that moment; when you have lost them, or have left the
    room, it pauses.
    """
    room_id = _room(context)
    looks_at = _what(context, what, detail)
    when = condition or ("" if looks_at.kind == "counters" else "changes")
    event = _checked_condition(when, looks_at)
    seconds = _seconds(every)
    if not timedelta(minutes=1) <= length <= _LONGEST:
        raise CommandError(f"A watch lasts a minute to {span(_LONGEST)}, and not {span(length)}.")
    name = _checked_name(name)
    switches = switches_of(context)
    note = _tried(context, looks_at, switches[:_TRIED])
    now = datetime.now(UTC)
    request = context.request
    row = SwitchWatch(
        room_id=room_id,
        owner=request.person,
        target=target,
        kind=looks_at.kind,
        show=looks_at.show,
        detail=looks_at.detail,
        condition=when,
        every=seconds,
        urgent=urgent,
        parent_id=request.parent_id,
        asked=dict(asked(context.command, request, {**context.arguments, "switch": ()})),
        until=now + length,
        due_at=now,
    )
    with context.services.database.transaction() as session:
        row.name = name or record.next_number(session, room_id)
        _make_room(session, row)
        session.add(row)
    tells = "tell here what changes" if when == "changes" else f"tell here when {code(when)} is met"
    tells += "" if event else ", still is, and is no more"
    does = tells if when else "keep the history (`--when` would tell you of more)"
    return Reply(
        f"👁 Watch **{quote(row.name)}**: I ask {counted(len(switches), 'switch')} ({code(target)}) for "
        f"{code(str(looks_at))} every {span(timedelta(seconds=seconds))} until {utc(row.until, '%Y-%m-%d %H:%M')} UTC, "
        f"and {does}.{note} {code(f'switch history {row.name}')} shows what was seen, "
        f"{code(f'switch unwatch {row.name}')} ends it."
    )


def _room(context: Context) -> str:
    request = context.request
    if request.entry is Entry.REST:
        raise CommandError(
            "I take no watches over REST: what a token left behind would go on when the token is revoked. "
            "Say it in the room that is to be told."
        )
    if request.place.room_id is None:
        raise CommandError("A watch belongs to a room: say it in the one that is to be told.")
    return request.place.room_id


def _what(context: Context, what: str, detail: str | None) -> What:
    """Raises CommandError."""
    kind = what.strip().casefold()
    if kind == "counters":
        _matcher(detail or "*")
        return What("counters", detail=detail or "*")
    if kind == "health":
        if detail is not None:
            raise CommandError(
                f"`health` takes nothing behind it, and not {code(detail)}: say `--when` for a threshold."
            )
        return What("health")
    if not kind.startswith(("sh ", "sho ", "show ")):
        raise CommandError(
            f"I watch `counters`, `health`, or a field of a show, and not {code(what)}. "
            f"A show is written in quotes: {code(chr(34) + 'show interface brief' + chr(34) + ' state')}."
        )
    [show] = checked(context, [what])
    if not detail:
        raise CommandError(f"Say which field of {code(show.command)} I am to watch, such as `state`.")
    return What("show", show.command, detail)


def _matcher(glob: str) -> None:
    try:
        matcher(glob)
    except PortsError as error:
        raise CommandError(f"{quote(str(error), 400)}.") from error


def _checked_condition(condition: str, what: What) -> bool:
    """Whether it is an event. Raises CommandError."""
    try:
        return bool(condition) and is_event(parse(condition, what.names))
    except ConditionError as error:
        says = quote(str(error), 600)
        raise CommandError(
            f"I cannot take {code(condition)} as a condition: {says}{'' if says.endswith('?') else '.'}"
        ) from error


def _seconds(every: timedelta) -> int:
    seconds = round(every.total_seconds())
    if not record.LEAST_EVERY <= seconds <= record.MOST_EVERY:
        raise CommandError(
            f"I poll every {record.LEAST_EVERY} s to every day, and not every {span(every)}: say `--every 60s`."
        )
    return seconds


def _checked_name(name: str | None) -> str | None:
    if name is not None and not _NAME.fullmatch(name.casefold()):
        raise CommandError(
            f"{code(name)} is no name for a watch: it begins with a letter or digit and goes on with letters, digits, "
            "`.`, `_` and `-`, 40 at the most."
        )
    return name.casefold() if name else None


def _tried(context: Context, what: What, switches: Sequence[Switch]) -> str:
    """Ask a few of them once: a field or an interface that none of them has is told now, and not never."""
    results = client_of(context).ask(switches, what.commands)
    problems = [problem for result in results if (problem := _problem(what, result)) is not None]
    silent = [result.switch.name for result in results if result.error is not None]
    if problems and len(problems) + len(silent) == len(results):
        raise CommandError(f"There is nothing to watch: {quote(problems[0], 800)}.")
    if silent:
        return f" {', '.join(map(code, silent))} did not answer just now."
    return ""


def _problem(what: What, result: Result) -> str | None:
    """Why nothing of this answer could be watched; None where something can, or there is none."""
    if result.error is not None:
        return None
    name, answers = result.switch.name, Answers(result)
    if (refused := answers.error(what.needed)) is not None:
        return str(refused).rstrip(".")
    try:
        poll = what.look(answers, NOTHING)
    except WhatError as error:
        return f"{name}: {error}"
    if what.kind == "counters" and poll.before.look is not None and not poll.before.look.interfaces:
        return f"{name} has no interface {what.detail}"
    if what.kind == "show" and not poll.observations:
        return f"{name} answers {what.show!r} without any rows"
    return None


def _make_room(session: Session, row: SwitchWatch) -> None:
    """Raises CommandError where the name is taken or there are too many; one that is over makes way."""
    same = record.find(session, [row.room_id], row.name, lock=True)
    if same is not None and same.ended_at is None:
        raise CommandError(f"There is a watch {code(row.name)} in this room already. Choose another name.")
    if len(record.active(session, [row.room_id])) >= record.MOST_IN_A_ROOM:
        raise CommandError(
            f"A room has {record.MOST_IN_A_ROOM} watches at most. `switch watches` lists them."
        )
    if record.count(session) >= record.MOST:
        raise CommandError(f"I hold {record.MOST} watches at most, and have as many. Somebody must end one.")
    if same is not None:
        session.delete(same)
        session.flush()


@command("switch watches", examples=("switch watches", "switch watches --all --as csv"))
@click.option("--all", "everything", is_flag=True, help="those of every room (for my owners)")
@as_option
def watches(context: Context, everything: bool, kind: FileKind | None) -> Reply:
    """List what is watched for this room, and how it stands."""
    request = context.request
    if everything and not context.services.policy.is_owner(request.person):
        raise CommandError(
            "Only my owners see the watches of every room. `switch watches` lists those of this one."
        )
    with context.services.database.transaction() as session:
        rows = record.active(session, None if everything else request.place.ids)
        listed = [_listed(row, _silent(session, row.id)) for row in rows]
    if not listed:
        return Reply("Nothing is watched here. `help switch watch` tells how to.")
    return shown.watches(listed).reply(kind, "switch-watches", below=shown.resting(listed))


def _silent(session: Session, watch_id: int) -> int:
    silent = select(func.count()).where(
        SwitchWatchPoll.watch_id == watch_id, SwitchWatchPoll.silence["told"].astext == "true"
    )
    return session.scalar(silent) or 0


def _listed(row: SwitchWatch, silent: int) -> shown.Listed:
    return shown.Listed(
        *(row.name, row.target, str(record.what_of(row)), row.condition, row.every, row.until, row.owner),
        *(len(row.standing), silent, row.paused),
    )


@command("switch unwatch", effect=Effect.CHANGE, examples=("switch unwatch uplinks",))
@click.argument("name")
def unwatch(context: Context, name: str) -> Reply:
    """End a watch; for whoever began it and for my owners. Its history is kept for 30 days."""
    with context.services.database.transaction() as session:
        row = _own(session, context, name)
        row.ended_at = datetime.now(UTC)
    return Reply(
        f"🙈 The watch **{quote(row.name)}** of {code(row.target)} is over. "
        f"{code(f'switch history {row.name}')} shows for 30 days what it saw."
    )


@command("switch resume", effect=Effect.CHANGE, examples=("switch resume uplinks",))
@click.argument("name")
def resume(context: Context, name: str) -> Reply:
    """Let a paused watch go on, with the rights its owner has; for whoever began it and for my owners."""
    with context.services.database.transaction() as session:
        row = _own(session, context, name)
        was_paused = row.paused is not None
        if was_paused:
            record.resume(row, datetime.now(UTC))
    if not was_paused:
        return Reply(f"The watch **{quote(row.name)}** is not paused.")
    return Reply(f"👁 The watch **{quote(row.name)}** goes on, with the rights {quote(row.owner)} has.")


def _whose_history(context: Context, parameters: Mapping[str, Any]) -> Mapping[str, tuple[str, ...]]:
    """For `resolve`: every switch that is in the history of a watch, or that its target means now."""
    with context.services.database.transaction() as session:
        row = _found(session, context, str(parameters["name"]))
        seen = dict.fromkeys(record.last_polls(session, row.id))
        seen |= dict.fromkeys(switch for switch, _ in history.series(session, row.id) if switch)
    try:
        seen |= dict.fromkeys(client_of(context).select(row.target).names)
    except (TargetError, InventoryError) as error:
        if not seen:
            raise CommandError(quote(str(error), 800)) from error
    return {"name": (row.name,), "switch": tuple(seen)}


@command(
    "switch history",
    resolve=_whose_history,
    examples=("switch history uplinks", "switch history uplinks --since 2h --as csv"),
)
@click.argument("name")
@click.option(
    "--since", type=MOMENT, default="24h", help="how long ago (2h, 7d) or a date; up to 30d (else 24h)"
)
@as_option
def history_of(context: Context, name: str, since: Moment, kind: FileKind | None) -> Reply:
    """Show what a watch saw and told: a picture of the busiest, or a file of all."""
    now = datetime.now(UTC)
    began = max(since.seen_from(now), now - history.KEPT)
    with context.services.database.transaction() as session:
        row = _found(session, context, name)
        what = record.what_of(row)
        series = history.series(session, row.id)
        most = drawn.POINTS if kind is None else max(1, drawn.MOST_ROWS // max(1, len(series)))
        spans = gathered(history.frames(session, row.id, began), began, now, most, row.every)
        events = history.events(session, row.id, began, drawn.EVENTS + 1)
    told = drawn.events(events)
    if what.kind == "show":
        checked(context, [what.show])
    if not spans.spans:
        return Reply("\n\n".join(filter(None, (drawn.nothing_yet(row.name, row.every), told))))
    above = drawn.summary(row.name, what, row.target, len(series), spans)
    if kind is not None:
        return drawn.rows(what, series, spans).reply(
            kind, f"switch-watch-{row.name}", above=above, below=told
        )
    return Reply(
        "\n\n".join(filter(None, (above, drawn.peaks(what, series, spans), told))),
        file=_picture(row.name, drawn.chart(row.name, what, row.target, series, spans)),
    )


def _picture(name: str, chart: LineChart) -> File | None:
    try:
        return File(f"switch-watch-{name}.png", png(chart), "image/png")
    except NothingToDraw:
        return None


def _found(session: Session, context: Context, name: str, *, lock: bool = False) -> SwitchWatch:
    """A watch of this room. Raises CommandError."""
    row = record.find(session, context.request.place.ids, name.casefold().removeprefix("#"), lock=lock)
    if row is None:
        raise CommandError(
            f"There is no watch {code(name)} in this room. `switch watches` lists what there is."
        )
    return row


def _own(session: Session, context: Context, name: str) -> SwitchWatch:
    """A watch that is not over and that the asker may change. Raises CommandError."""
    row, policy, person = (
        _found(session, context, name, lock=True),
        context.services.policy,
        context.request.person,
    )
    if row.ended_at is not None:
        raise CommandError(
            f"The watch {code(row.name)} is over already. "
            f"{code(f'switch history {row.name}')} shows what it saw."
        )
    if policy.identity(row.owner) != policy.identity(person) and not policy.is_owner(person):
        raise CommandError(
            f"The watch {code(row.name)} is {quote(row.owner)}'s: only they and my owners may change it."
        )
    return row


COMMANDS: tuple[Command, ...] = (watch, watches, unwatch, resume, history_of)
