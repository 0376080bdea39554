"""Every answer has the shape a real Jenkins 2.463 gave: the same keys, the same JSON types."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from tests.playground.jenkins.running_jenkins import Jenkins, eventually
from tests.playground.jenkins.shapes import differences, recorded

PARAMETERS = [
    {"name": "BRANCH", "default": "main", "description": "Git branch"},
    {"name": "ENV", "kind": "choice", "choices": ["dev", "stage", "prod"], "description": "Where to deploy"},
    {"name": "DRY_RUN", "kind": "boolean", "default": True},
    {"name": "NOTES", "kind": "text"},
    {"name": "SECRET", "kind": "password", "default": "hush"},
    {"name": "SECS", "default": "1"},
]


@pytest.fixture
def demo(server: Jenkins) -> str:
    """A job like the recorded one: freestyle, with every kind of parameter."""
    return server.job("demo", parameters=PARAMETERS, description="demo job", seconds=40)


@pytest.fixture
def quick(server: Jenkins) -> str:
    """The same, but over in a moment."""
    return server.job("quick", parameters=PARAMETERS, description="demo job", seconds=1)


def without_artifacts(name: str) -> Any:
    """A recorded build, but its job archived nothing."""
    build = recorded(name)
    build["artifacts"] = []
    return build


def test_a_job_with_every_kind_of_parameter(server: Jenkins, demo: str) -> None:
    assert differences(recorded("job_info_parameters"), server.get(f"{demo}/api/json")) == []


def test_a_job_summary_by_tree(server: Jenkins) -> None:
    tree = (
        "buildable,color,healthReport[description,score],inQueue,lastBuild[number],lastCompletedBuild[number],"
        "lastFailedBuild[number],lastStableBuild[number],lastSuccessfulBuild[number],lastUnstableBuild[number],"
        "nextBuildNumber,queueItem"
    )
    job = server.job("demo", seconds=1)
    for result in ("FAILURE", "SUCCESS"):
        server.control("builds", job="demo", result=result)
    assert differences(recorded("job_summary_tree"), server.get(f"{job}/api/json", tree=tree)) == []


def test_a_running_and_an_ended_build(server: Jenkins, demo: str, quick: str) -> None:
    number = server.build(demo, BRANCH="feature/ü ✓", NOTES="line1\nline2")
    assert differences(recorded("build_info_running"), server.get(f"{demo}/{number}/api/json")) == []
    ended = server.finished(quick, server.build(quick, BRANCH="main"))
    assert differences(without_artifacts("build_info_done"), ended) == []


def test_a_stopped_build(server: Jenkins, demo: str) -> None:
    number = server.build(demo, BRANCH="main")
    server.post(f"{demo}/{number}/stop")
    assert differences(without_artifacts("build_info_aborted"), server.finished(demo, number)) == []


def test_a_build_started_by_another(server: Jenkins) -> None:
    server.job("child", kind="pipeline", seconds=1)
    server.control("builds", job="child", upstream=["parent", 1])
    assert differences(recorded("build_info_downstream_cause"), server.get("job/child/1/api/json")) == []


def test_queue_items_in_each_state(server: Jenkins, demo: str) -> None:
    server.control("speed", speed=1)
    waiting = server.post(f"{demo}/buildWithParameters", BRANCH="quiet").headers["Location"]
    item = waiting.removeprefix(f"{server.url}/")
    ours = server.get(f"{item}api/json")
    assert differences(recorded("queue_item_waiting_quiet_period"), ours) == []
    assert ours["why"].startswith("In the quiet period. Expires in ")
    assert ours["params"] == "\nBRANCH=quiet\nENV=dev\nDRY_RUN=true\nNOTES=\nSECRET=****\nSECS=1"

    assert server.post(f"queue/cancelItem?id={ours['id']}").status_code == 204
    assert differences(recorded("queue_item_cancelled"), server.get(f"{item}api/json")) == []


def test_a_blocked_queue(server: Jenkins, demo: str) -> None:
    number = server.build(demo, BRANCH="first")
    server.trigger(demo, BRANCH="second")
    items = eventually(
        lambda: [i for i in server.get("queue/api/json")["items"] if i["blocked"]], "a blocked item"
    )
    assert differences(recorded("queue_info_blocked"), items) == []
    assert items[0]["why"] == f"Build #{number} is already in progress (ETA: N/A)"


def test_a_queue_while_quieting_down(server: Jenkins, demo: str) -> None:
    server.post("quietDown")
    server.trigger(demo, BRANCH="queued-during-quiet")
    eventually(
        lambda: server.get("queue/api/json")["items"][0]["why"] == "Finished waiting", "the quiet period"
    )
    assert differences(recorded("queue_info_quietdown"), server.get("queue/api/json")["items"]) == []


def test_the_root_while_quieting_down(server: Jenkins) -> None:
    server.post("quietDown")
    ours = server.get("api/json")
    ours["jobs"] = [job for job in ours["jobs"] if job["_class"] == "hudson.model.FreeStyleProject"]
    # The recorded Jenkins had no root URL configured; this one has, or it could not write full URLs in hooks.
    assert differences(recorded("root_info_quieting"), ours) == ["$.url: null in the recording, string here"]


def test_the_node_with_a_running_build(server: Jenkins) -> None:
    server.build("job/long-job")
    ours = server.get("computer/api/json", depth=1)
    busy = [executor for executor in ours["computer"][0]["executors"] if not executor["idle"]]
    assert [executor["currentExecutable"]["url"] for executor in busy] == [f"{server.url}/job/long-job/2/"]
    assert set(ours) == set(recorded("computer"))
    real_node, node = recorded("computer")["computer"][0], ours["computer"][0]
    assert set(node) == set(real_node)
    assert differences(real_node["executors"][0], ours["computer"][0]["executors"][-1]) == []
    for part in ("assignedLabels", "loadStatistics", "monitorData"):
        assert differences(real_node[part], node[part]) == []


def test_the_crumb(server: Jenkins) -> None:
    assert differences(recorded("crumb"), server.get("crumbIssuer/api/json")) == []


def test_plugins_by_tree(server: Jenkins) -> None:
    ours = server.get("pluginManager/api/json", tree="plugins[active,enabled,hasUpdate,shortName,version]")
    assert differences(recorded("plugins"), ours) == []


def test_a_test_report(server: Jenkins) -> None:
    server.job("pipe", kind="pipeline", stages=["Test"])
    cases = [
        {"class_name": "acme.LoginTest", "name": "ok"},
        {
            "class_name": "acme.LoginTest",
            "name": "rejects_bad_password",
            "status": "FAILED",
            "error": "expected 401",
        },
        {"class_name": "acme.LoginTest", "name": "later", "status": "SKIPPED"},
    ]
    server.control("builds", job="pipe", result="UNSTABLE", tests=cases)
    ours = server.get("job/pipe/1/testReport/api/json")
    assert (ours["failCount"], ours["passCount"], ours["skipCount"]) == (1, 1, 1)
    real_suite, suite = recorded("test_report")["suites"][0], ours["suites"][0]
    assert set(ours) == set(recorded("test_report"))
    assert differences({**real_suite, "cases": []}, {**suite, "cases": []}) == []
    ages = []
    for real_case, case in zip(real_suite["cases"], suite["cases"], strict=True):
        trace = {"errorStackTrace": real_case["errorStackTrace"]}
        assert differences(real_case, case | trace) == []
        ages.append((case["age"], case["failedSince"]))
    assert ages == [(case["age"], case["failedSince"]) for case in real_suite["cases"]]


def test_a_pipeline_from_start_to_end(server: Jenkins) -> None:
    server.control("speed", speed=2)
    number = server.build("job/team/job/deploy", VERSION="2.0")
    path = f"job/team/job/deploy/{number}"

    def describe(status: str) -> Any:
        ours = server.get(f"{path}/wfapi/describe")
        return ours if ours["status"] == status and ours["stages"] else None

    running = recorded("wfapi_describe_IN_PROGRESS")
    del running["_links"]["artifacts"]
    assert differences(running, eventually(lambda: describe("IN_PROGRESS"), "the first stage")) == []

    paused = recorded("wfapi_describe_PAUSED_PENDING_INPUT")
    del paused["_links"]["artifacts"]
    ours = eventually(lambda: describe("PAUSED_PENDING_INPUT"), "the question")
    assert differences(paused, ours) == []
    assert [(stage["name"], stage["status"]) for stage in ours["stages"]] == [
        ("Plan", "SUCCESS"),
        ("Approve", "PAUSED_PENDING_INPUT"),
    ]
    pending = server.get(f"{path}/wfapi/pendingInputActions")
    real_pending = recorded("wfapi_pendingInputActions")
    real_pending[0]["inputs"][1]["description"] = "this one has a description"
    assert differences(real_pending[0] | {"inputs": []}, pending[0] | {"inputs": []}) == []
    for real_input, our_input in zip(real_pending[0]["inputs"], pending[0]["inputs"], strict=True):
        assert differences(real_input, our_input) == []

    answer = {
        "parameter": [{"name": "STRATEGY", "value": "rolling"}, {"name": "REASON", "value": "it is time"}]
    }
    assert server.post(f"{path}/wfapi/inputSubmit?inputId=Deploy", json=json.dumps(answer)).status_code == 200
    server.finished("job/team/job/deploy", number)
    final = recorded("wfapi_describe_final")
    del final["_links"]["artifacts"]
    ended = server.get(f"{path}/wfapi/describe")
    assert differences(final, ended) == []
    assert ended["stages"][1]["pauseDurationMillis"] > 0


def test_a_pipeline_build_that_waits_for_input_and_one_that_ended(server: Jenkins) -> None:
    number = server.build("job/team/job/deploy", VERSION="2.0")
    path = f"job/team/job/deploy/{number}"
    eventually(lambda: server.get(f"{path}/wfapi/pendingInputActions"), "the question")
    ours = server.get(f"{path}/api/json")
    real = without_artifacts("build_info_pipeline_paused_input")
    assert ours["executor"] == {"_class": "hudson.model.OneOffExecutor"}
    assert set(ours) == set(real)
    assert "org.jenkinsci.plugins.workflow.support.steps.input.InputAction" in [
        action.get("_class") for action in ours["actions"]
    ]
    server.post(f"{path}/input/Deploy/proceedEmpty")
    ended = server.finished("job/team/job/deploy", number)
    assert set(ended) == set(recorded("build_info_pipeline_done"))
    assert "org.jenkinsci.plugins.workflow.support.steps.input.ApproverAction" in [
        action.get("_class") for action in ended["actions"]
    ]


def test_a_failing_parallel_branch(server: Jenkins) -> None:
    ours = server.get("job/nightly-e2e/3/wfapi/describe")
    real = recorded("wfapi_describe_FAILED_parallel")
    assert differences(real | {"stages": []}, ours | {"stages": []}) == []
    real_stages, stages = ({stage["status"]: stage for stage in run["stages"]} for run in (real, ours))
    for status in ("FAILED", "SUCCESS"):
        assert differences(real_stages[status], stages[status]) == []


def test_runs_a_stage_a_log_and_artifacts(server: Jenkins) -> None:
    runs = server.get("job/api/wfapi/runs")
    assert [run["name"] for run in runs] == ["#5", "#4", "#3", "#2", "#1"]
    assert differences(recorded("wfapi_runs")[0], runs[0]) == []

    build_stage = runs[0]["stages"][1]
    stage = server.get(build_stage["_links"]["self"]["href"].lstrip("/"))
    assert differences(recorded("wfapi_stage_describe"), stage) == []
    log = server.get(stage["stageFlowNodes"][0]["_links"]["log"]["href"].lstrip("/"))
    assert differences(recorded("wfapi_node_log"), log) == []
    assert log["text"] == "+ make build\ncompiling 214 files\nlinking\nbuild complete\n"

    artifacts = server.get("job/api/5/wfapi/artifacts")
    assert differences(recorded("wfapi_artifacts"), artifacts) == []
    assert server.call("GET", artifacts[0]["url"].lstrip("/")).text == "api 1.4.5 for production\n"


def test_a_builds_list_by_tree_with_a_range(server: Jenkins) -> None:
    causes = "actions[causes[shortDescription,userId]]"
    tree = f"builds[number,result,timestamp,duration,building,{causes},culprits]{{0,2}}"
    ours = server.get("job/web/api/json", tree=tree)
    assert [build["number"] for build in ours["builds"]] == [5, 4]
    real_build = recorded("job_builds_tree")["builds"][0]
    assert ours["builds"][0]["actions"][0] == {
        "_class": "hudson.model.CauseAction",
        "causes": [
            {
                "_class": "hudson.model.Cause$UserIdCause",
                "shortDescription": "Started by user alice",
                "userId": "alice",
            }
        ],
    }
    assert set(ours["builds"][0]) == set(real_build)


def test_times_are_of_now(server: Jenkins) -> None:
    number = server.build("job/long-job")
    assert abs(server.get(f"job/long-job/{number}/api/json")["timestamp"] / 1000 - time.time()) < 3600
