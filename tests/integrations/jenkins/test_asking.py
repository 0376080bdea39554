"""What a person asks about Jenkins, its jobs and its agents, and what they read."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from bot.store.database import Database
from tests.integrations.jenkins.answers import asked, content
from tests.integrations.jenkins.following import Following, following
from tests.playground.jenkins.running_jenkins import Jenkins, eventually

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
        "`jenkins agents` shows what is busy, and which Pipelines hold no executor."
    )
    (row,) = json.loads(content(talk, "jenkins queue --as json"))
    assert (row["job"], row["waits_for"], row["by"]) == ("long-job", "the build before it", "bot")


def test_a_pipeline_that_waits_for_an_agent_shows_in_the_queue_and_by_its_name_with_the_agents(
    talk: Following,
) -> None:
    talk.server.post("computer/linux-1/toggleOffline?offlineMessage=new+disk")
    talk.server.job("pipe", kind="pipeline", label="linux-1")
    talk.server.trigger("job/pipe")

    def row() -> str | None:
        found = re.search(r"a Pipeline's step  an agent that is offline", talk.say("jenkins queue"))
        return found and found[0]

    eventually(row, "the step in the queue")
    assert "🕓 **pipe** #1 holds no executor now" in talk.say("jenkins agents")


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
