"""What is news at a poll: told once, again after hours, and over only when it is calm."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from integrations.switches.watching.condition import Condition, Seen, parse
from integrations.switches.watching.judging import (
    MOST_STANDING,
    STILL,
    Item,
    Key,
    News,
    Silence,
    Standing,
    as_json,
    from_json,
    judge,
    unheard,
)
from integrations.switches.watching.what import Observation, What

COUNTERS, STATE = What("counters", detail="*"), What("show", "show interface brief", "state")
BUSY = parse("in > 80%", COUNTERS.names)
CHANGES = parse("changes", STATE.names)
PORT: Key = ("leaf01", "Ethernet1/1")
MINUTE = 60.0


def percent(value: float | None, port: str = "Ethernet1/1") -> Observation:
    """A poll of one port."""
    return Observation("leaf01", port, Seen({"in%": value}), f"in {value} %")


class Watching:
    """Polls one after the other, a minute apart."""

    def __init__(self, condition: Condition) -> None:
        self.condition = condition
        self.standing: Mapping[Key, Standing] = {}
        self.now = 0.0

    def poll(self, *seen: Observation, answered: bool = True, after: float = MINUTE) -> News:
        self.now += after
        verdict = judge(self.condition, self.standing, seen, ["leaf01"] if answered else [], self.now)
        # As it is kept between two polls.
        self.standing = from_json(as_json(verdict.standing))
        return verdict.news


def test_it_is_told_when_it_begins_and_when_it_is_over_and_not_in_between() -> None:
    watch = Watching(BUSY)
    assert watch.poll(percent(50.0)) == News()
    assert watch.poll(percent(90.0)) == News(begun=(Item(*PORT, "in 90.0 %", 120.0),))
    assert watch.poll(percent(95.0)) == News()
    assert watch.poll(percent(10.0)) == News()
    assert watch.poll(percent(12.0)) == News(recovered=(Item(*PORT, "in 12.0 %", 120.0),))
    assert watch.poll(percent(13.0)) == News()
    assert watch.standing == {}


def test_a_rate_that_dances_on_its_threshold_is_told_once() -> None:
    watch = Watching(BUSY)
    news = [watch.poll(percent(value)) for value in (81.0, 79.0, 82.0, 78.0, 40.0, 85.0, 77.0, 76.5)]
    assert [bool(each) for each in news] == [True, *[False] * 7]


def test_it_is_told_again_after_an_hour_then_four_then_daily() -> None:
    watch = Watching(BUSY)
    watch.poll(percent(90.0))
    told = []
    for _ in range(3 * 24 * 60):
        if watch.poll(percent(90.0)).still:
            told.append(watch.now - MINUTE)
    hours = [seconds / 3600 for seconds in told]
    assert hours == [1.0, 5.0, 29.0, 53.0]
    assert STILL == (3600.0, 14_400.0, 86_400.0)


def test_what_is_not_known_neither_begins_nor_ends_it() -> None:
    watch = Watching(BUSY)
    assert watch.poll(percent(None)) == News()
    watch.poll(percent(90.0))
    assert watch.poll(percent(None)) == News()
    assert watch.poll(percent(None)) == News()
    assert PORT in watch.standing


def test_a_switch_that_does_not_answer_leaves_everything_as_it_stands() -> None:
    watch = Watching(BUSY)
    watch.poll(percent(90.0))
    for _ in range(5):
        assert watch.poll(answered=False) == News()
    assert PORT in watch.standing


def test_a_subject_that_is_gone_is_over() -> None:
    watch = Watching(BUSY)
    watch.poll(percent(90.0))
    assert watch.poll() == News()
    assert watch.poll() == News(recovered=(Item(*PORT, "is not there any more", 60.0),))


def test_a_change_is_told_and_over() -> None:
    watch = Watching(CHANGES)
    was = Observation(*PORT, Seen({}, "up", None, known=False), "up")
    down = Observation(*PORT, Seen({}, "down", "up", known=True), "down")
    gone = Observation(*PORT, Seen({}, None, "down", known=True), "gone")
    new = Observation(*PORT, Seen({}, "up", None, known=True), "up")
    assert watch.poll(was) == News()
    assert watch.poll(down) == News(changed=(Item(*PORT, "up → down", 120.0),))
    assert watch.poll(gone) == News(changed=(Item(*PORT, "down → gone", 180.0),))
    assert watch.poll(new) == News(changed=(Item(*PORT, "new: up", 240.0),))
    assert watch.standing == {}


def test_so_many_are_kept_in_mind_and_no_more() -> None:
    watch = Watching(BUSY)
    news = watch.poll(*(percent(90.0, f"Ethernet1/{number}") for number in range(MOST_STANDING + 5)))
    assert len(news.begun) == len(watch.standing) == MOST_STANDING


def test_a_watch_without_a_condition_tells_nothing() -> None:
    verdict = judge(None, {}, [percent(99.0)], ["leaf01"], 1.0)
    assert (verdict.standing, verdict.news) == ({}, News())


def test_a_switch_is_told_at_the_second_poll_it_does_not_answer_and_once() -> None:
    first, told = unheard(None, 60.0)
    assert (first, told) == (Silence(60.0), False)
    second, told = unheard(first, 120.0)
    assert (second, told) == (Silence(60.0, 2, told=True), True)
    assert unheard(second, 180.0)[1] is False


@given(st.lists(st.one_of(st.none(), st.floats(0, 100)), max_size=40))
def test_every_end_has_a_beginning_and_no_two_begin_at_once(values: list[float | None]) -> None:
    watch, open_ = Watching(BUSY), False
    for value in values:
        news = watch.poll(percent(value))
        if news.begun:
            assert not open_
            open_ = True
        if news.recovered:
            assert open_
            open_ = False
        assert open_ is (PORT in watch.standing)
