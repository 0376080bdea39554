"""Where something is plugged in, from what the whole fabric says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from integrations.switches.find import Found, Part, Place, Sighting, find_host, find_ip, find_mac, find_serial
from tests.integrations.switches.fleet import DB, FAR, LONE, WEB, fabric

FLEET = fabric()
ON_THE_PAIR = Place(
    switches=("leaf01", "leaf02"),
    port="port-channel101",
    role="edge port-channel",
    mac=WEB,
    vlan="10",
    vpc=101,
    members=("leaf01 Ethernet1/1", "leaf02 Ethernet1/1"),
    neighbour="web-01",
)


def test_a_host_on_a_vpc_is_one_place_on_both_switches() -> None:
    found = find_mac(WEB, FLEET)
    assert found.places == (ON_THE_PAIR,)
    assert [(place.switches, place.port, place.role) for place in found.seen_on] == [
        (("leaf03",), "Ethernet1/49", "uplink"),
        (("spine01",), "Ethernet1/1", "uplink"),
    ]
    assert found.sightings == (
        Sighting("leaf01", "10.0.10.11", WEB, "Vlan10", "default"),
        Sighting("leaf02", "10.0.10.11", WEB, "Vlan10", "default"),
    )


def test_an_edge_port_wins_over_the_uplinks_and_the_peer_links_it_is_seen_on() -> None:
    found = find_mac("00:50:56:00:00:02", FLEET)
    assert found.places == (Place(("leaf03",), "Ethernet1/3", "edge", DB, "10"),)
    assert [(place.switches, place.port, place.role) for place in found.seen_on] == [
        (("leaf01",), "port-channel1", "uplink"),
        (("leaf02",), "port-channel1", "uplink"),
        (("spine01",), "Ethernet1/3", "uplink"),
    ]


def test_a_port_channel_of_one_switch() -> None:
    assert find_mac(LONE, FLEET).places == (
        Place(
            ("leaf03",),
            "port-channel7",
            "edge port-channel",
            LONE,
            "10",
            members=("leaf03 Ethernet1/7", "leaf03 Ethernet1/8"),
        ),
    )


def test_what_is_only_seen_over_a_tunnel_has_no_place_here() -> None:
    found = find_mac(FAR, FLEET)
    assert found.places == ()
    assert [(place.switches, place.port) for place in found.seen_on] == [
        (("leaf01",), "nve1(10.0.0.9)"),
        (("leaf02",), "nve1(10.0.0.9)"),
    ]


def test_an_address_is_found_by_who_resolved_it() -> None:
    found = find_ip(" 10.0.10.12 ", FLEET)
    assert found.places == (Place(("leaf03",), "Ethernet1/3", "edge", DB, "10"),)
    assert found.sightings == (Sighting("leaf03", "10.0.10.12", DB, "Vlan10", "default"),)


def test_an_address_nobody_resolved_is_found_by_its_neighbours() -> None:
    without_arp = tuple(replace(facts, arp=()) for facts in FLEET)
    found = find_ip("10.0.10.11", without_arp)
    assert [(place.switches, place.port) for place in found.places] == [
        (("leaf01", "leaf02"), "port-channel101")
    ]


@pytest.mark.parametrize("name", ["web-01", "WEB-01"])
def test_a_host_that_tells_its_name_by_lldp(name: str) -> None:
    (place,) = find_host(name, FLEET).places
    assert (place.switches, place.port, place.vpc) == (("leaf01", "leaf02"), "port-channel101", 101)


@pytest.mark.parametrize("name", ["esx-07", "esx-07.lab.example"])
def test_a_host_that_tells_its_name_by_cdp_with_its_domain_or_without(name: str) -> None:
    assert find_host(name, FLEET).places == (Place(("leaf03",), "Ethernet1/5", "edge", neighbour="esx-07"),)


def test_a_switch_is_found_as_a_host_at_every_cable_it_has() -> None:
    places = find_host("spine01", FLEET).places
    assert [(place.switches, place.port) for place in places] == [
        (("leaf01",), "Ethernet1/49"),
        (("leaf02",), "Ethernet1/49"),
        (("leaf03",), "Ethernet1/49"),
    ]


@pytest.mark.parametrize(
    ("serial", "parts"),
    [
        ("fdo0000spn1", (Part("spine01", "Chassis", "C9336C", "FDO0000SPN1"),)),
        ("LIT0000PSU1", (Part("spine01", "Power Supply 1", "NXA-PAC-500W", "LIT0000PSU1"),)),
        ("FDO-leaf01", (Part("leaf02", "Chassis", "", "FDO-leaf01"),)),
        ("nowhere", ()),
    ],
)
def test_a_serial_number(serial: str, parts: tuple[Part, ...]) -> None:
    assert find_serial(serial, FLEET).parts == parts


def test_what_is_nowhere() -> None:
    for found in (find_mac("0050.5600.ffff", FLEET), find_ip("192.0.2.99", FLEET), find_host("x", FLEET)):
        assert not found
        assert found == Found()


def test_what_cannot_be_looked_for() -> None:
    with pytest.raises(
        ValueError, match=r"'0050' is no MAC address such as 0050\.56ab\.cdef or 00:50:56:ab:cd:ef"
    ):
        find_mac("0050", FLEET)
    with pytest.raises(ValueError, match="does not appear to be an IPv4 or IPv6 address"):
        find_ip("10.0.0", FLEET)
