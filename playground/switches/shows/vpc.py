"""Shows about virtual port-channels, the pairing of two leafs."""

from __future__ import annotations

from typing import Any

from playground.switches.ask import Ask
from playground.switches.columns import grid, rows, rule
from playground.switches.dialect import Body, table
from playground.switches.fabric import TRANSIT, VLANS, Chassis
from playground.switches.ports import Port, ports, short
from playground.switches.world import Switch

_NO_VPC = "Note: vPC is not configured on this switch\n"
_ALL_VLANS = ",".join(map(str, [1, *VLANS, TRANSIT]))


def _twin(switch: Switch) -> Chassis | None:
    peer = switch.chassis.peer
    return None if peer is None else switch.world.fabric.chassis[peer]


def _role(switch: Switch) -> str:
    return "primary" if switch.chassis.peer is not None and switch.name < switch.chassis.peer else "secondary"


def vpc(ask: Ask) -> Body | str:
    """`show vpc`; text on a switch without vPC, as NX-OS gives none of it there."""
    switch = ask.switch
    twin = _twin(switch)
    if twin is None or switch.chassis.domain is None:
        return _NO_VPC
    found = {port.name: port for port in ports(switch)}
    peer_ok = found["port-channel1"].up and switch.world.switches[twin.name].powered
    return {
        "vpc-domain-id": str(switch.chassis.domain),
        "vpc-peer-status": "peer-ok" if peer_ok else "peer-link-down",
        "vpc-peer-status-reason": "SUCCESS" if peer_ok else "vPC peer link is down",
        "vpc-peer-keepalive-status": "peer-alive"
        if switch.world.switches[twin.name].powered
        else "peer-not-reachable",
        "vpc-peer-consistency": "consistent",
        "vpc-per-vlan-peer-consistency": "consistent",
        "vpc-peer-consistency-status": "SUCCESS",
        "vpc-type-2-consistency": "consistent",
        "vpc-type-2-consistency-status": "SUCCESS",
        "vpc-role": _role(switch),
        "num-of-vpcs": str(sum(1 for port in found.values() if _is_vpc(port))),
        "peer-gateway": 1,
        "dual-active-excluded-vlans": "-",
        "vpc-graceful-consistency-check-status": "enabled",
        "vpc-auto-recovery-status": "Disabled",
        "vpc-peer-link-hdr": "Start of VPC peer-link table",
        **table(
            "peerlink",
            [
                {
                    "peer-link-id": 1,
                    "peerlink-ifindex": "Po1",
                    "peer-link-port-state": 1 if found["port-channel1"].up else 0,
                    "peer-up-vlan-bitset": _ALL_VLANS if peer_ok else "-",
                }
            ],
        ),
        "vpc-end": "End of table",
        "vpc-hdr": "Start of vPC table",
        "vpc-not-es": "vPC complex",
        **table("vpc", [_vpc(switch, port) for port in found.values() if _is_vpc(port)]),
    }


def _is_vpc(port: Port) -> bool:
    return port.kind == "channel" and port.name != "port-channel1" and bool(port.members)


def _vpc(switch: Switch, port: Port) -> dict[str, Any]:
    number = int(port.name.removeprefix("port-channel"))
    odd = switch.world.anomalies
    inconsistent = switch.name in odd.vpc_inconsistent and number == odd.inconsistent_vpc
    return {
        "vpc-id": number,
        "vpc-ifindex": short(port.name),
        "vpc-port-state": 1 if port.up else 0,
        "phy-port-if-removed": "disabled",
        "vpc-thru-peerlink": 0,
        "vpc-consistency": "inconsistent" if inconsistent else "consistent",
        "vpc-consistency-status": "vPC type-1 configuration incompatible - STP interface port guard inconsistent"
        if inconsistent
        else "SUCCESS",
        "up-vlan-bitset": str(port.vlan) if port.up and not inconsistent else "-",
        "es-attr": "DF: Invalid",
    }


