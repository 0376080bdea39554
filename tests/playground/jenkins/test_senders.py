"""Every sender tells in its own shape, of what its plugin tells, and keeps silent of the rest."""

from __future__ import annotations

import re
from typing import Any

import pytest
from click.testing import CliRunner

from playground.jenkins.cli import cli
from playground.jenkins.notifications import SENDERS, Hook
from tests.playground.jenkins.running_jenkins import Jenkins, Listener, eventually, running_jenkins

DEPLOY = "job/team/job/deploy"


def hear(server: Jenkins, listener: Listener, sender: str) -> None:
    """Let the listener hear a sender."""
    server.control("hooks", url=listener.url, sender=sender)


def wait_for(listener: Listener, count: int) -> list[dict[str, Any]]:
    """Everything heard, once it is so much; lists that are unpacked then show that it is no more."""
    eventually(lambda: len(listener.heard) >= count, f"{count} messages")
    return listener.heard


def waiting_deploy(server: Jenkins) -> str:
    """A deploy that waits for its answer; returns its path."""
    path = f"{DEPLOY}/{server.build(DEPLOY, VERSION='2.0')}"
    eventually(lambda: server.get(f"{path}/wfapi/pendingInputActions"), "the question")
    return path


# --- Outbound WebHook


@pytest.mark.parametrize(
    ("result", "event"), [("SUCCESS", "success"), ("FAILURE", "failure"), ("UNSTABLE", "unstable")]
)
def test_outbound_webhook_tells_start_and_end(
    server: Jenkins, listener: Listener, result: str, event: str
) -> None:
    hear(server, listener, "outbound-webhook")
    server.job("hooked", parameters=[{"name": "BRANCH"}, {"name": "SECRET", "kind": "password"}])
    server.control("builds", job="hooked", result=result, parameters={"BRANCH": "main", "SECRET": "hush"})
    start, end = wait_for(listener, 2)
    assert start == {
        "buildName": "#1",
        "buildUrl": f"{server.url}/job/hooked/1/",
        "event": "start",
        "projectName": "hooked",
        "buildVars": "{BRANCH=main}",
    }
    assert end == {**start, "event": event}


def test_outbound_webhook_is_silent_of_pipelines_and_of_aborts(server: Jenkins, listener: Listener) -> None:
    hear(server, listener, "outbound-webhook")
    server.control("builds", job="api")
    server.control("builds", job="web", result="ABORTED")
    server.control("builds", job="web")
    heard = wait_for(listener, 3)
    assert [(body["projectName"], body["buildName"], body["event"]) for body in heard] == [
        ("web", "#6", "start"),
        ("web", "#7", "start"),
        ("web", "#7", "success"),
    ]


# --- Generic Event


def test_generic_event_sends_the_build_as_its_api_does(server: Jenkins, listener: Listener) -> None:
    hear(server, listener, "generic-event")
    server.control("builds", job="team/deploy", parameters={"VERSION": "3", "VAULT_TOKEN": "hush-hush"})
    heard = wait_for(listener, 4)
    assert [body["type"] for body in heard] == [
        "run.initialize",
        "run.started",
        "run.completed",
        "run.finalized",
    ]
    last = heard[3]
    assert set(last) == {"data", "dataType", "id", "source", "time", "type"}
    assert (last["source"], last["dataType"]) == (
        "job/team/job/deploy/",
        "org.jenkinsci.plugins.workflow.job.WorkflowRun",
    )
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000", last["time"])
    assert len({body["id"] for body in heard}) == 4
    ours = server.get("job/team/job/deploy/3/api/json")
    del ours["url"]
    assert last["data"] == {
        **ours,
        "_class": "io.jenkins.plugins.generic.event.data.WorkflowRunData",
        "_multiBranch": False,
        "_parentFullName": "team",
        "_projectName": "deploy",
    }
    assert (heard[1]["data"]["building"], heard[1]["data"]["result"]) == (True, None)
    assert "hush-hush" not in str(heard)


