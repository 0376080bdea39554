"""`room find|show|members`: the rooms I am in, and who is in them."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice

import click

from bot.commands.context import Context
from bot.commands.model import Command, CommandError, Reply, command
from bot.commands.room_words import (
    called,
    counted,
    counted_members,
    day,
    in_words,
    resolve_room,
    room_named,
    traits,
)
from bot.commands.rows import MOST_IN_A_FILE, Cell, FileKind, Rows, as_option
from bot.outbound.quoting import code, quote
from bot.rooms.fate import foresee, own_membership
from bot.rooms.find import Titled, meant_by, near
from bot.rooms.idle import NOTHING_KNOWN, idle
from bot.rooms.known import known_of
from bot.webex import Membership, NotFound, Room

_MOST_FOUND = 10
_MOST_SHOWN = 50


@command("room find", examples=("room find Ops", 'room find "Release *"'))
@click.argument("title")
def room_find(context: Context, title: str) -> Reply:
    """Find rooms by their title, each with its id and what tells it from others of that title."""
    services = context.services
    with in_words():
        every = services.titles.of(services.webex, anew=True)
        found = meant_by(title, every) or tuple(
            each for each in every if title.casefold() in each.title.casefold()
        )
        if not found:
            likely = [code(each.title) for each in near(title, every)]
            meant = f"Did you mean {' or '.join(likely)}?" if likely else "`room list` shows them."
            return Reply(f"None of my {counted(len(every), 'room')} is called {code(title)}. {meant}")
        lines = [_found(context, each) for each in found[:_MOST_FOUND]]
    if len(found) > len(lines):
        lines.append(f"- … and {len(found) - len(lines):,} more: `room list` with these words shows them.")
    verb = "is" if len(found) == 1 else "are"
    return Reply(
        "\n".join([f"{len(found):,} of my {counted(len(every), 'room')} {verb} called so:", "", *lines])
    )


@command("room show", resolve=resolve_room, examples=("room show", "room show Ops"))
@click.argument("room", default="this")
def room_show(context: Context, room: str) -> Reply:
    """Show one room, and what would really happen if I left or deleted it."""
    services, found = context.services, room_named(context, room)
    with in_words():
        own = own_membership(services.webex, found.id, services.webex.me().email)
        members = counted_members(services.webex, found.id)
        team = _team(context, found)
    with services.database.transaction() as session:
        known = known_of(session, [found.id]).get(found.id, NOTHING_KNOWN)
    quiet = idle(found.last_activity, known)
    lines = [f"{called(found)}: {traits(found, members)}.", ""]
    lines += [f"- {quote(found.description)}"] if found.description else []
    lines += [f"- Team: {quote(team)}."] if team else []
    lines += [f"- I am {_role(own)}."]
    lines += (
        [f"- Nobody has done anything since {day(quiet.since)}, by {quiet.measure}."] if quiet.since else []
    )
    if known.kept_until is not None and known.kept_until > datetime.now(UTC):
        lines.append(f"- {quote(known.kept_by or 'Somebody')} keeps it until {day(known.kept_until)}.")
    lines += [
        f"- `room leave`: {foresee(found, own, 'leave').says}",
        f"- `room delete`: {foresee(found, own, 'delete').says}",
        f"- Its id: {code(found.id)}",
    ]
    return Reply("\n".join(lines))


@command("room members", resolve=resolve_room, examples=("room members", "room members Ops --as csv"))
@click.argument("room", default="this")
@as_option
def room_members(context: Context, room: str, kind: FileKind | None) -> Reply:
    """Show who is in a room, its moderators first."""
    found = room_named(context, room)
    with in_words():
        members = list(islice(context.services.webex.list_memberships(found.id), MOST_IN_A_FILE + 1))
    if len(members) > MOST_IN_A_FILE:
        raise CommandError(
            f"{called(found)} has more than {MOST_IN_A_FILE:,} members, which is more than I list."
        )
    members.sort(key=lambda each: (not each.is_moderator, (each.person_display_name or "").casefold()))
    shown = members if kind else members[:_MOST_SHOWN]
    rows = Rows(
        ("name", "e-mail", "role", "since"), [_member(each) for each in shown], when="%Y-%m-%d", widest=40
    )
    more = "The first of them; `--as csv` gives all." if len(shown) < len(members) else ""
    return rows.reply(
        kind, "members", above=f"{called(found)}: {counted(len(members), 'member')}.", below=more
    )


def _found(context: Context, room: Titled) -> str:
    webex = context.services.webex
    try:
        read = webex.get_room(room.id)
        members = "" if read.type == "direct" else counted_members(webex, room.id)
    except NotFound:
        return f"- {called(room)}, which I am not in any more."
    return f"- {called(read)}: {traits(read, members)}. Its id: {code(read.id)}"


def _team(context: Context, room: Room) -> str:
    if room.team_id is None:
        return ""
    teams = context.services.webex.list_teams()
    return next((each.name for each in teams if each.id == room.team_id), "one that I am not in")


def _role(own: Membership | None) -> str:
    if own is None:
        return "not in it"
    return "a moderator of it" if own.is_moderator else "a member of it, and no moderator"


def _member(member: Membership) -> tuple[Cell, ...]:
    role = "moderator" if member.is_moderator else ""
    return (member.person_display_name, member.person_email, role, member.created)


COMMANDS: tuple[Command, ...] = (room_find, room_show, room_members)
