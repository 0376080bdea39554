"""What python-jenkins 1.8.3 was measured to do wrong with a Jenkins 2.463, and that a person meets none of it here."""

from __future__ import annotations

import tracemalloc

import pytest

from bot.commands.parameters import Assignment
from bot.runs.states import State
from bot.store.database import Database
from integrations.jenkins import acting
from integrations.jenkins.agents import agents, works
from integrations.jenkins.artifacts import MOST_BYTES
from integrations.jenkins.client import JenkinsClient
from integrations.jenkins.errors import BadParameter, Forbidden, JenkinsError, Starting
from integrations.jenkins.parameters import BadParameters, choose
from integrations.jenkins.standing import needs_crumb
from playground.jenkins.access import DEFAULT_PASSWORD
from tests.integrations.jenkins.canned import Canned
from tests.integrations.jenkins.following import Following, following
from tests.playground.jenkins.running_jenkins import Jenkins, eventually
from tests.talking import DIRECT

SECRET = "n0t-for-access-logs"


def test_to_trigger_what_waits_already_joins_it_and_is_no_missing_job(talk: Following) -> None:
    talk.server.build("job/long-job")
    talk.say("jenkins build long-job")
    talk.until(State.QUEUED)
    said = talk.say("jenkins build long-job")
    talk.until(State.QUEUED, number=2)
    talk.turn()
    assert "404" not in said
    assert "The same build was waiting already, so this is that one." in talk.live()


def test_a_read_that_broke_is_tried_again_and_a_trigger_is_not(
    server: Jenkins, client: JenkinsClient
) -> None:
    server.control("faults", kind="drop", method="GET", path="*", count=1)
    assert client.job("api").full_name == "api"
    server.control("faults", kind="drop", method="POST", path="*", count=1)
    with pytest.raises(JenkinsError) as caught:
        client.trigger("web", (), parameterised=False)
    assert caught.value.maybe_done
    assert server.get("job/web/api/json", tree="builds[number]")["builds"][0]["number"] == 5


def test_a_fresh_client_of_a_secured_jenkins_reads_its_version_logged_in(client: JenkinsClient) -> None:
    assert client.version is None
    client.quieting()
    assert (client.version, client.whoami()) == ("2.463", "sparkops")


def test_a_booting_jenkins_has_lost_no_job(server: Jenkins, client: JenkinsClient) -> None:
    server.control("faults", kind="html503", path="*", count=None)
    for ask in (lambda: client.job("api"), lambda: client.build("api", 1), lambda: client.builds("api")):
        with pytest.raises(Starting, match="starting and not ready yet"):
            ask()


def test_what_runs_has_its_full_name_and_pipelines_that_wait_for_input_are_among_it(
    server: Jenkins, client: JenkinsClient
) -> None:
    number = server.build("job/team/job/deploy", VERSION="1.5.0")
    server.build("job/long-job")
    address = f"job/team/job/deploy/{number}/wfapi/pendingInputActions"
    eventually(lambda: server.get(address), "the question")
    found = agents(client)
    running = {(work.full_name, work.number) for agent in found for work in works(agent, found)}
    assert running == {("team/deploy", number), ("long-job", 2)}


def test_a_lost_session_costs_nothing_where_an_api_token_is_used(
    server: Jenkins, client: JenkinsClient
) -> None:
    client.trigger("web", (), parameterised=False)
    server.restart()
    assert client.trigger("web", (), parameterised=False).queue_id
    with pytest.raises(Forbidden, match="an API token needs no crumb"):
        JenkinsClient(server.url, "sparkops", DEFAULT_PASSWORD).trigger("web", (), parameterised=False)


def test_the_first_request_is_logged_in_already(server: Jenkins) -> None:
    fresh = JenkinsClient(server.url, "sparkops", server.secret, timeout=20.0)
    assert fresh.trigger("web", (), parameterised=False).queue_id
    assert not needs_crumb(JenkinsClient(server.url, "sparkops", server.secret, timeout=20.0))


