"""What a room wants to hear of what nobody asked for, and when: muted, quiet hours, a digest. Pure but for `read`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from bot.outbound.quiet_hours import QuietHours
from bot.store.database import driver_connection

_READ = """
    SELECT clock_timestamp(), muted_until, quiet_hours, quiet_days, quiet_zone, digest_every, digest_from
    FROM (SELECT) AS always LEFT JOIN notification_preferences ON room_id = %s
"""


class Why(StrEnum):
    """Why a message is not posted when it comes."""

    FLOOD = "flood"
    """The room has had as many as it gets; the others have to do with what the room wants."""
    MUTED = "muted"
    QUIET = "quiet"
    DIGEST = "digest"


@dataclass(frozen=True, slots=True)
class Hold:
    """Why a message is held back, and until when."""

    why: Why
    until: datetime


@dataclass(frozen=True, slots=True)
class Rhythm:
    """A digest at each whole number of periods after a moment."""

    every: timedelta
    since: datetime

    def next_after(self, moment: datetime) -> datetime:
        """The first beat after a moment."""
        return self.since + ((moment - self.since) // self.every + 1) * self.every


@dataclass(frozen=True, slots=True)
class Preferences:
    """What one room wants; nothing of it where it has never said so."""

    muted_until: datetime | None = None
    """One in the past means nothing any more."""
    quiet: QuietHours | None = None
    digest: Rhythm | None = None

    @property
    def zone(self) -> str:
        """The time zone in which the room is told of moments."""
        return self.quiet.zone if self.quiet else "UTC"

    def is_muted(self, now: datetime) -> bool:
        """Whether nothing is posted, however urgent."""
        return self.muted_until is not None and now < self.muted_until

    def hold(self, now: datetime, *, urgent: bool = False) -> Hold | None:
        """Whether and until when a message that comes now is held back."""
        if self.is_muted(now):
            return Hold(Why.MUTED, self.free_at(now))
        if urgent:
            return None
        if (quiet := self.hold_of_hours(now)) is not None:
            return quiet
        if self.digest is not None:
            return Hold(Why.DIGEST, self.free_at(self.digest.next_after(now)))
        return None

    def hold_of_hours(self, moment: datetime) -> Hold | None:
        """Whether and until when quiet hours would hold back what is to be posted at a moment."""
        free = self.free_at(moment)
        return Hold(Why.QUIET, free) if free > moment else None

    def free_at(self, moment: datetime) -> datetime:
        """The first moment from `moment` on at which the room is neither muted nor in its quiet hours."""
        free = moment
        if self.muted_until is not None:
            free = max(free, self.muted_until)
        return self.quiet.end_of(free) if self.quiet else free


def read(session: Session, room_id: str | None) -> tuple[Preferences, datetime]:
    """What a room wants, and what the database's clock says; a lane that is no room wants nothing.

    All moments are in UTC: two of one other zone are compared and subtracted by its wall clock.
    """
    [(now, muted_until, hours, days, zone, every, since)] = (
        driver_connection(session).execute(_READ, (room_id,)).fetchall()
    )
    return Preferences(
        muted_until=muted_until.astimezone(UTC) if muted_until else None,
        quiet=QuietHours.read(hours, days, zone) if hours else None,
        digest=Rhythm(every, since.astimezone(UTC)) if every else None,
    ), now.astimezone(UTC)


def written(at: datetime, zone: str) -> str:
    """A moment to the minute, by the wall clock of a zone: `2026-11-28 07:00 Europe/Berlin`."""
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} {zone}"
