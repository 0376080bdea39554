"""What every report in `reports/` is read as, and what a subscribed room sees of it, to the letter."""

from __future__ import annotations

import pytest

from integrations.jenkins.events import BuildEvent, dedupe_key, load
from integrations.jenkins.model import Result
from tests.integrations.jenkins.events.fixtures import Fixture, all_fixtures, outcome

FIXTURES = all_fixtures()
SENDERS = {
    "cloudevents",
    "generic-event",
    "global-build-notification",
    "input-notification",
    "notification-plugin",
    "outbound-webhook",
    "plain",
    "statistics-gatherer",
}


@pytest.mark.parametrize("each", FIXTURES, ids=str)
def test_a_report_is_read_and_told_as_expected(each: Fixture) -> None:
    assert outcome(each.read()) == each.expected


@pytest.mark.parametrize("each", FIXTURES, ids=str)
def test_a_report_is_of_the_sender_whose_folder_it_lies_in(each: Fixture) -> None:
    folder = each.name.partition("/")[0]
    assert each.read().sender == ("?" if folder == "unknown" else folder)


@pytest.mark.parametrize("each", FIXTURES, ids=str)
def test_header_names_may_have_any_capitals(each: Fixture) -> None:
    shouted = {name.upper(): value for name, value in each.headers.items()}
    assert each.read_with(shouted) == each.read()


@pytest.mark.parametrize("each", FIXTURES, ids=str)
def test_an_event_comes_back_from_the_store_as_it_was(each: Fixture) -> None:
    event = each.read()
    assert load(event.model_dump(mode="json")) == event


@pytest.mark.parametrize("each", FIXTURES, ids=str)
def test_no_secret_of_a_report_is_kept(each: Fixture) -> None:
    """Passwords in config.xml, in environments and in parameters: the fixtures hold some of each."""
    kept = f"{each.read().model_dump_json()} {dedupe_key(each.read())}"
    assert "hunter2" not in kept and "<project>" not in kept


def test_the_fixtures_hold_secrets_to_be_dropped() -> None:
    holding = {each.name for each in FIXTURES if "hunter2" in str(each.body)}
    assert {
        "cloudevents/job_created",
        "generic-event/run_completed_unstable",
        "global-build-notification/completed",
        "outbound-webhook/success",
        "plain/everything",
        "statistics-gatherer/build_start",
        "statistics-gatherer/job_created",
    } <= holding


def test_every_sender_and_every_result_is_among_the_fixtures() -> None:
    events = [each.read() for each in FIXTURES]
    assert {event.sender for event in events} == SENDERS | {"?"}
    ended = {event.result for event in events if isinstance(event, BuildEvent) and event.finished}
    assert ended == {*Result, None}


def test_what_is_told_is_among_the_fixtures_for_every_sender() -> None:
    telling = {each.name.partition("/")[0] for each in FIXTURES if {"room", "owners"} & set(each.expected)}
    assert telling == SENDERS | {"unknown"}


def test_different_reports_are_different_events() -> None:
    """But for the one that only shows the build's display name changed."""
    keys = [dedupe_key(each.read()) for each in FIXTURES if each.name != "outbound-webhook/renamed_build"]
    assert len(set(keys)) == len(keys)
