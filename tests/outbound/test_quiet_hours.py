"""Quiet hours: how they are written, when they end, also over midnight and on the days the clock changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.outbound.quiet_hours import WEEKDAYS, BadQuietHours, QuietHours

BERLIN = "Europe/Berlin"
MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
A_MINUTE, A_WEEK = timedelta(minutes=1), 7 * 24 * 60


def at(written: str, zone: str = "UTC") -> datetime:
    """A moment by a zone's wall clock, in UTC; `+` behind it is the second time that the clock shows it."""
    wall = datetime.fromisoformat(written.removesuffix("+"))
    return wall.replace(tzinfo=ZoneInfo(zone), fold=int(written.endswith("+"))).astimezone(UTC)


def end(quiet: QuietHours, written: str) -> str | None:
    """When the quiet ends in which a moment of its zone is, by its wall clock; None where it is in none."""
    moment = at(written, quiet.zone)
    free = quiet.end_of(moment)
    return None if free == moment else f"{free.astimezone(ZoneInfo(quiet.zone)):%a %H:%M %Z}"


# As they are written


@pytest.mark.parametrize(
    ("hours", "days", "zone", "told"),
    [
        ("22:00-07:00", "daily", "UTC", "22:00-07:00 daily (UTC)"),
        ("9:05-17:30", "Mon-Fri", "europe/berlin", "09:05-17:30 mon-fri (Europe/Berlin)"),
        ("00:00-24:00", "sat,sun", "Asia/Kolkata", "00:00-24:00 sat,sun (Asia/Kolkata)"),
        ("20:00-00:00", "weekdays", "UTC", "20:00-24:00 mon-fri (UTC)"),
        ("22:00-07:00", "fri-mon", "UTC", "22:00-07:00 mon,fri-sun (UTC)"),
        ("22:00-07:00", "sun, mon ,tue,wed-sat", "UTC", "22:00-07:00 daily (UTC)"),
        ("22:00-07:00", "mon,wed,fri", "UTC", "22:00-07:00 mon,wed,fri (UTC)"),
    ],
)
def test_they_are_read_and_told_as_people_write_them(hours: str, days: str, zone: str, told: str) -> None:
    assert str(QuietHours.read(hours, days, zone)) == told


@pytest.mark.parametrize(
    ("hours", "days", "zone", "why"),
    [
        ("nightly", "daily", "UTC", "'nightly' is no span of hours such as 22:00-07:00."),
        ("22-7", "daily", "UTC", "'22-7' is no span of hours such as 22:00-07:00."),
        ("25:00-07:00", "daily", "UTC", "'25:00' is no time of day."),
        ("22:00-07:60", "daily", "UTC", "'07:60' is no time of day."),
        ("22:00-24:01", "daily", "UTC", "'24:01' is no time of day."),
        ("24:00-07:00", "daily", "UTC", "24:00 is the end of a day, and no hour to begin at: say 00:00."),
        ("07:00-07:00", "daily", "UTC", "'07:00-07:00' ends when it begins. A whole day is 00:00-24:00."),
        ("00:00-24:00", "daily", "UTC", "That is all the time, and would never end."),
        ("22:00-07:00", "someday", "UTC", "'someday' are no days such as mon-fri, sat,sun or daily."),
        ("22:00-07:00", "mon-", "UTC", "'mon-' are no days such as mon-fri, sat,sun or daily."),
        ("22:00-07:00", "", "UTC", "'' are no days such as mon-fri, sat,sun or daily."),
        (
            "22:00-07:00", "daily", "Europe/Berln",
            "'Europe/Berln' is no time zone such as Europe/Berlin. Did you mean Europe/Berlin?",
        ),
        ("22:00-07:00", "daily", "../../etc/passwd", "'../../etc/passwd' is no time zone such as Europe/Berlin."),
    ],
)  # fmt: skip
def test_what_are_no_quiet_hours_is_told_by_the_part_that_is_wrong(
    hours: str, days: str, zone: str, why: str
) -> None:
    with pytest.raises(BadQuietHours) as error:
        QuietHours.read(hours, days, zone)
    assert str(error.value) == why


# When they end


@pytest.mark.parametrize(
    ("hours", "days", "moment", "ends"),
    [
        ("22:00-07:00", "daily", "2026-11-23 21:59", None),
        ("22:00-07:00", "daily", "2026-11-23 22:00", "Tue 07:00 UTC"),
        ("22:00-07:00", "daily", "2026-11-24 06:59", "Tue 07:00 UTC"),
        ("22:00-07:00", "daily", "2026-11-24 07:00", None),
        ("12:00-13:00", "daily", "2026-11-24 12:30", "Tue 13:00 UTC"),
        ("22:00-07:00", "fri", "2026-11-28 06:00", "Sat 07:00 UTC"),
        ("22:00-07:00", "fri", "2026-11-27 06:00", None),
        ("22:00-07:00", "sat", "2026-11-27 23:00", None),
        ("00:00-24:00", "sat,sun", "2026-11-28 10:00", "Mon 00:00 UTC"),
        ("20:00-00:00", "sun", "2026-11-29 23:59", "Mon 00:00 UTC"),
        ("08:00-07:59", "daily", "2026-11-23 08:00", "Tue 07:59 UTC"),
    ],
)
def test_they_are_quiet_on_the_days_they_begin_on_until_their_end(
    hours: str, days: str, moment: str, ends: str | None
) -> None:
    assert end(QuietHours.read(hours, days), moment) == ends


