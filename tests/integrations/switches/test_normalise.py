"""One shape for what NX-OS answers in many."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.switches.normalise import (
    decimal,
    find_rows,
    interface,
    mac,
    main_table,
    number,
    scalar,
    seconds,
    table,
    tables,
    text,
)
from tests.integrations.switches.recorded import body

ROW = {"interface": "Ethernet1/1", "state": "up"}


@pytest.mark.parametrize(
    "given",
    [
        {"TABLE_x": {"ROW_x": ROW}},
        {"TABLE_x": {"ROW_x": [ROW]}},
        {"TABLE_x": [{"ROW_x": ROW}]},
        {"TABLE_x": [{"ROW_x": [ROW]}, {}]},
    ],
)
def test_one_row_in_whatever_form_is_a_list_of_one(given: dict[str, Any]) -> None:
    assert table(given, "x") == [ROW]


@pytest.mark.parametrize(
    "given", [None, "", "Note: …", [], {}, {"TABLE_x": None}, {"TABLE_x": {"ROW_x": ""}}, 3]
)
def test_nothing_in_whatever_form_is_an_empty_list(given: Any) -> None:
    assert table(given, "x") == []
    assert find_rows(given, "x") == []


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("80  ", 80),
        ("24569704", 24_569_704),
        (24_569_704, 24_569_704),
        ("-5", -5),
        ("0", 0),
        ("08.32", "08.32"),
        ("010", "010"),
        ("1e5", "1e5"),
        ("86.73", "86.73"),
        ("9.3(5)", "9.3(5)"),
        ("  Ok ", "Ok"),
        ("", None),
        ("   ", None),
        ({}, None),
        (None, None),
        (["router", " switch"], "router,switch"),
        ([], None),
        (True, True),
        (1.5, 1.5),
        ("9" * 30, "9" * 30),
    ],
)
def test_a_value_is_a_number_where_it_is_one_and_has_no_padding(written: Any, value: Any) -> None:
    found = scalar(written)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("written", "length"),
    [
        ("PT9S", 9),
        ("PT18M21S", 1_101),
        ("P6DT2H33M31S", 527_611),
        ("P1Y2M", 36_720_000),
        ("PT0.5S", 0),
        ("6w3d", 3_888_000),
        ("2d03h", 183_600),
        ("1y5w", 34_560_000),
        ("00:12:34", 754),
        ("2d 01:00:00", 176_400),
        ("26week(s) 6day(s)", 16_243_200),
        ("38 day(s), 6 hour(s), 57 minute(s), 22 second(s)", 3_308_242),
        (42, 42),
        ("never", None),
        ("-", None),
        ("", None),
        ("P", None),
        ("10.0.0.1", None),
        (None, None),
    ],
)
def test_a_length_of_time_is_seconds(written: Any, length: int | None) -> None:
    assert seconds(written) == length


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("0050.56ab.cdef", "0050.56ab.cdef"),
        ("00:50:56:AB:CD:EF", "0050.56ab.cdef"),
        ("00-50-56-ab-cd-ef", "0050.56ab.cdef"),
        ("005056abcdef", "0050.56ab.cdef"),
        ("INCOMPLETE", None),
        ("0050.56ab", None),
        ("", None),
        (None, None),
    ],
)
def test_a_mac_address_however_it_is_written(written: Any, value: str | None) -> None:
    assert mac(written) == value


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Eth1/1", "Ethernet1/1"),
        ("ethernet 1/1/2", "Ethernet1/1/2"),
        ("Ethernet1/1.100", "Ethernet1/1.100"),
        ("Po3", "port-channel3"),
        ("port-channel3", "port-channel3"),
        ("Vl10", "Vlan10"),
        ("Lo0", "loopback0"),
        ("mgmt0", "mgmt0"),
        ("nve1", "nve1"),
        ("sup-eth1(R)", "sup-eth1(R)"),
        ("nve1(10.0.0.1)", "nve1(10.0.0.1)"),
        ("vPC Peer-Link", "vPC Peer-Link"),
        ("", ""),
        (None, ""),
    ],
)
def test_an_interface_has_its_full_name(written: Any, name: str) -> None:
    assert interface(written) == name


@pytest.mark.parametrize(
    ("written", "whole", "fraction"),
    [
        ("  119 W", 119, 119.0),
        ("86.73", 86, 86.73),
        (5, 5, 5.0),
        ("N/A", None, None),
        (None, None, None),
        (True, None, None),
    ],
)
def test_numbers_out_of_texts(written: Any, whole: int | None, fraction: float | None) -> None:
    assert (number(written), decimal(written)) == (whole, fraction)


def test_tables_are_flat_rows_that_know_what_they_stand_in() -> None:
    assert tables(body("show_ip_route.ins_api.json")) == {
        "vrf/addrf/prefix/path": [
            {
                "vrf-name-out": "default",
                "addrf": "ipv4",
                "ipprefix": prefix,
                "ucast-nhops": hops,
                "attached": "false",
                "ipnexthop": hop,
                "ifname": port,
                "uptime": uptime,
                "pref": 110,
            }
            for prefix, hops, hop, port, uptime in (
                ("10.0.0.0/24", 1, "10.1.0.1", "Eth1/49", "P7DT12H2M5S"),
                ("10.0.1.0/24", 2, "10.1.0.1", "Eth1/49", "PT9S"),
                ("10.0.1.0/24", 2, "10.1.0.3", "Eth1/50", "PT9S"),
            )
        ]
    }


def test_a_table_may_itself_be_a_list() -> None:
    assert main_table(body("show_ip_interface.jsonrpc.json")) == [
        {"intf-name": "Vlan500", "prefix": "10.5.5.5", "masklen": 24, "link-state": "up"},
        {"intf-name": "lo0", "prefix": "10.255.0.1", "masklen": 32, "link-state": "up"},
    ]


def test_values_outside_of_tables_are_one_row() -> None:
    (row,) = main_table(body("show_version.9.3.ins_api.json"))
    assert (row["host_name"], row["memory"], row["kern_uptm_secs"]) == ("leaf01", 24_569_704, 5)


def test_groups_of_values_hand_nothing_to_rows() -> None:
    found = tables(body("show_environment.9000.jsonrpc.json"))
    assert {name: len(rows) for name, rows in found.items()} == {
        "tempinfo": 2,
        "fandetails/faninfo": 2,
        "fandetails/fan_zone_speed": 1,
        "fandetails": 1,
        "powersup/psinfo": 2,
        "powersup/power_summary": 1,
        "powersup": 1,
    }
    assert found["fandetails/faninfo"][1] == {
        "fanname": "Fan2(sys_fan2)",
        "fanmodel": "NXA-FAN-30CFM-F",
        "fanhwver": "--",
        "fandir": "front-to-back",
        "fanstatus": "Absent",
    }


def test_halves_of_a_row_are_put_together_by_interface() -> None:
    found = main_table(body("show_interface_counters_errors.jsonrpc.json"))
    assert [row["interface"] for row in found] == ["mgmt0", "Ethernet1/1"]
    assert found[1]["eth_fcs_err"] == 50_113
    assert found[1]["eth_indisc"] == 7


def test_several_neighbours_of_one_port_stay_several() -> None:
    rows = [{"interface": "Ethernet1/1", "peer": "a"}, {"interface": "Ethernet1/1", "peer": "b"}]
    assert main_table({"TABLE_n": {"ROW_n": rows}}) == rows


def test_text_has_no_table() -> None:
    assert main_table(body("show_vpc_orphan_ports.ins_api.json")) == []


_leaf = st.one_of(st.none(), st.text(max_size=8), st.integers(), st.booleans(), st.just({}))
_answers = st.recursive(
    _leaf,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["TABLE_a", "ROW_a", "TABLE_b", "ROW_b", "interface", "x"]), inner, max_size=4
        ),
    ),
    max_leaves=25,
)


@given(_answers)
def test_no_answer_whatever_its_shape_breaks_it(given: Any) -> None:
    for name, rows in tables(given).items():
        assert isinstance(name, str)
        assert all(isinstance(value, str | int | float) for row in rows for value in row.values())
    assert isinstance(text(given), str)


@given(
    st.lists(st.fixed_dictionaries({"k": st.integers(), "v": st.text(max_size=5)}), min_size=1, max_size=5)
)
def test_native_and_not_native_are_the_same(rows: list[dict[str, Any]]) -> None:
    as_xml = {"TABLE_a": {"ROW_a": rows[0] if len(rows) == 1 else rows}}
    as_texts = {"TABLE_a": {"ROW_a": [{"k": f"{row['k']} ", "v": row["v"]} for row in rows]}}
    native = {"TABLE_a": {"ROW_a": rows}}
    assert tables(as_xml) == tables(native)
    if all(abs(row["k"]) < 10**17 for row in rows):
        assert tables(as_texts) == tables(native)
