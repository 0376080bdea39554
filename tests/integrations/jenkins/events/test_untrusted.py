"""Whatever is posted is read, or refused with the place and the reason; nothing of it is too much."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.integration import UnreadableEvent
from bot.store.jsonb import as_jsonb
from integrations.jenkins import events
from tests.integrations.jenkins.events.fixtures import Fixture, all_fixtures, build, read

MOST_STORED = 60_000
"""Characters of the largest event: fifty parameters, tests and culprits as long as they may be."""
DEEP = 100_000


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


def refusal(body: Any, headers: dict[str, str] | None = None) -> str:
    """What the sender of a refused report is told."""
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    with pytest.raises(UnreadableEvent) as caught:
        events.read(sent, headers or {})
    return str(caught.value)


# --- what is no report at all


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (
            b"<job><name>x</name></job>",
            "The body is XML, and JSON is read here: set the Notification plugin's format to JSON.",
        ),
        (b"\n  <?xml version='1.0'?><job/>", "The body is XML, and JSON is read here"),
        (b"", "The body is not JSON in UTF-8; set the plugin's format to JSON."),
        (b"\xff", "The body is not JSON in UTF-8"),
        (b"job=api&number=1", "The body is not JSON in UTF-8"),
        (b'{"job": "api", "number": NaN}', "The body is not JSON in UTF-8"),
        (b'{"job": "api", "number": ' + b"9" * 5_000 + b"}", "The body is not JSON in UTF-8"),
        (b"[]", "The body is JSON, but no object."),
        (b'"job"', "The body is JSON, but no object."),
        (nested(DEEP).encode(), "The body is JSON nested too deeply to be a report."),
        (b'{"job": ' + nested(DEEP).encode() + b"}", "The body is JSON nested too deeply to be a report."),
    ],
)
def test_what_is_no_json_object_is_refused_with_the_reason(body: bytes, reason: str) -> None:
    assert reason in refusal(body)


def test_a_byte_order_mark_is_read_over() -> None:
    assert events.read(b'\xef\xbb\xbf{"job": "api", "number": 1}', {}).sender == "plain"


# --- known shapes, malformed


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"job": "api"}, "a report of plain, but number: Field required."),
        ({"job": "", "number": 1}, "job: String should have at least 1 character."),
        ({"job": " / ", "number": 1}, "job: it names no job."),
        ({"job": 7, "number": 1}, "job: Input should be a valid string."),
        ({"job": "api", "number": 0}, "number: Input should be greater than or equal to 1."),
        ({"job": "api", "number": 2**31}, "number: Input should be less than or equal to 2147483647."),
        ({"job": "api", "number": True}, "number: a truth value is no number."),
        ({"job": "api", "number": 1.5}, "number: Input should be a valid integer"),
        (
            {"job": "api", "number": 1, "phase": "DELETED"},
            "phase: Input should be 'QUEUED', 'STARTED', 'COMPLETED'",
        ),
        (
            {"job": "api", "number": 1, "duration": -1},
            "duration: Input should be greater than or equal to 0.",
        ),
        ({"job": "api", "number": 1, "started": 1e30}, "started: Input should be less than or equal to"),
        ({"job": "api", "number": 1, "culprits": "mira"}, "culprits: Input should be a valid tuple."),
        ({"job": "api", "number": 1, "culprits": [["mira"]]}, "culprits.0: Input should be a valid string."),
        ({"job": "api", "number": 1, "parameters": [1]}, "parameters: it must be an object"),
        ({"job": "api", "number": 1, "upstream": {"job": "x"}}, "upstream.number: Field required."),
        (
            {"url": "job/api/", "build": {"number": 1}},
            "notification-plugin, but build.phase: Field required.",
        ),
        ({"build": {"number": 1, "phase": "STARTED"}}, "notification-plugin, but url: Field required."),
        ({"url": "x", "build": {"number": 1, "phase": "STARTED"}}, "The url 'x' is no job's"),
        ({"url": "x", "build": {"number": 1, "phase": "NONE"}}, "The url 'x' is no job's"),
        (
            {"url": "job/a/", "build": {"number": 1, "phase": "STARTED", "scm": "git"}},
            "build.scm: Input should be a valid dictionary",
        ),
    ],
)
def test_a_malformed_report_is_refused_with_the_place_and_the_reason(body: Any, reason: str) -> None:
    assert reason in refusal(body)


def test_a_refusal_does_not_repeat_what_was_sent() -> None:
    assert "hunter2" not in refusal({"job": "api", "number": "hunter2"})


# --- too much


def test_ten_thousand_failed_tests_are_counted_and_the_first_are_named() -> None:
    names = [f"acme.Suite{number}.{'x' * 300}" for number in range(10_000)]
    event = build({"job": "a", "number": 1, "tests": 10_000, "tests_failed": 10_000, "failed_tests": names})
    assert (event.tests_failed, len(event.failed_tests)) == (10_000, 50)
    assert max(map(len, event.failed_tests)) == 200


def test_ten_thousand_parameters_of_any_length_are_bounded() -> None:
    event = build({"job": "a", "number": 1, "parameters": {f"P{n}" * 100: "x" * 600 for n in range(10_000)}})
    assert len(event.parameters) == 50
    assert {(len(name), len(value)) for name, value in event.parameters} == {(200, 500)}


def test_nested_parameters_are_dropped() -> None:
    given = {"LIST": [1], "MAP": {"a": 1}, "NOTHING": None, "COUNT": 3, "ON": True, "TEXT": "x"}
    event = build({"job": "a", "number": 1, "parameters": given})
    assert event.parameters == (("COUNT", "3"), ("ON", "true"), ("TEXT", "x"))


def test_a_long_name_is_cut() -> None:
    assert len(build({"job": "a" * 100_000, "number": 1}).full_name) == 500


def test_the_fields_of_an_unknown_report_are_few_and_short() -> None:
    event = read({f"{number}-{'x' * 1_000}": number for number in range(10_000)})
    assert isinstance(event, events.Unknown)
    assert (len(event.sample_keys), len(event.kind)) == (20, 120)
    assert max(map(len, event.sample_keys)) == 60


# --- what a database would choke on


def test_halves_of_surrogate_pairs_and_nuls_are_made_harmless() -> None:
    raw = b'{"job": "a\\ud83d\\u0000", "number": 1, "parameters": {"\\udc00": "\\u0000"}, "url": "\\ud800"}'
    event = events.read(raw, {})
    assert isinstance(event, events.BuildEvent)
    assert (event.full_name, event.url, event.parameters) == ("a��", "�", (("�", "�"),))


# --- anything


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in steps:
        yield from _paths(inner, (*path, step))


def _with(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    changed = copy.copy(value)
    changed[path[0]] = _with(value[path[0]], path[1:], new)
    return changed


PLACES = [(each, path) for each in all_fixtures() for path in _paths(each.body) if path]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
EXTREMES = (
    None,
    True,
    0,
    -(2**70),
    10**400,
    1e308,
    "",
    "NONE",
    "9" * 4_000,
    "\ud800",
    "\0" * 600,
    [],
    [None] * 300,
    [[]] * 300,
    {},
    {"": {}},
)


def _survives(body: Any, headers: dict[str, str]) -> None:
    """It is read as something that can be stored and found again, or refused in a few words."""
    try:
        event = read(body, headers)
    except UnreadableEvent as refused:
        assert len(str(refused)) < 1_000
        return
    stored = as_jsonb(event.model_dump(mode="json"))
    assert len(stored) < MOST_STORED
    assert events.load(json.loads(stored)) == event
    assert events.dedupe_key(event)


@pytest.mark.parametrize("known", all_fixtures(), ids=str)
def test_a_report_with_an_extreme_in_any_place_is_read_or_refused(known: Fixture) -> None:
    for path in filter(None, _paths(known.body)):
        for extreme in EXTREMES:
            _survives(_with(known.body, path, extreme), known.headers)


@settings(max_examples=200, deadline=None)
@given(place=st.sampled_from(PLACES), value=JSON)
def test_a_report_with_anything_in_any_place_is_read_or_refused(
    place: tuple[Fixture, tuple[Any, ...]], value: Any
) -> None:
    known, path = place
    _survives(_with(known.body, path, value), known.headers)


@settings(max_examples=100, deadline=None)
@given(body=st.dictionaries(st.text(max_size=20), JSON, max_size=8), kind=st.text(max_size=200))
def test_any_object_under_any_header_is_read_or_refused(body: Any, kind: str) -> None:
    _survives(body, {})
    _survives(body, {"CE-Type": kind})
    _survives({**body, "type": "run.finalized", "data": body}, {"X-Event-Type": kind})
