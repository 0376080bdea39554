"""Test reports: new and old failures, what is repaired; and how they are told."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.jenkins.errors import BadAnswer
from integrations.jenkins.history import FlakyTest
from integrations.jenkins.render import reports as shown
from integrations.jenkins.reports import TestReport, report_of
from tests.integrations.jenkins.canned import Canned


def case(name: str, status: str, **more: Any) -> dict[str, Any]:
    return {"className": "acme.Shop", "name": name, "status": status, **more}


def report(*cases: dict[str, Any]) -> TestReport:
    return TestReport.model_validate({"suites": [{"cases": list(cases)}]})


def test_the_recorded_report_is_read(canned: Canned) -> None:
    canned.answers("test_report")
    found = report_of(canned.client(), "team/pipe", 1)
    assert found is not None
    assert [(each.name, each.error) for each in found.new] == [
        ("acme.LoginTest.rejects_bad_password", "expected 401 but was 200")
    ]
    assert (found.old, found.fixed, found.skipped, len(found.cases)) == ((), (), 1, 3)


def test_a_build_without_report_has_none(canned: Canned) -> None:
    canned.answers("http_404_job")
    assert report_of(canned.client(), "team/pipe", 1) is None


def test_reports_of_parts_are_put_together() -> None:
    """Maven and matrix builds: `childReports`."""
    parts = [{"result": {"suites": [{"cases": [case(name, "PASSED")]}]}} for name in ("a", "b")]
    assert [each.title for each in TestReport.model_validate({"childReports": parts}).cases] == ["a", "b"]


def test_what_is_no_report_is_a_bad_answer(canned: Canned) -> None:
    canned.say(200, '{"suites": [{"cases": [{"name": "a"}]}]}')
    with pytest.raises(BadAnswer):
        report_of(canned.client(), "team/pipe", 1)
    canned.say(200, "[]")
    with pytest.raises(BadAnswer, match="no object"):
        report_of(canned.client(), "team/pipe", 1)


def test_everything_that_can_be_told_of_a_report() -> None:
    full = report(
        case("passes", "PASSED"),
        case("breaks", "REGRESSION", age=1, failedSince=12, errorDetails="expected *2*\n but was <0>"),
        case("broken", "FAILED", age=4, failedSince=9, errorDetails=None),
        case("older", "FAILED", age=8, failedSince=5, errorDetails="x" * 300),
        case("mended", "FIXED"),
        case("later", "SKIPPED"),
    )
    assert shown.tests("team/api", 12, full, [FlakyTest("acme.Shop.mended", 3, 20)]) == (
        "❌ **team/api** #12: 3 of 6 tests failed, 1 skipped.\n\n"
        "**Newly failing** (1):\n"
        "- `acme.Shop.breaks`: expected \\*2\\* but was \\<0\\>\n\n"
        "**Failing before already** (2):\n"
        f"- `acme.Shop.older` since #5, 8 builds: {'x' * 199}…\n"
        "- `acme.Shop.broken` since #9, 4 builds\n\n"
        "**Repaired** (1): `acme.Shop.mended`\n\n"
        "**Flaky**, by what I have seen (1):\n"
        "- `acme.Shop.mended`: changed 3 times in 20 builds\n\n"
        "`jenkins log team/api #12` shows the log."
    )


def test_many_failures_are_cut_short() -> None:
    many = report(*(case(f"t{number}", "FAILED", age=1) for number in range(25)))
    told = shown.tests("api", 1, many, ())
    assert "- `acme.Shop.t9`\n- and 15 more; `--as csv` has all" in told
    assert len(shown.test_rows(many).rows) == 25
