"""The fabric is one: what one switch tells agrees with what the others tell, and with the truth of the control API."""

from collections.abc import Iterator
from typing import Any

import pytest

from playground.switches.fabric import LEAST, MOST, OLDEST, RELEASES, Attachments, build_fabric
from playground.switches.world import World
from tests.playground.switches.running_farm import RunningFarm

LEAFS = [f"leaf0{number}" for number in range(1, 7)]
SPINES = ["spine01", "spine02"]


def rows(body: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """The rows of a table of a native body."""
    found = body.get(f"TABLE_{name}", {}).get(f"ROW_{name}", [])
    assert isinstance(found, list)
    return found


def long(port: str) -> str:
    """The full name of an interface."""
    return port.replace("Eth", "Ethernet").replace("Po", "port-channel")


@pytest.mark.parametrize("count", [LEAST, 5, 8, 50, 51, 52, 99, 1000, MOST])
def test_a_fabric_of_any_size_hangs_together(count: int) -> None:
    fabric = build_fabric(count)
    assert len(fabric.chassis) == count
    assert [each.number for each in fabric.chassis.values()] == list(range(count))
    spines = [each for each in fabric.chassis.values() if each.role == "spine"]
    assert len(spines) == max(2, 2 * -(-count // 50))
    ends = [(end.switch, end.interface) for link in fabric.links for end in (link.a, link.b)]
    assert len(ends) == len(set(ends)), "a port has one cable"
    for each in fabric.chassis.values():
        for interface, far in fabric.neighbours(each.name).items():
            assert fabric.neighbours(far.switch)[far.interface].interface == interface
        if each.peer is not None:
            assert fabric.chassis[each.peer].peer == each.name
            assert fabric.chassis[each.peer].pod == each.pod
    for what in ("name", "serial", "management_ip", "loopback_ip", "system_mac"):
        assert len({getattr(each, what) for each in fabric.chassis.values()}) == count


@pytest.mark.parametrize("count", [3, MOST + 1])
def test_a_fabric_has_bounds(count: int) -> None:
    with pytest.raises(ValueError, match=rf"a fabric of {count} switches: it has 4 to 5000"):
        build_fabric(count)


def test_hosts_have_names_addresses_and_ports_of_their_own() -> None:
    hosts = Attachments(build_fabric(1000)).hosts.values()
    assert len(hosts) > 8000
    assert len({host.mac for host in hosts}) == len({host.ip for host in hosts}) == len(hosts)
    places = [place for host in hosts for place in host.places]
    assert len(places) == len(set(places))


def test_the_seed_alone_decides() -> None:
    assert build_fabric(8, seed=3).chassis == build_fabric(8, seed=3).chassis
    assert build_fabric(8, seed=3).chassis != build_fabric(8, seed=4).chassis
    macs = [
        sorted(host.mac for host in Attachments(build_fabric(8, seed)).hosts.values()) for seed in (3, 3, 4)
    ]
    assert macs[0] == macs[1] != macs[2]


@pytest.mark.parametrize("protocol", ["cdp", "lldp"])
def test_neighbours_tell_of_each_other(farm: RunningFarm, protocol: str) -> None:
    told = {cable for name in [*SPINES, *LEAFS] for cable in _cables(farm, name, protocol)}
    assert told == {(far, far_port, name, port) for name, port, far, far_port in told}
    cables = {
        (link[one]["switch"], link[one]["interface"], link[other]["switch"], link[other]["interface"])
        for link in farm.control("links")
        for one, other in (("a", "b"), ("b", "a"))
    }
    assert told == cables


def _cables(farm: RunningFarm, name: str, protocol: str) -> Iterator[tuple[str, str, str, str]]:
    body = farm.show(name, f"show {protocol} neighbors")
    if protocol == "cdp":
        assert body["neigh_count"] == len(rows(body, "cdp_neighbor_brief_info"))
        for row in rows(body, "cdp_neighbor_brief_info"):
            yield name, row["intf_id"], row["device_id"].partition("(")[0], row["port_id"]
    else:
        for row in rows(body, "nbor"):
            if row["enabled_capability"] == "BR":
                yield name, long(row["l_port_id"]), row["chassis_id"], row["port_id"]


def test_hosts_are_told_by_lldp_where_they_hang(farm: RunningFarm) -> None:
    told = {
        (row["chassis_id"], name, long(row["l_port_id"]))
        for name in LEAFS
        for row in rows(farm.show(name, "show lldp neighbors"), "nbor")
        if row["enabled_capability"] == "S"
    }
    broken = farm.control("anomalies")["err_disabled"]
    assert told == {
        (host["name"], place["switch"], place["interface"])
        for host in farm.control("hosts")
        for place in host["places"]
        if place != broken
    }


def test_a_mac_is_at_an_edge_port_at_its_leaf_behind_the_peer_link_at_the_twin_and_a_downlink_at_spines(
    farm: RunningFarm,
) -> None:
    tables = {name: _macs(farm, name) for name in [*SPINES, *LEAFS]}
    peers = {switch["name"]: switch["peer"] for switch in farm.control("switches")}
    broken = farm.control("anomalies")["err_disabled"]
    for host in farm.control("hosts"):
        seen = {name: table[host["mac"]] for name, table in tables.items() if host["mac"] in table}
        if broken in host["places"]:
            assert seen == {}
            continue
        leafs = [place["switch"] for place in host["places"]]
        spines = {name: seen.pop(name) for name in SPINES}
        for name, (port, vlan) in spines.items():
            assert farm.farm.world.fabric.neighbours(name)[long(port)].switch in leafs
            assert vlan == str(host["vlan"])
        if host["channel"] is not None:
            assert seen == {leaf: (f"Po{host['channel']}", str(host["vlan"])) for leaf in leafs}
        else:
            place = host["places"][0]
            assert seen == {
                place["switch"]: (place["interface"].replace("Ethernet", "Eth"), str(host["vlan"])),
                peers[place["switch"]]: ("Po1", str(host["vlan"])),
            }


def _macs(farm: RunningFarm, name: str) -> dict[str, tuple[str, str]]:
    found = rows(farm.show(name, "show mac address-table"), "mac_address")
    return {row["disp_mac_addr"]: (row["disp_port"], row["disp_vlan"]) for row in found}


def test_the_mac_table_may_be_asked_for_an_address_a_vlan_or_an_interface(farm: RunningFarm) -> None:
    host = next(host for host in farm.control("hosts") if host["channel"] is None)
    leaf, interface = host["places"][0]["switch"], host["places"][0]["interface"]
    by_address = rows(farm.show(leaf, f"show mac address-table address {host['mac']}"), "mac_address")
    by_interface = rows(farm.show(leaf, f"show mac address-table interface {interface}"), "mac_address")
    assert by_address == by_interface != []
    by_vlan = rows(farm.show(leaf, f"show mac address-table vlan {host['vlan']}"), "mac_address")
    assert by_address[0] in by_vlan and {row["disp_vlan"] for row in by_vlan} == {str(host["vlan"])}
    assert farm.show(leaf, "show mac address-table address 0000.0000.0001").keys() == {"header"}


def test_arp_joins_addresses_to_macs(farm: RunningFarm) -> None:
    hosts = {host["ip"]: host["mac"] for host in farm.control("hosts")}
    for name in LEAFS:
        vrf = rows(farm.show(name, "show ip arp"), "vrf")[0]
        found = {row["ip-addr-out"]: row["mac"] for row in rows(vrf, "adj")}
        assert vrf["cnt-total"] == len(found)
        on_vlans = {ip: mac for ip, mac in found.items() if ip in hosts}
        assert on_vlans and all(hosts[ip] == mac for ip, mac in on_vlans.items())
        assert set(on_vlans.values()) <= _macs(farm, name).keys()


def test_pairs_agree_on_their_vpcs(farm: RunningFarm) -> None:
    for first, second in (("leaf01", "leaf02"), ("leaf03", "leaf04"), ("leaf05", "leaf06")):
        one, other = farm.show(first, "show vpc"), farm.show(second, "show vpc")
        assert one["vpc-domain-id"] == other["vpc-domain-id"]
        assert {one["vpc-role"], other["vpc-role"]} == {"primary", "secondary"}
        assert rows(one, "vpc") == rows(other, "vpc")
        assert one["num-of-vpcs"] == str(len(rows(one, "vpc")))
        mine, twin = farm.show(first, "show vpc role"), farm.show(second, "show vpc role")
        assert mine["vpc-local-system-mac"] == twin["vpc-peer-system-mac"]
        assert mine["vpc-system-mac"] == twin["vpc-system-mac"]
    assert farm.show("spine01", "show vpc") == "Note: vPC is not configured on this switch\n"


def test_bgp_neighbours_agree(farm: RunningFarm) -> None:
    states: dict[frozenset[str], set[str]] = {}
    names = {
        switch["name"]: farm.farm.world.fabric.chassis[switch["name"]] for switch in farm.control("switches")
    }
    by_address = {chassis.transit_ip: name for name, chassis in names.items()}
    for name in names:
        for command in ("show ip bgp summary vrf all", "show bgp all summary vrf all"):
            vrf = rows(farm.show(name, command), "vrf")[0]
            unicast = rows(rows(vrf, "af")[0], "saf")[0]
            assert vrf["vrf-local-as"] == str(names[name].asn)
            for row in rows(unicast, "neighbor"):
                far = by_address[row["neighborid"]]
                assert row["neighboras"] == str(names[far].asn)
                states.setdefault(frozenset((name, far)), set()).add(row["state"])
    idle = frozenset(farm.control("anomalies")["bgp_idle"])
    assert len(states) == 12
    assert states == {pair: {"Idle"} if pair == idle else {"Established"} for pair in states}


def test_sessions_count_what_the_summary_tells(farm: RunningFarm) -> None:
    leaf, spine = farm.control("anomalies")["bgp_idle"]
    assert farm.show(leaf, "show bgp sessions")["totalestablishedpeers"] == "1"
    body = farm.show(spine, "show bgp sessions")
    assert (body["totalpeers"], body["totalestablishedpeers"]) == ("6", "5")


def test_port_channels_have_the_members_interfaces_tell(farm: RunningFarm) -> None:
    channels = {
        row["port-channel"]: {each["port"] for each in rows(row, "member")}
        for row in rows(farm.show("leaf01", "show port-channel summary"), "channel")
    }
    assert channels["port-channel1"] == {"Ethernet1/53", "Ethernet1/54"}
    brief = rows(farm.show("leaf01", "show interface brief"), "interface")
    by_port = {row["interface"]: f"port-channel{row['portchan']}" for row in brief if "portchan" in row}
    assert {port: channel for channel, ports in channels.items() for port in ports} == by_port
    bundles = rows(farm.show("leaf01", "show interface"), "interface")
    assert {row["interface"]: long(row["eth_bundle"]) for row in bundles if "eth_bundle" in row} == by_port


def test_serials_are_the_same_in_all_that_tell_them(farm: RunningFarm) -> None:
    for switch in farm.control("switches"):
        serial = switch["serial"]
        assert farm.show(switch["name"], "show version")["proc_board_id"] == serial
        assert rows(farm.show(switch["name"], "show inventory"), "inv")[0]["serialnum"] == serial
        assert rows(farm.show(switch["name"], "show module"), "modmacinfo")[0]["serialnum"] == serial


def test_every_anomaly_is_found_where_the_control_api_says_and_nowhere_else(farm: RunningFarm) -> None:
    truth = farm.control("anomalies")
    found: dict[str, list[Any]] = {key: [] for key in ("psu", "fan", "hot", "err", "vpc", "crc", "old")}
    for name in [*SPINES, *LEAFS]:
        environment = farm.show(name, "show environment")
        supplies = rows(environment["powersup"], "psinfo")
        found["psu"] += [name for row in supplies if row["ps_status"] != "Ok"]
        found["fan"] += [
            name for row in rows(environment["fandetails"], "faninfo") if row["fanstatus"] == "Absent"
        ]
        found["hot"] += [name for row in rows(environment, "tempinfo") if row["alarmstatus"].strip() != "Ok"]
        for row in rows(farm.show(name, "show interface"), "interface"):
            end = {"switch": name, "interface": row["interface"]}
            found["err"] += [end] if row.get("state_rsn_desc") == "BPDUGuard errDisable" else []
            found["crc"] += [end] if row.get("eth_crc", "0") != "0" else []
        if name in LEAFS:
            vpcs = rows(farm.show(name, "show vpc"), "vpc")
            found["vpc"] += [(name, row["vpc-id"]) for row in vpcs if row["vpc-consistency"] != "consistent"]
        if "nxos_ver_str" not in farm.show(name, "show version"):
            found["old"].append(name)
    assert found == {
        "psu": [truth["failed_power_supply"]],
        "fan": [truth["absent_fan"]],
        "hot": [truth["hot_sensor"]],
        "err": [truth["err_disabled"]],
        "crc": sorted(truth["crc"], key=lambda end: end["switch"]),
        "vpc": [(name, truth["inconsistent_vpc"]) for name in truth["vpc_inconsistent"]],
        "old": [truth["old_release"]],
    }


def test_the_broken_port_is_told_alike_by_all_shows(farm: RunningFarm) -> None:
    broken = farm.control("anomalies")["err_disabled"]
    status = rows(farm.show(broken["switch"], "show interface status"), "interface")
    assert [row["interface"] for row in status if row["state"] == "bpdugrdErrDisabled"] == [
        broken["interface"]
    ]
    log = farm.text(broken["switch"], "show logging last 100")
    assert f"Interface {broken['interface']} is down (Error disabled. Reason:BPDUGuard errDisable)" in log


def test_the_old_release_is_an_outlier_of_its_pod_in_a_large_fabric() -> None:
    for seed in range(1, 6):
        world = World(1000, seed)
        old = world.switches[world.anomalies.old_release]
        assert old.release == OLDEST != old.chassis.release
        assert {switch.release for switch in world.switches.values()} == set(RELEASES)
