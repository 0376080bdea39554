"""The switches there are: typed values, as any source gives them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from pydantic import SecretStr

Protocol = Literal["https", "http"]
Api = Literal["ins_api", "jsonrpc"]


class InventoryError(Exception):
    """The inventory cannot be used; the text says where and why, a line for each fault."""


@dataclass(frozen=True, slots=True)
class Tls:
    """How a switch proves who it is. Without anything: by a CA this machine trusts, for the host's name."""

    fingerprint: bytes | None = None
    """SHA-256 of its certificate (DER), 32 bytes: exactly this certificate, whatever name it holds."""
    ca: str | None = None
    """A file of CA certificates in PEM to trust."""
    verify: bool = True
    """False: anybody who answers there is believed, and gets the password."""
    legacy: bool = False
    """TLS 1.0, small keys and old ciphers are taken too."""

    def __str__(self) -> str:
        """In a few words, for people."""
        if self.fingerprint is not None:
            told = "certificate pinned"
        elif not self.verify:
            told = "NOT CHECKED"
        else:
            told = f"CA {self.ca}" if self.ca else "the system's CAs"
        return f"{told}, old TLS allowed" if self.legacy else told


@dataclass(frozen=True, slots=True)
class Switch:
    """One switch: where it is, how to log in, and what it belongs to."""

    name: str
    host: str
    user: str
    password: SecretStr = field(repr=False)
    port: int = 443
    protocol: Protocol = "https"
    api: Api = "ins_api"
    tls: Tls = Tls()
    tags: frozenset[str] = frozenset()
    site: str | None = None
    source: str = "inventory"
    """Where it is known from, for people: the file's line, the environment, NetBox."""

    @property
    def url(self) -> str:
        """Where NX-API is: `POST /ins` (N9k Programmability Guide, "NX-API CLI")."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.protocol}://{host}:{self.port}/ins"


@dataclass(frozen=True)
class Inventory:
    """All switches by name, and the groups as they are written. Names differ in more than their capitals."""

    switches: Mapping[str, Switch]
    groups: Mapping[str, str] = field(default_factory=dict)
    """Target expressions, by the group's name."""
    notes: tuple[str, ...] = ()
    """What sources said that could not be used, for people."""

    def __len__(self) -> int:
        return len(self.switches)

    @cached_property
    def by_folded_name(self) -> Mapping[str, str]:
        """The name as written, by the name without capitals."""
        return {name.casefold(): name for name in self.switches}

    @cached_property
    def tags(self) -> Mapping[str, frozenset[str]]:
        """The names of the switches, by tag (without capitals)."""
        return _indexed((tag, switch.name) for switch in self.switches.values() for tag in switch.tags)

    @cached_property
    def sites(self) -> Mapping[str, frozenset[str]]:
        """The names of the switches, by site (without capitals)."""
        return _indexed((switch.site, switch.name) for switch in self.switches.values() if switch.site)


def _indexed(pairs: Iterable[tuple[str, str]]) -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for key, name in pairs:
        found.setdefault(key.casefold(), set()).add(name)
    return {key: frozenset(names) for key, names in found.items()}
