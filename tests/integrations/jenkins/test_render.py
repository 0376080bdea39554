"""What people see, to the letter."""

from __future__ import annotations

from typing import Any

import pytest
from markdown_it import MarkdownIt

from integrations.jenkins import render
from integrations.jenkins.events import BuildEvent
from integrations.jenkins.model import Build, Job, ListedJob, Result, Stage
from integrations.jenkins.relay.details import Details
from integrations.jenkins.relay.noise import Past
from tests.integrations.jenkins.canned import recorded

URL = "https://jenkins.example.com/job/api/6/"
NOW = 1_000_000.0
VALUES = (("BRANCH", "main"), ("TARGET", "staging"))


def build(**changes: Any) -> Build:
    known = {
        "number": 6,
        "url": URL,
        "building": False,
        "result": "SUCCESS",
        "timestamp": NOW * 1000,
        "duration": 12_000,
    }
    return Build.model_validate({**known, **changes})


def running(**changes: Any) -> Build:
    return build(building=True, result=None, duration=0, estimatedDuration=12_000, **changes)


def stage(name: str, status: str, seconds: float = 2, error: str = "") -> Stage:
    more = {"error": {"message": error}} if error else {}
    return Stage.model_validate({"name": name, "status": status, "durationMillis": seconds * 1000, **more})


STARTED = 1_760_000_000.0


def event(result: str | None, **changes: Any) -> BuildEvent:
    known = {
        "sender": "plain",
        "full_name": "team/api",
        "number": 142,
        "phase": "FINALIZED",
        "result": result,
        "started": STARTED,
        "duration": 93.2,
    }
    return BuildEvent.model_validate({**known, **changes})


def told(result: str | None, before: Result | None = None, **changes: Any) -> str:
    """What a room sees of #142, where #141 ended as `before`, an hour before it began."""
    event_ = event(result, **changes)
    past = Past() if before is None else Past().after(141, before, STARTED - 3600)
    url = "https://jenkins.example.com/job/team/job/api/142/"
    return render.event(render.Told(event_, past.change(event_.result), past, url=url))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "under 1 s"),
        (8.4, "8 s"),
        (60, "1 min"),
        (93.2, "1 min 33 s"),
        (7_500, "2 h 5 min"),
        (7_201, "2 h"),
        (90_000, "1 d 1 h"),
    ],
)
def test_a_duration_has_the_two_units_that_matter(seconds: float, words: str) -> None:
    assert render.duration(seconds) == words


def test_the_list_of_jobs_says_how_their_last_build_went() -> None:
    balls = {
        "api": "blue",
        "team/deploy": "red_anime",
        "mb/feature%2Fx": "disabled",
        "new": "",
        "日本": "yellow",
    }
    jobs = [ListedJob(fullname=name, color=ball) for name, ball in balls.items()]
    assert render.job_list(jobs, "*") == (
        "5 jobs:\n\n"
        "```\n"
        "job           last build\n"
        "api           ✅ ok\n"
        "team/deploy   🔨 running, was failed\n"
        "mb/feature/x  💤 disabled\n"
        "new           ▫️ never built\n"
        "日本          ⚠️ unstable\n"
        "```\n\n"
        "`jenkins status JOB` tells more of one, `jenkins build JOB` starts it."
    )


def test_a_glob_that_matches_nothing_says_so() -> None:
    assert render.job_list([], "tema/*") == "No job matches `tema/*`. `jenkins jobs` shows all I may see."


def test_a_long_list_goes_into_a_file() -> None:
    jobs = [ListedJob(fullname=f"job-{number}", color="blue") for number in range(60)]
    assert "20 more are in the file; a glob such as `jenkins jobs team/*` shows fewer." in render.job_list(
        jobs, "*"
    )
    file = render.job_file(jobs)
    assert file is not None and file.count("\n") == 60
    assert render.job_file(jobs[:40]) is None


def job(**builds: Build) -> Job:
    return Job.model_validate(
        {**recorded("job_info_parameters"), "fullName": "team/api", "lastBuild": None, **builds}
    )


def test_the_status_of_a_job_that_was_never_built() -> None:
    assert (
        render.job_status(job(), (), 0, NOW)
        == "▫️ **team/api** was never built.\n\n`jenkins build team/api` starts it."
    )


def test_the_status_of_a_job_tells_the_last_build_and_its_stages() -> None:
    ended = build(result="FAILURE")
    shown = render.job_status(
        job(lastBuild=ended, lastCompletedBuild=ended),
        (stage("Build", "SUCCESS", 4), stage("Test", "FAILED", 8, "exit code 1")),
        1,
        NOW + 3 * 3600,
    )
    assert shown == (
        f"❌ **team/api** [\\#6]({URL}) failed 2 h ago, after 12 s.\n"
        "🕓 1 build of it waits in the queue.\n"
        "✅ Build 4 s\n"
        "❌ Test 8 s: exit code 1\n\n"
        "`jenkins build team/api` starts it."
    )


