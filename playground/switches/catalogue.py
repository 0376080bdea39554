"""Which show commands there are, and which of them a person means who abbreviates."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from playground.switches.ask import Ask, Refused
from playground.switches.dialect import Shown
from playground.switches.shows import (
    bgp,
    counters,
    files,
    health,
    interfaces,
    layer2,
    layer3,
    neighbours,
    system,
    vpc,
)

INVALID = "% Invalid command\n"
AMBIGUOUS = "% Ambiguous command\n"


@dataclass(frozen=True)
class Show:
    """A command: its words, the options that may follow, what it answers and the text of that.

    structured: whether it has a structured form; `cli_show` of another is refused with 501.
    passing: whether the answer changes with time alone.
    """

    words: str
    answer: Callable[[Ask], Shown]
    text: Callable[[Ask, Any], str]
    options: str = ""
    structured: bool = True
    passing: bool = False


_INTERFACE = r"(?P<interface>[A-Za-z-]+ ?\d[\d/.]*)?"
_SIDE = r"(?:checkpoint \S+|file \S+|running-config|startup-config)"

SHOWS = (
    Show("show version", system.version, system.version_text, passing=True),
    Show("show hostname", system.hostname, system.hostname_text),
    Show("show inventory", system.inventory, system.inventory_text),
    Show("show module", system.module, system.module_text),
    Show("show environment", health.environment, health.environment_text),
    Show("show system resources", health.system_resources, health.system_resources_text),
    Show("show clock", system.clock, system.clock_text, passing=True),
    Show("show users", system.users, system.users_text),
    Show("show ntp peers", system.ntp_peers, system.ntp_peers_text),
    Show("show ntp peer-status", system.ntp_peer_status, system.ntp_peer_status_text),
    Show("show interface", interfaces.interface, interfaces.interface_text, _INTERFACE, passing=True),
    Show("show interface brief", interfaces.brief, interfaces.brief_text),
    Show("show interface status", interfaces.status, interfaces.status_text),
    Show("show interface transceiver", interfaces.transceiver, interfaces.transceiver_text),
    Show("show interface counters", counters.counters, counters.counters_text, passing=True),
    Show("show interface counters errors", counters.errors, counters.errors_text, passing=True),
    Show(
        "show mac address-table",
        layer2.mac_address_table,
        layer2.mac_address_table_text,
        r"(?:address (?P<address>\S+)|vlan (?P<vlan>\d+)|interface (?P<interface>[A-Za-z-]+ ?\d[\d/.]*))?",
    ),
    Show("show vlan", layer2.vlan, layer2.vlan_text),
    Show("show vlan brief", layer2.vlan_brief, layer2.vlan_text),
    Show("show port-channel summary", layer2.port_channel_summary, layer2.port_channel_summary_text),
    Show("show vpc", vpc.vpc, vpc.vpc_text),
    Show("show vpc brief", vpc.vpc, vpc.vpc_text),
    Show("show vpc role", vpc.role, vpc.role_text),
    Show("show vpc orphan-ports", vpc.orphan_ports, files.text),
    Show("show ip arp", layer3.ip_arp, layer3.ip_arp_text, r"(?:vrf (?:all|default))?"),
    Show("show ip route", layer3.ip_route, layer3.ip_route_text, r"(?:vrf (?:all|default))?"),
    Show(
        "show ip interface",
        layer3.ip_interface,
        layer3.ip_interface_text,
        r"(?:vrf (?P<vrf>all|default|management))?",
        passing=True,
    ),
    Show("show vrf interface", layer3.vrf_interface, layer3.vrf_interface_text),
    Show("show ip bgp summary", bgp.summary, bgp.summary_text, r"(?:vrf (?:all|default))?"),
    Show("show bgp all summary", bgp.summary, bgp.summary_text, r"(?:vrf (?:all|default))?"),
    Show("show bgp sessions", bgp.sessions, bgp.sessions_text, r"(?:vrf (?:all|default))?"),
    Show("show cdp neighbors", neighbours.cdp_neighbors, neighbours.cdp_neighbors_text),
    Show("show cdp neighbors detail", neighbours.cdp_neighbors_detail, neighbours.cdp_neighbors_detail_text),
    Show("show lldp neighbors", neighbours.lldp_neighbors, neighbours.lldp_neighbors_text),
    Show(
        "show lldp neighbors detail", neighbours.lldp_neighbors_detail, neighbours.lldp_neighbors_detail_text
    ),
    Show(
        "show running-config", files.running_config, files.text, r"(?:all)?", structured=False, passing=True
    ),
    Show("show startup-config", files.startup_config, files.text, structured=False, passing=True),
    Show("show checkpoint summary", files.checkpoint_summary, files.text, structured=False),
    Show(
        "show diff rollback-patch",
        files.rollback_patch,
        files.text,
        rf"(?P<first>{_SIDE}) (?P<second>{_SIDE})",
        structured=False,
    ),
    Show(
        "show logging last",
        files.logging_last,
        files.text,
        r"(?P<lines>\d{1,4})",
        structured=False,
        passing=True,
    ),
)


@dataclass(frozen=True)
class Found:
    """A command with the options a person gave."""

    show: Show
    options: Mapping[str, str]


@lru_cache(maxsize=4096)
def find(command: str) -> Found:
    """The show a command means; each word may be abbreviated. Raises Refused for none or several."""
    words = command.split()
    found = [match for show in SHOWS if (match := _match(show, words)) is not None]
    longest = max((len(each.show.words.split()) for each in found), default=0)
    best = [each for each in found if len(each.show.words.split()) == longest]
    exact = [each for each in best if words[:longest] == each.show.words.split()]
    if len(exact or best) > 1:
        raise Refused(AMBIGUOUS)
    if not best:
        raise Refused(INVALID)
    return (exact or best)[0]


def _match(show: Show, words: list[str]) -> Found | None:
    whole = show.words.split()
    if len(words) < len(whole):
        return None
    if not all(full.startswith(word.lower()) for full, word in zip(whole, words, strict=False)):
        return None
    match = re.fullmatch(show.options, " ".join(words[len(whole) :]), re.IGNORECASE)
    if match is None:
        return None
    return Found(show, {name: value for name, value in match.groupdict().items() if value is not None})
