"""Typed settings, read once from the environment and from `sparkops.yaml`.

Secrets come from the environment or from files named by `<NAME>_FILE`; the file `sparkops.yaml`
refers to them as `${NAME}` and never holds one.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar
from urllib.parse import unquote, urlsplit

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError

PLAYED = "played.json"
"""The file in the home where `run` keeps what it made up for its playground."""
_REFERENCE = re.compile(r"\$\{([A-Z][A-Z0-9_]*)\}")
_SECRET_NAME = re.compile(r"TOKEN|SECRET|PASSWORD|PASSWD|PRIVATE_KEY|API_KEY")


class SettingsError(Exception):
    """The environment or `sparkops.yaml` cannot be used; the text says which line of which and why."""


def _words(value: object) -> object:
    """`a, b` and `["a", "b"]` are the same list."""
    if isinstance(value, str):
        return [word.strip() for word in value.split(",") if word.strip()]
    return value


def _listed(value: object) -> object:
    """A lone value is a list of one; commas stay, since globs and titles may hold them."""
    return [value] if isinstance(value, str) else value


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


Model = TypeVar("Model", bound=BaseModel)
Words = Annotated[tuple[str, ...], BeforeValidator(_words)]
Listed = Annotated[tuple[str, ...], BeforeValidator(_listed)]
LogLevel = Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(_upper)]
Effects = Annotated[tuple[Literal["read", "change", "destroy"], ...], BeforeValidator(_listed)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class AccessRule(_Strict):
    """One line of `access:`; exactly one of `allow` and `deny` says whom it is about.

    Who: a group's name, an e-mail, an e-mail glob, or `everyone`. Rooms: title globs, room ids,
    `direct` or `group`. Commands: globs over `noun verb`. Arguments: a glob per argument's name.
    """

    allow: Listed = ()
    """Whom the rule lets in: group names, e-mails, e-mail globs, or `everyone`."""
    deny: Listed = ()
    """Whom it keeps out, owners too."""
    rooms: Listed = ("*",)
    """Title globs, room ids, `direct`, `group`, or `none` for the terminal and REST calls without a room."""
    commands: Listed = ("*",)
    """Globs over `noun verb`."""
    effects: Effects = ("read", "change", "destroy")
    """Which effects the rule is about."""
    arguments: dict[str, Listed] = Field(default_factory=dict)
    """Globs by an argument's name; to be allowed, each of its values must match one."""
    reason: str = ""
    """Told to whoever the rule denies."""

    def model_post_init(self, _context: object) -> None:
        if bool(self.allow) == bool(self.deny):
            raise ValueError("a rule needs exactly one of 'allow' and 'deny'")


class ConfigFile(_Strict):
    """What `sparkops.yaml` may hold."""

    groups: dict[str, Listed] = Field(default_factory=dict)
    """Names for people: a list of e-mails and e-mail globs each."""
    access: tuple[AccessRule, ...] = ()
    """Who may do what; without a rule only owners may."""
    integrations: dict[str, dict[str, Any]] = Field(default_factory=dict, repr=False)
    """Settings of an integration by its name, under the names of its settings' fields."""
    modules: tuple[str, ...] = ()
    """Further integrations to load, as importable module names."""

    def model_post_init(self, _context: object) -> None:
        """A name nobody bears is refused: a deny that is about nobody would let everybody in."""
        for name, members in self.groups.items():
            for member in members:
                if "@" not in member and member != "*":
                    raise ValueError(f"the group {name!r} holds {member!r}, which is no e-mail")
        for number, rule in enumerate(self.access, start=1):
            for name in (*rule.allow, *rule.deny):
                if "@" not in name and name != "everyone" and name not in self.groups:
                    raise ValueError(
                        f"rule {number} of 'access' is about {name!r}, which is no group, no e-mail and not "
                        "'everyone'"
                    )


