"""Typed values from the answers of every version, one row or many, numbers or texts, padded or not."""

from __future__ import annotations

from pathlib import Path

import pytest

from integrations.switches import shows
from integrations.switches.model import (
    ArpEntry,
    BgpPeer,
    Environment,
    Interface,
    InventoryItem,
    MacEntry,
    Module,
    Neighbour,
    Part,
    Resources,
    Temperature,
    Version,
    Vpc,
    VpcMember,
)
from tests.integrations.switches.recorded import FOLDER, body


def test_version_of_old_and_new_trains() -> None:
    assert shows.version(body("show_version.7.0.jsonrpc.json")) == Version(
        hostname="leaf-old",
        version="7.0(3)I4(6)",
        model="Nexus9000 C9396PX Chassis",
        serial="SAL1820SABC",
        uptime=867_723,
        reset_reason="Reset due to upgrade",
        image="bootflash:///nxos.7.0.3.I4.6.bin",
        bios="08.35",
        memory_kb=16_402_548,
    )
    assert shows.version(body("show_version.9.3.ins_api.json")) == Version(
        hostname="leaf01",
        version="9.3(5)",
        model="Nexus9000 C93180YC-FX Chassis",
        serial="FDO0000LAB1",
        uptime=3_605,
        reset_reason="Unknown",
        image="bootflash:///nxos.9.3.5.bin",
        bios="05.42",
        memory_kb=24_569_704,
    )


def test_interfaces_brief() -> None:
    assert shows.interfaces(body("show_interface_brief.body.json")) == (
        Interface("mgmt0", True, "up", speed="1000", mtu=1500, address="192.0.2.11"),
        Interface("Ethernet1/1", True, "up", vlan="10", mode="access", speed="10G(D)", type="eth"),
        Interface(
            "Ethernet1/2", False, "down", "BPDUGuard errDisable", mode="routed", speed="auto(D)", type="eth"
        ),
        Interface("port-channel101", True, "up", vlan="1", mode="trunk", speed="a-10G(D)", type="eth"),
        Interface("Vlan10", False, "down", "Administratively down", type="svi"),
    )


def test_one_interface_is_no_list_to_the_switch_and_one_to_us() -> None:
    assert shows.interfaces(body("show_interface_status.ins_api.json")) == (
        Interface(
            "Ethernet1/1",
            True,
            "connected",
            description="web-01",
            vlan="10",
            speed="a-10G",
            duplex="full",
            type="10Gbase-SR",
        ),
    )


def test_interfaces_in_full() -> None:
    assert shows.interfaces(body("show_interface.jsonrpc.json")) == (
        Interface(
            "Ethernet1/1",
            True,
            "up",
            description="to web-01",
            speed="10 Gb/s",
            duplex="full",
            mtu=9216,
            address="10.0.0.1/31",
            type="1000/10000 Ethernet",
            admin_up=True,
        ),
        Interface("Vlan10", True, "up", mtu=1500, address="10.0.10.1/24", admin_up=True),
    )


@pytest.mark.parametrize(
    ("interface", "disabled"),
    [
        (Interface("Ethernet1/1", False, "down", "BPDUGuard errDisable"), True),
        (Interface("Ethernet1/1", False, "errDisabled"), True),
        (Interface("Ethernet1/1", False, "err-disabled"), True),
        (Interface("Ethernet1/1", False, "down", "Link not connected"), False),
    ],
)
def test_err_disabled_however_it_is_written(interface: Interface, disabled: bool) -> None:
    assert interface.err_disabled is disabled


def test_counters_of_one_interface_are_put_together() -> None:
    mgmt, port = shows.counters(body("show_interface_counters_errors.jsonrpc.json"))
    assert (mgmt.interface, mgmt.values, mgmt.errors) == ("mgmt0", {}, {})
    assert port.interface == "Ethernet1/1"
    assert port.values["eth_fcs_err"] == 50_113
    assert port.values["eth_indisc"] == 7
    assert len(port.values) == 12
    assert port.errors == {"eth_fcs_err": 50_113, "eth_rcv_err": 50_113, "eth_indisc": 7}


