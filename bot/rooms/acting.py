"""What a sweep does to one room: read it again, act once, and see what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from bot.access.wording import moment
from bot.rooms.fate import Fate, OtherFate, Unverified, act, seen_after
from bot.rooms.idle import NOTHING_KNOWN, Known, active_since
from bot.rooms.known import known_of
from bot.rooms.services import RoomServices
from bot.rooms.stale import is_about, is_protected, kept_words
from bot.rooms.sweep_items import ACTED, ACTIVE, FAILED, KEPT, REFUSED, VERIFIED
from bot.runs.kinds import Interrupted, StepControl
from bot.stale_policy import StaleRooms
from bot.store.models import SweepItem
from bot.webex import Room


@dataclass(frozen=True, slots=True)
class Settled:
    """What has become of an item: its state, and how that came about in `outcome` or `error`."""

    state: str
    outcome: str | None = None
    error: str | None = None


def settle(
    item: SweepItem, policy: StaleRooms, services: RoomServices, control: StepControl, me: str, now: datetime
) -> Settled:
    """Act on the room of an item, once; or find why it is spared now. `me` is the bot's e-mail.

    Where a former life of the process was cut off in the middle, the room is read: only one on which nothing was
    done is acted on. Raises WebexError where nothing was done and it is as it was.
    """
    name = f"room:{item.room_key}"

    def effect() -> Mapping[str, str | None]:
        return asdict(_acted(item, policy, services, me, now))

    try:
        outcome = control.attempt(name, f"acting on the room {item.title}", effect)
    except Interrupted:
        seen = _seen(item, services, me)
        if seen.state == VERIFIED:
            control.log(
                f"I was interrupted while acting on {item.title}. I have read it again: {seen.outcome}."
            )
            return seen
        control.forget(name)
        return settle(item, policy, services, control, me, now)
    if "state" not in outcome:  # it ended in a WebexError the last time, and so nothing was done
        control.forget(name)
        return settle(item, policy, services, control, me, now)
    return Settled(str(outcome["state"]), outcome["outcome"], outcome["error"])


def settle_unseen(item: SweepItem, services: RoomServices, me: str) -> Settled:
    """What came of acting on a room that could not be read at once. Raises WebexError where it still cannot be."""
    seen = _seen(item, services, me)
    if seen.state == VERIFIED:
        return seen
    return Settled(FAILED, error="I asked it of Webex, and nothing has changed: the room answers as before.")


def spared_now(
    policy: StaleRooms, room: Room, known: Known, item: SweepItem, now: datetime
) -> Settled | None:
    """Why a room that was given notice is not acted on after all; None where it is. Pure."""
    if is_protected(policy, room, known.former_ids):
        return Settled(REFUSED, "The policy protects it now.")
    if not is_about(policy, room):
        return Settled(REFUSED, "The policy is not about it any more: its title or its kind has changed.")
    if known.kept_until is not None and known.kept_until > now:
        return Settled(KEPT, kept_words(known))
    active = active_since(item.idle_since, room.last_activity, known)
    if active is not None:
        return Settled(ACTIVE, f"Something happened in it, at {moment(active)}.")
    return None


def _acted(item: SweepItem, policy: StaleRooms, services: RoomServices, me: str, now: datetime) -> Settled:
    if policy.action == "notify":
        return Settled(REFUSED, "The policy gives notice only now.")
    room = services.webex.get_room(item.room_id)
    with services.database.transaction() as session:
        known = known_of(session, [room.id]).get(room.id, NOTHING_KNOWN)
    spared = spared_now(policy, room, known, item, now)
    if spared is not None:
        return spared
    try:
        done = act(services.webex, room, policy.action, me, told=Fate(item.foreseen))
    except OtherFate as error:
        return Settled(REFUSED, str(error))
    except Unverified as error:
        return Settled(ACTED, error=str(error))
    if done.fate is Fate.UNCHANGED:
        return Settled(FAILED, error=done.says)
    if done.fate is Fate.IMPOSSIBLE:
        return Settled(REFUSED, done.says)
    return Settled(VERIFIED, done.fate.value)


def _seen(item: SweepItem, services: RoomServices, me: str) -> Settled:
    done = seen_after(services.webex, item.room_id, Fate(item.foreseen), me)
    return Settled(ACTED) if done.fate is Fate.UNCHANGED else Settled(VERIFIED, done.fate.value)
