"""`room leave|delete`: told before what will really happen to each room, and after what did."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import click
import structlog

from bot.commands.bulk_words import told
from bot.commands.context import Context
from bot.commands.model import Command, CommandError, Effect, Reply, command
from bot.commands.room_words import called, counted, in_words, reason, resolve_room, room_or_gone
from bot.outbound.outbox import safe
from bot.outbound.quoting import quote
from bot.rooms.bulk import Came, Result
from bot.rooms.fate import (
    Action,
    Done,
    Fate,
    Foreseen,
    OtherFate,
    Unverified,
    act,
    foresee,
    own_membership,
    seen_after,
)
from bot.rooms.patience import Patience
from bot.webex import Room, WebexClient, WebexError

log = structlog.get_logger(__name__)

_MOST_ROOMS = 25
_PATIENCE = 60.0
"""Seconds that one command may wait for Webex in all; what is not done by then is left for `retry`."""
_REMEMBERED = 64
_LONGEST = 600


@dataclass(frozen=True, slots=True)
class _Target:
    """A room, and what would happen to it."""

    room: Room
    foreseen: Foreseen

    @property
    def is_possible(self) -> bool:
        return self.foreseen.fate is not Fate.IMPOSSIBLE


class _Foreseen:
    """What was foreseen for a request, so that the gate and the handler do not each ask Webex for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._targets: OrderedDict[tuple[str, str], tuple[_Target, ...]] = OrderedDict()

    def put(self, key: tuple[str, str], targets: tuple[_Target, ...]) -> None:
        """Remember it until it is taken; of too many the oldest is forgotten."""
        with self._lock:
            self._targets[key] = targets
            while len(self._targets) > _REMEMBERED:
                self._targets.popitem(last=False)

    def take(self, key: tuple[str, str]) -> tuple[_Target, ...] | None:
        """What was remembered, once."""
        with self._lock:
            return self._targets.pop(key, None)


_remembered = _Foreseen()


def _says_leave(context: Context, parameters: Mapping[str, Any]) -> str:
    return _says(_targets(context, parameters, "leave"), "Leave")


def _plan_leave(context: Context, parameters: Mapping[str, Any]) -> str:
    return _plan(context, parameters, "leave")


@command(
    "room leave",
    effect=Effect.DESTROY,
    says=_says_leave,
    plan=_plan_leave,
    resolve=resolve_room,
    examples=("room leave", 'room leave Ops "Release 41"'),
)
@click.argument("room", nargs=-1)
def room_leave(context: Context, room: tuple[str, ...]) -> Reply:
    """Have me leave rooms, this one if you name none, with a word of goodbye.

    A direct room cannot be left; I hide it until the next message in it. What came of it I tell you directly when I
    am not here any more.
    """
    return _end(context, {"room": room}, "leave")


def _says_delete(context: Context, parameters: Mapping[str, Any]) -> str:
    return _says(_targets(context, parameters, "delete"), "Delete")


def _plan_delete(context: Context, parameters: Mapping[str, Any]) -> str:
    return _plan(context, parameters, "delete")


@command(
    "room delete",
    effect=Effect.DESTROY,
    says=_says_delete,
    plan=_plan_delete,
    resolve=resolve_room,
    examples=("room delete Ops", 'room delete "Release 40" "Release 41"'),
)
@click.argument("room", nargs=-1, required=True)
def room_delete(context: Context, room: tuple[str, ...]) -> Reply:
    """Delete rooms, as far as Webex lets me: before and after I say what really becomes of each.

    Only a moderator deletes a room. Of any other I merely leave it, and a team's room is archived.
    """
    return _end(context, {"room": room}, "delete")


def _targets(context: Context, parameters: Mapping[str, Any], action: Action) -> tuple[_Target, ...]:
    """The rooms of a request, each once, with what would happen to each. Raises CommandError."""
    key = (context.request.key, action)
    if known := _remembered.take(key):
        return known
    words = dict.fromkeys(parameters["room"] or ("this",))
    if len(words) > _MOST_ROOMS:
        raise CommandError(
            f"These are {counted(len(words), 'room')}; I take {_MOST_ROOMS} at a time. For more there is `room sweep`."
        )
    rooms = {room.id: (room, is_there) for room, is_there in (room_or_gone(context, each) for each in words)}
    patience = Patience(_PATIENCE)
    with in_words():
        me = patience.ask(context.services.webex.me).email
        return tuple(_target(context, *each, action, me, patience) for each in rooms.values())


