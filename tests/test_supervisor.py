"""What `make run` makes up for a home of its own: secrets for its owner's eyes only, a Jenkins, switches."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from bot.settings import SHORTEST_ENCRYPTION_KEY, Settings
from bot.supervisor import children_of, environment_of, made_up
from tests.talking import settings_of

NAMES = {"WEBEX_WEBHOOK_SECRET", "JENKINS_HOOK_SECRET", "SPARKOPS_API_TOKENS", "SPARKOPS_ENCRYPTION_KEY"}


def test_secrets_are_made_once_and_kept_where_only_their_owner_reads(tmp_path: Path) -> None:
    first = made_up(tmp_path, {})
    assert set(first) == NAMES
    assert made_up(tmp_path, {}) == first
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600


def test_the_encryption_key_is_one_that_settings_take(tmp_path: Path) -> None:
    (key,) = Settings.model_validate(made_up(tmp_path, {})).encryption_keys
    assert len(key.get_secret_value()) >= SHORTEST_ENCRYPTION_KEY


def test_a_home_of_before_gets_what_it_lacks_and_keeps_what_it_has(tmp_path: Path) -> None:
    (tmp_path / "secrets.json").write_text(json.dumps({"WEBEX_WEBHOOK_SECRET": "of-before"}))
    made = made_up(tmp_path, {})
    assert set(made) == NAMES and made["WEBEX_WEBHOOK_SECRET"] == "of-before"


def test_what_is_given_in_a_file_is_not_made_up_beside_it(tmp_path: Path) -> None:
    environ = {"SPARKOPS_ENCRYPTION_KEY_FILE": "/run/secrets/key"}
    assert set(made_up(tmp_path, environ)) == NAMES - {"SPARKOPS_ENCRYPTION_KEY"}


# --- the playground's switches


def playground_of(
    home: Path, environ: dict[str, str], config: dict[str, Any] | None = None
) -> tuple[list[str], dict[str, str]]:
    """The command of the playground, empty where none would start, and the environment of all children."""
    environ = {"SPARKOPS_HOME": str(home), **environ}
    settings = settings_of(environ, config, home)
    environment = environment_of(settings, environ, "postgresql://localhost/x")
    children = {child.name: child.command for child in children_of(settings, environment)}
    return children.get("playground", []), environment


def test_without_switches_of_its_own_a_laptop_gets_eight_of_the_playground(tmp_path: Path) -> None:
    command, environment = playground_of(tmp_path, {})
    inventory = str(tmp_path / "switches.yaml")
    assert command[-4:] == ["--switches", "8", "--switches-inventory", inventory]
    assert environment["SWITCHES_INVENTORY"] == inventory
    assert environment["SWITCHES_PASSWORD"] == "playground-password"


@pytest.mark.parametrize(
    ("environ", "config"),
    [
        ({"SWITCHES_INVENTORY": "/etc/switches.yaml"}, None),
        ({"SWITCH_URL": "https://leaf01.example.com"}, None),
        ({}, {"integrations": {"switches": {"inventory": "/etc/switches.yaml"}}}),
        ({}, {"integrations": {"switches": {"url": "https://leaf01.example.com"}}}),
    ],
)
def test_where_switches_are_known_the_playground_brings_none(
    tmp_path: Path, environ: dict[str, str], config: dict[str, Any] | None
) -> None:
    command, environment = playground_of(tmp_path, environ, config)
    assert command and "--switches" not in command
    assert environment.get("SWITCHES_INVENTORY") == environ.get("SWITCHES_INVENTORY")
    assert "SWITCHES_PASSWORD" not in environment


def test_an_inventory_where_it_is_looked_for_by_default_is_one_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "inventory").mkdir()
    (tmp_path / "inventory" / "switches.yaml").write_text("switches: {}\n")
    monkeypatch.chdir(tmp_path)
    command, _ = playground_of(tmp_path, {})
    assert command and "--switches" not in command


def test_beside_a_real_webex_nothing_of_the_playground_starts(tmp_path: Path) -> None:
    command, environment = playground_of(tmp_path, {"WEBEX_ACCESS_TOKEN": "a-real-token"})
    assert command == []
    assert not {name for name in environment if name.startswith("SWITCH")}
