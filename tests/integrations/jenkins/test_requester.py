"""Who asked is named in Jenkins: in a parameter where the job has one, and in the cause where it takes one."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import pytest

from bot.store.database import Database
from integrations.jenkins.client import JenkinsClient
from integrations.jenkins.errors import Forbidden
from integrations.jenkins.following import BuildOrder
from integrations.jenkins.servers import connect
from integrations.jenkins.settings import JenkinsSettings
from tests.integrations.jenkins.canned import Canned
from tests.integrations.jenkins.following import Following, following
from tests.playground.jenkins.running_jenkins import Jenkins
from tests.talking import settings_of

CAUSE = "Asked for by ada@example.com in Webex"


def job_with_requester(server: Jenkins, name: str = "REQUESTED_BY") -> None:
    server.job("named", parameters=[{"name": "WHAT", "default": "all"}, {"name": name, "default": "nobody"}])


def given(talk: Following, number: int = 1) -> dict[str, str]:
    return dict(talk.run(number).arguments["given"])


# --- in a parameter


def test_the_parameter_is_filled_with_who_asks_and_not_asked_for(talk: Following) -> None:
    job_with_requester(talk.server)
    reply = talk.outcome("jenkins build named").replies[0]
    assert reply.markdown.startswith("**named** takes `WHAT` (else `all`). Fill in the form")
    assert reply.card is not None
    assert len([each for each in reply.card["body"] if each["type"].startswith("Input.")]) == 1


@pytest.mark.parametrize("line", ["jenkins build named --defaults", "jenkins build named WHAT=some"])
def test_it_holds_the_askers_address(talk: Following, line: str) -> None:
    job_with_requester(talk.server)
    assert talk.outcome(line).result == "ok"
    assert given(talk)["REQUESTED_BY"] == "you@example.com"


def test_nobody_names_another(talk: Following) -> None:
    job_with_requester(talk.server)
    for name in ("REQUESTED_BY", "requested_by"):
        assert talk.say(f"jenkins build named {name}=boss@example.com") == (
            "⚠️ Nothing was started of **named**. `REQUESTED_BY` names who asks, and that is you@example.com: "
            "leave it out."
        )
    assert talk.outcome("jenkins build named REQUESTED_BY=You@example.com").result == "ok"
    assert given(talk)["REQUESTED_BY"] == "you@example.com"


def test_a_rebuild_names_who_asks_now(talk: Following) -> None:
    job_with_requester(talk.server)
    number = talk.server.build("job/named", WHAT="some", REQUESTED_BY="boss@example.com")
    talk.server.finished("job/named", number)
    assert talk.outcome("jenkins rebuild named").result == "ok"
    assert given(talk) == {"WHAT": "some", "REQUESTED_BY": "you@example.com"}


def test_a_replay_that_would_name_another_is_refused(talk: Following) -> None:
    talk.server.job("named", kind="pipeline", parameters=[{"name": "REQUESTED_BY"}])
    number = talk.server.build("job/named", REQUESTED_BY="boss@example.com")
    talk.server.finished("job/named", number)
    assert talk.say("jenkins replay named #1") == (
        "⚠️ **named** #1 names boss@example.com as who asked, and a replay would name them again. "
        "`jenkins rebuild named #1` names you."
    )


def test_the_parameter_may_have_another_name(server: Jenkins, database: Database) -> None:
    talk = following(database, server, environ={"JENKINS_REQUESTER_PARAMETER": "ASKER"})
    job_with_requester(server, "ASKER")
    talk.say("jenkins build named --defaults")
    assert given(talk) == {"ASKER": "you@example.com"}


# --- in the cause


def client_with_token(url: str) -> JenkinsClient:
    settings = JenkinsSettings.model_validate(
        {"url": url, "user": "bot", "token": "11aabb", "trigger_token": "the-jobs-own-token", "timeout": 20}
    )
    servers = connect(settings, settings_of({}))
    assert servers is not None
    return servers.get("main")


def test_the_cause_goes_into_the_form_beside_the_jobs_token(canned: Canned) -> None:
    canned.answers("http_201_build_created")
    client_with_token(canned.url).trigger("demo", (("A", "1"),), parameterised=True, cause=CAUSE)
    _, path, body = canned.asked[0]
    assert path == "/job/demo/buildWithParameters?delay=0sec"
    assert parse_qs(body) == {"A": ["1"], "token": ["the-jobs-own-token"], "cause": [CAUSE]}


def test_without_a_token_or_a_cause_nothing_more_is_sent(canned: Canned) -> None:
    canned.answers("http_201_build_created")
    canned.client().trigger("demo", (), parameterised=False, cause=CAUSE)
    client_with_token(canned.url).trigger("demo", (), parameterised=False)
    assert [body for *_, body in canned.asked] == ["", ""]


def test_jenkins_shows_who_asked(server: Jenkins) -> None:
    server.job("remote", auth_token="the-jobs-own-token")
    client = JenkinsClient(
        server.url, "sparkops", server.secret, timeout=20, trigger_token="the-jobs-own-token"
    )
    client.trigger("remote", (), parameterised=False, cause=CAUSE)
    causes = client.build("remote", server.finished("job/remote", 1)["number"]).causes
    assert causes[0].says.endswith(f"with note: {CAUSE}") and causes[0].user is None


def test_a_token_that_is_not_the_jobs_is_told_as_such(server: Jenkins) -> None:
    server.job("remote", auth_token="another")
    client = JenkinsClient(server.url, "sparkops", server.secret, timeout=20, trigger_token="the-wrong-one")
    with pytest.raises(Forbidden, match="JENKINS_TRIGGER_TOKEN must be the job's own token") as caught:
        client.trigger("remote", (), parameterised=False, cause=CAUSE)
    assert "the-wrong-one" not in str(caught.value)


def test_the_order_names_who_asks(talk: Following) -> None:
    talk.say("jenkins build web")
    order = BuildOrder.model_validate(talk.run().arguments)
    assert order.cause == "Asked for by you@example.com in Webex"


@pytest.mark.parametrize("name", ["token", "cause"])
def test_a_job_with_a_parameter_of_that_name_is_given_neither(talk: Following, name: str) -> None:
    talk.server.job("odd", parameters=[{"name": name}])
    talk.say("jenkins build odd --defaults")
    assert BuildOrder.model_validate(talk.run().arguments).cause is None


def test_orders_of_before_are_read(talk: Following) -> None:
    old: dict[str, Any] = {
        "job": "web",
        "parameterised": False,
        "given": [],
        "expected": [],
        "next_number": 3,
    }
    order = BuildOrder.model_validate(old)
    assert order.cause is None
