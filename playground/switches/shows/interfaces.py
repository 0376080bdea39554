"""Shows about interfaces and how they are; counters are in counters.py."""

from __future__ import annotations

from typing import Any

from playground.switches.ask import Ask, Refused
from playground.switches.columns import cells, grid, rows, rule
from playground.switches.dialect import Body, table
from playground.switches.ports import ERR_DISABLED, NO_MEMBERS, NO_TRANSCEIVER, SHUT, Port, ports, short
from playground.switches.world import Switch


def chosen(ask: Ask) -> list[Port]:
    """The interfaces a show is about: all, or the one asked for. Raises Refused when there is none such."""
    name = ask.interface()
    found = [port for port in ports(ask.switch) if name in (None, port.name)]
    if not found:
        raise Refused("Invalid range or interface that does not exist at '^' marker.\n")
    return found


def interface(ask: Ask) -> Body:
    """`show interface [NAME]`."""
    return table("interface", [_interface(ask.switch, port) for port in chosen(ask)])


def _interface(switch: Switch, port: Port) -> dict[str, Any]:
    if port.kind == "mgmt":
        return _management(switch, port)
    if port.kind in ("svi", "loopback"):
        return _logical(port)
    counters = switch.world.traffic.counters(switch.name, port.name)
    flapped = switch.world.now() - switch.flaps.get(port.name, switch.booted_at)
    row: dict[str, Any] = {"interface": port.name, "state": "up" if port.up else "down"}
    if not port.up:
        row["state_rsn_desc"] = port.reason
    row |= {"admin_state": "up" if port.admin_up else "down", "share_state": "Dedicated"}
    if port.description:
        row["desc"] = port.description
    if port.channel is not None:
        row["eth_bundle"] = f"Po{port.channel}"
    if port.members:
        row["eth_members"] = ", ".join(port.members)
    return row | {
        "eth_hw_desc": "Port-Channel" if port.kind == "channel" else "100/1000/10000/25000 Ethernet",
        "eth_hw_addr": port.mac,
        "eth_bia_addr": port.mac,
        "eth_mtu": str(port.mtu),
        "eth_bw": port.speed_g * 1_000_000,
        "eth_dly": 10,
        "eth_reliability": "255",
        "eth_txload": "1",
        "eth_rxload": "1",
        "medium": "broadcast",
        "eth_mode": port.mode,
        "eth_duplex": "full" if port.up else "auto",
        "eth_speed": f"{port.speed_g} Gb/s" if port.up else "auto-speed",
        "eth_media": f"{port.speed_g}G",
        "eth_autoneg": "on",
        "eth_link_flapped": _ago(flapped) if port.up else "never",
        "eth_clear_counters": "never",
        "eth_reset_cntr": len(switch.flaps),
        "eth_load_interval1_rx": 30,
        "eth_inrate1_bits": str(counters.in_rate_bits if port.up else 0),
        "eth_load_interval1_tx": "30",
        "eth_outrate1_bits": str(counters.out_rate_bits if port.up else 0),
        "eth_inucast": counters.in_unicast if port.transceiver or port.members else 0,
        "eth_inmcast": counters.in_multicast if port.transceiver or port.members else 0,
        "eth_inbcast": counters.in_broadcast if port.transceiver or port.members else 0,
        "eth_inpkts": counters.in_packets if port.transceiver or port.members else 0,
        "eth_inbytes": counters.in_octets if port.transceiver or port.members else 0,
        "eth_runts": 0,
        "eth_giants": 0,
        "eth_crc": str(crc_errors(switch, port)),
        "eth_inerr": str(crc_errors(switch, port)),
        "eth_indiscard": "0",
        "eth_outucast": counters.out_unicast if port.transceiver or port.members else 0,
        "eth_outmcast": counters.out_multicast if port.transceiver or port.members else 0,
        "eth_outbcast": counters.out_broadcast if port.transceiver or port.members else 0,
        "eth_outpkts": counters.out_packets if port.transceiver or port.members else 0,
        "eth_outbytes": counters.out_octets if port.transceiver or port.members else 0,
        "eth_outerr": "0",
        "eth_coll": "0",
        "eth_outdiscard": "0",
    }