def test_generic_event_of_a_branch_and_of_a_freestyle_build(server: Jenkins, listener: Listener) -> None:
    server.control("jobs", name="mobile", kind="multibranch")
    server.job("mobile/feature%2Fx", kind="pipeline")
    hear(server, listener, "generic-event")
    server.control("builds", job="mobile/feature%2Fx")
    server.control("builds", job="web")
    branch, web = wait_for(listener, 8)[3], listener.heard[7]
    assert (branch["data"]["_multiBranch"], branch["source"]) == (True, "job/mobile/job/feature%252Fx/")
    assert web["data"]["_class"] == web["dataType"] == "hudson.model.FreeStyleBuild"
    assert "_parentFullName" not in web["data"]


def test_generic_event_of_jobs_that_come_change_move_and_go(server: Jenkins, listener: Listener) -> None:
    hear(server, listener, "generic-event")
    server.job("team/new")
    server.post("job/team/job/new/disable")
    server.post("job/team/job/new/doRename?newName=newer")
    server.post("job/team/job/newer/doDelete")
    heard = wait_for(listener, 4)
    assert [(body["type"], body["source"], body["data"]["fullName"]) for body in heard] == [
        ("item.created", "job/team/", "team/new"),
        ("item.updated", "job/team/", "team/new"),
        ("item.locationChanged", "job/team/", "team/newer"),
        ("item.deleted", "job/team/", "team/newer"),
    ]
    assert heard[2]["metaData"] == {
        "oldName": "team/new",
        "newName": "team/newer",
        "oldUrl": "job/team/job/new/",
        "newUrl": "job/team/job/newer/",
    }


def test_generic_event_of_a_build_that_is_deleted(server: Jenkins, listener: Listener) -> None:
    hear(server, listener, "generic-event")
    assert server.post("job/web/3/doDelete").status_code == 302
    (body,) = wait_for(listener, 1)
    assert (body["type"], body["data"]["number"]) == ("run.deleted", 3)
    assert server.call("GET", "job/web/3/api/json").status_code == 404
    assert server.get("job/web/4/api/json")["number"] == 4


# --- Statistics Gatherer


def test_statistics_gatherer_tells_a_builds_start_and_end(server: Jenkins, listener: Listener) -> None:
    hear(server, listener, "statistics-gatherer")
    server.control("builds", job="team/deploy", parameters={"VERSION": "3"}, user="alice", result="FAILURE")
    start, end = wait_for(listener, 2)
    assert (start["result"], start["fullJobName"], start["jobName"]) == (
        "INPROGRESS",
        "team/deploy",
        "deploy",
    )
    assert (start["startedUserId"], start["buildCause"]) == ("alice", "Started by user alice")
    assert start["parameters"] == {"VERSION": "3", "NOTES": ""}
    assert sorted(start) == [
        "buildCause", "buildUrl", "ciUrl", "contextId", "fullJobName", "jobName", "number", "parameters",
        "queueTime", "result", "scmInfo", "slaveInfo", "startTime", "startedUserId", "startedUsername",
    ]  # fmt: skip
    assert sorted(end) == [
        "buildUrl", "ciUrl", "duration", "endTime", "fullJobName", "jobName", "number", "result",
    ]  # fmt: skip
    assert (end["result"], end["buildUrl"]) == ("FAILURE", "job/team/job/deploy/3/")


