"""The one way to PostgreSQL: an engine, short transactions, and jobs deferred on the caller's connection."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import psycopg
from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DataError, IntegrityError, ProgrammingError, SQLAlchemyError, StatementError
from sqlalchemy.orm import Session, sessionmaker

from bot.store.jsonb import as_jsonb


class DatabaseError(Exception):
    """The database URL cannot be used; the text says why."""


_FAULTS = (
    DataError,
    IntegrityError,
    ProgrammingError,
    psycopg.DataError,
    psycopg.IntegrityError,
    psycopg.ProgrammingError,
)


def is_fault(error: SQLAlchemyError | psycopg.Error) -> bool:
    """Whether the error comes again however often the statement does: a bug, and not an outage."""
    return isinstance(error, _FAULTS) or type(error) is StatementError


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

    At most `pool_size` connections are open; whoever finds none free waits for one, ten seconds at the most.
    """

    def __init__(self, url: str, *, pool_size: int = 4) -> None:
        self.url = libpq_url(url)
        alchemy = make_url(self.url).set(drivername="postgresql+psycopg")
        self.engine: Engine = create_engine(
            alchemy,
            pool_size=pool_size,
            max_overflow=0,  # one beyond the pool would be connected anew each time it is used
            pool_timeout=10,
            pool_pre_ping=False,
            pool_recycle=1800,
            json_serializer=as_jsonb,
            connect_args={"connect_timeout": 5, "keepalives_idle": 30, "keepalives_interval": 10},
        )
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A session whose work commits as one at the end, or not at all."""
        with self._sessions.begin() as session:
            yield session

    @contextmanager
    def autocommit(self) -> Iterator[psycopg.Connection[Any]]:
        """A bare psycopg connection of the pool for hot paths: each statement is its own transaction.

        That is one round trip to the server where `transaction` takes three.
        """
        pooled = self.engine.raw_connection()
        driver: psycopg.Connection[Any] = pooled.driver_connection  # type: ignore[assignment]
        try:
            driver.autocommit = True
            yield driver
            driver.autocommit = False
        except BaseException as error:
            pooled.invalidate()
            if isinstance(error, psycopg.OperationalError):
                self.engine.dispose()  # cut by a restart, say: then those that lie in the pool are as dead
            raise
        finally:
            pooled.close()

    def close(self) -> None:
        """Give every connection back to the system."""
        self.engine.dispose()


def driver_connection(session: Session) -> psycopg.Connection[Any]:
    """The psycopg connection under a session: what is executed on it commits with the session's rows.

    Jobs are deferred on it, and hot paths use it: a statement costs a third of what it does through the
    session, and many may go in one round trip (psycopg's pipeline mode).
    """
    connection: psycopg.Connection[Any] = session.connection().connection.driver_connection  # type: ignore[assignment]
    return connection
