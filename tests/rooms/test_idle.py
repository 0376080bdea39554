"""Since when nobody has done anything in a room, although the bot's own posts make it look lively."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.rooms.idle import NOTHING_KNOWN, Idle, Known, Measure, active_since, idle, news

MONDAY = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
TUESDAY, WEDNESDAY, THURSDAY = (MONDAY + timedelta(days=number) for number in (1, 2, 3))
A_MOMENT = timedelta(seconds=0.9)


def seen(at: datetime, by: Measure = Measure.PERSON, *, own: datetime | None = None) -> Known:
    return Known(person_active_at=at, person_active_by=by, own_post_at=own)


@pytest.mark.parametrize(
    ("last", "known", "found"),
    [
        # The bot has posted after a person: the person counts.
        (WEDNESDAY, seen(MONDAY, own=WEDNESDAY), Idle(MONDAY, Measure.PERSON)),
        (WEDNESDAY, seen(MONDAY, own=WEDNESDAY - A_MOMENT), Idle(MONDAY, Measure.PERSON)),
        (WEDNESDAY, seen(MONDAY, own=WEDNESDAY + A_MOMENT), Idle(MONDAY, Measure.PERSON)),
        # So does what a look at the room found of others.
        (WEDNESDAY, seen(MONDAY, Measure.OTHERS, own=WEDNESDAY), Idle(MONDAY, Measure.OTHERS)),
        (WEDNESDAY, seen(MONDAY, Measure.UNSURE, own=WEDNESDAY), Idle(MONDAY, Measure.UNSURE)),
        # Somebody has written after the bot, without a word to it.
        (THURSDAY, seen(MONDAY, own=WEDNESDAY), Idle(THURSDAY, Measure.OTHERS)),
        (THURSDAY, Known(own_post_at=WEDNESDAY), Idle(THURSDAY, Measure.OTHERS)),
        # What a person said to the bot is the last activity itself.
        (MONDAY, seen(MONDAY), Idle(MONDAY, Measure.PERSON)),
        (MONDAY, seen(MONDAY - A_MOMENT), Idle(MONDAY, Measure.PERSON)),
        (MONDAY, seen(TUESDAY), Idle(TUESDAY, Measure.PERSON)),
        # The bot's own post is all there is, or nothing is known of its posts: what is not known counts as activity.
        (WEDNESDAY, Known(own_post_at=WEDNESDAY), Idle(WEDNESDAY, Measure.UNSURE)),
        (WEDNESDAY, NOTHING_KNOWN, Idle(WEDNESDAY, Measure.UNSURE)),
        (WEDNESDAY, seen(MONDAY), Idle(WEDNESDAY, Measure.UNSURE)),
        (TUESDAY, Known(own_post_at=WEDNESDAY), Idle(TUESDAY, Measure.UNSURE)),
        # Webex does not say.
        (None, NOTHING_KNOWN, Idle(None, Measure.UNSURE)),
        (None, seen(MONDAY), Idle(MONDAY, Measure.PERSON)),
    ],
)
def test_idle_since_when_and_by_which_measure(last: datetime | None, known: Known, found: Idle) -> None:
    assert idle(last, known) == found


@pytest.mark.parametrize(
    ("last", "known", "found"),
    [
        # Looked at for the first time, the room's last activity is kept, whoever's it was.
        (WEDNESDAY, NOTHING_KNOWN, Idle(WEDNESDAY, Measure.UNSURE)),
        (WEDNESDAY, Known(own_post_at=WEDNESDAY), Idle(WEDNESDAY, Measure.UNSURE)),
        # From then on only what is not the bot's.
        (THURSDAY, seen(MONDAY, own=WEDNESDAY), Idle(THURSDAY, Measure.OTHERS)),
        (THURSDAY, seen(MONDAY), Idle(THURSDAY, Measure.UNSURE)),
        (WEDNESDAY, seen(MONDAY, own=WEDNESDAY), None),
        # Nothing new.
        (MONDAY, seen(MONDAY), None),
        (MONDAY + A_MOMENT, seen(MONDAY), None),
        (MONDAY, seen(TUESDAY), None),
        (None, NOTHING_KNOWN, None),
    ],
)
def test_what_a_look_keeps_before_the_bots_next_post_hides_it(
    last: datetime | None, known: Known, found: Idle | None
) -> None:
    assert news(last, known) == found


def test_the_bots_nightly_posts_do_not_keep_a_room_young() -> None:
    known = NOTHING_KNOWN
    found = news(MONDAY, known)
    assert found is not None
    for night in range(1, 30):
        posted = MONDAY + timedelta(days=night)
        known = Known(person_active_at=found.since, person_active_by=found.measure, own_post_at=posted)
        assert news(posted, known) is None
    assert idle(posted, known) == Idle(MONDAY, Measure.UNSURE)


@pytest.mark.parametrize(
    ("last", "known", "when"),
    [
        (WEDNESDAY, seen(MONDAY, own=WEDNESDAY), None),  # the notice, and nothing since
        (THURSDAY, seen(MONDAY, own=WEDNESDAY), THURSDAY),
        (WEDNESDAY, seen(TUESDAY, own=WEDNESDAY), TUESDAY),  # seen before the notice hid it
        (MONDAY, seen(MONDAY), None),
        (MONDAY + A_MOMENT, NOTHING_KNOWN, None),
        (TUESDAY, NOTHING_KNOWN, TUESDAY),
        (None, seen(MONDAY), None),
    ],
)
def test_active_again_since_monday(last: datetime | None, known: Known, when: datetime | None) -> None:
    assert active_since(MONDAY, last, known) == when


def test_where_it_is_not_known_since_when_a_room_is_idle_nobody_can_be_active_since() -> None:
    assert active_since(None, TUESDAY, NOTHING_KNOWN) is None
