"""Server-Sent Events: what happens, told to the open chat pages, as each of their people may see it."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager

from playground.webex.bus import Event
from playground.webex.world import World

# None ends a stream.
Queue = asyncio.Queue[bytes | None]


class Streams:
    """The open event streams, by person."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._open: dict[str, set[Queue]] = {}
        world.bus.subscribe(self.on_event)

    @contextmanager
    def open(self, person_id: str) -> Iterator[Queue]:
        """Give a queue of ready-made events for one person, for as long as the block runs."""
        queue: Queue = asyncio.Queue()
        self._open.setdefault(person_id, set()).add(queue)
        try:
            yield queue
        finally:
            self._open[person_id].discard(queue)
            if not self._open[person_id]:
                del self._open[person_id]

    def on_event(self, event: Event) -> None:
        """Pass an event on to everybody in its audience who has a page open."""
        for person_id in self._open.keys() & event.audience:
            if self._world.may_see(person_id, event.record):
                seen = self._world.as_seen_by(self._world.people.get(person_id), event.record)
                self._put(person_id, _event(f"{event.resource}.{event.name}", json.dumps(seen)))

    def announce_reset(self) -> None:
        """Tell all pages that the world was emptied: `event: playground.reset`."""
        for person_id in self._open:
            self._put(person_id, _event("playground.reset", "{}"))

    def close(self) -> None:
        """End all streams, so that the server can stop."""
        for person_id in self._open:
            self._put(person_id, None)

    def _put(self, person_id: str, item: bytes | None) -> None:
        for queue in self._open[person_id]:
            queue.put_nowait(item)


def _event(name: str, data: str) -> bytes:
    return f"event: {name}\ndata: {data}\n\n".encode()
