"""The fabric the farm plays: which switches there are, how they are cabled, which hosts hang on them.

Everything follows from the number of switches and a seed, so two farms of the same size tell the same.

Pods of up to fifty switches: two spines and leafs in vPC pairs (a leaf left over stands alone). A leaf has
48 host ports, uplinks on Ethernet1/49 (first spine) and 1/50 (second), and its vPC peer link, port-channel1,
on 1/53 and 1/54. A spine has leaf k of its pod on Ethernet1/k; the spines of one plane form a ring over the
pods on 1/63 and 1/64. A pair has ten hosts on both leafs (Ethernet1/1 to 1/10, port-channel and vPC 101 to
110) and each leaf four hosts of its own (1/11 to 1/14).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import Literal

Role = Literal["spine", "leaf"]

POD = 50
"""Switches in a full pod; two of them are spines, which makes one spine in twenty-five."""

LEAST = 4
"""The smallest fabric: two spines and a pair of leafs."""

MOST = 5000
"""The largest; beyond it the numbering of addresses would run over."""

VLANS = {10: "web", 20: "app", 30: "db", 40: "storage"}
"""The VLANs hosts are in; 10.<pod>.<vlan>.0/24 is their network."""

TRANSIT = 900
"""The VLAN over which leafs and spines speak BGP: 10.<pod>.250.0/24."""

DUAL, SINGLE = 10, 4
CHANNEL_OFFSET = 100
SPINE_AS = 65000

RELEASES = ("7.0(3)I4(6)", "9.2(2)", "9.3(5)", "10.2(3)")
_LEAF_RELEASE_BY_POD = ("9.3(5)", "9.3(5)", "10.2(3)", "9.3(5)", "9.2(2)", "9.3(5)", "7.0(3)I4(6)", "9.3(5)")
OLDEST = RELEASES[0]


@dataclass(frozen=True)
class Chassis:
    """A switch as it was mounted; `number` counts from 0 through the farm, `place` from 1 through its pod."""

    number: int
    name: str
    role: Role
    pod: int
    place: int
    release: str
    serial: str
    asn: int
    peer: str | None = None
    domain: int | None = None

    @property
    def model(self) -> str:
        """Cisco's product id."""
        return "N9K-C9364C" if self.role == "spine" else "N9K-C93180YC-FX"

    @property
    def management_ip(self) -> str:
        """The address of mgmt0 as other switches tell it; clients use the inventory's."""
        return f"10.255.{self.number // 250}.{self.number % 250 + 1}"

    @property
    def loopback_ip(self) -> str:
        """The address of loopback0, and the BGP router id."""
        return f"10.253.{self.number // 250}.{self.number % 250 + 1}"

    @property
    def transit_ip(self) -> str:
        """The address in the transit VLAN of the pod: spines .1 and .2, leafs from .11."""
        return f"10.{self.pod}.250.{self.place if self.role == 'spine' else 10 + self.place}"

    @property
    def system_mac(self) -> str:
        """The chassis' own MAC, as NX-OS writes it."""
        return self.mac(0)

    def mac(self, port: int) -> str:
        """The MAC of a port of it."""
        return dotted(0x00DEFB000000 | self.number << 8 | port)

    @property
    def ports(self) -> int:
        """How many Ethernet ports it has."""
        return 64 if self.role == "spine" else 54


@dataclass(frozen=True)
class End:
    """An end of a cable."""

    switch: str
    interface: str


@dataclass(frozen=True)
class Link:
    """A cable between two switches."""

    a: End
    b: End


@dataclass(frozen=True)
class Host:
    """A machine; with two places it is dual-attached through port-channel and vPC `channel`."""

    name: str
    mac: str
    ip: str
    vlan: int
    serial: str
    places: tuple[End, ...]
    channel: int | None = None


@dataclass(frozen=True)
class Fabric:
    """All switches by name, in the order of their numbers, with all cables between them."""

    seed: int
    chassis: Mapping[str, Chassis]
    links: tuple[Link, ...]

    @cached_property
    def _neighbours(self) -> dict[str, dict[str, End]]:
        found: dict[str, dict[str, End]] = {name: {} for name in self.chassis}
        for link in self.links:
            found[link.a.switch][link.a.interface] = link.b
            found[link.b.switch][link.b.interface] = link.a
        return found

    def neighbours(self, name: str) -> dict[str, End]:
        """The far end of every cable of a switch, by its own interface."""
        return self._neighbours[name]

    @cached_property
    def _pods(self) -> dict[int, list[Chassis]]:
        pods: dict[int, list[Chassis]] = {}
        for chassis in self.chassis.values():
            pods.setdefault(chassis.pod, []).append(chassis)
        return pods

    def pod(self, number: int, role: Role) -> list[Chassis]:
        """The spines or leafs of a pod."""
        return [chassis for chassis in self._pods[number] if chassis.role == role]

    def bgp_neighbours(self, chassis: Chassis) -> list[Chassis]:
        """Whom a switch speaks BGP with: all switches of the other role in its pod."""
        return self.pod(chassis.pod, "leaf" if chassis.role == "spine" else "spine")

    @property
    def leafs(self) -> list[Chassis]:
        """All leafs."""
        return [chassis for chassis in self.chassis.values() if chassis.role == "leaf"]


def ethernet(port: int) -> str:
    """The name of a port."""
    return f"Ethernet1/{port}"


def dotted(mac: int) -> str:
    """A MAC as NX-OS writes it: `00de.fb00.0100`."""
    digits = f"{mac:012x}"
    return f"{digits[:4]}.{digits[4:8]}.{digits[8:]}"


