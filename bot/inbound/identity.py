"""Who the bot itself is, and which events are none of its business: its own messages, and other bots'."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from bot.store.database import Database
from bot.store.models import Fact
from bot.webex import Person

_FACT = "identity"
_BOT_DOMAINS = ("@webex.bot", "@sparkbot.io")
_SAVE = text("""
    INSERT INTO facts (name, value) VALUES (:name, jsonb_build_object('id', CAST(:id AS text),
        'email', CAST(:email AS text), 'display_name', CAST(:display_name AS text)))
    ON CONFLICT (name) DO UPDATE SET value = EXCLUDED.value, updated_at = now()
""")


@dataclass(frozen=True, slots=True)
class Identity:
    """The bot as a person of Webex."""

    id: str
    email: str
    display_name: str


def save_identity(database: Database, me: Person) -> Identity:
    """Let every process know who the bot is."""
    identity = Identity(me.id, me.email, me.display_name)
    with database.transaction() as session:
        session.execute(
            _SAVE,
            {"name": _FACT, "id": me.id, "email": me.email, "display_name": me.display_name},
        )
    return identity


class KnownIdentity:
    """The identity as the web process knows it: read from the database, asked again each minute."""

    def __init__(self, database: Database, every: float = 60.0) -> None:
        self._database = database
        self._every = every
        self._lock = threading.Lock()
        self._known: Identity | None = None
        self._asked = float("-inf")

    def get(self) -> Identity | None:
        """The identity, or None while no worker has found it out."""
        with self._lock:
            wait = self._every if self._known else 1.0
            if time.monotonic() - self._asked >= wait:
                self._asked = time.monotonic()
                with self._database.transaction() as session:
                    fact = session.get(Fact, _FACT)
                self._known = Identity(**fact.value) if fact else None
            return self._known


def is_bot(email: str) -> bool:
    """Whether an address is a bot's."""
    return email.casefold().endswith(_BOT_DOMAINS)


def is_noise(payload: Mapping[str, Any], me: Identity | None, allowed_bots: Collection[str]) -> bool:
    """Whether a message or a card action comes from the bot itself or from a bot that is not allowed."""
    if payload.get("resource") not in {"messages", "attachmentActions"}:
        return False
    data = payload.get("data", {})
    person, email = data.get("personId"), str(data.get("personEmail") or "").casefold()
    if me is not None and (person == me.id or (email and email == me.email.casefold())):
        return True
    return is_bot(email) and email not in {each.casefold() for each in allowed_bots}
