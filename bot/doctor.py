"""`python -m bot doctor`: look at everything the bot hangs on, and say what to do about what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import click
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from bot.access.policies import Policies
from bot.access.policy_watch import FACT
from bot.assembly import Parts, database_url, load_parts, make_services, make_webex
from bot.commands.context import Services
from bot.config_file import SettingsError
from bot.inbound.webhook_watch import PREFIX
from bot.integration import CheckResult
from bot.settings import Settings
from bot.store.database import Database
from bot.store.models import Fact
from bot.webex import WebexError


def examine(settings: Settings) -> int:
    """Print a line per check; returns the exit status, 1 where something is wrong."""
    fine = True
    for result in _results(settings):
        fine = fine and result.ok
        click.echo(f"{'ok  ' if result.ok else 'BAD '} {result.name}: {result.says}")
    return 0 if fine else 1


def _results(settings: Settings) -> Iterator[CheckResult]:
    parts = load_parts(settings)
    yield from _settings(settings)
    try:
        database = Database(database_url(settings), pool_size=1)
        with database.transaction() as session:
            version = session.scalar(text("SELECT version_num FROM alembic_version"))
        yield CheckResult("database", True, f"answers; its schema is {version}.")
    except (SettingsError, SQLAlchemyError) as error:
        yield CheckResult("database", False, str(error).splitlines()[0])
        return
    yield from _policy(parts, database)
    yield from _webex_and_integrations(parts, database)


def _settings(settings: Settings) -> Iterator[CheckResult]:
    wanted: tuple[tuple[str, object, str], ...] = (
        ("WEBEX_ACCESS_TOKEN", settings.webex_access_token, "The bot cannot speak without its token."),
        ("WEBEX_WEBHOOK_SECRET", settings.webex_webhook_secrets, "Deliveries could not be verified."),
        ("PUBLIC_URL", settings.public_url, "Webex would not know where to deliver."),
        ("SPARKOPS_ADMINS", settings.admins, "Nobody may run anything: everything is denied by default."),
        (
            "SPARKOPS_ENCRYPTION_KEY",
            settings.encryption_keys,
            "No credentials are taken, and who can write the database could seal the audit trail anew.",
        ),
    )
    for name, value, without in wanted:
        yield CheckResult(name, bool(value), "is set." if value else f"is not set. {without}")


def _policy(parts: Parts, database: Database) -> Iterator[CheckResult]:
    """The rules of the file and the chat: whether every process took them, and what in them is about nothing."""
    with database.transaction() as session:
        fact = session.get(Fact, FACT)
    if fact is not None and not fact.value["ok"]:
        yield CheckResult("policy", False, fact.value["says"])
    policies = Policies.live(parts.settings, database)
    policies.refresh_grants()
    unknown = policies.current.unknown_commands(each.name for each in parts.registry)
    for where, pattern in unknown:
        yield CheckResult("policy", False, f"{where} names {pattern!r}, and there is no such command.")
    if not unknown:
        yield CheckResult(
            "policy", True, f"{len(policies.current.rules)} rules; each names commands there are."
        )


def _webex_and_integrations(parts: Parts, database: Database) -> Iterator[CheckResult]:
    settings = parts.settings
    if settings.webex_access_token is None:
        return
    services = make_services(parts, database, make_webex(settings))
    yield _webex(services)
    yield _webhooks(services)
    for loaded in parts.integrations.values():
        for check in loaded.integration.checks:
            yield from _checked(loaded.integration.name, check, services)


def _webex(services: Services) -> CheckResult:
    try:
        me = services.webex.me()
    except WebexError as error:
        return CheckResult("webex", False, str(error))
    return CheckResult("webex", me.is_bot, f"I am {me.email}{'' if me.is_bot else ', and not a bot'}.")


def _webhooks(services: Services) -> CheckResult:
    try:
        own = [each for each in services.webex.list_webhooks() if each.name.startswith(PREFIX)]
    except WebexError as error:
        return CheckResult("webhooks", False, str(error))
    idle = [each.name for each in own if each.status != "active"]
    if idle:
        return CheckResult(
            "webhooks", False, f"Webex has disabled {', '.join(idle)}; the worker re-enables them."
        )
    return CheckResult(
        "webhooks", bool(own), f"{len(own)} in place." if own else "none yet: the worker makes them."
    )


def _checked(
    name: str, check: Callable[[Services], tuple[CheckResult, ...]], services: Services
) -> Iterator[CheckResult]:
    try:
        yield from check(services)
    except Exception as error:  # noqa: BLE001 - a check that breaks is a finding, not the end of the examination
        yield CheckResult(name, False, services.redactor.redact(f"{type(error).__name__}: {error}"))
