"""Waiting for Webex within one piece of work: as long as it says, but no longer than that work may take."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from bot.webex import Locked, RateLimited, WebexError

T = TypeVar("T")

_FIRST_WAIT = 0.5


@dataclass(slots=True)
class Patience:
    """How many seconds a piece of work may wait in all. One 429 in the middle of it costs time, and nothing else.

    `sleep` takes seconds.
    """

    seconds: float
    sleep: Callable[[float], None] = time.sleep

    def ask(self, call: Callable[[], T]) -> T:
        """What the call gives, made again where Webex says wait, or is unwell for a moment.

        For calls that may be made twice only: reading, and what comes out the same when it is done already.
        Raises the last WebexError when there is no time left to wait as long as it would take.
        """
        pause = _FIRST_WAIT
        while True:
            try:
                return call()
            except WebexError as error:
                is_told = isinstance(error, RateLimited | Locked)
                wait = error.retry_after if isinstance(error, RateLimited | Locked) else pause
                if not error.retryable or wait > self.seconds:
                    raise
                self.seconds -= wait
                self.sleep(wait)
                pause = pause if is_told else 2 * pause
