"""What a person asks about Jenkins in a room, and what they read."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from bot.commands.model import Reply
from bot.store.database import Database
from integrations.jenkins.commands.reports import HISTORY
from integrations.jenkins.history import FlakyTest
from tests.integrations.jenkins.following import Following, following
from tests.playground.jenkins.running_jenkins import Jenkins, eventually


def asked(talk: Following, line: str) -> str:
    """The answer, with the server's address and moments made the same in every run."""
    said = talk.say(line).replace(talk.server.url, "https://jenkins")
    said = re.sub(r"\d\d-\d\d \d\d:\d\d", "MM-DD hh:mm", said)
    return re.sub(r"\d+ (h|d|s|min) ago", r"N \1 ago", said)


def reply(talk: Following, line: str) -> Reply:
    """The answer with its file."""
    return talk.outcome(line).replies[0]


def content(talk: Following, line: str) -> str:
    """The file of an answer, as text."""
    file = reply(talk, line).file
    assert file is not None
    return file.content.decode()


# --- jenkins status


def test_status_without_a_job_shows_all_of_jenkins_at_a_glance(talk: Following) -> None:
    assert asked(talk, "jenkins status") == (
        "[Jenkins 2.463](https://jenkins/): 7 jobs, 2 fail.\n"
        "🔨 0 builds run, 0 wait in the queue.\n"
        "🖥️ 3 of 3 agents online, 0 of 8 executors busy.\n\n"
        "`jenkins failing`, `jenkins queue` and `jenkins agents` tell more."
    )


def test_status_says_what_runs_waits_and_that_jenkins_shuts_down(talk: Following) -> None:
    talk.server.control("speed", speed=1)
    talk.server.build("job/long-job")
    talk.server.trigger("job/long-job")
    talk.server.post("job/web/disable")
    talk.server.post("computer/linux-2/toggleOffline?offlineMessage=new+disk")
    talk.server.post("quietDown")
    assert asked(talk, "jenkins status") == (
        "[Jenkins 2.463](https://jenkins/): 7 jobs, 2 fail, 1 is disabled.\n"
        "🔨 1 build runs, 1 waits in the queue.\n"
        "🖥️ 2 of 3 agents online, 1 of 6 executors busy.\n"
        "⚠️ It is about to shut down and starts nothing any more.\n\n"
        "`jenkins failing`, `jenkins queue` and `jenkins agents` tell more."
    )


# --- jenkins job


def test_a_job_is_described_with_all_it_takes(talk: Following) -> None:
    assert asked(talk, "jenkins job deploy") == (
        "**team/deploy** is a Pipeline. [Open](https://jenkins/job/team/job/deploy/)\n"
        "Deploys to production, after a person said yes\n"
        "☀️ Build stability: No recent builds failed.\n\n"
        "It takes:\n"
        "- `VERSION`, text, `1.4.0` by default: What to deploy\n"
        "- `NOTES`, text of several lines: For the release notes\n"
        "- `VAULT_TOKEN`, a password, not taken in chat: Where the secrets are\n\n"
        "Its last builds:\n\n"
        "```\n"
        "build  result  started      took  by     with\n"
        "2      ✅ ok   MM-DD hh:mm  6 s   bob    VERSION=1.3.9, NOTES=\n"
        "1      ✅ ok   MM-DD hh:mm  6 s   alice  VERSION=1.3.8, NOTES=\n"
        "```\n\n"
        "`jenkins build team/deploy` starts it, `jenkins builds team/deploy` lists more builds."
    )


def test_a_job_never_built_and_disabled_is_described_too(talk: Following) -> None:
    talk.server.control("jobs", name="new one", description="<b>Not</b> yet &amp; <i>never</i>")
    talk.server.post("job/new%20one/disable")
    assert asked(talk, 'jenkins job "new one"') == (
        "**new one** is a job, and disabled 💤. [Open](https://jenkins/job/new%20one/)\n"
        "Not yet \\& never\n\n"
        "It was never built.\n\n"
        '`jenkins build "new one"` starts it.'
    )


# --- jenkins builds


