"""Every question to Jenkins, and each way in which it may go unanswered: told by kind, without a secret."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from integrations.jenkins.agents import agents, waiting
from integrations.jenkins.artifacts import artifacts, fetch
from integrations.jenkins.client import JenkinsClient
from integrations.jenkins.errors import BadAnswer, JenkinsError, Starting, Unauthorized, Unreachable
from integrations.jenkins.logs import Bounds, BuildLog
from integrations.jenkins.model import Stage
from integrations.jenkins.overview import job_details, overview
from integrations.jenkins.past import broken_since, past_builds
from integrations.jenkins.reports import report_of
from integrations.jenkins.search import Pattern, Wanted
from playground.jenkins.cli import free_port
from tests.integrations.jenkins.canned import Canned
from tests.playground.jenkins.running_jenkins import Jenkins

STAGE = Stage(id="7", name="Build", status="FAILED")
BOUNDS = Bounds(bytes=1_000_000)

Question = Callable[[JenkinsClient], object]
QUESTIONS: dict[str, Question] = {
    "agents": agents,
    "queue": waiting,
    "overview": overview,
    "details": lambda client: job_details(client, "api"),
    "builds": lambda client: past_builds(client, "api", 10),
    "broken since": lambda client: broken_since(client, "api"),
    "tests": lambda client: report_of(client, "web", 4),
    "artifacts": lambda client: artifacts(client, "api", 3),
    "artifact": lambda client: fetch(client, "web", 5, "dist/web.zip"),
    "tail": lambda client: BuildLog(client, "api", 3).tail(5),
    "grep": lambda client: BuildLog(client, "api", 3).grep(Pattern("x"), Wanted(), BOUNDS),
    "stage": lambda client: BuildLog(client, "api", 3).steps(STAGE),
}
TAKES_ANYTHING = {"artifact", "grep"}
"""What these fetch has no shape of which an answer could be wrong."""
every_question = pytest.mark.parametrize("ask", QUESTIONS.values(), ids=QUESTIONS)


def error(ask: Question, client: JenkinsClient) -> JenkinsError:
    """What becomes of the question."""
    with pytest.raises(JenkinsError) as caught:
        ask(client)
    assert client.transport._auth.password.decode() not in str(caught.value)
    return caught.value


@every_question
def test_a_token_that_is_not_known(server: Jenkins, ask: Question) -> None:
    assert type(error(ask, JenkinsClient(server.url, "sparkops", "a-wrong-token"))) is Unauthorized


@every_question
def test_a_jenkins_that_boots(server: Jenkins, client: JenkinsClient, ask: Question) -> None:
    server.control("faults", kind="html503", path="*", count=None)
    assert type(error(ask, client)) is Starting


@every_question
def test_a_jenkins_that_is_slow(server: Jenkins, ask: Question) -> None:
    server.control("faults", kind="slow", path="*", seconds=2, count=None)
    impatient = JenkinsClient(server.url, "sparkops", server.secret, timeout=0.2)
    assert "did not answer in time" in str(error(ask, impatient))


@every_question
def test_nobody_who_listens(ask: Question) -> None:
    alone = JenkinsClient(f"http://127.0.0.1:{free_port()}", "sparkops", "a-long-token", timeout=1.0)
    assert type(error(ask, alone)) is Unreachable


@pytest.mark.parametrize("name", [name for name in QUESTIONS if name not in TAKES_ANYTHING])
@pytest.mark.parametrize("body", ["<html>Log in</html>", "[]", '"text"', "null"])
def test_an_answer_that_is_not_jenkins(canned: Canned, name: str, body: str) -> None:
    canned.say(200, body)
    assert type(error(QUESTIONS[name], canned.client())) is BadAnswer


@every_question
def test_a_login_page_is_not_followed(canned: Canned, ask: Question) -> None:
    canned.say(302, "", {"Location": "https://login.example.com/?token=secret"})
    came = error(ask, canned.client())
    assert type(came) is BadAnswer and "secret" not in str(came)
