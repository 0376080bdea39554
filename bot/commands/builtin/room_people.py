"""`room create|rename|add|remove|moderator`: rooms made and named, and people put into them and taken out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import click

from bot.commands.bulk_words import told
from bot.commands.context import Context
from bot.commands.model import Command, CommandError, Effect, Reply, command
from bot.commands.room_words import called, counted, in_words, resolve_room, room_named
from bot.outbound.quoting import code, quote
from bot.rooms import people
from bot.rooms.bulk import Came, Result
from bot.rooms.fate import own_membership
from bot.rooms.patience import Patience
from bot.webex import Membership, Room

_MOST_PEOPLE = 200
_PATIENCE = 60.0
"""Seconds that one command may wait for Webex in all; what is not done by then is left for `retry`."""


@command(
    "room create",
    effect=Effect.CHANGE,
    examples=('room create "Release 42" ada@example.com grace@example.com',),
)
@click.argument("title")
@click.argument("person", nargs=-1)
@click.option("--moderated", is_flag=True, help="a room with moderators, of whom you and I are the first")
def room_create(context: Context, title: str, person: tuple[str, ...], moderated: bool) -> Reply:
    """Make a room with you and these people in it."""
    services, request = context.services, context.request
    everybody = _each_once((request.person, *person))
    with in_words():
        room = services.webex.create_room(title, is_locked=moderated or None)
    services.titles.forget()
    patience = Patience(_PATIENCE)
    results = [
        people.add(services.webex, room, each, patience, is_moderator=moderated and each == request.person)
        for each in everybody
    ]
    above = f"{called(room)} is made. {_summary(results, 'added')} Its id: {code(room.id)}"
    return Reply(told(context, above, results, ("room", "add", "--to", room.id)))


@command(
    "room rename",
    effect=Effect.CHANGE,
    repeatable=True,
    resolve=resolve_room,
    examples=('room rename this "Release 43"',),
)
@click.argument("room")
@click.argument("title")
def room_rename(context: Context, room: str, title: str) -> Reply:
    """Give a room another title."""
    found = room_named(context, room)
    _open_for(context, found, "change it")
    with in_words():
        renamed = context.services.webex.update_room(found.id, title=title)
    context.services.titles.forget()
    return Reply(f"{called(found)} is called {called(renamed)} now.")


@command(
    "room add",
    effect=Effect.CHANGE,
    repeatable=True,
    resolve=resolve_room,
    examples=("room add ada@example.com", "room add ada@example.com grace@example.com --to Ops"),
)
@click.argument("person", nargs=-1, required=True)
@click.option("--to", "room", default="this", help="the room, by title or id; this one by default")
def room_add(context: Context, person: tuple[str, ...], room: str) -> Reply:
    """Add people to a room; each has a result of their own, and `retry` does what failed again."""
    found, everybody = room_named(context, room), _each_once(person)
    webex, patience = context.services.webex, Patience(_PATIENCE)
    why = _closed(context, found, "add people")
    results = _one_by_one(
        context, found, everybody, why, lambda email: people.add(webex, found, email, patience)
    )
    above = f"{called(found)}: {_summary(results, 'added')}"
    return Reply(told(context, above, results, ("room", "add", "--to", found.id)))


def _says_remove(context: Context, parameters: Mapping[str, Any]) -> str:
    found, everybody = room_named(context, parameters["room"]), _each_once(parameters["person"])
    _open_for(context, found, "remove people")
    listed = ", ".join(quote(each) for each in everybody)
    return f"Remove {counted(len(everybody), 'person').replace('persons', 'people')} from {called(found)}? {listed}."


@command(
    "room remove",
    effect=Effect.DESTROY,
    repeatable=True,
    says=_says_remove,
    resolve=resolve_room,
    examples=("room remove ada@example.com", "room remove ada@example.com grace@example.com --from Ops"),
)
@click.argument("person", nargs=-1, required=True)
@click.option("--from", "room", default="this", help="the room, by title or id; this one by default")
def room_remove(context: Context, person: tuple[str, ...], room: str) -> Reply:
    """Remove people from a room; each has a result of their own, and `retry` does what failed again."""
    found, everybody = room_named(context, room), _each_once(person)
    webex, patience = context.services.webex, Patience(_PATIENCE)
    why = _closed(context, found, "remove people")
    with in_words():
        me = webex.me().email
    results = _one_by_one(
        context, found, everybody, why, lambda email: people.remove(webex, found, email, me, patience)
    )
    above = f"{called(found)}: {_summary(results, 'removed')}"
    return Reply(told(context, above, results, ("room", "remove", "--from", found.id)))


@command(
    "room moderator",
    effect=Effect.CHANGE,
    repeatable=True,
    resolve=resolve_room,
    examples=("room moderator this ada@example.com", "room moderator Ops ada@example.com --remove"),
)
@click.argument("room")
@click.argument("person")
@click.option("--remove", is_flag=True, help="let them be none any more")
def room_moderator(context: Context, room: str, person: str, remove: bool) -> Reply:
    """Make a member of a room its moderator, or unmake one."""
    found, webex = room_named(context, room), context.services.webex
    _open_for(context, found, "name moderators")
    with in_words():
        seat = people.membership_of(webex, found.id, person)
        if seat is None:
            raise CommandError(f"{quote(person)} is not in {called(found)}. `room add` puts them there.")
        if seat.is_moderator is not remove:
            already = "is no moderator of" if remove else "is a moderator already of"
            return Reply(f"{quote(person)} {already} {called(found)}.")
        seat = webex.update_membership(seat.id, is_moderator=not remove)
    context.services.relations.forget(found.id, person)
    return Reply(f"{quote(person)} is {_standing(seat)} of {called(found)} now.")


def _standing(seat: Membership) -> str:
    return "a moderator" if seat.is_moderator else "no moderator"


def _open_for(context: Context, room: Room, deed: str) -> None:
    """Raises CommandError where the bot cannot do this in the room at all."""
    why = _closed(context, room, deed)
    if why is not None:
        raise CommandError(f"I did nothing in {called(room)}. {why}")


def _closed(context: Context, room: Room, deed: str) -> str | None:
    """Why the bot cannot do this in a moderated room. Raises CommandError for a direct one: there nobody ever can."""
    if room.type == "direct":
        raise CommandError(f"{called(room)} is a direct room: nobody can {deed} in it.")
    if not room.is_locked:
        return None
    webex = context.services.webex
    with in_words():
        return people.closed(own_membership(webex, room.id, webex.me().email), deed)


def _one_by_one(
    context: Context,
    room: Room,
    everybody: tuple[str, ...],
    closed: str | None,
    do: Callable[[str], Result],
) -> list[Result]:
    """Everybody's result. What holds for all of them is not asked of Webex for each."""
    if closed is not None:
        return [Result(email, Came.FAILED, closed) for email in everybody]
    results = [do(email) for email in everybody]
    for each in results:
        if each.came is Came.DONE:
            context.services.relations.forget(room.id, each.item)
    return results


def _each_once(emails: Iterable[str]) -> tuple[str, ...]:
    """Everybody once, in the order they were named. Raises CommandError for too many."""
    first: dict[str, str] = {}
    for email in emails:
        first.setdefault(email.casefold(), email)
    everybody = tuple(first.values())
    if len(everybody) > _MOST_PEOPLE:
        raise CommandError(f"These are {len(everybody):,} people; I take {_MOST_PEOPLE} at a time.")
    return everybody


def _summary(results: list[Result], done: str) -> str:
    """`2 added, 1 as before, 1 not added.`"""
    count = {came: sum(each.came is came for each in results) for came in Came}
    failed = count[Came.FAILED] + count[Came.IMPOSSIBLE]
    parts = (
        f"{count[Came.DONE]:,} {done}",
        f"{count[Came.SO_ALREADY]:,} as before" if count[Came.SO_ALREADY] else "",
        f"{failed:,} not {done}" if failed else "",
    )
    return ", ".join(filter(None, parts)) + "."


COMMANDS: tuple[Command, ...] = (room_create, room_rename, room_add, room_remove, room_moderator)
