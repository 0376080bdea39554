"""Bring the database to the present schema: Alembic's migrations, one process at a time."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, pool, text
from sqlalchemy.engine import make_url

from bot.store.database import libpq_url

_LOCK = 7311_0001
"""The advisory lock that makes a second `migrate` wait until the first is done."""


def migrate(url: str) -> None:
    """Run every missing migration. Safe to run again, and by several processes at once."""
    engine = create_engine(
        make_url(libpq_url(url)).set(drivername="postgresql+psycopg"), poolclass=pool.NullPool
    )
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK})
        connection.commit()
        try:
            config = Config()
            config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _LOCK})
            connection.commit()