def test_builds_are_listed_with_who_and_with_what(talk: Following) -> None:
    assert asked(talk, "jenkins builds web --count 3") == (
        "The last 3 builds of **web**: 2 ok, 1 unstable.\n\n"
        "```\n"
        "build  result       started      took  by          with\n"
        "5      ✅ ok        MM-DD hh:mm  6 s   alice\n"
        "4      ⚠️ unstable  MM-DD hh:mm  6 s   SCM change\n"
        "3      ✅ ok        MM-DD hh:mm  6 s   bob\n"
        "```\n\n"
        "`jenkins log web #5` shows its log."
    )
    rows = content(talk, "jenkins builds api --as csv").splitlines()
    assert rows[0] == "build,result,started,took,by,with"
    assert rows[3].endswith(
        "❌ failed,"
        + rows[3].split(",")[2]
        + ',4 s,alice,"BRANCH=broken-login, TARGET=staging, DRY_RUN=false"'
    )


def test_a_running_build_is_listed_as_running(talk: Following) -> None:
    talk.server.control("speed", speed=1)
    talk.server.build("job/long-job")
    assert "2      🔨 running" in asked(talk, "jenkins builds long-job")
    assert asked(talk, "jenkins builds long-job").startswith(
        "The last 2 builds of **long-job**: 1 running, 1 ok."
    )


def test_a_job_without_builds_has_none_to_list(talk: Following) -> None:
    talk.server.control("jobs", name="fresh")
    assert talk.say("jenkins builds fresh") == "**fresh** was never built. `jenkins build fresh` starts it."


# --- jenkins queue


def test_an_empty_queue_is_said_to_be_empty(talk: Following) -> None:
    assert talk.say("jenkins queue") == "Nothing waits in Jenkins' queue."
    talk.server.post("quietDown")
    assert talk.say("jenkins queue") == (
        "Nothing waits in Jenkins' queue. ⚠️ Jenkins is about to shut down and starts nothing any more."
    )


def test_the_queue_tells_in_my_words_what_each_waits_for(talk: Following) -> None:
    talk.server.control("speed", speed=0.1)
    talk.server.build("job/long-job")
    item = talk.server.trigger("job/long-job")
    said = re.sub(r"(under 1|\d+) s  ", "N s  ", asked(talk, "jenkins queue"))
    said = re.sub(r"since +by", "since  by", said)
    assert said == (
        "🕓 1 build waits in Jenkins' queue.\n\n"
        "```\n"
        "item  job       waits for            since  by   with\n"
        f"{item}    long-job  the build before it  N s  bot\n"
        "```\n\n"
        "`jenkins agents` shows what is busy."
    )
    (row,) = json.loads(content(talk, "jenkins queue --as json"))
    assert (row["job"], row["waits_for"], row["by"]) == ("long-job", "the build before it", "bot")


# --- jenkins agents


def test_agents_show_what_they_have_and_what_waits_for_an_answer(talk: Following) -> None:
    deploy = talk.server.build("job/team/job/deploy", VERSION="2.0")

    def waits() -> Any:
        return talk.server.get(f"job/team/job/deploy/{deploy}/wfapi/pendingInputActions")

    eventually(waits, "the question of team/deploy")
    talk.server.control("speed", speed=0.1)
    long_job = talk.server.build("job/long-job")
    talk.server.post("computer/linux-2/toggleOffline?offlineMessage=new+disk")
    said = re.sub(r"for (under 1|\d+) s", "for N s", asked(talk, "jenkins agents"))
    assert said == (
        "```\n"
        "agent          state                       busy\n"
        "Built-In Node  ✅ online                   1 of 4\n"
        "linux-1        ✅ online                   0 of 2\n"
        "linux-2        🔧 taken offline: new disk  0 of 2\n"
        "```\n\n"
        f"🔨 **long-job** #{long_job} runs on Built-In Node for N s.\n"
        f"⏸️ **team/deploy** #{deploy} asks a question and waits for the answer; it runs for N s."
    )
    row, _, offline = json.loads(content(talk, "jenkins agents --as json"))
    assert (offline["state"], offline["reason"]) == ("taken offline", "new disk")
    assert row == {
        "agent": "Built-In Node",
        "state": "online",
        "reason": "",
        "busy": 1,
        "executors": 4,
        "has": f"long-job #{long_job}, team/deploy #{deploy} (waits for an answer)",
    }


