"""One switch at a time: its login, its one request in flight, what is asked again and what never is."""

from __future__ import annotations

import asyncio
import time
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from integrations.switches.errors import BackEndError, Broken, Refused, SwitchError, TimedOut
from integrations.switches.inventory.model import Switch
from integrations.switches.transport.seam import COOKIE, Reply, Transport
from integrations.switches.wire import CONTENT_TYPES, Kind, Output, Rollback, read, request

Form = Literal["json", "text"]

LOGIN_SECONDS = 590.0
"""How long a login's cookie is used: NX-API forgets it after a fixed 600 s (N9k Programmability Guide)."""
_PAUSE = 0.25
"""Seconds before the one repetition: a switch in trouble is never asked again at once."""


@dataclass(slots=True)
class _Session:
    """What is kept of a switch between questions."""

    switch: Switch
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    cookie: str | None = None
    since: float = 0.0


class Sessions:
    """Every switch's login and its lock. Lives on one event loop.

    NX-API has four nginx workers with five sessions each for a user and address and rejects what is beyond
    (N9k Programmability Guide): so a switch is asked one thing at a time, whoever asks.
    """

    def __init__(self) -> None:
        self._sessions: dict[str, _Session] = {}

    async def show(
        self,
        transport: Transport,
        switch: Switch,
        commands: Sequence[str],
        form: Form,
        *,
        timeout: float,
        fresh: bool,
    ) -> tuple[Output, ...]:
        """Ask for these shows, within `timeout` seconds from when it is the switch's turn. Raises SwitchError.

        A refused or broken connection, or a back-end error, is tried once more: a show changes nothing. What the
        switch has no structure for (501) is asked for as text.
        """
        session = self._session(switch)
        async with session.lock:
            asking = _Asking(transport, session, fresh, time.monotonic() + timeout)
            if form == "text":
                return await asking.show("cli_show_ascii", commands)
            return await asking.as_text_where_unstructured(await asking.show("cli_show", commands))

    async def configure(
        self,
        transport: Transport,
        switch: Switch,
        lines: Sequence[str],
        rollback: Rollback,
        *,
        timeout: float,
    ) -> tuple[Output, ...]:
        """Send these lines of configuration once, on a connection of its own. Raises SwitchError.

        Nothing is repeated: an error after the request was sent says `maybe_done`. A kept connection is not used,
        since the switch may have closed it just now, which looks the same as an answer lost.
        """
        session = self._session(switch)
        async with session.lock:
            asking = _Asking(transport, session, True, time.monotonic() + timeout)
            try:
                return await asking.once("cli_conf", lines, rollback)
            except (Broken, TimedOut, BackEndError) as error:
                error.maybe_done = True
                raise

    def _session(self, switch: Switch) -> _Session:
        session = self._sessions.get(switch.name)
        if session is None:
            session = self._sessions[switch.name] = _Session(switch)
        elif session.switch is not switch and session.switch != switch:
            # Another address or password: the old login is nothing to it. Its turn is still waited for.
            session.switch, session.cookie = switch, None
        return session


@dataclass(slots=True)
class _Asking:
    """The requests of one question to one switch, until a moment of the monotonic clock."""

    transport: Transport
    session: _Session
    fresh: bool
    until: float

    async def show(self, kind: Kind, commands: Sequence[str]) -> tuple[Output, ...]:
        """With the one repetition that a show may have."""
        try:
            outputs = await self.once(kind, commands)
        except (Refused, Broken, BackEndError):
            await self._pause()
            return await self.once(kind, commands)
        failed = [each.command for each in outputs if isinstance(each.error, BackEndError)]
        if not failed:
            return outputs
        await self._pause()
        return _replaced(outputs, failed, await self.once(kind, failed))

    async def as_text_where_unstructured(self, outputs: tuple[Output, ...]) -> tuple[Output, ...]:
        """The same with text for the commands that answered 501."""
        unstructured = [each.command for each in outputs if each.code == 501]
        if not unstructured:
            return outputs
        return _replaced(outputs, unstructured, await self.show("cli_show_ascii", unstructured))

    async def once(
        self, kind: Kind, commands: Sequence[str], rollback: Rollback = "stop-on-error"
    ) -> tuple[Output, ...]:
        """One request; a second only where the cookie is not taken any more, which comes before anything is done."""
        switch = self.session.switch
        body = request(switch.api, kind, commands, rollback)
        reply = await self._post(body)
        if reply.status == 401 and self.session.cookie is not None:
            self.session.cookie = None
            reply = await self._post(body)
        if reply.cookie is not None and reply.cookie != self.session.cookie:
            self.session.cookie, self.session.since = reply.cookie, time.monotonic()
        return read(switch.name, reply.status, reply.body, commands)

    async def _post(self, body: bytes) -> Reply:
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimedOut(self.session.switch.name, "it did not answer in time")
        return await self.transport.post(
            self.session.switch, body, self._headers(), timeout=left, fresh=self.fresh
        )

    def _headers(self) -> Mapping[str, str]:
        """The login's cookie while it is good: each Basic login is a hit on the switch's AAA."""
        session = self.session
        if session.cookie is not None and time.monotonic() - session.since > LOGIN_SECONDS:
            session.cookie = None
        headers = {"Content-Type": CONTENT_TYPES[session.switch.api]}
        if session.cookie is not None:
            return {**headers, "Cookie": f"{COOKIE}={session.cookie}"}
        return {**headers, "Authorization": basic(session.switch)}

    async def _pause(self) -> None:
        await asyncio.sleep(min(_PAUSE, max(0.0, self.until - time.monotonic())))


def basic(switch: Switch) -> str:
    """The header of a login (RFC 7617, UTF-8)."""
    pair = f"{switch.user}:{switch.password.get_secret_value()}"
    return f"Basic {b64encode(pair.encode()).decode()}"


def _replaced(outputs: Sequence[Output], commands: Sequence[str], by: Sequence[Output]) -> tuple[Output, ...]:
    new = dict(zip(commands, by, strict=False))
    return tuple(new.get(each.command, each) for each in outputs)


def failure(outputs: Sequence[Output]) -> SwitchError | None:
    """The first error among them."""
    return next((each.error for each in outputs if each.error is not None), None)
