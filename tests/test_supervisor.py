"""What `make run` makes up for a home of its own: secrets, made once, for its owner's eyes only."""

from __future__ import annotations

import json
import stat
from pathlib import Path

from bot.settings import SHORTEST_ENCRYPTION_KEY, Settings
from bot.supervisor import made_up

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
