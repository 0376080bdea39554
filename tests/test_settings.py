"""Settings: read once, from the environment; each fault is told in one line."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

import pytest
from pydantic import BaseModel, Field, SecretStr

from bot.config_file import SettingsError
from bot.settings import Settings, Unprinted, read_environment, revealed
from bot.store.database import Database, DatabaseError, libpq_url

TOKEN = "a-token-nobody-should-see"


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def load(config: str | None = None, **environ: str) -> Settings:
    """Settings from this environment, with `config` as sparkops.yaml in the present folder."""
    if config is not None:
        Path("sparkops.yaml").write_text(dedent(config), encoding="utf-8")
    return Settings.load(environ)


def fault(config: str | None = None, **environ: str) -> str:
    """What is said of settings that cannot be used."""
    with pytest.raises(SettingsError) as caught:
        load(config, **environ)
    return str(caught.value)


def test_an_empty_environment_has_defaults_for_all_but_the_token() -> None:
    settings = load()
    assert settings.webex_api_url == "https://webexapis.com/v1/"
    assert (settings.port, settings.home, settings.log_level) == (8080, Path(".sparkops"), "INFO")
    assert (settings.admins, settings.api_tokens, settings.webex_webhook_secrets) == ((), (), ())
    assert (settings.confirm_seconds, settings.max_event_age) == (120.0, 600.0)
    assert settings.database_url is None
    with pytest.raises(
        SettingsError, match=r"WEBEX_ACCESS_TOKEN is not set: create a bot at .*or use `make run`"
    ):
        settings.webex_token()


def test_the_environment_is_read() -> None:
    settings = load(
        WEBEX_ACCESS_TOKEN=TOKEN,
        WEBEX_WEBHOOK_SECRET="new-secret, old-secret",
        SPARKOPS_ADMINS=" you@example.com ,Ada@Example.com,,",
        SPARKOPS_API_TOKENS="one-api-token",
        SPARKOPS_CONFIRM_SECONDS="30",
        PORT="0",
        PUBLIC_URL="",
        UNKNOWN="ignored",
    )
    assert settings.webex_token() == TOKEN
    assert revealed(settings.webex_webhook_secrets) == ("new-secret", "old-secret")
    assert settings.admins == ("you@example.com", "Ada@Example.com")
    assert revealed(settings.api_tokens) == ("one-api-token",)
    assert settings.confirm_seconds == 30.0
    assert settings.port == 0
    assert settings.public_url is None


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({"PORT": "http"},
         "The environment, PORT: Input should be a valid integer, unable to parse string as an integer."),
        ({"PORT": "70000"}, "The environment, PORT: Input should be less than or equal to 65535."),
        ({"SPARKOPS_CONFIRM_SECONDS": "0"},
         "The environment, SPARKOPS_CONFIRM_SECONDS: Input should be greater than 0."),
        ({"LOG_FORMAT": "xml"}, "The environment, LOG_FORMAT: Input should be 'json' or 'text'."),
        ({"PORT": "x", "SPARKOPS_WORKER_THREADS": "0"},
         "The environment, PORT: Input should be a valid integer, unable to parse string as an integer.\n"
         "The environment, SPARKOPS_WORKER_THREADS: Input should be greater than or equal to 1."),
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_used(environ: dict[str, str], says: str) -> None:
    assert fault(**environ) == says


def test_a_secret_is_read_from_the_file_that_is_named(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text(f"{TOKEN}\n")
    settings = load(WEBEX_ACCESS_TOKEN_FILE=str(path), SPARKOPS_API_TOKENS_FILE=str(path))
    assert settings.webex_token() == TOKEN
    assert revealed(settings.api_tokens) == (TOKEN,)
    assert set(settings.secrets()) == {TOKEN}


def test_a_secret_is_given_once(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text(TOKEN)
    assert fault(WEBEX_ACCESS_TOKEN=TOKEN, WEBEX_ACCESS_TOKEN_FILE=str(path)) == (
        "Both WEBEX_ACCESS_TOKEN and WEBEX_ACCESS_TOKEN_FILE are set: keep one."
    )


def test_a_file_of_a_secret_that_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "none"
    assert fault(DATABASE_URL_FILE=str(path)) == (
        f"DATABASE_URL_FILE names {path}, which cannot be read: No such file or directory."
    )


def test_sparkops_yaml_is_read_where_it_lies_and_where_it_is_named(tmp_path: Path) -> None:
    assert load("groups: {ops: [ada@example.com]}").file.groups == {"ops": ("ada@example.com",)}
    other = tmp_path / "other.yaml"
    other.write_text("groups: {dev: eve@example.com}")
    assert Settings.load({"SPARKOPS_CONFIG": str(other)}).file.groups == {"dev": ("eve@example.com",)}


def test_a_named_file_must_be_there_and_an_empty_name_is_none(tmp_path: Path) -> None:
    assert fault(SPARKOPS_CONFIG=str(tmp_path / "none.yaml")) == (
        f"SPARKOPS_CONFIG names {tmp_path}/none.yaml, and there is no such file."
    )
    assert load(SPARKOPS_CONFIG="").file.groups == {}


def secretive() -> Settings:
    """Settings with a secret wherever one may be."""
    return load(
        "integrations: {house: {password: '${HOUSE_PASSWORD}'}}",
        WEBEX_ACCESS_TOKEN=f"{TOKEN}-1",
        WEBEX_WEBHOOK_SECRET=f"{TOKEN}-2",
        SPARKOPS_API_TOKENS=f"{TOKEN}-3",
        DATABASE_URL=f"postgresql://sparkops:{TOKEN}-4@db.example/sparkops",
        HOUSE_PASSWORD=f"{TOKEN}-5",
        SPARKOPS_ENCRYPTION_KEY=f"{TOKEN}-6-and-long-enough",
    )


def test_no_secret_is_shown_by_repr_or_in_a_dump() -> None:
    settings = secretive()
    shown = (repr(settings), str(settings), f"{settings}", repr(settings.file), repr(settings.environment))
    for each in (*shown, settings.model_dump_json(), repr(settings.model_dump())):
        assert TOKEN not in each


def with_variables(error: BaseException) -> str:
    """A traceback as a tool draws it that shows every function's variables."""
    return "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())


