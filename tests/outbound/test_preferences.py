"""What a room wants decides whether a message that comes now is held back, why, and until when."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.outbound.preferences import Hold, Preferences, Rhythm, Why, written
from bot.outbound.quiet_hours import QuietHours


def at(written: str) -> datetime:
    """A moment of 23 November 2026, in UTC."""
    return datetime.fromisoformat(f"2026-11-23 {written}").replace(tzinfo=UTC)


NIGHT = QuietHours.read("22:00-07:00")
MORNING = at("07:00") + timedelta(days=1)
HOURLY = Rhythm(timedelta(hours=1), at("09:10"))


def test_a_room_that_wants_nothing_special_hears_all_at_once() -> None:
    assert Preferences().hold(at("12:00")) is None
    assert Preferences().free_at(at("12:00")) == at("12:00")


def test_a_muted_room_hears_nothing_until_the_mute_ends_however_urgent() -> None:
    muted = Preferences(muted_until=at("14:00"))
    for urgent in (False, True):
        assert muted.hold(at("13:59"), urgent=urgent) == Hold(Why.MUTED, at("14:00"))
        assert muted.hold(at("14:00"), urgent=urgent) is None


def test_in_quiet_hours_what_is_not_urgent_waits_for_their_end() -> None:
    quiet = Preferences(quiet=NIGHT)
    assert quiet.hold(at("23:00")) == Hold(Why.QUIET, MORNING)
    assert quiet.hold(at("23:00"), urgent=True) is None
    assert quiet.hold(at("21:59")) is None


def test_a_digest_comes_at_each_whole_number_of_periods() -> None:
    digest = Preferences(digest=HOURLY)
    assert digest.hold(at("09:10")) == Hold(Why.DIGEST, at("10:10"))
    assert digest.hold(at("12:09")) == Hold(Why.DIGEST, at("12:10"))
    assert digest.hold(at("12:10")) == Hold(Why.DIGEST, at("13:10"))
    assert digest.hold(at("12:10"), urgent=True) is None


def test_a_digest_or_a_mute_that_would_end_in_quiet_hours_waits_for_their_end_too() -> None:
    assert Preferences(quiet=NIGHT, digest=HOURLY).hold(at("21:30")) == Hold(Why.DIGEST, MORNING)
    assert Preferences(quiet=NIGHT, muted_until=at("23:30")).hold(at("12:00")) == Hold(Why.MUTED, MORNING)


def test_a_mute_that_ends_after_the_quiet_hours_is_what_is_waited_for() -> None:
    late = MORNING + timedelta(hours=2)
    assert Preferences(quiet=NIGHT, muted_until=late).hold(at("23:00")) == Hold(Why.MUTED, late)


def test_in_quiet_hours_a_digest_comes_at_their_end() -> None:
    assert Preferences(quiet=NIGHT, digest=HOURLY).hold(at("23:00")) == Hold(Why.QUIET, MORNING)


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),
    st.timedeltas(timedelta(minutes=15), timedelta(days=1)),
)
def test_the_next_digest_is_always_within_a_period_from_now(now: datetime, every: timedelta) -> None:
    rhythm = Rhythm(every, at("09:10"))
    assert now < rhythm.next_after(now) <= now + every
    assert (rhythm.next_after(now) - rhythm.since) % every == timedelta()


def test_a_moment_is_told_by_the_clock_of_the_room() -> None:
    room = Preferences(quiet=replace(NIGHT, zone="Asia/Kolkata"))
    assert written(at("12:00"), Preferences().zone) == "2026-11-23 12:00 UTC"
    assert written(at("12:00"), room.zone) == "2026-11-23 17:30 Asia/Kolkata"
