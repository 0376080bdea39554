"""Since when nobody has done anything in a room, and by which measure that is known. Pure.

Webex' `lastActivity` is refreshed by the bot's own posts, and a bot sees only what mentions it. So two moments are
kept of a room and held against `lastActivity`: when the bot itself last posted (the sender writes it), and when
somebody else was last active (each message and each press of a button that the bot handles, and each look at the
listing that finds another's activity; `bot.rooms.look`). What is not known counts as activity: a room is rather
kept than lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

SLACK = timedelta(seconds=1)
"""So near to the bot's own post, `lastActivity` is that post: both are told by Webex' clock, which may stamp the two a
little apart. No more than that: whoever answers a notice at once has to be heard."""


class Measure(StrEnum):
    """By what a room was found idle."""

    PERSON = "person's message"
    """A person was seen to do something then; since then, only the bot has posted as far as can be seen."""
    OTHERS = "others' activity"
    """The last activity of somebody else than the bot."""
    UNSURE = "last activity, perhaps my own"
    """The last activity when it was first looked at, or now; it may have been the bot's own post."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is kept of one room. Moments are aware."""

    person_active_at: datetime | None = None
    person_active_by: Measure | None = None
    own_post_at: datetime | None = None
    kept_until: datetime | None = None
    kept_by: str | None = None
    former_ids: tuple[str, ...] = ()


NOTHING_KNOWN = Known()


@dataclass(frozen=True, slots=True)
class Idle:
    """Since when a room is idle, and how that is known. None: Webex does not say, and nothing was seen."""

    since: datetime | None
    measure: Measure


def is_own(last_activity: datetime, own_post_at: datetime | None) -> bool:
    """Whether the last thing that happened in a room was the bot's own post."""
    return own_post_at is not None and abs(last_activity - own_post_at) <= SLACK


def idle(last_activity: datetime | None, known: Known) -> Idle:
    """Since when a room is idle, by what Webex says now and what is kept of it.

    Where the last activity is the bot's own post, what was seen of others before counts. Without a record of the
    bot's own posts the last activity may be one of them, and counts as it is.
    """
    seen, by = known.person_active_at, known.person_active_by or Measure.UNSURE
    if last_activity is None:
        return Idle(seen, by)
    if is_own(last_activity, known.own_post_at):
        return Idle(seen, by) if seen is not None else Idle(last_activity, Measure.UNSURE)
    if seen is not None and seen >= last_activity - SLACK:
        return Idle(max(seen, last_activity), by)
    return Idle(last_activity, _measure(last_activity, known.own_post_at))


def news(last_activity: datetime | None, known: Known) -> Idle | None:
    """What a look at a room finds that is to be kept, before the bot's next post hides it; None for nothing new.

    Of a room that is looked at for the first time everything is news, the bot's own last post as well: so its
    later ones do not keep the room young.
    """
    seen = known.person_active_at
    if last_activity is None or (seen is not None and last_activity <= seen + SLACK):
        return None
    if is_own(last_activity, known.own_post_at):
        return Idle(last_activity, Measure.UNSURE) if seen is None else None
    return Idle(last_activity, _measure(last_activity, known.own_post_at))


def active_since(since: datetime | None, last_activity: datetime | None, known: Known) -> datetime | None:
    """When somebody else than the bot did something after `since`, as far as is known; None where nobody did."""
    if since is None:
        return None
    seen = known.person_active_at
    if seen is not None and seen > since + SLACK:
        return seen
    if last_activity is None or is_own(last_activity, known.own_post_at):
        return None
    return last_activity if last_activity > since + SLACK else None


def _measure(last_activity: datetime, own_post_at: datetime | None) -> Measure:
    """Surely somebody else's doing is only what came after the bot's last post."""
    after = own_post_at is not None and last_activity > own_post_at + SLACK
    return Measure.OTHERS if after else Measure.UNSURE
