"""`python -m bot migrate`: once, again, and by several processes at the same moment."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.command import upgrade
from alembic.migration import MigrationContext
from psycopg import sql
from sqlalchemy import create_engine, text

from bot.config_file import Rate
from bot.integration import find_integrations, migrations_of
from bot.outbound.budget import notify
from bot.outbound.outbox import Outgoing
from bot.outbound.redact import Redactor
from bot.settings import Settings
from bot.store.database import Database
from bot.store.migrate import is_current, migrate
from bot.store.models import Base
from bot.supervisor import free_port

ROOT = Path(__file__).parents[2]


@pytest.fixture
def fresh_url(postgres_url: str) -> Iterator[str]:
    """A database of its own with nothing in it."""
    name = "fresh_for_a_test"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        present = str(connection.info.dbname)
    yield postgres_url.replace(f"/{present}?", f"/{name}?")
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def started(environ: dict[str, str], *words: str, folder: Path) -> subprocess.Popen[str]:
    """`python -m bot …` with nothing in its environment but what is given."""
    return subprocess.Popen(
        [sys.executable, "-m", "bot", *words],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    try:
        out, err = process.communicate(timeout=60)
    finally:
        process.terminate()
    return process.returncode, out, err


def test_two_that_start_at_once_and_one_that_comes_later_all_succeed(fresh_url: str, tmp_path: Path) -> None:
    success = (0, "The database is at the present schema.\n", "")
    both = [started({"DATABASE_URL": fresh_url}, "migrate", folder=tmp_path) for _ in range(2)]
    assert [ended(each) for each in both] == [success, success]
    assert ended(started({"DATABASE_URL": fresh_url}, "migrate", folder=tmp_path)) == success
    with psycopg.connect(fresh_url) as connection:
        [(tables,)] = connection.execute(
            "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
        ).fetchall()
        integrations = migrations_of(Settings.load({}))
        # Alembic's, one for each line of revisions, and four of Procrastinate
        assert tables == len(Base.metadata.tables) + 1 + len(integrations) + 4


def test_what_was_stored_is_still_there_after_another_migrate(fresh_url: str) -> None:
    migrate(fresh_url)
    database = Database(fresh_url)
    with database.transaction() as session:
        session.execute(text("INSERT INTO facts (name, value) VALUES ('kept', '{}')"))
    migrate(fresh_url)
    with database.transaction() as session:
        assert session.scalar(text("SELECT count(*) FROM facts")) == 1
    database.close()


def test_whether_the_schema_is_the_present_one_is_told_without_migrating(fresh_url: str) -> None:
    assert not is_current(fresh_url)
    migrate(fresh_url)
    assert is_current(fresh_url)
    with psycopg.connect(fresh_url) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0000'")
    assert not is_current(fresh_url)


REVISION = """
from alembic import op
revision = "{number}"
down_revision = {before!r}

def upgrade():
    op.execute("{statement}")
"""


def test_an_integration_has_a_line_of_revisions_of_its_own(fresh_url: str, tmp_path: Path) -> None:
    def write(number: str, before: str | None, statement: str) -> None:
        text = REVISION.format(number=number, before=before, statement=statement)
        (tmp_path / f"{number}_step.py").write_text(text)

    garden = {"garden": tmp_path}
    write("0001", None, "CREATE TABLE garden_trees (name text)")
    migrate(fresh_url)
    assert is_current(fresh_url) and not is_current(fresh_url, garden)
    migrate(fresh_url, garden)
    assert is_current(fresh_url, garden)
    write("0002", "0001", "INSERT INTO garden_trees VALUES ('oak')")
    assert not is_current(fresh_url, garden)
    migrate(fresh_url, garden)
    migrate(fresh_url, garden)
    assert is_current(fresh_url, garden)
    migrate(fresh_url)  # the integration is taken out: what it kept stays, and nobody minds
    with psycopg.connect(fresh_url) as connection:
        assert connection.execute("SELECT name FROM garden_trees").fetchall() == [("oak",)]


def test_the_migrations_make_exactly_what_the_models_say(postgres_url: str) -> None:
    find_integrations(Settings.load({}))  # their models hang on the same base
    engine = create_engine(postgres_url.replace("postgresql://", "postgresql+psycopg://", 1))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": False})
        others = ("procrastinate", "alembic_version_")
        differences = [
            each
            for each in compare_metadata(context, Base.metadata)
            if not any(other in str(each) for other in others)
        ]
    engine.dispose()
    assert differences == []


def test_a_digest_that_waits_during_an_upgrade_goes_as_it_stands_and_is_counted_no_further(
    fresh_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as older:
        older.setattr("alembic.command.upgrade", partial(upgrade_to, "0003"))
        migrate(fresh_url)
    with psycopg.connect(fresh_url) as connection:
        connection.execute("""
            INSERT INTO outbox (lane, dedupe_key, room_id, body, correlation_id, is_digest) VALUES
            ('room', 'digest:1', 'room', '{"markdown": "🔇 2 more", "left_out": 2, "since": "10:00:00"}', 'c', true)
        """)
    migrate(fresh_url)
    database = Database(fresh_url)
    with database.transaction() as session:
        for key in ("one", "two"):
            notify(
                session,
                Outgoing(key=key, markdown=key, room_id="room"),
                Redactor([]),
                Rate(count=1, seconds=600),
            )
        sent = session.execute(
            text("SELECT body ->> 'markdown', is_digest FROM outbox WHERE state = 'pending'")
        )
        first, second, third = sent.all()
    database.close()
    assert (tuple(first), tuple(second), third.is_digest) == (("🔇 2 more", False), ("one", False), True)


def upgrade_to(revision: str, config: Any, _head: str) -> None:
    """Alembic's upgrade, to an older schema than the newest."""
    upgrade(config, revision)


def test_a_server_that_does_not_answer_is_one_clear_line(tmp_path: Path) -> None:
    url = f"postgresql://bot:hunter2hunter2@127.0.0.1:{free_port()}/bot"
    code, out, err = ended(started({"DATABASE_URL": url}, "migrate", folder=tmp_path))
    assert (code, out) == (2, "")
    assert err.startswith("The database does not answer: connection ")
    assert "Traceback" not in err and "hunter2" not in err


def test_on_a_dyno_without_a_database_no_process_starts_and_each_says_why(tmp_path: Path) -> None:
    environ = {"DYNO": "worker.1", "WEBEX_ACCESS_TOKEN": "t", "WEBEX_WEBHOOK_SECRET": "s"}
    why = (
        "This is a Heroku dyno and DATABASE_URL is not set. A dyno's disk is wiped at every restart, so the "
        "embedded database would forget everything: add Heroku Postgres "
        "(heroku addons:create heroku-postgresql:essential-0).\n"
    )
    commands = (("migrate",), ("worker",), ("run",))
    processes = {words: started(environ, *words, folder=tmp_path) for words in commands}
    assert {words: ended(process) for words, process in processes.items()} == dict.fromkeys(
        commands, (2, "", why)
    )
    assert list(tmp_path.iterdir()) == []


def test_elsewhere_without_a_database_it_says_how_to_get_one(tmp_path: Path) -> None:
    assert ended(started({}, "migrate", folder=tmp_path)) == (
        2,
        "",
        "DATABASE_URL is not set, and no embedded database runs in .sparkops. "
        "`python -m bot run` (or `make run`) starts one.\n",
    )
