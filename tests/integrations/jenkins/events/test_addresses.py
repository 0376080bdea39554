"""Jobs and builds by their addresses: folders, views, context paths, branches."""

from __future__ import annotations

import pytest

from bot.integration import UnreadableEvent
from integrations.jenkins.events.addresses import absolute, build_in, job_in


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("job/api/", "api"),
        ("job/team/job/api", "team/api"),
        ("job/mb/job/feature%252Fx/", "mb/feature%2Fx"),
        ("job/mb/job/feature%2Fx/", "mb/feature%2Fx"),
        ("job/with%20blank/", "with blank"),
        ("job/%E6%97%A5%E6%9C%AC/", "日本"),
        ("view/all/job/api/", "api"),
        ("view/job/job/api/", "api"),
        ("job/team/view/by%20state/view/red/job/api/", "team/api"),
        ("https://jenkins.example.com/ci/job/team/job/api/", "team/api"),
        ("https://jenkins.example.com/job/api/?page=2#top", "api"),
        ("job/job/", "job"),
        ("job/job/job/job/", "job/job"),
    ],
)
def test_a_job_s_full_name_is_read_from_its_address(path: str, name: str) -> None:
    assert job_in(path) == name


@pytest.mark.parametrize(
    "path", ["", "job/", "jobs/api", "job/a/b/c", "job/api/142/", "view/all/", "http://[", "job/a/job"]
)
def test_an_address_that_is_no_job_s_is_refused(path: str) -> None:
    with pytest.raises(UnreadableEvent, match="is no job's: it must read like"):
        job_in(path)


@pytest.mark.parametrize(
    ("path", "build"),
    [
        ("https://jenkins.example.com/ci/job/team/job/api/142/", ("team/api", 142)),
        ("job/mb/job/feature%252Fx/7/display/redirect", ("mb/feature%2Fx", 7)),
        ("https://jenkins.example.com/view/all/job/api/7/console", ("api", 7)),
        ("job/2024/12/", ("2024", 12)),
    ],
)
def test_a_build_is_read_from_any_address_of_it(path: str, build: tuple[str, int]) -> None:
    assert build_in(path) == build


@pytest.mark.parametrize(
    "path",
    ["", "job/api/", "job/api/lastBuild/", "142/", "job/api/0/", "job/api/١٤٢/", "job/api/99999999999/"],
)
def test_an_address_that_is_no_build_s_is_refused(path: str) -> None:
    with pytest.raises(UnreadableEvent, match="is no build's: it must read like"):
        build_in(path)


def test_a_long_address_is_not_repeated_in_full() -> None:
    with pytest.raises(UnreadableEvent) as caught:
        job_in("x" * 100_000 + "\ud800")
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("root", "address", "whole"),
    [
        ("https://ci.example.net/jenkins/", "job/api/1/", "https://ci.example.net/jenkins/job/api/1/"),
        ("https://ci.example.net/jenkins", "job/api/1/", "https://ci.example.net/jenkins/job/api/1/"),
        (
            "https://ci.example.net/",
            "https://other.example.net/job/a/1/",
            "https://other.example.net/job/a/1/",
        ),
        ("", "job/api/1/", "job/api/1/"),
        ("https://ci.example.net/", "", ""),
        ("https://ci.example.net/", "http://[", "http://["),
    ],
)
def test_an_address_is_made_absolute_where_a_root_is_known(root: str, address: str, whole: str) -> None:
    assert absolute(root, address) == whole
