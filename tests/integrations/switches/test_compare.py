"""Many switches beside each other: the majority, who says otherwise, and what is no difference at all."""

from __future__ import annotations

import pytest

from integrations.switches.compare import Comparison, Difference, Outlier, compare
from integrations.switches.normalise import Row, main_table
from integrations.switches.rows import is_volatile
from tests.integrations.switches.recorded import body

NTP: Row = {"peer": "10.0.0.1", "stratum": 2}


def _version(switch: str, version: str = "9.3(5)", uptime: int = 5) -> list[Row]:
    return [
        {
            "host_name": switch,
            "proc_board_id": f"FDO-{switch}",
            "nxos_ver_str": version,
            "kern_uptm_days": uptime,
        }
    ]


def test_the_majority_and_who_says_otherwise() -> None:
    versions = {
        "leaf01": "9.3(5)",
        "leaf02": "9.3(5)",
        "leaf03": "9.2(2)",
        "leaf04": "9.3(5)",
        "leaf05": "7.0(3)I4(6)",
    }
    answers = {name: _version(name, version, index) for index, (name, version) in enumerate(versions.items())}
    assert compare(answers) == Comparison(
        switches=("leaf01", "leaf02", "leaf03", "leaf04", "leaf05"),
        differences=(
            Difference(
                row="",
                field="nxos_ver_str",
                majority="9.3(5)",
                count=3,
                outliers=(Outlier("9.2(2)", ("leaf03",)), Outlier("7.0(3)I4(6)", ("leaf05",))),
            ),
        ),
        agreeing=0,
        individual=("host_name", "proc_board_id"),
        dropped=("kern_uptm_days",),
    )


def test_the_most_different_switch_comes_first() -> None:
    answers = {
        "a": [{"interface": "Eth1/1", "mtu": 9216, "speed": "10G"}],
        "b": [{"interface": "Eth1/1", "mtu": 1500, "speed": "1G"}],
        "c": [{"interface": "Eth1/1", "mtu": 9216, "speed": "10G"}],
        "d": [{"interface": "Eth1/1", "mtu": 9216, "speed": "1G"}],
        "e": [{"interface": "Eth1/1", "mtu": 9216, "speed": "10G"}],
    }
    found = compare(answers)
    assert [(each.row, each.field, each.majority) for each in found.differences] == [
        ("Eth1/1", "mtu", 9216),
        ("Eth1/1", "speed", "10G"),
    ]
    assert found.outliers == {"b": 2, "d": 1}


def test_rows_are_compared_by_what_names_them_whatever_their_order() -> None:
    one, two = {"interface": "Eth1/1", "mtu": 9216}, {"interface": "Eth1/2", "mtu": 1500}
    found = compare({"a": [one, two], "b": [two, one]})
    assert (found.differences, found.agreeing) == ((), 2)


def test_a_row_that_is_not_there_is_told_once() -> None:
    vlans: list[Row] = [
        {"vlanshowbr-vlanid": 10, "vlanshowbr-vlanname": "web", "vlanshowbr-vlanstate": "active"}
    ]
    more: list[Row] = [
        *vlans,
        {"vlanshowbr-vlanid": 20, "vlanshowbr-vlanname": "db", "vlanshowbr-vlanstate": "active"},
    ]
    found = compare({"a": more, "b": vlans, "c": more})
    assert found.differences == (Difference("20", "vlanshowbr-vlanname", "db", 2, (Outlier(None, ("b",)),)),)


def test_two_halves_have_no_majority() -> None:
    (difference,) = compare({"a": [{"x": 1}], "b": [{"x": 2}]}).differences
    assert difference.tied
    assert compare({"a": [{"x": 1}], "b": [{"x": 2}]}).outliers == {}


def test_what_always_changes_is_compared_where_it_is_asked_for() -> None:
    answers = {"a": _version("a", uptime=1), "b": _version("b", uptime=1), "c": _version("c", uptime=9)}
    (difference,) = compare(answers, fields=["kern_uptm_days"]).differences
    assert (difference.majority, difference.outliers) == (1, (Outlier(9, ("c",)),))


def test_a_key_may_be_given() -> None:
    answers = {"a": [{"peer": "x", "via": 1}, {"peer": "y", "via": 1}], "b": [{"peer": "x", "via": 2}]}
    found = compare(answers, key=["peer"])
    assert [(each.row, each.field, each.majority) for each in found.differences] == [
        ("x", "via", 1),
        ("y", "via", 1),
    ]


def test_rows_with_the_same_name_are_told_apart_and_none_is_lost() -> None:
    twice: list[Row] = [{"peer": "x", "state": "up"}, {"peer": "x", "state": "down"}]
    found = compare({"a": twice, "b": twice[:1]}, key=["peer"])
    assert [(each.row, each.field) for each in found.differences] == [("x, #2", "state")]


def test_an_answer_compared_with_itself_agrees_in_everything() -> None:
    for name in (
        "show_interface_brief.body.json",
        "show_bgp_all_summary.body.json",
        "show_inventory.body.json",
    ):
        rows = main_table(body(name))
        found = compare({"a": rows, "b": rows, "c": rows})
        assert found.differences == ()
        assert found.agreeing > 5


def test_nobody_and_nothing() -> None:
    assert compare({}).differences == ()
    assert compare({"a": [], "b": []}).differences == ()
    assert compare({"a": [NTP], "b": []}).differences[0].outliers == (Outlier(None, ("b",)),)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "kern_uptm_days",
            "uptime",
            "disp_age",
            "time-stamp",
            "time",
            "ttl",
            "hold_time",
            "rr_usecs",
            "rr_ctime",
        ),
        *(
            "eth_inbytes",
            "eth_outpkts",
            "eth_inrate1_bits",
            "vdc_lvl_in_pkts",
            "msgrecvd",
            "lastflap",
            "load_avg_1min",
        ),
        *(
            "cpu_state_idle",
            "memory_usage_used",
            "curtemp",
            "eth_clear_counters",
            "eth_link_flapped",
            "actual_out",
        ),
    ],
)
def test_what_always_changes(name: str) -> None:
    assert is_volatile(name)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "interface",
            "state",
            "vlan",
            "mtu",
            "nxos_ver_str",
            "host_name",
            "neighborid",
            "neighboras",
            "timezone",
        ),
        *(
            "eth_in_flowctrl",
            "vpc-role",
            "serialnum",
            "majthres",
            "ps_status",
            "prefixreceived",
            "eth_duplex",
        ),
    ],
)
def test_what_does_not(name: str) -> None:
    assert not is_volatile(name)
