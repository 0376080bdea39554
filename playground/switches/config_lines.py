"""Configuration lines as a person or program sends them: which there are, and what each makes of a Config."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from playground.switches.config import Config

INVALID = "% Invalid command\n"


class BadLine(Exception):
    """The switch refuses a line; its text is what goes into `clierror`."""


@dataclass(frozen=True)
class Draft:
    """A configuration being edited, and the section the next line goes to."""

    config: Config
    section: str | None = None


_Edit = Callable[[Draft, re.Match[str]], Draft]


def apply(draft: Draft, line: str) -> Draft:
    """The draft after one line. Raises BadLine."""
    line = line.strip()
    inside = _INSIDE.get((draft.section or "").split(" ", 1)[0], ())
    for pattern, edit in (*inside, *_TOP):
        match = re.fullmatch(pattern, line, re.IGNORECASE)
        if match is not None:
            return edit(draft, match)
    raise BadLine(INVALID)


def interface_name(text: str) -> str:
    """The full name for what a person typed, such as `eth1/1` or `Po 101`. Raises BadLine."""
    match = re.fullmatch(r"([a-z-]+)\s*(\d[\d/.]*)", text.strip(), re.IGNORECASE)
    if match is None:
        raise BadLine("Invalid interface format at '^' marker.\n")
    for name in ("Ethernet", "port-channel", "Vlan", "loopback", "mgmt"):
        if name.lower().startswith(match[1].lower()):
            return name + match[2]
    raise BadLine("Invalid interface format at '^' marker.\n")


def _keep(draft: Draft, _: re.Match[str]) -> Draft:
    return draft


def _leave(draft: Draft, _: re.Match[str]) -> Draft:
    return Draft(draft.config)


def _enter_interface(draft: Draft, match: re.Match[str]) -> Draft:
    section = f"interface {interface_name(match[1])}"
    made_up = section.startswith(("interface Vlan", "interface loopback", "interface port-channel"))
    if section not in draft.config.lines and not made_up:
        raise BadLine("Invalid range or interface that does not exist at '^' marker.\n")
    return Draft(draft.config.with_line(section), section)


def _remove_interface(draft: Draft, match: re.Match[str]) -> Draft:
    section = f"interface {interface_name(match[1])}"
    if section.startswith(("interface Ethernet", "interface mgmt")):
        raise BadLine("Invalid interface type at '^' marker.\n")
    return Draft(draft.config.without(section))


def _vlan_ids(text: str) -> list[int]:
    ids: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        if not 1 <= int(first) <= int(last or first) <= 4094:
            raise BadLine("% Invalid vlan id: the range is 1-4094\n")
        ids += range(int(first), int(last or first) + 1)
    return ids


def _add_vlan(draft: Draft, match: re.Match[str]) -> Draft:
    config = draft.config
    for number in _vlan_ids(match[1]):
        config = config.with_line(f"vlan {number}")
    only = match[1] if match[1].isdigit() else None
    return Draft(config, None if only is None else f"vlan {only}")


def _remove_vlan(draft: Draft, match: re.Match[str]) -> Draft:
    config = draft.config
    for number in _vlan_ids(match[1]):
        if number == 1:
            raise BadLine("% VLAN 1 is the default and cannot be deleted\n")
        config = config.without(f"vlan {number}")
    return Draft(config)


def _add_top(draft: Draft, match: re.Match[str]) -> Draft:
    return Draft(draft.config.with_line(match[0]))


def _remove_top(draft: Draft, match: re.Match[str]) -> Draft:
    line = match[1]
    found = [top for top in draft.config.lines if top == line or top.startswith(f"{line} ")]
    if not found:
        raise BadLine(f"% No such line: {line}\n")
    config = draft.config
    for each in found:
        config = config.without(each)
    return Draft(config)


def _replace_top(draft: Draft, match: re.Match[str]) -> Draft:
    config = draft.config
    for old in config.top(match[1]):
        config = config.without(f"{match[1]} {old}")
    return Draft(config.with_line(match[0]))


def _set(key: str) -> _Edit:
    def edit(draft: Draft, match: re.Match[str]) -> Draft:
        line = f"{key} {match[0][len(key) :].strip()}".strip()
        return Draft(draft.config.under(_section(draft), key, line), draft.section)

    return edit


def _clear(key: str) -> _Edit:
    def edit(draft: Draft, match: re.Match[str]) -> Draft:
        return Draft(draft.config.under(_section(draft), key, None), draft.section)

    return edit


def _no_shutdown(draft: Draft, match: re.Match[str]) -> Draft:
    config = draft.config.under(_section(draft), "shutdown", None)
    return Draft(config.under(_section(draft), "no shutdown", None), draft.section)


def _section(draft: Draft) -> str:
    assert draft.section is not None
    return draft.section


_ADDRESS = r"[0-9a-zA-Z][0-9a-zA-Z.:-]*"

_INSIDE: dict[str, tuple[tuple[str, _Edit], ...]] = {
    "interface": (
        (r"description (?:.{1,254})", _set("description")),
        (r"no description(?: .*)?", _clear("description")),
        (r"shutdown", _set("shutdown")),
        (r"no shutdown", _no_shutdown),
        (r"switchport access vlan \d{1,4}", _set("switchport access vlan")),
        (r"no switchport access vlan(?: \d+)?", _clear("switchport access vlan")),
        (r"mtu \d{3,4}", _set("mtu")),
        (r"no mtu(?: \d+)?", _clear("mtu")),
    ),
    "vlan": (
        (r"name (?:\S{1,128})", _set("name")),
        (r"no name(?: .*)?", _clear("name")),
    ),
}

_TOP: tuple[tuple[str, _Edit], ...] = (
    (r"conf(?:igure)?(?: t(?:erminal)?)?|terminal dont-ask|no terminal dont-ask", _keep),
    (r"exit|end", _leave),
    (r"interface (.+)", _enter_interface),
    (r"no interface (.+)", _remove_interface),
    (r"vlan (\d+(?:[-,]\d+)*)", _add_vlan),
    (r"no vlan (\d+(?:[-,]\d+)*)", _remove_vlan),
    (rf"ntp server {_ADDRESS}(?: prefer)?(?: use-vrf \S+)?", _add_top),
    (rf"no (ntp server {_ADDRESS}(?: prefer)?(?: use-vrf \S+)?)", _remove_top),
    (r"(snmp-server contact) \S.*", _replace_top),
    (r"(snmp-server location) \S.*", _replace_top),
    (r"no (snmp-server (?:contact|location)(?: .*)?)", _remove_top),
    (rf"logging server {_ADDRESS}(?: [0-7])?(?: use-vrf \S+)?", _add_top),
    (rf"no (logging server {_ADDRESS}(?: [0-7])?(?: use-vrf \S+)?)", _remove_top),
    (r"(hostname) \S{1,63}", _replace_top),
)