def test_counters_of_both_directions_and_of_the_full_show() -> None:
    (both,) = shows.counters(body("show_interface_counters.body.json"))
    assert both.values == {
        "eth_inbytes": 1000,
        "eth_inucast": 10,
        "eth_inmcast": 5,
        "eth_inbcast": 1,
        "eth_outbytes": 2000,
        "eth_outucast": 20,
    }
    port, svi = shows.counters(body("show_interface.jsonrpc.json"))
    assert port.values == {
        "eth_inbytes": 12_345_678_901_234,
        "eth_outbytes": 998,
        "eth_crc": 3,
        "eth_inerr": 3,
        "eth_outdiscard": 0,
        "eth_inrate1_bits": 128,
    }
    assert svi.values == {"svi_ucast_bytes_in": 7}


def test_mac_table_of_many_and_of_one() -> None:
    many = shows.mac_table(body("show_mac_address_table.body.json"))
    assert many == (
        MacEntry("0050.56ab.0001", "10", "Ethernet1/1", "*"),
        MacEntry("0050.56ab.0002", "10", "port-channel101", "dynamic"),
        MacEntry("5087.89a1.0000", "", "sup-eth1(R)", "G"),
    )
    assert [each.own for each in many] == [False, False, True]
    assert shows.mac_table(body("show_mac_address_table.one.jsonrpc.json")) == (
        MacEntry("0050.56ab.0001", "1", "Ethernet1/3", "dynamic"),
    )


def test_arp_of_all_vrfs() -> None:
    assert shows.arp(body("show_ip_arp.ins_api.json")) == (
        ArpEntry("10.0.10.11", "0050.56ab.0001", "Vlan10", "default", 1101),
        ArpEntry("10.0.20.11", "0050.56ab.0002", "Vlan20", "blue", 9),
        ArpEntry("10.0.20.12", None, "Ethernet1/9", "blue", None),
    )


def test_neighbours_by_cdp() -> None:
    spine, host = shows.cdp(body("show_cdp_neighbors.jsonrpc.json"))
    assert spine == Neighbour(
        "cdp",
        "Ethernet1/49",
        "spine01.lab.example(FDO0000LAB9)",
        "Ethernet1/1",
        "N9K-C9336C-FX2",
        "",
        ("router", "switch", "Supports-STP-Dispute"),
    )
    assert (spine.name, spine.is_switch) == ("spine01", True)
    assert host == Neighbour("cdp", "Ethernet1/7", "esx-07", "vmnic2", "VMware ESX", "", ("host",))
    assert (host.name, host.is_switch) == ("esx-07", False)


def test_neighbours_by_lldp() -> None:
    assert shows.lldp(body("show_lldp_neighbors.native.body.json")) == (
        Neighbour("lldp", "Ethernet1/49", "spine01", "Ethernet1/1", "", "192.0.2.1", ("bridge", "router")),
        Neighbour("lldp", "Ethernet1/1", "0050.56ab.0001", "0050.56ab.0001"),
    )


def test_vpc() -> None:
    assert shows.vpc(body("show_vpc.body.json")) == Vpc(
        domain="12",
        role="primary",
        peer="peer-ok",
        keepalive="peer-alive",
        consistent=True,
        peer_links=("port-channel1",),
        members=(
            VpcMember(101, "port-channel101", True, True),
            VpcMember(102, "port-channel102", False, False, "vPC type-1 configuration incompatible"),
        ),
    )
    assert shows.vpc({"vpc-domain-id": "Not configured"}) is None


def test_environment_of_both_series() -> None:
    assert shows.environment(body("show_environment.9000.jsonrpc.json")) == Environment(
        temperatures=(
            Temperature("FRONT", "1", 37, 70, 80, True, "Ok"),
            Temperature("CPU", "1", 84, 80, 90, True, "Ok"),
        ),
        fans=(
            Part("Fan1(sys_fan1)", "NXA-FAN-30CFM-F", True, "Ok"),
            Part("Fan2(sys_fan2)", "NXA-FAN-30CFM-F", False, "Absent"),
        ),
        supplies=(Part("1", "NXA-PAC-500W-PE", True, "Ok"), Part("2", "NXA-PAC-500W-PE", False, "Fail/Shut")),
    )
    assert shows.environment(body("show_environment.3000.body.json")) == Environment(
        temperatures=(Temperature("ASIC", "1", 55, 100, 110, True, "Ok"),),
        fans=(Part("Fan1(sys_fan1)", "NXA-FAN-30CFM", True, "Ok"),),
        supplies=(Part("1", "NXA-PAC-500W", True, "ok"),),
    )


