"""Starting builds: what Jenkins answers to a trigger, and what happens to the queue item."""

from __future__ import annotations

import pytest
from requests import Response

from tests.playground.jenkins.running_jenkins import Jenkins, eventually
from tests.playground.jenkins.shapes import recorded


def same_headers(ours: Response, name: str) -> bool:
    """Whether an answer has X-Jenkins, or has not, as the recorded one."""
    return ("X-Jenkins" in ours.headers) == ("X-Jenkins" in recorded(name)["headers"])


def test_a_trigger_is_answered_with_the_address_of_a_queue_item(server: Jenkins) -> None:
    answer = server.post("job/api/buildWithParameters", BRANCH="main")
    assert (answer.status_code, answer.text) == (201, "")
    assert answer.headers["Location"].startswith(f"{server.url}/queue/item/")
    assert same_headers(answer, "http_201_build_created")


def test_the_same_parameters_join_the_waiting_item(server: Jenkins) -> None:
    server.control("speed", speed=0.1)
    first = server.post("job/api/buildWithParameters", BRANCH="same")
    second = server.post("job/api/buildWithParameters", BRANCH="same")
    other = server.post("job/api/buildWithParameters", BRANCH="other")
    assert (first.status_code, second.status_code, other.status_code) == (201, 303, 201)
    assert second.headers["Location"] == first.headers["Location"] != other.headers["Location"]
    item = server.get(first.headers["Location"].removeprefix(f"{server.url}/") + "api/json")
    assert [cause["shortDescription"] for cause in item["actions"][1]["causes"]] == [
        "Started by user bot"
    ] * 2


def test_a_build_without_its_parameters_is_a_bad_request(server: Jenkins) -> None:
    answer = server.post("job/api/build")
    real = recorded("http_400_build_without_params")
    assert answer.status_code == 400
    assert "<title>Error 400 Nothing is submitted</title>" in answer.text
    assert "<title>Error 400 Nothing is submitted</title>" in real["body"]
    assert same_headers(answer, "http_400_build_without_params")


def test_a_value_outside_the_choices_is_an_error_of_jenkins(server: Jenkins) -> None:
    answer = server.post("job/api/buildWithParameters", TARGET="moon")
    assert answer.status_code == 500
    assert same_headers(answer, "http_500_bad_choice")
    assert "Illegal choice for parameter TARGET: moon" in answer.text


def test_unknown_parameters_are_dropped_without_a_word(server: Jenkins) -> None:
    number = server.build("job/api", BRANCH="main", NO_SUCH="x")
    parameters = server.get(f"job/api/{number}/api/json")["actions"][0]["parameters"]
    assert [(parameter["name"], parameter["value"]) for parameter in parameters] == [
        ("BRANCH", "main"),
        ("TARGET", "staging"),
        ("DRY_RUN", False),
    ]


def test_a_password_never_comes_back(server: Jenkins) -> None:
    number = server.build("job/team/job/deploy", VAULT_TOKEN="hush-hush")
    answer = server.call("GET", f"job/team/job/deploy/{number}/api/json?depth=3")
    assert "hush-hush" not in answer.text
    secret = [p for p in answer.json()["actions"][0]["parameters"] if p["name"] == "VAULT_TOKEN"]
    assert secret == [{"_class": "hudson.model.PasswordParameterValue", "name": "VAULT_TOKEN"}]


def test_a_disabled_job_refuses(server: Jenkins) -> None:
    assert server.post("job/web/disable").status_code == 302
    answer = server.post("job/web/build")
    assert answer.status_code == 409
    assert same_headers(answer, "http_409_disabled")
    info = server.get("job/web/api/json")
    assert (info["buildable"], info["disabled"], info["color"]) == (False, True, "disabled")
    server.post("job/web/enable")
    assert server.post("job/web/build").status_code == 201


def test_a_missing_job_is_not_found(server: Jenkins) -> None:
    answer = server.post("job/nope/build")
    assert answer.status_code == 404
    assert "<title>Not Found [Jenkins]</title>" in answer.text
    assert same_headers(answer, "http_404_job")


def test_parameters_for_a_job_that_has_none_are_an_error(server: Jenkins) -> None:
    answer = server.post("job/web/buildWithParameters", BRANCH="main")
    assert (answer.status_code, "This build is not parameterized!" in answer.text) == (500, True)


def test_what_acts_wants_a_post(server: Jenkins) -> None:
    assert server.call("GET", "job/web/build").status_code == 405


def test_a_long_address_is_refused_and_a_shorter_one_is_not(server: Jenkins) -> None:
    path = "job/api/buildWithParameters?BRANCH="
    assert server.call("POST", path + "x" * 5_000).status_code == 201
    assert server.call("POST", path + "x" * 9_000).status_code == 414


def test_without_a_delay_the_item_waits_through_the_quiet_period(server: Jenkins) -> None:
    server.control("speed", speed=0.1)
    server.post("job/web/build")
    assert [item["_class"] for item in server.get("queue/api/json")["items"]] == [
        "hudson.model.Queue$WaitingItem"
    ]


