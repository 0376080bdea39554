"""Where something is plugged in: MAC tables, ARP, LLDP and CDP of the whole fleet joined. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from integrations.switches.facts import Facts
from integrations.switches.model import MacEntry, Neighbour
from integrations.switches.normalise import mac

Role = Literal["edge", "edge port-channel", "uplink"]
_RANK: dict[Role, int] = {"edge": 0, "edge port-channel": 1, "uplink": 2}


@dataclass(frozen=True, slots=True)
class Place:
    """A port at which something was seen; `switches` are two where it is a vPC of both."""

    switches: tuple[str, ...]
    port: str
    role: Role
    mac: str = ""
    vlan: str = ""
    vpc: int | None = None
    members: tuple[str, ...] = ()
    """The ports of a port-channel, on all its switches."""
    neighbour: str = ""
    """Who says by LLDP or CDP to be there."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """An address resolved by a switch: it is in this VLAN or at this interface."""

    switch: str
    address: str
    mac: str | None
    interface: str
    vrf: str


@dataclass(frozen=True, slots=True)
class Part:
    """Something with a serial number."""

    switch: str
    name: str
    product: str
    serial: str


@dataclass(frozen=True, slots=True)
class Found:
    """What is known of the thing sought. `places` are those to go to; `seen_on` where traffic to it passes."""

    places: tuple[Place, ...] = ()
    seen_on: tuple[Place, ...] = ()
    sightings: tuple[Sighting, ...] = ()
    parts: tuple[Part, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.places or self.seen_on or self.sightings or self.parts)


def find_mac(written: str, fleet: Sequence[Facts]) -> Found:
    """Where a MAC address is. Raises ValueError for what is none."""
    address = mac(written)
    if address is None:
        raise ValueError(f"{written!r} is no MAC address such as 0050.56ab.cdef or 00:50:56:ab:cd:ef")
    places = _places([address], fleet)
    sightings = tuple(each for each in _sightings(fleet) if each.mac == address)
    return replace(_told(places), sightings=sightings)


def find_ip(written: str, fleet: Sequence[Facts]) -> Found:
    """Where an IP address is: who resolved it, and where its MAC address is. Raises ValueError for what is none."""
    address = ipaddress.ip_address(written.strip())
    sightings = tuple(each for each in _sightings(fleet) if _same(each.address, address))
    macs = list(dict.fromkeys(each.mac for each in sightings if each.mac is not None))
    neighbours = [
        (facts, each)
        for facts in fleet
        for each in facts.neighbours
        if each.address and _same(each.address, address)
    ]
    places = _places(macs, fleet)
    if not places:
        places = _folded([_of_neighbour(facts, each, fleet) for facts, each in neighbours], fleet)
    return replace(_told(places), sightings=sightings)


def find_host(name: str, fleet: Sequence[Facts]) -> Found:
    """Where a host is that tells its name by LLDP or CDP, in full or without its domain."""
    wanted = name.strip().casefold()
    found = [
        _of_neighbour(facts, each, fleet)
        for facts in fleet
        for each in facts.neighbours
        if wanted in (each.device.casefold(), each.name.casefold(), each.device.partition("(")[0].casefold())
    ]
    places = _folded(found, fleet)
    # Where it was asked for, the port to go to is the one it is at, be it a switch's.
    return Found(
        places=tuple(replace(each, role="edge") if each.role == "uplink" else each for each in places)
    )


def find_serial(written: str, fleet: Sequence[Facts]) -> Found:
    """Which switch or part has a serial number; capitals make no difference."""
    wanted = written.strip().casefold()
    parts = [part for facts in fleet for part in _parts(facts) if part.serial.casefold() == wanted]
    chassis = {part.switch for part in parts if part.name == "Chassis"}
    kept = [part for part in parts if part.name == "Chassis" or part.switch not in chassis]
    return Found(parts=tuple(dict.fromkeys(kept)))


def _parts(facts: Facts) -> Iterator[Part]:
    if facts.version is not None and facts.version.serial:
        yield Part(facts.switch, "Chassis", facts.version.model, facts.version.serial)
    for item in facts.inventory:
        if item.serial and item.name != "Chassis":
            yield Part(facts.switch, item.name, item.product, item.serial)
        elif item.serial and (facts.version is None or facts.version.serial != item.serial):
            yield Part(facts.switch, "Chassis", item.product, item.serial)
    for module in facts.modules:
        if module.serial:
            yield Part(facts.switch, f"Module {module.slot}", module.model, module.serial)


def _told(places: Iterable[Place]) -> Found:
    """The best role's places are where to go; the rest lie on the way."""
    ranked = sorted(places, key=lambda place: (_RANK[place.role], place.switches, place.port))
    edges = tuple(place for place in ranked if place.role != "uplink")
    best = tuple(place for place in edges if place.role == edges[0].role)
    return Found(places=best, seen_on=tuple(place for place in ranked if place not in best))


