"""Shows about BGP: leafs and spines of a pod are each other's neighbours, over the transit VLAN."""

from __future__ import annotations

from typing import Any

from playground.switches.ask import Ask
from playground.switches.columns import cells, grid, rows
from playground.switches.dialect import Body, table
from playground.switches.fabric import Chassis
from playground.switches.ports import why_down
from playground.switches.world import Switch


def established(switch: Switch, neighbour: Chassis) -> bool:
    """Whether a session stands: both ends say the same."""
    return _state(switch, neighbour) == "Established"


def _state(switch: Switch, neighbour: Chassis) -> str:
    if {switch.name, neighbour.name} == set(switch.world.anomalies.bgp_idle):
        return "Idle"
    far = switch.world.switches[neighbour.name]
    return "Established" if far.powered and _cabled(switch, neighbour) else "Idle"


def _cabled(switch: Switch, neighbour: Chassis) -> bool:
    """Whether the cable between the two carries."""
    ends = switch.world.fabric.neighbours(switch.name)
    return any(why_down(switch, port) == "none" for port, end in ends.items() if end.switch == neighbour.name)


def summary(ask: Ask) -> Body:
    """`show ip bgp summary [vrf all]` and `show bgp all summary vrf all`."""
    switch = ask.switch
    found = [_neighbour(switch, each) for each in switch.world.fabric.bgp_neighbours(switch.chassis)]
    unicast = {
        "safi": 1,
        "af-name": "IPv4 Unicast",
        "tableversion": "582",
        "configuredpeers": str(len(found)),
        "capablepeers": str(sum(1 for row in found if row["state"] == "Established")),
        "totalnetworks": "73",
        "totalpaths": "152",
        "memoryused": "17424",
        "dampening": "Disabled",
        **table("neighbor", found),
    }
    family = {"af-id": "1", **table("saf", [unicast])}
    vrf = {
        "vrf-name-out": "default",
        "vrf-router-id": switch.chassis.loopback_ip,
        "vrf-local-as": str(switch.chassis.asn),
        **table("af", [family]),
    }
    return table("vrf", [vrf])


def _neighbour(switch: Switch, neighbour: Chassis) -> dict[str, Any]:
    stands = established(switch, neighbour)
    sent = 190_000 + switch.chance(f"bgp {neighbour.name}", 5000)
    return {
        "neighborid": neighbour.transit_ip,
        "neighborversion": "4",
        "msgrecvd": sent - 140,
        "msgsent": sent,
        "neighbortableversion": "582" if stands else "0",
        "inq": "0",
        "outq": "0",
        "neighboras": str(neighbour.asn),
        "time": "5w3d" if stands else "02:13:40",
        "state": _state(switch, neighbour),
        "prefixreceived": "13" if stands else "0",
    }


def summary_text(_: Ask, body: Body) -> str:
    """The text of it."""
    vrf = rows(body, "vrf")[0]
    unicast = rows(rows(vrf, "af")[0], "saf")[0]
    widths = (15, 1, 10, 9, 9, 8, 4, 4, 8, 14)
    lines = []
    for row in rows(unicast, "neighbor"):
        last = row["prefixreceived"] if row["state"] == "Established" else row["state"]
        keys = ("neighborid", "neighborversion", "neighboras", "msgrecvd", "msgsent", "neighbortableversion")
        lines.append([*(row[key] for key in keys), row["inq"], row["outq"], row["time"], last])
    names = ("Neighbor", "V", "AS", "MsgRcvd", "MsgSent", "TblVer", "InQ", "OutQ", "Up/Down", "State/PfxRcd")
    return (
        "BGP summary information for VRF default, address family IPv4 Unicast\n"
        f"BGP router identifier {vrf['vrf-router-id']}, local AS number {vrf['vrf-local-as']}\n"
        f"BGP table version is {unicast['tableversion']}, IPv4 Unicast config peers {unicast['configuredpeers']}, "
        f"capable peers {unicast['capablepeers']}\n"
        f"{unicast['totalnetworks']} network entries and {unicast['totalpaths']} paths "
        f"using {unicast['memoryused']} bytes of memory\n\n" + grid([names], widths) + grid(lines, widths)
    )


def sessions(ask: Ask) -> Body:
    """`show bgp sessions`."""
    switch = ask.switch
    neighbours = switch.world.fabric.bgp_neighbours(switch.chassis)
    found = [_session(switch, each) for each in neighbours]
    standing = str(sum(1 for row in found if row["state"] == "Established"))
    vrf = {
        "vrf-name-out": "default",
        "local-as": str(switch.chassis.asn),
        "vrfpeers": str(len(found)),
        "vrfestablishedpeers": standing,
        "router-id": switch.chassis.loopback_ip,
        **table("neighbor", found),
    }
    return {
        "totalpeers": str(len(found)),
        "totalestablishedpeers": standing,
        "localas": str(switch.chassis.asn),
        **table("vrf", [vrf]),
    }


def _session(switch: Switch, neighbour: Chassis) -> dict[str, Any]:
    stands = established(switch, neighbour)
    return {
        "connectionsdropped": "0" if stands else "1",
        "lastflap": "P38DT6H57M" if stands else "PT2H13M40S",
        "lastread": f"PT{switch.chance(f'read {neighbour.name}', 60)}S",
        "lastwrite": f"PT{switch.chance(f'write {neighbour.name}', 60)}S",
        "localport": "179" if stands else "0",
        "neighbor-id": neighbour.transit_ip,
        "notificationsreceived": "0",
        "notificationssent": "0",
        "remoteas": str(neighbour.asn),
        "remoteport": str(32768 + switch.chance(f"port {neighbour.name}", 28000)) if stands else "0",
        "state": _state(switch, neighbour),
    }


def sessions_text(_: Ask, body: Body) -> str:
    """The text of it."""
    vrf = rows(body, "vrf")[0]
    widths = (15, 10, 5, 9, 9, 9, 11)
    found = cells(
        rows(vrf, "neighbor"),
        "neighbor-id",
        "remoteas",
        "connectionsdropped",
        "lastflap",
        "lastread",
        "lastwrite",
        "state",
    )
    names = ("Neighbor", "ASN", "Flaps", "LastUpDn", "LastRead", "LastWrit", "St")
    return (
        f"Total peers {body['totalpeers']}, established peers {body['totalestablishedpeers']}\n"
        f"ASN {body['localas']}\nVRF default, local ASN {vrf['local-as']}\n"
        f"peers {vrf['vrfpeers']}, established peers {vrf['vrfestablishedpeers']}, local router-id {vrf['router-id']}\n"
        "State: I-Idle, A-Active, O-Open, E-Established, C-Closing, S-Shutdown\n\n"
        + grid([names], widths)
        + grid(found, widths)
    )
