"""The policy in force: from the file and the chat, the same in every process, and never less than it was."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import structlog
from sqlalchemy.exc import OperationalError

from bot.access import grants
from bot.access.policies import Policies
from bot.access.policy import Policy, Question
from bot.config_file import AccessRule, SettingsError
from bot.settings import Settings
from bot.store.database import Database
from tests.access.granting import ADA, CONFIG, EVE, NOWHERE, decides, give, revoke
from tests.commands.live_policy import write_config
from tests.talking import OWNER, settings_of, wait_for


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """With a sparkops.yaml in the test's folder."""
    return settings_of({}, CONFIG, tmp_path)


@pytest.fixture
def policies(settings: Settings, database: Database) -> Policies:
    """The file's and the chat's, read once."""
    policies = Policies.live(settings, database)
    policies.refresh_grants()
    return policies


# --- one process --------------------------------------------------------------------------------------------


def test_the_chats_rules_stand_behind_the_files(policies: Policies, database: Database) -> None:
    give(database, allow=[ADA, EVE], commands="bread *")
    assert decides(policies) == "nothing allows it"
    policies.refresh_grants()
    assert (decides(policies), decides(policies, ADA)) == ("grant 1 (allow)", "access rule 1 (allow)")
    revoke(database, 1)
    policies.refresh_grants()
    assert decides(policies) == "nothing allows it"


def test_until_the_grants_are_read_nobody_is_let_in_not_even_where_the_file_would(
    settings: Settings, database: Database
) -> None:
    give(database, deny=ADA)
    starting = Policies.live(settings, database)
    for person in (OWNER, ADA, EVE):
        decision = starting.current.decide(Question(person=person, command="ping", effect="read"))
        assert (decision.allowed, decision.reason) == (
            False,
            "I have only just started, and have not read yet who may do what. Say it again in a moment.",
        )
    starting.refresh_grants()
    assert (decides(starting, ADA), decides(starting, OWNER)) == ("grant 1 (deny)", "owner")


def test_the_file_alone(settings: Settings) -> None:
    policies = Policies.of_settings(settings)
    policies.refresh_grants()
    assert (decides(policies, ADA), decides(policies)) == ("access rule 1 (allow)", "nothing allows it")


def test_a_policy_that_has_not_changed_is_the_same_object(policies: Policies, database: Database) -> None:
    before = policies.current
    policies.refresh_grants()
    policies.reload()
    assert policies.current is before


def test_reading_the_policy_asks_the_database_nothing(settings: Settings) -> None:
    database = Database(NOWHERE)
    policies = Policies(Policy(owners=frozenset({OWNER})), settings=settings, database=database)
    assert decides(policies, OWNER) == "owner"
    with pytest.raises(OperationalError):
        policies.refresh_grants()
    assert decides(policies, OWNER) == "owner"


def test_the_policy_as_it_would_be_is_seen_before_it_is(policies: Policies, database: Database) -> None:
    question = Question(person=EVE, command="bread list", effect="read")
    with database.transaction() as session:
        grants.give(session, AccessRule(allow=(EVE,)), by=OWNER)
        assert policies.as_of(session).decide(question).rule == "grant 1 (allow)"
        policies.refresh_grants()
        assert decides(policies) == "nothing allows it"


def test_a_grant_ends_without_anybody_being_told(policies: Policies, database: Database) -> None:
    give(database, allow=EVE, lasts=timedelta(seconds=2))
    policies.refresh_grants()
    assert decides(policies) == "grant 1 (allow)"
    wait_for(lambda: decides(policies) == "nothing allows it", "the grant's end")


def test_a_broken_grant_is_logged_once(policies: Policies, database: Database) -> None:
    give(database, allow="vanished")
    with structlog.testing.capture_logs() as logs:
        policies.refresh_grants()
        policies.refresh_grants()
    assert logs == [
        {
            "event": "policy.grant_broken",
            "log_level": "error",
            "grant": 1,
            "says": "there is no group 'vanished' any more",
        }
    ]


# --- the file -----------------------------------------------------------------------------------------------