def crc_errors(switch: Switch, port: Port) -> int:
    """The CRC errors of a port; only the anomalous ones have any."""
    bad = any(end.switch == switch.name and end.interface == port.name for end in switch.world.anomalies.crc)
    return switch.world.traffic.crc_errors() if bad else 0


def _ago(seconds: float) -> str:
    whole = int(seconds)
    days = whole // 86400
    if days >= 7:
        return f"{days // 7}week(s) {days % 7}day(s)"
    if days:
        return f"{days}day(s) {whole // 3600 % 24}hour(s)"
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"


def _management(switch: Switch, port: Port) -> dict[str, Any]:
    counters = switch.world.traffic.counters(switch.name, port.name)
    return {
        "interface": port.name,
        "state": "up",
        "admin_state": "up",
        "eth_hw_desc": "GigabitEthernet",
        "eth_hw_addr": port.mac,
        "eth_bia_addr": port.mac,
        "eth_ip_addr": port.address,
        "eth_ip_mask": port.mask,
        "eth_ip_prefix": "10.255.0.0",
        "eth_mtu": "1500",
        "eth_bw": 1_000_000,
        "eth_duplex": "full",
        "eth_speed": "1000 Mb/s",
        "eth_autoneg": "on",
        "vdc_lvl_in_pkts": counters.in_packets,
        "vdc_lvl_in_bytes": str(counters.in_octets),
        "vdc_lvl_out_pkts": str(counters.out_packets),
        "vdc_lvl_out_bytes": str(counters.out_octets),
    }


def _logical(port: Port) -> dict[str, Any]:
    row: dict[str, Any] = {"interface": port.name}
    if port.kind == "svi":
        row |= {
            "svi_admin_state": "up" if port.admin_up else "down",
            "svi_line_proto": "up" if port.up else "down",
        }
        row["svi_mac"] = port.mac
        prefix = "svi"
    else:
        row |= {"state": "up" if port.up else "down", "admin_state": "up" if port.admin_up else "down"}
        prefix = "eth"
    if port.description:
        row[f"{prefix}_desc" if prefix == "svi" else "desc"] = port.description
    if port.address is not None:
        row |= {f"{prefix}_ip_addr": port.address, f"{prefix}_ip_mask": port.mask}
    return row | {f"{prefix}_mtu": "1500", f"{prefix}_bw": 1_000_000}


def interface_text(_: Ask, body: Body) -> str:
    """The text of it."""
    return "\n".join(_interface_block(row) for row in rows(body, "interface"))


