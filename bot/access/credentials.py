"""People's own credentials for outside systems: kept encrypted, opened for that person's commands only."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cryptography.fernet import InvalidToken, MultiFernet
from pydantic import SecretStr
from sqlalchemy import ColumnElement, and_, delete, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.access.encryption import keyring
from bot.store.models import Credential as Row

_LABEL = b"sparkops credentials 1"
"""Binds the derived keys to their use: the same text used elsewhere gives other keys there (RFC 5869, 3.2)."""
_A_MINUTE_AGO = text("now() - interval '1 minute'")
"""A run looks every few seconds; its use is written down once a minute."""


class CredentialError(Exception):
    """A credential cannot be kept or opened; the text says why and what to do, and holds no secret."""


class NoEncryptionKey(CredentialError):
    """SPARKOPS_ENCRYPTION_KEY is not set."""

    def __init__(self) -> None:
        super().__init__(
            "I keep credentials encrypted only, and have no key to do so. My operator sets "
            "`SPARKOPS_ENCRYPTION_KEY` to a text from `openssl rand -hex 32` and starts me again."
        )


class CannotOpen(CredentialError):
    """The row was sealed with another key, changed, or copied from another person or service."""

    def __init__(self, service: str) -> None:
        self.service = service
        super().__init__(
            f"Your credential for {service} cannot be opened: it was encrypted with a key that is not in "
            "`SPARKOPS_ENCRYPTION_KEY` any more, or its row was tampered with. "
            f"`credentials set {service}` replaces it; `credentials forget {service}` removes it."
        )


class CredentialRefused(CredentialError):
    """The outside system does not take it; the text is that system's answer in words, for the person."""


@dataclass(frozen=True, slots=True)
class CredentialField:
    """One thing a credential consists of: `user` or `token`. A secret one is never shown again."""

    name: str
    label: str
    secret: bool = True


@dataclass(frozen=True, slots=True)
class Credential:
    """What a person gave for one service: its plain fields, and its secret ones."""

    plain: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, SecretStr] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CredentialKind:
    """What an integration asks of a person who wants to act as themselves.

    `check` is given a credential and the integration's settings, tries it at the system and returns whom
    the system takes them for; it raises CredentialRefused. `about` says where one is made.
    """

    fields: tuple[CredentialField, ...]
    check: Callable[[Credential, Any], str]
    about: str = ""


@dataclass(frozen=True, slots=True)
class Service:
    """A kind of credential as it is installed here, with its integration's settings."""

    kind: CredentialKind
    settings: Any = field(default=None, repr=False)

    def check(self, credential: Credential) -> str:
        """Whom the system takes the credential's owner for. Raises CredentialRefused."""
        return self.kind.check(credential, self.settings)


@dataclass(frozen=True, slots=True)
class Kept:
    """That a credential is kept, for lists: never the credential."""

    service: str
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Rotated:
    """How many rows the first key encrypts now, and whose (person, service) none of the keys opens."""

    count: int
    unreadable: tuple[tuple[str, str], ...]


def _ignore(_secrets: Iterable[str]) -> None:
    """Nobody is told of opened secrets."""


class Vault:
    """Seals and opens credentials. Any thread may use it."""

    def __init__(
        self, keys: Sequence[SecretStr] = (), learn: Callable[[Iterable[str]], None] = _ignore
    ) -> None:
        """The first of `keys` encrypts, all decrypt. `learn` is told each secret before it is handed out."""
        self._fernet = keyring(keys, _LABEL)
        self._learn = learn

    def __repr__(self) -> str:
        return f"<Vault, {'with' if self._fernet else 'without'} a key>"

    def seal(self, person: str, service: str, credential: Credential) -> bytes:
        """Encrypt, bound to person and service. Raises NoEncryptionKey."""
        secrets = {name: value.get_secret_value() for name, value in credential.secrets.items()}
        content = {"of": _bound(person, service), "plain": dict(credential.plain), "secrets": secrets}
        return self._keys().encrypt(json.dumps(content).encode())

    def open(self, person: str, service: str, sealed: bytes) -> Credential:
        """Decrypt what was sealed for this person and service. Raises NoEncryptionKey and CannotOpen."""
        try:
            content = json.loads(self._keys().decrypt(sealed))
        except InvalidToken as error:
            raise CannotOpen(service) from error
        if content["of"] != _bound(person, service):
            raise CannotOpen(service)
        self._learn(content["secrets"].values())
        return Credential(
            content["plain"], {name: SecretStr(value) for name, value in content["secrets"].items()}
        )

    def keep(self, session: Session, person: str, service: str, credential: Credential) -> bool:
        """Store, in place of one given before; returns whether there was none. Raises NoEncryptionKey."""
        new = session.scalar(select(Row.service).where(_of(person, service))) is None
        values = {
            "sealed": self.seal(person, service, credential),
            "created_at": func.now(),
            "last_used_at": None,
        }
        statement = insert(Row).values(person_email=person.casefold(), service=service, **values)
        session.execute(
            statement.on_conflict_do_update(index_elements=[Row.person_email, Row.service], set_=values)
        )
        return new

    def find(self, session: Session, person: str, service: str) -> Credential | None:
        """The person's credential, and write down that it was used. None where they gave none.

        Raises NoEncryptionKey and CannotOpen.
        """
        row = session.get(Row, (person.casefold(), service))
        if row is None:
            return None
        credential = self.open(person, service, row.sealed)
        is_stale = or_(Row.last_used_at.is_(None), Row.last_used_at < _A_MINUTE_AGO)
        used = update(Row).where(_of(person, service), is_stale).values(last_used_at=func.now())
        session.execute(used.execution_options(synchronize_session=False))
        return credential

    def forget(self, session: Session, person: str, service: str) -> bool:
        """Delete it; False where there was none."""
        gone = delete(Row).where(_of(person, service)).returning(Row.service)
        return session.execute(gone).first() is not None

    def listed(self, session: Session, person: str) -> tuple[Kept, ...]:
        """What this person has given, by service."""
        rows = select(Row).where(Row.person_email == person.casefold()).order_by(Row.service)
        return tuple(Kept(row.service, row.created_at, row.last_used_at) for row in session.scalars(rows))

    def rotate(self, session: Session) -> Rotated:
        """Encrypt every row anew with the first key. What no key opens is left as it is, and named.

        Raises NoEncryptionKey.
        """
        keys, count, unreadable = self._keys(), 0, []
        for row in session.scalars(select(Row).order_by(Row.person_email, Row.service).with_for_update()):
            try:
                row.sealed = keys.rotate(row.sealed)
            except InvalidToken:
                unreadable.append((row.person_email, row.service))
            else:
                count += 1
        return Rotated(count, tuple(unreadable))

    def _keys(self) -> MultiFernet:
        if self._fernet is None:
            raise NoEncryptionKey
        return self._fernet


def _of(person: str, service: str) -> ColumnElement[bool]:
    return and_(Row.person_email == person.casefold(), Row.service == service)


def _bound(person: str, service: str) -> list[str]:
    return [person.casefold(), service]
