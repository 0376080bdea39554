"""What a person asks about builds, and what they read: failures, tests, artifacts, logs, the trend."""

from __future__ import annotations

import re
from typing import Any

import pytest

from bot.store.database import Database
from tests.integrations.jenkins.answers import asked, content, reply
from tests.integrations.jenkins.following import Following, following
from tests.playground.jenkins.running_jenkins import Jenkins, eventually

# --- jenkins failing


def test_what_is_broken_since_when_how_often_and_by_whom(talk: Following) -> None:
    change = {"author": "Ada <ada>", "email": "ada@example.com", "message": "Break it"}
    talk.server.control("builds", job="web", result="FAILURE", changes=[change], seconds=2)
    talk.server.control("builds", job="web", result="ABORTED", seconds=1)
    talk.server.control("builds", job="web", result="FAILURE", user="bob", seconds=1)
    assert asked(talk, "jenkins failing") == (
        "3 of 7 jobs are broken, the newest first:\n"
        "❌ **web** since [\\#6](https://jenkins/job/web/6/), N s ago: 2 builds in a row. "
        "With changes by Ada \\<ada\\>.\n"
        "❌ **flaky** since [\\#5](https://jenkins/job/flaky/5/), N h ago: 2 builds in a row. "
        "Without changes that Jenkins names; started by bob.\n"
        "❌ **nightly-e2e** since [\\#1](https://jenkins/job/nightly-e2e/1/), N d ago: 3 builds in a row. "
        "Without changes that Jenkins names; started by timer.\n\n"
        "`jenkins log web` shows how it ended."
    )
    rows = content(talk, "jenkins failing web --as csv").splitlines()
    assert re.fullmatch(r"web,FAILURE,6,[^,]+,2,Ada <ada>", rows[1])


def test_where_nothing_is_broken_it_says_so(talk: Following) -> None:
    assert talk.say("jenkins failing team/*") == "✅ The job is not broken."
    assert talk.say("jenkins failing *e*b*") == "✅ None of 2 jobs is broken."
    assert talk.say("jenkins failing nothing*") == (
        "No job matches `nothing*`. `jenkins jobs` shows all I may see."
    )


def test_a_job_red_for_longer_than_jenkins_lists_is_broken_for_at_least_that(talk: Following) -> None:
    talk.server.control("jobs", name="hopeless")
    for _ in range(101):
        talk.server.control("builds", job="hopeless", result="FAILURE", seconds=0.1)
    said = asked(talk, "jenkins failing hopeless").replace("just now", "N s ago")
    assert "since at least [\\#2](https://jenkins/job/hopeless/2/), N s ago: 100 builds in a row." in said


# --- jenkins tests


def case(name: str, status: str = "PASSED", error: str | None = None) -> dict[str, Any]:
    return {"class_name": "acme.Shop", "name": name, "status": status, "error": error}


def test_failures_are_told_by_new_and_old(talk: Following) -> None:
    assert talk.say("jenkins tests web #4") == (
        "❌ **web** #4: 1 of 4 tests failed, 1 skipped.\n\n"
        "**Newly failing** (1):\n"
        "- `acme.web.CheckoutTest.keeps_the_basket`: expected 2 items but was 0\n\n"
        "`jenkins log web #4` shows the log."
    )
    assert talk.say("jenkins tests web") == (
        "✅ **web** #5: 4 tests, none failed, 1 skipped.\n\n"
        "**Repaired** (1): `acme.web.CheckoutTest.keeps_the_basket`"
    )
    for _ in range(2):
        talk.server.control("builds", job="web", tests=[case("old", "FAILED", "boom"), case("fine")])
    talk.server.control("builds", job="web", tests=[case("old", "FAILED", "boom"), case("fine", "FAILED")])
    assert talk.say("jenkins tests web") == (
        "❌ **web** #8: 2 of 2 tests failed.\n\n"
        "**Newly failing** (1):\n"
        "- `acme.Shop.fine`\n\n"
        "**Failing before already** (1):\n"
        "- `acme.Shop.old` since #6, 3 builds: boom\n\n"
        "`jenkins log web #8` shows the log."
    )


def test_a_job_without_a_report_says_so_and_a_missing_build_is_missing(talk: Following) -> None:
    assert talk.say("jenkins tests long-job") == (
        "**long-job** #1 published no test report that I can read (JUnit)."
    )
    assert talk.say("jenkins tests long-job #99").startswith(
        "⚠️ Asking Jenkins for long-job \\#99: Jenkins answered 404"
    )


def test_tests_go_into_a_file(talk: Following) -> None:
    rows = content(talk, "jenkins tests web #4 --as csv").splitlines()
    assert rows[0] == "test,status,since build,builds,error"
    assert rows[1].startswith("acme.web.CheckoutTest.keeps_the_basket,")
    assert rows[2].startswith("acme.web.LoginTest.remembers_me,SKIPPED,")


