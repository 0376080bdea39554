"""A build's log is read from its end or as a whole, in little memory and bounded time."""

from __future__ import annotations

import itertools
import json
import tracemalloc
from collections.abc import Iterator

import pytest
import requests

from integrations.jenkins.client import JenkinsClient
from integrations.jenkins.errors import BadAnswer, JenkinsError, NotFound, Starting, Unauthorized, Unreachable
from integrations.jenkins.logs import Bounds, BuildLog, Stopped
from integrations.jenkins.model import Stage
from integrations.jenkins.search import Pattern, Wanted
from tests.integrations.jenkins.canned import Canned, recorded
from tests.integrations.jenkins.console_server import NOTE, Console, console_server
from tests.playground.jenkins.running_jenkins import Jenkins

PLENTY = Bounds(bytes=1_000_000_000)


@pytest.fixture
def console() -> Iterator[Console]:
    """A server with one log."""
    with console_server() as server:
        yield server


def log_of(console: Console) -> BuildLog:
    return BuildLog(console.client(), "team/api", 7)


def numbered(count: int, note: bytes = b"") -> bytes:
    return b"".join(b"%sline %d of the log\n" % (note, number) for number in range(1, count + 1))


# --- the end of it


def test_a_short_log_is_read_whole(console: Console) -> None:
    console.raw = b"one\n\x1b[31mtwo\x1b[0m\nthree"
    tail = log_of(console).tail(40)
    assert (tail.lines, tail.whole, tail.running) == (("one", "two", "three"), True, False)
    assert tail.size == len(console.raw)
    assert console.asked == [
        "HEAD /job/team/job/api/7/logText/progressiveText?start=0",
        "GET /job/team/job/api/7/logText/progressiveText?start=0",
    ]


def test_of_a_long_log_only_the_end_is_asked_for(console: Console) -> None:
    console.raw = numbered(100_000)
    tail = log_of(console).tail(2)
    assert (tail.lines, tail.whole) == (("line 99999 of the log", "line 100000 of the log"), False)
    assert console.asked[1:] == [
        f"GET /job/team/job/api/7/logText/progressiveText?start={len(console.raw) - 65536}"
    ], "never beyond the end, which would give all of it"


def test_an_offset_inside_a_hidden_note_shows_nothing_of_it(console: Console) -> None:
    console.raw = numbered(2_000, NOTE)
    tail = log_of(console).tail(100)
    assert len(tail.lines) == 100
    assert all(line.startswith("line ") for line in tail.lines)


def test_where_lines_are_long_more_is_asked_for(console: Console) -> None:
    console.raw = numbered(3) + b"x" * 300_000 + b"\nlast\n"
    tail = log_of(console).tail(4)
    assert [len(line) for line in tail.lines] == [
        len("line 2 of the log"),
        len("line 3 of the log"),
        16_384,
        4,
    ]
    assert len(console.asked) == 3


def test_a_log_that_shrank_meanwhile_is_read_as_it_is(console: Console) -> None:
    console.raw, console.shrinks_to = numbered(20_000), b"first\nsecond\n"
    assert log_of(console).tail(5).lines == ("first", "second")


def test_a_running_build_is_told_as_such(console: Console) -> None:
    console.raw, console.running = b"tick 1\n", True
    assert log_of(console).tail(5).running


def test_an_empty_log_has_no_lines(console: Console) -> None:
    assert log_of(console).tail(5).lines == ()


def test_a_packed_answer_is_unpacked(console: Console) -> None:
    console.raw, console.packed = numbered(50_000), True
    assert log_of(console).tail(1).lines == ("line 50000 of the log",)


# --- all of it


def test_a_search_goes_through_all_of_it(console: Console) -> None:
    console.raw = numbered(10_000, NOTE)
    found = log_of(console).grep(Pattern("line 5000 "), Wanted(around=1), PLENTY)
    assert [(line.number, line.text, line.hit) for line in found.lines] == [
        (4999, "line 4999 of the log", False),
        (5000, "line 5000 of the log", True),
        (5001, "line 5001 of the log", False),
    ]
    assert (found.hits, found.looked_at, found.read, found.stopped) == (1, 10_000, len(console.plain()), None)


def test_the_last_line_needs_no_end_to_be_found(console: Console) -> None:
    console.raw = b"one\nFinished: FAILURE"
    assert log_of(console).grep(Pattern("failure"), Wanted(), PLENTY).hits == 1


def test_a_search_stops_at_its_bytes_and_says_how_far_it_came(console: Console) -> None:
    console.raw = numbered(100_000)
    found = log_of(console).grep(Pattern("line"), Wanted(), Bounds(bytes=100_000))
    assert found.stopped is Stopped.BYTES
    assert 100_000 <= found.read <= 100_000 + 65_536
    assert 0 < found.hits < 100_000


