"""Integrations are found beside the bot, in installed packages, and by the names sparkops.yaml gives."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.assembly import load_parts
from bot.config_file import SettingsError
from bot.integration import IntegrationError, Loaded, find_integrations
from bot.settings import Settings
from tests.commands import bakery
from tests.talking import settings_of

HOUSE = """
from pydantic import BaseModel, Field, SecretStr
from bot.integration import Hook, HookEvent, Integration

class HouseSettings(BaseModel):
    url: str = Field("http://house", alias="HOUSE_URL")
    token: SecretStr | None = Field(None, alias="HOUSE_TOKEN")
    hook: SecretStr | None = Field(None, alias="HOUSE_HOOK")
    keys: tuple[SecretStr, ...] = ()
    rooms: int = 3

def secrets(settings):
    return (settings.hook.get_secret_value(),) if settings.hook else ()

integration = Integration(
    name="{name}",
    settings=HouseSettings,
    hook=Hook(secrets, lambda body, headers: HookEvent("", {{}}), lambda event, services, session: ()),
)
"""


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of modules that can be imported while the test runs."""
    known = set(sys.modules)
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    yield tmp_path
    for name in set(sys.modules) - known:
        del sys.modules[name]


def naming(folder: Path, *names: str, **environ: str) -> Settings:
    return settings_of(environ, {"modules": list(names)}, folder)


def test_an_integration_named_in_sparkops_yaml(modules: Path) -> None:
    found = find_integrations(naming(modules, "tests.commands.bakery"))
    assert bakery.integration in found
    assert find_integrations(naming(modules, "tests.commands.bakery", "tests.commands.bakery")) == found


def test_an_integration_of_an_installed_package(modules: Path) -> None:
    (modules / "house_package").mkdir()
    (modules / "house_package" / "__init__.py").write_text(HOUSE.format(name="house"))
    metadata = modules / "house-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: house\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[sparkops.integrations]\nhouse = house_package:integration\n")
    assert "house" in {each.name for each in find_integrations(settings_of({}))}


def test_its_settings_come_from_the_environment_and_from_the_file(modules: Path) -> None:
    (modules / "house_one.py").write_text(HOUSE.format(name="house"))
    config = {"modules": ["house_one"], "integrations": {"house": {"rooms": 5, "keys": ["house-key"]}}}
    environ = {"HOUSE_TOKEN": "house-token", "HOUSE_HOOK": "house-hook"}
    parts = load_parts(settings_of(environ, config, modules))
    loaded = parts.integrations["house"]
    assert (loaded.settings.url, loaded.settings.rooms) == ("http://house", 5)
    assert loaded.hook_secrets == ("house-hook",)
    assert set(loaded.secrets()) == {"house-token", "house-hook", "house-key"}
    assert parts.redactor.redact("house-token house-hook") == "«redacted» «redacted»"
    assert "house-token" not in repr(loaded)
    assert loaded.services == {}, "it takes no credentials"


def test_a_setting_of_an_integration_that_cannot_be_used(modules: Path) -> None:
    (modules / "house_one.py").write_text(HOUSE.format(name="house"))
    config = {"modules": ["house_one"], "integrations": {"house": {"rooms": "many"}}}
    with pytest.raises(SettingsError, match=r"^The environment, rooms: Input should be a valid integer"):
        load_parts(settings_of({}, config, modules))


def test_commands_runs_and_integrations_come_together(modules: Path) -> None:
    parts = load_parts(naming(modules, "tests.commands.bakery"))
    assert parts.registry.get("bread bake") is bakery.bread_bake
    assert parts.registry.get("ping") is not None
    assert parts.run_kinds["heating"] is bakery.HEATING
    assert parts.integrations["bakery"] == Loaded(bakery.integration, None)


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("", "The integration house_one cannot be loaded: module 'house_one' has no attribute 'integration'"),
        ("import house_walls", "The integration house_one cannot be loaded: No module named 'house_walls'"),
        ("integration = 'house'", "house_one.integration is not an Integration."),
    ],
)
def test_an_integration_that_cannot_be_loaded(modules: Path, source: str, says: str) -> None:
    (modules / "house_one.py").write_text(source)
    with pytest.raises(IntegrationError) as caught:
        find_integrations(naming(modules, "house_one"))
    assert str(caught.value) == says


def test_a_name_that_is_no_module(modules: Path) -> None:
    with pytest.raises(IntegrationError) as caught:
        find_integrations(naming(modules, "house_nowhere"))
    assert str(caught.value) == (
        "The integration house_nowhere cannot be loaded: No module named 'house_nowhere'"
    )


def test_two_integrations_of_one_name(modules: Path) -> None:
    for module in ("house_one", "house_two"):
        (modules / f"{module}.py").write_text(HOUSE.format(name="house"))
    with pytest.raises(IntegrationError, match=r"^Two integrations are named house\.$"):
        find_integrations(naming(modules, "house_one", "house_two"))
