"""The way to PostgreSQL: which addresses it takes, and what it does with connections that died."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError, SQLAlchemyError, StatementError

from bot.store.database import Database, DatabaseError, is_fault, libpq_url
from tests.bot_in_process import cut_connections


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("postgres://u:p@db.example.com:5432/bot", "postgresql://u:p@db.example.com:5432/bot"),
        ("postgresql://u:p%40ss@db/bot?sslmode=require", "postgresql://u:p%40ss@db/bot?sslmode=require"),
        ("postgresql+psycopg://db/bot", "postgresql://db/bot"),
    ],
)
def test_herokus_and_sqlalchemys_ways_to_write_it_are_understood(given: str, taken: str) -> None:
    assert libpq_url(given) == taken


@pytest.mark.parametrize(
    ("url", "scheme"), [("mysql://db/bot", "mysql"), ("sqlite:///bot.db", "sqlite"), ("db/bot", "")]
)
def test_anything_else_is_refused_in_words(url: str, scheme: str) -> None:
    says = rf"^DATABASE_URL must begin with postgresql:// and begins with {scheme}://\.$"
    with pytest.raises(DatabaseError, match=says):
        Database(url)


def test_a_transaction_is_kept_whole_or_not_at_all(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.transaction() as session:
        session.execute(text("INSERT INTO counters (name, labels) VALUES ('x', '')"))
        raise ZeroDivisionError
    with database.transaction() as session:
        assert session.scalar(text("SELECT count(*) FROM counters")) == 0


def cut(url: str) -> None:
    name = str(psycopg.conninfo.conninfo_to_dict(url)["dbname"])
    with psycopg.connect(url, dbname="template1", autocommit=True) as elsewhere:
        cut_connections(elsewhere, name)


def fill_pool(database: Database) -> None:
    with database.transaction() as one, database.transaction() as other:
        one.execute(text("SELECT 1"))
        other.execute(text("SELECT 1"))


def test_after_a_restart_of_the_server_one_statement_fails_and_the_next_succeeds(
    database: Database, postgres_url: str
) -> None:
    fill_pool(database)
    cut(postgres_url)
    with pytest.raises(OperationalError), database.transaction() as session:
        session.execute(text("SELECT 1"))
    with database.transaction() as session:
        assert session.scalar(text("SELECT 1")) == 1

    fill_pool(database)
    cut(postgres_url)
    with pytest.raises(psycopg.OperationalError), database.autocommit() as connection:
        connection.execute("SELECT 1")
    with database.autocommit() as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_failed_statement_on_a_bare_connection_leaves_nothing_behind_for_the_next(
    database: Database,
) -> None:
    with pytest.raises(psycopg.errors.DivisionByZero), database.autocommit() as connection:
        connection.execute("SELECT 1 / 0")
    with database.transaction() as session:
        session.execute(text("INSERT INTO counters (name, labels) VALUES ('x', '')"))
        with database.autocommit() as connection:
            assert connection.execute("SELECT count(*) FROM counters").fetchone() == (0,)


@pytest.mark.parametrize(
    ("error", "comes_again"),
    [
        (IntegrityError("INSERT", {}, psycopg.errors.UniqueViolation()), True),
        (StatementError("a value that is no JSON", "INSERT", {}, ValueError()), True),
        (OperationalError("SELECT", {}, psycopg.errors.AdminShutdown()), False),
        (OperationalError("SELECT", {}, psycopg.errors.DeadlockDetected()), False),
    ],
)
def test_a_bug_is_told_from_an_outage(error: SQLAlchemyError, comes_again: bool) -> None:
    assert is_fault(error) is comes_again
