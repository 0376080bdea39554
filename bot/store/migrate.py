"""Bring the database to the present schema: Alembic's migrations, one process at a time.

The core has its line of revisions, and so has each integration with tables of its own: a folder of files
whose names begin with their revision, kept in a version table that is called after the integration.
Taking an integration out leaves its tables and the others' lines alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import psycopg
from psycopg import sql

_MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 7311_0001
"""The advisory lock that makes a second `migrate` wait until the first is done."""

NONE: Mapping[str, Path] = MappingProxyType({})
"""No integration has tables of its own."""


def is_current(url: str, integrations: Mapping[str, Path] = NONE) -> bool:
    """Whether the newest migrations have run. `url` is libpq's; `integrations` are their folders by name.

    Told without Alembic, so that an ordinary start need not load it: a migration's file begins with its
    revision, and the revisions are numbers.
    """
    with psycopg.connect(url, connect_timeout=10) as connection:
        return all(
            _stands_at(connection, table, _newest(folder)) for table, folder in _lines(integrations).items()
        )


def _lines(integrations: Mapping[str, Path]) -> dict[str, Path]:
    """Every line of revisions: its version table and its folder; the core's comes first."""
    others = {f"alembic_version_{name}": folder for name, folder in sorted(integrations.items())}
    return {"alembic_version": _MIGRATIONS / "versions", **others}


def _newest(folder: Path) -> str:
    return max(path.name.partition("_")[0] for path in folder.glob("[0-9]*.py"))


def _stands_at(connection: psycopg.Connection[tuple[object, ...]], table: str, revision: str) -> bool:
    if connection.execute("SELECT to_regclass(%s)", (table,)).fetchone() == (None,):
        return False
    query = sql.SQL("SELECT version_num FROM {}").format(sql.Identifier(table))
    return connection.execute(query).fetchall() == [(revision,)]


def migrate(url: str, integrations: Mapping[str, Path] = NONE) -> None:
    """Run every missing migration. Safe to run again, and by several processes at once.

    `integrations`: the folders of those with tables of their own, by their names.
    """
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
            for table, folder in _lines(integrations).items():
                config = Config()
                config.set_main_option("script_location", str(_MIGRATIONS))
                config.set_main_option("version_locations", str(folder))
                config.set_main_option("path_separator", "newline")
                config.attributes["connection"] = connection
                config.attributes["version_table"] = table
                command.upgrade(config, "head")
                connection.commit()
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _LOCK})
            connection.commit()
