"""A restart as measured: refused connections, the boot page, then a new session with what survived."""

from __future__ import annotations

import pytest
import requests

from tests.playground.jenkins.running_jenkins import Jenkins, eventually
from tests.playground.jenkins.shapes import differences, recorded

DEPLOY = "job/team/job/deploy"


def is_refused(server: Jenkins) -> bool:
    """Whether nobody listens."""
    try:
        server.call("GET", "api/json")
    except requests.ConnectionError:
        return True
    return False


def boot_page(server: Jenkins) -> list[requests.Response]:
    """The 503 of a booting Jenkins, once it is there; in a list, since a Response of an error is falsy."""
    try:
        answer = server.call("GET", "api/json")
    except requests.ConnectionError:
        return []
    return [answer] if answer.status_code == 503 else []


def test_refused_then_booting_then_a_new_session(server: Jenkins) -> None:
    before = server.session()
    server.control("restart", refusing=1, booting=2)
    eventually(lambda: is_refused(server), "a refused connection")
    (page,) = eventually(lambda: boot_page(server), "the boot page")
    real = recorded("error_503_getting_ready")
    assert "Please wait while Jenkins is getting ready to work" in page.text
    assert page.headers["Content-Type"].replace(" ", "") == real["headers"]["Content-Type"]
    assert "X-Jenkins" not in page.headers and "Retry-After" not in page.headers
    eventually(lambda: server.session() not in (None, before), "a new session")


def test_a_running_freestyle_build_is_aborted_by_nobody(server: Jenkins) -> None:
    number = server.build("job/long-job")
    item = server.get(f"job/long-job/{number}/api/json")["queueId"]
    server.restart()
    ours = server.finished("job/long-job", number)
    real = recorded("build_info_after_restart")
    assert ours["result"] == "ABORTED"
    assert [action["_class"] for action in ours["actions"]] == ["hudson.model.CauseAction"]
    assert differences(real | {"actions": [], "artifacts": []}, ours | {"actions": []}) == []
    assert "Aborted by" not in server.log("job/long-job", number)
    assert server.call("GET", f"queue/item/{item}/api/json").status_code == 404


def test_a_pipeline_that_waits_for_input_can_still_be_answered(server: Jenkins) -> None:
    path = f"{DEPLOY}/{server.build(DEPLOY, VERSION='2.0')}"
    before = eventually(lambda: server.get(f"{path}/wfapi/pendingInputActions"), "the question")
    server.restart()
    assert server.get(f"{path}/wfapi/pendingInputActions") == before
    assert server.post(f"{path}/input/Deploy/proceedEmpty").status_code == 302
    assert server.finished(DEPLOY, int(path.rpartition("/")[2]))["result"] == "SUCCESS"


def test_a_waiting_item_keeps_its_id_and_builds_afterwards(server: Jenkins) -> None:
    server.post("quietDown")
    item = server.trigger("job/web")
    server.restart()
    assert server.get("api/json")["quietingDown"] is False
    eventually(lambda: server.get(f"queue/item/{item}/api/json").get("executable"), "a build")


def test_a_pipeline_that_waits_for_a_node_still_does(server: Jenkins) -> None:
    job = server.job("pipe", kind="pipeline", seconds=1, label="docker")
    server.post("computer/linux-1/toggleOffline?offlineMessage=disk")
    number = server.build(job)
    (before,) = eventually(lambda: server.get("queue/api/json")["items"], "its part in the queue")
    server.restart()
    assert [item["id"] for item in server.get("queue/api/json")["items"]] == [before["id"]]
    assert server.get("computer/linux-1/api/json")["offlineCauseReason"] == "disk"
    server.post("computer/linux-1/toggleOffline")
    assert server.finished(job, number)["result"] == "SUCCESS"


def test_a_crumb_from_before_is_worth_nothing(server: Jenkins) -> None:
    with requests.Session() as browser:
        browser.auth = ("alice", server.with_password().secret)
        issued = browser.get(f"{server.url}/crumbIssuer/api/json", timeout=30).json()
        crumb = {issued["crumbRequestField"]: issued["crumb"]}
        assert browser.post(f"{server.url}/quietDown", headers=crumb, timeout=30).status_code == 200
        server.restart()
        assert browser.post(f"{server.url}/quietDown", headers=crumb, timeout=30).status_code == 403


@pytest.mark.parametrize("path", ["job/web/api/json", "queue/api/json", "", "crumbIssuer/api/json"])
def test_while_booting_every_address_gives_the_same_page(server: Jenkins, path: str) -> None:
    server.control("faults", kind="html503")
    answer = server.call("GET", path)
    assert (answer.status_code, "getting ready to work" in answer.text) == (503, True)
