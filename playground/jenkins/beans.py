"""The parts of jobs and builds as exported beans: causes, changes, artifacts, health. Pure."""

from __future__ import annotations

from itertools import islice
from urllib.parse import quote

from playground.jenkins.causes import Cause, Change
from playground.jenkins.parameters import values_action
from playground.jenkins.paths import job_path
from playground.jenkins.tree import Bean, Exported, Value, bean
from playground.jenkins.world import Build, Job

_ALWAYS = 999


def cause_bean(cause: Cause) -> Bean:
    """A cause, with the properties of its kind."""
    described: dict[str, Value] = {"shortDescription": cause.description}
    if cause.user is not None:
        described |= {"userId": cause.user, "userName": cause.user}
    if cause.upstream is not None:
        job, number = cause.upstream
        described |= {"upstreamBuild": number, "upstreamProject": job, "upstreamUrl": job_path(job)}
    if cause.remote is not None:
        described |= {"addr": cause.remote[0], "note": cause.remote[1]}
    if cause.replayed is not None:
        described |= {"originalNumber": cause.replayed}
    return bean(cause.kind, 3, **described)


def causes_action(causes: tuple[Cause, ...]) -> Bean:
    """The CauseAction of a build or queue item."""
    beans: list[Value] = [cause_bean(cause) for cause in causes]
    return Bean("hudson.model.CauseAction", {"causes": Exported(beans, 2)})


def build_actions(build: Build) -> list[Value]:
    """All actions of a build, in Jenkins' order; those of plugins without an API are empty objects."""
    pipeline = build.job.kind == "pipeline"
    actions: list[Value] = [values_action(build.parameters)] if build.parameters else []
    actions.append(causes_action(build.causes))
    if pipeline:
        actions.append(Bean("org.jenkinsci.plugins.workflow.libs.LibrariesAction"))
    if build.tests is not None:
        counts = bean(
            "hudson.tasks.junit.TestResultAction",
            2,
            failCount=build.tests.count("FAILED"),
            skipCount=build.tests.count("SKIPPED"),
            totalCount=len(build.tests.cases),
            urlName="testReport",
        )
        actions.append(counts)
    if build.interrupted:
        actions.append(Bean("jenkins.model.InterruptedBuildAction"))
    return actions + _pipeline_actions(build) if pipeline else actions


def _pipeline_actions(build: Build) -> list[Value]:
    asked = build.pending is not None or build.approved
    steps = "org.jenkinsci.plugins.workflow.support.steps.input"
    return [
        *([Bean(f"{steps}.InputAction")] if asked else []),
        *([Bean(f"{steps}.ApproverAction")] if build.approved else []),
        Bean(None),
        Bean("org.jenkinsci.plugins.displayurlapi.actions.RunDisplayAction"),
        Bean("org.jenkinsci.plugins.pipeline.modeldefinition.actions.RestartDeclarativePipelineAction"),
        Bean(None),
        Bean("org.jenkinsci.plugins.workflow.job.views.FlowGraphAction"),
        Bean(None),
    ]


def artifact_beans(build: Build) -> list[Value]:
    """What a build archived."""
    return [
        bean(
            None,
            3,
            displayPath=artifact.name,
            fileName=artifact.name,
            relativePath=artifact.path,
        )
        for artifact in build.artifacts
    ]


def change_set(changes: tuple[Change, ...], started: int, root_url: str) -> Bean:
    """The changes of a build; without any, the empty set Jenkins gives.

    A filled set has the shape the Git plugin documents (hudson.plugins.git.GitChangeSet).
    """
    if not changes:
        return bean("hudson.scm.EmptyChangeLogSet", _ALWAYS, items=[], kind=None)
    items: list[Value] = [_commit(change, started, root_url) for change in changes]
    return bean("hudson.plugins.git.GitChangeSetList", _ALWAYS, items=items, kind="git")


def _commit(change: Change, started: int, root_url: str) -> Bean:
    paths: list[Value] = [bean(None, _ALWAYS, editType="edit", file=path) for path in change.files]
    return bean(
        "hudson.plugins.git.GitChangeSet",
        _ALWAYS,
        affectedPaths=list(change.files),
        commitId=change.commit,
        timestamp=started,
        author=_person(change.author, change.email, root_url),
        authorEmail=change.email,
        comment=change.message + "\n",
        id=change.commit,
        msg=change.message,
        paths=paths,
    )


def culprits(build: Build, root_url: str) -> list[Value]:
    """Who may have broken a build: its authors and those of the bad builds right before it, each once."""
    authors = {change.email: change.author for suspect in _suspects(build) for change in suspect.changes}
    people = (_person(author, email, root_url) for email, author in authors.items())
    ids = (_user_id(email) for email in authors)
    return [
        Bean(None, {**person.properties, "id": Exported(name)})
        for person, name in zip(people, ids, strict=True)
    ]


def _suspects(build: Build) -> list[Build]:
    """A build and its bad predecessors (jenkins.scm.RunWithSCM.calculateCulprits), oldest first."""
    suspects = [build]
    earlier = build.previous()
    while earlier is not None and not earlier.building and earlier.result != "SUCCESS":
        suspects.append(earlier)
        earlier = earlier.previous()
    return suspects[::-1]


def _person(name: str, email: str, root_url: str) -> Bean:
    return bean(None, _ALWAYS, absoluteUrl=f"{root_url}user/{quote(_user_id(email))}", fullName=name)


def _user_id(email: str) -> str:
    """The user's id comes from the mail address (Git plugin)."""
    return email.partition("@")[0]


def health(job: Job) -> list[Value]:
    """The build stability of a job over its last five ended builds that were not aborted."""
    ended = (build for build in reversed(job.builds) if not build.building and build.result != "ABORTED")
    judged = list(islice(ended, 5))
    if not judged:
        return []
    failed = sum(build.result == "FAILURE" for build in judged)
    score = 100 * (len(judged) - failed) // len(judged)
    if failed == 0:
        verdict = "No recent builds failed."
    elif failed == len(judged):
        verdict = "All recent builds failed."
    else:
        verdict = f"{failed} out of the last {len(judged)} builds failed."
    icon = "80plus" if score >= 80 else f"{score // 20 * 20:02d}to{score // 20 * 20 + 19}"
    report = bean(
        None,
        2,
        description=f"Build stability: {verdict}",
        iconClassName=f"icon-health-{icon}",
        iconUrl=f"health-{icon}.png",
        score=score,
    )
    return [report]
