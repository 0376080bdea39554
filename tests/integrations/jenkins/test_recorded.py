"""Every answer recorded from a live Jenkins 2.463 goes through the code that asks for such an answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from integrations.jenkins import inputs
from integrations.jenkins.agents import agents, waiting
from integrations.jenkins.ansi import Console
from integrations.jenkins.artifacts import sizes
from integrations.jenkins.client import JenkinsClient
from integrations.jenkins.errors import JenkinsError
from integrations.jenkins.logs import BuildLog
from integrations.jenkins.model import Result, Stage, Triggered
from integrations.jenkins.overview import job_details
from integrations.jenkins.past import past_builds
from integrations.jenkins.relay.details import read_details
from integrations.jenkins.reports import report_of
from integrations.jenkins.standing import missing_plugins
from tests.integrations.jenkins.canned import Canned, recorded

RECORDED = Path(__file__).parent / "recorded"
Ask = Callable[[JenkinsClient, Any], Any]


def build(client: JenkinsClient, _data: Any) -> Any:
    """A build's state, as commands and runs see it."""
    found = client.build("team/pipe", 1)
    return found.number, found.building, found.outcome, found.killed, found.queue_id


def item(client: JenkinsClient, _data: Any) -> Any:
    """A queue item's state."""
    found = client.queue_item(13)
    return found.id, found.left, found.cancelled, found.number, len(found.causes)


def stages(client: JenkinsClient, _data: Any) -> Any:
    """Stages with how they stand."""
    return [(each.name, each.status) for each in client.stages("team/pipe", 1)]


def queue(client: JenkinsClient, data: Any) -> Any:
    """What waits. The recording is of the list in `items` alone."""
    return [(each.id, each.blocked, each.why) for each in waiting(client)]


def job(client: JenkinsClient, _data: Any) -> Any:
    """A job with the names of its parameters."""
    found = client.job("demo")
    return found.full_name, found.buildable, found.next_number, [each.name for each in found.parameters]


def trigger(client: JenkinsClient, _data: Any) -> Any:
    """What comes of asking for a build."""
    return client.trigger("demo", (("ENV", "dev"),), parameterised=True)


def console(_client: JenkinsClient, data: Any) -> Any:
    """The first line of a part of a log, and whether more will come."""
    reading = Console(in_the_middle=data["headers"].get("X-More-Data") is None)
    text = reading.feed(data["body"].encode()) + reading.close()
    return text.split("\n")[0], int(data["headers"]["X-Text-Size"])


def steps(client: JenkinsClient, _data: Any) -> Any:
    """The steps of a stage with what they printed."""
    stage = Stage(id="11", name="Test", status="SUCCESS")
    return [(each.name, each.lines) for each in BuildLog(client, "team/pipe", 1).steps(stage)]


