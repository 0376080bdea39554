"""Every process follows what changes: told by PostgreSQL, and looking by itself while it cannot be told."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any

import psycopg
import pytest
import structlog
from sqlalchemy import text

from bot.access import grants
from bot.access.policies import Policies
from bot.access.policy_watch import FACT, PolicyWatch, ask_reload
from bot.config_file import AccessRule
from bot.outbound.redact import Redactor
from bot.settings import Settings
from bot.store.database import Database
from bot.store.models import Fact
from tests.access.granting import ADA, CONFIG, EVE, NOWHERE, decides, give, revoke
from tests.commands.live_policy import write_config
from tests.talking import OWNER, ROOT, settings_of, wait_for


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """With a sparkops.yaml in the test's folder."""
    return settings_of({}, CONFIG, tmp_path)


@contextmanager
def watching(policies: Policies, database: Database, *secrets: str) -> Iterator[PolicyWatch]:
    """A watch that has begun to listen."""
    watch = PolicyWatch(policies, database, Redactor(secrets))
    watch.start()
    try:
        wait_for(watch.listening.is_set, "the watch to listen")
        yield watch
    finally:
        watch.stop()


def cut(watch: PolicyWatch, database: Database) -> None:
    """Break the watch's connection, and wait until it has noticed."""
    with database.transaction() as session:
        session.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'sparkops policy'"
            )
        )
    wait_for(lambda: not watch.listening.is_set(), "the watch to notice")


def fact(database: Database) -> dict[str, Any]:
    with database.transaction() as session:
        row = session.get(Fact, FACT)
        return dict(row.value) if row else {}


def test_what_another_process_grants_and_revokes_is_heard(settings: Settings, database: Database) -> None:
    policies = Policies.live(settings, database)
    with watching(policies, database):
        assert decides(policies) == "nothing allows it"
        give(database, allow=EVE)
        wait_for(lambda: decides(policies) == "grant 1 (allow)", "the grant")
        revoke(database, 1)
        wait_for(lambda: decides(policies) == "nothing allows it", "its end")


def test_what_is_only_rolled_back_is_not_heard(settings: Settings, database: Database) -> None:
    policies = Policies.live(settings, database)
    with watching(policies, database):
        with pytest.raises(ZeroDivisionError), database.transaction() as session:
            grants.give(session, AccessRule(allow=(EVE,)), by=OWNER)
            _ = 1 / 0
        give(database, allow="*@mill.example")
        wait_for(lambda: decides(policies, "zoe@mill.example") == "grant 2 (allow)", "the second grant")
        assert decides(policies) == "nothing allows it"


def test_a_lost_connection_is_told_once_and_made_again(settings: Settings, database: Database) -> None:
    policies = Policies.live(settings, database)
    with structlog.testing.capture_logs() as logs, watching(policies, database) as watch:
        cut(watch, database)
        give(database, allow=EVE)
        wait_for(watch.listening.is_set, "it to listen again")
        assert decides(policies) == "grant 1 (allow)"
        give(database, deny=EVE)
        wait_for(lambda: decides(policies) == "grant 2 (deny)", "the denial")
    assert [each["event"] for each in logs] == ["policy.database_away", "policy.database_back"]


class NeverListening(PolicyWatch):
    """A watch whose connection cannot be made, while the pool's can."""

    def _listen(self) -> None:
        raise psycopg.OperationalError("no connection is left for listening")


def test_while_nothing_can_be_heard_the_grants_are_read_every_second(
    settings: Settings, database: Database
) -> None:
    policies = Policies.live(settings, database)
    watch = NeverListening(policies, database, Redactor(()))
    with structlog.testing.capture_logs() as logs:
        watch.start()
        give(database, allow=EVE)
        wait_for(lambda: decides(policies) == "grant 1 (allow)", "the grant")
        revoke(database, 1)
        wait_for(lambda: decides(policies) == "nothing allows it", "its end")
        watch.stop()
    assert [each["event"] for each in logs] == ["policy.database_away"]


def test_without_a_database_the_watch_starts_and_everything_is_denied(settings: Settings) -> None:
    nowhere = Database(NOWHERE)
    policies = Policies.live(settings, nowhere)
    watch = PolicyWatch(policies, nowhere, Redactor(()))
    with structlog.testing.capture_logs() as logs:
        watch.start()
        assert decides(policies, OWNER) == "starting"
        watch.stop()
    assert [each["event"] for each in logs] == ["policy.database_away"]


