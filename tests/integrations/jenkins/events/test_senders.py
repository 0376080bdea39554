"""What is odd about each sender, and how it is read all the same."""

from __future__ import annotations

from typing import Any

import pytest

from bot.integration import UnreadableEvent
from integrations.jenkins.events import BuildEvent, InputEvent, Noted, Phase, Unknown
from integrations.jenkins.model import Result
from tests.integrations.jenkins.events.fixtures import Fixture, build, read


def body(name: str) -> Any:
    return Fixture(name).body


def changed(name: str, **changes: Any) -> Any:
    """A fixture's body with other fields at its top; None leaves one out."""
    return {key: value for key, value in {**body(name), **changes}.items() if value is not None}


def of_plugin(name: str, **changes: Any) -> Any:
    """A Notification plugin's body with other fields in its build; it leaves nulls out."""
    whole = body(f"notification-plugin/{name}")
    kept = {key: value for key, value in {**whole["build"], **changes}.items() if value is not None}
    return {**whole, "build": kept}


# --- Notification plugin


def test_the_folder_comes_from_the_url_since_the_name_is_short() -> None:
    sent = {**of_plugin("finalized_failure"), "url": "job/other/job/checkout/"}
    assert sent["name"] == "checkout"
    assert build(sent).full_name == "other/checkout"


def test_queued_comes_at_the_start_and_tells_no_time_of_it() -> None:
    queued, started = build(of_plugin("queued")), build(of_plugin("started"))
    assert (queued.phase, started.phase) == (Phase.QUEUED, Phase.STARTED)
    assert (queued.started, started.started) == (None, 1_764_320_400.0)


def test_the_end_tells_the_start_by_its_duration() -> None:
    """`timestamp` is the phase's own: the end's less the duration is the start; FINALIZED is told whenever."""
    assert build(of_plugin("completed_failure")).started == build(of_plugin("started")).started
    assert build(of_plugin("finalized_failure")).started is None


@pytest.mark.parametrize("phase", ["QUEUED", "STARTED"])
def test_a_build_that_has_not_ended_has_no_result(phase: str) -> None:
    """The step `notifyEndpoints` sends any phase at any time, with the result so far."""
    event = build(of_plugin("finalized_failure", phase=phase))
    assert (event.result, event.duration, event.finished) == (None, None, False)


@pytest.mark.parametrize("status", [None, "", "REGRESSION", "SUCCESSFUL"])
def test_a_missing_or_unknown_status_is_never_a_success(status: str | None) -> None:
    assert build(of_plugin("finalized_failure", status=status)).result is None


def test_without_a_root_url_the_build_s_own_is_kept() -> None:
    assert build(of_plugin("finalized_failure", full_url=None)).url == "job/payments/job/checkout/318/"


def test_where_tests_parameters_and_scm_are_left_out_they_are_empty() -> None:
    event = build(of_plugin("finalized_failure", test_summary=None, parameters=None, scm=None))
    assert (event.tests, event.failed_tests, event.parameters, event.branch) == (0, (), (), "")


@pytest.mark.parametrize(
    ("spelled", "branch"),
    [
        ("origin/main", "main"),
        ("refs/remotes/origin/main", "main"),
        ("refs/heads/origin-story", "origin-story"),
        ("feature/origin/x", "feature/origin/x"),
        ("detached", ""),
    ],
)
def test_a_branch_has_its_own_name(spelled: str, branch: str) -> None:
    assert build(of_plugin("finalized_failure", scm={"branch": spelled})).branch == branch


def test_numbers_may_come_as_strings() -> None:
    event = build(of_plugin("finalized_failure", number="318", queue_id="9118", duration="187400"))
    assert (event.number, event.queue_id, event.duration) == (318, 9118, 187.4)


def test_a_queue_item_that_jenkins_does_not_know_is_none() -> None:
    assert build(of_plugin("finalized_failure", queue_id=-1)).queue_id is None


# --- Outbound WebHook


def test_the_job_of_an_outbound_webhook_is_told_by_the_build_s_url_only() -> None:
    sent = changed("outbound-webhook/success", projectName="Something else", buildName="v1")
    assert (build(sent).full_name, build(sent).number) == ("firmware/edge gateway", 1207)


def test_an_outbound_webhook_s_event_may_have_capitals() -> None:
    assert build(changed("outbound-webhook/success", event="SUCCESS")).result is Result.SUCCESS


def test_an_outbound_webhook_without_a_build_s_url_is_refused() -> None:
    with pytest.raises(UnreadableEvent, match="is no build's"):
        read(changed("outbound-webhook/success", buildUrl="http://jenkins.example.com/"))


# --- Generic Event


def test_a_generic_event_is_known_without_its_header() -> None:
    assert build(body("generic-event/run_finalized_success")).full_name == "platform/api/main"


def test_the_folder_of_a_freestyle_build_comes_from_the_source() -> None:
    sent = changed("generic-event/run_finalized_downstream_freestyle", source="job/a/job/b%2520c/")
    assert build(sent).full_name == "a/b%20c"


def test_actions_of_others_are_passed_over() -> None:
    """Empty objects, nulls, and fields of the same names that mean something else."""
    data = body("generic-event/run_finalized_success")["data"]
    odd = [{}, None, 7, {"_class": 9}, {"_class": "x.Other", "parameters": 3, "causes": "no"}]
    sent = changed("generic-event/run_finalized_success", data={**data, "actions": odd})
    assert build(sent) == build(body("generic-event/run_finalized_success"))


