"""Cron lines and the words that stand for them: what is understood, when it fires, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import cron
from bot.cron import BadCron

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)


def week(weekday: str) -> str:
    """The days of a week on which a line with this weekday field fires."""
    trigger = cron.trigger(f"0 6 * * {weekday}")
    slots = []
    for slot in cron.slots(trigger, MONDAY):
        if slot >= MONDAY + timedelta(days=7):
            break
        slots.append(f"{slot:%a}")
    return " ".join(slots)


@pytest.mark.parametrize(
    ("said", "line", "behind"),
    [
        ("hourly ping", "0 * * * *", "ping"),
        ("daily 06:00 run list", "0 6 * * *", "run list"),
        ("Daily 6:05 ping", "5 6 * * *", "ping"),
        ("weekdays 23:59 ping", "59 23 * * mon-fri", "ping"),
        ("30 6 * * 1-5 jenkins build api", "30 6 * * 1-5", "jenkins build api"),
        ("*/10 8-18 * * mon-fri ping", "*/10 8-18 * * mon-fri", "ping"),
    ],
)
def test_a_time_is_read_quoted_or_not(said: str, line: str, behind: str) -> None:
    words = tuple(said.split())
    rest = tuple(behind.split())
    time = " ".join(words[: len(words) - len(rest)])
    assert cron.read(words) == (line, rest)
    assert cron.read((time, *rest)) == (line, rest)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("daily", "ping"), "'daily' needs a time such as 06:00 behind it."),
        (("daily",), "'daily' needs a time such as 06:00 behind it."),
        (("weekdays", "24:00", "ping"), "'weekdays' needs a time such as 06:00 behind it."),
        (("daily 06:00 ping",), "'daily 06:00 ping' is of 3 words where 2 make a time."),
        (("0 6 * *", "ping"), "'0 6 * *' is of 4 words where 5 make a time."),
        (("jenkins", "build"), "'jenkins build' has 2 fields, and a cron line has five."),
        (("0 6 * * 8", "ping"), "'0 6 * * 8' cannot be read: '8' is no weekday."),
        (("0 6 * * mo", "ping"), "'0 6 * * mo' cannot be read: 'mo' is no weekday."),
        (("0 6 * * 1/0", "ping"), "'0 6 * * 1/0' cannot be read: '1/0' has no step."),
        (
            ("0 6 1 * mon", "ping"),
            "'0 6 1 * mon' names both days of the month and weekdays; it can be one of them.",
        ),
        (
            ("60 6 * * *", "ping"),
            "'60 6 * * *' cannot be read: Error validating expression '60': the last value (60) is higher than "
            "the maximum value (59).",
        ),
    ],
)
def test_what_is_no_time_is_refused_in_words(words: tuple[str, ...], why: str) -> None:
    with pytest.raises(BadCron) as caught:
        cron.read(words)
    assert str(caught.value) == why


@pytest.mark.parametrize(
    ("weekday", "days"),
    [
        ("0", "Sun"),
        ("7", "Sun"),
        ("1", "Mon"),
        ("6", "Sat"),
        ("1-5", "Mon Tue Wed Thu Fri"),
        ("mon-FRI", "Mon Tue Wed Thu Fri"),
        ("5-7", "Fri Sat Sun"),
        ("0-2", "Mon Tue Sun"),
        ("sat-sun", "Sat Sun"),
        ("fri-mon", "Mon Fri Sat Sun"),
        ("1,3,sun", "Mon Wed Sun"),
        ("*/2", "Tue Thu Sat Sun"),
        ("1-5/2", "Mon Wed Fri"),
        ("2/2", "Tue Thu Sat"),
        ("*", "Mon Tue Wed Thu Fri Sat Sun"),
    ],
)
def test_weekdays_are_counted_as_in_a_crontab_and_not_as_in_apscheduler(weekday: str, days: str) -> None:
    """APScheduler's 0 is Monday: its own reading of `1-5` fires on Saturdays and never on Mondays."""
    assert week(weekday) == days


@pytest.mark.parametrize(
    ("line", "too_often"),
    [
        ("* * * * *", True),
        ("*/4 * * * *", True),
        ("*/5 * * * *", False),
        ("3-58/5 * * * *", False),
        ("*/7 * * * *", True),  # 4 minutes from :56 to the hour
        ("0,57 * * * *", True),
        ("0,57 3,5 * * *", False),
        ("0,58 23,0 * * *", True),  # over midnight
        ("1,2 0 1 1 *", True),
        ("0 0 1 1 *", False),
    ],
)
def test_five_minutes_lie_between_two_slots(line: str, too_often: bool) -> None:
    assert cron.is_more_often_than(line, 5) is too_often


_minutes = st.lists(st.integers(0, 59), min_size=1, max_size=4, unique=True)
_hours = st.one_of(st.just(["*"]), st.lists(st.integers(0, 23), min_size=1, max_size=3, unique=True))


@given(minutes=_minutes, hours=_hours)
def test_how_often_agrees_with_the_slots_of_three_days(minutes: list[int], hours: list[int]) -> None:
    line = f"{','.join(map(str, minutes))} {','.join(map(str, hours))} * * *"
    slots = cron.missed_slots(line, MONDAY, MONDAY + timedelta(days=3), limit=10_000)
    gaps = [later - earlier for earlier, later in pairwise(slots)]
    assert cron.is_more_often_than(line, 5) == any(gap < timedelta(minutes=5) for gap in gaps)


def test_the_next_slot_is_behind_the_moment_and_never_at_it() -> None:
    assert cron.next_slot("0 6 * * *", MONDAY) == MONDAY + timedelta(hours=6)
    assert cron.next_slot("0 6 * * *", MONDAY + timedelta(hours=6)) == MONDAY + timedelta(hours=30)
    assert cron.next_slot("0 6 30 2 *", MONDAY) is None


def test_what_a_standing_clock_missed_the_newest_of_them() -> None:
    noon = MONDAY + timedelta(hours=12)
    missed = cron.missed_slots("*/5 * * * *", noon, noon + timedelta(minutes=17), limit=2)
    assert missed == [noon + timedelta(minutes=10), noon + timedelta(minutes=15)]
    assert cron.missed_slots("*/5 * * * *", noon, noon + timedelta(minutes=5), limit=9) == [
        noon + timedelta(minutes=5)
    ]
    assert cron.missed_slots("*/5 * * * *", noon, noon + timedelta(minutes=17), limit=0) == []
