"""Hand queued events to the handler's threads: woken by PostgreSQL, never more in hand than threads are free."""

from __future__ import annotations

import threading

import psycopg
import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.inbound.handle import InboxHandler
from bot.store.inbox_rows import CHANNEL

log = structlog.get_logger(__name__)

_LOOK_EVERY = 0.5
"""Seconds between looks without being woken, should a NOTIFY be lost with its connection."""
_MOST_AT_ONCE = 32


class Dispatcher:
    """One thread that listens, claims, and hands out."""

    def __init__(self, url: str, handler: InboxHandler, *, slots: int) -> None:
        self._url = url
        self._handler = handler
        self._free = threading.Semaphore(slots)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="dispatch", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Claim no more; what is in hand goes on."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                with psycopg.connect(self._url, autocommit=True, connect_timeout=5) as listening:
                    listening.execute(f"LISTEN {CHANNEL}")
                    while not self._stop.is_set():
                        if self._hand_out():
                            continue  # there may be more
                        for _ in listening.notifies(timeout=_LOOK_EVERY, stop_after=1):
                            pass
            except (psycopg.Error, SQLAlchemyError) as error:
                log.error("dispatch.database_away", error=str(error))
                self._stop.wait(1.0)

    def _hand_out(self) -> bool:
        """Claim as many events as there are free threads, and start them; False where none was queued."""
        slots = self._take_slots()
        if not slots:
            return True
        taken = 0
        try:
            events = self._handler.claim(slots)
            taken = len(events)
            for event in events:
                self._handler.begin(event, self._free.release)
        finally:
            for _ in range(slots - taken):
                self._free.release()
        return taken > 0

    def _take_slots(self) -> int:
        """Wait a moment for a free thread, then take what more is free; 0 where none became free."""
        if not self._free.acquire(timeout=_LOOK_EVERY):
            return 0
        slots = 1
        while slots < _MOST_AT_ONCE and self._free.acquire(blocking=False):
            slots += 1
        return slots
