"""Bearer tokens of the REST API: made, found by their hash, revoked.

A token is 256 random bits, so its SHA-256 needs no salt, and to look it up by that hash tells nothing by the
time it takes: nobody can choose a token whose hash begins as a stored one does.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, false, func, select, text, true, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.access.scopes import Scope
from bot.outbound.quoting import code
from bot.store.models import ApiToken

PREFIX = "spk_"
"""Every token begins so: redaction and secret scanners know it by that."""
ENVIRONMENT = "environment"
"""How the tokens of SPARKOPS_API_TOKENS are called, which nothing binds."""
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
_BYTES = 32
_HINT = len(PREFIX) + 4

_USED = text("""
    UPDATE api_tokens SET last_used_at = now()
    WHERE id = :id AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')
""")


class TokenError(Exception):
    """A token cannot be made, found or revoked; the text says why and what to do."""


class NotAccepted(Exception):
    """A bearer token opens nothing. `reason` is unknown, revoked or expired; the text is for its bearer."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Token:
    """A token as it is kept: everything but itself."""

    id: int
    name: str
    hint: str
    scope: Scope
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


def create(session: Session, scope: Scope, by: str, valid: timedelta | None) -> tuple[Token, str]:
    """Make a token of this scope and its name, valid so long or without end; returns it and its secret.

    The secret is kept nowhere. Raises TokenError for a name that is taken or cannot be one.
    """
    if not _NAME.fullmatch(scope.token) or scope.token == ENVIRONMENT:
        raise TokenError(
            "A token's name has small letters, digits, dots, dashes and underscores, 40 at the most, and is not "
            f"`{ENVIRONMENT}`."
        )
    secret = PREFIX + secrets.token_urlsafe(_BYTES)
    statement = (
        insert(ApiToken)
        .values(
            name=scope.token,
            digest=_digest(secret),
            hint=secret[:_HINT],
            scope={
                "commands": list(scope.commands),
                "rooms": list(scope.rooms),
                "people": list(scope.people),
            },
            created_by=by.casefold(),
            expires_at=None if valid is None else func.now() + valid,
        )
        .on_conflict_do_nothing(index_elements=[ApiToken.name])
        .returning(ApiToken)
    )
    row = session.scalar(statement)
    if row is None:
        raise TokenError(
            f"There is, or was, a token `{scope.token}`, and the audit tells tokens apart by their names: choose "
            "another name."
        )
    return _token(row, expired=False), secret


def accepted(session: Session, secret: str) -> Token:
    """The token that this is, its use noted to the minute. Raises NotAccepted."""
    token = next(iter(_found(session, ApiToken.digest == _digest(secret))), None)
    if token is None:
        raise NotAccepted("unknown", "I do not know this token. `token create` makes one.")
    if token.scope.void:
        reason = "revoked" if token.revoked_at else "expired"
        raise NotAccepted(reason, f"The token {token.name} {token.scope.void}. `token create` makes another.")
    session.execute(_USED, {"id": token.id})
    return token


def scope_of(session: Session, token_id: int) -> Scope:
    """What this token may be used for now; a revoked, expired or deleted one, for nothing."""
    token = next(iter(_found(session, ApiToken.id == token_id)), None)
    return Scope(f"#{token_id}", token_id, void="is there no more") if token is None else token.scope


def listed(session: Session, by: str | None = None) -> tuple[Token, ...]:
    """All tokens, or those that this person made, oldest first."""
    return tuple(_found(session, true() if by is None else ApiToken.created_by == by.casefold()))


def revoke(session: Session, name: str, by: str, *, owner: bool) -> Token:
    """Let the token open nothing from now on; only an owner may revoke what another has made.

    Returns it as it was before; one that is revoked already stays so. Raises TokenError where there is no
    such token that this person may revoke.
    """
    token = next(iter(_found(session, ApiToken.name == name.casefold())), None)
    if token is None or not (owner or token.created_by == by.casefold()):
        raise TokenError(f"There is no token {code(name)} that you may revoke. `token list` shows yours.")
    session.execute(
        update(ApiToken)
        .where(ApiToken.id == token.id, ApiToken.revoked_at.is_(None))
        .values(revoked_at=func.now(), revoked_by=by.casefold())
    )
    return token


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _found(session: Session, which: ColumnElement[bool]) -> list[Token]:
    """Those that it is true of; whether they have expired, by the database's clock."""
    has_expired = func.coalesce(ApiToken.expires_at <= func.now(), false())
    rows = session.execute(select(ApiToken, has_expired).where(which).order_by(ApiToken.id))
    return [_token(row, expired) for row, expired in rows]


def _token(row: ApiToken, expired: bool) -> Token:
    globs = {part: tuple(row.scope[part]) for part in ("commands", "rooms", "people")}
    void = f"was revoked by {row.revoked_by}" if row.revoked_at else "has expired" if expired else ""
    return Token(
        id=row.id,
        name=row.name,
        hint=row.hint,
        scope=Scope(row.name, row.id, **globs, void=void),
        created_by=row.created_by,
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
    )
