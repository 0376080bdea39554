"""The switches of the inventory as a list. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from bot.commands.rows import Rows
from integrations.switches.inventory.model import Switch
from integrations.switches.render.words import counted, names
from integrations.switches.targets.selection import Selection

SHOWN = 40
"""Switches that a room is shown; all are in the file."""
_HEAD = ("switch", "host", "tags", "site", "check", "api")


def inventory(switches: Sequence[Switch]) -> Rows:
    """Each switch: where it is, what it belongs to, how it proves who it is, how it is asked."""
    rows = [
        (each.name, _address(each), ", ".join(sorted(each.tags)), each.site, check_of(each), each.api)
        for each in switches
    ]
    return Rows(_HEAD, rows, widest=40)


def check_of(switch: Switch) -> str:
    """How the switch proves who it is; that it does not is written large."""
    return "PLAIN HTTP" if switch.protocol == "http" else str(switch.tls)


def _address(switch: Switch) -> str:
    usual = {"https": 443, "http": 80}[switch.protocol]
    host = f"[{switch.host}]" if ":" in switch.host else switch.host
    return host if switch.port == usual else f"{host}:{switch.port}"


def summary(selection: Selection) -> str:
    """How many there are, and which of a range's numbers are none."""
    parts = [f"{counted(len(selection.switches), 'switch')}:"]
    if selection.missing:
        are = "is no switch" if len(selection.missing) == 1 else "are no switches"
        parts.insert(0, f"{names(selection.missing)} {are}.")
    return " ".join(parts)
