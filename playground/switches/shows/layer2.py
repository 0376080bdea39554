"""Shows about MAC addresses, VLANs and port-channels."""

from __future__ import annotations

from typing import Any

from playground.switches.ask import Ask
from playground.switches.columns import cells, grid, rows, rule
from playground.switches.dialect import Body, table
from playground.switches.fabric import TRANSIT, End, Host
from playground.switches.ports import Port, edge_up, ports, short
from playground.switches.world import Switch

_LEGEND = [
    "Legend: \n\t* - primary entry, G - Gateway MAC, (R) - Routed MAC, O - Overlay MAC\n"
    "\tage - seconds since last seen,+ - primary entry using vPC Peer-Link,\n"
    "\t(T) - True, (F) - False, C - ControlPlane MAC, ~ - vsan\n",
    "   VLAN     MAC Address      Type      age     Secure NTFY Ports",
    "---------+-----------------+--------+---------+------+----+------------------",
]


def mac_address_table(ask: Ask) -> Body:
    """`show mac address-table`, whole or for an address, a VLAN or an interface."""
    found = [row for row in _mac_rows(ask.switch) if _wanted(ask, row)]
    return {"header": _LEGEND[0], **table("mac_address", found)}


def _wanted(ask: Ask, row: dict[str, Any]) -> bool:
    asked = ask.options
    interface = ask.interface()
    return (
        asked.get("address", row["disp_mac_addr"]).lower() == row["disp_mac_addr"]
        and asked.get("vlan", row["disp_vlan"]) == row["disp_vlan"]
        and interface in (None, _long(row["disp_port"]))
    )


def _long(port: str) -> str:
    return port.replace("Eth", "Ethernet").replace("Po", "port-channel")


def _mac_rows(switch: Switch) -> list[dict[str, Any]]:
    learned = learned_hosts(switch)
    found = [_mac_row("*", host.mac, str(host.vlan), "dynamic", port) for host, port in learned]
    gateway = _mac_row("G", switch.chassis.system_mac, "-", "static", "sup-eth1(R)")
    if switch.chassis.peer is None:
        return [*found, gateway]
    twin = switch.world.fabric.chassis[switch.chassis.peer]
    peer = _mac_row("G", twin.system_mac, str(TRANSIT), "static", "vPC Peer-Link(R)")
    return [*found, peer, gateway]


def _mac_row(kind: str, mac: str, vlan: str, sort: str, port: str) -> dict[str, Any]:
    return {
        "disp_type": "+" if port == "Po1" else kind,
        "disp_mac_addr": mac,
        "disp_vlan": vlan,
        "disp_is_static": "enabled" if sort == "static" else "disabled",
        "disp_age": "-" if sort == "static" else "0",
        "disp_is_secure": "F",
        "disp_is_ntfy": "F",
        "disp_port": port,
    }


def learned_hosts(switch: Switch) -> list[tuple[Host, str]]:
    """The hosts a switch has learned, with the port: an edge port, a vPC's port-channel, the peer link, a downlink."""
    if switch.chassis.role == "spine":
        return _on_spine(switch)
    names = [switch.name, *([switch.chassis.peer] if switch.chassis.peer else [])]
    hosts = {host.name: host for name in names for host in switch.world.attachments.on(name)}
    found = [(host, _leaf_port(switch, host)) for host in hosts.values()]
    return [(host, port) for host, port in found if port is not None]


def _living(switch: Switch, host: Host) -> list[End]:
    """The places where a host has link."""
    world = switch.world
    return [
        place
        for place in host.places
        if world.switches[place.switch].powered and edge_up(world.switches[place.switch], place)
    ]


def _leaf_port(switch: Switch, host: Host) -> str | None:
    living = _living(switch, host)
    own = [place for place in living if place.switch == switch.name]
    if own:
        return short(own[0].interface) if host.channel is None else f"Po{host.channel}"
    return "Po1" if living else None


def _on_spine(switch: Switch) -> list[tuple[Host, str]]:
    """A dual-attached host is seen through the pair's first leaf by one spine, its second by the other."""
    downlinks = {end.switch: port for port, end in switch.world.fabric.neighbours(switch.name).items()}
    found = []
    for host in switch.world.attachments.in_pod(switch.chassis.pod):
        living = _living(switch, host)
        if living:
            place = living[switch.chassis.place % len(living)]
            found.append((host, short(downlinks[place.switch])))
    return found


