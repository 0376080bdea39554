"""Frames of a history: what is packed comes back, and many become one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.switches.watching.buckets import gathered
from integrations.switches.watching.frames import Frame, packed, thinned, unpacked

_VALUES = st.lists(st.one_of(st.none(), st.floats(0, 1e13), st.integers(0, 10_000).map(float)), max_size=50)


@given(_VALUES)
def test_what_is_packed_comes_back_to_a_part_of_thirty_thousand(values: list[float | None]) -> None:
    back = unpacked(packed(values))
    assert len(back) == len(values)
    for value, found in zip(values, back, strict=True):
        assert (found is None) is (value is None)
        if value is not None and found is not None:
            assert found == pytest.approx(value, rel=1 / 30_000, abs=1e-37)


@given(st.integers(0, 65_535))
def test_small_whole_numbers_come_back_exactly(count: int) -> None:
    assert unpacked(packed([float(count)])) == (float(count),)


def test_what_no_float_holds_is_not_known() -> None:
    assert unpacked(packed([1e300, float("inf"), float("nan"), None])) == (None, None, None, None)


def test_a_thousand_interfaces_take_some_kilobytes() -> None:
    values = [float((number * 7919) % 9_999_991 * 1000) if number % 3 < 2 else 0.0 for number in range(6_000)]
    assert len(packed(values)) < 15_000


def test_many_frames_become_their_mean_and_peak_and_a_late_series_counts_from_its_first() -> None:
    means, peaks = thinned([(1.0, None), (3.0, None), (None, None, 8.0)])
    assert means == (2.0, None, 8.0)
    assert peaks == (3.0, None, 8.0)
    assert thinned([]) == ((), ())


NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)


def frame(minute: int, *values: float | None) -> Frame:
    return Frame(NOON + timedelta(minutes=minute), values, values)


def test_frames_are_gathered_into_so_many_spans_with_the_empty_ones_among_them() -> None:
    frames = [frame(0, 1.0), frame(1, 5.0), frame(9, 2.0, 7.0)]
    found = gathered(frames, NOON - timedelta(days=1), NOON + timedelta(minutes=10), 5, 60)
    assert (found.since, found.seconds, len(found.spans)) == (NOON, 120, 5)
    assert [span.mean(0) for span in found.spans] == [3.0, None, None, None, 2.0]
    assert [span.peak(0) for span in found.spans] == [5.0, None, None, None, 2.0]
    assert [span.peak(1) for span in found.spans] == [None, None, None, None, 7.0]
    assert found.start(4) == NOON + timedelta(minutes=8)


def test_no_span_is_shorter_than_two_polls_lie_apart() -> None:
    found = gathered([frame(0, 1.0), frame(1, 2.0)], NOON, NOON + timedelta(minutes=2), 500, 60)
    assert (found.seconds, len(found.spans)) == (60, 2)


def test_without_frames_there_are_no_spans() -> None:
    assert gathered([], NOON, NOON, 10, 60).spans == ()
