"""One event loop in a thread of its own, on which everything that waits for switches runs.

The thread is never ended. pyreqwest brings an allocator with a heap for each thread, and once a thread that used it
has ended, making a client in another one ends the process (a segmentation fault in `ClientBuilder()`, measured with
0.15.1 on Linux). So there is one for the whole process, whoever needs it and however often.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

import uvloop

Value = TypeVar("Value")


class LoopThread:
    """A loop that runs as long as the process."""

    def __init__(self) -> None:
        self.pid = os.getpid()
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
