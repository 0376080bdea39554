"""The test report of a build (JUnit plugin): what failed newly, what failed before, what is repaired."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from integrations.jenkins.client import JenkinsClient, raw_path
from integrations.jenkins.errors import NotFound
from integrations.jenkins.model import Wire

_CASES = "suites[cases[className,name,status,age,failedSince,errorDetails]]"
_REPORT = f"failCount,passCount,skipCount,totalCount,{_CASES},childReports[result[{_CASES}]]"
_FAILED = ("FAILED", "REGRESSION")


def _text(value: object) -> object:
    return value or ""


class TestCase(Wire):
    """How one test went. `age` counts the builds it has failed in a row, this one included."""

    __test__ = False

    class_name: Annotated[str, BeforeValidator(_text)] = Field("", alias="className")
    title: str = Field(alias="name")
    status: str
    """PASSED, SKIPPED, FAILED, REGRESSION (failed newly) or FIXED (hudson.tasks.junit.CaseResult.Status)."""
    age: int = 0
    failed_since: int = Field(0, alias="failedSince")
    """The number of the build it failed in first."""
    error: Annotated[str, BeforeValidator(_text)] = Field("", alias="errorDetails")

    @property
    def name(self) -> str:
        """Class and test, as they are looked for."""
        return f"{self.class_name}.{self.title}" if self.class_name else self.title

    @property
    def failed(self) -> bool:
        """Whether it failed."""
        return self.status in _FAILED


def _gathered(data: Any) -> Any:
    """A Maven or matrix build's report holds those of its parts."""
    if not isinstance(data, dict):
        return data
    reports = [data, *(each["result"] for each in data.get("childReports") or ())]
    suites = [suite for report in reports for suite in report.get("suites") or ()]
    return {**data, "cases": [case for suite in suites for case in suite["cases"]]}


class TestReport(Wire):
    """All tests of one build."""

    __test__ = False

    cases: tuple[TestCase, ...]

    _gather = model_validator(mode="before")(_gathered)

    @property
    def new(self) -> tuple[TestCase, ...]:
        """Those that failed, and did not in the build before."""
        return tuple(each for each in self.cases if each.failed and each.age <= 1)

    @property
    def old(self) -> tuple[TestCase, ...]:
        """Those that failed before too, the oldest failure first."""
        found = [each for each in self.cases if each.failed and each.age > 1]
        return tuple(sorted(found, key=lambda each: (each.failed_since, each.name)))

    @property
    def fixed(self) -> tuple[TestCase, ...]:
        """Those that failed in the build before and passed here."""
        return tuple(each for each in self.cases if each.status == "FIXED")

    @property
    def skipped(self) -> int:
        """How many were not run."""
        return sum(each.status == "SKIPPED" for each in self.cases)


def report_of(client: JenkinsClient, full_name: str, number: int) -> TestReport | None:
    """The report of a build; None where it published none."""
    asked = f"asking Jenkins for the tests of {full_name} #{number}"
    try:
        data = client.info(asked, f"{raw_path(full_name, asked)}/{number}/testReport", _REPORT)
    except NotFound:
        return None
    return client.typed(asked, lambda: TestReport.model_validate(data))
