"""The interfaces of a switch as they are now: cabling, configuration, anomalies and flaps taken together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal
from weakref import WeakKeyDictionary

from playground.switches.fabric import End, Host
from playground.switches.world import Switch

Kind = Literal["mgmt", "ethernet", "channel", "svi", "loopback"]

ERR_DISABLED = "BPDUGuard errDisable"
NO_TRANSCEIVER = "XCVR not inserted"
NOT_CONNECTED = "Link not connected"
NO_MEMBERS = "No operational members"
SHUT = "Administratively down"


@dataclass(frozen=True)
class Port:
    """An interface now. `reason` is `none` while it is up; `channel` is the port-channel it is a member of."""

    name: str
    kind: Kind
    reason: str
    admin_up: bool
    description: str
    mac: str
    mode: Literal["access", "trunk", "routed"] = "routed"
    vlan: int | None = None
    speed_g: int = 1
    channel: int | None = None
    members: tuple[str, ...] = ()
    address: str | None = None
    mask: int | None = None
    mtu: int = 1500
    transceiver: str | None = None

    @property
    def up(self) -> bool:
        """Whether it carries traffic."""
        return self.reason == "none"

    @property
    def short(self) -> str:
        """The abbreviated name, as tables print it: `Eth1/1`, `Po101`."""
        return short(self.name)


def short(name: str) -> str:
    """The abbreviated name of an interface."""
    return name.replace("Ethernet", "Eth").replace("port-channel", "Po").replace("loopback", "Lo")


def ports(switch: Switch) -> list[Port]:
    """All interfaces, in the order `show interface` has; worked out once until something changes."""
    world = switch.world
    kept = _PORTS.get(switch)
    if kept is None or kept[0] != world.generation:
        kept = _PORTS[switch] = (world.generation, _ports(switch))
    return kept[1]


_PORTS: WeakKeyDictionary[Switch, tuple[int, list[Port]]] = WeakKeyDictionary()


def _ports(switch: Switch) -> list[Port]:
    physical = {port.name: port for port in _ethernets(switch)}
    return [
        _management(switch),
        *physical.values(),
        *_channels(switch, physical),
        *_layer3(switch),
    ]


def edge_up(switch: Switch, place: End) -> bool:
    """Whether a host port of a switch has link."""
    return why_down(switch, place.interface) == "none"


def why_down(switch: Switch, interface: str) -> str:
    """Why an Ethernet port is down, or `none`."""
    world = switch.world
    if End(switch.name, interface) == world.anomalies.err_disabled:
        return ERR_DISABLED
    far = world.fabric.neighbours(switch.name).get(interface)
    hosts = [host for host in world.attachments.on(switch.name) if End(switch.name, interface) in host.places]
    if far is None and not hosts:
        return NO_TRANSCEIVER
    if _shut(switch, interface):
        return SHUT
    if interface in switch.down:
        return NOT_CONNECTED
    if far is not None:
        return _far_reason(world.switches[far.switch], far.interface)
    return "none"


def _far_reason(far: Switch, interface: str) -> str:
    gone = not far.powered or interface in far.down or _shut(far, interface)
    return NOT_CONNECTED if gone else "none"


def _shut(switch: Switch, interface: str) -> bool:
    return switch.running.value(f"interface {interface}", "shutdown") is not None


def _ethernets(switch: Switch) -> Iterator[Port]:
    neighbours = switch.world.fabric.neighbours(switch.name)
    cabled = _hosts_by_port(switch)
    for number in range(1, switch.chassis.ports + 1):
        name = f"Ethernet1/{number}"
        section = f"interface {name}"
        config = switch.running
        trunk = name in neighbours
        host = cabled.get(name)
        used = trunk or host is not None
        fast = switch.chassis.role == "spine" or number > 48
        group = config.value(section, "channel-group")
        yield Port(
            name=name,
            kind="ethernet",
            reason=why_down(switch, name) if used else NO_TRANSCEIVER,
            admin_up=not _shut(switch, name),
            description=config.value(section, "description") or "",
            mac=switch.chassis.mac(number),
            mode="trunk" if trunk else "access",
            vlan=None if trunk else int(config.value(section, "switchport access vlan") or 1),
            speed_g=100 if fast else 10,
            channel=None if group is None else int(group.split()[0]),
            mtu=int(config.value(section, "mtu") or 1500),
            transceiver=None if not used else ("QSFP-100G-AOC3M" if fast else "10Gbase-SR"),
        )


def _hosts_by_port(switch: Switch) -> dict[str, Host]:
    return {
        place.interface: host
        for host in switch.world.attachments.on(switch.name)
        for place in host.places
        if place.switch == switch.name
    }


def _channels(switch: Switch, physical: dict[str, Port]) -> Iterator[Port]:
    config = switch.running
    names = sorted((line for line in config.lines if line.startswith("interface port-channel")), key=_number)
    for section in names:
        name = section.removeprefix("interface ")
        number = _number(name)
        members = [port for port in physical.values() if port.channel == number]
        living = any(port.up for port in members)
        peer_link = config.value(section, "vpc") == "peer-link"
        admin_up = config.value(section, "shutdown") is None
        yield Port(
            name=name,
            kind="channel",
            reason="none" if living and admin_up else (NO_MEMBERS if admin_up else SHUT),
            admin_up=admin_up,
            description=config.value(section, "description") or "",
            mac=members[0].mac if members else switch.chassis.system_mac,
            mode="trunk" if peer_link else "access",
            vlan=None if peer_link else int(config.value(section, "switchport access vlan") or 1),
            speed_g=sum(port.speed_g for port in members if port.up) or 10,
            members=tuple(port.name for port in members),
        )


def _number(name: str) -> int:
    return int(name.removeprefix("interface ").removeprefix("port-channel"))


def _management(switch: Switch) -> Port:
    return Port(
        name="mgmt0",
        kind="mgmt",
        reason="none",
        admin_up=True,
        description=switch.running.value("interface mgmt0", "description") or "",
        mac=switch.chassis.mac(0xF0),
        address=switch.chassis.management_ip,
        mask=16,
    )


def _layer3(switch: Switch) -> Iterator[Port]:
    config = switch.running
    for line in config.lines:
        name = line.removeprefix("interface ")
        if not line.startswith(("interface Vlan", "interface loopback")):
            continue
        address, _, mask = (config.value(line, "ip address") or "/").partition("/")
        admin_up = config.value(line, "shutdown") is None
        yield Port(
            name=name,
            kind="svi" if name.startswith("Vlan") else "loopback",
            reason="none" if admin_up else SHUT,
            admin_up=admin_up,
            description=config.value(line, "description") or "",
            mac=switch.chassis.system_mac,
            vlan=int(name.removeprefix("Vlan")) if name.startswith("Vlan") else None,
            address=address or None,
            mask=int(mask) if mask else None,
        )
