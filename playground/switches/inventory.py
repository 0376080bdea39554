"""The inventory of a farm as a file: how clients find its switches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from playground.switches.door import Door


def write_inventory(
    path: Path, doors: Iterable[Door], trusts: Mapping[str, dict[str, str] | None], user: str
) -> None:
    """Write the inventory. The password is a reference to the environment, never the word itself.

    trusts: by what each switch's certificate is known (`tls:`), None for a switch on plain HTTP.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # To another name first: who reads it meanwhile sees the old or the new, never half.
    new = path.with_suffix(f"{path.suffix}.new")
    new.write_text(inventory(doors, trusts, user))
    new.replace(path)


def ca_of(path: Path) -> Path:
    """Where the CA of vouched switches is written, beside their inventory."""
    return path.with_name(f"{path.stem}-ca.pem")


def inventory(doors: Iterable[Door], trusts: Mapping[str, dict[str, str] | None], user: str) -> str:
    """The text of the inventory: a line for each switch."""
    text = "# Written by `python -m playground switches`; made anew at its every start.\nswitches:\n"
    for door in doors:
        entry = _entry(door, trusts[door.switch.name])
        flow = yaml.safe_dump(entry, default_flow_style=True, sort_keys=False, width=1000).strip()
        text += f"  {door.switch.name}: {flow}\n"
    defaults = f"{{user: {user}, password: '${{SWITCHES_PASSWORD}}', protocol: https}}"
    return f"{text}defaults: {defaults}\n"


def _entry(door: Door, trust: dict[str, str] | None) -> dict[str, Any]:
    chassis = door.switch.chassis
    entry: dict[str, Any] = {
        "host": door.host,
        "port": door.port,
        "tags": [chassis.role, f"pod{chassis.pod}"],
        "site": "lab",
    }
    return entry | ({"protocol": "http"} if trust is None else {"tls": trust})
