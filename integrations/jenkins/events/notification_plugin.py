"""The Notification plugin: one report for each phase of a build, to the endpoints of its job.

Its `name` is the short name; only `url` tells the folder. Nulls are left out: there is no `status` before the
end, no `full_url` where Jenkins has no address. QUEUED comes when the build starts. COMPLETED and FINALIZED
both come. `timestamp` is the phase's own time. Changes and culprits are empty for Pipelines. The step
`notifyEndpoints` sends any phase by hand, also NONE. Source: jenkinsci/notification-plugin, JobListener and Phase.
"""

from __future__ import annotations

from typing import Annotated

from integrations.jenkins.events.addresses import job_in
from integrations.jenkins.events.model import Event, Noted
from integrations.jenkins.events.phased import PhasedBuild, event_of
from integrations.jenkins.events.untrusted import (
    Body,
    Count,
    Headers,
    Names,
    Needed,
    Report,
    Text,
    part,
    typed,
)

SENDER = "notification-plugin"


class _Scm(Report):
    branch: Text = ""
    commit: Text = ""
    culprits: Names = ()


class _Tests(Report):
    total: Count = 0
    failed: Count = 0
    skipped: Count = 0
    failed_tests: Names = ()


class _Build(PhasedBuild):
    scm: Annotated[_Scm, part] = _Scm()
    test_summary: Annotated[_Tests, part] = _Tests()


class _Place(Report):
    url: Needed


class _Job(_Place):
    build: _Build


def recognises(body: Body, headers: Headers) -> bool:
    """Whether it has a build as this plugin writes it."""
    return isinstance(body.get("build"), dict)


def read(body: Body, headers: Headers) -> Event:
    """The build's event. Raises UnreadableEvent."""
    if body["build"].get("phase") == "NONE":
        return Noted(sender=SENDER, kind="NONE", about=job_in(typed(_Place, body, SENDER).url))
    job = typed(_Job, body, SENDER)
    scm, tests = job.build.scm, job.build.test_summary
    return event_of(
        SENDER,
        job.url,
        job.build,
        branch=scm.branch,
        commit=scm.commit,
        culprits=scm.culprits,
        tests=tests.total,
        tests_failed=tests.failed,
        tests_skipped=tests.skipped,
        failed_tests=tests.failed_tests,
    )
