"""Put the parts together from settings: for the web process, for the worker, for the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot import logs
from bot.access.credentials import Vault
from bot.access.policies import Policies
from bot.access.webex_relations import WebexRelations
from bot.commands.builtin import COMMANDS, RUN_KINDS
from bot.commands.context import Services
from bot.commands.registry import Registry
from bot.config_file import SettingsError
from bot.inbound.identity import KnownIdentity
from bot.inbound.intake import Intake
from bot.inbound.web import Web
from bot.integration import Integration, Loaded, find_integrations
from bot.outbound.redact import Redactor
from bot.runs.kinds import RunKind
from bot.settings import Settings, read_environment, refuse_embedded_on_a_dyno
from bot.store.counters import Counters, Counting, Counts, NoCounters
from bot.store.database import Database
from bot.store.embedded import attach
from bot.webex import WebexClient


@dataclass(frozen=True, slots=True)
class Parts:
    """What every process needs, read and checked, with nothing opened yet."""

    settings: Settings
    integrations: Mapping[str, Loaded]
    redactor: Redactor
    registry: Registry
    run_kinds: Mapping[str, RunKind]


def load_parts(settings: Settings) -> Parts:
    """Read the integrations' settings and collect their commands, runs and secrets; set up the logs.

    Raises SettingsError, IntegrationError and AmbiguousCommand.
    """
    loaded = {each.name: _load(each, settings) for each in find_integrations(settings)}
    secrets = [*settings.secrets(), *(secret for each in loaded.values() for secret in each.secrets())]
    redactor = Redactor(secrets)
    logs.configure(redactor, level=settings.log_level, as_json=settings.log_format == "json")
    commands = [command for each in loaded.values() for command in each.integration.commands]
    kinds = [*RUN_KINDS, *(kind for each in loaded.values() for kind in each.integration.run_kinds)]
    return Parts(
        settings, loaded, redactor, Registry([*COMMANDS, *commands]), {kind.name: kind for kind in kinds}
    )


def _load(integration: Integration, settings: Settings) -> Loaded:
    if integration.settings is None:
        return Loaded(integration, None)
    given = settings.file.integrations.get(integration.name, {})
    return Loaded(integration, read_environment(integration.settings, settings.environment, **given))


def database_url(settings: Settings) -> str:
    """The database to use: the one given, or the embedded one that `run` has started.

    Raises SettingsError where there is neither, and on a Heroku dyno without a database, whose disk
    would forget an embedded one.
    """
    if settings.database_url is not None:
        return settings.database_url.get_secret_value()
    refuse_embedded_on_a_dyno(settings)
    url = attach(settings.home)
    if url is None:
        raise SettingsError(
            f"DATABASE_URL is not set, and no embedded database runs in {settings.home}. "
            "`python -m bot run` (or `make run`) starts one."
        )
    return url


def make_webex(settings: Settings) -> WebexClient:
    """The Webex client of the settings. Raises SettingsError without a token."""
    return WebexClient(settings.webex_token(), settings.webex_api_url)


def make_services(
    parts: Parts, database: Database, webex: WebexClient, counters: Counting | None = None
) -> Services:
    """What commands and runs share; without `counters` nothing is counted."""
    settings = parts.settings
    clients = {
        name: each.integration.client(each.settings, settings)
        for name, each in parts.integrations.items()
        if each.integration.client is not None
    }
    counters = counters or NoCounters()
    for client in clients.values():
        if isinstance(client, Counts):
            client.count_with(counters)
    return Services(
        settings=settings,
        database=database,
        redactor=parts.redactor,
        policies=Policies.live(settings, database),
        registry=parts.registry,
        webex=webex,
        clients=clients,
        relations=WebexRelations(webex),
        vault=Vault(settings.encryption_keys, parts.redactor.learn),
        credentials={
            name: service for each in parts.integrations.values() for name, service in each.services.items()
        },
        reseals=tuple(
            each.integration.reseal for each in parts.integrations.values() if each.integration.reseal
        ),
        counters=counters,
    )


def make_web(parts: Parts, database: Database) -> Web:
    """What the web process holds. Raises SettingsError where deliveries could not be verified."""
    if not parts.settings.webex_webhook_secrets:
        raise SettingsError(
            "WEBEX_WEBHOOK_SECRET is not set: without it nobody could tell Webex's deliveries from forged ones. "
            "Set it to a long random text, for example from `openssl rand -hex 32`."
        )
    return Web(
        settings=parts.settings,
        database=database,
        counters=Counters(database),
        intake=Intake(database),
        identity=KnownIdentity(database),
        integrations=parts.integrations,
    )
