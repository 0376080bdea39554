"""Faults a test switches on: for which requests, what happens instead, how often."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from aiohttp import web

from playground.jenkins import pages

FaultKind = Literal["status", "slow", "html503", "drop", "lost_answer"]

Answer = Callable[[], Awaitable[web.StreamResponse]]


@dataclass
class Fault:
    """One fault: `method` and `path` (below the context root, `*` matches anything) choose its requests.

    status: answer `status` · slow: wait `seconds`, then answer · html503: the page of a booting Jenkins ·
    drop: close the connection, nothing done · lost_answer: do the work, then close the connection.
    `count` is how many times it still happens; None is for ever.
    """

    kind: FaultKind
    method: str = "*"
    path: str = "*"
    status: int = 500
    seconds: float = 5.0
    count: int | None = 1

    def fits(self, method: str, path: str) -> bool:
        """Whether it happens to this request."""
        return self.method.upper() in ("*", method) and fnmatchcase(path, self.path)


class Faults:
    """The faults switched on now, tried in the order they came."""

    def __init__(self) -> None:
        self.active: list[Fault] = []

    def take(self, method: str, path: str) -> Fault | None:
        """The first fault for this request, used up once."""
        for fault in self.active:
            if fault.fits(method, path):
                if fault.count is not None:
                    fault.count -= 1
                    if fault.count <= 0:
                        self.active.remove(fault)
                return fault
        return None

    async def apply(self, request: web.Request, path: str, answer: Answer) -> web.StreamResponse:
        """Answer a request, or do to it what the first fitting fault says."""
        fault = self.take(request.method, path)
        if fault is None:
            return await answer()
        if fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
            return await answer()
        if fault.kind == "status":
            return pages.servlet_error(request, fault.status, "A fault was switched on for this request")
        if fault.kind == "html503":
            return pages.getting_ready()
        if fault.kind == "lost_answer":
            await answer()
        return hang_up(request)


def hang_up(request: web.Request) -> web.StreamResponse:
    """Close the connection under a request; what is returned reaches nobody."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)
