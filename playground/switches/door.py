"""Where a switch is reached: its address, its TLS, its logins, its pace, its faults."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass, replace
from random import Random

from playground.switches import pages
from playground.switches.answers import answer
from playground.switches.certificates import Tls, TlsMode
from playground.switches.connection import Connection, Request
from playground.switches.fabric import OLDEST
from playground.switches.faults import Fault, Faults, failing, page
from playground.switches.messages import Asked, Unreadable, read
from playground.switches.outputs import BACKEND
from playground.switches.pages import Reply
from playground.switches.sessions import COOKIE, Login, Sessions
from playground.switches.showing import Shows
from playground.switches.world import Switch


class Door:
    """The listening side of a switch."""

    def __init__(self, switch: Switch, host: str, tls: Tls, faults: Faults, accounts: dict[str, str]) -> None:
        self.switch = switch
        self.host = host
        self.port = 0
        self.mode: TlsMode = "modern"
        self.latency = 0.0
        self.jitter = 0.0
        self.command_timeout = 300.0
        self.order_sensitive: bool | None = None
        self.requests = 0
        self.connected = 0
        self.sessions = Sessions(accounts, switch.world.now)
        self.shows = Shows(switch)
        self._tls = tls
        self._faults = faults
        self._random = Random(switch.name)
        self._connections: set[Connection] = set()
        self._socket: socket.socket | None = None
        self._server: asyncio.Server | None = None

    @property
    def confused_by_order(self) -> bool:
        """Whether `input` before `type` confuses it: by its release, unless set."""
        return self.switch.release == OLDEST if self.order_sensitive is None else self.order_sensitive

    def bind(self, port: int) -> None:
        """Take the address; connections wait until `open()`. Raises OSError."""
        self._socket = socket.create_server((self.host, port), backlog=256)
        self.port = int(self._socket.getsockname()[1])

    async def open(self) -> None:
        """Serve, unless the switch is without power or refuses."""
        if self._server is not None or not self.switch.powered or self._faults.refusing(self.switch.name):
            return
        if self._socket is None:
            self.bind(self.port)
        assert self._socket is not None
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: Connection(self),
            sock=self._socket,
            ssl=self._tls.context(self.mode, self.host),
            backlog=256,
        )

    def close(self) -> None:
        """Refuse connections."""
        if self._server is not None:
            self._server.close()
        if self._socket is not None:
            self._socket.close()
        self._server = self._socket = None

    def cut(self) -> None:
        """Close all connections in the middle of what they do."""
        for connection in list(self._connections):
            connection.abort()
        self._connections.clear()
        self.sessions.forget()

    async def reopen(self) -> None:
        """Listen anew, in the TLS mode that is now set, or not at all when that is what is to be."""
        self.close()
        await self.open()

    def opened(self, connection: Connection) -> None:
        """See connection.Behind."""
        self.connected += 1
        self._connections.add(connection)

    def closed(self, connection: Connection) -> None:
        """See connection.Behind."""
        self._connections.discard(connection)

    def received(self, connection: Connection, request: Request) -> None:
        """See connection.Behind."""
        self.requests += 1
        try:
            asked = _asked(request)
        except Unreadable:
            asked = None
        fault = self._faults.take(self.switch.name, asked)
        if fault is not None and fault.kind in ("hang", "reset"):
            if fault.kind == "reset":
                connection.abort()
            return
        work = _Work(self, connection, request, asked, fault, self._entrant(request), self.switch.booted_at)
        asyncio.get_running_loop().call_later(self._delay(fault), work.finish)

    def _entrant(self, request: Request) -> Login | Reply:
        """Who asks, with a session taken, or the page for one who may not."""
        if request.path != "/ins":
            return pages.html(404)
        if request.method != "POST":
            return pages.not_allowed()
        headers = request.headers
        login = self.sessions.login(headers.get("authorization", ""), headers.get("cookie", ""))
        if login is None:
            return pages.unauthorized()
        return login if self.sessions.begin(login.user, request.address) else pages.session_limit()

    def _delay(self, fault: Fault | None) -> float:
        delay = self.latency
        if self.jitter:
            delay *= self._random.uniform(1 - self.jitter, 1 + self.jitter)
        if fault is not None and fault.kind == "slow":
            delay += min(fault.seconds, self.command_timeout)
        return delay

    def reply(self, asked: Asked | None, fault: Fault | None) -> Reply:
        """What the switch answers to one who may ask."""
        shown = None if fault is None else page(fault, asked)
        if shown is not None:
            return shown
        if asked is None or (asked.confusing and self.confused_by_order):
            return pages.bad_request()
        if fault is not None and fault.kind == "slow" and fault.seconds > self.command_timeout:
            return failing(asked, "500", BACKEND)
        return answer(self.switch, self.shows, asked)

    def cookie_line(self, value: str) -> str:
        """The header that hands out a cookie."""
        secure = "" if self.mode == "off" else " Secure;"
        return f"Set-Cookie: {COOKIE}={value};{secure} HttpOnly;"


def _asked(request: Request) -> Asked:
    if request.method != "POST" or request.path != "/ins":
        raise Unreadable(f"{request.method} {request.path}")
    return read(request.headers.get("content-type", ""), request.body)


@dataclass(frozen=True, slots=True)
class _Work:
    """A request between its arrival and its answer."""

    door: Door
    connection: Connection
    request: Request
    asked: Asked | None
    fault: Fault | None
    entrant: Login | Reply
    booted_at: float

    def finish(self) -> None:
        """Do what was asked, though the client may have hung up, and answer; nothing outlives a loss of power."""
        if not self.door.switch.powered or self.door.switch.booted_at != self.booted_at:
            return
        reply = self._served(self.entrant) if isinstance(self.entrant, Login) else self.entrant
        match None if self.fault is None else self.fault.kind:
            case "truncated":
                self.connection.answer_half(reply)
            case "lost_answer":
                self.connection.abort()
            case _:
                self.connection.answer(reply)

    def _served(self, login: Login) -> Reply:
        self.door.sessions.end(login.user, self.request.address)
        reply = self.door.reply(self.asked, self.fault)
        if login.cookie is None or reply.status == 401:
            return reply
        return replace(reply, headers=(*reply.headers, self.door.cookie_line(login.cookie)))
