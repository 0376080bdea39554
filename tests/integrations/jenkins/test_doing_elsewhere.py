"""What is done on another server than the usual one: it goes there, and the hints say so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.commands.forms import words_of_submission
from bot.runs.states import State
from bot.store.database import Database
from tests.integrations.jenkins.following import Following, following
from tests.integrations.jenkins.prepared import asking, waiting
from tests.playground.jenkins.running_jenkins import Jenkins, running_jenkins
from tests.talking import DIRECT

SECRET = "swordfish-of-the-tests"


@pytest.fixture(scope="module")
def prod_process() -> Iterator[Jenkins]:
    """The process behind `prod`."""
    with running_jenkins() as server:
        yield server


@pytest.fixture
def prod(prod_process: Jenkins) -> Jenkins:
    """Another Jenkins, with the same jobs."""
    prod_process.control("reset")
    return prod_process


@pytest.fixture
def talk(server: Jenkins, prod: Jenkins, database: Database, tmp_path: Path) -> Following:
    """The owner, whose bot knows `main` and `prod`."""
    there = {
        "url": prod.url,
        "user": "sparkops",
        "token": prod.secret,
        "timeout": 20,
        "requester_parameter": "ASKER",
        "trigger_token": "the-token-of-prods-jobs",
    }
    config = {"integrations": {"jenkins": {"servers": {"prod": there}}}}
    return following(database, server, config=config, folder=tmp_path)


def test_a_question_is_answered_there(talk: Following, prod: Jenkins) -> None:
    assert asking(talk.server) == asking(prod) == 3
    reply = talk.outcome("jenkins@prod approve deploy #3").replies[0]
    assert "`jenkins@prod approve team/deploy #3 --input=Deploy STRATEGY=value`" in reply.markdown
    assert reply.card is not None
    words = words_of_submission({**reply.card["actions"][0]["data"], "field0": "rolling", "field1": ""})
    assert words is not None
    assert talk.conversation.words(words).result == "ok"
    assert prod.finished("job/team/job/deploy", 3)["result"] == "SUCCESS"
    assert len(waiting(talk.server, 3)) == 1
    assert "you@example.com answered yes at " in talk.say("jenkins@prod abort deploy #3")


def test_a_build_is_repeated_and_ended_there(talk: Following, prod: Jenkins) -> None:
    talk.say("jenkins@prod rebuild long-job")
    assert talk.until(State.RUNNING).progress["number"] == 2
    asked = talk.say("jenkins@prod stop long-job")
    assert "`jenkins@prod status long-job` tells when it has." in talk.confirm(asked)
    assert prod.finished("job/long-job", 2)["result"] == "ABORTED"
    assert talk.server.get("job/long-job/api/json")["nextBuildNumber"] == 2


def test_a_password_goes_there_and_nowhere_else(talk: Following, prod: Jenkins) -> None:
    reply = talk.outcome("jenkins@prod build-with-passwords deploy", place=DIRECT).replies[0]
    assert reply.card is not None
    answers = {"field0": "1.5.0", "field1": "", "field2": SECRET}
    words = words_of_submission({**reply.card["actions"][0]["data"], **answers})
    assert words is not None and words[0] == "jenkins@prod"
    assert talk.conversation.words(words, place=DIRECT).result == "ok"
    assert talk.until(State.RUNNING).progress["number"] == 3
    assert prod.get("job/team/job/deploy/api/json")["nextBuildNumber"] == 4
    assert talk.server.get("job/team/job/deploy/api/json")["nextBuildNumber"] == 3


def test_switches_are_turned_there(talk: Following, prod: Jenkins) -> None:
    assert talk.say("jenkins@prod disable web").endswith("`jenkins@prod enable web` enables it.")
    assert talk.say("jenkins@prod quiet").endswith("`jenkins@prod unquiet` calls it off.")
    assert talk.say("jenkins@prod agent offline linux-1").endswith(
        "`jenkins@prod agent online linux-1` brings it back."
    )
    assert prod.get("api/json")["quietingDown"] and not talk.server.get("api/json")["quietingDown"]
    assert talk.server.get("job/web/api/json")["buildable"]
    assert not talk.server.get("computer/linux-1/api/json")["temporarilyOffline"]


def test_each_server_has_its_own_parameter_for_who_asks(talk: Following, prod: Jenkins) -> None:
    prod.job("named", parameters=[{"name": "ASKER"}, {"name": "REQUESTED_BY"}])
    talk.say("jenkins@prod build named --defaults")
    assert talk.run().arguments["given"] == [["ASKER", "you@example.com"]]


def test_a_rule_may_hold_for_one_server(
    server: Jenkins, prod: Jenkins, database: Database, tmp_path: Path
) -> None:
    there = {"url": prod.url, "user": "sparkops", "token": prod.secret}
    config = {
        "integrations": {"jenkins": {"servers": {"prod": there}}},
        "access": [
            {"allow": "everyone", "commands": "jenkins *"},
            {"deny": "everyone", "commands": "jenkins build", "arguments": {"on": "prod"}},
        ],
    }
    talk = following(database, server, config=config, folder=tmp_path)
    said = talk.say("jenkins@prod rebuild web", person="ada@example.com")
    assert said.startswith("⚠️ That starts a build, and you may not say `jenkins build` for it.")
    assert talk.outcome("jenkins rebuild web", person="ada@example.com").result == "ok"
