"""States as they are kept: compressed, encrypted, and bound to the instance they belong to."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence

from cryptography.fernet import InvalidToken, MultiFernet
from pydantic import SecretStr

from bot.access.encryption import keyring
from integrations.stacks.errors import StackError

_LABEL = b"sparkops stack states 1"
_END = b"\n"


class NoKey(StackError):
    """SPARKOPS_ENCRYPTION_KEY is not set."""

    def __init__(self) -> None:
        super().__init__(
            "keeping terraform's state",
            "I keep states encrypted only, and have no key to do so",
            "My operator sets `SPARKOPS_ENCRYPTION_KEY` to a text from `openssl rand -hex 32` and starts me again; "
            "or the stack says `state: own` and keeps it elsewhere.",
        )


class CannotOpen(StackError):
    """The row was sealed with another key, changed, or copied from another instance."""


class Sealer:
    """Seals and opens states. Any thread may use it."""

    def __init__(self, keys: Sequence[SecretStr]) -> None:
        """The first of `keys` encrypts, all decrypt."""
        self._fernet = keyring(keys, _LABEL)

    def __repr__(self) -> str:
        return f"<Sealer, {'with' if self._fernet else 'without'} a key>"

    @property
    def has_key(self) -> bool:
        """Whether anything can be kept."""
        return self._fernet is not None

    def seal(self, stack: str, instance: str, content: bytes) -> bytes:
        """Compress and encrypt. Raises NoKey."""
        return self._keys().encrypt(_bound(stack, instance) + zlib.compress(content))

    def open(self, stack: str, instance: str, sealed: bytes) -> bytes:
        """What was sealed for this instance. Raises NoKey and CannotOpen."""
        try:
            bound, _, packed = self._keys().decrypt(sealed).partition(_END)
        except InvalidToken as error:
            raise _cannot(stack, instance) from error
        if bound + _END != _bound(stack, instance):
            raise _cannot(stack, instance)
        return zlib.decompress(packed)

    def renewed(self, sealed: bytes) -> bytes | None:
        """The same under the first key; None where no key opens it. Raises NoKey."""
        try:
            return self._keys().rotate(sealed)
        except InvalidToken:
            return None

    def _keys(self) -> MultiFernet:
        if self._fernet is None:
            raise NoKey
        return self._fernet


def _bound(stack: str, instance: str) -> bytes:
    return json.dumps([stack, instance]).encode() + _END


def _cannot(stack: str, instance: str) -> CannotOpen:
    return CannotOpen(
        f"opening the state of {stack}/{instance}",
        "it was encrypted with a key that is not in `SPARKOPS_ENCRYPTION_KEY` any more, or its row was tampered with",
        "My operator puts the former key back, as the second.",
    )