def _places(macs: Sequence[str], fleet: Sequence[Facts]) -> tuple[Place, ...]:
    found = [
        _of_entry(facts, entry, fleet)
        for facts in fleet
        for entry in facts.macs
        if entry.mac in macs and not entry.own
    ]
    return _folded(found, fleet)


def _of_entry(facts: Facts, entry: MacEntry, fleet: Sequence[Facts]) -> Place:
    return _place(facts, entry.port, fleet, mac=entry.mac, vlan=entry.vlan)


def _of_neighbour(facts: Facts, neighbour: Neighbour, fleet: Sequence[Facts]) -> Place:
    channel = next(
        (name for name, ports in facts.port_channels.items() if neighbour.port in ports), neighbour.port
    )
    return _place(facts, channel, fleet)


def _place(facts: Facts, port: str, fleet: Sequence[Facts], *, mac: str = "", vlan: str = "") -> Place:
    members = facts.port_channels.get(port, ())
    ports = members or (port,)
    seen = [each for each in facts.neighbours if each.port in ports]
    vpc = next((each.number for each in facts.vpc.members if each.port == port), None) if facts.vpc else None
    return Place(
        switches=(facts.switch,),
        port=port,
        role=_role(facts, port, seen, fleet),
        mac=mac,
        vlan=vlan,
        vpc=vpc,
        members=tuple(f"{facts.switch} {each}" for each in members),
        neighbour=next((each.name for each in seen), ""),
    )


def _role(facts: Facts, port: str, seen: Sequence[Neighbour], fleet: Sequence[Facts]) -> Role:
    """An uplink leads to another switch, over a tunnel too (`nve1(10.0.0.1)`), or to the vPC peer."""
    known = {each.switch.casefold() for each in fleet}
    known |= {
        each.version.hostname.partition(".")[0].casefold() for each in fleet if each.version is not None
    }
    leads_on = any(each.is_switch or each.name.casefold() in known for each in seen)
    peer_link = facts.vpc is not None and port in facts.vpc.peer_links
    if leads_on or peer_link or port.lower().startswith(("nve", "vpc peer-link", "tunnel")):
        return "uplink"
    return "edge port-channel" if port.startswith("port-channel") else "edge"


def _folded(places: Iterable[Place], fleet: Sequence[Facts]) -> tuple[Place, ...]:
    """The two halves of a vPC, seen on both its switches, are one place."""
    domains = {facts.switch: facts.vpc.domain for facts in fleet if facts.vpc is not None}
    found: dict[object, Place] = {}
    for place in places:
        switch = place.switches[0]
        alone = (switch, place.port, place.mac, place.vlan)
        key: object = alone if place.vpc is None else (domains.get(switch), place.vpc, place.mac, place.vlan)
        twin = found.get(key)
        if twin is None:
            found[key] = place
        elif switch not in twin.switches:
            members = (*twin.members, *place.members)
            found[key] = replace(twin, switches=(*twin.switches, switch), members=members)
    return tuple(found.values())


def _sightings(fleet: Sequence[Facts]) -> Iterator[Sighting]:
    for facts in fleet:
        for each in facts.arp:
            yield Sighting(facts.switch, each.address, each.mac, each.interface, each.vrf)


def _same(written: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    try:
        return ipaddress.ip_address(written) == address
    except ValueError:
        return False
