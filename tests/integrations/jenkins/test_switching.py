"""Jobs, agents and Jenkins itself switched on and off, and how they stand afterwards."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.store.database import Database
from integrations.jenkins import acting
from integrations.jenkins.agents import Agent, agents, under_way
from integrations.jenkins.errors import Forbidden
from integrations.jenkins.model import Quieting
from integrations.jenkins.render import agent_offline, agent_online, job_switched, quiet
from tests.integrations.jenkins.canned import Canned, recorded
from tests.integrations.jenkins.following import Following, following
from tests.playground.jenkins.running_jenkins import Jenkins

# --- what Jenkins tells


def test_recorded_nodes_are_read(canned: Canned) -> None:
    canned.answers("computer")
    (node,) = agents(canned.client())
    assert (node.name, node.offline, node.taken_offline, node.reason) == ("Built-In Node", False, False, "")
    assert node.running == ("http://127.0.0.1:18080/job/demo/1/",)
    assert node.path == "computer/(built-in)/"


def test_a_pipeline_that_waits_holds_an_executor_of_its_own() -> None:
    (told,) = recorded("computer_oneoff")["computer"]
    waits = {"currentExecutable": {"fullDisplayName": "team » deploy #3", "url": "…"}}
    node = Agent.model_validate({**told, "oneOffExecutors": [waits]})
    assert under_way([node, node]) == ("team » deploy #3",)


def test_an_agent_is_addressed_by_its_name() -> None:
    agent = Agent.model_validate({"displayName": "a b/ü", "_class": "hudson.slaves.SlaveComputer"})
    assert agent.path == "computer/a%20b%2F%C3%BC/"


def test_the_recorded_root_says_that_it_is_quieting_down(canned: Canned) -> None:
    canned.answers("root_info_quieting")
    assert canned.client().quieting() == Quieting(on=True)


# --- jobs


def test_a_job_is_disabled_and_enabled_and_told_where_it_was_already(talk: Following) -> None:
    assert talk.say("jenkins disable WEB") == (
        "💤 **web** is disabled: nothing builds it any more. `jenkins enable web` enables it."
    )
    assert talk.server.get("job/web/api/json")["buildable"] is False
    assert talk.say("jenkins disable web") == "**web** was disabled already. `jenkins enable web` enables it."
    assert talk.say("jenkins enable web") == "✅ **web** is enabled. `jenkins disable web` disables it."
    assert talk.server.get("job/web/api/json")["buildable"] is True
    assert talk.say("jenkins enable web") == "**web** was enabled already. `jenkins disable web` disables it."


def test_what_becomes_of_those_that_wait_is_told() -> None:
    assert job_switched("web", on=False, waited=2, waits=0) == (
        "💤 **web** is disabled: nothing builds it any more. 2 builds of it that waited are out of the queue. "
        "`jenkins enable web` enables it."
    )
    assert job_switched("web", on=False, waited=1, waits=1) == (
        "💤 **web** is disabled: nothing builds it any more. 1 build of it waits in the queue still; "
        "`jenkins stop web` takes it out. `jenkins enable web` enables it."
    )


def test_a_switch_whose_answer_is_lost_is_looked_after(talk: Following) -> None:
    talk.server.control("faults", kind="lost_answer", method="POST", path="*/disable")
    assert talk.say("jenkins disable web").startswith("💤 **web** is disabled")
    talk.server.control("faults", kind="drop", method="POST", path="*/enable")
    said = talk.say("jenkins enable web")
    assert said.startswith("⚠️ Enabling web: the connection to Jenkins broke")
    assert said.endswith(
        "I looked: **web** is disabled all the same. Nothing is repeated by itself; say it again."
    )


def test_a_switch_that_jenkins_takes_and_does_not_do_is_told(
    talk: Following, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acting, "set_enabled", lambda *_: None)
    assert talk.say("jenkins disable web") == "⚠️ Jenkins took it, but **web** is enabled all the same."


def test_where_it_cannot_be_looked_afterwards_the_switch_is_named(
    talk: Following, monkeypatch: pytest.MonkeyPatch
) -> None:
    switch = acting.set_enabled

    def and_then_jenkins_is_away(*which: Any) -> None:
        switch(*which)
        talk.server.control("faults", kind="html503", path="*", count=None)

    monkeypatch.setattr(acting, "set_enabled", and_then_jenkins_is_away)
    assert talk.say("jenkins disable web") == (
        "⚠️ Disabling **web** was asked of Jenkins, and I could not look what came of it. Asking Jenkins for the job "
        "web: Jenkins is starting and not ready yet. It usually takes less than a minute; say it again then."
    )


def test_who_may_not_configure_hears_which_permission_it_takes(talk: Following) -> None:
    talk.server.control("faults", kind="status", method="POST", path="*/disable", status=403)
    said = talk.say("jenkins disable web")
    assert "The user of JENKINS\\_USER needs the permission Job/Configure for it" in said


def test_others_can_be_asked_first_and_read_what_waits(
    server: Jenkins, database: Database, tmp_path: Path
) -> None:
    config: dict[str, Any] = {
        "access": [{"allow": "everyone", "commands": "jenkins *"}],
        "approvals": [{"commands": "jenkins *", "of": "ada@example.com"}],
    }
    talk = following(database, server, config=config, folder=tmp_path)
    server.post("quietDown")
    server.trigger("job/web")
    for line, says in (
        ("jenkins disable web",
         "Disable **web**, so that it is built no more? 1 build of it waits in the queue and Jenkins takes it out."),
        ("jenkins enable web", "Enable **web**, so that it can be built again?"),
        ('jenkins agent offline "built-in node" --reason disk',
         "Take the agent **Built-In Node** offline (disk), so that it takes no more builds? Nothing runs there."),
        ('jenkins agent online "built-in node"', "Have the agent **Built-In Node** take builds again?"),
        ("jenkins quiet", "Have Jenkins start nothing any more, as before a restart? Nothing runs."),
        ("jenkins unquiet", "Have Jenkins start builds again?"),
    ):  # fmt: skip
        asked = talk.outcome(line, person="bob@example.com")
        assert asked.decision == "approval asked", asked.replies[0].markdown
        assert says in asked.replies[0].markdown
    assert server.get("job/web/api/json")["buildable"] is True


# --- Jenkins itself


def test_jenkins_quiets_down_and_starts_again(talk: Following) -> None:
    assert talk.say("jenkins quiet") == (
        "🤫 Jenkins starts nothing any more; what comes waits. Nothing runs. `jenkins unquiet` calls it off."
    )
    assert talk.server.get("api/json")["quietingDown"] is True
    assert talk.say("jenkins quiet") == "Jenkins was quieting down already. `jenkins unquiet` calls it off."
    assert talk.say("jenkins unquiet") == "✅ Jenkins starts builds again, those that waited first."
    assert talk.server.get("api/json")["quietingDown"] is False
    assert talk.say("jenkins unquiet") == "Jenkins was not quieting down: it starts builds."


def test_what_runs_while_it_quiets_down_goes_on(talk: Following) -> None:
    number = talk.server.build("job/long-job")
    assert f"What runs goes on: long-job \\#{number}." in talk.say("jenkins quiet")


def test_the_reason_is_shown() -> None:
    assert quiet("update at noon (asked for by ada@example.com in Webex)", ()) == (
        "🤫 Jenkins starts nothing any more (update at noon \\(asked for by ada@example.com in Webex\\)); what comes "
        "waits. Nothing runs. `jenkins unquiet` calls it off."
    )


def test_the_reason_goes_along_with_who_asked(canned: Canned) -> None:
    acting.quiet_down(canned.client(), "update")
    assert canned.asked == [("POST", "/quietDown", "message=update")]
    canned.say(403, "")
    with pytest.raises(Forbidden, match="needs the permission Overall/Manage"):
        acting.quiet_down(canned.client(), "update")


@pytest.mark.parametrize(
    ("line", "path"), [("jenkins quiet", "*quietDown"), ("jenkins unquiet", "*cancelQuietDown")]
)
def test_a_lost_answer_is_looked_after_here_too(talk: Following, line: str, path: str) -> None:
    if line == "jenkins unquiet":
        talk.say("jenkins quiet")
    talk.server.control("faults", kind="drop", method="POST", path=path)
    said = talk.say(line)
    assert "I looked: Jenkins " in said and said.endswith("Nothing is repeated by itself; say it again.")
    talk.server.control("faults", kind="lost_answer", method="POST", path=path)
    assert talk.outcome(line).result == "ok"


# --- agents


def agent(**more: Any) -> Agent:
    return Agent.model_validate({"displayName": "linux-1", "_class": "hudson.slaves.SlaveComputer", **more})


def test_an_agent_that_is_away_is_not_brought_back_by_a_switch() -> None:
    away = agent(offline=True, offlineCauseReason="Connection was broken")
    assert agent_online(away, before=True) == (
        "**linux-1** is not switched off, and away all the same (Connection was broken): its connection to Jenkins "
        "is missing, which is to be mended on its own side."
    )


def test_what_runs_on_an_agent_is_told() -> None:
    runs = [{"currentExecutable": {"fullDisplayName": f"job #{number}"}} for number in range(7)]
    off = agent(offline=True, temporarilyOffline=True, offlineCauseReason="disk", executors=runs)
    assert agent_offline(off) == (
        "📴 **linux-1** is offline (disk) and takes no more builds. What runs there goes on: job \\#0, job \\#1, job "
        "\\#2, job \\#3, job \\#4 and 2 more. `jenkins agent online linux-1` brings it back."
    )
    assert agent_offline(agent(offline=True, temporarilyOffline=True), before=True) == (
        "**linux-1** was offline already. Nothing runs there. `jenkins agent online linux-1` brings it back."
    )


def test_an_agent_is_taken_offline_and_brought_back(talk: Following) -> None:
    talk.server.control("agents", name="linux 1", labels=["linux"])
    assert talk.say('jenkins agent offline "LINUX 1" --reason "new disk"') == (
        "📴 **linux 1** is offline (new disk \\(asked for by you@example.com in Webex\\)) and takes no more builds. "
        'Nothing runs there. `jenkins agent online "linux 1"` brings it back.'
    )
    assert switched_off(talk, "linux 1")
    assert talk.say('jenkins agent offline "linux 1"').startswith("**linux 1** was offline already (new disk")
    assert switched_off(talk, "linux 1"), "the one switch was not turned back"
    assert talk.say('jenkins agent online "linux 1"') == "✅ **linux 1** is online and takes builds."
    assert not switched_off(talk, "linux 1")
    assert talk.say('jenkins agent online "linux 1"') == "**linux 1** was online already. Nothing runs there."


def switched_off(talk: Following, name: str) -> bool:
    return bool(talk.server.get(f"computer/{name}/api/json")["temporarilyOffline"])


def test_an_agent_that_lost_its_connection_needs_more_than_a_switch(talk: Following) -> None:
    talk.server.control("agents/connection", name="linux-1", disconnected=True)
    assert "is not switched off, and away all the same" in talk.say("jenkins agent online linux-1")


def test_a_toggle_whose_answer_is_lost_is_looked_after_and_not_turned_again(talk: Following) -> None:
    talk.server.control("faults", kind="lost_answer", method="POST", path="*/toggleOffline")
    assert talk.say("jenkins agent offline linux-1").startswith("📴 **linux-1** is offline")
    talk.server.control("faults", kind="drop", method="POST", path="*/toggleOffline")
    said = talk.say("jenkins agent online linux-1")
    assert said.startswith("⚠️ Taking the agent linux-1 online: the connection to Jenkins broke")
    assert said.endswith(
        "I looked: **linux-1** is offline as before: somebody may have switched it back. Nothing is repeated by "
        "itself; say it again."
    )


def test_an_unknown_agent_is_asked_about(talk: Following) -> None:
    said = talk.say("jenkins agent offline bulit-in-node")
    assert said == "⚠️ Jenkins has no agent `bulit-in-node`. Did you mean `Built-In Node`?"
    assert talk.say("jenkins agent offline zzz").startswith(
        "⚠️ Jenkins has no agent `zzz`. It has `Built-In Node`"
    )


def test_the_switch_is_turned_with_a_reason_in_the_form(canned: Canned) -> None:
    canned.say(200, json.dumps({"computer": []}))
    acting.toggle_offline(canned.client(), agent(), "new disk")
    assert canned.asked == [("POST", "/computer/linux-1/toggleOffline", "offlineMessage=new+disk")]
