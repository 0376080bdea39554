"""Quiet hours: a span of the wall clock of one time zone, on some days of the week. Pure.

What a wall clock says becomes a moment as RFC 5545 has it (3.3.5): a time that the clock skips is reckoned by the
offset before the change, and one that comes twice is its first occurrence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from difflib import get_close_matches
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""As `datetime.date.weekday` counts them."""
EVERY_DAY = "daily"
_WORKING_DAYS = "weekdays"
_HOURS = re.compile(r"(\d{1,2}:\d\d)-(\d{1,2}:\d\d)", re.ASCII)
_A_DAY = 24 * 60
_BACK = 2
"""Days to look back for the window a moment is in: it may begin on the day before, and a change of the clock by an
hour may carry its end over one more midnight."""


class BadQuietHours(ValueError):
    """What was said are no quiet hours; the text says which part of it and why."""


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `begin` to `end` on the days named, which are those it begins on; over midnight where `end` is the less.

    Both are minutes of the day in `zone` (an IANA name), `begin` from 0 to 1,439 and `end` from 1 to 1,440.
    """

    begin: int
    end: int
    days: frozenset[int]
    zone: str

    @classmethod
    def read(cls, hours: str, days: str = EVERY_DAY, zone: str = "UTC") -> QuietHours:
        """From `22:00-07:00`, `mon-fri` or `sat,sun`, and `Europe/Berlin`. Raises BadQuietHours."""
        match = _HOURS.fullmatch(hours.strip())
        if match is None:
            raise BadQuietHours(f"{hours!r} is no span of hours such as 22:00-07:00.")
        begin, end = _minutes(match[1]), _minutes(match[2]) or _A_DAY
        if begin == _A_DAY:
            raise BadQuietHours("24:00 is the end of a day, and no hour to begin at: say 00:00.")
        if begin == end:
            raise BadQuietHours(f"{hours!r} ends when it begins. A whole day is 00:00-24:00.")
        read = cls(begin, end, _days(days), _zone(zone))
        if end - begin == _A_DAY and len(read.days) == len(WEEKDAYS):
            raise BadQuietHours("That is all the time, and would never end.")
        return read

    def __str__(self) -> str:
        """As people write it: `22:00-07:00 mon-fri (Europe/Berlin)`."""
        return f"{self.hours} {self.written_days} ({self.zone})"

    @property
    def hours(self) -> str:
        """`22:00-07:00`, as `read` takes it."""
        return f"{self.begin // 60:02}:{self.begin % 60:02}-{self.end // 60:02}:{self.end % 60:02}"

    @property
    def written_days(self) -> str:
        """`daily`, `mon-fri` or `sat,sun`, as `read` takes them."""
        if len(self.days) == len(WEEKDAYS):
            return EVERY_DAY
        return ",".join(_runs(sorted(self.days)))

    def end_of(self, moment: datetime) -> datetime:
        """The first moment from `moment` (aware) on that is outside, in UTC; `moment` itself where it is outside.

        Windows that follow each other without a gap are one.
        """
        at = moment.astimezone(UTC)
        while (end := self._window_end(at)) is not None:
            at = end
        return at

    def _window_end(self, at: datetime) -> datetime | None:
        today = at.astimezone(ZoneInfo(self.zone)).date()
        days = (today - timedelta(days=back) for back in range(_BACK + 1))
        windows = [self._window(day) for day in days if day.weekday() in self.days]
        return max((end for begin, end in windows if begin <= at < end), default=None)

    def _window(self, day: date) -> tuple[datetime, datetime]:
        end = self.end if self.begin < self.end else self.end + _A_DAY
        return self._moment(day, self.begin), self._moment(day, end)

    def _moment(self, day: date, minutes: int) -> datetime:
        """So many minutes after a day's beginning by the wall clock, in UTC."""
        wall = datetime.combine(day, time()) + timedelta(minutes=minutes)
        return wall.replace(tzinfo=ZoneInfo(self.zone)).astimezone(UTC)


def _minutes(written: str) -> int:
    hour, minute = map(int, written.split(":"))
    if minute >= 60 or hour * 60 + minute > _A_DAY:
        raise BadQuietHours(f"{written!r} is no time of day.")
    return hour * 60 + minute


def _days(written: str) -> frozenset[int]:
    word = written.strip().casefold()
    if word == EVERY_DAY:
        return frozenset(range(len(WEEKDAYS)))
    if word == _WORKING_DAYS:
        return frozenset(range(5))
    return frozenset(day for part in word.split(",") for day in _day_range(part.strip(), written))


def _day_range(part: str, written: str) -> Iterator[int]:
    first, dash, last = part.partition("-")
    if first not in WEEKDAYS or (dash and last not in WEEKDAYS):
        raise BadQuietHours(f"{written!r} are no days such as mon-fri, sat,sun or daily.")
    begin = WEEKDAYS.index(first)
    length = (WEEKDAYS.index(last) - begin) % len(WEEKDAYS) if dash else 0
    return ((begin + day) % len(WEEKDAYS) for day in range(length + 1))


def _runs(days: list[int]) -> Iterator[str]:
    """Three and more days in a row as `mon-wed`, others by themselves."""
    while days:
        length = next(count for count in range(1, len(days) + 1) if days[count - 1] + 1 not in days[count:])
        run, days = days[:length], days[length:]
        if length > 2:
            yield f"{WEEKDAYS[run[0]]}-{WEEKDAYS[run[-1]]}"
        else:
            yield from (WEEKDAYS[day] for day in run)


def _zone(written: str) -> str:
    """The name as IANA spells it."""
    names, name = _zones(), written.strip().casefold()
    if name in names:
        return names[name]
    near = [each for each in sorted(names) if each.endswith(f"/{name}")] or get_close_matches(name, names)
    meant = f" Did you mean {names[near[0]]}?" if near else ""
    raise BadQuietHours(f"{written!r} is no time zone such as Europe/Berlin.{meant}")


@cache
def _zones() -> dict[str, str]:
    """The zones this machine knows, by their names in small letters."""
    return {name.casefold(): name for name in available_timezones()}