class Settings(BaseModel):
    """Everything the processes need to know, with the environment's names as aliases."""

    model_config = ConfigDict(frozen=True, populate_by_name=True, use_attribute_docstrings=True)

    webex_access_token: SecretStr | None = Field(None, alias="WEBEX_ACCESS_TOKEN")
    """The bot's token, shown once when the bot is created at developer.webex.com/my-apps."""
    webex_api_url: str = Field("https://webexapis.com/v1/", alias="WEBEX_API_URL")
    """The root of Webex' API; another one for FedRAMP or a stand-in."""
    webex_webhook_secrets: Words = Field((), alias="WEBEX_WEBHOOK_SECRET", repr=False)
    """Signs what Webex delivers. Comma-separated: the first signs, all verify."""
    public_url: str | None = Field(None, alias="PUBLIC_URL")
    """The bot's address as Webex reaches it, such as https://sparkops.example.com."""
    database_url: SecretStr | None = Field(None, alias="DATABASE_URL")
    """A PostgreSQL to use; without it `run` starts its own."""
    admins: Words = Field((), alias="SPARKOPS_ADMINS")
    """E-mails of the owners, who may do everything. Comma-separated."""
    api_tokens: Words = Field((), alias="SPARKOPS_API_TOKENS", repr=False)
    """Bearer tokens for `POST /api/commands`, comma-separated. Each may speak as anybody."""
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
    file: ConfigFile = Field(default_factory=ConfigFile)
    environment: Mapping[str, str] = Field(default_factory=dict, repr=False)
    """The environment itself, for what integrations name in their own settings."""

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None, *, beside_run: bool = False) -> Self:
        """Read the environment (and the file `SPARKOPS_CONFIG` names).

        With `beside_run`, what `python -m bot run` made up for its playground counts where nothing is set:
        the terminal of the same home then talks with the same bot. Raises SettingsError, one line per fault.
        """
        env = dict(os.environ if environ is None else environ)
        if beside_run and not env.get("DATABASE_URL"):
            env = {**_played(Path(env.get("SPARKOPS_HOME") or ".sparkops")), **env}
        path = Path(env.get("SPARKOPS_CONFIG") or "sparkops.yaml")
        if env.get("SPARKOPS_CONFIG") and not path.exists():
            raise SettingsError(f"SPARKOPS_CONFIG names {path}, and there is no such file.")
        file = read_config_file(path, env) if path.exists() else ConfigFile()
        return read_environment(cls, env, file=file, environment=env)

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
        given = [*self.webex_webhook_secrets, *self.api_tokens, *named]
        if self.webex_access_token:
            given.append(self.webex_access_token.get_secret_value())
        if self.database_url:
            password = urlsplit(self.database_url.get_secret_value()).password or ""
            given += [password, unquote(password)]
        parts = [part.strip() for value in given for part in value.split(",")]
        return tuple(dict.fromkeys(value for value in (*given, *parts) if value))


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
    values: dict[str, object] = dict(given)
    for field in model.model_fields.values():
        if field.alias and (value := _named(field.alias, environ)):
            values[field.alias] = value
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise SettingsError(_explain(error, "The environment")) from error


def _named(name: str, environ: Mapping[str, str]) -> str | None:
    path = environ.get(f"{name}_FILE")
    if not path:
        return environ.get(name)
    if environ.get(name):
        raise SettingsError(f"Both {name} and {name}_FILE are set: keep one.")
    try:
        return Path(path).read_text(encoding="utf-8").rstrip("\n")
    except OSError as error:
        raise SettingsError(f"{name}_FILE names {path}, which cannot be read: {error.strerror}.") from error


def read_config_file(path: Path, environ: Mapping[str, str]) -> ConfigFile:
    """Parse `sparkops.yaml`, putting `${NAME}` from the environment in place.

    Raises SettingsError naming the line or the key, and the reason.
    """
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except yaml.YAMLError as error:
        raise SettingsError(f"{path} is not YAML: {error}") from error
    if not isinstance(data, dict):
        raise SettingsError(f"{path} must be a mapping of groups, access and integrations.")
    try:
        return ConfigFile.model_validate(_substitute(data, environ, str(path)))
    except ValidationError as error:
        raise SettingsError(_explain(error, str(path))) from error


def _substitute(value: object, environ: Mapping[str, str], where: str) -> Any:
    if isinstance(value, dict):
        return {key: _substitute(item, environ, f"{where}: {key}") for key, item in value.items()}
    if isinstance(value, list):
        return [_substitute(item, environ, f"{where}[{index}]") for index, item in enumerate(value, start=1)]
    if not isinstance(value, str):
        return value

    def named(match: re.Match[str]) -> str:
        given = _named(match.group(1), environ)
        if given is None:
            raise SettingsError(f"{where}: ${{{match.group(1)}}} is not set in the environment.")
        return given

    return _REFERENCE.sub(named, value)


def _explain(error: ValidationError, where: str) -> str:
    """One line per fault; rules count from 1, as in the audit."""
    lines = []
    for fault in error.errors():
        place = ".".join(str(part + 1 if isinstance(part, int) else part) for part in fault["loc"])
        lines.append(f"{where}, {place or 'top level'}: {fault['msg'].removeprefix('Value error, ')}.")
    return "\n".join(lines)
