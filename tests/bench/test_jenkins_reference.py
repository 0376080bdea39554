"""The bench's own idea of what must be told, and of how a budget was kept: by example, and beside Sparkops' own."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bench.jenkins_reference import deepest, most_within, told
from integrations.jenkins.model import Result
from integrations.jenkins.relay.noise import Past
from integrations.jenkins.relay.wishes import Tells, Wish

ENDS = st.lists(st.sampled_from(["SUCCESS", "FAILURE", "UNSTABLE", "ABORTED"]), max_size=30)


def of_one_job(*results: str, everything: bool = False) -> list[int]:
    """The numbers that are told of these builds, counted from 1."""
    found = told({"api": list(enumerate(results, start=1))}, everything=everything)
    return sorted(number for _, number in found)


def test_the_first_failure_every_fifth_and_the_recovery_are_told() -> None:
    assert of_one_job("SUCCESS", *["FAILURE"] * 7, "SUCCESS", "SUCCESS") == [2, 7, 9]


def test_a_failure_of_another_kind_is_told_and_an_aborted_build_changes_nothing() -> None:
    assert of_one_job("UNSTABLE", "ABORTED", "UNSTABLE", "FAILURE", "ABORTED", "SUCCESS") == [1, 4, 6]


def test_everything_is_everything() -> None:
    assert of_one_job("SUCCESS", "ABORTED", "FAILURE", everything=True) == [1, 2, 3]


@given(ENDS)
def test_sparkops_tells_just_that(results: list[str]) -> None:
    past, wish, said = Past(), Wish(tells=Tells.CHANGES), []
    for number, name in enumerate(results, start=1):
        result = Result(name)
        change, past = past.change(result), past.after(number, result, 0.0)
        if wish.wants(change, result, past.failures):
            said.append(number)
    assert said == of_one_job(*results)


def test_a_bucket_is_as_full_as_the_most_messages_at_once_less_what_flowed_in() -> None:
    assert deepest([], 2.0) == 0.0
    assert deepest([100.0] * 30, 2.0) == 30.0
    assert deepest([100.0] * 30 + [102.0, 104.0, 106.0], 2.0) == 30.0
    assert deepest([100.0] * 30 + [101.0], 2.0) == 30.5
    assert deepest([10.0, 1000.0], 2.0) == 1.0


def test_the_most_within_a_minute_slides() -> None:
    assert most_within([0.0, 30.0, 59.0, 60.0, 89.0, 200.0], 60.0) == 4
