"""Agents: where builds run, what happens when nodes are offline, how Jenkins shows it."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from playground.jenkins.nodes import Node
from tests.playground.jenkins.running_jenkins import Jenkins, eventually, running_jenkins
from tests.playground.jenkins.shapes import differences, recorded

TREE = (
    "busyExecutors,totalExecutors,computer[displayName,idle,numExecutors,offline,offlineCauseReason,"
    "temporarilyOffline,assignedLabels[name],executors[currentExecutable[number,url],idle,progress],"
    "oneOffExecutors[currentExecutable[number,url,fullDisplayName,actions[causes[shortDescription]]]],monitorData[*]]"
)


def node(server: Jenkins, name: str) -> Any:
    """A node as the tree query shows it."""
    computers = server.get("computer/api/json", tree=TREE)["computer"]
    return next(computer for computer in computers if computer["displayName"] == name)


def queue_item(server: Jenkins, item: int) -> Any:
    """A queue item."""
    return server.get(f"queue/item/{item}/api/json")


def test_an_empty_jenkins_has_only_its_controller() -> None:
    with running_jenkins("--empty") as server:
        computers = server.get("computer/api/json", depth=1)["computer"]
        assert [computer["displayName"] for computer in computers] == ["Built-In Node"]


def test_the_demo_has_two_agents(server: Jenkins) -> None:
    ours = server.get("computer/api/json", depth=1)
    assert [computer["displayName"] for computer in ours["computer"]] == [
        "Built-In Node",
        "linux-1",
        "linux-2",
    ]
    assert (ours["busyExecutors"], ours["totalExecutors"]) == (0, 8)
    agent = ours["computer"][1]
    assert agent["_class"] == "hudson.slaves.SlaveComputer"
    assert [label["name"] for label in agent["assignedLabels"]] == ["linux", "docker", "linux-1"]
    real = recorded("computer")["computer"][0]
    assert set(agent) == {*real, "absoluteRemotePath"}
    assert (
        differences(real["assignedLabels"][0] | {"nodes": []}, agent["assignedLabels"][0] | {"nodes": []})
        == []
    )


def test_the_tree_a_poller_asks_for(server: Jenkins) -> None:
    ours = server.get("computer/api/json", tree=TREE)
    real = recorded("computer_oneoff")
    assert set(ours) == set(real)
    agent, controller = ours["computer"][1], ours["computer"][0]
    assert set(agent) == set(controller) == set(real["computer"][0])
    assert differences(real["computer"][0]["executors"], agent["executors"]) == []


def test_a_build_runs_on_an_agent_that_has_its_label(server: Jenkins) -> None:
    server.job("browsers", seconds=400, label="linux && browsers")
    number = server.build("job/browsers")
    assert server.get(f"job/browsers/{number}/api/json")["builtOn"] == "linux-2"
    busy = [executor["currentExecutable"] for executor in node(server, "linux-2")["executors"]]
    assert busy[0] == {
        "_class": "hudson.model.FreeStyleBuild",
        "number": number,
        "url": f"{server.url}/job/browsers/{number}/",
    }
    assert busy[1] is None
    assert (
        "Building remotely on linux-2 (linux browsers) in workspace /home/jenkins/workspace/browsers\n"
        in (server.log("job/browsers", number))
    )
    assert server.get("job/browsers/api/json")["labelExpression"] == "linux && browsers"


def test_a_pipeline_shows_on_its_agent_and_on_a_one_off_executor(server: Jenkins) -> None:
    server.job("pipe", kind="pipeline", seconds=400, label="docker")
    number = server.build("job/pipe")
    eventually(lambda: "Running on linux-1" in server.log("job/pipe", number), "the agent")
    (one_off,) = node(server, "Built-In Node")["oneOffExecutors"]
    assert one_off["currentExecutable"]["fullDisplayName"] == f"pipe #{number}"
    assert (
        one_off["currentExecutable"]["actions"][0]["causes"][0]["shortDescription"] == "Started by user bot"
    )
    placeholder = node(server, "linux-1")["executors"][0]["currentExecutable"]
    assert placeholder["_class"].endswith("ExecutorStepExecution$PlaceholderTask$PlaceholderExecutable")
    assert placeholder["url"] == f"{server.url}/job/pipe/{number}/"


def test_a_node_is_taken_offline_with_a_message_and_put_back(server: Jenkins) -> None:
    answer = server.post("computer/linux-1/toggleOffline?offlineMessage=new+disk")
    assert (answer.status_code, answer.headers["Location"]) == (302, f"{server.url}/computer/linux-1/")
    agent = server.get("computer/linux-1/api/json")
    assert (agent["offline"], agent["temporarilyOffline"], agent["offlineCauseReason"]) == (
        True,
        True,
        "new disk",
    )
    assert agent["offlineCause"]["_class"] == "hudson.slaves.OfflineCause$UserCause"
    described = server.get("computer/linux-1/api/json", tree="offlineCause[description]")["offlineCause"]
    assert described["description"] == "Disconnected by bot : new disk"
    assert server.get("computer/api/json")["totalExecutors"] == 6

    server.post("computer/linux-1/toggleOffline")
    agent = server.get("computer/linux-1/api/json")
    assert (
        agent["offline"],
        agent["temporarilyOffline"],
        agent["offlineCauseReason"],
        agent["offlineCause"],
    ) == (
        False,
        False,
        "",
        None,
    )
    assert server.post("computer/nowhere/toggleOffline").status_code == 404


def test_nothing_starts_on_an_offline_node_and_the_item_says_why(server: Jenkins) -> None:
    server.job("docker", seconds=1, label="docker")
    server.post("computer/linux-1/toggleOffline")
    item = server.trigger("job/docker")
    waiting = eventually(lambda: (i := queue_item(server, item))["buildable"] and i, "a buildable item")
    assert (waiting["why"], waiting["stuck"]) == ("‘linux-1’ is offline", True)
    assert waiting["_class"] == "hudson.model.Queue$BuildableItem"
    server.post("computer/linux-1/toggleOffline")
    eventually(lambda: queue_item(server, item).get("executable"), "a build")


def test_without_any_node_of_a_label_an_item_is_stuck(server: Jenkins) -> None:
    server.job("both", seconds=1, label="linux")
    server.job("mac", seconds=1, label="mac")
    for name in ("linux-1", "linux-2"):
        server.post(f"computer/{name}/toggleOffline")
    both, mac = server.trigger("job/both"), server.trigger("job/mac")
    eventually(lambda: queue_item(server, mac)["buildable"], "a buildable item")
    assert [(queue_item(server, item)["why"], queue_item(server, item)["stuck"]) for item in (both, mac)] == [
        ("All nodes of label ‘linux’ are offline", True),
        ("There are no nodes with the label ‘mac’", True),
    ]


def test_when_all_executors_of_a_label_are_busy_an_item_waits_but_is_not_stuck(server: Jenkins) -> None:
    server.control("agents", name="mini", executors=1, labels=["arm"])
    server.job("first", seconds=400, label="arm")
    server.job("second", seconds=1, label="arm")
    number = server.build("job/first")
    item = server.trigger("job/second")
    waiting = eventually(lambda: (i := queue_item(server, item))["buildable"] and i, "a buildable item")
    assert (waiting["why"], waiting["stuck"]) == ("Waiting for next available executor on ‘mini’", False)
    server.post(f"job/first/{number}/stop")
    eventually(lambda: queue_item(server, item).get("executable"), "a build")


def test_a_job_without_a_label_hears_from_every_node(server: Jenkins) -> None:
    server.post("computer/(built-in)/toggleOffline?offlineMessage=upgrade")
    server.post("computer/linux-2/toggleOffline")
    item = server.trigger("job/web")
    waiting = eventually(lambda: (i := queue_item(server, item))["buildable"] and i, "a buildable item")
    assert (waiting["why"], waiting["stuck"]) == (
        "‘Built-In Node’ is offline; ‘linux-1’ is reserved for jobs with matching label expression; "
        "‘linux-2’ is offline",
        False,
    )
    server.post("computer/linux-1/toggleOffline")
    assert queue_item(server, item)["why"] == "Waiting for next available executor"
    server.post("quietDown")
    assert queue_item(server, item)["why"] == "Jenkins is about to shut down"
    server.post("cancelQuietDown")
    server.post("computer/(built-in)/toggleOffline")
    eventually(lambda: queue_item(server, item).get("executable"), "a build")


def test_a_pipeline_without_a_node_stands_in_the_queue_as_a_task_without_a_name(server: Jenkins) -> None:
    server.job("pipe", kind="pipeline", seconds=1, label="docker")
    server.post("computer/linux-1/toggleOffline")
    number = server.build("job/pipe")
    (part,) = eventually(lambda: server.get("queue/api/json")["items"], "the part in the queue")
    assert part["task"] == {
        "_class": "org.jenkinsci.plugins.workflow.support.steps.ExecutorStepExecution$PlaceholderTask"
    }
    assert (part["why"], part["stuck"]) == ("‘linux-1’ is offline", True)
    assert queue_item(server, part["id"])["why"] == "‘linux-1’ is offline"
    assert server.get(f"job/pipe/{number}/api/json")["building"] is True
    assert "Still waiting to schedule task\n‘linux-1’ is offline\n" in server.log("job/pipe", number)
    server.post("computer/linux-1/toggleOffline")
    assert server.finished("job/pipe", number)["result"] == "SUCCESS"


def test_cancelling_a_pipelines_part_ends_its_build(server: Jenkins) -> None:
    server.job("pipe", kind="pipeline", seconds=1, label="mac")
    number = server.build("job/pipe")
    (part,) = eventually(lambda: server.get("queue/api/json")["items"], "the part in the queue")
    assert server.post(f"queue/cancelItem?id={part['id']}").status_code == 204
    assert server.finished("job/pipe", number)["result"] == "ABORTED"
    assert server.get("queue/api/json")["items"] == []


def test_a_question_lets_the_agents_executor_go(server: Jenkins) -> None:
    server.control("agents", name="mini", executors=1, labels=["arm"])
    server.job("asks", kind="pipeline", seconds=1, label="arm", input={"id": "Go"})
    number = server.build("job/asks")
    eventually(lambda: server.get(f"job/asks/{number}/wfapi/pendingInputActions"), "the question")
    assert node(server, "mini")["executors"][0]["idle"] is True
    server.post(f"job/asks/{number}/input/Go/proceedEmpty")
    assert server.finished("job/asks", number)["result"] == "SUCCESS"


def test_an_agent_loses_its_connection_and_gets_it_back(server: Jenkins) -> None:
    server.control("agents/connection", name="linux-2", disconnected=True)
    agent = server.get("computer/linux-2/api/json")
    assert (agent["offline"], agent["temporarilyOffline"], agent["offlineCauseReason"]) == (
        True,
        False,
        "Connection was broken",
    )
    server.control("agents/connection", name="linux-2", disconnected=False)
    assert server.get("computer/linux-2/api/json")["offline"] is False


def test_a_lost_agent_fails_freestyle_builds_and_pipelines_go_on(server: Jenkins) -> None:
    server.job("free", seconds=400, label="docker")
    server.job("pipe", kind="pipeline", seconds=20, label="docker")
    free, pipe = server.build("job/free"), server.build("job/pipe")
    eventually(lambda: "Running on linux-1" in server.log("job/pipe", pipe), "the agent")
    server.control("agents/connection", name="linux-1", disconnected=True)
    failed = server.finished("job/free", free)
    assert failed["result"] == "FAILURE"
    assert "jenkins.model.InterruptedBuildAction" not in [action["_class"] for action in failed["actions"]]
    assert server.log("job/free", free).endswith(
        "FATAL: command execution failed: Backing channel 'linux-1' is disconnected.\nFinished: FAILURE\n"
    )
    assert "Cannot contact linux-1: hudson.remoting.ChannelClosedException\n" in server.log("job/pipe", pipe)
    server.control("agents/connection", name="linux-1", disconnected=False)
    assert server.finished("job/pipe", pipe)["result"] == "SUCCESS"


def test_python_jenkins_sees_and_switches_nodes(server: Jenkins) -> None:
    client = server.client()
    assert client.get_nodes() == [
        {"name": "Built-In Node", "offline": False},
        {"name": "linux-1", "offline": False},
        {"name": "linux-2", "offline": False},
    ]
    client.disable_node("linux-1", msg="new disk")
    assert client.get_node_info("linux-1")["offlineCauseReason"] == "new disk"
    client.enable_node("linux-1")
    assert client.get_node_info("linux-1")["offline"] is False


def test_an_agent_of_a_name_that_is_taken_is_refused(server: Jenkins) -> None:
    answer = requests.post(f"{server.url}/playground/agents", json={"name": "linux-1"}, timeout=30)
    assert answer.status_code == 400
    assert answer.json()["error"] == "adding agent linux-1: there is one already; choose another name"


@pytest.mark.parametrize(
    ("expression", "fits"),
    [
        (None, False),
        ("linux", True),
        ("mac", False),
        ("linux && docker", True),
        ("linux && browsers", False),
        ("mac || docker", True),
        ("linux && !browsers", True),
        ("box", True),
    ],
)
def test_label_expressions(expression: str | None, fits: bool) -> None:
    assert Node("box", labels=("linux", "docker"), exclusive=True).fits(expression) is fits
