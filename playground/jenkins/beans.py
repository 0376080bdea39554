"""The parts of jobs and builds as exported beans: causes, changes, artifacts, test reports, health. Pure."""

from __future__ import annotations

from urllib.parse import quote

from playground.jenkins.parameters import values_action
from playground.jenkins.script import CaseResult
from playground.jenkins.tree import Bean, Exported, Value, bean
from playground.jenkins.world import BY_TIMER, Build, Cause, Change, Job, TestResults

_ALWAYS = 999


def cause_bean(cause: Cause) -> Bean:
    """A cause, of the class that fits it."""
    described = {"shortDescription": Exported(cause.description, 3)}
    if cause.user is not None:
        described |= {"userId": Exported(cause.user, 3), "userName": Exported(cause.user, 3)}
        return Bean("hudson.model.Cause$UserIdCause", described)
    if cause.upstream is not None:
        job, number = cause.upstream
        described |= {
            "upstreamBuild": Exported(number, 3),
            "upstreamProject": Exported(job, 3),
            "upstreamUrl": Exported("".join(f"job/{quote(part)}/" for part in job.split("/")), 3),
        }
        return Bean("org.jenkinsci.plugins.workflow.support.steps.build.BuildUpstreamCause", described)
    trigger = "TimerTrigger$Timer" if cause == BY_TIMER else "SCMTrigger$SCM"
    return Bean(f"hudson.triggers.{trigger}TriggerCause", described)


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
            displayPath=artifact.path.rpartition("/")[2],
            fileName=artifact.path.rpartition("/")[2],
            relativePath=artifact.path,
        )
        for artifact in build.artifacts
    ]


def change_set(changes: tuple[Change, ...], started: int) -> Bean:
    """The changes of a build; without any, the empty set Jenkins gives.

    A filled set has the shape the Git plugin documents (hudson.plugins.git.GitChangeSet).
    """
    if not changes:
        return bean("hudson.scm.EmptyChangeLogSet", _ALWAYS, items=[], kind=None)
    items: list[Value] = [_commit(change, started) for change in changes]
    return bean("hudson.plugins.git.GitChangeSetList", _ALWAYS, items=items, kind="git")


def _commit(change: Change, started: int) -> Bean:
    paths: list[Value] = [bean(None, _ALWAYS, editType="edit", file=path) for path in change.files]
    return bean(
        "hudson.plugins.git.GitChangeSet",
        _ALWAYS,
        affectedPaths=list(change.files),
        commitId=change.commit,
        timestamp=started,
        author=bean(None, _ALWAYS, fullName=change.author),
        authorEmail=change.email,
        comment=change.message + "\n",
        id=change.commit,
        msg=change.message,
        paths=paths,
    )


def culprits(build: Build, root_url: str) -> list[Value]:
    """Who committed to a build, each once; the user's id comes from the mail address (Git plugin)."""
    authors = {change.email: change.author for change in build.changes}
    return [
        bean(None, _ALWAYS, absoluteUrl=f"{root_url}user/{quote(email.partition('@')[0])}", fullName=author)
        for email, author in authors.items()
    ]


def health(job: Job) -> list[Value]:
    """The build stability of a job over its last five ended builds that were not aborted."""
    judged = [build for build in job.builds if not build.building and build.result != "ABORTED"][-5:]
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


def report_bean(build: Build) -> Bean | None:
    """`testReport/api/json`, or None when the build archived no tests."""
    if build.tests is None:
        return None
    classes = list(dict.fromkeys(case.class_name for case in build.tests.cases))
    suites: list[Value] = [_suite(build, build.tests, class_name) for class_name in classes]
    return bean(
        "hudson.tasks.junit.TestResult",
        _ALWAYS,
        testActions=[],
        duration=round(sum(case.seconds for case in build.tests.cases), 3),
        empty=not build.tests.cases,
        failCount=build.tests.count("FAILED"),
        passCount=build.tests.count("PASSED"),
        skipCount=build.tests.count("SKIPPED"),
        suites=suites,
    )


def _suite(build: Build, tests: TestResults, class_name: str) -> Bean:
    cases = [case for case in tests.cases if case.class_name == class_name]
    beans: list[Value] = [_case(build, case) for case in cases]
    return bean(
        None,
        _ALWAYS,
        cases=beans,
        duration=round(sum(case.seconds for case in cases), 3),
        enclosingBlockNames=[tests.stage_name] if tests.stage_name else [],
        enclosingBlocks=[tests.stage_id] if tests.stage_id else [],
        id=None,
        name=class_name,
        nodeId=tests.node_id,
        stderr=None,
        stdout=None,
        timestamp=None,
    )


def _case(build: Build, case: CaseResult) -> Bean:
    since = failed_since(build, case)
    # A skipped case has no failedSince and so seems older than its job: measured, CaseResult.getAge.
    age = 0 if case.status == "PASSED" else build.number - since + 1
    status = "REGRESSION" if case.status == "FAILED" and since == build.number > 1 else case.status
    return bean(
        None,
        _ALWAYS,
        testActions=[],
        age=age,
        className=case.class_name,
        duration=case.seconds,
        errorDetails=case.error_details,
        errorStackTrace=case.error_stack_trace,
        failedSince=since,
        name=case.name,
        skipped=case.status == "SKIPPED",
        skippedMessage="" if case.status == "SKIPPED" else None,
        status=status,
        stderr=None,
        stdout=None,
    )


def failed_since(build: Build, case: CaseResult) -> int:
    """The number of the first build of the unbroken row in which this case failed; 0 when it did not fail."""
    since = 0
    for earlier in reversed(build.job.builds[: build.job.builds.index(build) + 1]):
        if earlier.tests is None:
            continue
        failed = any(
            other.class_name == case.class_name and other.name == case.name and other.status == "FAILED"
            for other in earlier.tests.cases
        )
        if not failed:
            break
        since = earlier.number
    return since
