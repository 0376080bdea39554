"""What happens in the world, told to whoever listens: the webhook deliveries and the chat page."""

from collections.abc import Callable, Set
from dataclasses import dataclass

from playground.webex.records import Record


@dataclass(frozen=True, slots=True)
class Event:
    """Something happened to `record`.

    `audience` holds the ids of the people it may be told to. It can be a live view of a room's members, so a
    listener must read it at once and not keep it.
    """

    resource: str
    name: str
    actor_id: str
    record: Record
    audience: Set[str]


Listener = Callable[[Event], None]


class Bus:
    """Passes each event to every listener, in order of joining, before `publish` returns."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    def subscribe(self, listener: Listener) -> None:
        """Let `listener` hear every event from now on."""
        self._listeners.append(listener)

    def publish(self, resource: str, name: str, actor_id: str, record: Record, audience: Set[str]) -> None:
        """Tell all listeners."""
        event = Event(resource, name, actor_id, record, audience)
        for listener in self._listeners:
            listener(event)