STEPS = [
    ("Shell Script", ("+ cat",)),
    ("Print Message", ("+ cat",)),
    ("Archive JUnit-formatted test results", ("+ cat",)),
]
PARAMETERS = ["BRANCH", "ENV", "DRY_RUN", "NOTES", "SECRET", "SECS"]
READ: dict[str, tuple[Ask, Any]] = {
    "build_info_aborted": (build, (2, False, Result.ABORTED, False, 12)),
    "build_info_after_restart": (build, (7, False, Result.ABORTED, True, 20)),
    "build_info_done": (build, (1, False, Result.SUCCESS, False, 11)),
    "build_info_downstream_cause": (lambda _, data: read_details(data).upstream, ("parent", 1)),
    "build_info_pipeline_done": (build, (1, False, Result.UNSTABLE, False, 23)),
    "build_info_pipeline_paused_input": (build, (1, True, None, False, 23)),
    "build_info_running": (build, (1, True, None, False, 11)),
    "computer": (
        lambda client, _: [(each.name, each.busy, each.size) for each in agents(client)],
        [("Built-In Node", 1, 2)],
    ),
    "computer_oneoff": (
        lambda client, _: [(each.name, each.path) for each in agents(client)],
        [("Built-In Node", "computer/(built-in)/")],
    ),
    "error_403_no_crumb": (
        trigger,
        "Starting demo: Jenkins answered 403 (No valid crumb was included in the request).",
    ),
    "error_503_getting_ready": (trigger, "Starting demo: Jenkins is starting and not ready yet."),
    "http_201_build_created": (trigger, Triggered(queue_id=39, joined=False)),
    "http_303_build_coalesced": (trigger, Triggered(queue_id=39, joined=True)),
    "http_400_build_without_params": (trigger, "Starting demo: Jenkins answered 400 (Nothing is submitted)."),
    "http_404_job": (trigger, "Starting demo: Jenkins answered 404 (Not Found)."),
    "http_409_disabled": (trigger, "Starting demo: Jenkins answered 409: it is disabled."),
    "http_500_bad_choice": (trigger, "Starting demo: Jenkins answered 500."),
    "job_builds_tree": (
        lambda client, _: [(each.number, each.outcome) for each in past_builds(client, "demo", 5)],
        [(9, "SUCCESS"), (8, "SUCCESS"), (7, "ABORTED"), (6, "SUCCESS"), (5, "SUCCESS")],
    ),
    "job_info_after": (job, ("demo", True, 4, PARAMETERS)),
    "job_info_parameters": (job, ("demo", True, 1, PARAMETERS)),
    "job_summary_tree": (
        lambda client, _: [each.score for each in job_details(client, "demo").health],
        [100],
    ),
    "plugins": (lambda client, _: missing_plugins(client), ()),
    "progressive_done": (console, ("Running as SYSTEM", 856)),
    "progressive_running": (console, ("Started by user bot", 511)),
    "queue_info_blocked": (
        queue,
        [
            (13, True, "Build #2 is already in progress (ETA: N/A)"),
            (14, True, "Build #2 is already in progress (ETA: N/A)"),
        ],
    ),
    "queue_info_quietdown": (queue, [(21, False, "Finished waiting")]),
    "queue_item_cancelled": (item, (13, True, True, None, 3)),
    "queue_item_left_executable": (item, (4, True, False, None, 1)),
    "queue_item_waiting_finished": (item, (11, False, False, None, 1)),
    "queue_item_waiting_quiet_period": (item, (11, False, False, None, 1)),
    "root_info_quieting": (lambda client, _: client.quieting().on, True),
    "test_report": (
        lambda client, _: [(each.title, each.status) for each in report_of(client, "team/pipe", 1).cases],
        [("ok", "PASSED"), ("rejects_bad_password", "FAILED"), ("later", "SKIPPED")],
    ),
    "wfapi_artifacts": (lambda client, _: sizes(client, "team/pipe", 1), {"dist/app.txt": 3}),
    "wfapi_describe_FAILED_parallel": (
        stages,
        [("Prep", "SUCCESS"), ("Par", "SUCCESS"), ("A", "SUCCESS"), ("B", "FAILED")],
    ),
    "wfapi_describe_IN_PROGRESS": (
        stages,
        [("Build", "SUCCESS"), ("Test", "SUCCESS"), ("Approve", "IN_PROGRESS")],
    ),
    "wfapi_describe_PAUSED_PENDING_INPUT": (
        stages,
        [("Build", "SUCCESS"), ("Test", "SUCCESS"), ("Approve", "PAUSED_PENDING_INPUT")],
    ),
    "wfapi_describe_final": (
        stages,
        [("Build", "SUCCESS"), ("Test", "SUCCESS"), ("Approve", "SUCCESS"), ("Deploy", "SUCCESS")],
    ),
    "wfapi_node_log": (steps, STEPS),
    "wfapi_pendingInputActions": (
        lambda client, _: [
            (each.id, each.proceed, [one.name for one in each.parameters])
            for each in inputs.pending(client, "team/pipe", 1)
        ],
        [("Deploy", "Ship it", ["TARGET", "WHY"])],
    ),
    "wfapi_runs": (
        lambda _, data: [Stage.model_validate(each).name for each in data[0]["stages"]],
        ["Build", "Test", "Approve", "Deploy"],
    ),
    "wfapi_stage_describe": (steps, STEPS),
}


COMPLETED: dict[str, Callable[[Any], Any]] = {
    "job_builds_tree": lambda data: {"builds": [{"url": "u", **each} for each in data["builds"]]},
    "queue_info_blocked": lambda data: {"items": data},
    "queue_info_quietdown": lambda data: {"items": data},
    "wfapi_node_log": lambda data: {**recorded("wfapi_stage_describe"), **data},
    "wfapi_stage_describe": lambda data: {**data, **recorded("wfapi_node_log")},
}
"""Recorded as a part of what is asked for: without the object around it, or one of two answers."""


@pytest.mark.parametrize("name", sorted(READ))
def test_a_recorded_answer_is_read(canned: Canned, name: str) -> None:
    ask, expected = READ[name]
    canned.answers(name)
    if name in COMPLETED:
        canned.say(200, json.dumps(COMPLETED[name](recorded(name))))
    try:
        found = ask(canned.client(), recorded(name))
    except JenkinsError as error:
        assert str(error).startswith(expected)
    else:
        assert found == expected


def test_no_recorded_answer_is_left_out() -> None:
    assert {path.stem for path in RECORDED.glob("*.json")} == {*READ, "crumb"}


def test_no_crumb_is_asked_for_since_an_api_token_needs_none(canned: Canned) -> None:
    canned.answers("crumb")
    with pytest.raises(JenkinsError):
        canned.client().trigger("demo", (), parameterised=False)
    assert [(method, path) for method, path, _ in canned.asked] == [("POST", "/job/demo/build?delay=0sec")]
