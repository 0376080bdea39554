"""Passwords for a build: from a card in the direct room to Jenkins, and nowhere else."""

from __future__ import annotations

import logging

import pytest

from bot.commands.forms import words_of_submission
from bot.commands.model import Entry, Place
from bot.runs.states import State
from bot.store.database import Database
from integrations.jenkins.client import JenkinsClient
from tests.dumped import dumped
from tests.integrations.jenkins.following import Following
from tests.talking import DIRECT, GROUP

SECRET = "swordfish-of-the-tests"
SHORT = "pw7!"
BUILD = ("jenkins", "build-with-passwords", "team/deploy", "VERSION=1.5.0")


def test_the_card_has_a_field_for_each_parameter_and_says_what_becomes_of_it(talk: Following) -> None:
    reply = talk.outcome("jenkins build-with-passwords deploy VERSION=1.5.0", place=DIRECT).replies[0]
    assert reply.markdown == (
        "Fill in the card to build **team/deploy**. What you type shows on your screen, and to nobody else here; the "
        "passwords go to Jenkins at once, and I keep none. One left empty has the job's default."
    )
    assert reply.card is not None
    fields = [each for each in reply.card["body"] if each["type"] == "Input.Text"]
    assert [(each.get("value"), each.get("isMultiline")) for each in fields] == [
        ("1.5.0", None),
        ("", True),
        ("", None),
    ]
    answers = {"field0": "1.5.0", "field1": "one\ntwo", "field2": SECRET}
    assert words_of_submission({**reply.card["actions"][0]["data"], **answers}) == (
        *("jenkins", "build-with-passwords", "team/deploy"),
        *("VERSION=1.5.0", "NOTES=one\ntwo", f"--hidden=VAULT_TOKEN={SECRET}"),
    )


