"""Several Jenkins servers: which one a line means, and that nothing of one reaches another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.config_file import SettingsError
from bot.settings import read_environment
from bot.store.database import Database
from integrations.jenkins.servers import NoSuchServer, Servers
from integrations.jenkins.settings import JenkinsSettings, accounts, hook_secrets, sender
from tests.integrations.jenkins.following import Following, following
from tests.playground.jenkins.running_jenkins import Jenkins, running_jenkins
from tests.talking import DIRECT

ADA = "ada@example.com"
KEYS = {"SPARKOPS_ENCRYPTION_KEY": "a key of the tests that is long enough for one"}
TOKEN = "11" + "ada0" * 8


@pytest.fixture(scope="module")
def second() -> Iterator[Jenkins]:
    """Another Jenkins, with one job of its own."""
    with running_jenkins("--empty") as server:
        server.job("billing", seconds=0.1)
        yield server


@pytest.fixture
def talk(server: Jenkins, second: Jenkins, database: Database, tmp_path: Path) -> Following:
    """The owner, whose bot knows `main` and `prod`."""
    prod = {"url": second.url, "user": "sparkops", "token": second.secret}
    return following(
        database,
        server,
        environ=KEYS,
        config={"integrations": {"jenkins": {"servers": {"prod": prod}}}},
        folder=tmp_path,
        owners=("you@example.com", ADA),
    )


def test_the_line_says_which(talk: Following) -> None:
    assert "team/deploy" in talk.say("jenkins jobs")
    said = talk.say("jenkins@prod jobs")
    assert "billing" in said and "team/deploy" not in said
    assert said.endswith("`jenkins@prod status JOB` tells more of one, `jenkins@prod build JOB` starts it.")


def test_a_room_may_mean_another_than_the_usual_one(talk: Following, second: Jenkins) -> None:
    assert talk.say("jenkins use prod") == f"In this room `jenkins` means **prod** now: {second.url}/"
    said = talk.say("jenkins jobs")
    assert "billing" in said and said.endswith("`jenkins build JOB` starts it.")
    assert "team/deploy" in talk.say("jenkins@main jobs")
    assert "team/deploy" in talk.say("jenkins jobs", place=DIRECT), "another room has not chosen"
    assert "means **main** now" in talk.say("jenkins use default")
    assert "team/deploy" in talk.say("jenkins jobs")


def test_the_servers_and_how_they_are(talk: Following, server: Jenkins, second: Jenkins) -> None:
    server.control("faults", kind="html503", path="*", count=None)
    said = talk.say("jenkins servers")
    assert "main    here   ?        Jenkins is starting and not ready yet" in said
    assert "prod           2.463    up" in said
    assert said.endswith("`jenkins@prod jobs` asks another, `jenkins use prod` has it meant in this room.")


def test_one_that_nobody_knows_is_told_with_what_may_be_meant(talk: Following) -> None:
    assert talk.say("jenkins@prd jobs") == (
        "⚠️ I know no Jenkins called `prd`. Did you mean `prod`? There is `main`, `prod`."
    )


def test_a_build_is_started_and_followed_where_it_was_asked_for(talk: Following, second: Jenkins) -> None:
    assert "I ask Jenkins to build **billing**" in talk.say("jenkins@prod build billing")
    run = talk.to_its_end()
    assert run.state == "done" and run.arguments["server"] == "prod"
    assert second.get("job/billing/api/json")["lastBuild"]["number"] == run.progress["number"]
    assert talk.told()[-1].startswith("✅ **billing** #1 succeeded")


def test_what_is_said_of_it_afterwards_names_the_server(talk: Following, second: Jenkins) -> None:
    second.job("broken", result="FAILURE", seconds=0.1)
    talk.say("jenkins@prod build broken")
    talk.to_its_end()
    assert "`jenkins@prod build broken` starts it again." in talk.told()[-1]


def test_a_rule_may_name_the_server(
    server: Jenkins, second: Jenkins, database: Database, tmp_path: Path
) -> None:
    prod = {"url": second.url, "user": "sparkops", "token": second.secret}
    rules = [
        {
            "deny": ["everyone"],
            "commands": ["jenkins jobs"],
            "arguments": {"on": "prod"},
            "reason": "hands off",
        },
        {"allow": ["everyone"], "commands": ["jenkins *"]},
    ]
    config = {"access": rules, "integrations": {"jenkins": {"servers": {"prod": prod}}}}
    talk = following(database, server, config=config, folder=tmp_path)
    assert "hands off" in talk.say("jenkins@prod jobs", person=ADA)
    assert "team/deploy" in talk.say("jenkins jobs", person=ADA)
    talk.say("jenkins use prod")
    assert "hands off" in talk.say("jenkins jobs", person=ADA), "named or not, it is the same server"


def test_a_token_for_one_server_never_goes_to_another(
    talk: Following, server: Jenkins, second: Jenkins
) -> None:
    second.control("token", user="ada", token=TOKEN)
    words = ("credentials", "set", "jenkins@prod", "user=ada", f"token={TOKEN}")
    said = talk.conversation.words(words, place=DIRECT, person=ADA).replies[0].markdown
    assert said.startswith("🔑 jenkins@prod knows you as **ada**.")
    talk.say("jenkins@prod build billing", person=ADA)
    talk.say("jenkins build web --defaults", person=ADA)
    talk.to_its_end(1), talk.to_its_end(2)
    assert _starter(second, "billing") == "ada"
    assert _starter(server, "web") == "sparkops"


def _starter(server: Jenkins, job: str) -> str:
    actions = server.get(f"job/{job}/lastBuild/api/json")["actions"]
    return next(cause["userId"] for action in actions for cause in action.get("causes", []))


COMPLETE = {"JENKINS_URL": "https://ci.example.com/", "JENKINS_USER": "bot", "JENKINS_TOKEN": "11aa"}
PROD = {"url": "https://prod.example.com/", "user": "bot", "token": "11bb", "hook_secrets": ["end-of-prod"]}


def read(environ: dict[str, str], **given: object) -> JenkinsSettings:
    return read_environment(JenkinsSettings, environ, **given)


def test_the_default_comes_first() -> None:
    assert tuple(read(COMPLETE, servers={"prod": PROD}).every) == ("main", "prod")
    assert tuple(read(COMPLETE, servers={"prod": PROD}, default="prod").every) == ("prod", "main")
    assert tuple(read({}, servers={"prod": PROD}).every) == ("prod",)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"servers": {"Prod 1": PROD}}, "a server cannot be called 'Prod 1'"),
        ({"servers": {"main": PROD}}, "a server cannot be called 'main'"),
        ({"servers": {"prod": {"url": "https://x/"}}}, "the server 'prod' needs url, user and token"),
        ({"default": "prod"}, "default names 'prod', and there is no such server"),
    ],
)
def test_servers_that_cannot_be_used_are_refused_with_the_reason(given: dict[str, object], says: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read(COMPLETE, **given)
    assert says in str(caught.value)


def test_the_secret_of_the_hook_tells_the_server_where_only_one_knows_it() -> None:
    settings = read({**COMPLETE, "JENKINS_HOOK_SECRET": "end-of-main,shared"}, servers={"prod": PROD})
    assert hook_secrets(settings) == ("end-of-main", "shared", "end-of-prod")
    assert [sender(settings, each) for each in hook_secrets(settings)] == ["main", "main", "prod"]
    both = read({**COMPLETE, "JENKINS_HOOK_SECRET": "end-of-prod"}, servers={"prod": PROD})
    assert sender(both, "end-of-prod") == ""


def test_what_people_may_give_credentials_for() -> None:
    assert tuple(accounts(read(COMPLETE, servers={"prod": PROD}))) == ("jenkins", "jenkins@prod")


def test_an_address_tells_the_server_it_lies_below() -> None:
    from bot.settings import Settings
    from integrations.jenkins.servers import connect

    servers = connect(read(COMPLETE, servers={"prod": PROD}), Settings.load({}))
    assert isinstance(servers, Servers)
    assert servers.of_address("https://prod.example.com/job/api/7/") == "prod"
    assert servers.of_address("https://CI.example.com/job/api/7/") == "main"
    assert servers.of_address("https://evil.example.com/job/api/7/") is None
    with pytest.raises(NoSuchServer):
        servers.get("staging")
