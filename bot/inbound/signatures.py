"""Check that a delivery was signed with one of our secrets, over its raw bytes. Pure.

`X-Spark-Signature` is the hex HMAC-SHA1 of the body (developer.webex.com, Webhooks guide). The newer
`X-Webex-Signature: SHA-256=<hex>, SHA-512=<hex>` is preferred: where it is there, it decides.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from typing import Protocol


class Headers(Protocol):
    """Header values by name, whatever the capitals."""

    def get(self, name: str, default: str) -> str:
        """The header's value, or the default."""


_STRONG = {"sha-512": "sha512", "sha-256": "sha256"}


def signed_by_one_of(body: bytes, headers: Headers, secrets: Sequence[str]) -> bool:
    """Whether one of the secrets signed exactly these bytes. Several secrets allow rotation.

    Compares in constant time.
    """
    newer = _signatures(headers.get("X-Webex-Signature", ""))
    if newer:
        return _any_matches(body, newer, secrets)
    older = headers.get("X-Spark-Signature", "").strip().casefold()
    return bool(older) and _any_matches(body, {"sha1": older}, secrets)


def _signatures(header: str) -> dict[str, str]:
    """`SHA-256=ab, sha-512=cd` as {"sha256": "ab", "sha512": "cd"}; unknown algorithms are left out."""
    found = {}
    for part in header.split(","):
        name, _, value = part.partition("=")
        if algorithm := _STRONG.get(name.strip().casefold()):
            found[algorithm] = value.strip().casefold()
    return found


def _any_matches(body: bytes, signatures: Mapping[str, str], secrets: Sequence[str]) -> bool:
    """Every algorithm given must match under the same secret."""
    matched = False
    for secret in secrets:
        checks = [
            hmac.compare_digest(hmac.digest(secret.encode(), body, name).hex().encode(), value.encode())
            for name, value in signatures.items()
        ]
        matched = matched or all(checks)
    return matched
