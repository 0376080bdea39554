"""The fast path: pyreqwest (Rust: reqwest, rustls), one client for each TLS setting.

pyreqwest is 0.x and of one author, hence pinned in requirements.in, used here only, and turned off by SWITCHES_FAST.
Its clients keep no cookies unless told to, and load the CAs when they are built (5 ms): one is built for each
TLS setting and shared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import (
    BuilderError,
    PyreqwestError,
    RequestError,
    RequestTimeoutError,
)

from integrations.switches.errors import (
    BadAnswer,
    Broken,
    OldTls,
    Refused,
    SwitchError,
    TimedOut,
    Unreachable,
    Untrusted,
)
from integrations.switches.inventory.model import Switch, Tls
from integrations.switches.transport.seam import Reply, cookie_of, refuse_larger

_OLD_TLS = ("handshakefailure", "protocolversion", "peer is incompatible", "tls handshake eof")
"""In rustls' words: nothing in common, or the switch hung up on what it was offered."""


class FastPath:
    """Every modern switch, over connections that stay open for `idle` seconds."""

    def __init__(self, *, most_bytes: int, idle: float, connect_timeout: float) -> None:
        """`most_bytes` of an answer are taken; `connect_timeout` is in seconds."""
        self._most_bytes = most_bytes
        self._idle = idle
        self._connect_timeout = connect_timeout
        self._clients: dict[Tls, Client] = {}

    async def post(
        self, switch: Switch, body: bytes, headers: Mapping[str, str], *, timeout: float, fresh: bool = False
    ) -> Reply:
        """See Transport. A connection found closed before anything was sent is opened again by reqwest itself."""
        asked = self._client(switch).post(switch.url).headers(dict(headers)).body_bytes(body)
        if fresh:
            asked = asked.header("Connection", "close")
        # The buffer's limit makes Rust stop reading: without it a whole answer is taken into memory first.
        streamed = asked.timeout(timedelta(seconds=timeout)).streamed_read_buffer_limit(self._most_bytes + 1)
        try:
            async with streamed.build_streamed() as response:
                refuse_larger(switch, int(response.get_header("content-length") or 0), self._most_bytes)
                read = await response.body_reader.read(self._most_bytes + 1)
                got = b"" if read is None else bytes(read)
                refuse_larger(switch, len(got), self._most_bytes)
                return Reply(response.status, got, cookie_of(response.get_header_all("set-cookie")))
        except (PyreqwestError, ValueError) as error:
            raise _told(switch, error) from None

    async def close(self) -> None:
        """Close every connection."""
        clients, self._clients = list(self._clients.values()), {}
        for client in clients:
            await client.close()

    def _client(self, switch: Switch) -> Client:
        client = self._clients.get(switch.tls)
        if client is None:
            client = self._clients[switch.tls] = self._built(switch)
        return client

    def _built(self, switch: Switch) -> Client:
        builder = (
            ClientBuilder()
            .no_proxy()
            .follow_redirects(False)
            .connect_timeout(timedelta(seconds=self._connect_timeout))
            .pool_idle_timeout(timedelta(seconds=self._idle))
            .pool_max_idle_per_host(1)
        )
        if not switch.tls.verify:
            return builder.danger_accept_invalid_certs(True).build()
        if switch.tls.ca is None:
            return builder.build()
        try:
            pem = Path(switch.tls.ca).read_bytes()
            if b"-----BEGIN CERTIFICATE-----" not in pem:  # which pyreqwest takes for no CA more
                raise _unusable(switch, "it holds no certificate in PEM")
            return builder.add_root_certificate_pem(pem).build()
        except OSError as error:
            raise _unusable(switch, error.strerror or type(error).__name__) from error
        except BuilderError as error:
            raise _unusable(switch, "it holds no certificate in PEM") from error


def _unusable(switch: Switch, says: str) -> SwitchError:
    return Untrusted(switch.name, f"the CA file {switch.tls.ca} cannot be used: {says}")


def _told(switch: Switch, error: Exception) -> SwitchError:
    """The same errors as on the sure path. pyreqwest tells causes as texts only, the innermost last."""
    causes = list(_causes(error))
    last = causes[-1] if causes else type(error).__name__
    whole = " ".join(causes).lower()
    # pyreqwest calls it a ConnectError too where a connection that stood was lost: hyper's own words decide.
    connecting = "client error (connect)" in whole
    if isinstance(error, RequestTimeoutError):
        late = (
            (Unreachable, "no connection in time") if connecting else (TimedOut, "it did not answer in time")
        )
        return late[0](switch.name, late[1])
    if "certificate" in whole and ("invalid peer" in whole or "unknownissuer" in whole):
        return Untrusted(switch.name, last)
    if any(sign in whole for sign in _OLD_TLS):
        return OldTls(switch.name, last)
    if connecting:
        if "connection refused" in whole:
            return Refused(switch.name, "nothing listens there (connection refused)")
        return Unreachable(switch.name, last)
    if isinstance(error, RequestError):
        return Broken(switch.name, f"the connection was closed ({last})")
    return BadAnswer(switch.name, last)


def _causes(error: Exception) -> Iterator[str]:
    details = getattr(error, "details", None) or {}
    for cause in details.get("causes") or ():
        yield str(cause["message"])
