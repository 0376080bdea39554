"""`notifications …`: when a room hears what nobody asked for: muted, quiet hours, a digest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import click

from bot.commands.context import Context
from bot.commands.model import Command, CommandError, Effect, Reply, command
from bot.commands.parameters import DURATION
from bot.durations import duration, span
from bot.outbound import hearing
from bot.outbound.digest import LISTED, listed
from bot.outbound.hearing import Hearing, Waiting
from bot.outbound.preferences import Preferences, Rhythm, written
from bot.outbound.quiet_hours import EVERY_DAY, BadQuietHours, QuietHours
from bot.outbound.quoting import code, quote

_OFF = "off"
_SHORTEST_MUTE, _LONGEST_MUTE = timedelta(minutes=1), timedelta(days=30)
_SHORTEST_DIGEST, _LONGEST_DIGEST = timedelta(minutes=15), timedelta(days=1)
_URGENT = "What is urgent is told at once."


@command("notifications show", examples=("notifications show",))
def notifications_show(context: Context) -> Reply:
    """Show what this room hears that nobody asked for, and when, and what waits."""
    room_id = _room(context)
    with context.services.database.transaction() as session:
        heard = hearing.hearing(session, room_id)
    rules, budget = _rules(heard), _budget(context)
    if not rules:
        most = f", at most {budget}" if budget else ""
        return Reply(
            f"This room hears what nobody asked for as it comes{most}. `help notifications` tells how to change that."
        )
    rules += [f"- At most {budget}."] if budget else []
    below = _what_waits(heard.waiting) if heard.waiting else "Nothing waits."
    return Reply("\n".join(["What this room hears that nobody asked for:", "", *rules, "", below]))


@command(
    "notifications mute",
    effect=Effect.CHANGE,
    examples=("notifications mute 2h", "notifications mute 1d"),
)
@click.argument("duration", type=DURATION)
def notifications_mute(context: Context, duration: timedelta) -> Reply:
    """Post nothing here that nobody asked for, for a time such as `30m`, `2h` or `1d`.

    What comes meanwhile is counted and told in one message when that time is over, also what is urgent. Replies
    and runs go on.
    """
    if not _SHORTEST_MUTE <= duration <= _LONGEST_MUTE:
        raise CommandError(
            f"I mute a room for {span(_SHORTEST_MUTE)} to {_LONGEST_MUTE.days}d, and not for {span(duration)}."
        )
    heard = _change(context, lambda wants, now: replace(wants, muted_until=now + duration))
    until = written(heard.now + duration, heard.wants.zone)
    return Reply(
        f"🔕 Muted until {until}: I post nothing here that nobody asked for, not even what is urgent, and then "
        f"tell what there was. `notifications unmute` ends it.{_waits(heard)}"
    )


@command("notifications unmute", effect=Effect.CHANGE, examples=("notifications unmute",))
def notifications_unmute(context: Context) -> Reply:
    """Let this room be told things again, and of what came meanwhile."""
    heard = _change(context, lambda wants, _now: replace(wants, muted_until=None))
    says = "🔔 Muted no more." if heard.had.is_muted(heard.now) else "This room is not muted."
    return Reply(f"{says}{_waits(heard)}")


@command(
    "notifications quiet",
    effect=Effect.CHANGE,
    examples=(
        "notifications quiet 22:00-07:00 --zone Europe/Berlin",
        "notifications quiet 00:00-24:00 --days sat,sun",
        "notifications quiet off",
    ),
)
@click.argument("hours")
@click.option("--zone", help="the time zone of the hours, by its IANA name; otherwise UTC")
@click.option("--days", help="the days it begins on, such as `mon-fri` or `sat,sun`; otherwise all")
def notifications_quiet(context: Context, hours: str, zone: str | None, days: str | None) -> Reply:
    """Keep hours in which this room is told nothing that is not urgent; `off` ends them.

    HOURS are such as `22:00-07:00`, also over midnight. What comes in them is told in one message at their end.
    """
    if hours.casefold() == _OFF:
        heard = _change(context, lambda wants, _now: replace(wants, quiet=None))
        says = "🔔 No quiet hours any more." if heard.had.quiet else "This room has no quiet hours."
        return Reply(f"{says}{_waits(heard)}")
    quiet = _quiet_hours(hours, days, zone)
    heard = _change(context, lambda wants, _now: replace(wants, quiet=quiet))
    utc = "" if zone else " They are UTC; `--zone Europe/Berlin` says another time zone."
    return Reply(
        f"🌙 Quiet hours {quote(str(quiet))}: what comes in them I tell in one message at their end. {_URGENT}{utc} "
        f"`notifications quiet off` ends it.{_waits(heard)}"
    )


@command(
    "notifications digest",
    effect=Effect.CHANGE,
    examples=("notifications digest 1h", "notifications digest 1d", "notifications digest off"),
)
@click.argument("every")
def notifications_digest(context: Context, every: str) -> Reply:
    """Gather what comes here and tell it in one message, such as every `1h`; `off` ends it.

    EVERY is from `15m` to `1d`, counted from now. What is urgent is told at once.
    """
    if every.casefold() == _OFF:
        heard = _change(context, lambda wants, _now: replace(wants, digest=None))
        says = "🔔 No digest any more." if heard.had.digest else "This room has no digest."
        return Reply(f"{says}{_waits(heard)}")
    length = _period(every)
    heard = _change(context, lambda wants, now: replace(wants, digest=Rhythm(length, _minute(now))))
    first = _next(Rhythm(length, _minute(heard.now)), heard)
    return Reply(
        f"📰 A digest every {span(length)}, next at {first}: what comes I gather and tell in one "
        f"message. {_URGENT} `notifications digest off` ends it.{_waits(heard)}"
    )


def _room(context: Context) -> str:
    room_id = context.request.place.room_id
    if room_id is None:
        raise CommandError(f"`{context.command.name}` is about a room. Say it in the room that it is about.")
    return room_id


def _change(context: Context, how: Callable[[Preferences, datetime], Preferences]) -> Hearing:
    room_id, by = _room(context), context.request.person
    with context.services.database.transaction() as session:
        return hearing.change(session, room_id, by, how)


def _quiet_hours(hours: str, days: str | None, zone: str | None) -> QuietHours:
    try:
        return QuietHours.read(hours, days or EVERY_DAY, zone or "UTC")
    except BadQuietHours as error:
        raise CommandError(
            f"I cannot keep those quiet hours: {quote(str(error))} For example "
            "`notifications quiet 22:00-07:00 --zone Europe/Berlin --days mon-fri`."
        ) from error


def _period(every: str) -> timedelta:
    bounds = f"{span(_SHORTEST_DIGEST)} to {span(_LONGEST_DIGEST)}"
    try:
        length = duration(every)
    except ValueError as error:
        raise CommandError(f"{code(every)} is neither `off` nor a time such as `1h`, of {bounds}.") from error
    if not _SHORTEST_DIGEST <= length <= _LONGEST_DIGEST:
        raise CommandError(f"A digest comes every {bounds}, and not every {span(length)}.")
    return length


def _minute(at: datetime) -> datetime:
    """Digests come on whole minutes, so that they come when it is said."""
    return at.replace(second=0, microsecond=0)


def _next(digest: Rhythm, heard: Hearing) -> str:
    return written(heard.wants.free_at(digest.next_after(heard.now)), heard.wants.zone)


def _rules(heard: Hearing) -> list[str]:
    """What is different in this room, as a list, with who has changed it last."""
    wants, rules = heard.wants, []
    if wants.muted_until is not None and wants.is_muted(heard.now):
        rules.append(f"- 🔕 Nothing until {written(wants.muted_until, wants.zone)}: it is muted.")
    if wants.quiet is not None:
        rules.append(f"- 🌙 Nothing that is not urgent in its quiet hours, {quote(str(wants.quiet))}.")
    if wants.digest is not None:
        rules.append(f"- 📰 A digest every {span(wants.digest.every)}, next at {_next(wants.digest, heard)}.")
    if rules:
        rules.append(f"- Changed last by {quote(heard.changed_by or 'nobody I know')}.")
    return rules


def _budget(context: Context) -> str:
    """How much a room hears at most; empty where that is all."""
    rate = context.services.policies.file.notifications
    return f"{rate.count} messages in {span(timedelta(seconds=rate.seconds))}" if rate else ""


def _what_waits(waiting: Waiting) -> str:
    digest = waiting.digest
    head = f"{_counted(digest.count)} until {written(waiting.due, digest.zone)}:"
    return listed(head, digest.lines[:LISTED], digest.count)


def _waits(heard: Hearing) -> str:
    """What becomes of that which waits already."""
    if heard.waiting is None:
        return ""
    count, due = heard.waiting.digest.count, heard.waiting.due
    if due <= heard.now:
        return f" What waited, {_messages(count)}, is told now."
    return f" {_counted(count)} until {written(due, heard.wants.zone)}."


def _counted(count: int) -> str:
    return f"{_messages(count)} {'waits' if count == 1 else 'wait'}"


def _messages(count: int) -> str:
    return "1 message" if count == 1 else f"{count:,} messages"


COMMANDS: tuple[Command, ...] = (
    notifications_show,
    notifications_mute,
    notifications_unmute,
    notifications_quiet,
    notifications_digest,
)