def test_idle_agents_have_nothing(talk: Following) -> None:
    assert talk.say("jenkins agents").endswith("\n\nNothing runs.")


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


def test_flaky_tests_are_those_that_somebody_remembers(talk: Following) -> None:
    class Remembered:
        def flaky(self, server: str, job: str, branch: str) -> tuple[FlakyTest, ...]:
            assert (server, job, branch) == ("main", "web", "")
            return (FlakyTest("acme.web.CheckoutTest.keeps_the_basket", 4, 20),)

    services = talk.conversation.services
    object.__setattr__(services, "clients", {**services.clients, HISTORY: Remembered()})
    assert talk.say("jenkins tests web") == (
        "✅ **web** #5: 4 tests, none failed, 1 skipped.\n\n"
        "**Repaired** (1): `acme.web.CheckoutTest.keeps_the_basket`\n\n"
        "**Flaky**, by what I have seen (1):\n"
        "- `acme.web.CheckoutTest.keeps_the_basket`: changed 4 times in 20 builds"
    )


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


# --- names and rights


def test_folders_branches_and_odd_names_are_asked_about_alike(talk: Following) -> None:
    talk.server.control("jobs", name="shop", kind="multibranch")
    talk.server.control("jobs", name="shop/feature%2Flogin ☃", kind="pipeline", seconds=0.1)
    talk.server.control("builds", job="shop/feature%2Flogin ☃", result="FAILURE", log="✗ kaputt")
    for line in ("log", "builds", "tests", "artifacts", "job", "trend"):
        said = talk.outcome(f'jenkins {line} "feature/login ☃"')
        assert said.result == "ok", said.replies[0].markdown
        assert "**shop/feature/login ☃**" in said.replies[0].markdown
        assert said.arguments["job"] == ("shop/feature%2Flogin ☃",)
    assert "**shop/feature/login ☃** since" in talk.say("jenkins failing shop/*")


def test_what_to_say_next_names_the_server_that_was_asked(
    server: Jenkins, database: Database, tmp_path: Path
) -> None:
    prod = {"url": server.url, "user": "sparkops", "token": server.secret}
    config = {"integrations": {"jenkins": {"servers": {"prod": prod}}}}
    talk = following(database, server, config=config, folder=tmp_path)
    for line, said in {
        "status": "`jenkins@prod failing`, `jenkins@prod queue` and `jenkins@prod agents` tell more.",
        "job api": "`jenkins@prod build api` starts it, `jenkins@prod builds api` lists more builds.",
        "builds api": "`jenkins@prod log api #5` shows its log.",
        "failing": "`jenkins@prod log flaky` shows how it ended.",
        "tests web #4": "`jenkins@prod log web #4` shows the log.",
        "artifacts web": "`jenkins@prod artifacts web #5 dist/web.zip` sends one.",
        "log web": "`jenkins@prod log web #5 --grep error` searches all of it.",
        "failing nothing*": "`jenkins@prod jobs` shows all I may see.",
    }.items():
        assert talk.say(f"jenkins@prod {line}").endswith(said)
    assert talk.outcome("jenkins@prod status").arguments["on"] == ("prod",)


@pytest.mark.parametrize(
    "line",
    [
        "jenkins status",
        "jenkins job web",
        "jenkins builds web",
        "jenkins queue",
        "jenkins agents",
        "jenkins failing",
        "jenkins tests web",
        "jenkins artifacts web",
        "jenkins log web",
        "jenkins log web --grep x",
        "jenkins trend web",
    ],
)
def test_a_jenkins_that_boots_or_knows_no_token_is_told_as_such(talk: Following, line: str) -> None:
    talk.server.control("faults", kind="html503", path="*", count=None)
    assert "Jenkins is starting and not ready yet. It usually takes less than a minute" in talk.say(line)
    talk.server.control("reset")
    talk.server.control("token", token="another-token")
    said = talk.outcome(line)
    assert said.result == "refused"
    assert "Jenkins answered 401" in said.replies[0].markdown