def test_a_result_told_while_the_build_runs_is_none_yet() -> None:
    data = {**body("generic-event/run_started")["data"], "result": "UNSTABLE"}
    assert build(changed("generic-event/run_started", data=data)).result is None


def test_the_upstream_build_is_told_by_its_cause() -> None:
    assert build(body("generic-event/run_finalized_downstream_freestyle")).upstream == (
        "platform/api/main",
        42,
    )


# --- Statistics Gatherer


def test_in_progress_is_no_result_but_the_start() -> None:
    event = build(body("statistics-gatherer/build_start"))
    assert (event.phase, event.result, event.finished) == (Phase.STARTED, None, False)


def test_times_may_be_in_seconds_or_milliseconds() -> None:
    in_milliseconds = build(body("statistics-gatherer/build_start"))
    in_seconds = build(body("statistics-gatherer/build_start_in_seconds_by_a_timer"))
    assert in_milliseconds.started == in_seconds.started == 1_764_320_400.0


@pytest.mark.parametrize("nobody", ["TIMER", "SCM", "UPSTREAM", "UNKNOWN", "anonymous", "", None])
def test_what_stands_for_nobody_is_nobody(nobody: str | None) -> None:
    assert build(changed("statistics-gatherer/build_start", startedUserId=nobody)).asked_by == ""


def test_an_older_version_tells_the_full_name_by_the_url() -> None:
    assert build(changed("statistics-gatherer/build_end", fullJobName=None)).full_name == "search/reindex"


def test_the_end_s_start_time_is_no_start() -> None:
    assert build(body("statistics-gatherer/build_end")).started is None


# --- CloudEvents


@pytest.mark.parametrize("spelled", ["finalized", "finalzed", "failed"])
def test_the_end_of_a_build_has_three_names(spelled: str) -> None:
    sent = Fixture("cloudevents/job_failed")
    event = sent.read_with({"ce-type": f"org.jenkinsci.job.{spelled}"})
    assert isinstance(event, BuildEvent)
    assert (event.phase, event.result) == (Phase.FINALIZED, Result.FAILURE)


def test_the_system_s_own_user_asked_for_nothing() -> None:
    assert build(body("cloudevents/job_finalized_without_headers")).asked_by == ""


def test_an_event_of_a_build_without_one_is_refused() -> None:
    with pytest.raises(UnreadableEvent, match=r"CloudEvent job\.finalized, but build: it has none"):
        read({"name": "x"}, {"Ce-Type": "org.jenkinsci.job.finalized"})


def test_a_structured_event_needs_its_data_as_an_object() -> None:
    with pytest.raises(UnreadableEvent, match="data: Input should be a valid dictionary"):
        read({"specversion": "1.0", "type": "org.jenkinsci.job.finalized", "data": "e30="})


def test_a_structured_event_without_a_type_is_refused() -> None:
    with pytest.raises(UnreadableEvent, match="type: Field required"):
        read({"specversion": "1.0", "data": {}}, {"Content-Type": "application/cloudevents+json"})


# --- Pipeline Input Notification


def test_an_input_s_id_is_spelled_as_jenkins_does_in_its_addresses() -> None:
    spelled = {}
    for written in ("deploy", "Deploy", "7up", "été", None):
        event = read(changed("input-notification/pending", inputId=written))
        assert isinstance(event, InputEvent)
        spelled[written] = event.input_id
    assert spelled == {"deploy": "Deploy", "Deploy": "Deploy", "7up": "7up", "été": "été", None: ""}


def test_another_answer_than_the_three_is_unknown() -> None:
    event = read(changed("input-notification/approved", result="SKIPPED"))
    assert isinstance(event, Unknown)
    assert (event.sender, event.kind) == ("input-notification", "SKIPPED")


# --- Global Build Notification


def test_no_parameter_of_a_sender_that_tells_passwords_is_kept() -> None:
    sent = body("global-build-notification/completed")
    assert sent["parameters"]["FLAVOUR"] == "beta"
    assert build(sent).parameters == ()


# --- the plain one


def test_a_plain_report_needs_no_more_than_a_job_and_a_number() -> None:
    event = build({"job": "payments/checkout", "number": 9})
    assert (event.phase, event.result, event.finished) == (Phase.FINALIZED, None, True)


def test_a_parameter_whose_name_says_that_it_is_secret_is_dropped() -> None:
    names = (
        "DB_PASSWORD",
        "apiKey",
        "github_token",
        "CLIENT_SECRET",
        "SSH_PRIVATE_KEY",
        "TARGET",
        "KEYBOARD",
    )
    event = build({"job": "a", "number": 1, "parameters": dict.fromkeys(names, "x")})
    assert [name for name, _ in event.parameters] == ["TARGET", "KEYBOARD"]


# --- nobody's


def test_what_nobody_recognises_is_unknown_by_the_names_of_its_fields() -> None:
    one, other = read({"b": 1, "a": {"deep": True}}), read({"a": 3, "b": None})
    assert isinstance(one, Unknown) and isinstance(other, Unknown)
    assert one.kind == other.kind == "a, b"
    assert one.sample_keys == ("b", "a")


def test_a_phase_of_no_build_is_noted() -> None:
    assert isinstance(read(body("notification-plugin/sent_by_hand_without_a_phase")), Noted)


def test_the_phases_have_an_order() -> None:
    assert [phase.order for phase in Phase] == [0, 1, 2, 3]
    assert [phase for phase in Phase if phase.finished] == [Phase.COMPLETED, Phase.FINALIZED]
