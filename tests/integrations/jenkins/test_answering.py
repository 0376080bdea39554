"""What a person says to a Pipeline that asks, and who may."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.commands.execute import execute
from bot.commands.forms import words_of_submission
from bot.commands.model import Entry, Outcome, Place, Request
from bot.store.database import Database
from integrations.jenkins import inputs
from integrations.jenkins.inputs import PendingInput
from integrations.jenkins.render import input_card
from tests.integrations.jenkins.canned import recorded
from tests.integrations.jenkins.following import Following, following
from tests.integrations.jenkins.prepared import asking, waiting
from tests.playground.jenkins.running_jenkins import Jenkins

DEPLOY = "job/team/job/deploy"
ADA = "ada@example.com"


def result(talk: Following, number: int) -> str:
    return str(talk.server.finished(DEPLOY, number)["result"])


# --- the card for a thread

ASKED = PendingInput.model_validate(recorded("wfapi_pendingInputActions")[0])
PAGE = "https://jenkins.example.com/job/team/job/pipe/1/"


def test_a_question_is_shown_with_its_fields_and_a_button_for_each_answer() -> None:
    markdown, card = input_card("jenkins", "team/pipe", 1, ASKED, PAGE)
    assert markdown == (
        "⏸️ **team/pipe** #1 asks: **Deploy to prod?** [Open](https://jenkins.example.com/job/team/job/pipe/1/)\n"
        "It takes `TARGET` (`blue` or `green`), `WHY`.\n"
        "`jenkins approve team/pipe #1 --input=Deploy TARGET=value` lets it go on (Ship it), "
        "`jenkins abort team/pipe #1 --input=Deploy` ends it."
    )
    assert [each["type"] for each in card["body"]] == ["TextBlock", "Input.ChoiceSet", "Input.Text"]
    assert card["body"][0]["text"] == "team/pipe #1: Deploy to prod?"
    assert [each["title"] for each in card["actions"]] == ["Ship it", "Abort"]
    proceed, abort = (each["data"] for each in card["actions"])
    answers = {"field0": "green", "field1": "it is time"}
    assert words_of_submission({**proceed, **answers}) == (
        *("jenkins", "approve", "team/pipe", "#1", "--input=Deploy"),
        *("TARGET=green", "WHY=it is time"),
    )
    assert words_of_submission({**abort, **answers}) == (
        *("jenkins", "abort", "team/pipe", "#1", "--input=Deploy"),
    )


def test_a_question_without_parameters_has_two_buttons_and_one_server_of_several_is_named() -> None:
    question = PendingInput(id="Go", message="Go on, <@all>?", proceed="  ")
    markdown, card = input_card("jenkins@prod", "api", 4, question, PAGE)
    assert "`jenkins@prod approve api #4 --input=Go` lets it go on" in markdown
    assert "<@all>" not in markdown
    assert [each["title"] for each in card["actions"]] == ["Proceed", "Abort"]
    assert words_of_submission(card["actions"][0]["data"]) == (
        *("jenkins@prod", "approve", "api", "#4", "--input=Go"),
    )


# --- approve


def test_a_question_with_parameters_opens_a_card(talk: Following) -> None:
    number = asking(talk.server)
    reply = talk.outcome(f"jenkins approve deploy #{number}").replies[0]
    assert reply.markdown == (
        "**Deploy 1.4.0 to production?** takes `STRATEGY` (`rolling` or `blue-green`), `REASON`. Fill in the form, "
        f"or say `jenkins approve team/deploy #{number} --input=Deploy STRATEGY=value`; `--defaults` asks for nothing."
    )
    assert reply.card is not None
    words = words_of_submission(
        {**reply.card["actions"][0]["data"], "field0": "blue-green", "field1": "it's Friday"}
    )
    assert words is not None
    assert talk.conversation.words(words).replies[0].markdown == (
        f"▶️ **team/deploy** #{number} goes on: **Deploy 1.4.0 to production?** is answered **Deploy** with "
        "`STRATEGY=blue-green`, `REASON=it's Friday`."
    )
    assert result(talk, number) == "SUCCESS"
    assert "REASON=it's Friday" in talk.server.log(DEPLOY, number)


def test_typed_values_answer_at_once_and_the_rest_is_as_jenkins_own_form_has_it(talk: Following) -> None:
    number = asking(talk.server)
    said = talk.say(f"jenkins approve team/deploy #{number} REASON=now")
    assert said.endswith("is answered **Deploy** with `STRATEGY=rolling`, `REASON=now`.")
    assert "STRATEGY=rolling" in (result(talk, number), talk.server.log(DEPLOY, number))[1]


@pytest.mark.parametrize(
    ("line", "entry"),
    [("jenkins approve deploy #3 --defaults", Entry.TEXT), ("jenkins approve deploy #3", Entry.TERMINAL)],
)
def test_where_nothing_is_to_be_asked_the_defaults_answer(talk: Following, line: str, entry: Entry) -> None:
    assert asking(talk.server) == 3
    assert talk.outcome(line, entry=entry, place=Place()).result == "ok"
    assert "null" not in (result(talk, 3), talk.server.log(DEPLOY, 3))[1]


def test_wrong_values_answer_nothing(talk: Following) -> None:
    number = asking(talk.server)
    assert talk.say(f"jenkins approve deploy #{number} STRATEGY=all") == (
        "⚠️ Nothing was answered. `STRATEGY` offers no `all`: it is `rolling` or `blue-green`."
    )
    assert len(waiting(talk.server, number)) == 1


def test_the_number_is_asked_for(talk: Following) -> None:
    outcome = talk.outcome("jenkins approve deploy")
    assert outcome.result == "asked for input" and outcome.replies[0].card is not None


def test_what_was_answered_is_told_with_who_did(talk: Following) -> None:
    number = asking(talk.server)
    talk.say(f"jenkins approve deploy #{number} --defaults", person="you@example.com")
    result(talk, number)
    said = talk.say(f"jenkins approve deploy #{number} --defaults")
    assert said.startswith(
        f"⚠️ **team/deploy** #{number} waits for no answer: you@example.com answered yes at "
    )
    assert said.endswith(" UTC. `jenkins status team/deploy` tells how it stands.")
    assert talk.say("jenkins abort deploy #2") == (
        "⚠️ **team/deploy** #2 waits for no answer: it was answered in Jenkins, or asked nothing. "
        "`jenkins status team/deploy` tells how it stands."
    )


def test_a_question_is_named_by_its_id_and_another_id_is_told(talk: Following) -> None:
    number = asking(talk.server)
    assert talk.say(f"jenkins approve deploy #{number} --input Ship --defaults") == (
        f"⚠️ **team/deploy** #{number} does not ask `Ship` now; it asks `Deploy`."
    )
    assert talk.outcome(f"jenkins approve deploy #{number} --input deploy --defaults").result == "ok"


# --- abort


def test_a_no_ends_the_build(talk: Following) -> None:
    number = asking(talk.server)
    assert talk.say(f"jenkins abort deploy #{number}") == (
        f"🚫 **team/deploy** #{number} is aborted: **Deploy 1.4.0 to production?** is answered with no."
    )
    assert result(talk, number) == "ABORTED"


# --- what may go wrong


def test_an_answer_that_jenkins_refuses_while_it_waits_says_what_may_be_the_reason(talk: Following) -> None:
    number = asking(talk.server)
    talk.server.control("faults", kind="status", method="POST", path="*/inputSubmit", status=400)
    said = talk.say(f"jenkins approve deploy #{number} --defaults")
    assert "Jenkins does not take this answer to `Deploy`" in said and "`submitter`" in said
    assert len(waiting(talk.server, number)) == 1


def test_an_answer_that_came_second_says_so(talk: Following, monkeypatch: pytest.MonkeyPatch) -> None:
    number = asking(talk.server)
    submit = inputs.submit

    def after_another(*answer: Any) -> None:
        submit(*answer)
        submit(*answer)

    monkeypatch.setattr(inputs, "submit", after_another)
    said = talk.say(f"jenkins approve deploy #{number} --defaults")
    assert said.startswith(f"⚠️ Somebody was quicker. **team/deploy** #{number} waits for no answer: ")


def test_an_answer_whose_reply_was_lost_is_looked_after(talk: Following) -> None:
    number = asking(talk.server)
    talk.server.control("faults", kind="lost_answer", method="POST", path="*/inputSubmit")
    said = talk.say(f"jenkins approve deploy #{number} --defaults")
    assert said.endswith("It waits no more, so an answer has reached it.")
    assert result(talk, number) == "SUCCESS"


def test_an_answer_that_never_arrived_is_not_sent_again_by_itself(talk: Following) -> None:
    number = asking(talk.server)
    talk.server.control("faults", kind="drop", method="POST", path="*/abort")
    said = talk.say(f"jenkins abort deploy #{number}")
    assert said.endswith("It still waits: say it again.")
    assert len(waiting(talk.server, number)) == 1


def test_the_same_request_handled_twice_answers_once(talk: Following) -> None:
    number = asking(talk.server)
    line = f"jenkins approve deploy #{number} --defaults"
    request = Request(key="once", entry=Entry.TERMINAL, person="you@example.com", line=line)
    first: Outcome = execute(request, talk.conversation.services)
    assert first.result == "ok"
    assert result(talk, number) == "SUCCESS"
    assert execute(request, talk.conversation.services).replies[0].markdown == (
        f"⚠️ **team/deploy** #{number} waits for no answer: this very request has answered it, or I was interrupted "
        "while it did. `jenkins status team/deploy` tells how it stands."
    )


# --- who may: the bot's own rules


def test_a_rule_may_name_the_job_the_question_and_a_value(
    server: Jenkins, database: Database, tmp_path: Path
) -> None:
    config = {
        "access": [
            {
                "allow": ADA,
                "commands": "jenkins approve",
                "arguments": {"job": "team/*", "input": "Deploy", "parameters.STRATEGY": "rolling"},
            }
        ]
    }
    talk = following(server=server, database=database, config=config, folder=tmp_path)
    number = asking(server)
    assert (
        talk.outcome(f"jenkins approve deploy #{number} --defaults", person="eve@example.com").decision
        == "denied"
    )
    other = talk.outcome(f"jenkins approve deploy #{number} STRATEGY=blue-green", person=ADA)
    assert other.decision == "denied" and other.arguments["input"] == ("Deploy",)
    assert len(waiting(server, number)) == 1
    assert talk.outcome(f"jenkins approve deploy #{number} STRATEGY=rolling", person=ADA).result == "ok"


def test_others_can_be_asked_to_agree_to_exactly_this_answer(
    server: Jenkins, database: Database, tmp_path: Path
) -> None:
    config = {
        "access": [{"allow": "everyone", "commands": "jenkins *"}],
        "approvals": [{"commands": "jenkins approve", "arguments": {"input": "Deploy"}, "of": ADA}],
    }
    talk = following(server=server, database=database, config=config, folder=tmp_path)
    number = asking(server)
    said = talk.outcome(f"jenkins approve deploy #{number} REASON=now", person="bob@example.com")
    assert said.decision == "approval asked"
    assert (
        f"Answer **Deploy 1.4.0 to production?**, which **team/deploy** #{number} asks, with **Deploy** and "
        "`STRATEGY=rolling`, `REASON=now`?"
    ) in said.replies[0].markdown
    assert len(waiting(server, number)) == 1