def test_a_search_stops_when_its_time_is_up(console: Console) -> None:
    console.raw, console.drip = numbered(1_000), (200, 0.01)
    ticks = itertools.count(0.0, 4.0)
    log = BuildLog(console.client(), "api", 1, clock=lambda: next(ticks))
    found = log.grep(Pattern("line"), Wanted(), PLENTY)
    assert found.stopped is Stopped.TIME
    assert 0 < found.read < 2_000


def test_an_end_that_drips_in_is_an_error_that_says_so(console: Console) -> None:
    console.raw, console.drip = numbered(1_000), (200, 0.01)
    ticks = itertools.count(0.0, 4.0)
    log = BuildLog(console.client(), "api", 1, clock=lambda: next(ticks))
    with pytest.raises(Unreachable, match="Reading the log of api #1: it did not come within 15 s"):
        log.tail(5)


def test_a_long_log_takes_no_memory(server: Jenkins, client: JenkinsClient) -> None:
    server.control("builds", job="web", log="+ make", log_megabytes=20, log_lines={"190000": "ERROR"})
    log = BuildLog(client, "web", 6)
    log.tail(1)
    tracemalloc.start()
    assert len(log.tail(40).lines) == 40
    assert log.grep(Pattern("ERROR"), Wanted(), PLENTY).hits == 1
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000_000


# --- when something is wrong


def test_an_answer_without_a_size_is_not_from_jenkins(console: Console) -> None:
    console.raw, console.tells_size = b"<html>", False
    with pytest.raises(BadAnswer, match="does not say how long the log is"):
        log_of(console).tail(5)


def test_a_log_that_breaks_off_is_an_error(console: Console) -> None:
    console.raw, console.breaks_off = numbered(10), True
    with pytest.raises(Unreachable, match="the connection to Jenkins broke"):
        log_of(console).grep(Pattern("line"), Wanted(), PLENTY)


def test_faults_are_told_by_kind(server: Jenkins, client: JenkinsClient) -> None:
    def both(log: BuildLog, error: type[JenkinsError]) -> None:
        with pytest.raises(error):
            log.tail(5)
        with pytest.raises(error):
            log.grep(Pattern("x"), Wanted(), PLENTY)

    both(BuildLog(client, "web", 99), NotFound)
    both(BuildLog(JenkinsClient(server.url, "sparkops", "wrong"), "web", 1), Unauthorized)
    server.control("faults", kind="html503", path="*", count=None)
    both(BuildLog(client, "web", 1), Starting)
    requests.delete(f"{server.url}/playground/faults", timeout=20)
    server.control("faults", kind="slow", path="*", seconds=3, count=None)
    impatient = JenkinsClient(server.url, "sparkops", server.secret, timeout=0.3)
    both(BuildLog(impatient, "web", 1), Unreachable)


def test_a_login_page_before_jenkins_is_not_followed(canned: Canned) -> None:
    canned.say(302, "", {"Location": "https://login.example.com/?secret=1"})
    with pytest.raises(BadAnswer, match=r"sent me on to https://login\.example\.com/\. "):
        BuildLog(canned.client(), "api", 1).grep(Pattern("x"), Wanted(), PLENTY)


# --- one stage


def test_a_stage_is_the_output_of_its_steps(client: JenkinsClient) -> None:
    build = next(each for each in client.stages("api", 3) if each.name == "Build")
    (step,) = BuildLog(client, "api", 3).steps(build)
    assert (step.name, step.about, step.cut) == ("Shell Script", "make build", False)
    assert step.lines == (
        "+ make build",
        "src/login.py:12: error: name 'sesion' is not defined",
        "make: *** [build] Error 1",
    )


def test_the_recorded_stage_and_log_are_read(canned: Canned) -> None:
    both = {**recorded("wfapi_stage_describe"), **recorded("wfapi_node_log")}
    canned.say(200, json.dumps(both))
    steps = BuildLog(canned.client(), "team/pipe", 1).steps(Stage(id="11", name="Test", status="SUCCESS"))
    assert [(each.name, each.lines) for each in steps] == [
        ("Shell Script", ("+ cat",)),
        ("Print Message", ("+ cat",)),
        ("Archive JUnit-formatted test results", ("+ cat",)),
    ]
    assert [path for _, path, _ in canned.asked][:2] == [
        "/job/team/job/pipe/1/execution/node/11/wfapi/describe",
        "/job/team/job/pipe/1/execution/node/16/wfapi/log",
    ]


def test_the_text_of_a_step_is_made_for_a_page_and_read_back(canned: Canned) -> None:
    canned.say(
        200,
        '{"stageFlowNodes":[{"id":"16","name":"Shell Script","_links":{"log":{"href":"x"}}}],'
        '"text":"&lt;b&gt; <a href=\\"y\\">link</a> &amp; <span class=\\"k\\">red</span>\\n","hasMore":true}',
    )
    stage = Stage(id="11", name="Build", status="SUCCESS")
    (step,) = BuildLog(canned.client(), "api", 1).steps(stage)
    assert (step.lines, step.cut) == (("<b> link & red",), True)
