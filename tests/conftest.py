"""Fixtures for all tests: one PostgreSQL for the session, an emptied database for each test."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, settings
from sqlalchemy import text

from bot.integration import migrations_of
from bot.settings import Settings
from bot.store.database import Database
from bot.store.embedded import EmbeddedPostgres
from bot.store.migrate import migrate

# How fast a machine is, no test decides.
settings.register_profile("any speed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any speed")


_OTHERS = {"DATABASE_URL", "PUBLIC_URL", "DYNO"}


@pytest.fixture(scope="session", autouse=True)
def _no_settings_from_outside() -> None:
    """What the developer has set for a bot of their own is none of the tests' business."""
    ours = ("WEBEX_", "JENKINS_", "SPARKOPS_")
    for name in list(os.environ):
        if name != "SPARKOPS_POSTGRES_USER" and (name.startswith(ours) or name in _OTHERS):
            del os.environ[name]


@pytest.fixture(scope="session", autouse=True)
def _loggers_can_be_listened_to() -> Iterator[None]:
    """A logger that was kept from an earlier test would not tell `capture_logs` what it says in a later one."""
    with pytest.MonkeyPatch.context() as patch:
        configure = structlog.configure
        patch.setattr(
            structlog,
            "configure",
            lambda **settings: configure(**(settings | {"cache_logger_on_first_use": False})),
        )
        yield


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A real PostgreSQL with the present schema."""
    with (
        tempfile.TemporaryDirectory(prefix="sparkops-tests-") as folder,
        EmbeddedPostgres(Path(folder) / "home") as server,
    ):
        url = server.start()
        migrate(url, migrations_of(Settings.load({})))
        yield url


@pytest.fixture
def database(postgres_url: str) -> Iterator[Database]:
    """The database, with every table of ours and of the queue emptied."""
    database = Database(postgres_url, pool_size=5)
    empty(database)
    yield database
    database.close()


def empty(database: Database) -> None:
    """Delete every row but the migrations' own."""
    with database.transaction() as session:
        tables = session.scalars(
            text(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE 'alembic_version%'"
            )
        ).all()
        session.execute(text(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY CASCADE"))
