"""A test is flaky that changed between pass and fail at least twice in the last 20 known builds."""

from __future__ import annotations

import random

from integrations.jenkins.history import FlakyTest, KnownTest, flaky_tests


def rows(name: str, went: str, first: int = 1) -> list[KnownTest]:
    """`+` passed, `-` failed, `.` not known in that build."""
    return [KnownTest(number, name, each == "+") for number, each in enumerate(went, first) if each in "+-"]


def test_broken_and_not_repaired_is_not_flaky() -> None:
    assert flaky_tests(rows("a", "+++---")) == ()
    assert flaky_tests(rows("a", "---+++")) == ()


def test_back_and_forth_is_flaky() -> None:
    assert flaky_tests(rows("a", "++-++")) == (FlakyTest("a", changes=2, builds=5),)


def test_builds_where_it_was_skipped_or_missing_change_nothing() -> None:
    assert flaky_tests(rows("a", "+.-.+")) == (FlakyTest("a", changes=2, builds=3),)
    assert flaky_tests(rows("a", "+...+")) == ()


def test_only_the_last_twenty_known_builds_count() -> None:
    old = rows("a", "+-+-+-" + "+" * 20)
    assert flaky_tests(old) == ()
    assert flaky_tests(rows("a", "-+" + "+" * 18 + "-")) == (), "the build that failed first is the 21st"


def test_builds_are_counted_by_the_job_and_not_by_the_test() -> None:
    """A test that is only in old builds is judged by none of them."""
    assert flaky_tests([*rows("gone", "+-+-"), *rows("a", "+" * 20, first=5)]) == ()


def test_the_order_of_rows_makes_no_difference_and_the_worst_come_first() -> None:
    given = [*rows("b", "+-+"), *rows("a", "+-+"), *rows("c", "+-+-+")]
    random.Random(7).shuffle(given)
    assert [each.name for each in flaky_tests(given)] == ["c", "a", "b"]


def test_of_two_rows_for_one_build_the_later_counts() -> None:
    """A report that is read again after a retry."""
    assert flaky_tests([*rows("a", "+-+"), KnownTest(2, "a", True)]) == ()
