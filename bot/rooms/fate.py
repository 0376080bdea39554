"""What really happens to a room when the bot leaves or deletes it: told before, seen after, never taken on trust.

Webex answers a deletion with 204 whatever it did: a moderator deletes the room, anybody else is only removed from
it, a team's room is archived, a direct room can be neither left nor deleted (rooms/delete-a-room,
memberships/delete-a-membership). So what will happen is told from the room and the bot's own membership, and what
did happen is read from Webex afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from bot.webex import Membership, NotFound, Room, WebexClient, WebexError

Action = Literal["leave", "delete"]


class Fate(StrEnum):
    """What becomes of a room, or of the bot in it."""

    DELETED = "deleted"
    ARCHIVED = "archived"
    LEFT = "left"
    HIDDEN = "hidden"
    IMPOSSIBLE = "impossible"
    UNCHANGED = "unchanged"
    """Only ever seen, never foreseen: Webex said yes, and nothing has changed."""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What acting would do, and the sentence that says so."""

    fate: Fate
    says: str


@dataclass(frozen=True, slots=True)
class Done:
    """What acting has done, as read from Webex afterwards, and the sentence that says so."""

    fate: Fate
    says: str


class Unverified(Exception):
    """Webex was asked for it, and could not be read afterwards: see `seen_after` again later.

    `foreseen` is what was asked for, `error` why it could not be read.
    """

    def __init__(self, foreseen: Foreseen, error: WebexError) -> None:
        super().__init__(f"{foreseen.says} I asked for it and could not see whether it happened: {error}")
        self.foreseen = foreseen
        self.error = error


class OtherFate(Exception):
    """Acting would do something else now than what was told before; nothing was done."""

    def __init__(self, told: Fate, foreseen: Foreseen) -> None:
        super().__init__(f"It was told that it would be {told}. {foreseen.says} So nothing was done.")
        self.told = told
        self.foreseen = foreseen


_LEAVES = Foreseen(Fate.LEFT, "I leave it, and it goes on without me.")
_HIDES = Foreseen(
    Fate.HIDDEN, "A direct room can be neither left nor deleted: I hide it, until the next message in it."
)
_STAYS = Foreseen(Fate.IMPOSSIBLE, "A direct room cannot be deleted: I can only hide it, by leaving it.")
_ARCHIVES = Foreseen(Fate.ARCHIVED, "It is a team's room: it is archived, and the team can bring it back.")
_DELETES = Foreseen(Fate.DELETED, "I am a moderator of it: it is deleted for everybody, for good.")
_ONLY_LEAVES = Foreseen(
    Fate.LEFT,
    "I am no moderator of it, so that it is not deleted: I only leave it, and it goes on without me.",
)

_SEEN = {
    Fate.DELETED: "It is deleted: I was its moderator, and it is not there any more.",
    Fate.ARCHIVED: "It is archived: nobody can write in it any more.",
    Fate.LEFT: "I am not in it any more. Whether it still is there, I cannot see from outside.",
    Fate.HIDDEN: "It is hidden, until the next message in it.",
}
_UNCHANGED = "Webex said yes, and nothing has changed: the room answers as before."
_ARCHIVED_UNSEEN = "Webex took it for archiving, and I do not see it any more."


def foreseen_leaving(room: Room) -> Foreseen:
    """What leaving a room would do. Pure."""
    return _HIDES if room.type == "direct" else _LEAVES


def foreseen_deleting(room: Room, *, moderates: bool) -> Foreseen:
    """What deleting a room would do for a bot that moderates it, or does not. Pure.

    A room without moderators (an unlocked one) is left by whoever is not one, but a team's is archived by any
    member of it.
    """
    if room.type == "direct":
        return _STAYS
    if room.team_id is not None:
        return _ARCHIVES if moderates or not room.is_locked else _ONLY_LEAVES
    return _DELETES if moderates else _ONLY_LEAVES


def foresee(room: Room, membership: Membership | None, action: Action) -> Foreseen:
    """What acting on a room would do, given the bot's own membership in it (None: it has none). Pure."""
    if membership is None:
        return Foreseen(Fate.IMPOSSIBLE, "I am not in it.")
    if action == "leave":
        return foreseen_leaving(room)
    return foreseen_deleting(room, moderates=membership.is_moderator)


def own_membership(webex: WebexClient, room_id: str, me: str) -> Membership | None:
    """The bot's membership in a room; `me` is its e-mail. None where it is not in it. Raises WebexError."""
    try:
        return next(webex.list_memberships(room_id, person_email=me, max=1), None)
    except NotFound:
        return None


def act(webex: WebexClient, room: Room, action: Action, me: str, *, told: Fate | None = None) -> Done:
    """Leave or delete a room, and read from Webex what came of it; `me` is the bot's e-mail.

    What is impossible is answered as such, and not tried. With `told`, nothing else than that is done.

    Raises OtherFate where something else would be done now, and WebexError where nothing was: each time the room
    is as it was. Raises Unverified where that cannot be known.
    """
    membership = own_membership(webex, room.id, me)
    foreseen = foresee(room, membership, action)
    if told is not None and foreseen.fate is not told:
        raise OtherFate(told, foreseen)
    if membership is None or foreseen.fate is Fate.IMPOSSIBLE:
        return Done(Fate.IMPOSSIBLE, foreseen.says)
    refused: WebexError | None = None
    try:
        _ask(webex, room, membership, foreseen.fate, action)
    except WebexError as error:
        if not error.outcome_unknown:
            raise
        refused = error  # a gateway lost patience, say: what became of it is seen below
    try:
        done = seen_after(webex, room.id, foreseen.fate, me)
    except WebexError as error:
        raise Unverified(foreseen, error) from error
    if refused is not None and done.fate is Fate.UNCHANGED:
        raise refused
    return done


def _ask(webex: WebexClient, room: Room, membership: Membership, fate: Fate, action: Action) -> None:
    if fate is Fate.HIDDEN:
        webex.update_membership(membership.id, is_moderator=False, is_room_hidden=True)
    elif action == "delete":
        webex.delete_room(room.id)
    else:
        webex.remove_membership(membership.id)


def seen_after(webex: WebexClient, room_id: str, foreseen: Fate, me: str) -> Done:
    """What has become of a room on which the bot has acted, read from Webex now.

    A room the bot is not in any more cannot be told from one that is gone, but where the bot was its moderator:
    nobody but a deletion takes that away at this moment. Raises WebexError where it cannot be read.
    """
    if foreseen is Fate.HIDDEN:
        membership = own_membership(webex, room_id, me)
        if membership is None or membership.is_room_hidden:
            return Done(Fate.HIDDEN, _SEEN[Fate.HIDDEN])
        return Done(Fate.UNCHANGED, _UNCHANGED)
    try:
        room = webex.get_room(room_id)
    except NotFound:
        says = _ARCHIVED_UNSEEN if foreseen is Fate.ARCHIVED else _SEEN[foreseen]
        return Done(foreseen, says)
    if foreseen is Fate.ARCHIVED and room.is_read_only:
        return Done(Fate.ARCHIVED, _SEEN[Fate.ARCHIVED])
    return Done(Fate.UNCHANGED, _UNCHANGED)
