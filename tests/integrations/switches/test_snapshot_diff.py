"""Before and after a change: what came, what went, what is another now."""

from __future__ import annotations

from integrations.switches.normalise import Row, main_table
from integrations.switches.snapshot_diff import Change, Diff, diff, diff_all
from tests.integrations.switches.recorded import body

BEFORE: list[Row] = [
    {"vrf-name-out": "default", "neighbor-id": "10.0.0.1", "state": "Established", "lastflap": "P6D"},
    {"vrf-name-out": "default", "neighbor-id": "10.0.0.2", "state": "Established", "lastflap": "P6D"},
    {"vrf-name-out": "default", "neighbor-id": "10.0.0.3", "state": "Idle", "lastflap": "P6D"},
]
AFTER: list[Row] = [
    {"vrf-name-out": "default", "neighbor-id": "10.0.0.4", "state": "Active", "lastflap": "PT1S"},
    {
        "vrf-name-out": "default",
        "neighbor-id": "10.0.0.2",
        "state": "Idle",
        "lastflap": "PT1S",
        "reason": "holdtimer",
    },
    {"vrf-name-out": "default", "neighbor-id": "10.0.0.1", "state": "Established", "lastflap": "P7D"},
]


def test_rows_that_came_went_and_changed() -> None:
    assert diff(BEFORE, AFTER) == Diff(
        added=(("default, 10.0.0.4", AFTER[0]),),
        removed=(("default, 10.0.0.3", BEFORE[2]),),
        changed=(
            Change("default, 10.0.0.2", "state", "Established", "Idle"),
            Change("default, 10.0.0.2", "reason", None, "holdtimer"),
        ),
        unchanged=1,
    )


def test_only_the_fields_asked_for_even_if_they_always_change() -> None:
    assert diff(BEFORE, AFTER, fields=["lastflap"]).changed == (
        Change("default, 10.0.0.1", "lastflap", "P6D", "P7D"),
        Change("default, 10.0.0.2", "lastflap", "P6D", "PT1S"),
    )


def test_one_row_has_no_name() -> None:
    assert diff([{"ver": "9.3(5)"}], [{"ver": "9.3(7)"}]) == Diff(
        changed=(Change("", "ver", "9.3(5)", "9.3(7)"),)
    )


def test_nothing_changed() -> None:
    for name in (
        "show_interface_brief.body.json",
        "show_ip_route.ins_api.json",
        "show_mac_address_table.body.json",
    ):
        rows = main_table(body(name))
        found = diff(rows, list(reversed(rows)))
        assert not found
        assert found.unchanged == len(rows)


def test_all_came_and_all_went() -> None:
    assert len(diff([], AFTER).added) == 3
    assert len(diff(BEFORE, []).removed) == 3
    assert not diff([], [])


def test_texts_are_compared_by_lines() -> None:
    before = "hostname leaf01\nvlan 10\n  name web\nvlan 20\n"
    after = "hostname leaf01\nvlan 10\n  name www\nvlan 20\n"
    assert diff(before, after).lines == (
        "--- before",
        "+++ after",
        "@@ -1,4 +1,4 @@",
        " hostname leaf01",
        " vlan 10",
        "-  name web",
        "+  name www",
        " vlan 20",
    )
    assert not diff(before, before)


def test_a_structure_that_became_a_text_is_shown_whole() -> None:
    found = diff([{"vpc-id": 1, "state": "up"}], "vPC is not configured")
    assert found.lines[-2:] == ("-vpc-id=1, state=up", "+vPC is not configured")


def test_many_switches_of_which_some_are_new() -> None:
    found = diff_all({"a": BEFORE, "gone": BEFORE}, {"a": AFTER, "new": AFTER})
    assert list(found) == ["a"]
    assert found["a"] == diff(BEFORE, AFTER)