def test_statistics_gatherer_tells_of_the_queue(server: Jenkins, listener: Listener) -> None:
    hear(server, listener, "statistics-gatherer")
    server.post("quietDown")
    item = server.trigger("job/team/job/deploy", VERSION="2")
    server.post(f"queue/cancelItem?id={item}")
    entered, left = wait_for(listener, 2)
    assert (entered["jobName"], entered["jenkinsQueueId"]) == ("team » deploy", item)
    assert sorted(entered) == [
        "ciUrl", "duration", "entryTime", "jenkinsQueueId", "jobName", "queueCauses", "startedBy", "status",
    ]  # fmt: skip
    assert (entered["startedBy"], entered["status"]) == ("bot", "ENTERED")
    assert entered["queueCauses"][0]["reasonForWaiting"].startswith("In the quiet period. Expires in ")
    assert sorted(left) == [
        "ciUrl", "duration", "entryTime", "exitTime", "jenkinsQueueId", "jobName", "status",
    ]  # fmt: skip
    assert (left["status"], left["jenkinsQueueId"]) == ("LEFT", item)


def test_statistics_gatherers_job_documents_hold_secrets(server: Jenkins, listener: Listener) -> None:
    hear(server, listener, "statistics-gatherer")
    server.job(
        "secret",
        auth_token="open-sesame",
        parameters=[{"name": "PASSWORD", "kind": "password", "default": "hush-hush"}],
    )
    server.post("job/secret/disable")
    server.control("jobs/delete", name="secret")
    server.job("pipe", kind="pipeline")
    created, disabled, deleted = wait_for(listener, 3)
    assert [body["status"] for body in (created, disabled, deleted)] == ["ACTIVE", "DISABLED", "DELETED"]
    assert ("createdDate" in created, "updatedDate" in deleted) == (True, True)
    for body in (created, disabled):
        assert "<authToken>open-sesame</authToken>" in body["configFile"]
        assert "<defaultValue>hush-hush</defaultValue>" in body["configFile"]
    assert "configFile" not in deleted


def test_statistics_gatherer_tells_of_checkouts_and_steps(server: Jenkins, listener: Listener) -> None:
    hear(server, listener, "statistics-gatherer")
    change = {"author": "Alice", "email": "alice@example.com", "message": "Fix"}
    server.control("builds", job="web", changes=[change])
    checkout, checked_out, step, stepped = wait_for(listener, 6)[1:5]
    assert sorted(checkout) == sorted(checked_out) == ["buildUrl", "endTime", "startTime"]
    assert sorted(step) == sorted(stepped) == [
        "buildStepId", "buildStepType", "buildUrl", "endTime", "startTime",
    ]  # fmt: skip
    for begun, done in ((checkout, checked_out), (step, stepped)):
        assert (begun["endTime"], done["startTime"]) == (0, 0)
    assert (step["buildStepType"], step["buildStepId"]) == ("hudson.tasks.Shell", stepped["buildStepId"])


# --- CloudEvents


def types(listener: Listener) -> list[str]:
    """The types heard, without their common beginning."""
    return [headers["ce-type"].removeprefix("org.jenkinsci.") for headers in listener.headers]


def test_cloudevents_keep_their_metadata_in_headers(server: Jenkins, listener: Listener) -> None:
    hear(server, listener, "cloudevents")
    server.control("builds", job="team/deploy", parameters={"VERSION": "3"})
    wait_for(listener, 3)
    assert types(listener) == ["job.started", "job.completed", "job.finalized"]
    headers, body = listener.headers[2], listener.heard[2]
    assert (headers["ce-specversion"], headers["ce-source"], headers["content-type"]) == (
        "1.0",
        "job/deploy",
        "application/json",
    )
    assert len({h["ce-id"] for h in listener.headers}) == 3
    assert sorted(body) == ["build", "displayName", "name", "url", "userId", "userName"]
    build = body["build"]
    assert sorted(build) == [
        "displayName", "duration", "fullUrl", "number", "parameters", "phase", "queueId", "scmState",
        "status", "timestamp", "url",
    ]  # fmt: skip
    assert (build["fullUrl"], build["phase"], build["status"]) == (
        f"{server.url}/job/team/job/deploy/3/",
        "FINALIZED",
        "SUCCESS",
    )
    assert build["scmState"] == {"url": None, "branch": None, "commit": None}
    assert listener.heard[0]["build"]["status"] is None


