"""Shows about who is at the other end of a cable: CDP among switches, LLDP with hosts as well."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from playground.switches.ask import Ask
from playground.switches.columns import cells, grid, rows, rule
from playground.switches.dialect import Body, table
from playground.switches.ports import Port, ports, short
from playground.switches.world import Switch

_ETHERNET_INDEX = 436207616
"""The ifIndex NX-OS gives Ethernet1/1; each further port adds 512."""


def _switches(switch: Switch) -> Iterator[tuple[Port, Switch, str]]:
    """Own port, neighbour, its port: of all cables that carry."""
    neighbours = switch.world.fabric.neighbours(switch.name)
    for port in ports(switch):
        if port.name in neighbours and port.up:
            end = neighbours[port.name]
            yield port, switch.world.switches[end.switch], end.interface


def _device_id(switch: Switch) -> str:
    return f"{switch.hostname}({switch.chassis.serial})"


def cdp_neighbors(ask: Ask) -> Body:
    """`show cdp neighbors`; `ttl` is a number."""
    found = [
        {
            "ifindex": _ETHERNET_INDEX + 512 * (int(port.name.partition("/")[2]) - 1),
            "device_id": _device_id(far),
            "intf_id": port.name,
            "ttl": 120 + ask.switch.chance(port.name, 60),
            "capability": ["router", "switch", "Supports-STP-Dispute"],
            "platform_id": far.chassis.model,
            "port_id": far_port,
        }
        for port, far, far_port in _switches(ask.switch)
    ]
    return {"neigh_count": len(found), **table("cdp_neighbor_brief_info", found)}


def cdp_neighbors_text(_: Ask, body: Body) -> str:
    """The text of it: NX-OS breaks the line after a long device id."""
    text = (
        "Capability Codes: R - Router, T - Trans-Bridge, B - Source-Route-Bridge\n"
        "                  S - Switch, H - Host, I - IGMP, r - Repeater,\n"
        "                  V - VoIP-Phone, D - Remotely-Managed-Device,\n"
        "                  s - Supports-STP-Dispute\n\n"
    )
    widths = (17, 14, 7, 12, 14, 14)
    names = ("Device-ID", "Local Intrfce", "Hldtme", "Capability", "Platform", "Port ID")
    text += grid([names], widths)
    for row in rows(body, "cdp_neighbor_brief_info"):
        rest = ("", short(row["intf_id"]), row["ttl"], "R S s", row["platform_id"], row["port_id"])
        text += f"{row['device_id']}\n{grid([rest], widths)}"
    return text + f"\nTotal entries displayed: {body['neigh_count']}\n"


def cdp_neighbors_detail(ask: Ask) -> Body:
    """`show cdp neighbors detail`."""
    return table("cdp_neighbor_detail_info", [_cdp_detail(*each) for each in _switches(ask.switch)])


def _cdp_detail(port: Port, far: Switch, far_port: str) -> dict[str, Any]:
    return {
        "ifindex": _ETHERNET_INDEX + 512 * (int(port.name.partition("/")[2]) - 1),
        "device_id": _device_id(far),
        "sysname": far.hostname,
        "numaddr": 1,
        "v4addr": far.chassis.transit_ip,
        "platform_id": far.chassis.model,
        "capability": ["router", "switch", "Supports-STP-Dispute"],
        "intf_id": port.name,
        "port_id": far_port,
        "ttl": 120 + far.chance(far_port, 60),
        "version": f"Cisco Nexus Operating System (NX-OS) Software, Version {far.release}",
        "version_no": "v2",
        "nativevlan": 1,
        "duplexmode": "full",
        "mtu": 1500,
        "syslocation": f"hall {far.chassis.pod}",
        "num_mgmtaddr": 1,
        "v4mgmtaddr": far.chassis.management_ip,
    }


def cdp_neighbors_detail_text(_: Ask, body: Body) -> str:
    """The text of it."""
    text = ""
    for row in rows(body, "cdp_neighbor_detail_info"):
        text += (
            f"{rule(40)}Device ID:{row['device_id']}\nSystem Name: {row['sysname']}\n\n"
            f"Interface address(es):\n    IPv4 Address: {row['v4addr']}\n"
            f"Platform: {row['platform_id']}, Capabilities: Router Switch Supports-STP-Dispute\n"
            f"Interface: {row['intf_id']}, Port ID (outgoing port): {row['port_id']}\n"
            f"Holdtime: {row['ttl']} sec\n\nVersion:\n{row['version']}\n\n"
            f"Advertisement Version: 2\nDuplex: {row['duplexmode']}\n\nMTU: {row['mtu']}\n"
            f"Mgmt address(es):\n    IPv4 Address: {row['v4mgmtaddr']}\n"
        )
    return text


def lldp_neighbors(ask: Ask) -> Body:
    """`show lldp neighbors`: switches, and the hosts, which tell their names and MACs."""
    found = [*_lldp_rows(ask.switch)]
    return {"neigh_hdr": "neigh_hdr", **table("nbor", found), "neigh_count": len(found)}


def _lldp_rows(switch: Switch) -> Iterator[dict[str, Any]]:
    hosts = {
        place.interface: host
        for host in switch.world.attachments.on(switch.name)
        for place in host.places
        if place.switch == switch.name
    }
    cables = {port.name: (far, far_port) for port, far, far_port in _switches(switch)}
    for port in ports(switch):
        if port.name in cables:
            far, far_port = cables[port.name]
            mac = far.chassis.mac(int(far_port.partition("/")[2]))
            yield _lldp(port, far.hostname, "BR", far_port, far.chassis.management_ip, mac)
        elif port.name in hosts and port.up:
            host = hosts[port.name]
            # A dual-attached host has its first network card at the first place.
            card = [place.switch for place in host.places].index(switch.name)
            yield _lldp(port, host.name, "S", f"eth{card}", host.ip, host.mac)


def _lldp(port: Port, name: str, capability: str, far_port: str, address: str, mac: str) -> dict[str, Any]:
    return {
        "chassis_type": "Locally Assigned",
        "chassis_id": name,
        "l_port_id": short(port.name),
        "hold_time": 120,
        "system_capability": capability,
        "enabled_capability": capability,
        "port_type": "Interface Name",
        "port_id": far_port,
        "mgmt_addr_type": "IPV4",
        "mgmt_addr": address,
        "mgmt_addr_ipv6_type": "802",
        "mgmt_addr_ipv6": mac,
    }


def lldp_neighbors_text(_: Ask, body: Body) -> str:
    """The text of it."""
    widths = (20, 14, 10, 10, 20)
    head = (
        "Capability codes:\n"
        "  (R) Router, (B) Bridge, (T) Telephone, (C) DOCSIS Cable Device\n"
        "  (W) WLAN Access Point, (P) Repeater, (S) Station, (O) Other\n"
    )
    keys = ("chassis_id", "l_port_id", "hold_time", "enabled_capability", "port_id")
    names = grid([("Device ID", "Local Intf", "Hold-time", "Capability", "Port ID")], widths)
    found = grid(cells(rows(body, "nbor"), *keys), widths)
    return f"{head}{names}{found}Total entries displayed: {body['neigh_count']}\n"


def lldp_neighbors_detail(ask: Ask) -> Body:
    """`show lldp neighbors detail`."""
    found = [_lldp_detail(ask.switch, row) for row in _lldp_rows(ask.switch)]
    return {**table("nbor_detail", found), "neigh_count": len(found)}


def _lldp_detail(switch: Switch, row: dict[str, Any]) -> dict[str, Any]:
    bridge = row["enabled_capability"] == "BR"
    return {
        "chassis_type": "Mac Address",
        "chassis_id": row["mgmt_addr_ipv6"],
        "port_type": "Interface Name",
        "port_id": row["port_id"],
        "l_port_id": row["l_port_id"],
        "port_desc": row["port_id"],
        "sys_name": row["chassis_id"],
        "sys_desc": "Cisco Nexus Operating System (NX-OS) Software" if bridge else "Linux",
        "ttl": 100 + switch.chance(row["l_port_id"], 20),
        "system_capability": "B, R" if bridge else "S",
        "enabled_capability": "B, R" if bridge else "S",
        "mgmt_addr_type": "IPV4",
        "mgmt_addr": row["mgmt_addr"],
        "vlan_id": "not advertised",
    }


def lldp_neighbors_detail_text(_: Ask, body: Body) -> str:
    """The text of it."""
    text = "Capability codes:\n  (R) Router, (B) Bridge, (S) Station, (O) Other\n\n"
    for row in rows(body, "nbor_detail"):
        text += (
            f"Chassis id: {row['chassis_id']}\nPort id: {row['port_id']}\nLocal Port id: {row['l_port_id']}\n"
            f"Port Description: {row['port_desc']}\nSystem Name: {row['sys_name']}\n"
            f"System Description: {row['sys_desc']}\nTime remaining: {row['ttl']} seconds\n"
            f"System Capabilities: {row['system_capability']}\nEnabled Capabilities: {row['enabled_capability']}\n"
            f"Management Address: {row['mgmt_addr']}\nVlan ID: {row['vlan_id']}\n\n\n"
        )
    return f"{text}Total entries displayed: {body['neigh_count']}\n"
