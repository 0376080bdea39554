"""Look at all of the bot's rooms, and keep what is news of them before the bot's own posts hide it."""

from __future__ import annotations

import structlog

from bot.rooms.known import remember
from bot.rooms.listing import pages
from bot.rooms.patience import Patience
from bot.rooms.services import RoomServices
from bot.webex import WebexError

log = structlog.get_logger(__name__)

LOOK_TASK = "rooms.look"
_PATIENCE = 300.0
"""Seconds a look waits altogether while Webex asks to wait or is away; the next one comes within the hour."""


def look(services: RoomServices) -> None:
    """The task: what the listing tells is kept. One call for each 1,000 rooms.

    Between two looks a person's words that do not mention the bot are hidden by the bot's own next post, so they
    are not far apart. What Webex refuses is logged, and looked for again the next time.
    """
    number = 0
    try:
        for rooms in pages(services.webex, Patience(_PATIENCE)):
            with services.database.transaction() as session:
                remember(session, rooms)
            number += len(rooms)
    except WebexError as error:
        log.warning("rooms.not_looked_at", rooms=number, error=str(error))
        return
    log.info("rooms.looked_at", rooms=number)
