"""What both ways to a switch have in common, and which of them a switch takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from integrations.switches.errors import TooLarge
from integrations.switches.inventory.model import Switch

Path = Literal["fast", "sure"]
COOKIE = "nxapi_auth"
"""The cookie NX-API gives on a login; good for 600 s (N9k Programmability Guide)."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it came: the whole body, whatever the status. `cookie` is the login's, where one was given."""

    status: int
    body: bytes
    cookie: str | None = None


class Transport(Protocol):
    """A way to a switch. Used from one event loop only."""

    async def post(
        self, switch: Switch, body: bytes, headers: Mapping[str, str], *, timeout: float, fresh: bool = False
    ) -> Reply:
        """Send one POST and read the answer whole. `timeout` is in seconds; `fresh` wants a new connection.

        Raises SwitchError; never repeats anything.
        """
        ...

    async def close(self) -> None:
        """Close every connection."""
        ...


@dataclass(frozen=True, slots=True)
class Way:
    """Which path a switch takes, and why: for `switch check`."""

    path: Path
    reason: str


def way_to(switch: Switch, *, fast: bool) -> Way:
    """The path of a switch. `fast` says whether the fast path is on at all.

    The fast path's TLS is rustls: it has no RSA key exchange, no finite-field DHE and nothing below TLS 1.2
    (measured against `openssl s_server`), and pyreqwest 0.15 shows nobody the certificate it got, so that a
    fingerprint cannot be compared. It takes a CA in addition to the system's and never in their place: where that is
    too much, the sure path takes the named one only.
    """
    if not fast:
        return Way("sure", "the fast path is off (SWITCHES_FAST)")
    if switch.protocol == "http":
        return Way("fast", "plain HTTP")
    if switch.tls.legacy:
        return Way("sure", "legacy_tls: the fast path speaks no old TLS")
    if switch.tls.fingerprint is not None:
        return Way("sure", "its certificate is pinned, and only the sure path sees certificates")
    if switch.tls.ca is not None and switch.tls.verify:
        return Way("fast", "modern TLS; the system's CAs are trusted beside its own")
    return Way("fast", "modern TLS")


def cookie_of(values: list[str]) -> str | None:
    """The login's cookie among `Set-Cookie` lines."""
    for value in values:
        name, _, rest = value.partition("=")
        if name.strip() == COOKIE:
            return rest.partition(";")[0].strip() or None
    return None


def refuse_larger(switch: Switch, length: int, limit: int) -> None:
    """Raises TooLarge for more bytes than `limit`."""
    if length > limit:
        raise TooLarge(switch.name, f"more than {limit:,} bytes", asked="reading its answer")