@pytest.mark.parametrize(
    ("hours", "zone", "moment", "ends"),
    [
        # In Berlin the clock goes from 02:00 to 03:00 on 29 March 2026, and from 03:00 back to 02:00 on 25 October.
        ("22:00-07:00", BERLIN, "2026-03-28 23:00", "Sun 07:00 CEST"),
        ("22:00-07:00", BERLIN, "2026-10-24 23:00", "Sun 07:00 CET"),
        ("22:00-02:30", BERLIN, "2026-03-29 01:59", "Sun 03:30 CEST"),
        ("22:00-02:30", BERLIN, "2026-10-25 02:29", "Sun 02:30 CEST"),
        ("22:00-02:30", BERLIN, "2026-10-25 02:29+", None),
        ("02:30-03:00", BERLIN, "2026-10-25 02:30", "Sun 03:00 CET"),
        ("02:30-03:00", BERLIN, "2026-10-25 02:15+", "Sun 03:00 CET"),
        ("02:30-03:15", BERLIN, "2026-03-29 03:10", None),
        ("00:00-24:00", "America/New_York", "2026-03-07 12:00", "Mon 00:00 EDT"),
        # Samoa had no 30 December 2011.
        ("22:00-07:00", "Pacific/Apia", "2011-12-29 23:00", "Sat 07:00 +14"),
    ],
)
def test_where_the_clock_changes_it_is_the_wall_clock_that_counts(
    hours: str, zone: str, moment: str, ends: str | None
) -> None:
    days = "sat,sun" if hours == "00:00-24:00" else "daily"
    assert end(QuietHours.read(hours, days, zone), moment) == ends


def test_two_moments_that_the_clock_shows_alike_are_told_apart() -> None:
    quiet = QuietHours.read("22:00-07:00", zone=BERLIN)
    first, second = at("2026-10-25 02:15", BERLIN), at("2026-10-25 02:15+", BERLIN)
    assert second - first == timedelta(hours=1)
    assert quiet.end_of(first) == quiet.end_of(second) == at("2026-10-25 07:00", BERLIN)


# Whatever they are

minutes = st.integers(0, 24 * 60 - 1)
some_days = st.frozensets(st.integers(0, 6), min_size=1)


@st.composite
def quiet_hours(draw: st.DrawFn, zones: tuple[str, ...] = ("UTC",)) -> QuietHours:
    begin, end = draw(minutes), draw(minutes.map(lambda minute: minute + 1))
    days = draw(some_days)
    assume(begin != end and not (end - begin == 24 * 60 and len(days) == 7))
    return QuietHours(begin, end, days, draw(st.sampled_from(zones)))


@given(quiet_hours())
def test_what_is_told_is_read_as_the_same(quiet: QuietHours) -> None:
    assert QuietHours.read(quiet.hours, quiet.written_days, quiet.zone) == quiet


@given(quiet_hours(), st.integers(0, A_WEEK - 1))
def test_in_utc_they_are_the_minutes_of_the_week_that_one_would_count_by_hand(
    quiet: QuietHours, minute: int
) -> None:
    length = (quiet.end - quiet.begin) % (24 * 60) or 24 * 60
    first = [day * 24 * 60 + quiet.begin for day in quiet.days]
    is_quiet = {(begin + each) % A_WEEK for begin in first for each in range(length)}
    counted = minute
    while counted % A_WEEK in is_quiet:
        counted += 1
    assert quiet.end_of(MONDAY + minute * A_MINUTE) == MONDAY + counted * A_MINUTE


ZONES = (BERLIN, "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca", "UTC")
CHANGES = (at("2026-03-08 07:00"), at("2026-03-29 01:00"), at("2026-04-04 15:00"), at("2026-10-25 01:00"))


@given(quiet_hours(ZONES), st.sampled_from(CHANGES), st.integers(-3 * 24 * 60, 3 * 24 * 60))
def test_around_a_change_of_the_clock_they_end_at_the_first_moment_outside(
    quiet: QuietHours, change: datetime, minute: int
) -> None:
    moment = change + minute * A_MINUTE
    free = quiet.end_of(moment)
    assert quiet.end_of(free) == free >= moment
    between = range(1, int((free - moment) / A_MINUTE))
    assert {quiet.end_of(moment + each * A_MINUTE) for each in between} <= {free}


@given(quiet_hours(ZONES), st.integers(0, A_WEEK - 1))
def test_away_from_changes_they_are_what_the_wall_clock_shows(quiet: QuietHours, minute: int) -> None:
    moment = at("2026-06-15 00:00") + minute * A_MINUTE
    wall = moment.astimezone(ZoneInfo(quiet.zone))
    shown, today, before = wall.hour * 60 + wall.minute, wall.weekday(), (wall.weekday() - 1) % 7
    if quiet.begin < quiet.end:
        inside = quiet.begin <= shown < quiet.end and today in quiet.days
    else:
        inside = (shown >= quiet.begin and today in quiet.days) or (
            shown < quiet.end and before in quiet.days
        )
    assert (quiet.end_of(moment) > moment) is inside


def test_the_days_are_those_of_the_calendar() -> None:
    assert [f"{MONDAY + timedelta(days=day):%a}".lower() for day in range(7)] == list(WEEKDAYS)
