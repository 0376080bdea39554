"""Typed settings, read once from the environment and from `sparkops.yaml`.

Secrets come from the environment or from files named by `<NAME>_FILE`; the file `sparkops.yaml`
refers to them as `${NAME}` and never holds one.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar
from urllib.parse import unquote, urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
)

from bot.config_file import ConfigFile, SettingsError, explain, from_environment, read_config_file

PLAYED = "played.json"
"""The file in the home where `run` keeps what it made up for its playground."""
_SECRET_NAME = re.compile(r"TOKEN|SECRET|PASSWORD|PASSWD|PRIVATE_KEY|API_KEY|ENCRYPTION_KEY")
SHORTEST_ENCRYPTION_KEY = 32
"""Characters; a shorter text could be guessed by whoever holds a copy of the database."""


def _words(value: object) -> object:
    """`a, b` and `["a", "b"]` are the same list."""
    if isinstance(value, str):
        return [word.strip() for word in value.split(",") if word.strip()]
    return value


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


def _long_enough(keys: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
    for number, key in enumerate(keys, start=1):
        if (length := len(key.get_secret_value())) < SHORTEST_ENCRYPTION_KEY:
            raise ValueError(
                f"key {number} has {length} characters and needs at least {SHORTEST_ENCRYPTION_KEY}; "
                "`openssl rand -hex 32` makes one"
            )
    return keys


def _sink(value: str) -> str:
    url = urlsplit(value)
    if value != "stdout" and url.scheme != "https" and url.hostname not in {"127.0.0.1", "localhost"}:
        raise ValueError("it must be `stdout` or an address that begins with https://")
    return value


class Unprinted(dict[str, Any]):
    """A mapping whose `repr` shows its names only: a traceback may print the variables of a function."""

    def __repr__(self) -> str:
        return f"<{len(self)} values, not shown: {', '.join(sorted(self))}>"


Model = TypeVar("Model", bound=BaseModel)
Words = Annotated[tuple[str, ...], BeforeValidator(_words)]
SecretWords = Annotated[tuple[SecretStr, ...], BeforeValidator(_words)]
EncryptionKeys = Annotated[SecretWords, AfterValidator(_long_enough)]
AuditSink = Annotated[str, AfterValidator(_sink)]
LogLevel = Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(_upper)]


class Settings(BaseModel):
    """Everything the processes need to know, with the environment's names as aliases."""

    model_config = ConfigDict(
        frozen=True, populate_by_name=True, use_attribute_docstrings=True, hide_input_in_errors=True
    )

    webex_access_token: SecretStr | None = Field(None, alias="WEBEX_ACCESS_TOKEN")
    """The bot's token, shown once when the bot is created at developer.webex.com/my-apps."""
    webex_api_url: str = Field("https://webexapis.com/v1/", alias="WEBEX_API_URL")
    """The root of Webex' API; another one for FedRAMP or a stand-in."""
    webex_webhook_secrets: SecretWords = Field((), alias="WEBEX_WEBHOOK_SECRET")
    """Signs what Webex delivers. Comma-separated: the first signs, all verify."""
    public_url: str | None = Field(None, alias="PUBLIC_URL")
    """The bot's address as Webex reaches it, such as https://sparkops.example.com."""
    database_url: SecretStr | None = Field(None, alias="DATABASE_URL")
    """A PostgreSQL to use; without it `run` starts its own."""
    admins: Words = Field((), alias="SPARKOPS_ADMINS")
    """E-mails of the owners, who may do everything. Comma-separated."""
    api_tokens: SecretWords = Field((), alias="SPARKOPS_API_TOKENS")
    """Bearer tokens for `POST /api/commands`, comma-separated. Each may speak as anybody."""
    encryption_keys: EncryptionKeys = Field((), alias="SPARKOPS_ENCRYPTION_KEY")
    """Encrypts what people give with `credentials set`. Comma-separated: the first encrypts, all decrypt."""
    home: Path = Field(Path(".sparkops"), alias="SPARKOPS_HOME")
    """Where `run` keeps its database and the secrets it made, and `chat` its history."""
    port: int = Field(8080, alias="PORT", ge=0, le=65535)
    """The port of the web process; with `run`, 0 takes a free one."""
    log_level: LogLevel = Field("INFO", alias="LOG_LEVEL")
    """DEBUG, INFO, WARNING or ERROR."""
    log_format: Literal["json", "text"] = Field("json", alias="LOG_FORMAT")
    """A JSON object a line, or plain text."""
    dyno: str | None = Field(None, alias="DYNO")
    """Set by Heroku. There the embedded database is refused, since the disk is wiped at every restart."""
    max_event_age: float = Field(600.0, alias="SPARKOPS_MAX_EVENT_AGE", gt=0)
    """Seconds after which an event is recorded but no longer acted on."""
    max_body_bytes: int = Field(1_000_000, alias="SPARKOPS_MAX_BODY", gt=0)
    """Bytes of the largest body taken; a larger one is answered 413."""
    confirm_seconds: float = Field(120.0, alias="SPARKOPS_CONFIRM_SECONDS", gt=0)
    """Seconds in which a dangerous command must be confirmed."""
    worker_threads: int = Field(50, alias="SPARKOPS_WORKER_THREADS", ge=1, le=200)
    """Events a worker handles side by side; they spend their time waiting for Webex and Jenkins."""
    database_pool: int = Field(4, alias="SPARKOPS_DATABASE_POOL", ge=1, le=64)
    """Connections a web process keeps; the worker keeps twice as many. As many again may open for a moment."""
    edit_interval: float = Field(1.0, alias="SPARKOPS_EDIT_INTERVAL", gt=0)
    """Seconds before a live message's first edit; later edits wait longer (Webex allows ten)."""
    allowed_bots: Words = Field((), alias="SPARKOPS_ALLOWED_BOTS")
    """E-mails of other bots that may give commands, comma-separated; by default none may."""
    audit_sink: AuditSink | None = Field(None, alias="SPARKOPS_AUDIT_SINK")
    """Where sealed audit rows are shipped as JSON lines: `stdout`, or an https address that takes them by POST."""
    audit_sink_token: SecretStr | None = Field(None, alias="SPARKOPS_AUDIT_SINK_TOKEN")
    """The bearer token for that address."""
    file: ConfigFile = Field(default_factory=ConfigFile, exclude=True)
    config_path: Path | None = None
    """Where the file is, or would be; it is read again when a reload is asked for."""
    """What `sparkops.yaml` says, with the environment's values where it names them: never dumped."""
    environment: Annotated[Mapping[str, str], AfterValidator(Unprinted)] = Field(
        default_factory=Unprinted, repr=False, exclude=True
    )
    """The environment itself, for what integrations name in their own settings."""

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None, *, beside_run: bool = False) -> Self:
        """Read the environment (and the file `SPARKOPS_CONFIG` names).

        With `beside_run`, what `python -m bot run` made up for its playground counts where nothing is set:
        the terminal of the same home then talks with the same bot. Raises SettingsError, one line per fault.
        """
        env = Unprinted(os.environ if environ is None else environ)
        if beside_run and not env.get("DATABASE_URL"):
            env = Unprinted(_played(Path(env.get("SPARKOPS_HOME") or ".sparkops")) | env)
        path = Path(env.get("SPARKOPS_CONFIG") or "sparkops.yaml")
        if env.get("SPARKOPS_CONFIG") and not path.exists():
            raise SettingsError(f"SPARKOPS_CONFIG names {path}, and there is no such file.")
        file = read_config_file(path, env) if path.exists() else ConfigFile()
        return read_environment(cls, env, file=file, environment=env, config_path=path)

    def webex_token(self) -> str:
        """The bot's token. Raises SettingsError where there is none."""
        if self.webex_access_token is None:
            raise SettingsError(
                "WEBEX_ACCESS_TOKEN is not set: create a bot at developer.webex.com/my-apps and set its "
                "token, or use `make run`, which brings its own stand-in for Webex."
            )
        return self.webex_access_token.get_secret_value()

    def secrets(self) -> tuple[str, ...]:
        """Every secret value known here, for redaction: what is typed as one, and what is named like one."""
        named = [value for name, value in self.environment.items() if _looks_secret(name)]
        typed = (*self.webex_webhook_secrets, *self.api_tokens, *self.encryption_keys)
        given = [*revealed(typed), *named]
        if self.webex_access_token:
            given.append(self.webex_access_token.get_secret_value())
        if self.audit_sink_token:
            given.append(self.audit_sink_token.get_secret_value())
        if self.database_url:
            password = urlsplit(self.database_url.get_secret_value()).password or ""
            given += [password, unquote(password)]
        parts = [part.strip() for value in given for part in value.split(",")]
        return tuple(dict.fromkeys(value for value in (*given, *parts) if value))