def test_the_status_of_a_running_job_tells_the_one_before_as_well() -> None:
    before = build(number=5, url="https://jenkins.example.com/job/api/5/")
    shown = render.job_status(job(lastBuild=running(), lastCompletedBuild=before), (), 0, NOW + 40)
    assert shown == (
        f"🔨 **team/api** [\\#6]({URL}) is running for 40 s (usually 12 s). "
        "Before it, [\\#5](https://jenkins.example.com/job/api/5/) succeeded 28 s ago.\n\n"
        "`jenkins build team/api` starts it, `jenkins stop team/api` stops it."
    )


def test_a_live_message_goes_from_the_question_over_the_queue_and_the_stages_to_the_end() -> None:
    assert (
        render.requested("api", VALUES)
        == "📨 I ask Jenkins to build **api** with `BRANCH=main`, `TARGET=staging`."
    )
    assert render.queued("api", (), joined=True, why="it waits for the build before it") == (
        "🕓 **api** is in Jenkins' queue: it waits for the build before it. "
        "The same build was waiting already, so this is that one."
    )
    assert render.running(
        "api", running(), (stage("Checkout", "SUCCESS"), stage("Build", "IN_PROGRESS")), (), NOW + 5
    ) == (f"🔨 **api** #6 is running; it usually takes 12 s. [Open]({URL})\n✅ Checkout 2 s\n⏳ Build")
    assert render.ended("api", build(), (stage("Checkout", "SUCCESS"),), VALUES[:1]) == (
        f"✅ **api** #6 with `BRANCH=main` succeeded after 12 s. [Open]({URL})\n✅ Checkout 2 s"
    )


def test_a_running_build_s_text_changes_at_few_moments_since_every_edit_counts() -> None:
    texts = {render.running("api", running(), (), (), NOW + second) for second in range(3600)}
    assert len(texts) == 9


def test_a_build_that_asks_a_question_says_that_it_waits() -> None:
    paused = tuple(
        Stage.model_validate(each) for each in recorded("wfapi_describe_PAUSED_PENDING_INPUT")["stages"]
    )
    assert render.running("team/pipe", running(), paused, (), NOW).splitlines()[1:] == [
        "✅ Build 2 s",
        "✅ Test under 1 s",
        "⏸️ Approve",
        "⏸️ It asks a question and waits for the answer.",
    ]


def test_the_last_word_on_a_failure_names_the_branch_that_broke_and_how_to_start_again() -> None:
    failed = tuple(
        Stage.model_validate(each) for each in recorded("wfapi_describe_FAILED_parallel")["stages"]
    )
    assert render.told("team/api", build(result="FAILURE"), failed, VALUES) == (
        f"❌ **team/api** #6 failed after 12 s in stage **B**: boom: ✗ database unreachable. [Open]({URL})\n"
        "`jenkins build team/api BRANCH=main TARGET=staging` starts it again."
    )


def test_the_last_word_on_a_success_is_short() -> None:
    assert render.told("api", build(), (), VALUES) == f"✅ **api** #6 succeeded after 12 s. [Open]({URL})"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"result": "UNSTABLE"}, "⚠️ **api** #6 is unstable after 12 s: some tests failed."),
        ({"result": "ABORTED", "interrupted": True}, "🚫 **api** #6 was aborted after 12 s."),
        (
            {"result": "ABORTED"},
            "🚫 **api** #6 was killed after 12 s by what looks like a restart of Jenkins.",
        ),
        ({"result": "NOT_BUILT"}, "▫️ **api** #6 ended after 12 s without building anything."),
        (
            {"result": None},
            "❓ **api** #6 ended after 12 s without a result I know, which I do not take for a success.",
        ),
    ],
)
def test_every_result_has_its_words(changes: dict[str, Any], words: str) -> None:
    assert render.ended("api", build(**changes), (), ()) == f"{words} [Open]({URL})"


def test_a_restart_that_was_seen_is_called_one() -> None:
    killed = render.ended("api", build(result="ABORTED"), (), (), restarted=True)
    assert killed.startswith("🚫 **api** #6 was killed after 12 s by a restart of Jenkins.")