def vpc_text(_: Ask, body: Body) -> str:
    """The text of it."""
    pairs = (
        ("vPC domain id", body["vpc-domain-id"]),
        (
            "Peer status",
            "peer adjacency formed ok" if body["vpc-peer-status"] == "peer-ok" else "peer link is down",
        ),
        ("vPC keep-alive status", body["vpc-peer-keepalive-status"].replace("-", " is ", 1)),
        ("Configuration consistency status", "success"),
        ("Per-vlan consistency status", "success"),
        ("Type-2 consistency status", "success"),
        ("vPC role", body["vpc-role"]),
        ("Number of vPCs configured", body["num-of-vpcs"]),
        ("Peer Gateway", "Enabled"),
        ("Dual-active excluded VLANs", "-"),
        ("Graceful Consistency Check", "Enabled"),
        ("Auto-recovery status", body["vpc-auto-recovery-status"]),
    )
    head = "Legend:\n                (*) - local vPC is down, forwarding via vPC peer-link\n\n"
    facts = "".join(f"{name:<33}: {value}\n" for name, value in pairs)
    links = [
        (
            row["peer-link-id"],
            row["peerlink-ifindex"],
            _state(row["peer-link-port-state"]),
            row["peer-up-vlan-bitset"],
        )
        for row in rows(body, "peerlink")
    ]
    vpcs = [
        (
            row["vpc-id"],
            row["vpc-ifindex"],
            _state(row["vpc-port-state"]),
            "failed" if row["vpc-consistency"] == "inconsistent" else "success",
            row["vpc-consistency-status"].lower(),
            row["up-vlan-bitset"],
        )
        for row in rows(body, "vpc")
    ]
    return (
        f"{head}{facts}\nvPC Peer-link status\n{rule(69)}"
        + grid([("id", "Port", "Status", "Active vlans"), ("--", "----", "------", "-" * 20)], (5, 6, 6, 20))
        + grid(links, (5, 6, 6, 20))
        + f"\nvPC status\n{rule(76)}"
        + grid([("Id", "Port", "Status", "Consistency", "Reason", "Active vlans")], (5, 12, 6, 11, 17, 15))
        + grid([("--", "-" * 12, "-" * 6, "-" * 11, "-" * 6, "-" * 15)], (5, 12, 6, 11, 17, 15))
        + grid(vpcs, (5, 12, 6, 11, 17, 15))
    )


def _state(number: int) -> str:
    return "up" if number else "down"


def role(ask: Ask) -> Body | str:
    """`show vpc role`; text on a switch without vPC."""
    switch = ask.switch
    twin = _twin(switch)
    if twin is None or switch.chassis.domain is None:
        return _NO_VPC
    primary = _role(switch) == "primary"
    return {
        "vpc-peer-status": "peer-ok",
        "vpc-peer-status-reason": "SUCCESS",
        "vpc-current-role": _role(switch),
        "dual-active-detected": 0,
        "vpc-system-mac": f"00:23:04:ee:{switch.chassis.domain // 256 + 0xBE:02x}:{switch.chassis.domain % 256:02x}",
        "vpc-system-prio": 32667,
        "vpc-local-system-mac": _colons(switch.chassis),
        "vpc-local-system-prio": 32667,
        "vpc-local-role-prio": 8192 if primary else 16384,
        "vpc-peer-system-mac": _colons(twin),
        "vpc-peer-system-prio": 32667,
        "vpc-peer-role-prio": 16384 if primary else 8192,
    }


def _colons(chassis: Chassis) -> str:
    digits = chassis.system_mac.replace(".", "")
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2))


def role_text(_: Ask, body: Body) -> str:
    """The text of it."""
    pairs = (
        ("vPC role", "vpc-current-role"),
        ("Dual Active Detection Status", "dual-active-detected"),
        ("vPC system-mac", "vpc-system-mac"),
        ("vPC system-priority", "vpc-system-prio"),
        ("vPC local system-mac", "vpc-local-system-mac"),
        ("vPC local role-priority", "vpc-local-role-prio"),
        ("vPC peer system-mac", "vpc-peer-system-mac"),
        ("vPC peer role-priority", "vpc-peer-role-prio"),
    )
    head = f"\nvPC Role status\n{rule(52)}"
    return head + "".join(f"{name:<33}: {body[key]}\n" for name, key in pairs)


def orphan_ports(ask: Ask) -> str:
    """`show vpc orphan-ports`: text, even where JSON was asked for."""
    single = [
        port for port in ports(ask.switch) if port.up and port.kind == "ethernet" and port.mode == "access"
    ]
    orphans = [(port.vlan, short(port.name)) for port in single if port.channel is None]
    head = "Note: \n--------::Going through port database. Please be patient.::--------\n\n"
    widths = (14, 40)
    return head + grid([("VLAN", "Orphan Ports"), ("-" * 7, "-" * 25)], widths) + grid(orphans, widths)
