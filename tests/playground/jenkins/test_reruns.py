"""Running again, being started from remote, being described, disabled and deleted."""

from __future__ import annotations

import pytest
import requests

from tests.playground.jenkins.running_jenkins import Jenkins, eventually


def causes(server: Jenkins, path: str) -> list[dict[str, object]]:
    """Why a build ran."""
    actions = server.get(f"{path}/api/json")["actions"]
    return next(action["causes"] for action in actions if action.get("_class") == "hudson.model.CauseAction")


def test_a_pipeline_is_rebuilt_with_its_parameters(server: Jenkins) -> None:
    answer = server.post("job/api/2/replay/rebuild")
    assert (answer.status_code, answer.headers["Location"]) == (302, f"{server.url}/job/api/")
    eventually(lambda: server.call("GET", "job/api/6/api/json").status_code == 200, "the new build")
    assert causes(server, "job/api/6") == [
        {
            "_class": "hudson.model.Cause$UserIdCause",
            "shortDescription": "Started by user bot",
            "userId": "bot",
            "userName": "bot",
        },
        {
            "_class": "org.jenkinsci.plugins.workflow.cps.replay.ReplayCause",
            "shortDescription": "Replayed #2",
            "originalNumber": 2,
        },
    ]
    values = server.get("job/api/6/api/json")["actions"][0]["parameters"]
    assert {value["name"]: value["value"] for value in values} == {
        "BRANCH": "feature/login",
        "TARGET": "staging",
        "DRY_RUN": True,
    }


def test_two_rebuilds_do_not_join(server: Jenkins) -> None:
    server.post("quietDown")
    for _ in range(2):
        server.post("job/api/2/replay/rebuild")
    assert len(server.get("queue/api/json")["items"]) == 2


def test_a_freestyle_build_cannot_be_rebuilt_nor_a_disabled_job(server: Jenkins) -> None:
    assert server.post("job/web/1/replay/rebuild").status_code == 404
    server.post("job/api/disable")
    assert server.post("job/api/2/replay/rebuild").status_code == 409


@pytest.mark.parametrize("where", ["params", "data"])
def test_with_the_jobs_token_a_build_is_started_from_remote(server: Jenkins, where: str) -> None:
    job = server.job("remote", seconds=1, auth_token="open-sesame")
    given = {"token": "open-sesame", "cause": "asked by alice in #ops", "delay": "0sec"}
    assert server.call("POST", f"{job}/build", **{where: given}).status_code == 201
    server.finished(job, 1) if eventually(
        lambda: server.get(f"{job}/api/json")["builds"], "a build"
    ) else None
    assert causes(server, f"{job}/1") == [
        {
            "_class": "hudson.model.Cause$RemoteCause",
            "shortDescription": "Started by remote host 127.0.0.1 with note: asked by alice in #ops",
            "addr": "127.0.0.1",
            "note": "asked by alice in #ops",
        }
    ]
    assert server.log(job, 1).startswith(
        "Started by remote host 127.0.0.1 with note: asked by alice in #ops\n"
    )


def test_with_parameters_too(server: Jenkins) -> None:
    job = server.job("remote", seconds=1, auth_token="t", parameters=[{"name": "BRANCH"}])
    answer = server.post(f"{job}/buildWithParameters", token="t", cause="why", BRANCH="main", delay="0sec")
    assert answer.status_code == 201
    eventually(lambda: server.get(f"{job}/api/json")["builds"], "a build")
    assert causes(server, f"{job}/1")[0]["note"] == "why"


def test_without_a_cause_or_a_token(server: Jenkins) -> None:
    job = server.job("remote", seconds=1, auth_token="t")
    server.call("GET", f"{job}/build?token=t&delay=0sec")
    eventually(lambda: server.get(f"{job}/api/json")["builds"], "a build")
    assert causes(server, f"{job}/1")[0]["shortDescription"] == "Started by remote host 127.0.0.1"
    number = server.build(job)
    assert causes(server, f"{job}/{number}")[0]["shortDescription"] == "Started by user bot"


def test_an_injected_build_may_come_from_remote(server: Jenkins) -> None:
    server.control("builds", job="web", remote=["10.0.0.7", "asked by bob"])
    cause = causes(server, "job/web/6")[0]
    assert cause["shortDescription"] == "Started by remote host 10.0.0.7 with note: asked by bob"


def test_a_wrong_token_is_refused_and_a_job_without_one_ignores_it(server: Jenkins) -> None:
    job = server.job("remote", seconds=1, auth_token="t")
    answer = server.post(f"{job}/build?token=wrong")
    assert (answer.status_code, "Invalid token provided." in answer.text) == (403, True)
    assert server.call("GET", f"{job}/build").status_code == 405
    item = server.post("job/web/build?token=any&cause=any&delay=0sec").headers["Location"]
    path = item.removeprefix(f"{server.url}/")
    assert server.get(f"{path}api/json")["actions"][0]["causes"][0]["userId"] == "bot"


def test_a_build_gets_a_description(server: Jenkins) -> None:
    answer = server.post("job/web/1/submitDescription", description="asked by <alice> ✓", Submit="Submit")
    assert (answer.status_code, answer.headers["Location"]) == (302, f"{server.url}/job/web/1/")
    assert server.get("job/web/1/api/json")["description"] == "asked by <alice> ✓"
    assert server.get("job/web/2/api/json")["description"] is None


@pytest.mark.parametrize("by", ["jenkins", "control", "python-jenkins"])
def test_a_deleted_job_is_gone_with_what_it_did(server: Jenkins, by: str) -> None:
    number = server.build("job/long-job")
    blocked = server.trigger("job/long-job")
    if by == "jenkins":
        answer = server.post("job/long-job/doDelete")
        assert (answer.status_code, answer.headers["Location"]) == (302, f"{server.url}/")
    elif by == "control":
        server.control("jobs/delete", name="long-job")
    else:
        server.client().delete_job("long-job")
    assert server.call("GET", f"job/long-job/{number}/api/json").status_code == 404
    assert server.get(f"queue/item/{blocked}/api/json")["cancelled"] is True
    eventually(lambda: server.get("computer/api/json")["busyExecutors"] == 0, "an idle node")


def test_deleting_a_folder_deletes_what_is_in_it(server: Jenkins) -> None:
    server.post("job/team/doDelete")
    assert server.call("GET", "job/team/job/deploy/api/json").status_code == 404
    missing = requests.post(f"{server.url}/playground/jobs/delete", json={"name": "team"}, timeout=30)
    assert missing.status_code == 404
    assert missing.json()["error"].startswith("deleting team: the jobs and folders are api, web, ")


def test_a_disabled_branch_of_a_multibranch_job(server: Jenkins) -> None:
    server.control("jobs", name="mobile", kind="multibranch")
    branch = server.job("mobile/feature%2Fx", kind="pipeline", seconds=1)
    server.post(f"{branch}/disable")
    assert server.post(f"{branch}/build").status_code == 409
    info = server.get(f"{branch}/api/json")
    assert (info["buildable"], info["color"]) == (False, "disabled")
    server.post(f"{branch}/enable")
    assert server.get(f"{branch}/api/json")["buildable"] is True


def test_quieting_down_for_a_reason(server: Jenkins) -> None:
    server.post("quietDown?reason=disk+swap")
    assert server.get("api/json")["quietDownReason"] == "disk swap"
    server.post("cancelQuietDown")
    assert server.get("api/json")["quietDownReason"] is None
