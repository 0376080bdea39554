"""Keys for what is kept encrypted: many of them from one text, each bound to its use."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import SecretStr
from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Resealed:
    """How many `what` (a plural) the first key encrypts now, and which of them, in words, none of the keys opens."""

    count: int
    what: str
    unreadable: tuple[str, ...] = ()


Reseal = Callable[[Session, Sequence[SecretStr]], Resealed]
"""Encrypts anew with the first of the keys whatever somebody keeps encrypted; what no key opens stays as it is."""


def keyring(keys: Sequence[SecretStr], use: bytes) -> MultiFernet | None:
    """The keys of SPARKOPS_ENCRYPTION_KEY for one use: the first encrypts, all decrypt. None where there are none.

    `use` is a label that no other use has: the same text under another label gives other keys (RFC 5869, 3.2).
    """
    fernets = [Fernet(_derived(key, use)) for key in keys]
    return MultiFernet(fernets) if fernets else None


def _derived(key: SecretStr, use: bytes) -> bytes:
    """The Fernet key of a long text (HKDF-SHA256, RFC 5869)."""
    derived = HKDF(SHA256(), length=32, salt=None, info=use).derive(key.get_secret_value().encode())
    return base64.urlsafe_b64encode(derived)
