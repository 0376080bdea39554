"""A question to many switches: its results as they arrive, its deadline, its cancelling."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field

from integrations.switches.errors import Cancelled, DeadlinePassed, SwitchError
from integrations.switches.inventory.model import Switch
from integrations.switches.transport.seam import Path
from integrations.switches.wire import Output

_EVERY = 0.02
"""Seconds between wakings of whoever waits for results: one for each would have two threads fight for the GIL."""


@dataclass(frozen=True, slots=True)
class Result:
    """What one switch said: an output for each command, or the error that kept it from any."""

    switch: Switch
    outputs: tuple[Output, ...] = ()
    error: SwitchError | None = None
    path: Path | None = None
    seconds: float = 0.0
    at: float = field(default_factory=time.time, compare=False)
    """When it came, in seconds since the epoch."""

    @property
    def failure(self) -> SwitchError | None:
        """The switch's error, or the first of a command."""
        return self.error or next((each.error for each in self.outputs if each.error), None)


AskOne = Callable[[Switch], Awaitable[Result]]


class Question:
    """Iterate over it for the results in the order they arrive: one for each switch, always, whatever happens.

    Iterating ends soon after the deadline at the latest. Any thread may cancel.
    """

    def __init__(self, switches: Sequence[Switch], *, deadline: float) -> None:
        """`deadline` is in seconds from when it starts."""
        self.total = len(switches)
        self.deadline = deadline
        self._switches = switches
        self._arrived: deque[Result] = deque()
        self._news = threading.Event()
        self._ended = False
        self._waking = False
        self._cancelled = False
        self._stop = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._crash: Exception | None = None

    def __iter__(self) -> Iterator[Result]:
        return (result for result in self.ticking(None) if result is not None)

    def ticking(self, seconds: float | None) -> Iterator[Result | None]:
        """The same, with a None whenever nothing arrived for so many seconds: to look at something else meanwhile."""
        while True:
            if not self._news.wait(seconds):
                yield None
                continue
            self._news.clear()
            ended = self._ended
            while self._arrived:
                yield self._arrived.popleft()
            if ended:
                # For whoever iterates again: it is over.
                self._news.set()
                if self._crash is not None:
                    raise self._crash
                return

    def cancel(self) -> None:
        """Stop asking; who has not answered yet is told as cancelled."""
        self._cancelled = True
        if self._loop is not None and not self._ended:
            self._loop.call_soon_threadsafe(self._stop.set)

    async def run(self, ask: AskOne, concurrency: int) -> None:
        """Ask every switch, so many side by side, on the loop. What `ask` raises is raised where it is iterated."""
        self._loop = asyncio.get_running_loop()
        if self._cancelled:
            self._stop.set()
        began, waiting, busy = time.monotonic(), iter(self._switches), dict[str, Switch]()

        async def worker() -> None:
            for switch in waiting:
                busy[switch.name] = switch
                result = await ask(switch)
                del busy[switch.name]
                self._tell(result)

        workers = [asyncio.create_task(worker()) for _ in range(min(concurrency, self.total))]
        kind = await self._end_of(workers)
        for each in workers:
            each.cancel()
        ends = await asyncio.gather(*workers, return_exceptions=True)
        self._crash = next((end for end in ends if isinstance(end, Exception)), None)
        seconds = time.monotonic() - began
        for switch in busy.values():
            self._tell(Result(switch, error=kind(switch.name, "it had not answered yet"), seconds=seconds))
        for switch in waiting:
            self._tell(Result(switch, error=kind(switch.name, "it had not been asked yet"), seconds=seconds))
        self._ended = True
        self._news.set()

    async def _end_of(self, workers: Sequence[asyncio.Task[None]]) -> type[SwitchError]:
        """Wait until all are done, the time is up, or it is called off; what those that are left then met."""
        done, stop = (
            asyncio.gather(*workers, return_exceptions=True),
            asyncio.ensure_future(self._stop.wait()),
        )
        try:
            await asyncio.wait((done, stop), timeout=self.deadline, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stop.cancel()
        return Cancelled if self._stop.is_set() else DeadlinePassed

    def _tell(self, result: Result) -> None:
        self._arrived.append(result)
        if not self._waking:
            self._waking = True
            asyncio.get_running_loop().call_later(_EVERY, self._wake)

    def _wake(self) -> None:
        self._waking = False
        self._news.set()