def build_fabric(count: int, seed: int = 1) -> Fabric:
    """The fabric of `count` switches. Raises ValueError outside LEAST to MOST."""
    if not LEAST <= count <= MOST:
        raise ValueError(f"a fabric of {count} switches: it has {LEAST} to {MOST}")
    pods = -(-count // POD)
    leafs = count - 2 * pods
    per_pod = -(-leafs // pods // 2) * 2
    random = Random(f"fabric {seed}")
    chassis = [*_spines(pods, random), *_leafs(leafs, per_pod, 2 * pods, random)]
    by_name = {each.name: each for each in chassis}
    return Fabric(seed, by_name, tuple(_cables(list(by_name.values()), pods)))


def _width(count: int) -> int:
    return max(2, len(str(count)))


def _serial(random: Random, prefix: str = "FDO") -> str:
    alphabet = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"
    return f"{prefix}{random.randint(2001, 2752)}" + "".join(random.choice(alphabet) for _ in range(4))


def _spines(pods: int, random: Random) -> Iterator[Chassis]:
    for number in range(2 * pods):
        yield Chassis(
            number=number,
            name=f"spine{number + 1:0{_width(2 * pods)}}",
            role="spine",
            pod=number // 2 + 1,
            place=number % 2 + 1,
            release="10.2(3)",
            serial=_serial(random),
            asn=SPINE_AS,
        )


def _leafs(count: int, per_pod: int, first: int, random: Random) -> Iterator[Chassis]:
    for leaf in range(count):
        pod, inside = divmod(leaf, per_pod)
        twin = leaf ^ 1
        paired = twin < count
        yield Chassis(
            number=first + leaf,
            name=f"leaf{leaf + 1:0{_width(count)}}",
            role="leaf",
            pod=pod + 1,
            place=inside + 1,
            release=_LEAF_RELEASE_BY_POD[pod % len(_LEAF_RELEASE_BY_POD)],
            serial=_serial(random),
            asn=SPINE_AS + 1 + inside // 2,
            peer=f"leaf{twin + 1:0{_width(count)}}" if paired else None,
            domain=leaf // 2 % 1000 + 1 if paired else None,
        )


def _cables(chassis: list[Chassis], pods: int) -> Iterator[Link]:
    spines = {(each.pod, each.place): each for each in chassis if each.role == "spine"}
    for leaf in (each for each in chassis if each.role == "leaf"):
        for plane in (1, 2):
            spine = spines[leaf.pod, plane]
            yield Link(End(leaf.name, ethernet(48 + plane)), End(spine.name, ethernet(leaf.place)))
        if leaf.peer is not None and leaf.name < leaf.peer:
            for port in (53, 54):
                yield Link(End(leaf.name, ethernet(port)), End(leaf.peer, ethernet(port)))
    if pods > 1:
        for (pod, plane), spine in spines.items():
            onward = spines[pod % pods + 1, plane]
            yield Link(End(spine.name, ethernet(64)), End(onward.name, ethernet(63)))


class Attachments:
    """The hosts and where they hang; a host may move."""

    def __init__(self, fabric: Fabric) -> None:
        self._fabric = fabric
        self.hosts: dict[str, Host] = {}
        self._on_leaf: dict[str, dict[str, Host]] = {leaf.name: {} for leaf in fabric.leafs}
        for host in _hosts(fabric):
            self._hang(host)

    def _hang(self, host: Host) -> None:
        self.hosts[host.name] = host
        for place in host.places:
            self._on_leaf[place.switch][host.name] = host

    def on(self, leaf: str) -> list[Host]:
        """The hosts with a cable to a leaf."""
        return list(self._on_leaf.get(leaf, {}).values())

    def in_pod(self, pod: int) -> list[Host]:
        """The hosts of a pod, each once."""
        found = {host.name: host for leaf in self._fabric.pod(pod, "leaf") for host in self.on(leaf.name)}
        return list(found.values())

    def move(self, host: Host, place: End) -> Host:
        """Hang a host on another port, single-attached. Its address stays: it moved, as machines do."""
        for old in host.places:
            del self._on_leaf[old.switch][host.name]
        moved = Host(host.name, host.mac, host.ip, host.vlan, host.serial, (place,))
        self._hang(moved)
        return moved


def _hosts(fabric: Fabric) -> Iterator[Host]:
    random = Random(f"hosts {fabric.seed}")
    used: dict[tuple[int, int], int] = {}
    for index, (leaf, places, channel) in enumerate(_sockets(fabric), 1):
        vlan = list(VLANS)[index % len(VLANS)]
        used[leaf.pod, vlan] = used.get((leaf.pod, vlan), 9) + 1
        yield Host(
            name=f"{VLANS[vlan]}-{index:05}",
            # Multiplying by an odd number keeps 24-bit numbers apart while they no longer look counted.
            mac=dotted(0x005056000000 | (index * 40503 + fabric.seed * 4099) & 0xFFFFFF),
            ip=f"10.{leaf.pod}.{vlan}.{used[leaf.pod, vlan]}",
            vlan=vlan,
            serial=_serial(random, "WZP"),
            places=places,
            channel=channel,
        )


def _sockets(fabric: Fabric) -> Iterator[tuple[Chassis, tuple[End, ...], int | None]]:
    for leaf in fabric.leafs:
        if leaf.peer is not None and leaf.name < leaf.peer:
            for port in range(1, DUAL + 1):
                twin = End(leaf.peer, ethernet(port))
                yield leaf, (End(leaf.name, ethernet(port)), twin), CHANNEL_OFFSET + port
        for port in range(DUAL + 1, DUAL + SINGLE + 1):
            yield leaf, (End(leaf.name, ethernet(port)),), None
