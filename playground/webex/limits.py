"""A rate limit per token, for the fault of kind `limit`."""

import math
import time

from playground.webex.faults import Fault


class Limiter:
    """Counts calls in fixed windows, one window per fault and token."""

    def __init__(self) -> None:
        self._windows: dict[tuple[str, str], tuple[float, int]] = {}

    def seconds_to_wait(self, fault: Fault, token: str) -> int:
        """Count one call; return 0 when it passes, else the whole seconds until the window is over."""
        now = time.monotonic()
        start, calls = self._windows.get((fault.id, token), (now, 0))
        if now - start >= fault.window:
            start, calls = now, 0
        self._windows[fault.id, token] = (start, calls + 1)
        return 0 if calls < fault.limit else max(1, math.ceil(start + fault.window - now))
