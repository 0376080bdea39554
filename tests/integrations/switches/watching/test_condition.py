"""The conditions of a watch: what can be written, what it means, and that nothing else is taken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.switches.watching.condition import (
    All,
    Any,
    Changes,
    Compare,
    Condition,
    ConditionError,
    Names,
    Not,
    Seen,
    holds,
    is_event,
    parse,
)
from integrations.switches.watching.what import What

COUNTERS = What("counters", detail="*").names
HEALTH = What("health").names
STATE = What("show", "show interface brief", "state").names


@pytest.mark.parametrize(
    ("written", "names", "read"),
    [
        ("in > 80%", COUNTERS, Compare("in", ">", 80.0, percent=True)),
        ("in>80 %", COUNTERS, Compare("in", ">", 80.0, percent=True)),
        ("errors > 0", COUNTERS, Compare("errors", ">", 0.0)),
        ("in >= 5G", COUNTERS, Compare("in", ">=", 5e9)),
        ("in ≥ 500Mb/s", COUNTERS, Compare("in", ">=", 5e8)),
        ("out < 1.5 k", COUNTERS, Compare("out", "<", 1500.0)),
        ("in-packets > 10", COUNTERS, Compare("in-packets", ">", 10.0)),
        ("changes", STATE, Changes()),
        ("state == down", STATE, Compare("state", "=", "down")),
        ("state != err-disabled", STATE, Compare("state", "!=", "err-disabled")),
        ('state = "Link not connected"', STATE, Compare("state", "=", "Link not connected")),
        ("value > 3", STATE, Compare("value", ">", 3.0)),
        ("err-disabled > 0", HEALTH, Compare("err-disabled", ">", 0.0)),
        (
            "in > 80% or out > 80% and errors > 0",
            COUNTERS,
            Any(
                (
                    Compare("in", ">", 80.0, percent=True),
                    All((Compare("out", ">", 80.0, percent=True), Compare("errors", ">", 0.0))),
                )
            ),
        ),
        (
            "not (in > 1 OR out > 1)",
            COUNTERS,
            Not(Any((Compare("in", ">", 1.0), Compare("out", ">", 1.0)))),
        ),
        ("changes and state != up", STATE, All((Changes(), Compare("state", "!=", "up")))),
    ],
)
def test_what_can_be_written(written: str, names: Names, read: Condition) -> None:
    assert parse(written, names) == read


@pytest.mark.parametrize(
    ("written", "names", "says"),
    [
        ("", COUNTERS, "it ends where I expected a name such as 'in' or 'errors'"),
        ("in >", COUNTERS, "it ends where I expected what in is compared with"),
        ("in 80", COUNTERS, "after 'in' one of > >= < <= = != is missing"),
        ("in > 80% errors > 0", COUNTERS, "I did not expect 'errors': join conditions with 'and' or 'or'"),
        ("(in > 1", COUNTERS, "a bracket is never closed"),
        ("in > )", COUNTERS, "')' is nothing that in can be compared with"),
        ("80 > in", COUNTERS, "'80' is no name such as 'in' or 'errors'"),
        ("ina > 1", COUNTERS, "there is no 'ina' here; did you mean 'in'?"),
        (
            "speed > 1",
            COUNTERS,
            "there is no 'speed' here, but discards, errors, in, in-packets, out, out-packets",
        ),
        ("errors > 5%", COUNTERS, "errors is no part of a speed: compare it with a number"),
        ("errors > many", COUNTERS, "errors is a number: 'many' is none"),
        ("state > down", STATE, "a text is compared with = or !=, not with >"),
        (
            "changes",
            COUNTERS,
            "rates change at every poll: say a threshold, such as 'in > 80%' or 'errors > 0'",
        ),
        ("not changes", STATE, "'not changes' would be told at every poll"),
        ("in > 80% ; reload", COUNTERS, "I cannot read '; reload' in it"),
        ("__import__('os')", COUNTERS, "I cannot read \"'os')\" in it"),
        ("in > 1 or " * 30, COUNTERS, "a condition has at most 200 characters, and this has 300"),
        ("not " * 21 + "in > 1", COUNTERS, "it is nested too deep"),
        ("(" * 30, COUNTERS, "it is nested too deep"),
    ],
)
def test_what_is_refused_says_why(written: str, names: Names, says: str) -> None:
    with pytest.raises(ConditionError) as refused:
        parse(written, names)
    assert str(refused.value) == says


_NUMBERS = st.floats(0, 1e12, allow_nan=False).map(lambda value: float(f"{value:.4g}"))
_COMPARISONS = st.one_of(
    st.builds(
        Compare,
        st.sampled_from(sorted(COUNTERS.numbers)),
        st.sampled_from([">", ">=", "<", "<=", "=", "!="]),
        _NUMBERS,
    ),
    st.builds(
        Compare,
        st.sampled_from(["in", "out"]),
        st.sampled_from([">", ">=", "<", "<="]),
        _NUMBERS,
        st.just(True),
    ),
)


def _joined(parts: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    several = st.lists(parts, min_size=2, max_size=3).map(tuple)
    return st.one_of(st.builds(All, several), st.builds(Any, several), st.builds(Not, parts))


_TREES = st.recursive(_COMPARISONS, _joined, max_leaves=4)


def _flat(condition: Condition) -> Condition:
    """`a and b and c` is read as one, however it was built."""
    if isinstance(condition, Not):
        return Not(_flat(condition.part))
    return condition


@given(_TREES)
def test_what_is_written_out_is_read_as_the_same(tree: Condition) -> None:
    if len(str(tree)) <= 200:
        assert parse(str(tree), COUNTERS) == _flat(tree)


@given(st.text(max_size=120))
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    try:
        parse(text, STATE)
    except ConditionError as error:
        assert str(error)


_SEEN = st.dictionaries(
    st.sampled_from([*sorted(COUNTERS.numbers), "in%", "out%"]), st.one_of(st.none(), _NUMBERS)
).map(Seen)


@given(_COMPARISONS.filter(lambda each: each.sign in (">", ">=", "<", "<=")), _SEEN)
def test_what_is_met_is_met_when_eased(condition: Condition, seen: Seen) -> None:
    met = holds(condition, seen)
    assert holds(condition, seen, eased=True) in (
        (True,) if met else (True, False) if met is False else (None,)
    )


@given(_TREES, _SEEN)
def test_not_turns_an_answer_round_and_leaves_the_unknown(condition: Condition, seen: Seen) -> None:
    met = holds(condition, seen)
    assert holds(Not(condition), seen) is (None if met is None else not met)


@pytest.mark.parametrize(
    ("written", "numbers", "met"),
    [
        ("in > 80%", {"in": 9e9, "in%": 90.0}, True),
        ("in > 80%", {"in": 9e9, "in%": None}, None),
        ("in > 80% or errors > 0", {"in%": None, "errors": 1.0}, True),
        ("in > 80% or errors > 0", {"in%": None, "errors": 0.0}, None),
        ("in > 80% and errors > 0", {"in%": None, "errors": 0.0}, False),
        ("errors > 0", {"errors": 0.0}, False),
    ],
)
def test_what_is_not_known_decides_only_where_it_must(
    written: str, numbers: dict[str, float | None], met: bool | None
) -> None:
    assert holds(parse(written, COUNTERS), Seen(numbers)) is met


def test_a_threshold_is_eased_by_a_twentieth() -> None:
    above, below = parse("in > 80%", COUNTERS), parse("in < 100", COUNTERS)
    assert holds(above, Seen({"in%": 77.0}), eased=True) is True
    assert holds(above, Seen({"in%": 75.0}), eased=True) is False
    assert holds(below, Seen({"in": 104.0}), eased=True) is True
    assert holds(below, Seen({"in": 106.0}), eased=True) is False


def test_a_text_is_compared_in_either_case_and_a_change_needs_an_earlier_poll() -> None:
    assert holds(parse("state = DOWN", STATE), Seen({}, "down")) is True
    assert holds(parse("state != up", STATE), Seen({}, None)) is None
    assert holds(Changes(), Seen({}, "down", None, known=False)) is False
    assert holds(Changes(), Seen({}, "down", "up", known=True)) is True
    assert holds(Changes(), Seen({}, "up", "up", known=True)) is False


def test_what_happens_is_told_from_what_stands() -> None:
    assert is_event(parse("changes and state != up", STATE))
    assert not is_event(parse("state != up", STATE))
