"""What the web process holds: no Webex client and no worker, just enough to check, store and answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.inbound.identity import KnownIdentity
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
    identity: KnownIdentity
    integrations: Mapping[str, Loaded]
