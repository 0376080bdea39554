"""What an integration is to the core, and how the installed ones are found."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from flask import Blueprint
from pydantic import BaseModel, SecretStr
from sqlalchemy.orm import Session

from bot.access.credentials import CredentialKind, Service
from bot.access.encryption import Reseal
from bot.commands.context import Services
from bot.commands.model import Command
from bot.runs.kinds import Periodic, RunKind
from bot.settings import Settings, revealed
from bot.store.database import Database


class IntegrationError(Exception):
    """An integration cannot be loaded; the text says which and why."""


class UnreadableEvent(Exception):
    """An event is not of the shape its sender documents; the text says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class HookEvent:
    """An inbound event, made sense of. `dedupe_key` is the same whenever the same thing is reported.

    `door` is by which of its hook's secrets it came, where those mean different senders (`Hook.door`).
    """

    dedupe_key: str
    payload: Mapping[str, Any]
    door: str = ""


@dataclass(frozen=True, slots=True)
class Hook:
    """Where an outside system reports to: `POST /hooks/<integration>/<secret>`.

    `read` types the raw body while the sender waits: it must be quick and pure, and raises
    UnreadableEvent. `handle` runs in a worker, inside the transaction that marks the event done, and
    returns the outbox lanes it stored messages in. What it needs from elsewhere, `gather` asks for before
    that transaction begins, and gives the event back with it. `door` names, from the settings, the sender
    that knows a secret.
    """

    secrets: Callable[[Any], tuple[str, ...]]
    read: Callable[[bytes, Mapping[str, str]], HookEvent]
    handle: Callable[[HookEvent, Services, Session], tuple[str, ...]]
    gather: Callable[[HookEvent, Services], HookEvent] | None = None
    door: Callable[[Any, str], str] | None = None


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One line of `doctor`."""

    name: str
    ok: bool
    says: str


Check = Callable[[Services], tuple[CheckResult, ...]]
Routes = Callable[[Any, Settings, Database], Blueprint]
"""Makes what the web process serves below `/integrations/<name>`, of the integration's settings, the bot's and the
database. The core has checked nothing of such a request: its views find out by themselves who asks, and bound what
they read."""


@dataclass(frozen=True, slots=True)
class Integration:
    """One outside system: its settings, its client, its commands, its runs, its hook, its checks.

    `settings` is a pydantic model whose fields' aliases name environment variables; `client` makes what
    handlers find as `services.clients[name]`, from those settings. `credentials` is what a person may give
    to act as themselves there; where the integration speaks to several systems, `accounts` names what it may
    be given for (`jenkins`, `jenkins@prod`), each with the settings it is checked with. `migrations` is a
    folder of Alembic revisions that make the integration's own tables, whose models hang on
    `bot.store.models.Base`. `counted` are the counters it raises by `services.counters.count`, each with what it
    counts and its labels, separated by commas in the order of the alphabet; their names begin with its own, and
    `/metrics` shows them. A client with a method `count_with` (`bot.store.counters.Counts`) is given the counters.
    `routes` is for programs that speak HTTP to the bot and wait for its answer; what only reports something comes by
    `hook`. What it keeps encrypted with the keys of SPARKOPS_ENCRYPTION_KEY, `reseal` encrypts anew when an owner
    says `credentials rotate`.
    """

    name: str
    settings: type[BaseModel] | None = None
    client: Callable[[Any, Settings], Any] | None = None
    commands: tuple[Command, ...] = ()
    run_kinds: tuple[RunKind, ...] = ()
    hook: Hook | None = None
    checks: tuple[Check, ...] = ()
    credentials: CredentialKind | None = None
    accounts: Callable[[Any], Mapping[str, Any]] | None = None
    periodics: tuple[Periodic, ...] = ()
    migrations: Path | None = None
    routes: Routes | None = None
    reseal: Reseal | None = None
    counted: Mapping[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Loaded:
    """An integration with the settings it was given."""

    integration: Integration
    settings: Any = field(repr=False)

    @property
    def hook_secrets(self) -> tuple[str, ...]:
        """The secrets its hook's URL may end in."""
        hook = self.integration.hook
        return hook.secrets(self.settings) if hook else ()

    @property
    def services(self) -> dict[str, Service]:
        """What a person may give a credential for, by name."""
        kind, accounts = self.integration.credentials, self.integration.accounts
        if kind is None:
            return {}
        named = accounts(self.settings) if accounts else {self.integration.name: self.settings}
        return {name: Service(kind, settings) for name, settings in named.items()}

    def door(self, secret: str) -> str:
        """What the sender that knows this secret of the hook is called; empty where they are all the same."""
        hook = self.integration.hook
        return hook.door(self.settings, secret) if hook and hook.door else ""

    def secrets(self) -> tuple[str, ...]:
        """Every secret in its settings, for redaction."""
        return tuple(value for value in (*revealed(_secrets_in(self.settings)), *self.hook_secrets) if value)


def _secrets_in(value: Any) -> Iterator[SecretStr]:
    """Every secret in a settings model, however deep it lies."""
    if isinstance(value, SecretStr):
        yield value
    elif isinstance(value, BaseModel):
        yield from _secrets_in([getattr(value, name) for name in type(value).model_fields])
    elif isinstance(value, Mapping):
        yield from _secrets_in(list(value.values()))
    elif isinstance(value, tuple | list):
        for each in value:
            yield from _secrets_in(each)


def migrations_of(settings: Settings) -> dict[str, Path]:
    """The folders of the integrations that have tables of their own, by their names. Raises IntegrationError."""
    return {each.name: each.migrations for each in find_integrations(settings) if each.migrations is not None}


def find_integrations(settings: Settings) -> tuple[Integration, ...]:
    """The integrations beside the core, those of installed packages, and those `sparkops.yaml` names.

    Raises IntegrationError where one cannot be imported or does not offer `integration`.
    """
    modules = [f"integrations.{name}" for name in _beside()]
    modules += [point.module for point in entry_points(group="sparkops.integrations")]
    modules += settings.file.modules
    found = [_load(name) for name in dict.fromkeys(modules)]
    names = [each.name for each in found]
    if doubled := {name for name in names if names.count(name) > 1}:
        raise IntegrationError(f"Two integrations are named {', '.join(sorted(doubled))}.")
    return tuple(found)


def _beside() -> tuple[str, ...]:
    try:
        package = importlib.import_module("integrations")
    except ModuleNotFoundError as error:
        if error.name != "integrations":
            raise IntegrationError(f"The folder of integrations cannot be loaded: {error}") from error
        return ()
    return tuple(sorted(module.name for module in pkgutil.iter_modules(package.__path__) if module.ispkg))


def _load(name: str) -> Integration:
    try:
        integration = importlib.import_module(name).integration
    except (ImportError, AttributeError) as error:
        raise IntegrationError(f"The integration {name} cannot be loaded: {error}") from error
    if not isinstance(integration, Integration):
        raise IntegrationError(f"{name}.integration is not an Integration.")
    return integration
