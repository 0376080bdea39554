"""Terraform's stream as it was recorded, and as it may come."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from integrations.stacks.engines.model import (
    Change,
    Counted,
    Counts,
    Diagnosed,
    Diagnostic,
    Event,
    Found,
    Held,
    Moved,
    Output,
    Phase,
    Said,
)
from integrations.stacks.engines.terraform_json import changes_of, held_of, lock_held, outputs_of
from integrations.stacks.engines.terraform_stream import NewLanguage, read_line

RECORDED = Path(__file__).parent / "recorded"


def heard(name: str) -> list[Event]:
    lines = (RECORDED / f"{name}.jsonl").read_text().splitlines()
    return [event for line in lines if (event := read_line(line)) is not None]


def shown(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((RECORDED / f"{name}.jsonl").read_text())
    return content


def line(**told: object) -> str:
    return json.dumps(told)


def test_a_plan_tells_its_changes_and_is_counted_by_terraform_alone() -> None:
    *found, counted = heard("plan")
    assert set(found) == {Found(Change(f"terraform_data.node[{n}]", ("create",))) for n in (0, 1)}
    assert counted == Counted(Counts(add=2), "plan")


def test_applying_a_saved_plan_tells_the_changes_again_and_counts_once() -> None:
    events = heard("apply")
    assert [each for each in events if isinstance(each, Counted)] == [Counted(Counts(add=2), "apply")]
    moved = [each for each in events if isinstance(each, Moved) and each.address == "terraform_data.node[0]"]
    assert [(each.action, each.phase) for each in moved] == [
        ("create", Phase.STARTED),
        ("create", Phase.DONE),
    ]
    said = [each for each in events if isinstance(each, Said)]
    assert Said("making 0", "terraform_data.node[0]") in said


def test_an_error_tells_where_and_why() -> None:
    events = heard("failing")
    [error] = [each.diagnostic for each in events if isinstance(each, Diagnosed)]
    assert (error.severity, error.summary, error.address) == (
        "error",
        "local-exec provisioner error",
        "terraform_data.node[2]",
    )
    assert Moved("terraform_data.node[2]", "create", Phase.ERRORED) in events


def test_a_stale_plan_is_known_by_its_summary() -> None:
    [told] = heard("stale")
    assert isinstance(told, Diagnosed)
    assert told.diagnostic.summary == "Saved plan is stale"


def test_taking_away_is_counted_as_such() -> None:
    assert Counted(Counts(remove=3), "destroy") in heard("destroy")


def test_no_stream_holds_a_secret() -> None:
    for name in ("plan", "apply", "failing", "stale", "destroy"):
        assert "hunter2" not in repr(heard(name)), name


def test_of_a_plan_that_is_shown_only_addresses_and_actions_are_taken() -> None:
    assert "hunter2-hunter2" in (RECORDED / "shown.jsonl").read_text()
    assert changes_of(shown("shown")) == (
        Change("terraform_data.node[0]", ("create",)),
        Change("terraform_data.node[1]", ("create",)),
    )


def test_of_a_state_what_stands_and_what_is_tainted() -> None:
    assert held_of(shown("state")) == (
        Held("terraform_data.node[0]"),
        Held("terraform_data.node[1]"),
        Held("terraform_data.node[2]", tainted=True),
    )
    assert held_of({"format_version": "1.0"}) == ()


def test_outputs_say_which_of_them_are_sensitive_and_none_is_printed() -> None:
    outputs = outputs_of(shown("outputs"))
    assert outputs == {"pass": Output("hunter2-hunter2", sensitive=True), "url": Output("http://3")}
    assert "hunter2" not in repr(outputs)


# --- as it may come


def test_a_replacement_is_one_change_by_its_word() -> None:
    replaced = {"type": "planned_change", "change": {"resource": {"addr": "a.b"}, "action": "replace"}}
    told = read_line(line(**replaced))
    assert told == Found(Change("a.b", ("delete", "create")))
    assert Change("a.b", ("create", "delete")).word == "replace"
    assert [Change("a", (each,)).is_change for each in ("no-op", "read", "update", "forget")] == [
        False,
        False,
        True,
        True,
    ]


def test_what_other_hands_changed_is_told_apart() -> None:
    drift = {"type": "resource_drift", "change": {"resource": {"addr": "a.b"}, "action": "update"}}
    assert read_line(line(**drift)) == Found(Change("a.b", ("update",)), drift=True)


@pytest.mark.parametrize(
    "told",
    [
        line(type="version", terraform="1.99.0", ui="1.9"),
        line(type="version", tofu="1.8.0", ui="1.2"),
        line(type="something_new", of={"a": 1}),
        line(type=7),
        line(level="info"),
        "",
        "   ",
    ],
)
def test_what_is_not_known_is_passed_over(told: str) -> None:
    assert read_line(told) is None


@pytest.mark.parametrize("ui", ["2.0", "2", "10.1"])
def test_a_new_major_version_of_the_language_is_refused(ui: str) -> None:
    with pytest.raises(NewLanguage, match=ui):
        read_line(line(type="version", terraform="9.0.0", ui=ui))


@pytest.mark.parametrize("told", ["panic: runtime error", "[1, 2]", '"text"', "12"])
def test_what_is_no_event_is_plain_words(told: str) -> None:
    assert read_line(told) == Said(told)


_ANYTHING = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=5),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
_TYPES = ("version", "planned_change", "change_summary", "diagnostic", "apply_start", "provision_progress")
_PARTS = ("change", "changes", "hook", "resource", "diagnostic", "addr", "action", "add", "ui", "output")


@given(some.sampled_from(_TYPES), some.dictionaries(some.sampled_from(_PARTS), _ANYTHING))
def test_no_line_however_odd_breaks_the_reader(kind: str, parts: dict[str, Any]) -> None:
    parts.pop("ui", None)
    read_line(line(type=kind, **parts))


def test_who_holds_a_lock_is_read_from_terraforms_words() -> None:
    detail = (
        "Error message: HTTP remote state already locked: ID=6ba7b810\nLock Info:\n  ID:        6ba7b810\n"
        "  Path:      \n  Operation: OperationTypeApply\n  Who:       ada@laptop\n  Version:   1.11.4\n"
        "  Created:   2026-11-28 14:53:45 UTC\n  Info:      \n\n\nTerraform acquires a state lock"
    )
    held = lock_held("planning eth", detail)
    assert (held.lock_id, held.operation, held.who) == ("6ba7b810", "OperationTypeApply", "ada@laptop")
    assert str(held) == (
        "Planning eth: the state is locked by ada@laptop since 2026-11-28 14:53:45 UTC "
        "(OperationTypeApply, lock 6ba7b810). Wait until that has ended; if it cannot end any more, "
        "an approver frees the lock."
    )
    assert str(lock_held("planning eth", "")).startswith(
        "Planning eth: the state is locked (lock without an id). "
    )


def test_of_a_holder_that_terraform_takes_for_the_asker_only_the_id_is_told() -> None:
    """Its `http` backend shows the asker's own lock below the sentence that names the holder's."""
    detail = "HTTP remote state already locked: ID=holder\nLock Info:\n  ID:        asker\n  Who:       bob@laptop\n"
    held = lock_held("planning eth", detail)
    assert (held.lock_id, held.who, held.operation) == ("holder", "", "")


def test_a_diagnostic_in_words() -> None:
    assert str(Diagnostic("error", "Quota exceeded", "4 of 4", "aws_instance.a")) == (
        "aws_instance.a: Quota exceeded (4 of 4)"
    )
