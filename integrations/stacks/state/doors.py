"""Who may come to a state: credentials, each for one instance and one run of an engine."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import timedelta

from pydantic import SecretStr
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from bot.commands.context import Services
from integrations.stacks.store.models import StackCredential


@dataclass(frozen=True, slots=True)
class Issued:
    """A new credential; the password is in no table, and told once."""

    username: str
    password: SecretStr = field(repr=False)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who has come with a credential."""

    id: str
    may_write: bool
    issued_for: str


def issue(
    session: Session, stack: str, instance: str, *, may_write: bool, issued_for: str, lasts: timedelta
) -> Issued:
    """Make a credential for an instance's state. It ends by itself after `lasts`, and at `revoke`."""
    issued = Issued(f"run-{secrets.token_hex(8)}", SecretStr(secrets.token_urlsafe(32)))
    session.add(
        StackCredential(
            id=issued.username,
            stack=stack,
            instance=instance,
            digest=_digest(issued.password.get_secret_value()),
            may_write=may_write,
            issued_for=issued_for,
            expires_at=func.now() + lasts,
        )
    )
    return issued


def revoke(session: Session, username: str) -> None:
    """End a credential now."""
    session.execute(delete(StackCredential).where(StackCredential.id == username))


def forget_ended(session: Session) -> int:
    """Delete the credentials that have ended by themselves; returns how many."""
    gone = (
        delete(StackCredential).where(StackCredential.expires_at < func.now()).returning(StackCredential.id)
    )
    return len(session.execute(gone).all())


def tidy(services: Services) -> tuple[str, ...]:
    """Forget what has ended: periodic work, which tells nobody."""
    with services.database.transaction() as session:
        forget_ended(session)
    return ()


def visitor(session: Session, stack: str, instance: str, username: str, password: str) -> Visitor | None:
    """Who has come, or None where the credential is not one of this instance's, or has ended."""
    if "\0" in stack + instance + username:  # PostgreSQL takes no NUL, and nothing of ours has one
        return None
    row = session.scalar(
        select(StackCredential).where(
            StackCredential.id == username,
            StackCredential.stack == stack,
            StackCredential.instance == instance,
            StackCredential.expires_at > func.now(),
        )
    )
    known = row.digest if row else _digest("")
    if not hmac.compare_digest(known, _digest(password)) or row is None:
        return None
    return Visitor(row.id, row.may_write, row.issued_for)


def _digest(password: str) -> str:
    return hashlib.sha256(password.encode()).hexdigest()
