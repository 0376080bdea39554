"""Which rooms a policy is about, and which of them it would act on now: each with the reason. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from bot.access.matching import glob
from bot.rooms.fate import Foreseen, foreseen_deleting, foreseen_leaving
from bot.rooms.idle import Idle, Known, idle
from bot.stale_policy import StaleRooms
from bot.webex import Room


class Why(StrEnum):
    """Why a room is spared, though the policy's titles and kinds are about it."""

    PROTECTED = "protected"
    KEPT = "kept"
    IN_SWEEP = "in another sweep"
    YOUNGER = "not idle long enough"
    NOT_KNOWN = "nothing known of its activity"


@dataclass(frozen=True, slots=True)
class Chosen:
    """A room the policy would act on."""

    room: Room
    idle: Idle


@dataclass(frozen=True, slots=True)
class Spared:
    """A room the policy is about and leaves alone, why, and that in words."""

    room: Room
    idle: Idle
    why: Why
    says: str


def kind_of(room: Room) -> str:
    """`direct`, `team` or `group`, as a policy names them."""
    if room.type == "direct":
        return "direct"
    return "group" if room.team_id is None else "team"


def is_about(policy: StaleRooms, room: Room) -> bool:
    """Whether the policy names the room by its kind and its title."""
    return kind_of(room) in policy.kinds and _meets(policy.titles, room.title)


def is_protected(policy: StaleRooms, room: Room, former_ids: tuple[str, ...] = ()) -> bool:
    """Whether the policy never touches the room, by its title, its id, or an id it had before it migrated."""
    return any(each in policy.protected for each in (room.id, *former_ids)) or _meets(
        policy.protected, room.title
    )


def judge(
    policy: StaleRooms, room: Room, known: Known, now: datetime, *, in_sweep: int | None = None
) -> Chosen | Spared | None:
    """What the policy says of one room; None where it is not about it.

    `in_sweep`: the run of another sweep that has the room in hand.
    """
    if not is_about(policy, room):
        return None
    found = idle(room.last_activity, known)

    def spared(why: Why, says: str) -> Spared:
        return Spared(room, found, why, says)

    if is_protected(policy, room, known.former_ids):
        return spared(Why.PROTECTED, "The policy protects it.")
    if known.kept_until is not None and known.kept_until > now:
        return spared(Why.KEPT, kept_words(known))
    if in_sweep is not None:
        return spared(Why.IN_SWEEP, f"Sweep {in_sweep} has it in hand.")
    if found.since is None:
        return spared(Why.NOT_KNOWN, "Webex does not say when something last happened in it.")
    if now - found.since < policy.idle:
        return spared(Why.YOUNGER, f"Something happened in it on {found.since.astimezone(UTC):%Y-%m-%d}.")
    return Chosen(room, found)


def kept_words(known: Known) -> str:
    """Who keeps a room, and until when."""
    assert known.kept_until is not None  # asked only of a room that is kept
    by = f" by {known.kept_by}" if known.kept_by else ""
    return f"It is kept{by} until {known.kept_until.astimezone(UTC):%Y-%m-%d}."


def needs_membership(policy: StaleRooms, room: Room) -> bool:
    """Whether what acting would do depends on the bot's own membership: only a locked room has moderators."""
    return policy.action == "delete" and room.type == "group" and bool(room.is_locked)


def foreseen(policy: StaleRooms, room: Room, *, moderates: bool) -> Foreseen | None:
    """What acting by the policy would do to a room; None where it only gives notice."""
    if policy.action == "notify":
        return None
    return (
        foreseen_leaving(room) if policy.action == "leave" else foreseen_deleting(room, moderates=moderates)
    )


def over_threshold(policy: StaleRooms, chosen: int, of: int) -> str | None:
    """Why a person must be asked before so many rooms out of so many are touched; None where none must be."""
    if chosen > policy.most:
        return f"more than the {policy.most} rooms it may touch unasked"
    if chosen * 100 > policy.percent * of:
        return f"more than {policy.percent} % of my {of} rooms"
    return None


def _meets(patterns: tuple[str, ...], title: str) -> bool:
    folded = title.casefold()
    return any(glob(each.casefold())(folded) for each in patterns)