def test_resources() -> None:
    found = shows.resources(body("show_system_resources.jsonrpc.json"))
    assert found == Resources(91.37, 16_401_224, 8_200_612, 0.15, 0.34, 0.47, "OK")
    assert (found.cpu_percent, found.memory_percent) == (8.63, 50.0)


def test_bgp_of_all_vrfs_and_families() -> None:
    assert shows.bgp(body("show_bgp_all_summary.body.json")) == (
        BgpPeer("default", "10.0.0.11", "65000", "Established", "IPv4 Unicast", 3_888_000, 13),
        BgpPeer("default", "10.0.0.12", "65000", "Idle", "IPv4 Unicast", 754, None),
        BgpPeer("default", "10.0.0.11", "65000", "Established", "L2VPN EVPN", 527_611, 4),
    )
    assert shows.bgp(body("show_bgp_sessions.ins_api.json")) == (
        BgpPeer("default", "10.0.0.11", "65000", "Established", "", 9, None),
    )


def test_inventory_and_modules() -> None:
    assert shows.inventory(body("show_inventory.body.json")) == (
        InventoryItem("Chassis", "Nexus9000 C93180YC-FX Chassis", "N9K-C93180YC-FX", "FDO0000LAB1"),
        InventoryItem("Power Supply 1", "Nexus9000 Power Supply", "NXA-PAC-500W-PE", "LIT0000LAB1"),
        InventoryItem("Fan 1", "Fan Module", "NXA-FAN-30CFM-F", ""),
    )
    modules = shows.modules(body("show_module.ins_api.json"))
    assert modules == (
        Module("1", 54, "48x10/25G + 6x40/100G Ethernet Module", "N9K-C93180YC-FX", "active", "FDO0000LAB1"),
        Module("2", 0, "Fabric Module", "N9K-C9508-FM", "powered-dn", ""),
    )
    assert [each.ok for each in modules] == [True, False]


@pytest.mark.parametrize(
    ("command", "reader"),
    [
        ("show version", shows.version),
        ("show  Version | json", shows.version),
        ("show interface Eth1/1", shows.interfaces),
        ("show interface counters errors", shows.counters),
        ("show ip arp vrf all", shows.arp),
        ("show bgp sessions vrf all", shows.bgp),
    ],
)
def test_a_command_finds_its_reader(command: str, reader: object) -> None:
    name = {
        "version": "show_version.9.3.ins_api.json",
        "interfaces": "show_interface.jsonrpc.json",
        "counters": "show_interface_counters_errors.jsonrpc.json",
        "arp": "show_ip_arp.ins_api.json",
        "bgp": "show_bgp_sessions.ins_api.json",
    }[reader.__name__]  # type: ignore[attr-defined]
    assert shows.typed(command, body(name)) == reader(body(name))  # type: ignore[operator]


def test_a_command_without_a_reader_has_no_typed_value() -> None:
    assert shows.typed("show clock", {"simple_time": "10:00"}) is None
    assert shows.typed("show versionx", {}) is None


@pytest.mark.parametrize("reader", dict.fromkeys(shows.READERS.values()), ids=lambda reader: reader.__name__)
@pytest.mark.parametrize("given", [None, "", "Note: no such thing", {}, [], {"TABLE_interface": None}, 7])
def test_what_says_nothing_gives_nothing(reader: object, given: object) -> None:
    assert callable(reader)
    assert reader(given) in (None, (), Environment())


@pytest.mark.parametrize("path", sorted(FOLDER.iterdir()), ids=lambda path: path.name)
def test_every_answer_can_be_given_to_every_reader(path: Path) -> None:
    found = body(path.name)
    for reader in shows.READERS.values():
        reader(found)