def revealed(secrets: Iterable[SecretStr]) -> tuple[str, ...]:
    """The secrets themselves, where they are used; keep them in no variable that outlives that."""
    return tuple(secret.get_secret_value() for secret in secrets)


def _played(home: Path) -> dict[str, str]:
    try:
        played: dict[str, str] = json.loads((home / PLAYED).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return played


def refuse_embedded_on_a_dyno(settings: Settings) -> None:
    """Raises SettingsError on a Heroku dyno."""
    if settings.dyno:
        raise SettingsError(
            "This is a Heroku dyno and DATABASE_URL is not set. A dyno's disk is wiped at every restart, so the "
            "embedded database would forget everything: add Heroku Postgres "
            "(heroku addons:create heroku-postgresql:essential-0)."
        )


def _looks_secret(name: str) -> bool:
    return bool(_SECRET_NAME.search(name)) and not name.endswith("_FILE")


def read_environment(model: type[Model], environ: Mapping[str, str], **given: object) -> Model:
    """Fill `model` by its fields' aliases: from NAME, or from the file that NAME_FILE names.

    An integration's own settings are read with it too. Raises SettingsError, one line per fault.
    """
    given = Unprinted(given)
    try:
        return model.model_validate(_values(model, environ, given))
    except ValidationError as error:
        raise SettingsError(explain(error, "The environment")) from error


def _values(model: type[BaseModel], environ: Mapping[str, str], given: Mapping[str, object]) -> Unprinted:
    values = Unprinted(given)
    for field in model.model_fields.values():
        if field.alias and (value := from_environment(field.alias, environ)):
            values[field.alias] = value
    return values
