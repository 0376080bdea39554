"""Pipelines: stages that progress, branches that fail, questions, and the ways to end a build early."""

from __future__ import annotations

import json

from tests.playground.jenkins.running_jenkins import Jenkins, eventually

DEPLOY = "job/team/job/deploy"


def stages(server: Jenkins, path: str) -> list[tuple[str, str]]:
    """Names and states of a build's stages."""
    return [(stage["name"], stage["status"]) for stage in server.get(f"{path}/wfapi/describe")["stages"]]


def waiting_deploy(server: Jenkins) -> str:
    """A deploy that waits for its answer; returns its path."""
    path = f"{DEPLOY}/{server.build(DEPLOY, VERSION='2.0')}"
    eventually(lambda: server.get(f"{path}/wfapi/pendingInputActions"), "the question")
    return path


def test_the_stages_of_a_build_come_one_after_the_other(server: Jenkins) -> None:
    server.control("speed", speed=2)
    number = server.build("job/api", BRANCH="main")
    seen: list[list[tuple[str, str]]] = []

    def watch() -> bool:
        now = stages(server, f"job/api/{number}")
        if not seen or seen[-1] != now:
            seen.append(now)
        return not server.get(f"job/api/{number}/api/json")["building"]

    eventually(watch, "the end")
    fork = [("Checkout", "SUCCESS"), ("Build", "SUCCESS"), ("Test", "SUCCESS")]
    assert [("Checkout", "IN_PROGRESS")] in seen
    assert [("Checkout", "SUCCESS"), ("Build", "IN_PROGRESS")] in seen
    assert [*fork, ("unit", "IN_PROGRESS"), ("integration", "IN_PROGRESS")] in seen
    assert [*fork, ("unit", "SUCCESS"), ("integration", "IN_PROGRESS")] in seen
    both = [*fork, ("unit", "SUCCESS"), ("integration", "SUCCESS")]
    assert [*both, ("Package", "IN_PROGRESS")] in seen
    assert stages(server, f"job/api/{number}") == [*both, ("Package", "SUCCESS")]


def test_a_branch_that_does_not_compile_stops_at_its_stage(server: Jenkins) -> None:
    ended = server.finished("job/api", server.build("job/api", BRANCH="broken-login"))
    described = server.get(f"job/api/{ended['number']}/wfapi/describe")
    assert (ended["result"], described["status"]) == ("FAILURE", "FAILED")
    assert [stage["name"] for stage in described["stages"]] == ["Checkout", "Build"]
    assert described["stages"][1]["error"] == {
        "message": "script returned exit code 2",
        "type": "hudson.AbortException",
    }
    assert server.log("job/api", ended["number"]).endswith(
        "ERROR: script returned exit code 2\nFinished: FAILURE\n"
    )


def test_the_leaf_has_the_error_while_its_parent_says_success(server: Jenkins) -> None:
    ended = server.finished("job/nightly-e2e", server.build("job/nightly-e2e"))
    path = f"job/nightly-e2e/{ended['number']}"
    assert ended["result"] == "FAILURE"
    assert stages(server, path) == [
        ("Prepare", "SUCCESS"),
        ("E2E", "SUCCESS"),
        ("chrome", "SUCCESS"),
        ("firefox", "FAILED"),
        ("webkit", "SUCCESS"),
    ]
    broken = [stage for stage in server.get(f"{path}/wfapi/describe")["stages"] if "error" in stage]
    assert [stage["error"]["message"] for stage in broken] == ["firefox: the basket is empty after a reload"]
    assert "Failed in branch firefox\n" in server.log("job/nightly-e2e", ended["number"])


def test_a_build_can_be_unstable_before_it_is_over(server: Jenkins) -> None:
    server.control("builds", job="flaky")
    server.control("speed", speed=1)
    number = server.build("job/flaky")

    def early() -> bool:
        info = server.get(f"job/flaky/{number}/api/json")
        return bool(info["building"] and info["result"] == "UNSTABLE")

    eventually(early, "UNSTABLE while building")
    assert server.finished("job/flaky", number)["result"] == "UNSTABLE"


def test_an_answer_reaches_the_pipeline_and_only_once(server: Jenkins) -> None:
    path = waiting_deploy(server)
    answer = {
        "parameter": [{"name": "STRATEGY", "value": "blue-green"}, {"name": "REASON", "value": "ticket 7"}]
    }
    submit = f"{path}/wfapi/inputSubmit?inputId=Deploy"
    assert server.post(submit, json=json.dumps(answer)).status_code == 200
    assert server.post(submit, json=json.dumps(answer)).status_code == 500
    number = int(path.rpartition("/")[2])
    assert server.finished(DEPLOY, number)["result"] == "SUCCESS"
    assert "Approved by bot\nSTRATEGY=blue-green\nREASON=ticket 7\n" in server.log(DEPLOY, number)
    assert server.get(f"{path}/wfapi/pendingInputActions") == []


