"""What is one event however often it is sent, and what is another."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.jenkins.events import dedupe_key
from tests.integrations.jenkins.events.fixtures import Fixture, all_fixtures, read

KNOWN = {
    "full_url": "https://ci.example.net/job/api/7/",
    "url": "job/api/7/",
    "number": 7,
    "queue_id": 91,
    "phase": "FINALIZED",
    "status": "SUCCESS",
    "timestamp": 1_764_320_400_000,
    "duration": 1_000,
}


def key(**changes: Any) -> str:
    return dedupe_key(read({"url": "job/api/", "build": {**KNOWN, **changes}}))


@pytest.mark.parametrize("each", all_fixtures(), ids=str)
def test_the_same_report_sent_again_is_the_same_event(each: Fixture) -> None:
    assert dedupe_key(each.read()) == dedupe_key(each.read())


def test_the_same_phase_of_the_same_build_is_one_event_at_whatever_time_it_is_sent() -> None:
    assert key() == key(timestamp=1_764_320_999_000, duration=1_001)


@pytest.mark.parametrize(
    "changes",
    [
        {"phase": "COMPLETED"},
        {"number": 8, "full_url": "https://ci.example.net/job/api/8/"},
        {"full_url": "https://other.example.net/job/api/7/"},
        {"status": "FAILURE"},
    ],
    ids=["phase", "build", "jenkins", "result"],
)
def test_another_phase_build_jenkins_or_result_is_another_event(changes: dict[str, Any]) -> None:
    """Another result is: the step `notifyEndpoints` may send FINALIZED by hand before Jenkins does."""
    assert key(**changes) != key()


def test_the_first_build_of_a_job_made_anew_is_another_event() -> None:
    assert key(queue_id=404) != key()


def test_different_senders_of_one_build_are_different_events() -> None:
    plain = {"job": "api", "number": 7, "queue_id": 91, "result": "SUCCESS", "url": KNOWN["full_url"]}
    assert dedupe_key(read(plain)) != key()


def test_finalized_and_failed_of_a_cloud_event_are_one_end() -> None:
    failed = Fixture("cloudevents/job_failed")
    finalized = failed.read_with({"ce-type": "org.jenkinsci.job.finalized"})
    assert dedupe_key(failed.read()) == dedupe_key(finalized)


def test_an_answer_is_another_event_than_the_question() -> None:
    asked, answered = (Fixture(f"input-notification/{name}").read() for name in ("pending", "approved"))
    assert dedupe_key(asked) != dedupe_key(answered)


def test_unknown_reports_are_one_event_of_their_kind() -> None:
    assert dedupe_key(read({"a": 1})) == dedupe_key(read({"a": 2}))
    assert dedupe_key(read({"a": 1})) != dedupe_key(read({"b": 1}))
