"""Build again, with what may be changed, and who may: rebuild and replay."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.commands.parameters import Assignment
from bot.runs.states import State
from bot.store.database import Database
from integrations.jenkins import acting
from integrations.jenkins.client import JenkinsClient
from integrations.jenkins.commands.ordering import repeated
from integrations.jenkins.model import ParameterDefinition
from tests.integrations.jenkins.canned import Canned
from tests.integrations.jenkins.following import Following, following
from tests.playground.jenkins.running_jenkins import Jenkins
from tests.talking import DIRECT

ADA = "ada@example.com"


def given(talk: Following) -> dict[str, str]:
    return dict(talk.run().arguments["given"])


# --- rebuild


def test_the_last_build_is_built_again_with_all_its_parameters(talk: Following) -> None:
    assert talk.outcome("jenkins rebuild api").result == "ok"
    assert talk.live() == (
        "📨 I ask Jenkins to build **api** with `BRANCH=main`, `TARGET=production`, `DRY_RUN=false`. It is #5 again."
    )
    number = talk.to_its_end().progress["number"]
    assert parameters(talk, "api", number) == {"BRANCH": "main", "TARGET": "production", "DRY_RUN": False}


def parameters(talk: Following, job: str, number: int) -> dict[str, Any]:
    actions = talk.server.get(f"job/{job}/{number}/api/json")["actions"]
    return {each["name"]: each.get("value") for action in actions for each in action.get("parameters", [])}


def test_another_build_is_named_and_some_parameters_changed(talk: Following) -> None:
    assert talk.outcome("jenkins rebuild api #2 target=production").result == "ok"
    assert given(talk) == {"BRANCH": "feature/login", "TARGET": "production", "DRY_RUN": "true"}
    assert talk.live().endswith("It is #2 again.")


def test_a_job_without_parameters_is_just_built(talk: Following) -> None:
    talk.say("jenkins rebuild web")
    assert talk.live() == "📨 I ask Jenkins to build **web**. It is #5 again."


def test_a_password_cannot_be_repeated_and_says_where_it_can_be_given(talk: Following) -> None:
    talk.say("jenkins rebuild deploy")
    assert talk.live() == (
        "📨 I ask Jenkins to build **team/deploy** with `VERSION=1.3.9`, `NOTES=`. It is #2 again. `VAULT_TOKEN` has "
        "its default, since Jenkins shows no passwords; `jenkins build-with-passwords team/deploy VERSION=1.3.9 "
        "NOTES=` in our direct room asks."
    )


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("jenkins rebuild api #99", "Asking Jenkins for api \\#99: Jenkins answered 404"),
        ("jenkins rebuild api #1 #2", "Say one build to repeat, and not several."),
        ("jenkins rebuild api #2 TARGET=moon", "Nothing was started of **api**. `TARGET` offers no `moon`"),
        ("jenkins rebuild api nine", "'nine' is not a number such as 12 or \\#12."),
    ],
)
def test_what_cannot_be_rebuilt_starts_nothing(talk: Following, line: str, says: str) -> None:
    said = talk.say(line)
    assert said.startswith("⚠️ ") and says in said


def test_a_job_that_was_never_built_has_nothing_to_repeat(talk: Following) -> None:
    talk.server.job("fresh")
    assert talk.say("jenkins rebuild fresh") == "⚠️ **fresh** was never built: say `jenkins build fresh`."


def test_what_cannot_be_given_again_is_left_out(client: JenkinsClient) -> None:
    definitions = [
        {"name": "KEPT", "type": "StringParameterDefinition"},
        {"name": "ASKER", "type": "StringParameterDefinition"},
        {"name": "KEY", "type": "PasswordParameterDefinition"},
        {"name": "FILE", "type": "FileParameterDefinition"},
    ]
    job = client.job("web").model_copy(
        update={"parameters": tuple(map(ParameterDefinition.model_validate, definitions))}
    )
    old = (("GONE", "a"), ("KEPT", "b"), ("ASKER", "boss@example.com"), ("KEY", "k"), ("FILE", "f"))
    before = client.build("web", 5).model_copy(update={"parameters": old})
    assert [str(each) for each in repeated(job, before, "ASKER", [])] == ["KEPT=b"]
    assert [str(each) for each in repeated(job, before, "ASKER", [Assignment("kept", "c")])] == ["kept=c"]


# --- replay


def test_a_pipelines_build_is_replayed_and_found_without_its_number(talk: Following) -> None:
    assert talk.outcome("jenkins replay api #3").result == "ok"
    assert talk.live() == (
        "⏪ I ask Jenkins to replay **api** #3 with `BRANCH=broken-login`, `TARGET=staging`, `DRY_RUN=false`."
    )
    assert talk.to_its_end().progress["number"] == 6
    assert talk.server.get("job/api/api/json")["nextBuildNumber"] == 7, "it was asked for once"
    assert parameters(talk, "api", 6)["BRANCH"] == "broken-login"


def test_one_that_waits_in_the_queue_is_found_there(server: Jenkins, client: JenkinsClient) -> None:
    server.post("quietDown")
    acting.replay(client, "team/deploy", 1)
    acting.replay(client, "team/deploy", 2)
    one, two = (acting.replayed(client, "team/deploy", number, 3) for number in (1, 2))
    assert one is not None and two is not None and one < two
    assert acting.replayed(client, "api", 1, 6) is None


@pytest.mark.parametrize("cause", [{"originalNumber": 3}, {"shortDescription": "Replayed #3"}])
def test_a_replay_is_known_by_the_number_or_by_the_words_of_its_cause(
    canned: Canned, cause: dict[str, object]
) -> None:
    build = {"number": 6, "url": "", "queueId": 41, "actions": [{"causes": [cause]}]}
    canned.say(200, json.dumps({"builds": [build]}))
    assert acting.replayed(canned.client(), "api", 3, 6) == 41


@pytest.mark.parametrize("shows", [True, False])
def test_where_the_answer_is_lost_it_is_looked_for_and_not_sent_again(
    talk: Following, monkeypatch: pytest.MonkeyPatch, shows: bool
) -> None:
    if not shows:
        monkeypatch.setattr(acting, "replayed", lambda *_: None)
    talk.server.control("faults", kind="lost_answer", method="POST", path="*/replay/rebuild")
    talk.say("jenkins replay api #3")
    assert talk.to_its_end().progress["number"] == 6
    assert talk.server.get("job/api/api/json")["nextBuildNumber"] == 7


def test_one_that_never_shows_was_not_started(talk: Following) -> None:
    talk.server.control("faults", kind="drop", method="POST", path="*/replay/rebuild")
    talk.say("jenkins replay api #3")
    assert talk.to_its_end().state == State.FAILED
    assert "Jenkins has no such build: nothing was started." in talk.told()[-1]


def test_what_is_no_pipelines_cannot_be_replayed(talk: Following) -> None:
    assert talk.say("jenkins replay web #2") == (
        "⚠️ **web** #2 is no Pipeline's, and only those can be replayed. `jenkins rebuild web #2` builds it again."
    )


def test_where_the_plugin_is_missing_rebuild_is_offered(talk: Following) -> None:
    talk.server.control("faults", kind="status", method="POST", path="*/replay/rebuild", status=404)
    said = talk.say("jenkins replay api #3")
    assert said.startswith("⚠️ Replaying api \\#3: Jenkins answered 404")
    assert said.endswith(
        "Only builds of a Pipeline can be replayed, and not all; any can be rebuilt.".replace("`", "\\`")
    )


# --- who may: what `jenkins build` may not start, nothing else starts


def rules(**more: Any) -> dict[str, Any]:
    return {"access": [{"allow": "everyone", "commands": "jenkins *"}], **more}


@pytest.mark.parametrize(
    "line",
    [
        "jenkins rebuild api",
        "jenkins rebuild api #2 TARGET=production",
        "jenkins replay api #5",
    ],
)
def test_a_rule_about_a_value_holds_for_builds_that_had_it(
    server: Jenkins, database: Database, tmp_path: Path, line: str
) -> None:
    frozen = {
        "deny": "everyone",
        "commands": "jenkins build",
        "arguments": {"parameters.TARGET": "production"},
        "reason": "It is frozen.",
    }
    config = rules()
    config["access"].append(frozen)
    talk = following(database, server, config=config, folder=tmp_path)
    assert talk.say(line, person=ADA) == (
        "⚠️ That starts a build, and you may not say `jenkins build` for it. It is frozen."
    )
    assert talk.outcome("jenkins rebuild api #2", person=ADA).result == "ok"


def test_what_needs_others_yes_as_a_build_is_not_had_without_it(
    server: Jenkins, database: Database, tmp_path: Path
) -> None:
    config = rules(
        approvals=[{"commands": "jenkins build", "arguments": {"job": "api"}, "of": "bob@example.com"}]
    )
    talk = following(database, server, config=config, folder=tmp_path)
    assert talk.say("jenkins rebuild api #2", person=ADA) == (
        "⚠️ `jenkins build` needs others' yes for that, so say `jenkins build api BRANCH=feature/login "
        "TARGET=staging DRY_RUN=true`, which asks for it."
    )


def test_others_agree_to_exactly_what_is_built_again(
    server: Jenkins, database: Database, tmp_path: Path
) -> None:
    config = rules(approvals=[{"commands": "jenkins *", "of": "bob@example.com"}])
    talk = following(database, server, config=config, folder=tmp_path)
    for line, says in (
        (
            "jenkins rebuild api #2",
            "Build **api** again, as #2 was, with `BRANCH=feature/login`, `TARGET=staging`",
        ),
        ("jenkins replay api #3", "Replay **api** #3, with the script it had and `BRANCH=broken-login`"),
    ):
        asked = talk.outcome(line, person=ADA)
        assert asked.decision == "approval asked" and says in asked.replies[0].markdown


def test_with_passwords_it_is_still_a_build(server: Jenkins, database: Database, tmp_path: Path) -> None:
    config = rules()
    config["access"].append({"deny": "everyone", "commands": "jenkins build", "arguments": {"job": "team/*"}})
    talk = following(database, server, config=config, folder=tmp_path)
    words = ("jenkins", "build-with-passwords", "deploy", "--hidden=VAULT_TOKEN=swordfish-of-the-tests")
    said = talk.conversation.words(words, person=ADA, place=DIRECT).replies[0].markdown
    assert said.startswith("⚠️ That starts a build, and you may not say `jenkins build` for it.")
