"""Advisory locks of PostgreSQL that one transaction holds at a time, by what they guard."""

from __future__ import annotations

from sqlalchemy import text

WEBHOOKS = text("SELECT pg_try_advisory_xact_lock(73110002)")
"""The bot's webhooks at Webex: two that make them at once would make them double."""
