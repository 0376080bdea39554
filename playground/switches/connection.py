"""HTTP/1.1 as far as NX-API needs it, made by hand so that a thousand switches share one core.

A request is answered after the switch's latency by a timer, without a task of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, cast

from playground.switches import pages
from playground.switches.pages import Reply

MAX_HEAD = 16_384
MAX_BODY = 1_048_576


@dataclass(frozen=True)
class Request:
    """An HTTP request; names of headers in lower case, `address` is the client's."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    address: str

    @property
    def keep_alive(self) -> bool:
        """Whether the client wants the connection kept."""
        return self.headers.get("connection", "").lower() != "close"


class Malformed(Exception):
    """What came is no request; carries the page that says so."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


class Behind(Protocol):
    """What serves the requests of connections."""

    def opened(self, connection: Connection) -> None:
        """A connection is there."""

    def closed(self, connection: Connection) -> None:
        """A connection is gone."""

    def received(self, connection: Connection, request: Request) -> None:
        """A request is there; `connection.answer()` is to follow, in time."""


class Connection(asyncio.Protocol):
    """One connection of a client: requests are taken one after the other."""

    def __init__(self, behind: Behind) -> None:
        self._behind = behind
        self._buffer = b""
        self._request: Request | None = None
        self._continued = False
        self.transport: asyncio.Transport | None = None
        self.address = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take note of the other side."""
        # uvloop's transports are not asyncio's by descent, though by what they do.
        self.transport = cast(asyncio.Transport, transport)
        peer = transport.get_extra_info("peername")
        self.address = peer[0] if peer else ""
        self._behind.opened(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self.transport = None
        self._behind.closed(self)

    def data_received(self, data: bytes) -> None:
        """Gather bytes until there is a request."""
        self._buffer = self._buffer + data if self._buffer else data
        self._next()

    def _next(self) -> None:
        if self._request is not None or not self._buffer or self.transport is None:
            return
        try:
            request = self._complete()
        except Malformed as error:
            self._write(error.reply.wire(keep_alive=False), keep_alive=False)
            return
        if request is not None:
            self._request = request
            self._continued = False
            self._behind.received(self, request)

    def _complete(self) -> Request | None:
        head, separator, rest = self._buffer.partition(b"\r\n\r\n")
        if not separator:
            if len(self._buffer) > MAX_HEAD:
                raise Malformed(pages.html(400))
            return None
        first, headers = parse_head(head)
        length = _length(headers)
        if len(rest) < length:
            self._continue(headers)
            return None
        self._buffer = rest[length:]
        return Request(first[0], first[1], headers, rest[:length], self.address)

    def _continue(self, headers: Mapping[str, str]) -> None:
        """Tell a client that waits for it to send the body; curl does above a kilobyte."""
        if not self._continued and headers.get("expect", "").lower() == "100-continue" and self.transport:
            self._continued = True
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def answer(self, reply: Reply) -> None:
        """Answer the request, and take the next."""
        request, self._request = self._request, None
        keep = request is not None and request.keep_alive and not reply.close
        self._write(reply.wire(keep), keep)
        self._next()

    def answer_half(self, reply: Reply) -> None:
        """Send half the body, and be gone."""
        whole = reply.wire(keep_alive=True)
        self._write(whole[: len(whole) - len(reply.body) // 2 - 1], keep_alive=False)

    def _write(self, data: bytes, keep_alive: bool) -> None:
        if self.transport is None or self.transport.is_closing():
            return
        self.transport.write(data)
        if not keep_alive:
            self.transport.close()

    def abort(self) -> None:
        """Close it in the middle of whatever is going on."""
        if self.transport is not None:
            self.transport.abort()


def parse_head(head: bytes) -> tuple[tuple[str, str], dict[str, str]]:
    """Method and path, and the headers. Raises Malformed."""
    lines = head.decode("latin-1").split("\r\n")
    words = lines[0].split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        raise Malformed(pages.html(400))
    headers = {}
    for line in lines[1:]:
        name, separator, value = line.partition(":")
        if not separator:
            raise Malformed(pages.html(400))
        headers[name.lower()] = value.strip()
    return (words[0], words[1]), headers


def _length(headers: Mapping[str, str]) -> int:
    if "transfer-encoding" in headers:
        raise Malformed(pages.html(411))
    text = headers.get("content-length", "0")
    if not text.isdigit():
        raise Malformed(pages.html(400))
    if int(text) > MAX_BODY:
        raise Malformed(pages.html(413))
    return int(text)
