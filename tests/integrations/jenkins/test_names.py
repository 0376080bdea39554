"""A job may be named loosely, and never wrongly."""

from __future__ import annotations

import pytest

from integrations.jenkins.names import NoSuchJob, find_name

JOBS = ("api", "web", "team/deploy", "team/api-tests", "other/deploy", "shop/build", "mb/feature%2Flogin")


def likely(typed: str) -> tuple[str, ...]:
    with pytest.raises(NoSuchJob) as caught:
        find_name(typed, JOBS)
    return caught.value.likely


@pytest.mark.parametrize(
    ("typed", "means"),
    [
        ("api", "api"),
        ("API", "api"),
        ("team/deploy", "team/deploy"),
        ("/team/deploy/", "team/deploy"),
        ("api-tests", "team/api-tests"),
        ("build", "shop/build"),
        ("mb/feature/login", "mb/feature%2Flogin"),
        ("feature/login", "mb/feature%2Flogin"),
        ("mb/feature%2Flogin", "mb/feature%2Flogin"),
    ],
)
def test_a_name_or_its_unique_ending_finds_the_job(typed: str, means: str) -> None:
    assert find_name(typed, JOBS) == means


def test_an_ending_that_two_jobs_share_is_asked_about() -> None:
    with pytest.raises(NoSuchJob) as caught:
        find_name("deploy", JOBS)
    assert caught.value.ambiguous
    assert caught.value.likely == ("team/deploy", "other/deploy")


def test_an_ending_within_a_word_is_not_taken_for_the_job_but_asked_about() -> None:
    assert likely("tests") == ("team/api-tests",)


def test_a_mistyped_name_finds_what_is_near() -> None:
    assert likely("team/deplyo")[0] == "team/deploy"
    assert likely("aip")[0] == "api"


def test_a_folder_s_name_finds_what_is_in_it() -> None:
    assert likely("team") == ("team/deploy", "team/api-tests")


def test_nothing_near_is_nothing() -> None:
    assert likely("zzzzzz") == ()
