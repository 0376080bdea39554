"""The peer of the rooms bench: a straightforward script on the SDK, after the first example of its README.

That example lists all rooms, keeps those whose title fits, and deletes each; here they are kept by `lastActivity`
too, which is all that a listing tells of age. The SDK asks for pages of 100 and waits by itself at a 429.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from webexpythonsdk import ApiError, WebexAPI


def listed(api: WebexAPI) -> list[Any]:
    """All rooms of the bot."""
    return list(api.rooms.list())


def stale(api: WebexAPI, topic: str, idle_days: int) -> list[Any]:
    """Those of a topic in which nothing has happened for so many days."""
    before = datetime.now(UTC) - timedelta(days=idle_days)
    all_rooms = api.rooms.list()
    return [room for room in all_rooms if room.title.startswith(topic) and room.lastActivity < before]


def sweep(api: WebexAPI, topic: str, idle_days: int) -> list[str]:
    """Tell each stale room, then delete it; returns the ids of those that it takes for deleted."""
    deleted = []
    rooms = stale(api, topic, idle_days)
    for room in rooms:
        try:
            api.messages.create(roomId=room.id, markdown="This room is stale and will be deleted.")
        except ApiError as error:
            print(f"Could not tell {room.title}: {error}")
    for room in rooms:
        try:
            api.rooms.delete(room.id)
            deleted.append(room.id)
        except ApiError as error:
            print(f"Could not delete {room.title}: {error}")
    return deleted
