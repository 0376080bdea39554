"""Senders beside the bot's own, and a Webex that can be made to hold its breath."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from bot.outbound.outbox import Outgoing, enqueue
from bot.outbound.sender import Sender
from bot.runs.ownership import Ownership
from bot.webex import Message, WebexClient
from tests.bot_in_process import BotInProcess
from tests.talking import PATIENCE


def put(bot: BotInProcess, *texts: str, **fields: Any) -> None:
    """Store messages to the room in one transaction, without sending them."""
    with bot.database.transaction() as session:
        for each in texts:
            values = {"room_id": bot.room, "key": str(uuid4()), "markdown": each, **fields}
            enqueue(session, Outgoing(**values), bot.services.redactor)


def in_room(bot: BotInProcess, room: str | None = None) -> list[str]:
    return [each.get("markdown") or each["text"] for each in bot.messages(room=room)]


class Held(WebexClient):
    """A Webex client that waits with each message until it is let go, and knows how many it holds at once."""

    def __init__(self, token: str, url: str) -> None:
        super().__init__(token, url)
        self.arrived = threading.Semaphore(0)
        self.go = threading.Semaphore(0)
        self.busy: dict[str | None, int] = {}
        self.most = 0
        self._lock = threading.Lock()

    def post_message(self, room_id: str | None = None, **fields: Any) -> Message:
        with self._lock:
            self.busy[room_id] = self.busy.get(room_id, 0) + 1
            self.most = max(self.most, self.busy[room_id])
        self.arrived.release()
        assert self.go.acquire(timeout=PATIENCE)
        with self._lock:
            self.busy[room_id] -= 1
        return super().post_message(room_id, **fields)


@contextmanager
def another_sender(bot: BotInProcess, webex: WebexClient | None = None) -> Iterator[tuple[Sender, Ownership]]:
    """A sender of another worker."""
    owner = Ownership(bot.database.url)
    sender = Sender(bot.database, webex or bot.services.webex, bot.web.counters, owner.id, threads=4)
    try:
        yield sender, owner
    finally:
        if isinstance(webex, Held):
            webex.go.release(1000)
        sender.close()
        owner.close()
