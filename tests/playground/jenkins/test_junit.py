"""Test reports over several builds: what is new, what is fixed, since when something fails."""

from __future__ import annotations

from typing import Any

import pytest

from playground.jenkins.junit_beans import case_status
from playground.jenkins.script import CaseResult, CaseStatus
from tests.playground.jenkins.running_jenkins import Jenkins

Row = tuple[str, int, int]


def run(server: Jenkins, job: str, *cases: tuple[str, str], **order: Any) -> None:
    """A build of a job whose cases came out so."""
    tests = [{"class_name": "acme.LoginTest", "name": name, "status": status} for name, status in cases]
    server.control("builds", job=job, tests=tests, **order)


def rows(server: Jenkins, job: str, number: int) -> dict[str, Row]:
    """Status, age and failedSince of every case of a build."""
    report = server.get(f"job/{job}/{number}/testReport/api/json")
    return {
        case["name"]: (case["status"], case["age"], case["failedSince"])
        for suite in report["suites"]
        for case in suite["cases"]
    }


@pytest.mark.parametrize("kind", ["freestyle", "pipeline"])
def test_a_case_over_its_history(server: Jenkins, kind: str) -> None:
    server.job("tested", kind=kind)
    for status in ("PASSED", "FAILED", "FAILED", "PASSED", "PASSED", "SKIPPED", "PASSED", "FAILED"):
        run(server, "tested", ("logs_in", status))
    assert [rows(server, "tested", number)["logs_in"] for number in range(1, 9)] == [
        ("PASSED", 0, 0),
        ("REGRESSION", 1, 2),
        ("FAILED", 2, 2),
        ("FIXED", 0, 0),
        ("PASSED", 0, 0),
        ("SKIPPED", 7, 0),
        ("FIXED", 0, 0),
        ("REGRESSION", 1, 8),
    ]


def test_a_new_case_that_fails_is_no_regression(server: Jenkins) -> None:
    server.job("tested")
    run(server, "tested", ("old", "PASSED"))
    run(server, "tested", ("old", "PASSED"), ("new", "FAILED"))
    assert rows(server, "tested", 2) == {"old": ("PASSED", 0, 0), "new": ("FAILED", 1, 2)}


def test_a_build_without_a_report_does_not_break_the_row(server: Jenkins) -> None:
    server.job("tested")
    run(server, "tested", ("logs_in", "FAILED"))
    server.control("builds", job="tested", result="FAILURE")
    run(server, "tested", ("logs_in", "FAILED"))
    assert rows(server, "tested", 3)["logs_in"] == ("FAILED", 3, 1)
    assert server.call("GET", "job/tested/2/testReport/api/json").status_code == 404


def test_cases_stand_in_a_suite_for_each_class_with_what_broke_them(server: Jenkins) -> None:
    server.job("tested")
    server.control(
        "builds",
        job="tested",
        tests=[
            {"class_name": "acme.A", "name": "one", "seconds": 0.25},
            {"class_name": "acme.B", "name": "two", "status": "FAILED", "error": "boom", "trace": "at B:7"},
            {"class_name": "acme.A", "name": "three", "seconds": 0.5},
        ],
    )
    report = server.get("job/tested/1/testReport/api/json")
    assert [(suite["name"], suite["duration"], len(suite["cases"])) for suite in report["suites"]] == [
        ("acme.A", 0.75, 2),
        ("acme.B", 0.1, 1),
    ]
    broken = report["suites"][1]["cases"][0]
    assert (broken["errorDetails"], broken["errorStackTrace"]) == ("boom", "at B:7")
    assert (report["failCount"], report["passCount"], report["skipCount"]) == (1, 2, 0)


@pytest.mark.parametrize(
    ("before", "now", "status"),
    [
        (None, "FAILED", "FAILED"),
        (None, "PASSED", "PASSED"),
        ("PASSED", "FAILED", "REGRESSION"),
        ("FAILED", "FAILED", "FAILED"),
        ("FAILED", "PASSED", "FIXED"),
        ("SKIPPED", "PASSED", "FIXED"),
        ("SKIPPED", "FAILED", "FAILED"),
        ("PASSED", "SKIPPED", "SKIPPED"),
    ],
)
def test_the_status_beside_the_report_before(before: CaseStatus | None, now: CaseStatus, status: str) -> None:
    earlier = None if before is None else CaseResult("acme.A", "one", before)
    assert case_status(CaseResult("acme.A", "one", now), earlier) == status
