"""The questions a Pipeline asks (`input`): read them, check an answer, give it. Nothing else in Jenkins tells them.

Shapes: `wfapi/pendingInputActions` of the Pipeline Stage View plugin, as a Jenkins 2.463 answered. Measured:
an answer goes to `wfapi/inputSubmit` as a form whose `json` holds the parameters; a second one is a 500; and
`proceedEmpty` gives null to whoever asked for values, so it is for questions without any only.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, model_validator

from bot.commands.parameters import Assignment
from bot.outbound.quoting import code
from integrations.jenkins.client import JenkinsClient, job_path
from integrations.jenkins.errors import NotFound
from integrations.jenkins.model import ParameterDefinition, ParameterKind, Values
from integrations.jenkins.parameters import BadParameters, choose

_NOT_ANSWERED_HERE = (ParameterKind.PASSWORD, ParameterKind.FILE)
_MAY_ANSWER = "Job/Build (or to be named as the question's submitter)"
_MAY_ABORT = "Job/Cancel (or to be named as the question's submitter)"


class PendingInput(BaseModel):
    """A question that waits. `proceed` is what its button for yes says; `parameters` what it wants to know."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    id: str
    message: str = ""
    proceed: str = Field("Proceed", alias="proceedText")
    parameters: tuple[ParameterDefinition, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _gather(cls, data: Any) -> Any:
        """Choices and default stand one level deeper here than where a job declares its parameters."""
        if not isinstance(data, dict) or "inputs" not in data:
            return data
        return {**data, "parameters": [_flat(each) for each in data["inputs"] or ()]}


def _flat(given: Any) -> Any:
    if not isinstance(given, dict):
        return given
    inner = given.get("definition") or {}
    return {
        **given,
        "choices": inner.get("choices") or (),
        "defaultParameterValue": {"value": inner.get("defaultVal")},
    }


def pending(client: JenkinsClient, full_name: str, number: int) -> tuple[PendingInput, ...]:
    """The questions of a build that wait for an answer. Raises NotFound also for a build that is no Pipeline's."""
    asked = f"asking Jenkins what {full_name} #{number} wants to know"
    address = f"{client.url}{job_path(full_name)}{number}/wfapi/pendingInputActions"
    try:
        body = client.transport.get(address, asked)
    except NotFound as error:
        advice = "There is no such build, it is no Pipeline's, or the Pipeline: Stage View plugin is missing."
        raise NotFound(asked, error.came_back, advice) from error
    return client.typed(asked, lambda: tuple(PendingInput.model_validate(each) for each in json.loads(body)))


def answer(question: PendingInput, typed: Sequence[Assignment]) -> Values:
    """A value for each of the question's parameters, what was left out by its default. Pure.

    Raises BadParameters. Every parameter is given: the Pipeline gets null for one that is not.
    """
    if apart := [each.name for each in question.parameters if each.kind in _NOT_ANSWERED_HERE]:
        names = ", ".join(map(code, apart))
        raise BadParameters((f"It wants a password or a file ({names}): answer it in Jenkins.",))
    chosen = dict(choose(question.parameters, typed).expected)
    return tuple((each.name, chosen.get(each.name, _blank(each))) for each in question.parameters)


def _blank(definition: ParameterDefinition) -> str:
    """What a parameter holds in Jenkins' own form where nobody has touched it and it has no default."""
    if definition.choices:
        return definition.choices[0]
    return "false" if definition.kind is ParameterKind.BOOLEAN else ""


def submit(
    client: JenkinsClient, full_name: str, number: int, question: PendingInput, values: Values
) -> None:
    """Let the Pipeline go on with these values, made by `answer`. Raises BadParameter for a repeated answer."""
    asked = f"answering {question.id} of {full_name} #{number}"
    build = f"{job_path(full_name)}{number}/"
    if not question.parameters:
        path = f"{build}input/{quote(question.id, safe='')}/proceedEmpty"
        client.transport.post(path, asked, permission=_MAY_ANSWER)
        return
    booleans = {each.name for each in question.parameters if each.kind is ParameterKind.BOOLEAN}
    given = [
        {"name": name, "value": value == "true" if name in booleans else value} for name, value in values
    ]
    client.transport.post(
        f"{build}wfapi/inputSubmit",
        asked,
        query={"inputId": question.id},
        form={"json": json.dumps({"parameter": given})},
        permission=_MAY_ANSWER,
    )


def abort(client: JenkinsClient, full_name: str, number: int, question: PendingInput) -> None:
    """Answer no: the Pipeline ends as aborted. Raises BadParameter where it was answered before."""
    path = f"{job_path(full_name)}{number}/input/{quote(question.id, safe='')}/abort"
    asked = f"aborting {question.id} of {full_name} #{number}"
    client.transport.post(path, asked, permission=_MAY_ABORT)
