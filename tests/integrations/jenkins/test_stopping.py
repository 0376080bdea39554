"""A Pipeline that does not stop: terminate, then kill, each asked about by itself."""

from __future__ import annotations

import pytest

from integrations.jenkins import acting
from integrations.jenkins.errors import Unreachable
from tests.integrations.jenkins.following import Following
from tests.integrations.jenkins.prepared import hanging
from tests.playground.jenkins.running_jenkins import eventually


def stubborn(talk: Following) -> int:
    """A build that was asked to stop and goes on."""
    number = hanging(talk.server)
    talk.confirm(talk.say("jenkins stop stuck"))
    eventually(lambda: interrupted(talk, number), "the note that somebody asked")
    return number


def interrupted(talk: Following, number: int) -> bool:
    actions = talk.server.get(f"job/stuck/{number}/api/json")["actions"]
    return any(str(each.get("_class", "")).endswith("InterruptedBuildAction") for each in actions)


def test_each_answer_names_the_next_step_and_no_further_one(talk: Following) -> None:
    number = hanging(talk.server)
    asked = talk.say("jenkins stop stuck")
    assert asked.startswith(f"⚠️ Stop **stuck** #{number}, which runs now?\n")
    assert talk.confirm(asked) == (
        f"🛑 **stuck** #{number} is asked to stop. `jenkins status stuck` tells when it has. Where it hangs, "
        f"`jenkins stop stuck #{number} --term` breaks it off."
    )
    assert talk.server.get(f"job/stuck/{number}/api/json")["building"]
    asked = talk.say(f"jenkins stop stuck #{number} --term")
    assert asked.startswith(
        f"⚠️ Terminate **stuck** #{number}? Its running steps are broken off by force, also those that clean up.\n"
    )
    assert talk.confirm(asked) == (
        f"🛑 **stuck** #{number} is told to terminate. `jenkins status stuck` tells when it has. The last resort, "
        f"where even that does not end it: `jenkins stop stuck #{number} --kill`."
    )
    assert talk.server.finished("job/stuck", number)["result"] == "ABORTED"


def test_to_kill_is_the_last_resort(talk: Following) -> None:
    number = stubborn(talk)
    asked = talk.say(f"jenkins stop stuck #{number} --kill")
    assert asked.startswith(
        f"⚠️ Kill **stuck** #{number}? That is the last resort: Jenkins forgets the build at once and runs nothing "
        "that cleans up after it. What its steps hold (agents, locks, workspaces) may stay taken.\n"
    )
    assert talk.confirm(asked) == (
        f"☠️ **stuck** #{number} is killed. `jenkins status stuck` tells whether Jenkins still shows it."
    )
    assert talk.server.finished("job/stuck", number)["result"] == "ABORTED"


def test_who_terminates_at_once_hears_of_the_gentler_way(talk: Following) -> None:
    number = hanging(talk.server)
    assert f"Nobody has asked it to stop yet: `jenkins stop stuck #{number}` does." in talk.say(
        "jenkins stop stuck --term"
    )


def test_a_yes_to_stop_is_no_yes_to_kill(talk: Following) -> None:
    number = hanging(talk.server)
    asked = talk.say("jenkins stop stuck")
    code = asked.partition("Say `confirm ")[2].partition("`")[0]
    assert talk.conversation.words(("confirm", code)).result == "ok"
    assert talk.server.get(f"job/stuck/{number}/api/json")["building"]


@pytest.mark.parametrize("how", ["--term", "--kill"])
def test_jenkins_has_these_for_pipelines_only(talk: Following, how: str) -> None:
    number = talk.server.build("job/long-job")
    assert talk.say(f"jenkins stop long-job {how}") == (
        f"⚠️ **long-job** #{number} is no Pipeline's, and Jenkins can only stop it: "
        f"`jenkins stop long-job #{number}`."
    )


def test_both_at_once_are_none(talk: Following) -> None:
    hanging(talk.server)
    assert talk.say("jenkins stop stuck --term --kill") == (
        "⚠️ Say `--term` or `--kill`, and not both: kill is for what term did not end."
    )


def test_what_only_waits_is_taken_out_by_stop(talk: Following) -> None:
    talk.server.post("quietDown")
    talk.server.trigger("job/web")
    assert talk.say("jenkins stop web --term") == (
        "⚠️ **web** only waits in the queue: `jenkins stop web` takes it out."
    )


def test_where_the_answer_is_lost_the_build_is_looked_at(talk: Following) -> None:
    number = hanging(talk.server)
    asked = talk.say(f"jenkins stop stuck #{number} --term")
    talk.server.control("faults", kind="drop", method="POST", path="*/term")
    said = talk.confirm(asked)
    assert said.startswith(f"⚠️ Terminating stuck \\#{number}: the connection to Jenkins broke")
    assert said.endswith(
        f"**stuck** #{number} still runs, and I see no sign that it was asked. Saying it again does no harm."
    )
    talk.server.control("faults", kind="lost_answer", method="POST", path="*/term")
    talk.confirm(talk.say(f"jenkins stop stuck #{number} --term"))
    assert talk.server.finished("job/stuck", number)["result"] == "ABORTED"


def test_who_may_not_cancel_hears_which_permission_it_takes(talk: Following) -> None:
    number = hanging(talk.server)
    asked = talk.say(f"jenkins stop stuck #{number} --term")
    talk.server.control("faults", kind="status", method="POST", path="*/term", status=403)
    assert "The user of JENKINS\\_USER needs the permission Job/Cancel for it" in talk.confirm(asked)


def test_where_it_cannot_be_looked_at_either_what_was_asked_is_told(
    talk: Following, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = hanging(talk.server)
    asked = talk.say(f"jenkins stop stuck #{number} --term")

    def jenkins_goes_away(*_: object) -> None:
        talk.server.control("faults", kind="html503", path="*", count=None)
        raise Unreachable("terminating stuck #1", "the connection to Jenkins broke", maybe_done=True)

    monkeypatch.setattr(acting, "end", jenkins_goes_away)
    said = talk.confirm(asked)
    assert said.startswith("⚠️ Terminating stuck \\#1: the connection to Jenkins broke.")
    assert (
        f"To terminate **stuck** #{number} was asked of Jenkins, and I could not look what came of it."
        in said
    )
    assert "Jenkins is starting and not ready yet." in said
