"""What a report leaves out, asked of Jenkins: who changed what, which tests failed, which stage broke."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from integrations.jenkins.changes import changes_in, culprits_in
from integrations.jenkins.client import JenkinsClient, raw_path
from integrations.jenkins.errors import JenkinsError
from integrations.jenkins.events import BuildEvent
from integrations.jenkins.model import Build, Result, failing_stage

_CHANGES = "items[commitId,authorEmail,author[fullName]]"
TREE = (
    "number,url,building,result,queueId,timestamp,duration,estimatedDuration,"
    f"culprits[fullName,id],changeSet[{_CHANGES}],changeSets[{_CHANGES}],"
    "actions[failCount,skipCount,totalCount,"
    "causes[shortDescription,userId,upstreamProject,upstreamBuild],parameters[name,value]]"
)
"""What of a build is wanted; `_class` comes with it."""
_MOST_CASES = 5_000
"""A test report of more cases is not read for the names of the failed ones."""
_MOST_NAMES = 500
_BAD = ("FAILED", "REGRESSION")


class Details(BaseModel):
    """What of a build only Jenkins itself can tell. What it does not is empty."""

    model_config = ConfigDict(frozen=True)

    culprits: tuple[str, ...] = ()
    """`Ada Lovelace <ada@example.com>`, as far as known."""
    commit: str = ""
    asked_by: str = ""
    upstream: tuple[str, int] | None = None
    tests: int = 0
    tests_failed: int = 0
    tests_skipped: int = 0
    failed_tests: tuple[str, ...] = ()
    stage: str = ""
    """The stage that broke, and why."""
    stage_says: str = ""
    killed: bool = False
    """Ended by what looks like a restart of Jenkins (`Build.killed`)."""


def details_of(client: JenkinsClient, full_name: str, number: int) -> Details:
    """Ask Jenkins: one request, and one more each for stages and for failed tests. Raises JenkinsError."""
    asked = f"asking Jenkins for {full_name} #{number}"
    data = client.info(asked, f"{raw_path(full_name, asked)}/{number}", TREE)
    details = client.typed(asked, lambda: read_details(data))
    build = client.typed(asked, lambda: Build.model_validate(data))
    found: dict[str, Any] = {}
    if build.is_pipeline and build.outcome is not Result.SUCCESS:
        broken = failing_stage(client.stages(full_name, number))
        if broken:
            found |= {"stage": broken.name, "stage_says": broken.error.message if broken.error else ""}
    if details.tests_failed > 0 and details.tests <= _MOST_CASES:
        found["failed_tests"] = _failed_tests(client, full_name, number)
    return details.model_copy(update=found)


def read_details(data: dict[str, Any]) -> Details:
    """Details from a build as TREE asks for it. Pure; raises KeyError, TypeError and ValidationError."""
    build = Build.model_validate(data)
    actions = [each for each in data.get("actions") or () if isinstance(each, dict)]
    causes = [cause for action in actions for cause in action.get("causes") or ()]
    counts = next((each for each in actions if "failCount" in each), {})
    changes = changes_in(data)
    upstream = next((each for each in causes if each.get("upstreamProject")), None)
    return Details(
        culprits=culprits_in(data),
        commit=str(changes[-1].get("commitId") or "") if changes else "",
        asked_by=next((each.user for each in build.causes if each.user), ""),
        upstream=(upstream["upstreamProject"], upstream["upstreamBuild"]) if upstream else None,
        tests=counts.get("totalCount", 0),
        tests_failed=counts.get("failCount", 0),
        tests_skipped=counts.get("skipCount", 0),
        killed=build.killed,
    )


def _failed_tests(client: JenkinsClient, full_name: str, number: int) -> tuple[str, ...]:
    asked = f"asking Jenkins for the tests of {full_name} #{number}"
    path = f"{raw_path(full_name, asked)}/{number}/testReport"
    try:
        report = client.info(asked, path, "suites[cases[className,name,status]]")
    except JenkinsError:
        return ()  # the counts are known, and the names are an addition
    cases = (case for suite in report.get("suites") or () for case in suite.get("cases") or ())
    names = [f"{each['className']}.{each['name']}" for each in cases if each.get("status") in _BAD]
    return tuple(names[:_MOST_NAMES])


def filled(event: BuildEvent, details: Details) -> BuildEvent:
    """The event, with what it leaves empty filled from the details."""
    tests = {} if event.tests else details.model_dump(include={"tests", "tests_failed", "tests_skipped"})
    if not event.failed_tests:
        tests["failed_tests"] = details.failed_tests
    return event.model_copy(
        update={
            **tests,
            "culprits": details.culprits or event.culprits,
            "commit": event.commit or details.commit,
            "asked_by": event.asked_by or details.asked_by,
            "upstream": event.upstream or details.upstream,
        }
    )
