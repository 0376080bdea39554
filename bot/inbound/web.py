"""What the web process holds: no Webex client and no worker, just enough to check, store and answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from bot.inbound.identity import KnownIdentity
from bot.inbound.intake import Intake
from bot.integration import Loaded
from bot.settings import Settings
from bot.store.counters import Counters
from bot.store.database import Database


@dataclass(frozen=True, slots=True)
class Web:
    """Found by the views as `current_app.extensions["sparkops"]`."""

    settings: Settings
    database: Database
    counters: Counters
    intake: Intake
    identity: KnownIdentity
    integrations: Mapping[str, Loaded]

    def body(self) -> bytes | None:
        """The present request's raw bytes; None where there are more than allowed.

        Werkzeug (3.1) cuts a body that does not tell its length at MAX_CONTENT_LENGTH without a word; that
        is one byte more than allowed, so what was cut can be seen.
        """
        try:
            body = request.get_data(cache=False)
        except RequestEntityTooLarge:
            return None
        return body if len(body) <= self.settings.max_body_bytes else None
