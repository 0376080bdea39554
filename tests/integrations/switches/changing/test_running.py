"""A running configuration: what it holds, what lines would change of it, when it is the same."""

from __future__ import annotations

import pytest

from integrations.switches.changing.lines import read
from integrations.switches.changing.running import as_diff, digest, edits, missing, read_running

CONFIG = """
!Command: show running-config
!Running configuration last done at: Sat Nov 28 15:02:24 2026
!Time: Sat Nov 28 15:03:00 2026

version 9.3(5)
hostname leaf01
feature bgp
ntp server 10.0.0.1 use-vrf management
snmp-server location old place
vlan 1,10,20
vlan 10
  name web

interface Ethernet1/1
  description old words
  switchport access vlan 10
  no shutdown

interface Ethernet1/2
  shutdown

router bgp 65001
  vrf red
    address-family ipv4 unicast
  neighbor 10.0.0.1
    remote-as 65002
"""


def diff(text: str) -> str:
    return as_diff(edits(read_running(CONFIG), read(text)))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ntp server 10.0.0.9", "+ ntp server 10.0.0.9"),
        ("ntp server 10.0.0.1 use-vrf management", ""),
        ("hostname leaf02", "- hostname leaf01\n+ hostname leaf02"),
        (
            "snmp-server location new place",
            "- snmp-server location old place\n+ snmp-server location new place",
        ),
        (
            "interface eth1/1\n  description new",
            "  interface Ethernet1/1\n-   description old words\n+   description new",
        ),
        ("interface Ethernet1/1\n  shutdown", "  interface Ethernet1/1\n-   no shutdown\n+   shutdown"),
        ("interface Ethernet1/2\n  no shutdown", "  interface Ethernet1/2\n-   shutdown"),
        ("interface Ethernet1/1\n  no shutdown", ""),
        ("interface loopback7\n  description x", "+ interface loopback7\n+   description x"),
        ("vlan 20\n  name db", "  vlan 20\n+   name db"),
        ("vlan 30-31", "+ vlan 30\n+ vlan 31"),
        ("no vlan 10", "  vlan 10\n-   name web\n- vlan 10"),
        ("no vlan 99", ""),
        ("no ntp server 10.0.0.1", "- ntp server 10.0.0.1 use-vrf management"),
        (
            "router bgp 65001\n  neighbor 10.0.0.1\n    remote-as 65009",
            "  router bgp 65001\n    neighbor 10.0.0.1\n-     remote-as 65002\n+     remote-as 65009",
        ),
        (
            "interface Ethernet1/1\n  switchport trunk allowed vlan add 30",
            "  interface Ethernet1/1\n+   switchport trunk allowed vlan add 30",
        ),
        ("vlan 40\nvlan 40", "+ vlan 40"),
    ],
)
def test_what_lines_would_change(text: str, shown: str) -> None:
    assert diff(text) == shown


@pytest.mark.parametrize(
    ("text", "lacking"),
    [
        ("feature bgp\nvlan 10\n  name web", []),
        ("feature ospf", ["feature ospf"]),
        ("interface Ethernet1/1-2\n  shutdown", ["shutdown"]),
        ("no feature bgp", ["no feature bgp"]),
        ("no feature ospf", []),
        ("interface Ethernet1/1\n  no shutdown", []),
        ("vlan 10\n  name db", ["name db"]),
        ("router bgp 65001\n  vrf red\n    address-family ipv4 unicast", []),
        (
            "router bgp 65001\n  vrf blue\n    address-family ipv4 unicast",
            ["vrf blue", "address-family ipv4 unicast"],
        ),
    ],
)
def test_which_lines_are_not_in_force(text: str, lacking: list[str]) -> None:
    assert [line.text for line in missing(read_running(CONFIG), read(text))] == lacking


def test_a_configuration_is_the_same_until_a_line_of_it_is_another() -> None:
    later = CONFIG.replace("15:03:00", "18:59:59").replace("15:02:24", "15:02:59")
    assert digest(later) == digest(CONFIG)
    assert digest(CONFIG.replace("old words", "other words")) != digest(CONFIG)
    assert digest(CONFIG.replace("  no shutdown\n", "no shutdown\n")) != digest(CONFIG)