def _interface_block(row: dict[str, Any]) -> str:
    state = row.get("state", row.get("svi_line_proto"))
    reason = f" ({row['state_rsn_desc']})" if "state_rsn_desc" in row else ""
    admin = row.get("admin_state", row.get("svi_admin_state"))
    lines = [f"{row['interface']} is {state}{reason}", f"admin state is {admin}, Dedicated Interface"]
    if "desc" in row or "svi_desc" in row:
        lines.append(f"  Description: {row.get('desc', row.get('svi_desc'))}")
    if "eth_hw_desc" in row:
        lines.append(
            f"  Hardware: {row['eth_hw_desc']}, address: {row['eth_hw_addr']} (bia {row['eth_bia_addr']})"
        )
    if "eth_ip_addr" in row or "svi_ip_addr" in row:
        prefix = "eth" if "eth_ip_addr" in row else "svi"
        lines.append(f"  Internet Address is {row[f'{prefix}_ip_addr']}/{row[f'{prefix}_ip_mask']}")
    if "eth_mtu" in row:
        lines.append(f"  MTU {row['eth_mtu']} bytes, BW {row['eth_bw']} Kbit")
    if "eth_inpkts" in row:
        lines += [
            f"  {row['eth_duplex']}-duplex, {row['eth_speed']}, media type is {row['eth_media']}",
            f"  Last link flapped {row['eth_link_flapped']}",
            "  RX",
            f"    {row['eth_inucast']} unicast packets  {row['eth_inmcast']} multicast packets"
            f"  {row['eth_inbcast']} broadcast packets",
            f"    {row['eth_inpkts']} input packets  {row['eth_inbytes']} bytes",
            f"    0 runts  0 giants  {row['eth_crc']} CRC  0 no buffer",
            f"    {row['eth_inerr']} input error  0 short frame  0 overrun   0 underrun  0 ignored",
            "  TX",
            f"    {row['eth_outpkts']} output packets  {row['eth_outbytes']} bytes",
            f"    {row['eth_outerr']} output error  {row['eth_coll']} collision  0 deferred  0 late collision",
        ]
    return "\n".join(lines) + "\n"


def brief(ask: Ask) -> Body:
    """`show interface brief`."""
    return table("interface", [_brief(port) for port in ports(ask.switch)])


def _brief(port: Port) -> dict[str, Any]:
    if port.kind == "mgmt":
        return {"interface": port.name, "state": "up", "ip_addr": port.address, "speed": "1000", "mtu": 1500}
    if port.kind == "svi":
        return {
            "interface": port.name,
            "type": "svi",
            "oper_state": "up" if port.up else "down",
            "svi_rsn_desc": "none" if port.up else port.reason,
        }
    if port.kind == "loopback":
        return {
            "interface": port.name,
            "type": "loopback",
            "state": "up" if port.up else "down",
            "loop_desc": "--",
        }
    row: dict[str, Any] = {
        "interface": port.name,
        "vlan": "1" if port.vlan is None else str(port.vlan),
        "type": "eth",
        "portmode": port.mode,
        "state": "up" if port.up else "down",
        "state_rsn_desc": port.reason,
        "speed": _speed(port),
        "ratemode": "D",
    }
    if port.channel is not None:
        row["portchan"] = port.channel
    if port.kind == "channel":
        row["proto"] = "lacp"
    return row


def _speed(port: Port) -> str:
    if port.kind == "channel":
        return f"a-{port.speed_g}G" if port.up else "auto"
    return f"{port.speed_g}G" if port.up else "auto"


def brief_text(_: Ask, body: Body) -> str:
    """The text of it: a table for each kind of interface."""
    found = [row | {"interface": short(row["interface"])} for row in rows(body, "interface")]
    return "\n".join(
        rule(84) + grid(heads, widths) + rule(84) + grid(cells(_of_kind(found, kind), *keys), widths)
        for kind, heads, widths, keys in _BRIEF_TABLES
        if _of_kind(found, kind)
    )


