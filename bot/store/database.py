"""The one way to PostgreSQL: an engine, short transactions, and jobs deferred on the caller's connection."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import psycopg
from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session, sessionmaker


class DatabaseError(Exception):
    """The database URL cannot be used; the text says why."""


def libpq_url(url: str) -> str:
    """The URL as libpq and psycopg take it; Heroku's `postgres://` and SQLAlchemy's forms are accepted.

    Raises DatabaseError for anything that is not PostgreSQL.
    """
    scheme = urlsplit(url).scheme
    if scheme not in {"postgres", "postgresql", "postgresql+psycopg"}:
        raise DatabaseError(f"DATABASE_URL must begin with postgresql:// and begins with {scheme}://.")
    return "postgresql" + url[len(scheme) :]


class Database:
    """A pool of connections. Open it after a fork, never before.

    `pool_size` connections are kept, as many again may be opened for a moment.
    """

    def __init__(self, url: str, *, pool_size: int = 4) -> None:
        self.url = libpq_url(url)
        alchemy = make_url(self.url).set(drivername="postgresql+psycopg")
        self.engine: Engine = create_engine(
            alchemy,
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_timeout=10,
            pool_pre_ping=False,
            pool_recycle=1800,
            connect_args={"connect_timeout": 5, "keepalives_idle": 30, "keepalives_interval": 10},
        )
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A session whose work commits as one at the end, or not at all."""
        with self._sessions.begin() as session:
            yield session

    @contextmanager
    def connection(self) -> Iterator[psycopg.Connection[Any]]:
        """A bare psycopg connection of the pool, for hot paths; commits at the end, rolls back on error."""
        pooled = self.engine.raw_connection()
        try:
            driver: psycopg.Connection[Any] = pooled.driver_connection  # type: ignore[assignment]
            try:
                yield driver
                driver.commit()
            except BaseException:
                if not driver.closed:
                    driver.rollback()
                raise
        except psycopg.OperationalError:
            pooled.invalidate()
            raise
        finally:
            pooled.close()

    def close(self) -> None:
        """Give every connection back to the system."""
        self.engine.dispose()


def driver_connection(session: Session) -> psycopg.Connection[Any]:
    """The psycopg connection under a session: a job deferred on it commits with the session's rows."""
    connection: psycopg.Connection[Any] = session.connection().connection.driver_connection  # type: ignore[assignment]
    return connection