def test_flaky_tests_are_those_that_changed_back_and_forth_in_what_was_heard(talk: Following) -> None:
    basket, login = "acme.web.CheckoutTest.keeps_the_basket", "acme.web.LoginTest.remembers_me"
    for number, failed in enumerate(([], [basket], [], [basket], [login]), start=1):
        result = "UNSTABLE" if failed else "SUCCESS"
        tests = {"tests": 4, "tests_failed": len(failed), "failed_tests": failed}
        talk.hears({"job": "web", "number": number, "result": result, **tests})
    talk.hears({"job": "web", "number": 6, "result": "UNSTABLE", "tests": 4, "tests_failed": 1})
    assert talk.say("jenkins tests web #5") == (
        "✅ **web** #5: 4 tests, none failed, 1 skipped.\n\n"
        "**Repaired** (1): `acme.web.CheckoutTest.keeps_the_basket`\n\n"
        "**Flaky**, by what I have seen (1):\n"
        "- `acme.web.CheckoutTest.keeps_the_basket`: changed 4 times in 5 builds"
    )


def test_builds_of_another_branch_say_nothing_about_this_one(talk: Following) -> None:
    for number in range(1, 6):
        failed = ["a.B.c"] if number % 2 else []
        known = {"tests": 4, "tests_failed": len(failed), "failed_tests": failed}
        branch = "main" if number == 5 else "topic"
        talk.hears({"job": "web", "number": number, "result": "UNSTABLE", "branch": branch, **known})
    assert "Flaky" not in talk.say("jenkins tests web #5")


# --- jenkins artifacts


def test_artifacts_are_listed_with_the_sizes_jenkins_knows(talk: Following) -> None:
    assert talk.say("jenkins artifacts api") == (
        "**api** #5 archived 1 file:\n\n"
        "```\n"
        "file                   bytes\n"
        "dist/api-1.4.5.tar.gz  25\n"
        "```\n\n"
        "`jenkins artifacts api #5 dist/api-1.4.5.tar.gz` sends one."
    )
    assert "bytes" not in talk.say("jenkins artifacts web"), "Jenkins knows none of a freestyle job's"
    assert content(talk, "jenkins artifacts api --as csv") == "file,bytes\r\ndist/api-1.4.5.tar.gz,25\r\n"


@pytest.mark.parametrize(
    "line",
    [
        "jenkins artifacts api #4 dist/api-1.4.4.tar.gz",
        "jenkins artifacts api 4 api-1.4.4.tar.gz",
        'jenkins artifacts api #4 "*.gz"',
    ],
)
def test_one_artifact_is_sent(talk: Following, line: str) -> None:
    sent = reply(talk, line)
    assert sent.markdown == "📎 `dist/api-1.4.4.tar.gz` of **api** #4, 22 bytes."
    assert sent.file is not None
    assert (sent.file.name, sent.file.content) == ("api-1.4.4.tar.gz", b"api 1.4.4 for staging\n")


def test_the_last_build_is_meant_where_only_a_path_is_said(talk: Following) -> None:
    assert (
        reply(talk, "jenkins artifacts web web.zip").markdown == "📎 `dist/web.zip` of **web** #5, 22 bytes."
    )


def test_an_artifact_that_is_not_there_is_asked_about(talk: Following) -> None:
    assert talk.say("jenkins artifacts api nope") == (
        "⚠️ **api** #5 archived no `nope`. It has `dist/api-1.4.5.tar.gz`."
    )
    assert talk.say("jenkins artifacts api one two") == "⚠️ `one` is no number such as #12."
    assert talk.say("jenkins artifacts long-job") == "**long-job** #1 archived nothing."


# --- jenkins log


def test_the_end_of_the_last_builds_log(talk: Following) -> None:
    said = talk.say('jenkins log "Ünïcode jöb" --tail 4')
    assert re.sub(r"log of [\d,.]+ \w+", "log of N bytes", said) == (
        "📜 **Ünïcode jöb** #2, the last 4 lines of its log of N bytes:\n\n"
        "```\n"
        "rot: ERROR\n"
        "✓ grün, 日本語, 🚀\n"
        "<b>kein Fett</b> & *kein* Markdown\n"
        "Finished: SUCCESS\n"
        "```\n\n"
        '`jenkins log "Ünïcode jöb" #2 --grep error` searches all of it.'
    )


def test_a_pipeline_that_broke_points_at_its_stage(talk: Following) -> None:
    said = talk.say("jenkins log nightly-e2e --tail 1")
    assert said.endswith(
        "```\n"
        "Finished: FAILURE\n"
        "```\n\n"
        "It broke in stage **firefox**: `jenkins log nightly-e2e #3 --stage firefox` shows only that. "
        "`jenkins log nightly-e2e #3 --grep error` searches all of it."
    )
    assert talk.say("jenkins log nightly-e2e #3 --stage FIREFOX") == (
        "📜 Stage **firefox** of **nightly-e2e** #3, all it printed. It ended with: firefox: the basket is empty "
        "after a reload\n\n"
        "```\n"
        "[Shell Script: make e2e]\n"
        "+ make e2e\n"
        "✗ firefox: the basket is empty after a reload\n"
        "```"
    )


