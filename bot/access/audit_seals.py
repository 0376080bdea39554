"""What the audit trail is sealed with: the hash of a row, of its link in the chain, and of the chain's end."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import SecretStr

HASHED = (
    "at",
    "request_key",
    "correlation_id",
    "entry",
    "person_email",
    "room_id",
    "command",
    "line",
    "decision",
    "rule",
    "result",
    "duration_ms",
    "arguments",
    "approvers",
)
"""The columns under a row's own hash; its number and its place are under its link's."""
_INFO = b"sparkops audit trail"
_PLAIN = "sha256"
_KEYED = "hmac-sha256"


class Verdict(Enum):
    """What a seal is worth."""

    KEYED = "made with one of the keys"
    PLAIN = "right, but made without a key"
    UNKNOWN_KEY = "made with a key that is not among those given"
    BROKEN = "not the seal of this content"


@dataclass(frozen=True, slots=True)
class SealKeys:
    """The keys of the seals, newest first: the first one seals, any of them verifies.

    Without a key a seal is a plain SHA-256, which whoever can write the database can make as well.
    """

    keys: tuple[bytes, ...] = field(default=(), repr=False)

    def seal(self, content: bytes) -> str:
        """The seal of the content: `hmac-sha256:<the key's id>:<hex>`, or `sha256:<hex>` without a key."""
        if not self.keys:
            return f"{_PLAIN}:{hashlib.sha256(content).hexdigest()}"
        return f"{_KEYED}:{_key_id(self.keys[0])}:{_mac(self.keys[0], content)}"

    def check(self, seal: str | None, content: bytes) -> Verdict:
        """Whether this is a seal of this content, and by which kind of key."""
        kind, _, rest = (seal or "").partition(":")
        if kind == _PLAIN:
            is_right = hmac.compare_digest(rest, hashlib.sha256(content).hexdigest())
            return Verdict.PLAIN if is_right else Verdict.BROKEN
        key_id, _, digest = rest.partition(":")
        if kind != _KEYED or not digest.isascii():
            return Verdict.BROKEN
        for key in self.keys:
            if _key_id(key) == key_id:
                is_right = hmac.compare_digest(digest, _mac(key, content))
                return Verdict.KEYED if is_right else Verdict.BROKEN
        return Verdict.UNKNOWN_KEY


@lru_cache(maxsize=8)
def seal_keys(secrets: tuple[SecretStr, ...]) -> SealKeys:
    """The keys derived (HKDF, RFC 5869) from the settings' encryption keys, in the same order."""
    return SealKeys(tuple(_derived(secret.get_secret_value()) for secret in secrets))


def is_keyed(seal: str) -> bool:
    """Whether the seal claims to be made with a key."""
    return seal.startswith(f"{_KEYED}:")


def row_content(values: Mapping[str, Any]) -> bytes:
    """A row as it is hashed: canonical JSON of its columns, the moment in UTC with its microseconds."""
    at: datetime = values["at"]
    columns = {name: values[name] for name in HASHED}
    columns["at"] = at.astimezone(UTC).isoformat(timespec="microseconds")
    return b"row\n" + _canonical(columns)


def link_content(seq: int, row_id: int, content_hash: str | None, previous: str) -> bytes:
    """A row's link to the one before it, as it is hashed. `previous` is that one's link, empty for the first."""
    return b"link\n" + _canonical([seq, row_id, content_hash or "", previous])


def head_content(seq: int, chain_hash: str, adopted_through: int) -> bytes:
    """The note of where the chain ends, as it is hashed."""
    return b"head\n" + _canonical([seq, chain_hash, adopted_through])


def _canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode("ascii")


def _mac(key: bytes, content: bytes) -> str:
    return hmac.digest(key, content, "sha256").hex()


@lru_cache(maxsize=64)
def _key_id(key: bytes) -> str:
    """Tells keys apart without telling anything of them."""
    return _mac(key, b"key id")[:8]


def _derived(secret: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=_INFO).derive(secret.encode())
