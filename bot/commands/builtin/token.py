"""`token …`: bearer tokens with which programs give commands over the REST API."""

from __future__ import annotations

from datetime import datetime, timedelta

import click

from bot.access import api_tokens
from bot.access.api_tokens import Token, TokenError
from bot.access.scopes import Scope
from bot.commands.context import Context
from bot.commands.model import Command, CommandError, Effect, Entry, Reply, Request, command
from bot.commands.parameters import DURATION
from bot.commands.rows import Cell, FileKind, Rows, as_option
from bot.commands.tables import utc
from bot.outbound.quoting import code, fence, quote

_LONGEST = timedelta(days=3660)
_DAY = "%Y-%m-%d %H:%M"


@command(
    "token create",
    effect=Effect.CHANGE,
    examples=("token create deploys --commands 'jenkins *' --as you@example.com --for 90d",),
)
@click.argument("name")
@click.option("--commands", multiple=True, help="globs over the commands it may give; all by default")
@click.option("--rooms", multiple=True, help="title globs, room ids, `direct` or `none`; all by default")
@click.option(
    "--as", "people", multiple=True, help="globs over the e-mails it may speak as; yours by default"
)
@click.option("--for", "valid", type=DURATION, help="how long it is valid; without end by default")
def token_create(
    context: Context,
    name: str,
    commands: tuple[str, ...],
    rooms: tuple[str, ...],
    people: tuple[str, ...],
    valid: timedelta | None,
) -> Reply:
    """Make a token for a program; it is shown once, in our direct room or at the terminal.

    It can do no more than the person it speaks as, and of that only what its globs name.
    """
    request = context.request
    _only_in_private(request)
    _only_so_long(valid)
    spoken_for = _spoken_for(context, people)
    scope = Scope(name.casefold(), None, commands or ("*",), rooms or ("*",), spoken_for)
    with context.services.database.transaction() as session:
        try:
            token, secret = api_tokens.create(session, scope, request.person, valid)
        except TokenError as error:
            raise CommandError(str(error)) from error
    return Reply(
        f"🔑 The token {code(token.name)} is made: {_told(token)}. I show it once, on its own. If you cannot see "
        f"it, `token revoke {token.name}` and make another. A program sends it as its bearer "
        "token to `POST /api/commands`.",
        reveals=f"The token {code(token.name)}; keep it where secrets are kept:\n\n{fence(secret)}",
    )


@command("token list", examples=("token list",))
@as_option
def token_list(context: Context, kind: FileKind | None) -> Reply:
    """Show the tokens you made; owners see all of them."""
    services, person = context.services, context.request.person
    with services.database.transaction() as session:
        tokens = api_tokens.listed(session, None if services.policy.is_owner(person) else person)
    if not tokens:
        return Reply("There are no tokens of yours. `token create` makes one.")
    head = ("name", "begins", "commands", "rooms", "speaks as", "made by", "last used", "valid until")
    rows = Rows(head, [_row(each) for each in tokens], when=_DAY, widest=28)
    return rows.reply(kind, "tokens")


@command("token revoke", effect=Effect.CHANGE, repeatable=True, examples=("token revoke old-deploys",))
@click.argument("name")
def token_revoke(context: Context, name: str) -> Reply:
    """Let a token open nothing any more, at once."""
    services, person = context.services, context.request.person
    with services.database.transaction() as session:
        try:
            token = api_tokens.revoke(session, name, person, owner=services.policy.is_owner(person))
        except TokenError as error:
            raise CommandError(str(error)) from error
    used = (
        f"last used {utc(token.last_used_at, '%Y-%m-%d %H:%M')} UTC" if token.last_used_at else "never used"
    )
    if token.revoked_at is not None:
        return Reply(f"The token {code(token.name)} was revoked already; it was {used}.")
    return Reply(f"The token {code(token.name)} is revoked and opens nothing any more; it was {used}.")


def _only_in_private(request: Request) -> None:
    in_direct_room = request.entry in (Entry.TEXT, Entry.CARD) and request.place.type == "direct"
    if not in_direct_room and request.entry is not Entry.TERMINAL:
        raise CommandError(
            "A token is shown to nobody but who makes it, so I make none here: say it in our direct room, or at "
            "the terminal (`python -m bot chat`)."
        )


def _only_so_long(valid: timedelta | None) -> None:
    if valid is not None and not timedelta(0) < valid <= _LONGEST:
        raise CommandError(
            "A token is valid for ten years at the most, and longer than not at all: `--for 90d`."
        )


def _spoken_for(context: Context, people: tuple[str, ...]) -> tuple[str, ...]:
    """The e-mails the token may speak as. An owner's speak for many, so they say for whom."""
    person, policy = context.request.person, context.services.policy
    for glob in people:
        if "@" not in glob:
            raise CommandError(
                f"{code(glob)} is no e-mail and no glob over e-mails, such as `*@example.com`."
            )
    if policy.is_owner(person):
        if not people:
            raise CommandError(
                "You are an owner: say as whom the token may speak, for example "
                f"`--as {person}`, with all your rights, or `--as deploys@example.com`."
            )
        return people
    mine = policy.addresses_of(person)
    others = [glob for glob in people if glob.casefold() not in mine]
    if others:
        listed = ", ".join(code(each) for each in others)
        raise CommandError(
            f"Only owners make tokens that speak as others: {listed} is not you. Leave `--as` out, or ask an owner."
        )
    return people or (person,)


def _told(token: Token) -> str:
    scope, until = token.scope, f"until {_day(token.expires_at)} UTC" if token.expires_at else "without end"
    commands = "every command" if scope.commands == ("*",) else _codes(scope.commands)
    rooms = "everywhere" if scope.rooms == ("*",) else f"in {_codes(scope.rooms)}"
    return f"{commands}, {rooms}, as {quote(', '.join(scope.people))}, {until}"


def _row(token: Token) -> tuple[Cell, ...]:
    scope = token.scope
    return (
        token.name,
        f"{token.hint}…",
        ", ".join(scope.commands),
        ", ".join(scope.rooms),
        ", ".join(scope.people),
        token.created_by,
        token.last_used_at or "never",
        scope.void or token.expires_at or "without end",
    )


def _codes(globs: tuple[str, ...]) -> str:
    return ", ".join(code(each) for each in globs)


def _day(at: datetime) -> str:
    return utc(at, _DAY)


COMMANDS: tuple[Command, ...] = (token_create, token_list, token_revoke)
