"""A Pipeline's questions as Jenkins tells them, and the answers as it takes them."""

from __future__ import annotations

import json
from urllib.parse import parse_qs

import pytest

from bot.commands.parameters import Assignment
from integrations.jenkins import inputs
from integrations.jenkins.client import JenkinsClient
from integrations.jenkins.errors import BadAnswer, BadParameter, Forbidden, NotFound
from integrations.jenkins.inputs import PendingInput
from integrations.jenkins.model import ParameterKind
from integrations.jenkins.parameters import BadParameters
from tests.integrations.jenkins.canned import Canned, recorded
from tests.integrations.jenkins.prepared import asking, waiting
from tests.playground.jenkins.running_jenkins import Jenkins

ASKED = PendingInput.model_validate(recorded("wfapi_pendingInputActions")[0])
PLAIN = PendingInput(id="Go on", message="Go on?")


def asks(*parameters: dict[str, object]) -> PendingInput:
    return PendingInput.model_validate({"id": "Ask", "message": "?", "inputs": list(parameters)})


def typed(*words: str) -> list[Assignment]:
    return [Assignment(*word.split("=", 1)) for word in words]


def test_the_recorded_question_is_read(canned: Canned) -> None:
    canned.answers("wfapi_pendingInputActions")
    (question,) = inputs.pending(canned.client(), "team/pipe", 1)
    assert (question.id, question.message, question.proceed) == ("Deploy", "Deploy to prod?", "Ship it")
    target, why = question.parameters
    assert (target.name, target.kind, target.choices, target.default, target.description) == (
        "TARGET",
        ParameterKind.CHOICE,
        ("blue", "green"),
        "blue",
        "where",
    )
    assert (why.name, why.kind, why.default) == ("WHY", ParameterKind.STRING, None)
    assert canned.asked[0][:2] == ("GET", "/job/team/job/pipe/1/wfapi/pendingInputActions")


def test_a_build_that_is_no_pipelines_is_told(canned: Canned) -> None:
    canned.answers("http_404_job")
    with pytest.raises(NotFound, match="no Pipeline's, or the Pipeline: Stage View plugin is missing"):
        inputs.pending(canned.client(), "web", 1)


def test_what_is_no_list_of_questions_is_a_bad_answer(canned: Canned) -> None:
    canned.say(200, '[{"message": "no id"}]')
    with pytest.raises(BadAnswer):
        inputs.pending(canned.client(), "web", 1)


def test_every_parameter_is_answered_for_with_its_default_or_as_blank() -> None:
    assert inputs.answer(ASKED, []) == (("TARGET", "blue"), ("WHY", ""))
    assert inputs.answer(ASKED, typed("why=release", "TARGET=GREEN")) == (
        ("TARGET", "green"),
        ("WHY", "release"),
    )
    blank = asks(
        {"name": "SURE", "type": "BooleanParameterDefinition", "definition": {"defaultVal": None}},
        {
            "name": "HOW",
            "type": "ChoiceParameterDefinition",
            "definition": {"defaultVal": None, "choices": ["a"]},
        },
    )
    assert inputs.answer(blank, []) == (("SURE", "false"), ("HOW", "a"))


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["TARGET=red"], "`TARGET` offers no `red`: it is `blue` or `green`."),
        (["TARGT=blue"], "There is no `TARGT`; did you mean `TARGET`?"),
        (["WHY=a", "WHY=b"], "`WHY` is there twice."),
    ],
)
def test_what_cannot_be_taken_is_told_before_jenkins_sees_it(words: list[str], problem: str) -> None:
    with pytest.raises(BadParameters) as caught:
        inputs.answer(ASKED, typed(*words))
    assert caught.value.problems == (problem,)


@pytest.mark.parametrize("kind", ["Password", "File"])
def test_passwords_and_files_are_for_jenkins_itself(kind: str) -> None:
    question = asks({"name": "KEY", "type": f"{kind}ParameterDefinition", "definition": {}})
    with pytest.raises(BadParameters, match="It wants a password or a file"):
        inputs.answer(question, [])


def test_an_answer_goes_into_the_form_with_true_and_false_as_such(canned: Canned) -> None:
    question = asks(
        {"name": "SURE", "type": "BooleanParameterDefinition", "definition": {"defaultVal": False}},
        {"name": "WHY", "type": "TextParameterDefinition", "definition": {"defaultVal": None}},
    )
    values = inputs.answer(question, typed("SURE=yes", "WHY=one\ntwo"))
    inputs.submit(canned.client(), "team/pipe", 7, question, values)
    method, path, body = canned.asked[0]
    assert (method, path) == ("POST", "/job/team/job/pipe/7/wfapi/inputSubmit?inputId=Ask")
    assert json.loads(parse_qs(body)["json"][0]) == {
        "parameter": [{"name": "SURE", "value": True}, {"name": "WHY", "value": "one\ntwo"}]
    }


def test_only_a_question_without_parameters_is_answered_empty(canned: Canned) -> None:
    inputs.submit(canned.client(), "team/pipe", 7, PLAIN, ())
    assert canned.asked[0][:2] == ("POST", "/job/team/job/pipe/7/input/Go%20on/proceedEmpty")


def test_a_no_is_an_abort(canned: Canned) -> None:
    inputs.abort(canned.client(), "team/pipe", 7, PLAIN)
    assert canned.asked[0][:2] == ("POST", "/job/team/job/pipe/7/input/Go%20on/abort")


def test_who_may_not_answer_hears_of_the_permission(canned: Canned) -> None:
    canned.say(403, "<html><title>Error 403 Forbidden</title></html>")
    with pytest.raises(
        Forbidden, match=r"needs the permission Job/Build \(or to be named as the question's submitter"
    ):
        inputs.submit(canned.client(), "team/pipe", 7, PLAIN, ())
    with pytest.raises(Forbidden, match="needs the permission Job/Cancel"):
        inputs.abort(canned.client(), "team/pipe", 7, PLAIN)


def test_the_pipeline_gets_the_values_and_a_second_answer_is_refused(
    server: Jenkins, client: JenkinsClient
) -> None:
    number = asking(server)
    (question,) = inputs.pending(client, "team/deploy", number)
    values = inputs.answer(question, typed("STRATEGY=blue-green", "REASON=Grüße, 日本"))
    inputs.submit(client, "team/deploy", number, question, values)
    with pytest.raises(BadParameter):
        inputs.submit(client, "team/deploy", number, question, values)
    assert server.finished("job/team/job/deploy", number)["result"] == "SUCCESS"
    log = server.log("job/team/job/deploy", number)
    assert "STRATEGY=blue-green" in log and "REASON=Grüße, 日本" in log
    assert waiting(server, number) == []