def test_a_reload_asked_for_elsewhere_is_carried_out_here(
    settings: Settings, database: Database, tmp_path: Path
) -> None:
    policies = Policies.live(settings, database)
    with watching(policies, database):
        write_config(tmp_path, {"access": [{"allow": EVE}]})
        with database.transaction() as session:
            ask_reload(session)
        wait_for(lambda: decides(policies) == "access rule 1 (allow)", "the new file")
    assert fact(database) == {
        "ok": True,
        "reloads": 1,
        "says": "Every process took the file it was asked to read.",
    }


def test_a_file_that_cannot_be_taken_here_is_logged_and_told_and_the_old_policy_stays(
    settings: Settings, database: Database, tmp_path: Path
) -> None:
    policies = Policies.live(settings, database)
    with structlog.testing.capture_logs() as logs, watching(policies, database, "hunter2-hunter2"):
        write_config(tmp_path, {"access": [{"allow": "hunter2-hunter2"}]})
        with database.transaction() as session:
            grants.give(session, AccessRule(allow=(EVE,)), by=OWNER)
            ask_reload(session)
        wait_for(lambda: fact(database).get("ok") is False, "the fact")
        told = fact(database)
        assert told["reloads"] == 1
        assert f"process {os.getpid()} keeps its old policy: " in told["says"]
        assert told["says"].endswith("Mend the file there, then `access reload`.")
        assert "hunter2" not in told["says"]
        wait_for(lambda: decides(policies) == "grant 1 (allow)", "the grant all the same")
        assert decides(policies, ADA) == "access rule 1 (allow)"

        write_config(tmp_path, CONFIG)
        with database.transaction() as session:
            ask_reload(session)
        assert fact(database)["ok"] is True
    assert [each["event"] for each in logs][:1] == ["policy.file_refused"]


def test_a_reload_that_was_missed_is_made_up_for_and_no_other(
    settings: Settings, database: Database, tmp_path: Path
) -> None:
    policies = Policies.live(settings, database)

    with watching(policies, database) as watch:
        write_config(tmp_path, {"access": [{"allow": EVE}]})
        cut(watch, database)
        wait_for(watch.listening.is_set, "it to listen again")
        assert decides(policies) == "nothing allows it", "nobody has asked for the new file"
        with database.transaction() as session:  # as if the word of it were lost with the connection
            session.execute(
                text("INSERT INTO facts (name, value) VALUES (:name, jsonb_build_object('reloads', 1))"),
                {"name": FACT},
            )
        cut(watch, database)
        wait_for(watch.listening.is_set, "it to listen again")
        assert decides(policies) == "access rule 1 (allow)"


# --- many processes -----------------------------------------------------------------------------------------


@contextmanager
def other_processes(url: str, folder: Path, count: int) -> Iterator[list[Queue[str]]]:
    """Processes of their own, and what each prints: the rule that decides whether Eve may `bread list`."""
    environment = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": url,
        "SPARKOPS_ADMINS": OWNER,
        "SPARKOPS_CONFIG": str(folder / "sparkops.yaml"),
    }
    command = [sys.executable, "-m", "tests.access.policy_process", EVE, "bread list"]
    running = [
        subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(count)
    ]
    try:
        yield [_lines(each) for each in running]
    finally:
        for each in running:
            each.terminate()
            each.wait(30)


def _lines(process: subprocess.Popen[str]) -> Queue[str]:
    lines: Queue[str] = Queue()
    assert process.stdout is not None
    output = process.stdout

    def read() -> None:
        for line in output:
            lines.put(line.strip())

    Thread(target=read, daemon=True).start()
    return lines


def test_every_process_follows_grants_and_files(
    settings: Settings, database: Database, postgres_url: str, tmp_path: Path
) -> None:
    with other_processes(postgres_url, tmp_path, 2) as processes:

        def all_say(rule: str) -> None:
            assert [each.get(timeout=30) for each in processes] == [rule] * len(processes)

        all_say("nothing allows it")
        give(database, allow=EVE, commands="bread *")
        all_say("grant 1 (allow)")
        give(database, deny="*@example.com", lasts=timedelta(seconds=3))
        all_say("grant 2 (deny)")
        all_say("grant 1 (allow)")
        revoke(database, 1)
        all_say("nothing allows it")

        policies = Policies.live(settings, database)
        write_config(tmp_path, {"access": [{"allow": EVE}]})
        policies.reload()
        with database.transaction() as session:
            ask_reload(session)
        all_say("access rule 1 (allow)")