def test_no_secret_is_shown_by_a_traceback_with_its_variables() -> None:
    settings = secretive()

    def breaks(settings: Settings) -> None:
        environment = settings.environment
        raise RuntimeError(len(environment))

    with pytest.raises(RuntimeError) as caught:
        breaks(settings)
    assert "settings = Settings(" in with_variables(caught.value)
    assert TOKEN not in with_variables(caught.value)


def test_no_secret_is_shown_by_the_traceback_of_settings_that_cannot_be_used() -> None:
    environ = {"WEBEX_WEBHOOK_SECRET": TOKEN, "SPARKOPS_ENCRYPTION_KEY": TOKEN, "PORT": "x"}
    with pytest.raises(SettingsError) as caught:
        Settings.load(Unprinted(environ))
    del environ
    assert "read_environment" in with_variables(caught.value)
    assert TOKEN not in with_variables(caught.value)


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ("short", "key 1 has 5 characters"),
        (f"{'k' * 32},{'k' * 31}", "key 2 has 31 characters"),
    ],
)
def test_an_encryption_key_that_could_be_guessed_is_refused(keys: str, says: str) -> None:
    assert fault(SPARKOPS_ENCRYPTION_KEY=keys) == (
        f"The environment, SPARKOPS_ENCRYPTION_KEY: {says} and needs at least 32; `openssl rand -hex 32` makes one."
    )


def test_several_encryption_keys_are_told_apart() -> None:
    settings = load(SPARKOPS_ENCRYPTION_KEY=f"{'n' * 32}, {'o' * 40}")
    assert revealed(settings.encryption_keys) == ("n" * 32, "o" * 40)
    assert {"n" * 32, "o" * 40} <= set(settings.secrets())


def test_all_secrets_are_known_for_redaction() -> None:
    settings = load(
        WEBEX_ACCESS_TOKEN="webex-token",
        WEBEX_WEBHOOK_SECRET="first-secret,second-secret",
        SPARKOPS_API_TOKENS="api-one,api-two",
        DATABASE_URL="postgresql://sparkops:p%40ssw0rd@db.example/sparkops",
        HOUSE_PASSWORD="house-password",
        AWS_SECRET_ACCESS_KEY="aws-secret",
        SSH_PRIVATE_KEY="private-key",
        HOUSE_TOKEN_FILE="/run/secrets/token",
        HOUSE_URL="https://house.example",
    )
    assert set(settings.secrets()) == {
        "webex-token",
        "first-secret,second-secret",
        "first-secret",
        "second-secret",
        "api-one,api-two",
        "api-one",
        "api-two",
        "p%40ssw0rd",
        "p@ssw0rd",
        "house-password",
        "aws-secret",
        "private-key",
    }


class HouseSettings(BaseModel):
    url: str = Field(alias="HOUSE_URL")
    token: SecretStr | None = Field(None, alias="HOUSE_TOKEN")
    rooms: int = Field(3, alias="HOUSE_ROOMS")
    notify: str = "all"


@pytest.mark.parametrize(
    ("environ", "given", "expected"),
    [
        ({"HOUSE_URL": "http://a"}, {}, ("http://a", 3, "all")),
        ({"HOUSE_URL": "http://a", "HOUSE_ROOMS": "5"}, {"notify": "none"}, ("http://a", 5, "none")),
        ({"HOUSE_URL": "http://a", "HOUSE_ROOMS": ""}, {}, ("http://a", 3, "all")),
    ],
)
def test_an_integrations_own_settings(
    environ: Mapping[str, str], given: dict[str, str], expected: tuple[object, ...]
) -> None:
    read = read_environment(HouseSettings, environ, **given)
    assert (read.url, read.rooms, read.notify) == expected


def test_an_integrations_setting_that_is_missing() -> None:
    with pytest.raises(SettingsError, match=r"^The environment, HOUSE_URL: Field required\.$"):
        read_environment(HouseSettings, {})


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_herokus_and_sqlalchemys_urls_are_the_same_database(scheme: str) -> None:
    settings = load(DATABASE_URL=f"{scheme}://u:p%40ss@db.example:5433/d?sslmode=require")
    assert settings.database_url is not None
    url = settings.database_url.get_secret_value()
    assert libpq_url(url) == "postgresql://u:p%40ss@db.example:5433/d?sslmode=require"
    database = Database(url)
    assert database.engine.url.drivername == "postgresql+psycopg"
    assert database.engine.url.password == "p@ss"
    assert TOKEN not in repr(database.engine)


@pytest.mark.parametrize("url", ["sqlite:///x.db", "mysql://u@h/d", "db.example"])
def test_only_postgresql_is_a_database(url: str) -> None:
    with pytest.raises(DatabaseError, match=r"^DATABASE_URL must begin with postgresql:// and begins with "):
        libpq_url(url)
