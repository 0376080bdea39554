"""What the work on rooms needs of the process it runs in."""

from __future__ import annotations

from typing import Protocol

from bot.access.policies import Policies
from bot.outbound.redact import Redactor
from bot.stale_policy import StaleRooms
from bot.store.database import Database
from bot.webex import WebexClient


class RoomServices(Protocol):
    """`bot.commands.context.Services`, as far as it is needed here."""

    @property
    def database(self) -> Database:
        """Where what is known of rooms is kept."""

    @property
    def redactor(self) -> Redactor:
        """What takes secrets out of whatever leaves."""

    @property
    def webex(self) -> WebexClient:
        """Webex as the bot sees it."""

    @property
    def policies(self) -> Policies:
        """The present `sparkops.yaml`, among others."""


def stale_policy(services: RoomServices, name: str) -> StaleRooms | None:
    """The policy of that name, as the file has it now; capitals make no difference."""
    named = (each for each in services.policies.file.stale_rooms if each.name.casefold() == name.casefold())
    return next(named, None)