@pytest.mark.parametrize(("delay", "status"), [("0sec", 201), ("1 secs", 201), ("1500", 201), ("soon", 500)])
def test_delays_as_jenkins_reads_them(server: Jenkins, delay: str, status: int) -> None:
    assert server.call("POST", "job/web/build", params={"delay": delay}).status_code == status


def test_an_item_leaves_the_queue_with_its_build(server: Jenkins) -> None:
    item = server.trigger("job/web")
    left = eventually(
        lambda: (i := server.get(f"queue/item/{item}/api/json")).get("executable") and i, "a build"
    )
    assert left["_class"] == "hudson.model.Queue$LeftItem"
    assert left["executable"] == {
        "_class": "hudson.model.FreeStyleBuild",
        "number": 6,
        "url": f"{server.url}/job/web/6/",
    }
    assert server.get("job/web/6/api/json")["queueId"] == item


def test_an_item_that_left_may_name_its_build_only_later(server: Jenkins) -> None:
    server.control("queue", executable_after=3600)
    item = server.trigger("job/web")
    eventually(lambda: server.call("GET", "job/web/6/api/json").status_code == 200, "the build")
    left = server.get(f"queue/item/{item}/api/json")
    assert (left["_class"], left["cancelled"], left["executable"]) == (
        "hudson.model.Queue$LeftItem",
        False,
        None,
    )
    server.control("queue", executable_after=0)
    assert server.get(f"queue/item/{item}/api/json")["executable"]["number"] == 6


def test_jenkins_forgets_items_that_left(server: Jenkins) -> None:
    item = server.trigger("job/web")
    server.control("queue", remembered=0)
    eventually(lambda: server.call("GET", f"queue/item/{item}/api/json").status_code == 404, "a 404")


def test_a_cancelled_item_says_so_and_cannot_be_cancelled_again(server: Jenkins) -> None:
    server.post("quietDown")
    item = server.trigger("job/web")
    assert server.post(f"queue/cancelItem?id={item}").status_code == 204
    left = server.get(f"queue/item/{item}/api/json")
    assert (left["cancelled"], left["executable"]) == (True, None)
    assert server.post(f"queue/cancelItem?id={item}").status_code == 500
    assert server.post("queue/cancelItem?id=99999").status_code == 404


def test_quieting_down_holds_the_queue_until_it_is_cancelled(server: Jenkins) -> None:
    server.post("quietDown")
    assert server.get("api/json")["quietingDown"] is True
    item = server.trigger("job/web")
    eventually(
        lambda: server.get(f"queue/item/{item}/api/json")["why"] == "Finished waiting", "the quiet period"
    )
    server.post("cancelQuietDown")
    eventually(lambda: server.get(f"queue/item/{item}/api/json").get("executable"), "a build")


def test_a_freestyle_job_runs_one_build_at_a_time_and_a_pipeline_several(server: Jenkins) -> None:
    server.build("job/long-job")
    blocked = server.trigger("job/long-job")
    eventually(lambda: server.get(f"queue/item/{blocked}/api/json")["blocked"], "a blocked item")
    first, second = (server.build("job/team/job/deploy", VERSION=version) for version in ("1", "2"))
    running = [server.get(f"job/team/job/deploy/{number}/api/json")["building"] for number in (first, second)]
    assert running == [True, True]


def test_without_an_idle_executor_an_item_waits_for_one(server: Jenkins) -> None:
    server.control("queue", executors=1)
    server.build("job/long-job")
    item = server.trigger("job/web")

    def why() -> bool:
        return bool(
            server.get(f"queue/item/{item}/api/json")["why"].startswith("Waiting for next available executor")
        )

    eventually(why, "an executor to be missing")
    server.post("job/long-job/2/stop")
    eventually(lambda: server.get(f"queue/item/{item}/api/json").get("executable"), "a build")


def test_odd_names_are_decoded_once_per_segment(server: Jenkins) -> None:
    assert server.get("job/%C3%9Cn%C3%AFcode%20j%C3%B6b/api/json")["name"] == "Ünïcode jöb"
    server.control("jobs", name="mobile", kind="multibranch")
    branch = server.job("mobile/feature%2Fx", kind="pipeline", seconds=1)
    assert branch == "job/mobile/job/feature%252Fx"
    info = server.get(f"{branch}/api/json")
    assert (info["name"], info["displayName"]) == ("feature%2Fx", "feature/x")
    assert (info["fullName"], info["fullDisplayName"]) == ("mobile/feature%2Fx", "mobile » feature/x")
    assert info["url"] == f"{server.url}/job/mobile/job/feature%252Fx/"
    ended = server.finished(branch, server.build(branch))
    assert ended["fullDisplayName"] == "mobile » feature/x #1"


def test_a_renamed_job_leaves_no_redirect(server: Jenkins) -> None:
    assert server.post("job/web/doRename?newName=shop").status_code == 302
    assert server.call("GET", "job/web/api/json").status_code == 404
    assert server.get("job/shop/api/json")["lastBuild"]["url"] == f"{server.url}/job/shop/5/"
    assert server.post("job/shop/doRename?newName=50%25").status_code == 400