def test_a_stage_is_searched_too_and_may_have_nothing(talk: Following) -> None:
    assert talk.say("jenkins log api #3 --stage Build --grep sesion").endswith(
        "```\n[Shell Script: make build]\nsrc/login.py:12: error: name 'sesion' is not defined\n```"
    )
    assert talk.say("jenkins log api #3 --stage build --grep nowhere").startswith(
        "📜 Stage **Build** of **api** #3 printed nothing that fits."
    )
    assert (
        talk.say("jenkins log api #3 --stage zzz")
        == "⚠️ **api** #3 has no stage `zzz`. It has `Checkout`, `Build`."
    )
    assert talk.say("jenkins log web --stage Build").startswith(
        "⚠️ **web** #5 has no stages that Jenkins tells me of"
    )


def test_a_search_shows_numbers_and_what_stands_around(talk: Following) -> None:
    assert talk.say("jenkins log web --grep ADDED") == (
        "🔎 **web** #5: 1 of 10 lines holds `ADDED`.\n\n"
        "```\n"
        "5- + npm ci\n"
        "6: added 812 packages in 2s\n"
        "7- + npm run build\n"
        "```"
    )
    assert talk.say("jenkins log web --grep /^$/") == "🔎 **web** #5: none of the 10 lines hold `/^$/`."
    assert talk.say("jenkins log web --grep '/(?=a)/'").startswith(
        "⚠️ `/(?=a)/` is no regular expression that I take: invalid perl operator"
    )


def test_a_long_answer_is_a_file_as_well(talk: Following) -> None:
    log = "\n".join(f"tick {number} " + "x" * 100 for number in range(1, 301))
    talk.server.control("builds", job="web", log=log)
    tail = reply(talk, "jenkins log web --tail 200")
    assert len(tail.markdown.encode()) < 7_439
    assert "All of it is in **web-6-log.txt**." in tail.markdown
    assert tail.file is not None and tail.file.name == "web-6-log.txt"
    assert len(tail.file.content.splitlines()) == 200
    hits = reply(talk, "jenkins log web #6 --grep tick")
    assert hits.markdown.startswith(
        "🔎 **web** #6: 300 of 305 lines hold `tick`. These are the first 50; `--tail N` shows the last N."
    )
    last = reply(talk, "jenkins log web #6 --grep tick --tail 2")
    assert "These are the last 2." in last.markdown and "tick 300" in last.markdown


def test_the_log_of_a_running_build_says_that_it_runs(talk: Following) -> None:
    talk.server.control("speed", speed=1)
    number = talk.server.build("job/long-job")
    said = eventually(lambda: re.search("tick 1 ", talk.say("jenkins log long-job")), "a first line")
    assert said.string.startswith(f"📜 **long-job** #{number}, all ") and "; it still runs:" in said.string


def test_a_job_without_builds_has_no_log(talk: Following) -> None:
    talk.server.control("jobs", name="fresh")
    assert talk.say("jenkins log fresh") == "⚠️ **fresh** was never built."


def test_a_log_of_a_hundred_megabytes_is_searched_to_its_end(talk: Following) -> None:
    lines = {"10": "WARNING: slow disk", "999990": "ERROR: the disk is full"}
    talk.server.control("builds", job="web", log="+ make", log_megabytes=100, log_lines=lines)
    said = talk.say('jenkins log web --grep "/disk (is|was) full/"')
    assert said.startswith("🔎 **web** #6: 1 of 1,000,006 lines holds `/disk (is|was) full/`.")
    assert "ERROR: the disk is full" in said
    assert "the last 40 lines of its log of 100.0 MB" in talk.say("jenkins log web")


def test_a_search_stops_where_the_setting_says(server: Jenkins, database: Database) -> None:
    talk = following(database, server, environ={"JENKINS_LOG_SEARCH_MB": "1"})
    server.control("builds", job="web", log="+ make", log_megabytes=2, log_lines={"19000": "ERROR"})
    said = talk.say("jenkins log web --grep ERROR")
    assert re.sub(r"[\d,.]+ (of|lines|MB|kB)", r"N \1", said) == (
        "🔎 **web** #6: none of the N lines hold `ERROR`.\n\n"
        "⚠️ I stopped after N MB: I read no more of one log. What the log holds behind that, I have not seen."
    )


# --- jenkins trend


def test_the_trend_is_a_picture_with_a_sentence(talk: Following) -> None:
    sent = reply(talk, "jenkins trend web")
    assert sent.markdown == "📈 **web**: 4 of the last 5 builds succeeded, usually in 6 s."
    assert sent.file is not None
    assert (sent.file.name, sent.file.content_type) == ("web-5-trend.png", "image/png")
    assert sent.file.content.startswith(b"\x89PNG")


def test_without_an_ended_build_there_is_nothing_to_draw(talk: Following) -> None:
    talk.server.control("jobs", name="fresh")
    assert talk.say("jenkins trend fresh") == (
        "⚠️ No build of **fresh** has ended yet, so there is nothing to draw."
    )
