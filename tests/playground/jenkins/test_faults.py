"""Faults a test switches on for chosen requests."""

from __future__ import annotations

import pytest
import requests

from tests.playground.jenkins.running_jenkins import Jenkins


def test_a_status_once_for_one_method_and_path(server: Jenkins) -> None:
    server.control("faults", kind="status", status=502, method="POST", path="/job/*/buildWithParameters")
    assert server.get("job/api/api/json")["name"] == "api"
    assert server.post("job/api/buildWithParameters", BRANCH="main").status_code == 502
    assert server.post("job/api/buildWithParameters", BRANCH="main").status_code == 201


def test_a_slow_answer_is_still_an_answer(server: Jenkins) -> None:
    server.control("faults", kind="slow", seconds=30)
    with pytest.raises(requests.Timeout):
        server.call("GET", "api/json", timeout=0.3)
    assert server.call("GET", "api/json").status_code == 200
    server.control("faults", kind="slow", seconds=0.1)
    assert server.call("GET", "api/json").status_code == 200


def test_a_dropped_request_has_done_nothing(server: Jenkins) -> None:
    server.control("faults", kind="drop", method="POST")
    with pytest.raises(requests.ConnectionError):
        server.post("job/web/disable")
    assert server.get("job/web/api/json")["disabled"] is False


def test_a_lost_answer_has_done_its_work(server: Jenkins) -> None:
    server.control("faults", kind="lost_answer", method="POST")
    with pytest.raises(requests.ConnectionError):
        server.post("job/web/disable")
    assert server.get("job/web/api/json")["disabled"] is True


def test_a_fault_for_ever_until_it_is_cleared(server: Jenkins) -> None:
    server.control("faults", kind="html503", count=None)
    assert [server.call("GET", "api/json").status_code for _ in range(3)] == [503, 503, 503]
    assert requests.delete(f"{server.url}/playground/faults", timeout=30).json() == []
    assert server.call("GET", "api/json").status_code == 200


@pytest.mark.parametrize(
    ("path", "order", "problem"),
    [
        (
            "faults",
            {"kind": "flood"},
            "kind: Input should be 'status', 'slow', 'html503', 'drop' or 'lost_answer'",
        ),
        ("speed", {"speed": 0}, "speed: Input should be greater than 0"),
        ("jobs", {"name": "web"}, "adding web: there is one already; choose another name"),
        ("jobs", {"name": "no/where"}, "adding no/where: no is no folder; add it first"),
        ("hooks", {"uri": "x"}, "url: Field required"),
    ],
)
def test_a_bad_order_says_what_is_wrong(
    server: Jenkins, path: str, order: dict[str, object], problem: str
) -> None:
    answer = requests.post(f"{server.url}/playground/{path}", json=order, timeout=30)
    assert answer.status_code == 400
    assert problem in answer.json()["error"]


def test_injecting_into_a_job_that_is_not_there_lists_those_that_are(server: Jenkins) -> None:
    answer = requests.post(f"{server.url}/playground/builds", json={"job": "nope"}, timeout=30)
    assert answer.status_code == 404
    assert answer.json()["error"] == (
        "injecting a build of nope: the jobs are "
        "api, web, nightly-e2e, team/deploy, flaky, long-job, Ünïcode jöb"
    )
