"""What Jenkins sends: the Notification plugin's JSON, in order, and mistreated on demand."""

from __future__ import annotations

import pytest
import requests

from tests.playground.jenkins.running_jenkins import Jenkins, Listener, eventually, running_jenkins

ALL_PHASES = ["QUEUED", "STARTED", "COMPLETED", "FINALIZED"]


def test_a_build_is_told_in_four_phases(server: Jenkins, listener: Listener) -> None:
    server.control("hooks", url=listener.url)
    number = server.build("job/api", BRANCH="main")
    eventually(lambda: len(listener.heard) == 4, "four notifications")
    assert listener.phases() == ALL_PHASES
    started, finalized = listener.heard[1], listener.heard[3]
    assert {key: started[key] for key in ("name", "display_name", "url")} == {
        "name": "api",
        "display_name": "api",
        "url": "job/api/",
    }
    assert sorted(started["build"]) == [
        "artifacts", "duration", "full_url", "log", "notes", "number", "parameters", "phase", "queue_id",
        "scm", "timestamp", "url",
    ]  # fmt: skip
    assert sorted(finalized["build"]) == sorted([*started["build"], "status", "test_summary"])
    build = finalized["build"]
    assert build["full_url"] == f"{server.url}/job/api/{number}/"
    assert (build["url"], build["number"], build["status"]) == (f"job/api/{number}/", number, "SUCCESS")
    assert build["parameters"] == {"BRANCH": "main", "TARGET": "staging", "DRY_RUN": "false"}
    assert build["scm"] == {"changes": [], "culprits": []}
    assert build["test_summary"] == {"total": 3, "failed": 0, "passed": 3, "skipped": 0, "failed_tests": []}
    artifact = f"dist/api-1.4.{number}.tar.gz"
    assert build["artifacts"] == {artifact: {"archive": f"{build['full_url']}artifact/{artifact}"}}
    assert (started["build"]["duration"], build["duration"] > 0) == (0, True)


def test_queued_comes_only_when_the_build_starts(server: Jenkins, listener: Listener) -> None:
    server.control("hooks", url=listener.url)
    server.post("quietDown")
    item = server.trigger("job/web")
    eventually(
        lambda: server.get(f"queue/item/{item}/api/json")["why"] == "Finished waiting", "the quiet period"
    )
    assert listener.phases() == []
    server.post("cancelQuietDown")
    eventually(lambda: listener.phases()[:2] == ["QUEUED", "STARTED"], "the start")


def test_the_timestamp_is_that_of_the_phase(server: Jenkins, listener: Listener) -> None:
    server.control("hooks", url=listener.url)
    number = server.build("job/web")
    eventually(lambda: len(listener.heard) == 4, "four notifications")
    began = server.get(f"job/web/{number}/api/json")["timestamp"]
    queued, started, completed, finalized = (body["build"] for body in listener.heard)
    assert started["timestamp"] == began >= queued["timestamp"]
    assert completed["timestamp"] == began + completed["duration"] <= finalized["timestamp"]


def test_the_name_is_short_and_only_the_url_tells_the_folder(server: Jenkins, listener: Listener) -> None:
    server.control("hooks", url=listener.url)
    server.control("builds", job="team/deploy", parameters={"VERSION": "3.1", "VAULT_TOKEN": "hush-hush"})
    eventually(lambda: len(listener.heard) == 4, "four notifications")
    body = listener.heard[3]
    assert (body["name"], body["url"]) == ("deploy", "job/team/job/deploy/")
    assert body["build"]["parameters"] == {"VERSION": "3.1", "NOTES": ""}
    assert "hush-hush" not in str(listener.heard)


