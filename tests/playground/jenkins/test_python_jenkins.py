"""python-jenkins 1.8.3 against the stand-in: what works, and the defects measured on a real Jenkins."""

from __future__ import annotations

import jenkins
import pytest
from requests import HTTPError

from tests.playground.jenkins.running_jenkins import Jenkins, eventually


def test_jobs_and_folders(server: Jenkins) -> None:
    client = server.client()
    assert client.get_whoami()["id"] == "bot"
    assert [job["fullname"] for job in client.get_all_jobs()] == [
        "api", "flaky", "long-job", "nightly-e2e", "team", "web", "Ünïcode jöb", "team/deploy",
    ]  # fmt: skip
    assert client.get_job_name("Ünïcode jöb") == "Ünïcode jöb"
    assert client.get_job_info("team/deploy")["fullDisplayName"] == "team » deploy"
    assert client.get_plugins()["notification"]["enabled"] is True


def test_a_build_from_trigger_to_report(server: Jenkins) -> None:
    client = server.client()
    item = client.build_job("api", {"BRANCH": "feature/ü", "delay": "0sec"})
    executable = eventually(lambda: client.get_queue_item(item).get("executable"), "a build")
    number = executable["number"]
    eventually(lambda: not client.get_build_info("api", number)["building"], "the end")
    assert client.get_build_info("api", number)["result"] == "SUCCESS"
    assert "Checking out origin/feature/ü\n" in client.get_build_console_output("api", number)
    assert [stage["name"] for stage in client.get_build_stages("api", number)["stages"]] == [
        "Checkout", "Build", "Test", "unit", "integration", "Package",
    ]  # fmt: skip
    assert client.get_build_test_report("api", number)["passCount"] == 3
    assert client.get_build_stages("web", 1) is None
    assert client.get_build_test_report("nightly-e2e", 1) is None


def test_stopping_cancelling_disabling_and_renaming(server: Jenkins) -> None:
    client = server.client()
    number = server.build("job/long-job")
    client.stop_build("long-job", number)
    assert server.finished("job/long-job", number)["result"] == "ABORTED"
    client.quiet_down()
    item = client.build_job("web")
    client.cancel_queue(item)
    assert client.get_queue_item(item)["cancelled"] is True
    client.disable_job("web")
    assert client.get_job_info("web")["disabled"] is True
    client.enable_job("web")
    client.rename_job("web", "shop")
    assert client.job_exists("shop") and not client.job_exists("web")


def test_all_builds_beyond_the_first_hundred(server: Jenkins) -> None:
    for _ in range(100):
        server.control("builds", job="web")
    client = server.client()
    assert len(client.get_job_info("web")["builds"]) == 100
    assert len(client.get_job_info("web", fetch_all_builds=True)["builds"]) == 105


def test_a_password_works_by_crumb(server: Jenkins) -> None:
    client = server.with_password().client()
    assert client.build_job("web") > 0


def test_defect_a_joined_trigger_ends_in_not_found(server: Jenkins) -> None:
    server.control("speed", speed=0.1)
    client = server.client()
    client.build_job("api", {"BRANCH": "same"})
    with pytest.raises(jenkins.NotFoundException):
        client.build_job("api", {"BRANCH": "same"})


def test_defect_the_version_is_asked_without_credentials(server: Jenkins) -> None:
    with pytest.raises(jenkins.BadHTTPException):
        server.client().get_version()


def test_defect_a_fresh_secured_handle_never_sees_normal_operation(server: Jenkins) -> None:
    assert jenkins.Jenkins(server.url, "bot", server.secret).wait_for_normal_op(1) is False


def test_defect_parameters_go_into_the_address_and_long_ones_are_refused(server: Jenkins) -> None:
    client = server.client()
    assert client.build_job("api", {"BRANCH": "x" * 5_000}) > 0
    with pytest.raises(HTTPError, match=r"414 Client Error.*BRANCH=xxx"):
        client.build_job("api", {"BRANCH": "x" * 9_000})


def test_defect_a_booting_jenkins_looks_like_a_missing_job(server: Jenkins) -> None:
    client = server.client()
    client.get_whoami()
    server.control("faults", kind="html503", path="/job/web/*")
    with pytest.raises(jenkins.JenkinsException, match=r"job\[web\] does not exist"):
        client.get_job_info("web")


def test_defect_running_builds_know_only_the_top_folder_and_miss_those_that_wait(server: Jenkins) -> None:
    client = server.client()
    server.job("team/free", seconds=100)
    server.build("job/team/job/free")
    path = f"job/team/job/deploy/{server.build('job/team/job/deploy', VERSION='2')}"
    eventually(lambda: server.get(f"{path}/wfapi/pendingInputActions"), "the question")
    assert [(build["name"], build["url"]) for build in client.get_running_builds()] == [
        ("team", f"{server.url}/job/team/job/free/1/")
    ]


def test_defect_a_crumb_outlives_its_session(server: Jenkins) -> None:
    client = server.with_password().client()
    client.build_job("web")
    server.restart()
    with pytest.raises(jenkins.JenkinsException, match="No valid crumb was included in the request"):
        client.build_job("long-job")


def test_defect_no_parameters_for_a_job_that_has_some_is_a_bad_request(server: Jenkins) -> None:
    with pytest.raises(HTTPError, match="400 Client Error"):
        server.client().build_job("api")


def test_defect_a_bad_choice_looks_like_failed_authentication(server: Jenkins) -> None:
    with pytest.raises(jenkins.JenkinsException, match="Possibly authentication failed"):
        server.client().build_job("api", {"TARGET": "moon"})


def test_running_builds_on_agents_and_a_queue_with_a_part_of_a_pipeline(server: Jenkins) -> None:
    client = server.client()
    server.job("free", seconds=400, label="browsers")
    number = server.build("job/free")
    assert client.get_running_builds() == [
        {
            "name": "free",
            "number": number,
            "url": f"{server.url}/job/free/{number}/",
            "node": "linux-2",
            "executor": 0,
        }
    ]
    server.job("pipe", kind="pipeline", label="mac")
    server.build("job/pipe")
    (part,) = eventually(client.get_queue_info, "the part in the queue")
    assert "name" not in part["task"] and part["stuck"] is True


def test_tests_artifacts_and_stages(server: Jenkins) -> None:
    client = server.client()
    server.control("builds", job="api", artifacts=[{"path": "report.json", "content": '{"ok": true}'}])
    assert client.get_build_artifact("api", 6, "report.json") == {"ok": True}
    assert client.get_build_test_report("web", 4)["failCount"] == 1
    assert client.get_build_artifact("api", 6, "none.json") is None
