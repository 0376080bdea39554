"""The Pipeline Input Notification plugin: a Pipeline's `input` step asks, or was answered.

`jobUrl` is the build's address, whatever its name says. `inputId` is what the Jenkinsfile gives as `id`: it may
be missing, and Jenkins' own id begins with a capital letter. The question's text is not told. Source:
jenkinsci/pipeline-input-notification-plugin, InputNotificationGraphListener; pipeline-input-step, InputStep.
"""

from __future__ import annotations

from pydantic import Field

from integrations.jenkins.events.addresses import absolute
from integrations.jenkins.events.model import Answer, Event, InputEvent, Unknown
from integrations.jenkins.events.untrusted import Body, Headers, Needed, Number, Report, Text, sample, typed

SENDER = "input-notification"


class _Told(Report):
    root: Text = Field("", alias="jenkinsUrl")
    build_url: Text = Field("", alias="jobUrl")
    job: Needed = Field(alias="jobFullName")
    number: Number = Field(alias="buildNumber")
    input_id: Text = Field("", alias="inputId")
    message: Text = ""
    submitter: Text = ""
    approver: Text = ""
    result: Needed


def recognises(body: Body, headers: Headers) -> bool:
    """Whether it has the fields of this plugin."""
    return {"jobFullName", "buildNumber", "result"} <= body.keys() and not body.keys().isdisjoint(
        {"inputId", "submitter", "approver"}
    )


def read(body: Body, headers: Headers) -> Event:
    """What is asked, or was answered. Raises UnreadableEvent."""
    told = typed(_Told, body, SENDER)
    answers = {each.value: each for each in Answer}
    if told.result not in answers:
        return Unknown(sender=SENDER, kind=told.result[:120], sample_keys=sample(body))
    return InputEvent(
        sender=SENDER,
        full_name=told.job,
        number=told.number,
        input_id=_as_jenkins_spells(told.input_id),
        message=told.message,
        submitter=told.submitter,
        approver=told.approver,
        result=answers[told.result],
        url=absolute(told.root, told.build_url),
    )


def _as_jenkins_spells(written: str) -> str:
    """The id in Jenkins' addresses: a first letter from a to z is made a capital, and no other is."""
    first = written[:1]
    return f"{first.upper()}{written[1:]}" if "a" <= first <= "z" else written
