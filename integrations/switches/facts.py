"""What is known of a switch for `find` and `health`: which shows are asked, and their typed values. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from integrations.switches import shows
from integrations.switches.errors import SwitchError
from integrations.switches.model import (
    ArpEntry,
    BgpPeer,
    Counters,
    Environment,
    Interface,
    InventoryItem,
    MacEntry,
    Module,
    Neighbour,
    Resources,
    Version,
    Vpc,
)
from integrations.switches.normalise import find_rows, interface, table
from integrations.switches.question import Result

WHERE_COMMANDS = (
    "show mac address-table",
    "show ip arp vrf all",
    "show lldp neighbors",
    "show cdp neighbors",
    "show vpc",
    "show port-channel summary",
)
"""What `find mac`, `find ip` and `find host` ask."""
SERIAL_COMMANDS = ("show version", "show inventory", "show module")
"""What `find serial` asks."""
HEALTH_COMMANDS = (
    "show version",
    "show environment",
    "show system resources",
    "show module",
    "show interface brief",
    "show interface counters errors",
    "show vpc",
    "show bgp all summary vrf all",
)
"""What `health` asks."""


@dataclass(frozen=True)
class Facts:
    """One switch. What it was not asked, or did not answer, is empty or None; `missing` says what it did not answer."""

    switch: str
    version: Version | None = None
    environment: Environment | None = None
    resources: Resources | None = None
    interfaces: tuple[Interface, ...] = ()
    counters: tuple[Counters, ...] = ()
    macs: tuple[MacEntry, ...] = ()
    arp: tuple[ArpEntry, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()
    vpc: Vpc | None = None
    port_channels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The members of each."""
    bgp: tuple[BgpPeer, ...] = ()
    inventory: tuple[InventoryItem, ...] = ()
    modules: tuple[Module, ...] = ()
    missing: Mapping[str, SwitchError] = field(default_factory=dict)
    """By command."""


def facts_of(result: Result) -> Facts:
    """The facts in a switch's answers. A switch that gave none has no facts but its name."""
    bodies = {each.command: each.body for each in result.outputs if each.error is None}
    errors = {each.command: each.error for each in result.outputs if each.error is not None}
    return facts_from(result.switch.name, bodies, errors)


def facts_from(
    switch: str, bodies: Mapping[str, Any], missing: Mapping[str, SwitchError] | None = None
) -> Facts:
    """The same from the bodies of each command."""
    given = bodies.get
    return Facts(
        switch=switch,
        version=shows.version(given("show version")),
        environment=_if_asked(shows.environment, given("show environment")),
        resources=shows.resources(given("show system resources")),
        interfaces=shows.interfaces(given("show interface brief")),
        counters=shows.counters(given("show interface counters errors")),
        macs=shows.mac_table(given("show mac address-table")),
        arp=shows.arp(given("show ip arp vrf all")),
        neighbours=(*shows.lldp(given("show lldp neighbors")), *shows.cdp(given("show cdp neighbors"))),
        vpc=shows.vpc(given("show vpc")),
        port_channels=port_channels(given("show port-channel summary")),
        bgp=shows.bgp(given("show bgp all summary vrf all")),
        inventory=shows.inventory(given("show inventory")),
        modules=shows.modules(given("show module")),
        missing=missing or {},
    )


def facts_of_all(results: Iterable[Result]) -> tuple[Facts, ...]:
    """The facts of every switch that answered."""
    return tuple(facts_of(result) for result in results if result.error is None)


def port_channels(body: Any) -> Mapping[str, tuple[str, ...]]:
    """The members of each port-channel: `show port-channel summary`."""
    return {
        interface(row.get("port-channel")): tuple(
            interface(each.get("port")) for each in find_rows(row, "member")
        )
        for row in table(body, "channel")
    }


def _if_asked(read: Any, body: Any) -> Any:
    return None if body is None or isinstance(body, str) else read(body)