def test_a_reload_takes_the_file_and_keeps_the_grants(
    policies: Policies, database: Database, tmp_path: Path
) -> None:
    give(database, allow=EVE, commands="oven *")
    write_config(tmp_path, {"access": [{"allow": EVE, "commands": "bread *"}]})
    assert decides(policies) == "nothing allows it"
    reloaded = policies.reload()
    assert (len(reloaded.before.groups), len(reloaded.after.groups)) == (1, 0)
    assert decides(policies) == "access rule 1 (allow)"
    assert decides(policies, command="oven run") == "grant 1 (allow)"
    policies.refresh_grants()
    assert decides(policies) == "access rule 1 (allow)"


def test_a_reload_puts_the_environment_in_place(database: Database, tmp_path: Path) -> None:
    settings = settings_of({"BAKER": EVE}, CONFIG, tmp_path)
    policies = Policies.live(settings, database)
    write_config(tmp_path, {"access": [{"allow": "${BAKER}"}]})
    policies.reload()
    assert decides(policies) == "access rule 1 (allow)"


@pytest.mark.parametrize(
    "content",
    [
        "access:\n  - allow: [everyone\n",
        "access:\n  - allow: nobody-there\n",
        "access:\n  - {allow: everyone, deny: everyone}\n",
        "groups: {bakers: ['${NOT_SET}']}\n",
        "- a list\n",
    ],
)
def test_an_invalid_file_leaves_the_policy_as_it_was(
    policies: Policies, tmp_path: Path, content: str
) -> None:
    before = policies.current
    (tmp_path / "sparkops.yaml").write_text(content)
    with pytest.raises(SettingsError, match=r"sparkops\.yaml"):
        policies.reload()
    assert policies.current is before
    policies.refresh_grants()
    assert decides(policies, ADA) == "access rule 1 (allow)"


def test_a_file_that_is_gone_is_no_empty_one(policies: Policies, tmp_path: Path) -> None:
    (tmp_path / "sparkops.yaml").unlink()
    with pytest.raises(SettingsError, match=r"sparkops\.yaml is not there any more"):
        policies.reload()
    assert decides(policies, ADA) == "access rule 1 (allow)"


def test_a_file_that_was_never_there_need_not_be(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    policies = Policies.live(Settings.load({"SPARKOPS_ADMINS": OWNER}), database)
    policies.reload()
    assert decides(policies, OWNER) == "owner"
    write_config(tmp_path, CONFIG)
    policies.reload()
    assert decides(policies, ADA) == "access rule 1 (allow)"


def test_a_file_without_which_a_grant_breaks_is_refused_with_its_reason(
    policies: Policies, database: Database, tmp_path: Path
) -> None:
    give(database, deny="bakers", commands="oven *")
    give(database, allow="bakers", commands="oven *")
    write_config(tmp_path, {"groups": {"cooks": [ADA]}})
    with pytest.raises(SettingsError) as error:
        policies.reload()
    assert str(error.value) == (
        "With this file, grants of the chat would break:\n"
        "grant 1: there is no group 'bakers' any more.\n"
        "grant 2: there is no group 'bakers' any more."
    )
    policies.refresh_grants()
    assert decides(policies, ADA, "oven run") == "grant 1 (deny)"
    revoke(database, 1)
    revoke(database, 2)
    policies.reload()
    assert list(policies.current.groups) == ["cooks"]


def test_a_file_that_puts_every_owner_into_a_denied_group_is_refused(
    policies: Policies, database: Database, tmp_path: Path
) -> None:
    give(database, deny="bakers")
    write_config(tmp_path, {"groups": {"bakers": [ADA, OWNER]}})
    with pytest.raises(SettingsError, match="grant 1: no owner could revoke it any more"):
        policies.reload()
    policies.refresh_grants()
    assert decides(policies, OWNER) == "owner"


def test_a_grant_that_was_broken_before_stands_in_no_reloads_way(
    policies: Policies, database: Database, tmp_path: Path
) -> None:
    give(database, allow="vanished")
    write_config(tmp_path, {"access": [{"allow": EVE}]})
    policies.reload()
    assert decides(policies) == "access rule 1 (allow)"


def test_settings_say_where_their_file_is(tmp_path: Path) -> None:
    path = write_config(tmp_path, CONFIG)
    assert Settings.load({"SPARKOPS_CONFIG": str(path)}).config_path == path
    assert Settings.load({}).config_path == Path("sparkops.yaml")
