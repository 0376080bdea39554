"""`credentials …`: what a person gives so that their commands act as them at an outside system."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import click
import structlog

from bot.access.credentials import Credential, CredentialError, Rotated, Service
from bot.access.encryption import Resealed
from bot.commands.context import Context
from bot.commands.model import (
    Command,
    CommandError,
    Effect,
    Entry,
    Form,
    FormField,
    NeedInput,
    Reply,
    command,
)
from bot.commands.parameters import SECRET_ASSIGNMENT, SecretAssignment
from bot.commands.tables import table, utc
from bot.outbound.quoting import code, fence, quote
from bot.webex import NotFound, WebexError

log = structlog.get_logger(__name__)

_MINUTE = "%Y-%m-%d %H:%M"


@command("credentials list", examples=("credentials list",))
def list_credentials(context: Context) -> Reply:
    """List what you have given me for other systems: when, and when it was last used."""
    services = context.services
    with services.database.transaction() as session:
        kept = services.vault.listed(session, context.request.person)
    if not kept:
        return Reply(f"You have given me no credentials. {_offer(context)}")
    rows = [(each.service, utc(each.created_at, _MINUTE), _used(each.last_used_at)) for each in kept]
    shown = fence(table(("for", "given (UTC)", "last used"), rows))
    return Reply(f"{shown}\n\n`credentials forget SERVICE` removes one.")


def _used(at: datetime | None) -> str:
    return utc(at, _MINUTE) if at else "never"


def _offer(context: Context) -> str:
    names = [code(f"credentials set {name}") for name in sorted(context.services.credentials)]
    return f"{' or '.join(names)} gives one." if names else "Nothing here takes any."


@command(
    "credentials set",
    effect=Effect.CHANGE,
    repeatable=True,
    examples=("credentials set jenkins",),
)
@click.argument("service")
@click.argument("values", nargs=-1, type=SECRET_ASSIGNMENT, metavar="NAME=value")
def set_credentials(context: Context, service: str, values: tuple[SecretAssignment, ...]) -> Reply:
    """Give me your own credential for a system, so that your commands act as you there.

    Say it in our direct room: a card asks for it. It is tried at the system, kept encrypted, used for your
    commands only, and removed by `credentials forget`.
    """
    name, wanted = _service(context, service)
    if not values:
        _ask(context, name, wanted)
    credential = _credential(wanted, values)
    context.services.redactor.learn(each.get_secret_value() for each in credential.secrets.values())
    try:
        return Reply(f"{_kept(context, name, wanted, credential)}{_card_deleted(context)}")
    except CredentialError as error:
        again = f"`credentials set {name}` asks again."
        raise CommandError(f"Nothing was kept. {error} {again}{_card_deleted(context)}") from error


def _kept(context: Context, name: str, wanted: Service, credential: Credential) -> str:
    """Try the credential and keep it; returns what to tell. Raises CredentialError."""
    services, person = context.services, context.request.person
    services.vault.seal(person, name, credential)  # without a key, no system is asked
    known_as = wanted.check(credential)
    with services.database.transaction() as session:
        new = services.vault.keep(session, person, name, credential)
    kept = "I keep it, encrypted" if new else "It takes the place of the one you gave before"
    return (
        f"🔑 {quote(name)} knows you as **{quote(known_as)}**. {kept}; your `{name}` commands act as you from now "
        f"on. `credentials forget {name}` ends that."
    )


def _service(context: Context, typed: str) -> tuple[str, Service]:
    services = context.services.credentials
    name = next((each for each in services if each.casefold() == typed.casefold()), None)
    if name is None:
        raise CommandError(f"I take no credentials for {code(typed)}. {_offer(context)}")
    return name, services[name]


def _ask(context: Context, name: str, wanted: Service) -> None:
    """Raises NeedInput with the card, in the direct room, and CommandError elsewhere."""
    request = context.request
    fields = wanted.kind.fields
    if request.place.type != "direct" or request.entry not in (Entry.TEXT, Entry.CARD):
        raise CommandError(
            f"Say `credentials set {name}` in our direct room, where a card asks for it; at the terminal, add "
            f"{_named(wanted)}."
        )
    form = Form(
        title=f"Your credential for {name}",
        words=("credentials", "set", name),
        fields=tuple(FormField(each.name, each.label, prefix=f"{each.name}=") for each in fields),
    )
    # Adaptive Cards mask an input from version 1.5 on; Webex shows 1.3.
    hint = (
        f"{wanted.kind.about} Fill in the card: what you type shows on your screen, and to nobody else here. I "
        "try it, keep it encrypted and delete the card."
    )
    raise NeedInput(form, hint.strip())


def _named(wanted: Service) -> str:
    """The fields as they are typed."""
    return " and ".join(code(f"{each.name}=") for each in wanted.kind.fields)


def _credential(wanted: Service, values: tuple[SecretAssignment, ...]) -> Credential:
    """The fields the service wants, each once. Raises CommandError."""
    given = {each.name.casefold(): each.value for each in values}
    if sorted(each.name.casefold() for each in values) != sorted(each.name for each in wanted.kind.fields):
        raise CommandError(f"I need {_named(wanted)}, each once, and nothing else.")
    plain = {each.name: given[each.name].get_secret_value() for each in wanted.kind.fields if not each.secret}
    return Credential(plain, {each.name: given[each.name] for each in wanted.kind.fields if each.secret})


def _card_deleted(context: Context) -> str:
    """Delete the card it came by; returns what to add where that did not go."""
    request = context.request
    if request.entry is not Entry.CARD or request.message_id is None:
        return ""
    try:
        context.services.webex.delete_message(request.message_id)
    except NotFound:
        return ""
    except WebexError as error:
        log.warning("credentials.card_not_deleted", correlation_id=request.correlation_id, error=str(error))
        return " I could not delete my card, though: do not use it again."
    return ""


@command(
    "credentials forget", effect=Effect.CHANGE, repeatable=True, examples=("credentials forget jenkins",)
)
@click.argument("service")
def forget_credentials(context: Context, service: str) -> Reply:
    """Remove your credential for a system; your commands act as my own account again."""
    services = context.services
    with services.database.transaction() as session:
        kept = [each.service for each in services.vault.listed(session, context.request.person)]
        name = next((each for each in kept if each.casefold() == service.casefold()), service)
        gone = services.vault.forget(session, context.request.person, name)
    if not gone:
        have = f"You gave {', '.join(map(code, kept))}." if kept else "You gave none at all."
        return Reply(f"I have no credential of yours for {code(service)}. {have}")
    return Reply(
        f"🗑️ Your credential for {quote(name)} is removed here. It still works there: revoke it in {quote(name)} "
        "if nothing else uses it."
    )


@command("credentials rotate", effect=Effect.CHANGE, repeatable=True, examples=("credentials rotate",))
def rotate_credentials(context: Context) -> Reply:
    """Encrypt all kept credentials, and what integrations keep, anew with the first key of SPARKOPS_ENCRYPTION_KEY."""
    services = context.services
    try:
        with services.database.transaction() as session:
            rotated = services.vault.rotate(session)
            others = [reseal(session, services.settings.encryption_keys) for reseal in services.reseals]
    except CredentialError as error:
        raise CommandError(str(error)) from error
    ones = _sealed_now(rotated, [each for each in others if each.count])
    lost = [f"{quote(person)}'s for {quote(service)}" for person, service in rotated.unreadable]
    lost += [quote(each) for other in others for each in other.unreadable]
    if not lost:
        return Reply(
            f"🔑 {ones} encrypted with the first key. The others can go from `SPARKOPS_ENCRYPTION_KEY`."
        )
    return Reply(
        f"⚠️ {ones} encrypted with the first key. None of the keys opens {', '.join(lost)}: put the key they were given "
        "under back, or have them given anew."
    )


def _sealed_now(rotated: Rotated, others: Sequence[Resealed]) -> str:
    credentials = "1 credential" if rotated.count == 1 else f"{rotated.count} credentials"
    if not others:
        return f"{credentials} {'is' if rotated.count == 1 else 'are'}"
    *first, last = [credentials, *(f"{each.count} {each.what}" for each in others)]
    return f"{', '.join(first)} and {last} are"


COMMANDS: tuple[Command, ...] = (
    list_credentials,
    set_credentials,
    forget_credentials,
    rotate_credentials,
)
