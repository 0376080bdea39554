"""Artifacts: found by path, name or glob; fetched as a stream, and not beyond what a room takes."""

from __future__ import annotations

import itertools

import pytest

from integrations.jenkins.artifacts import Artifact, TooLarge, artifacts, chosen, fetch, sizes
from integrations.jenkins.client import JenkinsClient
from integrations.jenkins.errors import BadAnswer, NotFound, Starting, Unauthorized, Unreachable
from integrations.jenkins.render import reports as shown
from tests.integrations.jenkins.canned import Canned
from tests.integrations.jenkins.console_server import console_server
from tests.playground.jenkins.running_jenkins import Jenkins

FILES = tuple(
    Artifact(relativePath=path) for path in ("dist/api.zip", "dist/web.zip", "docs/api.zip", "über [x].txt")
)


@pytest.mark.parametrize(
    ("typed", "paths"),
    [
        ("dist/api.zip", ["dist/api.zip"]),
        ("web.zip", ["dist/web.zip"]),
        ("api.zip", ["dist/api.zip", "docs/api.zip"]),
        ("d*/*.zip", ["dist/api.zip", "dist/web.zip", "docs/api.zip"]),
        ("über [x].txt", ["über [x].txt"]),
        ("*.txt", ["über [x].txt"]),
        ("nothing", []),
    ],
)
def test_which_file_is_meant(typed: str, paths: list[str]) -> None:
    assert [each.path for each in chosen(FILES, typed)] == paths


def test_a_pipelines_files_have_sizes_and_a_freestyle_jobs_have_none(client: JenkinsClient) -> None:
    assert artifacts(client, "api", 5) == (Artifact(relativePath="dist/api-1.4.5.tar.gz", size=25),)
    assert artifacts(client, "web", 5) == (Artifact(relativePath="dist/web.zip"),)


def test_recorded_sizes_are_read(canned: Canned) -> None:
    canned.answers("wfapi_artifacts")
    assert sizes(canned.client(), "team/pipe", 1) == {"dist/app.txt": 3}


def test_without_the_stage_view_plugin_there_are_no_sizes(server: Jenkins, client: JenkinsClient) -> None:
    server.control("faults", kind="status", status=404, path="*/wfapi/artifacts", count=1)
    assert artifacts(client, "api", 5) == (Artifact(relativePath="dist/api-1.4.5.tar.gz"),)


def test_a_file_is_fetched(client: JenkinsClient) -> None:
    assert fetch(client, "web", 5, "dist/web.zip") == b"PK\x05\x06" + bytes(18)


def test_a_file_that_is_too_large_is_not_begun_where_jenkins_tells_its_size(client: JenkinsClient) -> None:
    with pytest.raises(TooLarge) as caught:
        fetch(client, "web", 5, "dist/web.zip", most=10)
    assert caught.value.size == 22


def test_a_file_whose_size_is_not_told_is_left_as_soon_as_it_is_too_large() -> None:
    with console_server() as server:
        server.raw, server.packed = b"x" * 1_000_000, True
        with pytest.raises(TooLarge) as caught:
            fetch(server.client(), "web", 5, "consoleText", most=100_000)
    assert caught.value.size is None


def test_a_file_that_drips_in_is_not_waited_for() -> None:
    ticks = itertools.count(0.0, 40.0)
    with console_server() as server:
        server.raw, server.drip = b"x" * 2_000, (200, 0.01)
        with pytest.raises(Unreachable, match="Fetching consoleText of web #5: it did not come within 60 s"):
            fetch(server.client(), "web", 5, "consoleText", clock=lambda: next(ticks))


def test_what_is_too_large_is_linked() -> None:
    told = shown.too_large("team/api", 3, Artifact(relativePath="a b.iso"), 2_500_000_000, "https://jenkins/")
    assert told == (
        "`a b.iso` of **team/api** #3 has 2,500.0 MB; Webex takes 100.0 MB. "
        "[Fetch it](https://jenkins/job/team/job/api/3/artifact/a%20b.iso) in Jenkins."
    )


def test_faults_are_told_by_kind(server: Jenkins, client: JenkinsClient, canned: Canned) -> None:
    with pytest.raises(NotFound):
        artifacts(client, "web", 99)
    with pytest.raises(NotFound):
        fetch(client, "web", 5, "nothing")
    with pytest.raises(Unauthorized):
        fetch(JenkinsClient(server.url, "sparkops", "wrong"), "web", 5, "dist/web.zip")
    server.control("faults", kind="html503", path="*", count=None)
    with pytest.raises(Starting):
        fetch(client, "web", 5, "dist/web.zip")
    canned.say(200, '{"artifacts": [{}]}')
    with pytest.raises(BadAnswer):
        artifacts(canned.client(), "web", 5)
    with console_server() as broken:
        broken.raw, broken.breaks_off = b"half", True
        with pytest.raises(Unreachable, match="the connection to Jenkins broke"):
            fetch(broken.client(), "web", 5, "consoleText")
