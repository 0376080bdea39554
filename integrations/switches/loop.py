"""One event loop in a thread of its own, on which everything that waits for switches runs."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

import uvloop

Value = TypeVar("Value")


class LoopThread:
    """Starts with the first thing to run, so that a process that forks first starts it in the child."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def submit(self, coroutine: Coroutine[Any, Any, Value]) -> Future[Value]:
        """Run it there; from any thread."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._running())

    def call(self, coroutine: Coroutine[Any, Any, Value]) -> Value:
        """Run it there and wait for what it gives or raises."""
        return self.submit(coroutine).result()

    def stop(self) -> None:
        """End the thread; what still runs is cancelled first."""
        with self._lock:
            loop, thread, self._loop, self._thread = self._loop, self._thread, None, None
        if loop is None or thread is None:
            return
        asyncio.run_coroutine_threadsafe(_cancelled_all(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = uvloop.new_event_loop()
                self._thread = threading.Thread(target=self._loop.run_forever, name="switches", daemon=True)
                self._thread.start()
            return self._loop


async def _cancelled_all() -> None:
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
