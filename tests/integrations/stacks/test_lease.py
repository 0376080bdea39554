"""How long an instance may stand, as people and the clock ask."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as some

from integrations.stacks.lease import LeaseRefused, Term, begin, extend, next_look, warnings_due
from integrations.stacks.spec.model import Lease

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
LEASE = Lease(default=8 * HOUR, max=72 * HOUR, warn=(2 * HOUR, HOUR / 2))


def test_it_begins_with_its_own_length_or_with_what_is_asked() -> None:
    assert begin(LEASE, NOON).ends == NOON + 8 * HOUR
    assert begin(LEASE, NOON, 72 * HOUR).ends == NOON + 72 * HOUR


def test_it_is_put_off_from_its_end_and_not_beyond_the_most_from_its_beginning() -> None:
    term = begin(LEASE, NOON)
    assert extend(LEASE, term, 4 * HOUR, NOON + HOUR).ends == NOON + 12 * HOUR
    assert extend(LEASE, term, 1000 * HOUR, NOON + HOUR).ends == NOON + 72 * HOUR


def test_one_that_has_ended_is_put_off_from_now() -> None:
    assert extend(LEASE, begin(LEASE, NOON), HOUR, NOON + 10 * HOUR).ends == NOON + 11 * HOUR


REFUSALS = [
    (lambda: begin(LEASE, NOON, 73 * HOUR), "It may stand for 3d at most, and 3d1h was asked for."),
    (lambda: begin(LEASE, NOON, timedelta()), "A lease lasts for some time."),
    (lambda: extend(LEASE, begin(LEASE, NOON), -HOUR, NOON), "A lease is put off by some time."),
    (
        lambda: extend(LEASE, begin(LEASE, NOON, 72 * HOUR), HOUR, NOON),
        "It may stand for 3d at most, counted from 2026-11-28 12:00 UTC, and has had all of that.",
    ),
    (
        lambda: extend(LEASE, begin(LEASE, NOON), HOUR, NOON + 80 * HOUR),
        "It may stand for 3d at most, counted from 2026-11-28 12:00 UTC, and has had all of that.",
    ),
]


@pytest.mark.parametrize(("asked", "says"), REFUSALS)
def test_what_cannot_be_given_is_refused_with_its_reason(asked: object, says: str) -> None:
    with pytest.raises(LeaseRefused) as told:
        asked()  # type: ignore[operator]
    assert str(told.value) == says


@pytest.mark.parametrize(
    ("hours", "given", "due"),
    [
        (5.9, (), ()),
        (6, (), (2.0,)),
        (6, (2.0,), ()),
        (7.5, (2.0,), (0.5,)),
        (7.9, (), (2.0, 0.5)),
        (8, (), ()),
    ],
)
def test_warnings_are_due_once_each_and_none_after_the_end(
    hours: float, given: tuple[float, ...], due: tuple[float, ...]
) -> None:
    told = warnings_due(LEASE, begin(LEASE, NOON), NOON + hours * HOUR, [each * HOUR for each in given])
    assert told == tuple(each * HOUR for each in due)


def test_no_warning_is_due_before_there_is_anything_to_lose() -> None:
    term = begin(LEASE, NOON, HOUR)
    assert warnings_due(LEASE, term, NOON) == ()
    assert next_look(LEASE, term, NOON) == NOON + HOUR / 2


_LENGTHS = some.timedeltas(timedelta(minutes=1), timedelta(days=30))


@given(_LENGTHS, _LENGTHS, some.lists(some.tuples(_LENGTHS, _LENGTHS), max_size=8))
def test_however_often_it_is_put_off_it_ends_by_the_most_from_its_beginning(
    default: timedelta, most: timedelta, asked: list[tuple[timedelta, timedelta]]
) -> None:
    assume(default <= most)
    lease = Lease(default=default, max=most, warn=())
    term, now = begin(lease, NOON), NOON
    for by, later in asked:
        now += later
        try:
            extended = extend(lease, term, by, now)
        except LeaseRefused:
            assert max(term.ends, now) >= term.begins + most
            continue
        assert term.ends < extended.ends <= term.begins + most
        assert extended.ends <= max(term.ends, now) + by
        assert extended.begins == term.begins
        term = extended


@given(_LENGTHS, some.lists(_LENGTHS, max_size=4), some.lists(_LENGTHS, max_size=20))
def test_a_clock_that_looks_whenever_it_is_told_gives_each_warning_once_and_never_stands_still(
    length: timedelta, warn: list[timedelta], _later: list[timedelta]
) -> None:
    lease = Lease.model_construct(default=length, max=length, warn=tuple(warn))
    term, now, told = Term(NOON, NOON + length), NOON, list[timedelta]()
    for _ in range(len(warn) + 2):
        told += warnings_due(lease, term, now, told)
        if term.has_ended(now):
            break
        look = next_look(lease, term, now)
        assert now < look <= term.ends
        now = look
    assert term.has_ended(now)
    assert sorted(told) == sorted({each for each in warn if each < length})
