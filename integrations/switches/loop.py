"""One event loop in a thread of its own, on which everything that waits for switches runs.

The thread is never ended. pyreqwest brings an allocator with a heap for each thread, and once a thread that used it
has ended, making a client in another one ends the process (a segmentation fault in `ClientBuilder()`, measured with
0.15.1 on Linux). So there is one for the whole process, whoever needs it and however often.

It also lets Python look for cycles less often. The answers of a fleet are a hundred thousand small objects at once,
none of them garbage; after every 700, as is usual, the search takes a fifth of a question's whole CPU (measured).
"""

from __future__ import annotations

import asyncio
import gc
import os
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

import uvloop

Value = TypeVar("Value")

_BEFORE_A_SEARCH = 50_000
"""Objects made beyond those that are gone before the youngest are searched for cycles; some megabytes."""


class LoopThread:
    """A loop that runs as long as the process."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        youngest, *older = gc.get_threshold()
        if youngest:  # 0 says that somebody turned it off
            gc.set_threshold(max(youngest, _BEFORE_A_SEARCH), *older)
        self.loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
        threading.Thread(target=self.loop.run_forever, name="switches", daemon=True).start()

    def submit(self, coroutine: Coroutine[Any, Any, Value]) -> Future[Value]:
        """Run it there; from any thread."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop)

    def call(self, coroutine: Coroutine[Any, Any, Value]) -> Value:
        """Run it there and wait for what it gives or raises."""
        return self.submit(coroutine).result()


_lock = threading.Lock()
_shared: LoopThread | None = None


def shared_loop() -> LoopThread:
    """The loop of this process; started at first use, so that a process that forks before has one in each child."""
    global _shared
    with _lock:
        if _shared is None or _shared.pid != os.getpid():
            _shared = LoopThread()
        return _shared
