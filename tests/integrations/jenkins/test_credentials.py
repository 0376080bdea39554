"""A person who gave their own API token acts as themselves in Jenkins, and as nobody else when it is refused."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.access.credentials import Credential, CredentialRefused
from bot.commands.model import Entry, Place
from bot.runs.states import State
from bot.store.database import Database
from integrations.jenkins.credentials import CREDENTIALS
from integrations.jenkins.settings import JenkinsSettings
from tests.dumped import dumped
from tests.integrations.jenkins.canned import Canned
from tests.integrations.jenkins.following import Following, following
from tests.playground.jenkins.running_jenkins import Jenkins
from tests.talking import DIRECT

ADA, BOT = "ada@example.com", "sparkops"
TOKEN = "11" + "ada0" * 8
KEYS = {"SPARKOPS_ENCRYPTION_KEY": "a key of the tests that is long enough for one"}


@pytest.fixture
def talk(server: Jenkins, database: Database) -> Following:
    """Ada, who owns the bot and has a token of her own in Jenkins, and has not given it yet."""
    server.control("token", user="ada", token=TOKEN)
    talk = following(database, server, environ=KEYS, owners=("you@example.com", ADA))
    talk.conversation.person = ADA
    return talk


def give(talk: Following, user: str = "ada", token: str = TOKEN) -> str:
    """Send the card with these in the direct room."""
    words = ("credentials", "set", "jenkins", f"user={user}", f"token={token}")
    return talk.conversation.words(words, place=DIRECT).replies[0].markdown


def causes(talk: Following, job: str, number: int) -> list[str]:
    """Who Jenkins says started a build."""
    actions = talk.server.get(f"job/{job}/{number}/api/json")["actions"]
    return [cause["userId"] for action in actions for cause in action.get("causes", [])]


def builds_of_web(talk: Following) -> int:
    """The number of the last build; the demo world begins with 5."""
    number: int = talk.server.get("job/web/api/json")["lastBuild"]["number"]
    return number


def test_what_is_given_is_tried_first(talk: Following) -> None:
    assert give(talk).startswith("🔑 jenkins knows you as **ada**. I keep it, encrypted;")


def test_a_token_that_jenkins_does_not_take_is_told_and_not_repeated(talk: Following) -> None:
    said = give(talk, token="11" + "dead" * 8)
    assert said == (
        f"⚠️ Nothing was kept. {talk.server.url}/ does not take this user with this token: it answered 401. The user is "
        "the name you log in with; the token is an API token, and not your password. `credentials set jenkins` asks "
        "again."
    )


def test_without_one_the_bots_own_account_does_it(talk: Following) -> None:
    talk.say("jenkins build web")
    number = talk.to_its_end().progress["number"]
    assert causes(talk, "web", number) == [BOT]


def test_with_one_builds_are_started_and_stopped_in_their_name(talk: Following) -> None:
    give(talk)
    talk.say("jenkins build long-job")
    number = talk.until(State.RUNNING).progress["number"]
    assert causes(talk, "long-job", number) == ["ada"]
    assert talk.confirm(talk.say("jenkins stop long-job")).startswith("🛑 **long-job**")
    talk.to_its_end()
    assert talk.server.finished("job/long-job", number)["result"] == "ABORTED"


def test_jenkins_names_them_and_so_no_cause_is_given(talk: Following) -> None:
    talk.say("jenkins build web")
    assert talk.run(1).arguments["requester"] == ADA
    give(talk)
    talk.say("jenkins build web")
    assert talk.run(2).arguments["requester"] is None


def test_what_they_may_not_do_in_jenkins_is_told_as_theirs(talk: Following) -> None:
    give(talk)
    talk.server.control("faults", kind="status", method="POST", path="*/disable", status=403)
    assert "I asked as you: your user in Jenkins needs the permission Job/Configure for it" in talk.say(
        "jenkins disable web"
    )


def test_it_is_used_for_its_persons_commands_only(talk: Following) -> None:
    give(talk)
    talk.say("jenkins build web", person="you@example.com")
    assert causes(talk, "web", talk.to_its_end().progress["number"]) == [BOT]


def test_every_entry_acts_as_the_person(talk: Following) -> None:
    give(talk)
    talk.say("jenkins build web", entry=Entry.TERMINAL, place=Place())
    assert causes(talk, "web", talk.to_its_end().progress["number"]) == ["ada"]


REFUSED = (
    "I asked with the API token you gave me, and nothing is done with another in its place. Make a new one in Jenkins "
    "\\(your user, Security\\) and tell me in our direct room: credentials set jenkins. Or have it done as my own "
    "account: credentials forget jenkins."
)


@pytest.mark.parametrize(
    "line", ["jenkins jobs", "jenkins status web", "jenkins build web", "jenkins stop web"]
)
def test_one_that_is_refused_says_so_and_nothing_is_done_in_its_place(talk: Following, line: str) -> None:
    give(talk)
    talk.server.control("token", user="ada", token="revoked-and-replaced")
    said = talk.say(line)
    assert "Jenkins answered 401" in said and said.endswith(REFUSED)
    assert builds_of_web(talk) == 5, "as many as before"


def test_one_refused_when_the_run_begins_starts_nothing(talk: Following) -> None:
    give(talk)
    talk.say("jenkins build web")
    talk.server.control("token", user="ada", token="revoked-and-replaced")
    run = talk.to_its_end()
    assert run.state == State.FAILED
    assert "Jenkins answered 401" in talk.told()[-1]
    assert builds_of_web(talk) == 5, "as many as before"


def test_one_forgotten_before_the_run_begins_starts_nothing(talk: Following) -> None:
    give(talk)
    talk.say("jenkins build web")
    talk.say("credentials forget jenkins")
    run = talk.to_its_end()
    assert run.state == State.FAILED
    assert talk.told()[-1] == (
        "❌ **web** was not started. Starting web: the credential for Jenkins that ada@example.com gave is removed. "
        "Say it again, to have it done as my own account.\n"
        "`jenkins build web` tries again. <@personEmail:ada@example.com>"
    )
    assert builds_of_web(talk) == 5, "as many as before"


def test_one_forgotten_later_leaves_the_following_to_the_bots_account_and_says_so(talk: Following) -> None:
    give(talk)
    talk.say("jenkins build web")
    talk.until(State.QUEUED, State.RUNNING)
    talk.say("credentials forget jenkins")
    assert talk.to_its_end().state == State.DONE
    log = talk.say("run log 1 --last 100")
    assert log.count("is removed: from here on I follow it as my own account.") == 1


def test_the_token_is_in_no_row_no_log_and_no_answer(
    talk: Following, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    give(talk)
    said = [talk.say("jenkins build web"), talk.say("jenkins jobs"), talk.say("credentials list")]
    talk.to_its_end()
    said.append(talk.say("run log 1"))
    assert TOKEN not in dumped(database) + caplog.text + "".join(said)


def test_it_goes_in_a_header_and_into_no_address(canned: Canned) -> None:
    canned.say(200, '{"fullName": "Ada Lovelace", "id": "ada"}')
    settings = JenkinsSettings.model_validate({"JENKINS_URL": canned.url})
    credential = Credential({"user": "ada"}, {"token": SecretStr(TOKEN)})
    assert CREDENTIALS.check(credential, settings) == "Ada Lovelace"
    ((_, path, body),) = canned.asked
    assert path.split("?")[0].endswith("/me/api/json")
    assert TOKEN not in path + body


def test_where_no_jenkins_is_set_up_nothing_is_tried() -> None:
    with pytest.raises(CredentialRefused, match="No Jenkins is set up here"):
        CREDENTIALS.check(Credential(), JenkinsSettings.model_validate({}))


def test_a_jenkins_that_is_away_is_told_as_such(canned: Canned) -> None:
    canned.say(503, "<title>Starting Jenkins</title>")
    settings = JenkinsSettings.model_validate({"JENKINS_URL": canned.url})
    with pytest.raises(CredentialRefused, match="Jenkins is starting and not ready yet"):
        CREDENTIALS.check(Credential({"user": "ada"}, {"token": SecretStr(TOKEN)}), settings)


# --- approvals


def approved_by_ops(server: Jenkins, database: Database, tmp_path: Path) -> Following:
    """Builds below team/ need ops to agree."""
    config = {
        "groups": {"ops": ["ops@example.com"]},
        "approvals": [
            {
                "for": ["everyone", "owners"],
                "commands": "jenkins build",
                "arguments": {"job": "team/*"},
                "of": "ops",
            }
        ],
    }
    return following(database, server, config=config, folder=tmp_path)


def test_what_others_are_asked_names_the_job_and_all_its_parameters(
    server: Jenkins, database: Database, tmp_path: Path
) -> None:
    talk = approved_by_ops(server, database, tmp_path)
    said = talk.say("jenkins build deploy VERSION=1.2.3")
    assert "Build **team/deploy** with `VERSION=1.2.3`" in said


def test_missing_parameters_are_asked_for_before_others_are(
    server: Jenkins, database: Database, tmp_path: Path
) -> None:
    talk = approved_by_ops(server, database, tmp_path)
    said = talk.outcome("jenkins build deploy")
    assert (said.decision, said.result) == ("incomplete", "asked for input")
    assert said.replies[0].card is not None


def test_a_build_without_that_rule_needs_nobody(server: Jenkins, database: Database, tmp_path: Path) -> None:
    assert approved_by_ops(server, database, tmp_path).outcome("jenkins build web").result == "ok"
