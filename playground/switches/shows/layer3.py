"""Shows about addresses, ARP, routes and VRFs."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Interface
from typing import Any

from playground.switches.ask import Ask
from playground.switches.columns import cells, grid, rows
from playground.switches.dialect import Body, SplitTable, table
from playground.switches.fabric import TRANSIT, VLANS
from playground.switches.ports import Port, ports
from playground.switches.shows.bgp import established
from playground.switches.shows.layer2 import learned_hosts
from playground.switches.world import Switch


def ip_arp(ask: Ask) -> Body:
    """`show ip arp [vrf all]`: hosts on leafs, BGP neighbours on all."""
    found = [*_adjacencies(ask.switch)]
    vrf = {"vrf-name-out": "default", "cnt-total": len(found), **table("adj", found)}
    return table("vrf", [vrf])


def _adjacencies(switch: Switch) -> Iterator[dict[str, Any]]:
    if switch.chassis.role == "leaf":
        for host, _ in learned_hosts(switch):
            yield _adjacency(switch, f"Vlan{host.vlan}", host.ip, host.mac)
    for neighbour in switch.world.fabric.bgp_neighbours(switch.chassis):
        if switch.world.switches[neighbour.name].powered:
            yield _adjacency(switch, f"Vlan{TRANSIT}", neighbour.transit_ip, neighbour.system_mac)


def _adjacency(switch: Switch, interface: str, ip: str, mac: str) -> dict[str, Any]:
    seconds = switch.chance(f"arp {ip}", 1500)
    stamp = f"PT{seconds // 60}M{seconds % 60}S" if seconds >= 60 else f"PT{seconds}S"
    return {"intf-out": interface, "ip-addr-out": ip, "time-stamp": stamp, "mac": mac, "flags": None}


def ip_arp_text(_: Ask, body: Body) -> str:
    """The text of it."""
    vrf = rows(body, "vrf")[0]
    lines = [
        (row["ip-addr-out"], _clock(row["time-stamp"]), row["mac"], row["intf-out"])
        for row in rows(vrf, "adj")
    ]
    head = (
        "\nFlags: * - Adjacencies learnt on non-active FHRP router\n"
        "       + - Adjacencies synced via CFSoE\n"
        "       # - Adjacencies Throttled for Glean\n"
        "       CP - Added via L2RIB, Control plane Adjacencies\n\n"
        f"IP ARP Table for context default\nTotal number of entries: {vrf['cnt-total']}\n"
    )
    widths = (15, 8, 14, 15)
    return head + grid([("Address", "Age", "MAC Address", "Interface")], widths) + grid(lines, widths)


def _clock(stamp: str) -> str:
    minutes, _, seconds = stamp.removeprefix("PT").removesuffix("S").rpartition("M")
    return f"00:{int(minutes or 0):02}:{int(seconds):02}"


def ip_route(ask: Ask) -> Body:
    """`show ip route`: one prefix has one path, another two, so rows are an object here and a list there."""
    found = [*_prefixes(ask.switch)]
    family = {"addrf": "ipv4", **table("prefix", found)}
    return table("vrf", [{"vrf-name-out": "default", **table("addrf", [family])}])


def _prefixes(switch: Switch) -> Iterator[dict[str, Any]]:
    for port in ports(switch):
        if port.address is None or port.mask is None or port.kind == "mgmt" or not port.up:
            continue
        own = IPv4Interface(f"{port.address}/{port.mask}")
        paths = [_path(port.address, port.name, "direct" if port.mask < 32 else "local", 0)]
        yield _prefix(str(own.network), paths, attached="true")
        if port.mask < 32:
            yield _prefix(f"{port.address}/32", [_path(port.address, port.name, "local", 0)], attached="true")
    for neighbour in switch.world.fabric.bgp_neighbours(switch.chassis):
        if established(switch, neighbour):
            path = _path(neighbour.transit_ip, None, f"bgp-{switch.chassis.asn}", 20)
            yield _prefix(f"{neighbour.loopback_ip}/32", [path])
    if switch.chassis.role == "leaf":
        yield from _other_leafs(switch)
    else:
        yield from _behind_leafs(switch)


def _other_leafs(switch: Switch) -> Iterator[dict[str, Any]]:
    spines = [
        spine for spine in switch.world.fabric.bgp_neighbours(switch.chassis) if established(switch, spine)
    ]
    if not spines:
        return
    for leaf in switch.world.fabric.pod(switch.chassis.pod, "leaf"):
        if leaf.name != switch.name:
            paths = [_path(spine.transit_ip, None, f"bgp-{switch.chassis.asn}", 20) for spine in spines]
            yield _prefix(f"{leaf.loopback_ip}/32", paths)


def _behind_leafs(switch: Switch) -> Iterator[dict[str, Any]]:
    leafs = [leaf for leaf in switch.world.fabric.bgp_neighbours(switch.chassis) if established(switch, leaf)]
    for vlan in VLANS if leafs else ():
        paths = [_path(leaf.transit_ip, None, f"bgp-{switch.chassis.asn}", 20) for leaf in leafs[:4]]
        yield _prefix(f"10.{switch.chassis.pod}.{vlan}.0/24", paths)


def _prefix(prefix: str, paths: list[dict[str, Any]], attached: str = "false") -> dict[str, Any]:
    return {
        "ipprefix": prefix,
        "ucast-nhops": len(paths),
        "mcast-nhops": 0,
        "attached": attached,
        **table("path", paths),
    }


def _path(hop: str, interface: str | None, client: str, preference: int) -> dict[str, Any]:
    path: dict[str, Any] = {"ipnexthop": hop}
    if interface is not None:
        path["ifname"] = interface
    return path | {
        "uptime": "P38DT6H57M22S",
        "pref": preference,
        "metric": 0,
        "clientname": client,
        "ubest": "true",
    }


def ip_route_text(_: Ask, body: Body) -> str:
    """The text of it."""
    text = "IP Route Table for VRF \"default\"\n'*' denotes best ucast next-hop\n\n"
    for row in rows(rows(rows(body, "vrf")[0], "addrf")[0], "prefix"):
        attached = ", attached" if row["attached"] == "true" else ""
        text += f"{row['ipprefix']}, ubest/mbest: {row['ucast-nhops']}/{row['mcast-nhops']}{attached}\n"
        for path in rows(row, "path"):
            out = f", {path['ifname']}" if "ifname" in path else ""
            where = f"{path['ipnexthop']}{out}, [{path['pref']}/{path['metric']}]"
            text += f"    *via {where}, 5w3d, {path['clientname']}\n"
    return text


def ip_interface(ask: Ask) -> Body:
    """`show ip interface [vrf …]`: TABLE_intf and TABLE_vrf are lists of tables, matched by their place."""
    asked = ask.options.get("vrf", "default")
    having = [port for port in ports(ask.switch) if port.address is not None and asked in ("all", _vrf(port))]
    having.sort(key=_vrf)
    return {
        **table("intf", SplitTable(_ip_interface(ask.switch, port) for port in having)),
        **table("vrf", SplitTable({"vrf-name-out": _vrf(port)} for port in having)),
    }


def _vrf(port: Port) -> str:
    return "management" if port.kind == "mgmt" else "default"


def _ip_interface(switch: Switch, port: Port) -> dict[str, Any]:
    counters = switch.world.traffic.counters(switch.name, port.name)
    network = IPv4Interface(f"{port.address}/{port.mask}").network
    return {
        "intf-name": port.name,
        "proto-state": "up" if port.up else "down",
        "link-state": "up" if port.up else "down",
        "admin-state": "up" if port.admin_up else "down",
        "iod": switch.chance(port.name, 200) + 2,
        "prefix": port.address,
        "subnet": str(network.network_address),
        "masklen": port.mask,
        "num-addr": 1,
        "mtu": port.mtu,
        "bcast-addr": "255.255.255.255",
        "mrouting": "disabled",
        "proxy-arp": "disabled",
        "lcl-proxy-arp": "disabled",
        "icmp-redirect": "disabled",
        "dir-bcast": "disabled",
        "ip-unreach": 0,
        "port-unreach": "enabled",
        "urpf-mode": "none",
        "ip-ls-type": "none",
        "stats-last-reset": "never",
        "upkt-sent": counters.out_unicast,
        "upkt-recv": counters.in_unicast,
        "ubyte-sent": counters.out_octets,
        "ubyte-recv": counters.in_octets,
        "ip-disabled": "FALSE",
    }


def ip_interface_text(_: Ask, body: Body) -> str:
    """The text of it."""
    text = ""
    for vrf, row in zip(rows(body, "vrf"), rows(body, "intf"), strict=True):
        heading = f'IP Interface Status for VRF "{vrf["vrf-name-out"]}"\n'
        if heading not in text:
            text += heading
        states = "/".join(f"{key}-{row[f'{key}-state']}" for key in ("link", "admin"))
        text += f"{row['intf-name']}, Interface status: protocol-{row['proto-state']}/{states}, iod: {row['iod']},\n"
        text += f"  IP address: {row['prefix']}, IP subnet: {row['subnet']}/{row['masklen']}\n"
        text += f"  IP MTU: {row['mtu']} bytes (using link MTU)\n"
    return text


def vrf_interface(ask: Ask) -> Body:
    """`show vrf interface`."""
    routed = [port for port in ports(ask.switch) if port.kind in ("svi", "loopback", "mgmt")]
    return table(
        "if",
        [
            {
                "if_name": port.name,
                "vrf_name": _vrf(port),
                "vrf_id": 2 if port.kind == "mgmt" else 1,
                "soo": "--",
            }
            for port in routed
        ],
    )


def vrf_interface_text(_: Ask, body: Body) -> str:
    """The text of it."""
    widths = (25, 32, 8, 20)
    head = grid([("Interface", "VRF-Name", "VRF-ID", "Site-of-Origin")], widths)
    return head + grid(cells(rows(body, "if"), "if_name", "vrf_name", "vrf_id", "soo"), widths)
