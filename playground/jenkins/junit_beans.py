"""Test reports as exported beans: what failed, since when, and what is new about it. Pure.

Rules: hudson.tasks.junit.CaseResult (getStatus, getFailedSince, getAge) of the JUnit plugin.
"""

from __future__ import annotations

from collections.abc import Iterator

from playground.jenkins.script import CaseResult
from playground.jenkins.tree import Bean, Value, bean
from playground.jenkins.world import Build, TestResults

_ALWAYS = 999


def report_bean(build: Build) -> Bean | None:
    """`testReport/api/json`, or None when the build archived no tests."""
    tests = build.tests
    if tests is None:
        return None
    rows = dict(failure_rows(build))
    before = _previous_cases(build)
    suites: dict[str, list[Value]] = {}
    seconds: dict[str, float] = {}
    for case in tests.cases:
        shown = _case(case, before.get(case.key), rows.get(case.key, 0), build.number)
        suites.setdefault(case.class_name, []).append(shown)
        seconds[case.class_name] = seconds.get(case.class_name, 0.0) + case.seconds
    described: list[Value] = [_suite(tests, name, cases, seconds[name]) for name, cases in suites.items()]
    return bean(
        "hudson.tasks.junit.TestResult",
        _ALWAYS,
        testActions=[],
        duration=round(sum(seconds.values()), 3),
        empty=not tests.cases,
        failCount=tests.count("FAILED"),
        passCount=tests.count("PASSED"),
        skipCount=tests.count("SKIPPED"),
        suites=described,
    )


def failure_rows(build: Build) -> Iterator[tuple[tuple[str, str], int]]:
    """For every failed case of a build the number of the first build of its unbroken row of failures.

    Builds without a report do not break a row.
    """
    open_rows = (
        {case.key: build.number for case in build.tests.cases if case.status == "FAILED"}
        if build.tests
        else {}
    )
    earlier = build.previous()
    while open_rows and earlier is not None:
        if earlier.tests is not None:
            failed = {case.key for case in earlier.tests.cases if case.status == "FAILED"}
            yield from ((key, since) for key, since in open_rows.items() if key not in failed)
            open_rows = {key: earlier.number for key in open_rows if key in failed}
        earlier = earlier.previous()
    yield from open_rows.items()


def _previous_cases(build: Build) -> dict[tuple[str, str], CaseResult]:
    """The cases of the last report before this build's."""
    earlier = build.previous()
    while earlier is not None and earlier.tests is None:
        earlier = earlier.previous()
    return {case.key: case for case in earlier.tests.cases} if earlier and earlier.tests else {}


def case_status(case: CaseResult, before: CaseResult | None) -> str:
    """A case beside the same case of the report before: REGRESSION when it newly fails, FIXED when no more.

    A case that was skipped before counts as not passed, so its pass is a FIXED.
    """
    if case.status == "SKIPPED" or before is None:
        return case.status
    if before.status == "PASSED":
        return "PASSED" if case.status == "PASSED" else "REGRESSION"
    return "FIXED" if case.status == "PASSED" else "FAILED"


def _suite(tests: TestResults, name: str, cases: list[Value], seconds: float) -> Bean:
    return bean(
        None,
        _ALWAYS,
        cases=cases,
        duration=round(seconds, 3),
        enclosingBlockNames=[tests.stage_name] if tests.stage_name else [],
        enclosingBlocks=[tests.stage_id] if tests.stage_id else [],
        id=None,
        name=name,
        nodeId=tests.node_id,
        stderr=None,
        stdout=None,
        timestamp=None,
    )


def _case(case: CaseResult, before: CaseResult | None, since: int, number: int) -> Bean:
    return bean(
        None,
        _ALWAYS,
        testActions=[],
        # A skipped case has no failedSince and so seems older than its job (measured).
        age=0 if case.status == "PASSED" else number - since + 1,
        className=case.class_name,
        duration=case.seconds,
        errorDetails=case.error_details,
        errorStackTrace=case.error_stack_trace,
        failedSince=since,
        name=case.name,
        skipped=case.status == "SKIPPED",
        skippedMessage="" if case.status == "SKIPPED" else None,
        status=case_status(case, before),
        stderr=None,
        stdout=None,
    )
