"""Logs of a hundred megabytes, and artifacts as big: read from the end, as a stream, by range."""

from __future__ import annotations

import hashlib

import pytest

from tests.playground.jenkins.running_jenkins import Jenkins, eventually
from tests.playground.jenkins.shapes import differences, recorded

LOG = "job/web/6/logText/progressiveText"


@pytest.fixture
def big(server: Jenkins) -> Jenkins:
    """A server where web #6 has a log of a hundred megabytes with two lines to look for."""
    server.control(
        "builds",
        job="web",
        log="+ make world",
        log_megabytes=100,
        log_seed=3,
        log_lines={"10": "WARNING: slow disk", "999990": "ERROR: the disk is full"},
        result="FAILURE",
    )
    return server


def size_of(server: Jenkins) -> int:
    """The size a HEAD tells."""
    return int(server.call("HEAD", LOG).headers["X-Text-Size"])


def test_the_end_of_a_long_log_is_read_by_its_offset(big: Jenkins) -> None:
    size = size_of(big)
    assert 100_000_000 < size < 100_010_000
    tail = big.call("GET", LOG, params={"start": size - 20_000})
    assert tail.headers["X-Text-Size"] == str(size)
    lines = tail.text.split("\r\n")
    assert "ERROR: the disk is full" in lines
    assert lines[-3:] == ["Build step 'Execute shell' marked build as failure", "Finished: FAILURE", ""]
    assert len(tail.content) == 20_000 + len(lines) - 1


def test_its_head_is_as_of_any_log(big: Jenkins) -> None:
    with big.call("GET", "job/web/6/consoleText", stream=True) as answer:
        head = next(answer.iter_content(4_000)).decode()
    assert head.startswith("Started by an SCM change\nRunning as SYSTEM\n")
    assert "+ make world\n0000000000 [" in head
    assert "\n0000000009 " in head and "\nWARNING: slow disk\n0000000011 " in head


def test_all_of_it_streams(big: Jenkins) -> None:
    length = lines = 0
    with big.call("GET", "job/web/6/consoleText", stream=True) as answer:
        for block in answer.iter_content(1 << 20):
            length, lines = length + len(block), lines + block.count(b"\n")
    assert lines == 1_000_000 + 7
    assert length == size_of(big)


def test_a_start_past_the_end_gives_it_all_again_and_ranges_are_ignored(big: Jenkins) -> None:
    beyond = {"start": size_of(big) + 1}
    with big.call("GET", LOG, params=beyond, headers={"Range": "bytes=0-9"}, stream=True) as answer:
        first = next(answer.iter_content(100))
    assert answer.status_code == 200
    assert first.startswith(b"Started by an SCM change\r\n")


def test_a_job_can_print_a_long_log_while_it_runs(server: Jenkins) -> None:
    job = server.job("chatty", kind="pipeline", seconds=1, log_megabytes=2, stubborn=True)
    number = server.build(job)
    eventually(lambda: "Cleaning up" in server.log(job, number), "the long output")
    answer = server.call("GET", f"{job}/{number}/logText/progressiveText", params={"start": 1_900_000})
    assert answer.headers["X-More-Data"] == "true"
    assert int(answer.headers["X-Text-Size"]) > 2_000_000
    server.post(f"{job}/{number}/kill")
    server.finished(job, number)


def test_notifications_bring_the_end_of_it_and_pages_too(big: Jenkins) -> None:
    page = big.call("GET", "job/web/6/console").text
    assert "ERROR: the disk is full" in page and len(page) < 300_000


def test_artifacts_are_listed_as_a_real_jenkins_does(server: Jenkins) -> None:
    files = [{"path": "dist/app.txt", "content": "app"}, {"path": "dist/image.bin", "megabytes": 30}]
    server.control("builds", job="flaky", artifacts=files)
    listed = server.get("job/flaky/7/api/json")["artifacts"]
    assert differences(recorded("build_info_pipeline_done")["artifacts"], listed) == []
    assert listed[1] == {
        "displayPath": "image.bin",
        "fileName": "image.bin",
        "relativePath": "dist/image.bin",
    }
    described = server.get("job/flaky/7/wfapi/artifacts")
    assert differences(recorded("wfapi_artifacts"), described) == []
    assert [entry["size"] for entry in described] == [3, 30_000_000]
    assert server.call("GET", "job/flaky/7/artifact/dist/app.txt").text == "app"
    assert server.call("GET", "job/flaky/7/artifact/dist/none.txt").status_code == 404


def test_a_big_artifact_streams_and_parts_of_it_can_be_had(server: Jenkins) -> None:
    server.control("builds", job="web", artifacts=[{"path": "image.bin", "megabytes": 50, "seed": 5}])
    path = "job/web/6/artifact/image.bin"
    assert server.call("HEAD", path).headers["Content-Length"] == "50000000"
    digest, last = hashlib.sha256(), b""
    with server.call("GET", path, stream=True) as answer:
        for block in answer.iter_content(1 << 20):
            digest.update(block)
            last = (last + block)[-1_000:]
    part = server.call("GET", path, headers={"Range": "bytes=49999000-"})
    assert (part.status_code, part.content) == (206, last)
    assert part.headers["Content-Range"] == "bytes 49999000-49999999/50000000"
    again = server.call("GET", path)
    assert hashlib.sha256(again.content).digest() == digest.digest()