def _target(
    context: Context, room: Room, is_there: bool, action: Action, me: str, patience: Patience
) -> _Target:
    webex = context.services.webex
    own = patience.ask(lambda: own_membership(webex, room.id, me)) if is_there else None
    return _Target(room, foresee(room, own, action))


def _plan(context: Context, parameters: Mapping[str, Any], action: Action) -> str:
    """What a yes is bound to: made a moderator meanwhile, I would delete what I was to leave."""
    targets = _targets(context, parameters, action)
    _remembered.put((context.request.key, action), targets)
    return " ".join(f"{each.room.id}:{each.foreseen.fate}" for each in targets)


def _says(targets: tuple[_Target, ...], verb: str) -> str:
    """What will happen to each room. Raises CommandError where nothing can."""
    lines = [f"{called(each.room)}: {each.foreseen.says}" for each in targets]
    if not any(each.is_possible for each in targets):
        raise CommandError(f"That cannot be done. {' '.join(lines)}")
    if len(targets) == 1:
        return f"{verb} {called(targets[0].room)}? {targets[0].foreseen.says}"
    listed = "\n".join(f"- {line}" for line in lines)
    return f"{verb} {counted(len(targets), 'room')}?\n\n{listed}"


def _end(context: Context, parameters: Mapping[str, Any], action: Action) -> Reply:
    services, request = context.services, context.request
    targets = _targets(context, parameters, action)
    patience = Patience(_PATIENCE)
    with in_words():
        me = patience.ask(services.webex.me).email
    results = [_ended(context, each, action, me, patience) for each in targets]
    services.titles.forget()
    above = f"{sum(each.came is Came.DONE for each in results)} of {counted(len(results), 'room')} done:"
    markdown = told(context, above, results, ("room", action))
    gone = {
        each.room.id
        for each, result in zip(targets, results, strict=True)
        if result.came is Came.DONE and each.room.type == "group"
    }
    return Reply(markdown, direct=request.place.room_id in gone)


def _ended(context: Context, target: _Target, action: Action, me: str, patience: Patience) -> Result:
    """Act on one room and say what came of it, whatever that was."""
    room, fate = target.room, target.foreseen.fate
    title = room.title or room.id
    if not target.is_possible:
        return Result(title, Came.IMPOSSIBLE, target.foreseen.says, word=room.id)
    _say_goodbye(context, room, fate)
    try:
        done = _done(context.services.webex, room, fate, action, me, patience)
    except (OtherFate, Unverified) as error:
        return Result(title, Came.FAILED, quote(str(error), _LONGEST), word=room.id)
    except WebexError as error:
        return Result(title, Came.FAILED, reason(error), word=room.id)
    context.services.relations.forget(room.id)
    came = Came.DONE if done.fate is fate else Came.FAILED
    return Result(title, came, done.says, word=room.id)


def _done(webex: WebexClient, room: Room, fate: Fate, action: Action, me: str, patience: Patience) -> Done:
    """Act, and look as long as there is patience. Raises OtherFate, Unverified, WebexError."""
    try:
        return patience.ask(lambda: act(webex, room, action, me, told=fate))
    except Unverified as unverified:
        try:
            return patience.ask(lambda: seen_after(webex, room.id, fate, me))
        except WebexError:
            raise unverified from None


def _say_goodbye(context: Context, room: Room, fate: Fate) -> None:
    """Post before leaving, past the outbox, which would come too late. Who may not post leaves without a word."""
    if room.type == "direct" or fate is not Fate.LEFT or room.is_read_only:
        return
    services = context.services
    words = (
        f"👋 I leave this room: **{quote(context.request.person)}** asked me to. "
        "Add me again whenever I can be of use."
    )
    try:
        services.webex.post_message(room.id, markdown=safe(words, services.redactor))
    except WebexError as error:
        log.warning("room.goodbye_refused", room_id=room.id, error=str(error))


COMMANDS: tuple[Command, ...] = (room_leave, room_delete)
