"""Builds that start builds: a freestyle job's triggers, a pipeline's `build` step."""

from __future__ import annotations

import pytest
import requests

from tests.playground.jenkins.running_jenkins import Jenkins, eventually
from tests.playground.jenkins.shapes import differences, recorded


def first_build(server: Jenkins, job: str) -> None:
    """Wait for a job's first build to end."""
    eventually(lambda: server.call("GET", f"{job}/1/api/json").status_code == 200, f"a build of {job}")
    server.finished(job, 1)


def test_a_good_build_starts_the_jobs_it_triggers(server: Jenkins) -> None:
    child = server.job("team/child", seconds=1)
    parent = server.job("parent", seconds=1, triggers=["team/child"])
    number = server.build(parent)
    first_build(server, child)
    ours = server.get(f"{child}/1/api/json")
    (cause,) = ours["actions"][0]["causes"]
    assert cause == {
        "_class": "hudson.model.Cause$UpstreamCause",
        "shortDescription": f'Started by upstream project "parent" build number {number}',
        "upstreamBuild": number,
        "upstreamProject": "parent",
        "upstreamUrl": "job/parent/",
    }
    real = recorded("build_info_downstream_cause")["actions"][0]["causes"][0]
    assert set(cause) == set(real)
    assert "Triggering a new build of team/child\nFinished: SUCCESS\n" in server.log(parent, number)


def test_both_jobs_name_each_other(server: Jenkins) -> None:
    child = server.job("team/child", seconds=1)
    parent = server.job("parent", seconds=1, triggers=["team/child", "nowhere"])
    tree = "downstreamProjects[name,fullName,url],upstreamProjects[name]"
    assert server.get(f"{parent}/api/json", tree=tree)["downstreamProjects"] == [
        {
            "_class": "hudson.model.FreeStyleProject",
            "name": "child",
            "fullName": "team/child",
            "url": f"{server.url}/job/team/job/child/",
        }
    ]
    assert [job["name"] for job in server.get(f"{child}/api/json", tree=tree)["upstreamProjects"]] == [
        "parent"
    ]
    shown = server.get(f"{parent}/api/json")["downstreamProjects"][0]
    assert sorted(shown) == ["_class", "color", "name", "url"]


def test_a_renamed_job_is_still_triggered(server: Jenkins) -> None:
    server.job("child", seconds=1)
    parent = server.job("parent", seconds=1, triggers=["child"])
    server.post("job/child/doRename?newName=kid")
    server.build(parent)
    first_build(server, "job/kid")


@pytest.mark.parametrize("result", ["FAILURE", "UNSTABLE", "ABORTED"])
def test_a_bad_build_triggers_nothing(server: Jenkins, result: str) -> None:
    server.job("child", seconds=1)
    server.job("parent", seconds=1, triggers=["child"])
    server.control("builds", job="parent", result=result)
    assert server.get("queue/api/json")["items"] == []
    assert "Triggering" not in server.log("job/parent", 1)


def test_a_pipeline_builds_another_job_and_waits(server: Jenkins) -> None:
    child = server.job("team/child", kind="pipeline", seconds=1)
    parent = server.job("team/parent", kind="pipeline", seconds=1, builds=["child"])
    ended = server.finished(parent, server.build(parent))
    assert ended["result"] == "SUCCESS"
    ours = server.get(f"{child}/1/api/json")
    assert differences(recorded("build_info_downstream_cause"), ours) == []
    assert ours["actions"][0]["causes"][0]["upstreamUrl"] == "job/team/job/parent/"
    assert (
        "[Pipeline] build\nScheduling project: team » child\nStarting building: team » child #1\n"
        "Build team » child #1 completed: SUCCESS\n"
    ) in server.log(parent, 1)
    assert ours["timestamp"] + ours["duration"] <= ended["timestamp"] + ended["duration"]


def test_what_breaks_below_breaks_above(server: Jenkins) -> None:
    server.job("child", seconds=1, result="FAILURE")
    parent = server.job("parent", kind="pipeline", seconds=1, builds=["child"])
    ended = server.finished(parent, server.build(parent))
    assert ended["result"] == "FAILURE"
    problem = "child #1 completed with status FAILURE (propagate: false to ignore)"
    assert server.log(parent, 1).endswith(f"ERROR: {problem}\nFinished: FAILURE\n")
    stage = server.get(f"{parent}/1/wfapi/describe")["stages"][-1]
    assert (stage["name"], stage["status"], stage["error"]["message"]) == ("Downstream", "FAILED", problem)


def test_a_job_that_is_not_there_breaks_the_step(server: Jenkins) -> None:
    parent = server.job("parent", kind="pipeline", seconds=1, builds=["nowhere"])
    assert server.finished(parent, server.build(parent))["result"] == "FAILURE"
    assert "ERROR: No item named nowhere found\n" in server.log(parent, 1)


def test_stopping_the_caller_stops_the_called(server: Jenkins) -> None:
    child = server.job("child", seconds=900)
    parent = server.job("parent", kind="pipeline", seconds=1, builds=["child"])
    number = server.build(parent)
    eventually(lambda: server.call("GET", f"{child}/1/api/json").status_code == 200, "the child")
    server.post(f"{parent}/{number}/stop")
    assert server.finished(parent, number)["result"] == "ABORTED"
    assert server.finished(child, 1)["result"] == "ABORTED"
    assert "Calling Pipeline was cancelled\n" in server.log(child, 1)


def test_orders_that_do_not_fit_the_kind_are_refused(server: Jenkins) -> None:
    orders = (
        ({"name": "a", "builds": ["web"]}, "builds and input are for pipelines; a is a freestyle"),
        (
            {"name": "b", "kind": "pipeline", "triggers": ["web"]},
            "triggers are for freestyle jobs; b is a pipeline",
        ),
    )
    for order, problem in orders:
        answer = requests.post(f"{server.url}/playground/jobs", json=order, timeout=30)
        assert (answer.status_code, problem in answer.json()["error"]) == (400, True)
