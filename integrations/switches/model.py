"""What switches say, as typed values; `shows` makes them from answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Version:
    """`show version`."""

    hostname: str
    version: str
    model: str
    serial: str
    uptime: int | None
    """Seconds."""
    reset_reason: str = ""
    image: str = ""
    bios: str = ""
    memory_kb: int | None = None


@dataclass(frozen=True, slots=True)
class Interface:
    """One interface: `show interface`, `… brief`, `… status`; what a show does not tell is empty."""

    name: str
    up: bool
    state: str
    """In the switch's own words: `up`, `connected`, `notconnect`, `sfpAbsent`, `down` …"""
    reason: str = ""
    description: str = ""
    vlan: str = ""
    mode: str = ""
    speed: str = ""
    duplex: str = ""
    mtu: int | None = None
    address: str = ""
    type: str = ""
    admin_up: bool | None = None

    @property
    def err_disabled(self) -> bool:
        """Whether the switch closed it because of an error."""
        told = f"{self.state} {self.reason}".lower().replace("-", "").replace(" ", "")
        return "errdis" in told


@dataclass(frozen=True, slots=True)
class Counters:
    """What an interface counted, by the switch's names: `show interface counters`, `… errors`, `show interface`."""

    interface: str
    values: Mapping[str, int] = field(default_factory=dict)

    @property
    def errors(self) -> Mapping[str, int]:
        """Those that count errors and discards and are not zero."""
        return {name: count for name, count in self.values.items() if count and is_error(name)}


_ERRORS = (
    *(
        "err",
        "disc",
        "crc",
        "runts",
        "giants",
        "col",
        "undersize",
        "overrun",
        "underrun",
        "nobuf",
        "align",
        "fcs",
    ),
    *("lostcarrier", "nocarrier", "carri_sen", "babbles", "watchdog", "dribble", "ifdown_drops"),
)


def is_error(name: str) -> bool:
    """Whether a counter of this name counts what should not happen."""
    bare = name.removeprefix("eth_").lower()
    return any(part in bare for part in _ERRORS)


@dataclass(frozen=True, slots=True)
class MacEntry:
    """A row of `show mac address-table`."""

    mac: str
    vlan: str
    port: str
    kind: str
    """`dynamic`, `static`, `*`, `G` …"""

    @property
    def own(self) -> bool:
        """Whether it is the switch's own address, or one of its supervisor."""
        return self.kind.upper().startswith("G") or self.port.lower().startswith("sup")


@dataclass(frozen=True, slots=True)
class ArpEntry:
    """A row of `show ip arp`."""

    address: str
    mac: str | None
    interface: str
    vrf: str = ""
    age: int | None = None
    """Seconds."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A row of `show cdp neighbors` or `show lldp neighbors`, with or without `detail`."""

    protocol: Literal["cdp", "lldp"]
    port: str
    device: str
    remote_port: str
    platform: str = ""
    address: str = ""
    capabilities: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The device without its domain and without the serial that NX-OS adds in CDP: `leaf01(FDO2107)`."""
        return self.device.partition("(")[0].partition(".")[0]

    @property
    def is_switch(self) -> bool:
        """Whether it says that it switches or routes."""
        told = " ".join(self.capabilities).lower()
        return "switch" in told or "router" in told or "bridge" in told


@dataclass(frozen=True, slots=True)
class VpcMember:
    """One vPC of `show vpc`."""

    number: int
    port: str
    up: bool
    consistent: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Vpc:
    """`show vpc`."""

    domain: str
    role: str
    peer: str
    """`peer-ok` where all is well."""
    keepalive: str
    """`peer-alive` where all is well."""
    consistent: bool
    reason: str = ""
    peer_links: tuple[str, ...] = ()
    members: tuple[VpcMember, ...] = ()


@dataclass(frozen=True, slots=True)
class Temperature:
    """A sensor, in degrees Celsius."""

    sensor: str
    module: str
    now: int | None
    minor: int | None
    major: int | None
    ok: bool
    status: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A fan or a power supply."""

    name: str
    model: str
    ok: bool
    status: str


@dataclass(frozen=True, slots=True)
class Environment:
    """`show environment`."""

    temperatures: tuple[Temperature, ...] = ()
    fans: tuple[Part, ...] = ()
    supplies: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Resources:
    """`show system resources`."""

    cpu_idle: float | None
    """Percent."""
    memory_total_kb: int | None
    memory_used_kb: int | None
    load_1: float | None = None
    load_5: float | None = None
    load_15: float | None = None
    memory_status: str = ""

    @property
    def cpu_percent(self) -> float | None:
        """How busy it is."""
        return None if self.cpu_idle is None else round(100.0 - self.cpu_idle, 2)

    @property
    def memory_percent(self) -> float | None:
        """How full its memory is."""
        if not self.memory_total_kb or self.memory_used_kb is None:
            return None
        return round(100.0 * self.memory_used_kb / self.memory_total_kb, 2)


@dataclass(frozen=True, slots=True)
class BgpPeer:
    """A neighbour of `show bgp all summary vrf all`, `show ip bgp summary …` or `show bgp sessions`."""

    vrf: str
    neighbour: str
    remote_as: str
    state: str
    family: str = ""
    since: int | None = None
    """Seconds in this state."""
    prefixes: int | None = None

    @property
    def established(self) -> bool:
        """Whether it is up."""
        return self.state.lower() == "established"


@dataclass(frozen=True, slots=True)
class InventoryItem:
    """A row of `show inventory`."""

    name: str
    description: str
    product: str
    serial: str


@dataclass(frozen=True, slots=True)
class Module:
    """A row of `show module`."""

    slot: str
    ports: int | None
    type: str
    model: str
    status: str
    serial: str = ""

    @property
    def ok(self) -> bool:
        """Whether it works or stands by."""
        told = self.status.lower()
        return told.startswith(("ok", "active", "standby", "ha-standby"))