def mac_address_table_text(_: Ask, body: Body) -> str:
    """The text of it."""
    found = cells(
        rows(body, "mac_address"),
        "disp_type",
        "disp_vlan",
        "disp_mac_addr",
        "disp_is_static",
        "disp_age",
        "disp_is_secure",
        "disp_is_ntfy",
        "disp_port",
    )
    for row in found:
        row[3] = "static" if row[3] == "enabled" else "dynamic"
    return "\n".join(_LEGEND) + "\n" + grid(found, (1, 7, 16, 8, 9, 6, 4, 16))


def vlans(switch: Switch) -> dict[int, str]:
    """The VLANs of a switch with their names."""
    found = {}
    for number in sorted(int(text) for text in switch.running.top("vlan")):
        given = switch.running.value(f"vlan {number}", "name")
        found[number] = given or ("default" if number == 1 else f"VLAN{number:04}")
    return found


def _members(found: list[Port], vlan: int) -> str:
    inside = [port for port in found if port.vlan == vlan or port.mode == "trunk"]
    return ",".join(
        port.name for port in inside if port.kind in ("ethernet", "channel") and port.channel is None
    )


def _vlan_rows(ask: Ask) -> list[dict[str, Any]]:
    found = ports(ask.switch)
    return [
        {
            "vlanshowbr-vlanid": str(number),
            "vlanshowbr-vlanid-utf": str(number),
            "vlanshowbr-vlanname": name,
            "vlanshowbr-vlanstate": "active",
            "vlanshowbr-shutstate": "noshutdown",
            "vlanshowplist-ifidx": _members(found, number),
        }
        for number, name in vlans(ask.switch).items()
    ]


def vlan(ask: Ask) -> Body:
    """`show vlan`."""
    modes = [
        {
            "vlanshowinfo-vlanid": str(number),
            "vlanshowinfo-media-type": "enet",
            "vlanshowinfo-vlanmode": "ce-vlan",
        }
        for number in vlans(ask.switch)
    ]
    return {**table("vlanbrief", _vlan_rows(ask)), **table("mtuinfo", modes)}


def vlan_brief(ask: Ask) -> Body:
    """`show vlan brief`: the same rows in a table of another name."""
    return table("vlanbriefxbrief", _vlan_rows(ask))


def vlan_text(_: Ask, body: Body) -> str:
    """The text of both."""
    widths = (4, 32, 9, 30)
    head = grid([("VLAN", "Name", "Status", "Ports"), ("-" * 4, "-" * 32, "-" * 9, "-" * 30)], widths)
    return (
        "\n"
        + head
        + "".join(
            _vlan_lines(row, widths) for row in rows(body, "vlanbrief") or rows(body, "vlanbriefxbrief")
        )
    )


def _vlan_lines(row: dict[str, Any], widths: tuple[int, ...]) -> str:
    names = [short(name) for name in row["vlanshowplist-ifidx"].split(",")]
    chunks = [", ".join(names[at : at + 4]) for at in range(0, len(names), 4)]
    first = (row["vlanshowbr-vlanid"], row["vlanshowbr-vlanname"], row["vlanshowbr-vlanstate"], chunks[0])
    return grid([first, *(("", "", "", chunk) for chunk in chunks[1:])], widths)


def port_channel_summary(ask: Ask) -> Body:
    """`show port-channel summary`."""
    found = ports(ask.switch)
    state = {port.name: "P" if port.up else "D" for port in found}
    return table(
        "channel",
        [
            {
                "group": port.name.removeprefix("port-channel"),
                "port-channel": port.name,
                "layer": "S",
                "status": "U" if port.up else "D",
                "type": "Eth",
                "prtcl": "LACP",
                **table("member", [{"port": name, "port-status": state[name]} for name in port.members]),
            }
            for port in found
            if port.kind == "channel"
        ],
    )


def port_channel_summary_text(_: Ask, body: Body) -> str:
    """The text of it."""
    head = (
        "Flags:  D - Down        P - Up in port-channel (members)\n"
        "        I - Individual  H - Hot-standby (LACP only)\n"
        "        s - Suspended   r - Module-removed\n"
        "        b - BFD Session Wait\n"
        "        S - Switched    R - Routed\n"
        "        U - Up (port-channel)\n"
        "        p - Up in delay-lacp mode (member)\n"
        "        M - Not in use. Min-links not met\n"
    )
    widths = (5, 13, 8, 9, 30)
    lines = [
        (
            row["group"],
            f"{short(row['port-channel'])}({row['layer']}{row['status']})",
            row["type"],
            row["prtcl"],
            "  ".join(f"{short(each['port'])}({each['port-status']})" for each in rows(row, "member")),
        )
        for row in rows(body, "channel")
    ]
    names = grid(
        [("Group", "Port-", "Type", "Protocol", "Member Ports"), ("", "Channel", "", "", "")], widths
    )
    return head + rule(80) + names + rule(80) + grid(lines, widths)
