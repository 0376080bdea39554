"""What a build's end means after those before it, and whether a room wants to hear it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.jenkins.model import Result
from integrations.jenkins.relay.noise import Change, Past
from integrations.jenkins.relay.wishes import Tells, Wish

OK, BAD, SHAKY, OFF, NOTHING = (
    Result.SUCCESS, Result.FAILURE, Result.UNSTABLE, Result.ABORTED, Result.NOT_BUILT,
)  # fmt: skip
RESULTS = st.sampled_from([*Result, None])


def story(*results: Result | None) -> tuple[list[Change], Past]:
    """What each of these ends meant, one a minute, and what is known after the last."""
    past, changes = Past(), []
    for number, result in enumerate(results, start=1):
        changes.append(past.change(result))
        past = past.after(number, result, number * 60.0)
    return changes, past


@pytest.mark.parametrize(
    ("results", "changes"),
    [
        ([OK, OK], ["succeeded", "succeeded"]),
        ([BAD], ["broke"]),
        ([OK, BAD, BAD, BAD, OK, OK], ["succeeded", "broke", "still", "still", "recovered", "succeeded"]),
        ([BAD, OFF, BAD], ["broke", "neither", "still"]),
        ([OK, OFF, OK], ["succeeded", "neither", "succeeded"]),
        ([BAD, NOTHING, OK], ["broke", "neither", "recovered"]),
        ([SHAKY, BAD, SHAKY, OK], ["broke", "changed", "changed", "recovered"]),
        ([BAD, None, OK], ["broke", "unknown", "recovered"]),
        ([None, OK], ["unknown", "succeeded"]),
    ],
)
def test_what_an_end_means(results: list[Result | None], changes: list[str]) -> None:
    assert story(*results)[0] == changes


def test_how_long_and_over_how_many_builds_it_is_broken() -> None:
    past = story(OK, OK, BAD, OFF, BAD, SHAKY)[1]
    assert past == Past(number=6, result=SHAKY, failures=3, since=180.0, first=3)


def test_a_success_clears_the_past() -> None:
    assert story(BAD, BAD, OK)[1] == Past(number=3, result=OK)


@given(st.lists(RESULTS, max_size=30))
def test_what_is_stored_is_what_was_known(results: list[Result | None]) -> None:
    past = story(*results)[1]
    assert Past.from_json(past.as_json()) == past


@given(st.lists(RESULTS, min_size=1, max_size=30))
def test_only_a_success_is_ever_told_as_one(results: list[Result | None]) -> None:
    for result, change in zip(results, story(*results)[0], strict=True):
        assert (change in (Change.SUCCEEDED, Change.RECOVERED)) == (result is Result.SUCCESS)


def told(wish: Wish, *results: Result | None) -> list[int]:
    """The numbers of the builds that are told."""
    past, numbers = Past(), []
    for number, result in enumerate(results, start=1):
        change, past = past.change(result), past.after(number, result, 0.0)
        if wish.wants(change, result, past.failures):
            numbers.append(number)
    return numbers


LONG = (OK, BAD, BAD, BAD, BAD, BAD, BAD, OFF, BAD, OK, OK)


@pytest.mark.parametrize(
    ("wish", "numbers"),
    [
        (Wish(), [2, 7, 10]),
        (Wish(every=1), [2, 3, 4, 5, 6, 7, 9, 10]),
        (Wish(every=3), [2, 5, 9, 10]),
        (Wish(tells=Tells.FAILURES), [2, 3, 4, 5, 6, 7, 9, 10]),
        (Wish(tells=Tells.ALL), list(range(1, 12))),
        (Wish(tells=Tells.ALL, results=(OFF,)), [8]),
        (Wish(results=(OK,)), [10]),
    ],
)
def test_what_a_room_hears_of_a_long_failure(wish: Wish, numbers: list[int]) -> None:
    assert told(wish, *LONG) == numbers


def test_an_end_without_a_result_is_told_by_every_wish() -> None:
    assert [told(Wish(tells=each), OK, None) for each in Tells] == [[2], [2], [1, 2]]


@pytest.mark.parametrize(
    ("globs", "job", "branch", "meant"),
    [
        ((), "api", "main", True),
        (("main",), "api", "main", True),
        (("main",), "api", "topic", False),
        (("MAIN", "rel/*"), "api", "main", True),
        (("rel/*",), "api", "rel/1.2", True),
        (("feature/*",), "mb/feature%2Flogin", "", True),
        (("main",), "mb/feature%2Flogin", "", False),
    ],
)
def test_a_wish_may_be_about_branches(globs: tuple[str, ...], job: str, branch: str, meant: bool) -> None:
    assert Wish(branches=globs).is_about_branch(job, branch) is meant


def test_a_wish_may_be_about_people() -> None:
    wish = Wish(people=("ada@example.com", "b*"))
    assert wish.is_about_people(["Ada", "ADA@example.com"])
    assert wish.is_about_people(["bob"])
    assert not wish.is_about_people(["carol", ""])
    assert Wish().is_about_people([])


def test_options_are_stored_without_what_is_as_usual() -> None:
    assert Wish().options() == {}
    wish = Wish(tells=Tells.ALL, branches=("main",), results=(BAD,), every=2)
    assert wish.options() == {"tells": "all", "branches": ["main"], "results": ["FAILURE"], "every": 2}
    assert Wish.model_validate(wish.options()) == wish
