"""Bring the database to the present schema: Alembic's migrations, one process at a time."""

from __future__ import annotations

from pathlib import Path

import psycopg

_MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 7311_0001
"""The advisory lock that makes a second `migrate` wait until the first is done."""


def is_current(url: str) -> bool:
    """Whether the newest migration has run. `url` is libpq's.

    Told without Alembic, so that an ordinary start need not load it: a migration's file begins with its
    revision, and the revisions are numbers.
    """
    newest = max(path.name.partition("_")[0] for path in (_MIGRATIONS / "versions").glob("[0-9]*.py"))
    with psycopg.connect(url, connect_timeout=10) as connection:
        if connection.execute("SELECT to_regclass('alembic_version')").fetchone() == (None,):
            return False
        return connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(newest,)]


def migrate(url: str) -> None:
    """Run every missing migration. Safe to run again, and by several processes at once."""
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine, pool, text
    from sqlalchemy.engine import make_url

    from bot.store.database import libpq_url

    engine = create_engine(
        make_url(libpq_url(url)).set(drivername="postgresql+psycopg"), poolclass=pool.NullPool
    )
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK})
        connection.commit()
        try:
            config = Config()
            config.set_main_option("script_location", str(_MIGRATIONS))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _LOCK})
            connection.commit()