MEANINGS: list[tuple[str | None, Result | None, str]] = [
    ("SUCCESS", None, "✅ **team/api** #142 succeeded after 1 min 33 s."),
    ("SUCCESS", Result.SUCCESS, "✅ **team/api** #142 succeeded after 1 min 33 s."),
    (
        "SUCCESS",
        Result.UNSTABLE,
        "✅ **team/api** #142 is back to normal: it succeeded after 1 min 33 s. It was broken for 1 h 1 "
        "min (1 build, since #141).",
    ),
    (
        "SUCCESS",
        Result.FAILURE,
        "✅ **team/api** #142 is back to normal: it succeeded after 1 min 33 s. It was broken for 1 h 1 "
        "min (1 build, since #141).",
    ),
    ("UNSTABLE", None, "⚠️ **team/api** #142 is unstable after 1 min 33 s: some tests failed."),
    ("UNSTABLE", Result.SUCCESS, "⚠️ **team/api** #142 is unstable after 1 min 33 s: some tests failed."),
    (
        "UNSTABLE",
        Result.UNSTABLE,
        "⚠️ **team/api** #142 is still unstable after 1 min 33 s: some tests failed. That is 2 in a row, since #141.",
    ),
    (
        "UNSTABLE",
        Result.FAILURE,
        "⚠️ **team/api** #142 does not fail any more, but is unstable after 1 min 33 s: some tests failed.",
    ),
    ("FAILURE", None, "❌ **team/api** #142 failed after 1 min 33 s."),
    ("FAILURE", Result.SUCCESS, "❌ **team/api** #142 is broken: it failed after 1 min 33 s."),
    (
        "FAILURE",
        Result.UNSTABLE,
        "❌ **team/api** #142 was unstable and is broken now: it failed after 1 min 33 s.",
    ),
    (
        "FAILURE",
        Result.FAILURE,
        "❌ **team/api** #142 is still failing: it failed after 1 min 33 s. That is 2 in a row, since #141.",
    ),
    ("ABORTED", None, "🚫 **team/api** #142 was aborted after 1 min 33 s."),
    ("ABORTED", Result.SUCCESS, "🚫 **team/api** #142 was aborted after 1 min 33 s."),
    ("ABORTED", Result.UNSTABLE, "🚫 **team/api** #142 was aborted after 1 min 33 s."),
    ("ABORTED", Result.FAILURE, "🚫 **team/api** #142 was aborted after 1 min 33 s."),
    ("NOT_BUILT", None, "▫️ **team/api** #142 ended after 1 min 33 s without building anything."),
    ("NOT_BUILT", Result.SUCCESS, "▫️ **team/api** #142 ended after 1 min 33 s without building anything."),
    ("NOT_BUILT", Result.UNSTABLE, "▫️ **team/api** #142 ended after 1 min 33 s without building anything."),
    ("NOT_BUILT", Result.FAILURE, "▫️ **team/api** #142 ended after 1 min 33 s without building anything."),
    (
        None,
        None,
        "❓ **team/api** #142 ended after 1 min 33 s without a result I know, which I do not take for a success.",
    ),
    (
        None,
        Result.SUCCESS,
        "❓ **team/api** #142 ended after 1 min 33 s without a result I know, which I do not take for a success.",
    ),
    (
        None,
        Result.UNSTABLE,
        "❓ **team/api** #142 ended after 1 min 33 s without a result I know, which I do not take for a success.",
    ),
    (
        None,
        Result.FAILURE,
        "❓ **team/api** #142 ended after 1 min 33 s without a result I know, which I do not take for a success.",
    ),
]
"""The result, that of the build before, and what a room is told."""


@pytest.mark.parametrize(("result", "before", "words"), MEANINGS)
def test_a_report_says_what_the_result_means_after_the_one_before(
    result: str | None, before: Result | None, words: str
) -> None:
    assert told(result, before) == f"{words} [Open](https://jenkins.example.com/job/team/job/api/142/)"


def test_every_result_is_told_after_every_other() -> None:
    results = [*Result, None]
    said_before = [each for each in Result if each not in (Result.ABORTED, Result.NOT_BUILT)]
    wanted = {(result, before) for result in results for before in (None, *said_before)}
    assert {(result, before) for result, before, _ in MEANINGS} == wanted


def test_a_build_that_a_restart_killed_is_told_as_that() -> None:
    told = render.Told(event("ABORTED"), Past().change(Result.ABORTED), details=Details(killed=True))
    assert render.event(told) == (
        "🚫 **team/api** #142 was killed after 1 min 33 s by what looks like a restart of Jenkins."
    )


def test_a_report_names_branch_and_failed_tests() -> None:
    shown = told(
        "FAILURE",
        branch="main",
        tests=3,
        tests_failed=1,
        failed_tests=["acme.LoginTest.rejects_bad_password"],
    )
    assert shown == (
        "❌ **team/api** #142 on main failed after 1 min 33 s. "
        "[Open](https://jenkins.example.com/job/team/job/api/142/)\n"
        "1 of 3 tests failed: `acme.LoginTest.rejects_bad_password`."
    )


def test_a_report_without_a_status_is_no_success() -> None:
    assert told(None).startswith("❓ **team/api** #142 ended after 1 min 33 s without a result I know")


@pytest.mark.parametrize("evil", ["<@all>", "**x**", "[x](https://evil.example)", "`<@all>`", "a\n# b"])
def test_whatever_jenkins_calls_things_neither_mentions_nor_formats(evil: str) -> None:
    shown = render.told(evil, build(result="FAILURE"), (stage(evil, "FAILED", 1, evil),), (("X", evil),))
    report = event("FAILURE", full_name=evil, branch=evil, tests=1, tests_failed=1, failed_tests=[evil])
    html = MarkdownIt().render(
        f"{shown}\n\n{render.event(render.Told(report, Past().change(report.result)))}"
    )
    assert "<@all>" not in shown
    assert html.count("<a ") == 1 and "<h1>" not in html
    assert html.count("<strong>") == 3, "the two names and the stage, by us"
