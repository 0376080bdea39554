"""What a real Jenkins 2.463 answered becomes typed values, with its surprises understood."""

from __future__ import annotations

import pytest

from integrations.jenkins.model import (
    Build,
    Job,
    ParameterKind,
    QueueItem,
    Result,
    Stage,
    carries,
    failing_stage,
    read_result,
    shown_name,
)
from tests.integrations.jenkins.canned import recorded


def build(name: str) -> Build:
    return Build.model_validate(recorded(name))


def stages(name: str) -> tuple[Stage, ...]:
    return tuple(Stage.model_validate(each) for each in recorded(name)["stages"])


def test_a_finished_build() -> None:
    done = build("build_info_done")
    assert (done.number, done.outcome, done.queue_id) == (1, Result.SUCCESS, 11)
    assert (done.duration, done.estimated) == (6.042, 6.042)
    assert done.causes[0].user == "bot"
    assert dict(done.parameters)["BRANCH"] == "feature/ü ✓"
    assert dict(done.parameters)["DRY_RUN"] == "false"
    assert "SECRET" not in dict(done.parameters)


def test_a_running_build_has_no_outcome_and_no_estimate_yet() -> None:
    running = build("build_info_running")
    assert running.building and running.outcome is None and running.estimated is None


def test_a_pipeline_that_says_unstable_while_it_runs_has_no_outcome_yet() -> None:
    paused = build("build_info_pipeline_paused_input")
    assert paused.result is Result.UNSTABLE
    assert paused.outcome is None
    assert paused.is_pipeline


def test_a_build_somebody_stopped_differs_from_one_a_restart_killed() -> None:
    assert build("build_info_aborted").interrupted
    assert not build("build_info_after_restart").interrupted
    assert build("build_info_aborted").outcome is build("build_info_after_restart").outcome is Result.ABORTED


def test_a_cause_without_a_user_is_a_cause() -> None:
    (cause,) = build("build_info_downstream_cause").causes
    assert (cause.says, cause.user) == ('Started by upstream project "parent" build number 1', None)


@pytest.mark.parametrize("value", [None, "", "INPROGRESS", 7, "GREAT"])
def test_a_missing_or_unknown_result_is_never_a_success(value: object) -> None:
    assert read_result(value) is None


def test_a_job_s_parameters_come_from_its_property_once() -> None:
    job = Job.model_validate(recorded("job_info_parameters"))
    assert [(each.name, each.kind, each.default) for each in job.parameters] == [
        ("BRANCH", ParameterKind.STRING, "main"),
        ("ENV", ParameterKind.CHOICE, "dev"),
        ("DRY_RUN", ParameterKind.BOOLEAN, "true"),
        ("NOTES", ParameterKind.TEXT, ""),
        ("SECRET", ParameterKind.PASSWORD, None),
        ("SECS", ParameterKind.STRING, "1"),
    ]
    assert (job.next_number, job.last, job.buildable) == (1, None, True)


def test_an_item_that_left_may_have_neither_a_build_nor_a_cancellation() -> None:
    item = QueueItem.model_validate(recorded("queue_item_left_executable"))
    assert item.left and item.number is None and not item.cancelled


def test_an_item_that_others_joined_has_one_cause_for_each() -> None:
    item = QueueItem.model_validate(recorded("queue_item_cancelled"))
    assert item.cancelled and len(item.causes) == 3


def test_an_item_in_its_quiet_period_has_not_left() -> None:
    item = QueueItem.model_validate(recorded("queue_item_waiting_quiet_period"))
    assert not item.left
    assert carries(item.parameters, (("ENV", "stage"), ("DRY_RUN", "false")))
    assert not carries(item.parameters, (("ENV", "prod"),))


def test_the_stage_that_failed_is_the_branch_and_not_its_parent_which_says_success() -> None:
    failed = stages("wfapi_describe_FAILED_parallel")
    assert [(each.name, each.status) for each in failed] == [
        ("Prep", "SUCCESS"),
        ("Par", "SUCCESS"),
        ("A", "SUCCESS"),
        ("B", "FAILED"),
    ]
    broken = failing_stage(failed)
    assert broken is not None and broken.name == "B"
    assert broken.error is not None and broken.error.message == "boom: ✗ database unreachable"


def test_where_nothing_failed_no_stage_is_blamed() -> None:
    assert failing_stage(stages("wfapi_describe_PAUSED_PENDING_INPUT")) is None


def test_a_branch_job_is_shown_as_people_write_it() -> None:
    assert shown_name("mb/feature%2Flogin") == "mb/feature/login"