def test_cloudevents_tell_a_failure_twice(server: Jenkins, listener: Listener) -> None:
    hear(server, listener, "cloudevents")
    server.control("builds", job="web", result="FAILURE")
    wait_for(listener, 4)
    assert types(listener) == ["job.started", "job.completed", "job.finalized", "job.failed"]
    assert listener.heard[3]["build"]["phase"] == "FINALIZED"


def test_cloudevents_of_items_fail_for_pipelines_and_of_odd_names_for_all(
    server: Jenkins, listener: Listener
) -> None:
    hear(server, listener, "cloudevents")
    server.job("pipe", kind="pipeline")
    server.control("builds", job="Ünïcode jöb")
    server.job("free")
    server.post("job/free/disable")
    wait_for(listener, 2)
    assert types(listener) == ["job.created", "job.updated"]
    assert "createdDate" in listener.heard[0] and "<project>" in listener.heard[0]["configFile"]


def test_cloudevents_of_queue_and_nodes(server: Jenkins, listener: Listener) -> None:
    hear(server, listener, "cloudevents")
    server.post("quietDown")
    item = server.trigger("job/web")
    server.post(f"queue/cancelItem?id={item}")
    server.post("computer/linux-1/toggleOffline?offlineMessage=disk")
    server.post("computer/linux-1/toggleOffline")
    wait_for(listener, 4)
    assert types(listener) == ["queue.entered_waiting", "queue.left", "node.offline", "node.online"]
    entered, left, offline, online = listener.heard
    assert (entered["status"], left["status"], left["jenkinsQueueId"]) == ("ENTERED_WAITING", "LEFT", item)
    assert offline["offlineCause"]["shortDescription"] == "Disconnected by bot : disk"
    assert (offline["nodeName"], online["offlineCause"]) == ("linux-1", None)


# --- Pipeline Input Notification


def test_questions_and_their_answers_are_pushed(server: Jenkins, listener: Listener) -> None:
    hear(server, listener, "input-notification")
    path = waiting_deploy(server)
    server.post(f"{path}/input/Deploy/proceedEmpty")
    pending, approved = wait_for(listener, 2)
    assert pending == {
        "jenkinsUrl": f"{server.url}/",
        "jobUrl": f"{path}/",
        "jobFullName": "team/deploy",
        "buildNumber": 3,
        "inputId": "Deploy",
        "submitter": None,
        "approver": None,
        "result": "PENDING",
    }
    assert approved == {**pending, "result": "APPROVED"}, "without a submitterParameter nobody knows who"


def asked_by(server: Jenkins) -> str:
    """The path of a build of the job `asks` that waits for its answer."""
    path = f"job/asks/{server.build('job/asks')}"
    (action,) = eventually(lambda: server.get(f"{path}/wfapi/pendingInputActions"), "the question")
    assert action["id"] == "Go"
    return path


def test_a_question_names_who_may_answer_and_its_end_who_did(server: Jenkins, listener: Listener) -> None:
    hear(server, listener, "input-notification")
    asked = {"id": "go", "submitter": "bot,bob", "submitter_parameter": "WHO"}
    server.job("asks", kind="pipeline", input=asked)
    for answer in ("proceedEmpty", "abort"):
        assert server.post(f"{asked_by(server)}/input/Go/{answer}").status_code == 302
    found = [(b["inputId"], b["submitter"], b["approver"], b["result"]) for b in wait_for(listener, 4)]
    assert found == [
        ("go", "bot,bob", None, "PENDING"),
        ("go", None, "bot", "APPROVED"),
        ("go", "bot,bob", None, "PENDING"),
        ("go", None, "bot", "ABORTED"),
    ]


