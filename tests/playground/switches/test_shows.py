"""Every show in every form, and the text of some, whole."""

import re

import pytest

from playground.switches.catalogue import SHOWS
from playground.switches.fabric import RELEASES
from playground.switches.showing import Shows
from playground.switches.world import World
from tests.playground.switches.running_farm import RunningFarm

REST = {"show logging last": " 5", "show diff rollback-patch": " running-config startup-config"}
COMMANDS = [show.words + REST.get(show.words, "") for show in SHOWS]


@pytest.mark.parametrize("release", RELEASES)
def test_every_show_answers_in_every_form_on_every_release_and_role(release: str) -> None:
    world = World(5)
    for name in ("spine01", "leaf01", "leaf03"):
        shows = Shows(world.switches[name])
        world.switches[name].release = release
        for command in COMMANDS:
            text = shows.run(command, "text")
            assert text.code == "200" and isinstance(text.body, str) and text.body, (name, command)
            assert shows.run(command, "native").code in ("200", "501")
            structured = shows.run(command, "structured")
            assert structured.code in ("200", "501")
            assert structured.json and structured.xml


def test_an_answer_is_kept_until_something_changes() -> None:
    world = World(4)
    switch = world.switches["leaf01"]
    shows = Shows(switch)
    kept = shows.run("show vlan", "structured")
    assert shows.run("show vlan", "structured") is kept
    switch.running = switch.running.with_line("vlan 77")
    assert shows.run("show vlan", "structured") is not kept
    assert b'"77"' in shows.run("show vlan", "structured").json


def test_common_answers_are_as_large_as_real_ones(farm: RunningFarm) -> None:
    commands = (
        "show version",
        "show interface brief",
        "show interface status",
        "show mac address-table",
        "show ip arp",
        "show ip route",
        "show vpc",
        "show environment",
        "show lldp neighbors",
        "show interface transceiver",
    )
    sizes = [len(farm.ask("leaf01", command).content) for command in commands]
    assert min(sizes) > 1_200 and max(sizes) < 19_000
    assert 4_000 < sum(sizes) / len(sizes) < 7_000


def test_the_text_of_show_vlan_brief(farm: RunningFarm) -> None:
    lines = farm.text("spine01", "show vlan brief | include ^[0-9V-]").splitlines()
    assert [line[:56] for line in lines[:4]] == [
        "VLAN Name                             Status    Ports",
        "---- -------------------------------- --------- --------",
        "1    default                          active    Eth1/1, ",
        "10   web                              active    Eth1/1, ",
    ]


def test_the_text_of_show_lldp_neighbors(farm: RunningFarm) -> None:
    assert farm.text("spine01", "show lldp neighbors") == (
        "Capability codes:\n"
        "  (R) Router, (B) Bridge, (T) Telephone, (C) DOCSIS Cable Device\n"
        "  (W) WLAN Access Point, (P) Repeater, (S) Station, (O) Other\n"
        "Device ID            Local Intf     Hold-time  Capability Port ID\n"
        "leaf01               Eth1/1         120        BR         Ethernet1/49\n"
        "leaf02               Eth1/2         120        BR         Ethernet1/49\n"
        "leaf03               Eth1/3         120        BR         Ethernet1/49\n"
        "leaf04               Eth1/4         120        BR         Ethernet1/49\n"
        "leaf05               Eth1/5         120        BR         Ethernet1/49\n"
        "leaf06               Eth1/6         120        BR         Ethernet1/49\n"
        "Total entries displayed: 6\n"
    )


def test_the_text_of_show_ip_bgp_summary(farm: RunningFarm) -> None:
    text = farm.text("leaf01", "show ip bgp summary vrf all")
    assert re.sub(r"\b1[89]\d{4}\b", "NNNNNN", text) == (
        "BGP summary information for VRF default, address family IPv4 Unicast\n"
        "BGP router identifier 10.253.0.3, local AS number 65001\n"
        "BGP table version is 582, IPv4 Unicast config peers 2, capable peers 2\n"
        "73 network entries and 152 paths using 17424 bytes of memory\n"
        "\n"
        "Neighbor        V AS         MsgRcvd   MsgSent   TblVer   InQ  OutQ Up/Down  State/PfxRcd\n"
        "10.1.250.1      4 65000      NNNNNN    NNNNNN    582      0    0    5w3d     13\n"
        "10.1.250.2      4 65000      NNNNNN    NNNNNN    582      0    0    5w3d     13\n"
    )


def test_the_text_of_show_port_channel_summary(farm: RunningFarm) -> None:
    lines = farm.text("leaf01", "show port-channel summary").splitlines()
    assert lines[-10] == "101   Po101(SU)     Eth      LACP      Eth1/1(P)"
    farm.configure("leaf01", "interface Ethernet1/1", "shutdown")
    lines = farm.text("leaf01", "show port-channel summary").splitlines()
    assert lines[-10] == "101   Po101(SD)     Eth      LACP      Eth1/1(D)"


def test_an_interface_that_does_not_exist_is_refused(farm: RunningFarm) -> None:
    output = farm.outputs("leaf01", "show interface Ethernet1/99")
    assert (output["code"], output["clierror"]) == (
        "400",
        "Invalid range or interface that does not exist at '^' marker.\n",
    )


def test_the_text_of_show_interface_brief_has_a_table_for_each_kind(farm: RunningFarm) -> None:
    wanted = "^(-|Port|Eth1/1 |Ethernet|Interface|Po1 |Vlan10 |Lo|mgmt)"
    text = farm.text("leaf01", f'show interface brief | include "{wanted}"')
    assert [line.rstrip() for line in text.splitlines() if not line.startswith("---")] == [
        "Port   VRF          Status IP Address                              Speed    MTU",
        "mgmt0  --           up     10.255.0.3                              1000     1500",
        "Ethernet      VLAN    Type Mode   Status  Reason                     Speed    Port",
        "Interface                                                                     Ch #",
        "Eth1/1        20      eth  access up      none                       10G      101",
        "Port-channel  VLAN    Type Mode   Status  Reason                     Speed    Protocol",
        "Interface",
        "Po1           1       eth  trunk  up      none                       a-200G   lacp",
        "Interface     Secondary VLAN(Type)     Status Reason",
        "Vlan10        --                       up     none",
        "Interface     Status     Description",
        "Lo0           up         --",
    ]