def _of_kind(found: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [row for row in found if row["interface"].startswith(kind)]


_PORT = ("interface", "vlan", "type", "portmode", "state", "state_rsn_desc", "speed")
_PORT_WIDTHS = (13, 7, 4, 6, 7, 26, 8, 8)

_BRIEF_TABLES: tuple[tuple[str, list[tuple[str, ...]], tuple[int, ...], tuple[str, ...]], ...] = (
    (
        "mgmt",
        [("Port", "VRF", "Status", "IP Address", "Speed", "MTU")],
        (6, 12, 6, 39, 8, 5),
        ("interface", "vrf", "state", "ip_addr", "speed", "mtu"),
    ),
    (
        "Eth",
        [
            ("Ethernet", "VLAN", "Type", "Mode", "Status", "Reason", "Speed", "Port"),
            ("Interface", "", "", "", "", "", "", "Ch #"),
        ],
        _PORT_WIDTHS,
        (*_PORT, "portchan"),
    ),
    (
        "Po",
        [
            ("Port-channel", "VLAN", "Type", "Mode", "Status", "Reason", "Speed", "Protocol"),
            ("Interface", "", "", "", "", "", "", ""),
        ],
        _PORT_WIDTHS,
        (*_PORT, "proto"),
    ),
    (
        "Vlan",
        [("Interface", "Secondary VLAN(Type)", "Status", "Reason")],
        (13, 24, 6, 20),
        ("interface", "secondary", "oper_state", "svi_rsn_desc"),
    ),
    (
        "Lo",
        [("Interface", "Status", "Description")],
        (13, 10, 20),
        ("interface", "state", "loop_desc"),
    ),
)


def status(ask: Ask) -> Body:
    """`show interface status`: a port without a name has none."""
    return table(
        "interface", [_status(port) for port in ports(ask.switch) if port.kind not in ("svi", "loopback")]
    )


def _status(port: Port) -> dict[str, Any]:
    row: dict[str, Any] = {"interface": port.name}
    if port.description:
        row["name"] = port.description
    return row | {
        "state": _status_word(port),
        "vlan": port.mode if port.vlan is None else str(port.vlan),
        "duplex": "full" if port.up else "auto",
        "speed": "a-1000" if port.kind == "mgmt" else _speed(port),
        "type": port.transceiver or "--",
    }


def _status_word(port: Port) -> str:
    if port.up:
        return "connected"
    return _STATUS_WORDS.get(port.reason, "notconnect")


_STATUS_WORDS = {
    NO_TRANSCEIVER: "xcvrAbsent",
    SHUT: "disabled",
    ERR_DISABLED: "bpdugrdErrDisabled",
    NO_MEMBERS: "noOperMembers",
}


def status_text(_: Ask, body: Body) -> str:
    """The text of it: names and states are cut where their columns end."""
    widths = (13, 18, 9, 9, 7, 7, 16)
    found = cells(rows(body, "interface"), "interface", "name", "state", "vlan", "duplex", "speed", "type")
    clipped = [[short(str(row[0])), str(row[1])[:18], str(row[2])[:9], *row[3:]] for row in found]
    head = grid([("Port", "Name", "Status", "Vlan", "Duplex", "Speed", "Type")], widths)
    return rule(80) + head + rule(80) + grid(clipped, widths)


def transceiver(ask: Ask) -> Body:
    """`show interface transceiver`."""
    found = [port for port in ports(ask.switch) if port.kind == "ethernet"]
    return table("interface", [_transceiver(ask.switch, port) for port in found])


def _transceiver(switch: Switch, port: Port) -> dict[str, Any]:
    if port.transceiver is None:
        return {"interface": port.name, "sfp": "not present"}
    return {
        "interface": port.name,
        "sfp": "present",
        "type": port.transceiver,
        "name": "CISCO-FINISAR",
        "partnum": "FTLX8574D3BCL-C2",
        "rev": "A",
        "serialnum": f"FNS{switch.chassis.serial[3:7]}{switch.chance(port.name, 10000):04}",
        "nom_bitrate": port.speed_g * 1030,
        "cisco_part_number": "10-2415-03",
        "cisco_product_id": "SFP-10G-SR" if port.speed_g == 10 else "QSFP-100G-AOC3M",
        "cisco_vendor_id": "V03",
    }


def transceiver_text(_: Ask, body: Body) -> str:
    """The text of it."""
    return "\n".join(_transceiver_block(row) for row in rows(body, "interface"))


def _transceiver_block(row: dict[str, Any]) -> str:
    lines = [row["interface"], f"    transceiver is {row['sfp']}"]
    if "type" in row:
        lines += [
            f"    type is {row['type']}",
            f"    name is {row['name']}",
            f"    part number is {row['partnum']}",
            f"    serial number is {row['serialnum']}",
        ]
    return "\n".join(lines) + "\n"
