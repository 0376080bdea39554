"""A relay between clients and a server on this machine that counts what passes: requests by path, and bytes."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

_CHUNK = 65_536
_METHODS = (b"GET ", b"POST ", b"HEAD ")


@dataclass(frozen=True, slots=True)
class Passed:
    """A request: when by the monotonic clock, and its target without the query."""

    at: float
    path: str


@dataclass
class Relay:
    """Where it listens, and what has passed so far."""

    port: int = 0
    requests: list[Passed] = field(default_factory=list)
    answered: int = 0
    """Bytes from the server."""
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    def hang_up(self) -> None:
        """End every connection."""
        for writer in self._open:
            writer.close()

    async def pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, to: int) -> None:
        """Both directions of a connection."""
        from_server, to_server = await asyncio.open_connection("127.0.0.1", to)
        self._open |= {writer, to_server}
        await asyncio.gather(
            self._pass(reader, to_server, asked=True), self._pass(from_server, writer, asked=False)
        )

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, asked: bool) -> None:
        """One direction, until either side hangs up. Clients that wait for each answer begin a chunk with it."""
        with suppress(ConnectionError):
            while chunk := await reader.read(_CHUNK):
                if not asked:
                    self.answered += len(chunk)
                elif chunk.startswith(_METHODS):
                    target = chunk.split(b" ", 2)[1].decode()
                    self.requests.append(Passed(time.monotonic(), target.partition("?")[0]))
                writer.write(chunk)
                await writer.drain()
        writer.close()


@contextmanager
def relay(to: int) -> Iterator[Relay]:
    """Relay to a port of 127.0.0.1 while the block runs, in a thread of its own."""
    counting, ready, loop = Relay(), threading.Event(), asyncio.new_event_loop()
    over = asyncio.Event()

    async def listen() -> None:
        server = await asyncio.start_server(
            lambda reader, writer: counting.pass_on(reader, writer, to), "127.0.0.1", 0
        )
        counting.port = server.sockets[0].getsockname()[1]
        ready.set()
        await over.wait()
        server.close()
        counting.hang_up()
        await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}))

    thread = threading.Thread(target=loop.run_until_complete, args=(listen(),))
    thread.start()
    ready.wait()
    try:
        yield counting
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.close()
