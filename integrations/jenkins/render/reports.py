"""What builds came to: broken jobs, tests, artifacts, the trend in words. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import quote as quoted_path

from bot.commands.model import join_words
from bot.commands.rows import Rows
from bot.outbound.quoting import code, link, quote
from integrations.jenkins.artifacts import MOST_BYTES, Artifact
from integrations.jenkins.client import job_path
from integrations.jenkins.history import FlakyTest
from integrations.jenkins.model import Build, Result, shown_name
from integrations.jenkins.past import Breakage, PastBuild
from integrations.jenkins.render.words import MARKS, ago, build_name, counted, duration, ended_as, megabytes
from integrations.jenkins.reports import TestCase, TestReport
from integrations.jenkins.trend import typical

_JOBS, _CASES, _PEOPLE, _FILES = 20, 10, 5, 30
"""How many of each a message lists."""


def failing(
    broken: Mapping[str, Breakage],
    jobs: int,
    unseen: Sequence[str],
    glob: str,
    now: float,
    noun: str = "jenkins",
) -> str:
    """The broken jobs, those that broke last first. `unseen` are broken too, and were not looked at."""
    if not jobs:
        return f"No job matches {code(glob)}. `{noun} jobs` shows all I may see."
    count = len(broken) + len(unseen)
    if not count:
        return f"✅ None of {counted(jobs, 'job')} is broken." if jobs > 1 else "✅ The job is not broken."
    verb = "is" if count == 1 else "are"
    in_order = sorted(broken.items(), key=lambda each: -(each[1].first.started or 0))
    lines = [_broken(name, each, now) for name, each in in_order[:_JOBS]]
    rest = [name for name, _ in in_order[_JOBS:]] + list(unseen)
    if rest:
        named = ", ".join(f"**{quote(shown_name(each))}**" for each in rest[:_JOBS])
        more = f" and {len(rest) - _JOBS} more" if len(rest) > _JOBS else ""
        lines.append(f"❌ {named}{more}; `{noun} failing --as csv` tells of the first 50.")
    first = in_order[0][0] if in_order else rest[0]
    look = code(join_words((noun, "log", first)))
    newest = ", the newest first" if count > 1 else ""
    head = f"{count} of {counted(jobs, 'job')} {verb} broken{newest}:"
    return "\n".join([head, *lines]) + f"\n\n{look} shows how it ended."


def _broken(name: str, broken: Breakage, now: float) -> str:
    mark, first = MARKS[broken.last.outcome], broken.first
    when = f", {ago(first.started, now)}" if first.started else ""
    longer = "" if broken.exact else "at least "
    rows = "once" if broken.in_a_row == 1 else f"{broken.in_a_row} builds in a row"
    return (
        f"{mark} **{quote(shown_name(name))}** since {longer}{link(f'#{first.number}', first.url)}{when}: "
        f"{rows}. {_who(first)}"
    )


def _who(first: PastBuild) -> str:
    if first.culprits:
        named = ", ".join(quote(each, 60) for each in first.culprits[:_PEOPLE])
        more = f" and {len(first.culprits) - _PEOPLE} more" if len(first.culprits) > _PEOPLE else ""
        return f"With changes by {named}{more}."
    return f"Without changes that Jenkins names; started by {quote(first.asked_by or 'nobody known', 80)}."


def failing_rows(broken: Mapping[str, Breakage]) -> Rows:
    """Each broken job: its result, since which build and when, how many in a row, whose changes."""
    rows = [
        (
            shown_name(name),
            str(each.last.outcome),
            each.first.number,
            None if each.first.started is None else datetime.fromtimestamp(each.first.started, UTC),
            each.in_a_row,
            ", ".join(each.first.culprits),
        )
        for name, each in broken.items()
    ]
    return Rows(("job", "result", "since build", "since", "in a row", "changes by"), rows)


def no_tests(full_name: str, number: int) -> str:
    """There is no report."""
    return f"{build_name(full_name, number)} published no test report that I can read (JUnit)."


def tests(
    full_name: str, number: int, report: TestReport, flaky: Sequence[FlakyTest], noun: str = "jenkins"
) -> str:
    """How the tests of a build went."""
    failed = len(report.new) + len(report.old)
    mark = MARKS[Result.FAILURE] if failed else MARKS[Result.SUCCESS]
    skipped = f", {report.skipped} skipped" if report.skipped else ""
    said = f"{failed} of {counted(len(report.cases), 'test')} failed" if failed else _passed(report)
    parts = [
        f"{mark} {build_name(full_name, number)}: {said}{skipped}.",
        _cases("Newly failing", report.new),
        _cases("Failing before already", report.old),
        _fixed(report.fixed),
        _flaky(flaky),
    ]
    below = ""
    if failed:
        below = f"{code(join_words((noun, 'log', full_name, f'#{number}')))} shows the log."
    return "\n\n".join(filter(None, [*parts, below]))


def _passed(report: TestReport) -> str:
    return f"{counted(len(report.cases), 'test')}, none failed"


def _cases(head: str, cases: Sequence[TestCase]) -> str:
    if not cases:
        return ""
    lines = [f"- {_case(each)}" for each in cases[:_CASES]]
    if len(cases) > _CASES:
        lines.append(f"- and {len(cases) - _CASES} more; `--as csv` has all")
    return "\n".join([f"**{head}** ({len(cases)}):", *lines])


def _case(case: TestCase) -> str:
    since = f" since #{case.failed_since}, {case.age} builds" if case.age > 1 else ""
    error = f": {quote(case.error, 200)}" if case.error else ""
    return f"{code(case.name, 160)}{since}{error}"


def _fixed(cases: Sequence[TestCase]) -> str:
    if not cases:
        return ""
    more = f" and {len(cases) - _CASES} more" if len(cases) > _CASES else ""
    return f"**Repaired** ({len(cases)}): {', '.join(code(each.name, 160) for each in cases[:_CASES])}{more}"


def _flaky(flaky: Sequence[FlakyTest]) -> str:
    if not flaky:
        return ""
    lines = [
        f"- {code(each.name, 160)}: changed {each.changes} times in {counted(each.builds, 'build')}"
        for each in flaky[:_CASES]
    ]
    more = [f"- and {len(flaky) - _CASES} more"] if len(flaky) > _CASES else []
    return "\n".join([f"**Flaky**, by what I have seen ({len(flaky)}):", *lines, *more])


def test_rows(report: TestReport) -> Rows:
    """Each test that did not simply pass."""
    rows = [
        (each.name, each.status, each.failed_since or None, each.age, each.error)
        for each in report.cases
        if each.status != "PASSED"
    ]
    return Rows(("test", "status", "since build", "builds", "error"), rows)


def artifacts(full_name: str, number: int, every: Sequence[Artifact], noun: str = "jenkins") -> str:
    """What a build archived, with sizes where Jenkins tells them."""
    table = artifact_rows(every[:_FILES]).table()
    more = f"\n\n{len(every) - _FILES} more; `--as csv` has all." if len(every) > _FILES else ""
    send = code(join_words((noun, "artifacts", full_name, f"#{number}", every[0].path)))
    head = f"{build_name(full_name, number)} archived {counted(len(every), 'file')}:"
    return f"{head}\n\n{table}{more}\n\n{send} sends one."


def artifact_rows(every: Sequence[Artifact]) -> Rows:
    """Each file by its path, with its bytes where Jenkins tells them."""
    if all(each.size is None for each in every):
        return Rows(("file",), [(each.path,) for each in every], widest=80)
    return Rows(("file", "bytes"), [(each.path, each.size) for each in every], widest=80)


def sent(full_name: str, number: int, artifact: Artifact, size: int) -> str:
    """A file that goes with the message."""
    return f"📎 {code(artifact.path)} of {build_name(full_name, number)}, {megabytes(size)}."


def too_large(full_name: str, number: int, artifact: Artifact, size: int | None, root: str) -> str:
    """A file that a room does not take."""
    url = f"{root}{job_path(full_name)}{number}/artifact/{quoted_path(artifact.path)}"
    has = megabytes(size) if size else f"more than {megabytes(MOST_BYTES)}"
    name = f"{code(artifact.path)} of {build_name(full_name, number)}"
    return f"{name} has {has}; Webex takes {megabytes(MOST_BYTES)}. {link('Fetch it', url)} in Jenkins."


def trend(full_name: str, builds: Sequence[Build]) -> str:
    """What the picture shows, in words."""
    good = [each for each in builds if each.outcome is Result.SUCCESS]
    usual = typical(builds)
    took = f", usually in {duration(usual)}" if usual else ""
    if len(builds) == 1:
        [only] = builds
        return (
            f"📈 **{quote(shown_name(full_name))}**: its only build {ended_as(only.outcome, only.duration)}."
        )
    return (
        f"📈 **{quote(shown_name(full_name))}**: {len(good)} of the last {counted(len(builds), 'build')} "
        f"succeeded{took}.{_drift(good)}"
    )


def _drift(good: Sequence[Build]) -> str:
    """Whether the later half of the successes takes another time than the earlier; a tenth is no news."""
    half = len(good) // 2
    earlier, later = typical(good[:half]), typical(good[half:])
    if half < 3 or not earlier or not later or abs(later - earlier) < earlier / 10:
        return ""
    change = round(abs(later - earlier) / earlier * 100)
    return f" The later ones take {change} % {'longer' if later > earlier else 'less'} than the earlier."
