"""`switch find`: the port to go to, from a host's address, name or serial number."""

from __future__ import annotations

import pytest

from tests.integrations.switches.farm import Farm, FleetTalk

AT_THE_PAIR = (
    "`leaf01` and `leaf02` **port-channel101** (vPC 101; of leaf01 Ethernet1/1, leaf02 Ethernet1/1; VLAN 20; "
    "there says it is app-00001"
)
RESOLVED = "- ARP: `10.1.20.10` is `0050.5600.ae3a` on Vlan20 (VRF default), say `leaf01` and `leaf02`."
ON_THE_WAY = "On the way there: spine01 Ethernet1/2, spine02 Ethernet1/1."


def test_a_mac_address_on_a_vpc_is_one_place_on_two_switches(talk: FleetTalk) -> None:
    assert talk.say("switch find mac 0050.5600.ae3a") == (
        f"📍 `0050.5600.ae3a` is at {AT_THE_PAIR}).\n\n{RESOLVED}\n\n{ON_THE_WAY}"
    )


def test_an_ip_address(talk: FleetTalk) -> None:
    assert talk.say("switch find ip 10.1.20.10") == (
        f"📍 `10.1.20.10` is at {AT_THE_PAIR}; as `0050.5600.ae3a`).\n\n{RESOLVED}\n\n{ON_THE_WAY}"
    )


def test_a_host_that_tells_its_name(talk: FleetTalk) -> None:
    assert talk.say("switch find host app-00001") == (
        "📍 `app-00001` is at `leaf01` and `leaf02` **port-channel101** (vPC 101; of leaf01 Ethernet1/1, "
        "leaf02 Ethernet1/1; there says it is app-00001)."
    )


def test_a_serial_number(talk: FleetTalk) -> None:
    assert talk.say("switch find serial fdo256545t7") == (
        "📍 `fdo256545t7` is **Chassis** (Nexus9000 C93180YC-FX Chassis) of `leaf01`."
    )


def test_every_host_of_the_farm_is_found_where_it_is(talk: FleetTalk, farm: Farm) -> None:
    for host in farm.control("hosts", "GET")[::9]:
        said = talk.say(f"switch find mac {host['mac']}").splitlines()[0]
        for place in host["places"]:
            assert f"`{place['switch']}`" in said, said
            assert place["interface"] in said, said


def test_a_host_that_moved_is_found_at_its_new_port(talk: FleetTalk, farm: Farm) -> None:
    host = next(each for each in farm.control("hosts", "GET") if each["channel"] is None)
    farm.control("move", host=host["name"], switch="leaf06", interface="Ethernet1/40")
    said = talk.say(f"switch find mac {host['mac']}")
    assert said.startswith(f"📍 `{host['mac']}` is at `leaf06` **Ethernet1/40** (VLAN {host['vlan']}; ")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (
            "switch find mac 0050.5600.0000",
            "None of 8 switches knows `0050.5600.0000`. An address that is silent is forgotten after some minutes: "
            "have it send something, and ask again.",
        ),
        (
            "switch find ip 10.9.9.9 @leaf",
            "None of 6 switches knows `10.9.9.9`. Only what was resolved lately is known: ping it from its network, "
            "and ask again.",
        ),
        (
            "switch find host nobody",
            "None of 8 switches knows `nobody`. Only who tells a name by LLDP or CDP is found by it; try "
            "`switch find ip`.",
        ),
        (
            "switch find serial nothing",
            "None of 8 switches knows `nothing`. Looked at were chassis, modules, power supplies, fans and what else "
            "`show inventory` tells.",
        ),
        (
            "switch find mac 00:50:56",
            "⚠️ '00:50:56' is no MAC address such as 0050.56ab.cdef or 00:50:56:ab:cd:ef.",
        ),
        ("switch find ip 10.1.300.1", "⚠️ '10.1.300.1' does not appear to be an IPv4 or IPv6 address."),
    ],
)
def test_what_nobody_knows_and_what_is_no_address(talk: FleetTalk, line: str, says: str) -> None:
    assert talk.say(line) == says


def test_who_did_not_answer_may_know_it_and_is_told(talk: FleetTalk, farm: Farm) -> None:
    farm.fault("refused", "leaf02")
    said = talk.say("switch find mac 0050.5600.ae3a")
    assert said.startswith(
        "📍 `0050.5600.ae3a` is at `leaf01` **port-channel101** (vPC 101; of leaf01 Ethernet1/1; "
    )
    assert said.endswith("`retry 1` asks it again, as does `switch find mac 0050.5600.ae3a leaf02`.")


def test_what_is_sought_is_asked_for_by_a_form(talk: FleetTalk) -> None:
    card = talk.outcome("switch find").replies[0].card
    assert card is not None
    inputs = [each for each in card["body"] if each["type"].startswith("Input.")]
    assert [each["value"] for each in inputs[0]["choices"]] == ["mac", "ip", "host", "serial"]
    assert len(inputs) == 2