@pytest.mark.parametrize("secret", [SECRET, SHORT])
def test_a_password_reaches_jenkins_and_is_kept_nowhere(
    talk: Following,
    database: Database,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    secret: str,
) -> None:
    sent: list[dict[str, str]] = []
    trigger = JenkinsClient.trigger

    def seen(
        self: JenkinsClient, full_name: str, values: tuple[tuple[str, str], ...], **more: object
    ) -> object:
        sent.append(dict(values))
        return trigger(self, full_name, values, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(JenkinsClient, "trigger", seen)
    with caplog.at_level(logging.DEBUG):
        outcome = talk.conversation.words((*BUILD, f"--hidden=VAULT_TOKEN={secret}"), place=DIRECT)
    assert outcome.result == "ok"
    assert sent == [{"VERSION": "1.5.0", "VAULT_TOKEN": secret}]
    assert talk.live() == (
        "📨 I ask Jenkins to build **team/deploy** with `VERSION=1.5.0`. `VAULT_TOKEN` came from you, and I keep "
        "nothing of it."
    )
    assert talk.run().arguments["given"] == [["VERSION", "1.5.0"]]
    assert talk.until(State.RUNNING).progress["number"] == 3
    assert talk.server.get("job/team/job/deploy/api/json")["nextBuildNumber"] == 4, "it was asked for once"
    assert outcome.arguments["hidden"] == ("VAULT_TOKEN=«secret»",)
    for place in (dumped(database), caplog.text, repr(outcome)):
        assert secret not in place


def test_one_left_empty_has_the_jobs_default(talk: Following, database: Database) -> None:
    assert talk.conversation.words((*BUILD, "--hidden=VAULT_TOKEN="), place=DIRECT).result == "ok"
    assert talk.live() == "📨 I ask Jenkins to build **team/deploy** with `VERSION=1.5.0`."


def test_the_terminal_takes_it_typed(talk: Following, database: Database) -> None:
    line = f"jenkins build-with-passwords deploy --hidden VAULT_TOKEN={SECRET}"
    assert talk.outcome(line, entry=Entry.TERMINAL, place=Place()).result == "ok"
    assert SECRET not in dumped(database)


@pytest.mark.parametrize(
    ("entry", "place"),
    [(Entry.TEXT, DIRECT), (Entry.TEXT, GROUP), (Entry.REST, Place()), (Entry.SCHEDULE, GROUP)],
)
def test_no_other_way_takes_one(talk: Following, database: Database, entry: Entry, place: Place) -> None:
    line = f"jenkins build-with-passwords deploy --hidden VAULT_TOKEN={SECRET}"
    outcome = talk.outcome(line, entry=entry, place=place)
    assert (outcome.decision, outcome.result) == ("secret", "refused")
    assert SECRET not in dumped(database) + repr(outcome)
    assert talk.server.get("job/team/job/deploy/api/json")["lastBuild"]["number"] == 2


def test_a_group_room_gets_no_card_for_it(talk: Following) -> None:
    assert talk.say("jenkins build-with-passwords deploy") == (
        "⚠️ Say it in our direct room, where a card asks for the passwords; at the terminal, add "
        "`--hidden NAME=value`."
    )


def test_what_is_no_password_is_not_taken_as_one_and_not_repeated(
    talk: Following, database: Database
) -> None:
    said = talk.conversation.words((*BUILD, f"--hidden=NOTES={SECRET}"), place=DIRECT).replies[0].markdown
    assert said == (
        "⚠️ Nothing was started of **team/deploy**. `NOTES` is no password: Jenkins shows what it holds."
    )
    twice = (*BUILD, f"--hidden=VAULT_TOKEN={SECRET}", f"--hidden=vault_token={SECRET}")
    said = talk.conversation.words(twice, place=DIRECT).replies[0].markdown
    assert said.endswith("`VAULT_TOKEN` is there twice.")
    assert SECRET not in dumped(database)


def test_a_job_without_passwords_is_just_built(talk: Following) -> None:
    said = talk.say("jenkins build-with-passwords api", place=DIRECT)
    assert said == "⚠️ **api** takes no password: `jenkins build` starts it."


def test_build_itself_tells_of_it(talk: Following) -> None:
    said = talk.say("jenkins build deploy")
    assert "`VAULT_TOKEN` (a password)" in said
    assert said.endswith(
        "Passwords have the job's defaults here; `jenkins build-with-passwords team/deploy` in our direct room asks "
        "for them."
    )


def test_an_error_of_jenkins_holds_nothing_of_it(talk: Following, database: Database) -> None:
    talk.server.control("faults", kind="status", method="POST", path="*/buildWithParameters", status=500)
    words = (*BUILD, f"--hidden=VAULT_TOKEN={SECRET}")
    outcome = talk.conversation.words(words, place=DIRECT)
    assert outcome.replies[0].markdown.startswith("⚠️ Starting team/deploy: Jenkins answered 500")
    assert SECRET not in dumped(database) + repr(outcome)


def test_where_the_answer_is_lost_the_run_looks_for_the_build_and_asks_for_none(
    talk: Following, database: Database
) -> None:
    talk.server.control("faults", kind="lost_answer", method="POST", path="*/buildWithParameters")
    assert talk.conversation.words((*BUILD, f"--hidden=VAULT_TOKEN={SECRET}"), place=DIRECT).result == "ok"
    assert talk.until(State.RUNNING).progress["number"] == 3
    assert talk.server.get("job/team/job/deploy/api/json")["nextBuildNumber"] == 4, "it was asked for once"
    assert SECRET not in dumped(database)


def test_where_the_question_never_arrived_nothing_was_started_and_nothing_is_asked_again(
    talk: Following,
) -> None:
    talk.server.control("faults", kind="drop", method="POST", path="*/buildWithParameters")
    talk.conversation.words((*BUILD, f"--hidden=VAULT_TOKEN={SECRET}"), place=DIRECT)
    assert talk.to_its_end().state == State.FAILED
    assert "Jenkins has no such build: nothing was started." in talk.told("room-2")[-1]
    assert talk.server.get("job/team/job/deploy/api/json")["nextBuildNumber"] == 3


def test_to_cancel_its_run_at_once_stops_the_build(talk: Following) -> None:
    talk.conversation.words((*BUILD, f"--hidden=VAULT_TOKEN={SECRET}"), place=DIRECT)
    talk.confirm(talk.say("run cancel 1"))
    assert talk.to_its_end().state == State.CANCELLED
    assert talk.server.finished("job/team/job/deploy", 3)["result"] == "ABORTED"
