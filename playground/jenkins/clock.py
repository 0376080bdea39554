"""The stand-in's time: wall-clock stamps, and a speed for everything that lasts."""

from __future__ import annotations

import asyncio
import time


class Clock:
    """Wall clock whose sleeps are divided by `speed` and stand still while Jenkins restarts."""

    def __init__(self, speed: float = 1.0) -> None:
        self.speed = speed
        self._running = asyncio.Event()
        self._running.set()

    def now(self) -> int:
        """Milliseconds since the epoch."""
        return time.time_ns() // 1_000_000

    def scaled(self, seconds: float) -> float:
        """How many real seconds so many seconds of work take."""
        return seconds / self.speed

    async def sleep(self, seconds: float) -> None:
        """Wait for so many seconds of work; longer while stopped."""
        await asyncio.sleep(self.scaled(seconds))
        await self._running.wait()

    def stop(self) -> None:
        """Hold every sleeper until `go`."""
        self._running.clear()

    def go(self) -> None:
        """Let the sleepers on."""
        self._running.set()
