"""`python -m bot doctor`: what is wrong is said in a line, and what to do about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.access import grants
from bot.config_file import AccessRule
from bot.doctor import examine
from bot.store.database import Database
from bot.store.models import Fact
from tests.talking import settings_of

KEY = "an-encryption-key-of-the-tests-that-is-long"


def lines(
    database: Database, capsys: pytest.CaptureFixture[str], folder: Path, **config: object
) -> list[str]:
    """What it prints for a bot without Webex that uses this database."""
    environ = {"DATABASE_URL": database.url, "SPARKOPS_ENCRYPTION_KEY": KEY}
    examine(settings_of(environ, config, folder))
    return capsys.readouterr().out.splitlines()


def test_rules_about_commands_there_are_are_fine(
    database: Database, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    printed = lines(database, capsys, tmp_path, access=[{"allow": "everyone", "commands": "run *"}])
    assert "ok   policy: 1 rules; each names commands there are." in printed


def test_a_rule_about_no_command_protects_nothing(
    database: Database, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    rules = [{"allow": "everyone"}, {"deny": "everyone", "commands": "jenkins biuld"}]
    printed = lines(database, capsys, tmp_path, access=rules)
    assert "BAD  policy: access rule 2 (deny) names 'jenkins biuld', and there is no such command." in printed


def test_a_rule_of_the_chat_is_looked_at_too(
    database: Database, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with database.transaction() as session:
        rule = AccessRule(allow=("ada@example.com",), commands=("gone away",))
        grants.give(session, rule, by="you@example.com")
    printed = lines(database, capsys, tmp_path)
    assert "BAD  policy: grant 1 (allow) names 'gone away', and there is no such command." in printed


def test_a_process_that_kept_its_old_policy_is_named(
    database: Database, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with database.transaction() as session:
        session.add(Fact(name="policy", value={"ok": False, "says": "host-2 keeps its old policy."}))
    assert "BAD  policy: host-2 keeps its old policy." in lines(database, capsys, tmp_path)


def test_without_an_encryption_key_it_says_what_that_means(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    examine(settings_of({"DATABASE_URL": database.url}))
    assert (
        "BAD  SPARKOPS_ENCRYPTION_KEY: is not set. No credentials are taken, and who can write the database could "
        "seal the audit trail anew." in capsys.readouterr().out.splitlines()
    )