def test_a_question_without_an_id_is_pushed_without_one(server: Jenkins, listener: Listener) -> None:
    hear(server, listener, "input-notification")
    server.job("asks", kind="pipeline", input={"id": None, "message": "Ship it?"})
    path = f"job/asks/{server.build('job/asks')}"
    (action,) = eventually(lambda: server.get(f"{path}/wfapi/pendingInputActions"), "the question")
    assert re.fullmatch("[0-9A-F][0-9a-f]{31}", action["id"])
    assert wait_for(listener, 1)[0]["inputId"] is None
    assert server.post(f"{path}/input/{action['id']}/proceedEmpty").status_code == 302


# --- a step that posts by itself


def test_plain_json_is_flat_and_counts_in_seconds(server: Jenkins, listener: Listener) -> None:
    hear(server, listener, "plain-json")
    server.control("builds", job="api", parameters={"BRANCH": "feature/x"}, seconds=61.5, result="UNSTABLE")
    started, ended = wait_for(listener, 2)
    assert ended == {
        "job": "api",
        "number": 6,
        "result": "UNSTABLE",
        "url": f"{server.url}/job/api/6/",
        "started": server.get("job/api/6/api/json")["timestamp"] / 1000,
        "duration": 61.5,
        "branch": "feature/x",
        "phase": "FINALIZED",
    }
    assert started == {**ended, "result": None, "duration": 0.0, "phase": "STARTED"}


def test_plain_json_of_a_branch_names_the_branch(server: Jenkins, listener: Listener) -> None:
    server.control("jobs", name="mobile", kind="multibranch")
    server.job("mobile/feature%2Fx", kind="pipeline")
    hear(server, listener, "plain-json")
    server.control("builds", job="mobile/feature%2Fx")
    assert wait_for(listener, 2)[1]["branch"] == "feature/x"


# --- all of them


@pytest.mark.parametrize("sender", sorted(set(SENDERS) - {"input-notification"}))
def test_switches_mistreat_every_sender(server: Jenkins, listener: Listener, sender: str) -> None:
    phase = "COMPLETED" if sender == "outbound-webhook" else "FINALIZED"
    hear(server, listener, sender)
    server.control("builds", job="web")
    usual = {"cloudevents": 3, "outbound-webhook": 2, "plain-json": 2, "statistics-gatherer": 5}.get(
        sender, 4
    )
    wait_for(listener, usual)
    server.control("notifications", kind="drop", phase=phase)
    server.control("notifications", kind="duplicate", phase="STARTED")
    server.control("builds", job="web")
    heard = wait_for(listener, 2 * usual)[usual:]
    assert len(heard) == usual
    assert sum(body == other for body in heard for other in heard) == usual + 2, "one is there twice"


def test_two_senders_to_two_hooks(server: Jenkins, listener: Listener) -> None:
    server.control("hooks", url=f"{listener.url}/plain", sender="plain-json")
    server.control("hooks", url=f"{listener.url}/outbound", sender="outbound-webhook")
    server.control("builds", job="web")
    heard = wait_for(listener, 4)
    assert sorted("event" if "event" in body else "phase" for body in heard) == ["event"] * 2 + ["phase"] * 2


def test_a_sender_is_named_on_the_command_line(listener: Listener) -> None:
    with running_jenkins("--hook", f"generic-event={listener.url}?token=a=b") as server:
        server.control("builds", job="web")
        assert wait_for(listener, 4)[0]["type"] == "run.initialize"


@pytest.mark.parametrize(
    ("text", "hook"),
    [
        ("http://127.0.0.1/a?b=c", Hook("http://127.0.0.1/a?b=c")),
        ("cloudevents=http://127.0.0.1/a?b=c", Hook("http://127.0.0.1/a?b=c", sender="cloudevents")),
    ],
)
def test_how_hooks_are_written(text: str, hook: Hook) -> None:
    assert Hook.parse(text) == hook


def test_a_sender_nobody_knows_is_refused() -> None:
    outcome = CliRunner().invoke(cli, ["--hook", "pigeon=http://127.0.0.1/"])
    assert outcome.exit_code == 2
    assert "no sender 'pigeon'; there are notification-plugin, outbound-webhook," in outcome.output
