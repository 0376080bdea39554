"""Which tests are flaky, by what the bot has heard of past builds of the same job and branch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from sqlalchemy import select
from sqlalchemy.orm import Session

from integrations.jenkins.store.models import JenkinsBuild

BUILDS = 20
"""Known builds of a job and branch that the rule looks at, the newest."""
CHANGES = 2
"""Changes between pass and fail that make a test flaky: broken and repaired once is one each way in a history of 20."""


@dataclass(frozen=True, slots=True)
class KnownTest:
    """How one test went in one build; a skipped test is not known."""

    number: int
    """The build's."""
    name: str
    passed: bool


@dataclass(frozen=True, slots=True)
class FlakyTest:
    """A test that came out differently `changes` times in the `builds` builds it is known from."""

    name: str
    changes: int
    builds: int


def remembered(session: Session, server: str, job: str, number: int) -> tuple[FlakyTest, ...]:
    """The flaky tests of a job on the branch of one of its builds, by the builds whose tests were told."""
    asked = session.get(JenkinsBuild, (server, job, number))
    if asked is None:
        return ()
    query = (
        select(JenkinsBuild.number, JenkinsBuild.failed_tests)
        .filter_by(server=server, job=job, branch=asked.branch)
        .where(JenkinsBuild.failed_tests.is_not(None))
        .order_by(JenkinsBuild.number.desc())
        .limit(BUILDS)
    )
    failed = {row.number: set(row.failed_tests) for row in session.execute(query)}
    names = {name for each in failed.values() for name in each}
    return flaky_tests(
        KnownTest(number, name, name not in those) for number, those in failed.items() for name in names
    )


def flaky_tests(rows: Iterable[KnownTest]) -> tuple[FlakyTest, ...]:
    """The flaky tests among the rows of one job and branch, those that changed most often first.

    A test is flaky that changed between pass and fail at least twice in the last 20 known builds. The rows may
    come in any order; of two for the same test and build the later counts.
    """
    kept = tuple(rows)
    newest = set(sorted({row.number for row in kept})[-BUILDS:])
    went: dict[str, dict[int, bool]] = {}
    for row in kept:
        if row.number in newest:
            went.setdefault(row.name, {})[row.number] = row.passed
    found = [FlakyTest(name, _changes(outcomes), len(outcomes)) for name, outcomes in went.items()]
    return tuple(
        sorted(
            (each for each in found if each.changes >= CHANGES), key=lambda each: (-each.changes, each.name)
        )
    )


def _changes(outcomes: dict[int, bool]) -> int:
    in_order = [outcomes[number] for number in sorted(outcomes)]
    return sum(before != after for before, after in pairwise(in_order))
