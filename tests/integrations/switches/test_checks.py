"""What `doctor` says about the switches."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from bot.integration import CheckResult
from integrations.switches import integration
from integrations.switches.checks import check
from integrations.switches.client import SwitchesClient
from integrations.switches.inventory.load import InventoryFile
from integrations.switches.settings import SwitchesSettings

DEFAULTS = 'defaults: {user: admin, password: "${SWITCHES_PASSWORD}"}\n'


def told(path: Path, text: str | None) -> list[tuple[bool, str]]:
    if text is not None:
        path.write_text(text)
    settings = SwitchesSettings(inventory=path)
    client = SwitchesClient(InventoryFile(settings, {"SWITCHES_PASSWORD": "s3cret"}).inventory, settings)
    services: Any = SimpleNamespace(clients={"switches": client})
    results: tuple[CheckResult, ...] = check(services)
    assert {result.name for result in results} == {"switches"}
    return [(result.ok, result.says) for result in results]


def test_nothing_is_set_up(tmp_path: Path) -> None:
    path = tmp_path / "switches.yaml"
    assert told(path, None) == [(True, f"are not set up: write {path}, or set SWITCH_URL, to ask switches.")]


def test_switches_that_are_all_checked(tmp_path: Path) -> None:
    text = DEFAULTS + "switches: {leaf01: {host: a}, leaf02: {host: b}}\n"
    assert told(tmp_path / "switches.yaml", text) == [(True, "2 switches in the inventory.")]


def test_switches_that_nobody_checks_are_named(tmp_path: Path) -> None:
    entries = [f"  leaf{number:02}: {{host: h{number}, tls: {{verify: false}}}}\n" for number in range(1, 6)]
    text = DEFAULTS + "switches:\n" + "".join(entries) + "  old: {host: o, protocol: http}\n"
    assert told(tmp_path / "switches.yaml", text) == [
        (True, "6 switches in the inventory."),
        (True, "old is asked over plain HTTP: the password can be read."),
        (True, "leaf01, leaf02, leaf03 and 2 more are asked without checking who answers."),
    ]


def test_an_inventory_that_cannot_be_used(tmp_path: Path) -> None:
    path = tmp_path / "switches.yaml"
    ((ok, says),) = told(path, DEFAULTS + "switches: {leaf01: {}}\n")
    assert (ok, says) == (False, f"{path}, line 2 (switches, leaf01): leaf01 has no host.")


@pytest.mark.parametrize(
    ("written", "fast"), [("off", "off"), ("OFF", "off"), ("on", "on"), (False, "off"), (True, "on")]
)
def test_one_setting_turns_the_fast_path_off(written: object, fast: str) -> None:
    assert SwitchesSettings.model_validate({"SWITCHES_FAST": written}).fast == fast


def test_the_integration_is_declared() -> None:
    assert (integration.name, integration.settings) == ("switches", SwitchesSettings)


FOLDER = Path(__file__).parents[3] / "integrations" / "switches"


def test_every_rule_of_the_checklist_is_answered() -> None:
    rules = yaml.safe_load((FOLDER / "quality.yaml").read_text())["rules"]
    assert set(rules) == set(
        yaml.safe_load((FOLDER.parent / "jenkins" / "quality.yaml").read_text())["rules"]
    )
    for rule, answer in rules.items():
        assert answer in ("done", "todo") or answer.startswith("exempt: "), rule


def test_the_readme_names_every_setting() -> None:
    readme = (FOLDER / "README.md").read_text()
    names = [field.alias or name for name, field in SwitchesSettings.model_fields.items()]
    assert [name for name in names if f"`{name}`" not in readme] == []
