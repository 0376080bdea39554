"""What changes with time and by order: counters, flaps, moves, the clock; and what reset brings back."""

from typing import Any

import pytest

from tests.playground.switches.running_farm import RunningFarm
from tests.playground.switches.test_fabric import rows


def octets(farm: RunningFarm, name: str, port: str) -> int:
    """What came in on an interface."""
    found = rows(farm.show(name, "show interface counters"), "rx_counters")
    count = next(row["eth_inbytes"] for row in found if row["interface_rx"] == port and "eth_inbytes" in row)
    assert isinstance(count, int)
    return count


def test_counters_grow_with_time_at_a_rate_that_may_be_set(farm: RunningFarm) -> None:
    farm.control("traffic", rate=0)
    first = octets(farm, "leaf01", "Ethernet1/1")
    farm.control("clock", advance=100)
    assert octets(farm, "leaf01", "Ethernet1/1") == first
    farm.control("traffic", rate=10)
    farm.control("clock", advance=100)
    farm.control("traffic", rate=0)
    second = octets(farm, "leaf01", "Ethernet1/1")
    farm.control("traffic", rate=20)
    farm.control("clock", advance=100)
    farm.control("traffic", rate=0)
    third = octets(farm, "leaf01", "Ethernet1/1")
    assert first < second < third
    assert (third - second) / (second - first) == pytest.approx(2, rel=0.05)


def test_crc_errors_grow_where_they_are(farm: RunningFarm) -> None:
    bad = farm.control("anomalies")["crc"][0]

    def errors() -> dict[str, int]:
        found = rows(farm.show(bad["switch"], "show interface counters errors"), "interface")
        return {row["interface"]: row["eth_fcs_err"] for row in found if "eth_fcs_err" in row}

    before = errors()
    farm.control("clock", advance=1000)
    after = errors()
    assert {port for port in after if after[port] > before[port]} == {bad["interface"]}


def test_a_port_without_transceiver_counts_nothing(farm: RunningFarm) -> None:
    assert octets(farm, "leaf01", "Ethernet1/30") == 0


def test_uptime_and_clock_go_on(farm: RunningFarm) -> None:
    before = farm.show("leaf01", "show version")["kern_uptm_days"]
    clock = farm.show("leaf01", "show clock")["simple_time"]
    farm.control("clock", advance=3 * 86_400)
    assert farm.show("leaf01", "show version")["kern_uptm_days"] == before + 3
    assert farm.show("leaf01", "show clock")["simple_time"] != clock


def link(farm: RunningFarm, name: str, port: str) -> dict[str, Any]:
    """What `show interface` tells of one."""
    return rows(farm.show(name, f"show interface {port}"), "interface")[0]


def test_a_link_flaps_and_says_when(farm: RunningFarm) -> None:
    farm.control("flap", switch="leaf01", interface="Ethernet1/49", state="down")
    assert link(farm, "leaf01", "Ethernet1/49")["state_rsn_desc"] == "Link not connected"
    assert link(farm, "spine01", "Ethernet1/1")["state"] == "down"
    assert "Ethernet1/49 is down (Link failure)" in farm.text("leaf01", "show logging last 1")
    farm.control("flap", switch="leaf01", interface="Ethernet1/49", state="up")
    assert link(farm, "leaf01", "Ethernet1/49")["eth_link_flapped"].startswith("00:0")
    assert link(farm, "spine01", "Ethernet1/1")["state"] == "up"
    farm.control("flap", switch="leaf01", interface="Ethernet1/50", times=3)
    assert link(farm, "leaf01", "Ethernet1/50")["state"] == "up"


def test_a_host_moves_and_is_seen_at_its_new_port(farm: RunningFarm) -> None:
    host = next(host for host in farm.control("hosts") if host["channel"] is not None)
    farm.control("move", host=host["mac"], switch="leaf05", interface="Ethernet1/20")
    assert host["mac"] not in farm.text(host["places"][0]["switch"], "show mac address-table")
    row = rows(farm.show("leaf05", f"show mac address-table address {host['mac']}"), "mac_address")[0]
    assert row["disp_port"] == "Eth1/20"
    assert host["name"] in farm.text("leaf05", "show lldp neighbors")
    moved = next(each for each in farm.control("hosts") if each["name"] == host["name"])
    assert moved["places"] == [{"switch": "leaf05", "interface": "Ethernet1/20"}]


@pytest.mark.parametrize(
    ("path", "order", "error"),
    [
        (
            "move",
            {"host": "nobody", "switch": "leaf05", "interface": "Ethernet1/20"},
            "no host has the name or MAC",
        ),
        (
            "move",
            {"host": "app-00001", "switch": "leaf05", "interface": "Ethernet1/1"},
            "is no free host port",
        ),
        (
            "move",
            {"host": "app-00001", "switch": "spine01", "interface": "Ethernet1/40"},
            "is no free host port",
        ),
        ("flap", {"switch": "leaf01", "interface": "Ethernet1/77"}, "no interface is named Ethernet1/77"),
        ("flap", {"switch": "leaf77", "interface": "Ethernet1/1"}, "no switch is named leaf77"),
        ("power", {"switches": "leaf01", "power": "dim"}, "power: Input should be 'on' or 'off'"),
        ("traffic", {"rate": -1}, "rate: Input should be greater than or equal to 0"),
        ("options", {"release": "6.0"}, "release: Input should be '7.0(3)I4(6)'"),
        ("tls", {"switches": "leaf01", "mode": "ssl3"}, "mode: Input should be 'modern'"),
    ],
)
def test_a_bad_order_says_what_is_wrong(
    farm: RunningFarm, path: str, order: dict[str, Any], error: str
) -> None:
    answer = farm.ordered(path, "POST", order)
    assert answer.status_code == 400
    assert error in answer.json()["error"]


def test_reset_brings_back_the_beginning_behind_the_same_ports(farm: RunningFarm) -> None:
    urls = [farm.url(name) for name in farm.farm.doors]
    before = farm.text("leaf03", "show vlan brief")
    farm.configure("leaf03", "vlan 99")
    farm.control("power", switches="leaf04", power="off")
    farm.control("faults", kind="refused", switches="leaf05")
    farm.control("reset", "POST")
    assert [farm.url(name) for name in farm.farm.doors] == urls
    assert farm.text("leaf03", "show vlan brief") == before
    assert [farm.ask(name, "show clock").status_code for name in farm.farm.doors] == [200] * 8
