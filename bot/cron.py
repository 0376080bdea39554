"""Cron lines: five fields in UTC, read as crontab(5) reads them, and words that stand for some. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from apscheduler.triggers.cron import CronTrigger

_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)
_WORDS = {"hourly": 1, "daily": 2, "weekdays": 2}
"""Words that may stand for a cron line, and of how many words such a line is."""
_A_MIDNIGHT = datetime(2001, 1, 1, tzinfo=UTC)


class BadCron(ValueError):
    """What was said is no time to run something at; the text says which and why."""


def read(words: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """The cron line that the first words say, and the words behind it.

    A time is five cron fields, `hourly`, `daily 06:00` or `weekdays 06:00`, quoted as one word or not.
    Raises BadCron.
    """
    quoted = tuple(words[0].split())
    said = quoted if len(quoted) > 1 else tuple(words)
    length = _WORDS.get(said[0].casefold(), 5)
    if said is quoted and len(quoted) != length:
        raise BadCron(f"{words[0]!r} is of {len(quoted)} words where {length} make a time.")
    cron = _cron(said[:length])
    trigger(cron)
    return cron, tuple(words[1:] if said is quoted else words[length:])


def trigger(cron: str) -> CronTrigger:
    """The trigger of a cron line of five fields, in UTC. Raises BadCron.

    Weekdays are counted as in crontab(5), 0 and 7 being Sunday; APScheduler 3 counts them from Monday, and
    its own `from_crontab` would fire a day late. A line that restricts both the day of the month and the
    weekday is refused: crontab(5) fires on either, APScheduler on both.
    """
    fields = cron.split()
    if len(fields) != 5:
        raise BadCron(f"{cron!r} has {len(fields)} fields, and a cron line has five.")
    minute, hour, day, month, weekday = fields
    if not day.startswith("*") and not weekday.startswith("*"):
        raise BadCron(f"{cron!r} names both days of the month and weekdays; it can be one of them.")
    try:
        return CronTrigger(
            minute=minute, hour=hour, day=day, month=month, day_of_week=_weekdays(weekday), timezone=UTC
        )
    except ValueError as error:
        raise BadCron(f"{cron!r} cannot be read: {error}.") from error


def next_slot(cron: str, after: datetime) -> datetime | None:
    """The first slot after a moment; None where there is none, as on 30 February."""
    return next(slots(trigger(cron), after), None)


def missed_slots(cron: str, since: datetime, until: datetime, limit: int) -> list[datetime]:
    """The slots after `since` up to `until`, the newest `limit` of them, oldest first."""
    missed: list[datetime] = []
    for slot in slots(trigger(cron), since):
        if slot > until or limit < 1:
            break
        missed = [*missed, slot][-limit:]
    return missed


def slots(of: CronTrigger, after: datetime) -> Iterator[datetime]:
    """The slots of a trigger after a moment, in order."""
    slot = of.get_next_fire_time(after, after)
    while slot is not None:
        yield slot
        slot = of.get_next_fire_time(slot, slot)


def is_more_often_than(cron: str, minutes: int) -> bool:
    """Whether two slots may lie nearer together than so many minutes, at most 60; each day is taken for a slot's day.

    Raises BadCron.
    """
    trigger(cron)
    minute, hour = cron.split()[:2]
    of_an_hour = sorted({slot.minute for slot in _within(timedelta(hours=1), minute=minute)})
    of_a_day = {slot.hour for slot in _within(timedelta(days=1), minute="0", hour=hour)}
    gaps = [later - earlier for earlier, later in pairwise(of_an_hour)]
    if any((each + 1) % 24 in of_a_day for each in of_a_day):
        gaps.append(60 - of_an_hour[-1] + of_an_hour[0])
    return any(gap < minutes for gap in gaps)


def _within(span: timedelta, **fields: str) -> Iterator[datetime]:
    before = _A_MIDNIGHT - timedelta(microseconds=1)
    for slot in slots(CronTrigger(**fields, timezone=UTC), before):
        if slot >= _A_MIDNIGHT + span:
            return
        yield slot


def _cron(said: Sequence[str]) -> str:
    word = said[0].casefold()
    if word == "hourly":
        return "0 * * * *"
    if word in _WORDS:
        time = _TIME.fullmatch(said[1]) if len(said) > 1 else None
        if time is None:
            raise BadCron(f"{word!r} needs a time such as 06:00 behind it.")
        return f"{int(time[2])} {int(time[1])} * * {'mon-fri' if word == 'weekdays' else '*'}"
    return " ".join(said)


def _weekdays(field: str) -> str:
    """A crontab's weekday field as the names APScheduler knows."""
    if field == "*":
        return field
    days = {day % 7 for part in field.split(",") for day in _weekday_range(part)}
    return ",".join(_WEEKDAYS[day] for day in sorted(days))


def _weekday_range(part: str) -> range:
    span, slash, step = part.partition("/")
    first, dash, last = span.partition("-")
    begin = 0 if span == "*" else _weekday(first)
    end = _weekday(last) if dash else 6 if slash else begin
    if slash and not (step.isdecimal() and int(step)):
        raise ValueError(f"{part!r} has no step")
    return range(begin, end + 1 if end >= begin else end + 8, int(step or 1))


def _weekday(word: str) -> int:
    if word.casefold() in _WEEKDAYS:
        return _WEEKDAYS.index(word.casefold())
    if word.isdecimal() and int(word) <= 7:
        return int(word)
    raise ValueError(f"{word!r} is no weekday")