def test_parameters_are_in_no_address_and_in_no_error(canned: Canned) -> None:
    canned.say(500, "")
    with pytest.raises(BadParameter) as caught:
        canned.client().trigger("api", (("TOKEN", SECRET),), parameterised=True)
    ((method, path, body),) = canned.asked
    assert (method, path) == ("POST", "/job/api/buildWithParameters?delay=0sec")
    assert SECRET in body and SECRET not in f"{caught.value!r} {caught.value}"


def test_nine_thousand_characters_are_no_414(talk: Following) -> None:
    notes = "x" * 9_000
    talk.say(f"jenkins build team/deploy NOTES={notes}", place=DIRECT)
    run = talk.until(State.RUNNING)
    build = talk.client.build("team/deploy", int(run.progress["number"]))
    assert dict(build.parameters)["NOTES"] == notes


def test_every_question_has_its_end_in_time(server: Jenkins) -> None:
    server.control("faults", kind="slow", path="*", seconds=20, count=None)
    impatient = JenkinsClient(server.url, "sparkops", server.secret, timeout=0.2)
    for ask in (
        lambda: impatient.job("api"),
        lambda: impatient.trigger("web", (), parameterised=False),
        lambda: acting.set_enabled(impatient, "web", False),
    ):
        with pytest.raises(JenkinsError, match="did not answer in time"):
            ask()


def test_a_job_with_parameters_is_started_with_its_defaults(talk: Following) -> None:
    talk.say("jenkins build api --defaults")
    run = talk.to_its_end()
    assert run.state == State.DONE
    assert dict(talk.client.build("api", 6).parameters)["TARGET"] == "staging"


def test_a_value_outside_the_choices_and_an_unknown_parameter_are_told_before_jenkins_is_asked(
    talk: Following,
) -> None:
    said = talk.say("jenkins build api TARGET=moon BRANHC=main")
    assert said.startswith("⚠️ Nothing was started of **api**. ")
    assert "`TARGET`" in said and "`staging` or `production`" in said
    assert "There is no `BRANHC`; did you mean `BRANCH`?" in said
    assert talk.server.get("job/api/api/json", tree="builds[number]")["builds"][0]["number"] == 5


def test_artifacts_of_any_kind_are_sent_and_large_ones_linked(talk: Following) -> None:
    files = [
        {"path": "dist/app.bin", "content": "\x00\x01 no JSON"},
        {"path": "dist/disk.img", "megabytes": MOST_BYTES / 1_000_000 + 1},
    ]
    talk.server.control("builds", job="web", artifacts=files)
    reply = talk.outcome("jenkins artifacts web #6 dist/app.bin").replies[0]
    assert reply.file is not None and reply.file.content == b"\x00\x01 no JSON"
    assert "[Fetch it](" in talk.say("jenkins artifacts web #6 dist/disk.img")


def test_a_console_is_never_in_memory_as_a_whole(server: Jenkins, database: Database) -> None:
    server.control("builds", job="web", log_megabytes=30)
    talk = following(database, server)
    talk.say("jenkins log web --grep nothing")
    tracemalloc.start()
    try:
        assert "none of the" in talk.say("jenkins log web --grep nothing")
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 10_000_000


def test_a_file_that_a_job_wants_is_said_to_be_for_jenkins_own_page(canned: Canned) -> None:
    canned.say(
        200,
        '{"fullName": "demo", "url": "u", "buildable": true, "nextBuildNumber": 1, "property": '
        '[{"parameterDefinitions": [{"name": "UPLOAD", "type": "FileParameterDefinition"}]}]}',
    )
    with pytest.raises(BadParameters, match="UPLOAD"):
        choose(canned.client().job("demo").parameters, [Assignment("UPLOAD", "x")])


def test_a_redirect_is_not_followed_with_the_token(canned: Canned) -> None:
    canned.say(302, "", {"Location": "https://elsewhere.example.com/?x=1"})
    with pytest.raises(JenkinsError, match=r"sent me on to https://elsewhere\.example\.com/"):
        canned.client().job("api")
    assert len(canned.asked) == 1