def test_an_injected_build_is_heard_of_like_any_other(server: Jenkins, listener: Listener) -> None:
    server.control("hooks", url=listener.url, log_lines=2)
    change = {
        "author": "Alice Archer",
        "email": "alice@example.com",
        "message": "Fix",
        "files": ["src/login.py"],
    }
    test = {"class_name": "acme.LoginTest", "name": "rejects", "status": "FAILED", "error": "expected 401"}
    injected = server.control(
        "builds", job="web", result="FAILURE", log="+ npm test\n✗ boom", changes=[change], tests=[test]
    )
    eventually(lambda: len(listener.heard) == 4, "four notifications")
    assert listener.phases() == ALL_PHASES
    build = listener.heard[3]["build"]
    assert (build["number"], build["status"], build["queue_id"]) == (6, "FAILURE", injected["queue_id"])
    assert build["log"] == "Build step 'Execute shell' marked build as failure\nFinished: FAILURE\n"
    assert build["test_summary"]["failed_tests"] == ["acme.LoginTest.rejects"]
    assert (build["scm"]["changes"], build["scm"]["culprits"]) == (["src/login.py"], ["Alice Archer"])

    info = server.get("job/web/6/api/json")
    assert info["actions"][0]["causes"][0]["shortDescription"] == "Started by an SCM change"
    assert [item["msg"] for item in info["changeSet"]["items"]] == ["Fix"]
    assert [culprit["fullName"] for culprit in info["culprits"]] == ["Alice Archer"]
    assert "+ npm test\n✗ boom\n" in server.log("job/web", 6)


@pytest.mark.parametrize(
    ("order", "heard"),
    [
        ({"kind": "duplicate", "phase": "FINALIZED"}, [*ALL_PHASES, "FINALIZED"]),
        ({"kind": "hold", "phase": "STARTED"}, ["QUEUED", "COMPLETED", "STARTED", "FINALIZED"]),
        ({"kind": "drop", "phase": "COMPLETED"}, ["QUEUED", "STARTED", "FINALIZED"]),
        ({"kind": "drop", "count": 2}, ["COMPLETED", "FINALIZED"]),
    ],
)
def test_mistreated_notifications(
    server: Jenkins, listener: Listener, order: dict[str, object], heard: list[str]
) -> None:
    server.control("hooks", url=listener.url)
    server.control("notifications", **order)
    server.control("builds", job="web")
    eventually(lambda: len(listener.heard) == len(heard), f"{len(heard)} notifications")
    assert listener.phases() == heard


def test_an_error_of_the_listener_is_not_retried_and_stops_nothing(
    server: Jenkins, listener: Listener
) -> None:
    listener.answer = 503
    server.control("hooks", url=listener.url)
    server.control("hooks", url="http://127.0.0.1:1/nobody-listens")
    server.control("builds", job="web")

    def sent() -> list[dict[str, str]]:
        return list(requests.get(f"{server.url}/playground/notifications", timeout=30).json())

    eventually(
        lambda: len(sent()) == 8 and all(entry["outcome"] != "waiting" for entry in sent()), "all outcomes"
    )
    assert listener.phases() == ALL_PHASES
    outcomes = {entry["hook"]: entry["outcome"] for entry in sent()}
    assert outcomes[listener.url] == "503"
    assert outcomes["http://127.0.0.1:1/nobody-listens"].startswith("ClientConnectorError: Cannot connect")


def test_builds_killed_by_a_restart_send_no_end(server: Jenkins, listener: Listener) -> None:
    server.control("hooks", url=listener.url)
    number = server.build("job/long-job")
    server.restart()
    assert server.finished("job/long-job", number)["result"] == "ABORTED"
    server.control("builds", job="web")
    eventually(lambda: len(listener.heard) == 6, "the injected build")
    assert listener.phases() == ["QUEUED", "STARTED", *ALL_PHASES]


def test_hooks_given_at_the_start(listener: Listener) -> None:
    with running_jenkins("--hook", listener.url) as server:
        server.control("builds", job="web")
        eventually(lambda: len(listener.heard) == 4, "four notifications")
        server.control("reset")
        hooks = requests.get(f"{server.url}/playground/hooks", timeout=30).json()
        assert hooks == [{"url": listener.url, "log_lines": 0, "sender": "notification-plugin"}]