def test_a_bad_choice_is_no_answer(server: Jenkins) -> None:
    path = waiting_deploy(server)
    answer = {"parameter": [{"name": "STRATEGY", "value": "yolo"}]}
    assert server.post(f"{path}/wfapi/inputSubmit?inputId=Deploy", json=json.dumps(answer)).status_code == 500
    assert server.post(f"{path}/wfapi/inputSubmit?inputId=Other", json="{}").status_code == 500
    assert [action["id"] for action in server.get(f"{path}/wfapi/pendingInputActions")] == ["Deploy"]


def test_proceeding_empty_approves_with_nulls(server: Jenkins) -> None:
    path = waiting_deploy(server)
    assert server.post(f"{path}/input/Deploy/proceedEmpty").status_code == 302
    number = int(path.rpartition("/")[2])
    assert server.finished(DEPLOY, number)["result"] == "SUCCESS"
    assert "Approved by bot\nSTRATEGY=null\nREASON=null\n" in server.log(DEPLOY, number)


def test_only_those_named_may_answer_but_all_may_abort(server: Jenkins) -> None:
    server.job(
        "asks", kind="pipeline", seconds=1, input={"id": "Go", "ok": "Ship it", "submitter": "alice, bob"}
    )
    path = f"job/asks/{server.build('job/asks')}"
    (action,) = eventually(lambda: server.get(f"{path}/wfapi/pendingInputActions"), "the question")
    assert (action["id"], action["proceedText"]) == ("Go", "Ship it")
    for verb in ("wfapi/inputSubmit?inputId=Go", "input/Go/proceedEmpty"):
        refused = server.post(f"{path}/{verb}", json="{}")
        assert (refused.status_code, "You need to be alice, bob to submit this." in refused.text) == (
            400,
            True,
        )
    alice = Jenkins(server.url, "alice", server.secret)
    assert alice.post(f"{path}/wfapi/inputSubmit?inputId=Go", json="{}").status_code == 200
    assert server.finished("job/asks", 1)["result"] == "SUCCESS"
    assert "Approved by alice\n" in server.log("job/asks", 1)


def test_a_rejected_question_aborts_the_build(server: Jenkins) -> None:
    path = waiting_deploy(server)
    assert server.call("GET", f"{path}/input/api/json").status_code == 404
    assert server.post(f"{path}/input/Deploy/abort").status_code == 302
    number = int(path.rpartition("/")[2])
    assert server.finished(DEPLOY, number)["result"] == "ABORTED"
    assert "Rejected by bot\n" in server.log(DEPLOY, number)
    assert stages(server, path) == [("Plan", "SUCCESS"), ("Approve", "ABORTED")]


def test_a_waiting_pipeline_shows_only_among_the_one_off_executors(server: Jenkins) -> None:
    path = waiting_deploy(server)
    node = server.get("computer/api/json", depth=2)["computer"][0]
    assert [executor["currentExecutable"] for executor in node["executors"]] == [None] * 4
    one_off = [executor["currentExecutable"]["url"] for executor in node["oneOffExecutors"]]
    assert one_off == [f"{server.url}/{path}/"]
    tree = "computer[oneOffExecutors[currentExecutable[number,url]]]"
    assert server.get("computer/api/json", tree=tree)["computer"][0]["oneOffExecutors"][0][
        "currentExecutable"
    ] == {
        "_class": "org.jenkinsci.plugins.workflow.job.WorkflowRun",
        "number": 3,
        "url": f"{server.url}/{path}/",
    }


def test_a_long_build_is_stopped(server: Jenkins) -> None:
    number = server.build("job/long-job")
    eventually(lambda: "tick 2 of 120" in server.log("job/long-job", number), "a second tick")
    assert server.post(f"job/long-job/{number}/stop").status_code == 302
    assert server.finished("job/long-job", number)["result"] == "ABORTED"
    assert server.log("job/long-job", number).endswith(
        "Build was aborted\nAborted by bot\nFinished: ABORTED\n"
    )
    assert server.post(f"job/long-job/{number}/stop").status_code == 302


def test_a_build_is_stopped_in_the_instant_it_starts(server: Jenkins) -> None:
    server.trigger("job/long-job")
    server.post("job/long-job/2/stop")
    eventually(lambda: server.call("POST", "job/long-job/2/stop").status_code == 302, "the build")
    assert server.finished("job/long-job", 2)["result"] == "ABORTED"


def test_where_stop_does_not_help_term_does(server: Jenkins) -> None:
    job = server.job("stuck", kind="pipeline", seconds=1, stubborn=True)
    number = server.build(job)
    eventually(lambda: "Cleaning up" in server.log(job, number), "the finally block")
    server.post(f"{job}/{number}/stop")
    eventually(lambda: "Aborted by bot" in server.log(job, number), "the stop to be noted")
    assert server.get(f"{job}/{number}/api/json")["building"] is True
    assert server.post(f"{job}/{number}/term").status_code == 302
    assert server.finished(job, number)["result"] == "ABORTED"
    assert server.post(f"{job}/{number}/kill").status_code == 302


def test_a_freestyle_build_has_no_stages(server: Jenkins) -> None:
    assert server.call("GET", "job/web/1/wfapi/describe").status_code == 404
    assert server.call("GET", "job/web/wfapi/runs").status_code == 404
