"""Whose deliveries are believed: those signed with one of our secrets over exactly these bytes."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from bot.inbound.signatures import signed_by_one_of

BODY = b'{"resource": "messages",  "event": "created"}'
PRESENT, FORMER, FOREIGN = "present-secret", "former-secret", "somebody-elses"


def signature(algorithm: str, secret: str = PRESENT, body: bytes = BODY) -> str:
    return hmac.new(secret.encode(), body, getattr(hashlib, algorithm)).hexdigest()


def newer(secret: str = PRESENT) -> str:
    return f"SHA-256={signature('sha256', secret)}, SHA-512={signature('sha512', secret)}"


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Spark-Signature": signature("sha1")},
        {"X-Spark-Signature": signature("sha1").upper()},
        {"X-Spark-Signature": signature("sha1", FORMER)},
        {"X-Webex-Signature": newer()},
        {"X-Webex-Signature": newer(FORMER)},
        {"X-Webex-Signature": f"sha-256 = {signature('sha256').upper()}"},
        {"X-Webex-Signature": f"SHA-512={signature('sha512')}"},
        {"X-Webex-Signature": newer(), "X-Spark-Signature": signature("sha1")},
        {"X-Webex-Signature": newer(), "X-Spark-Signature": "what a proxy made of it"},
        # An algorithm we do not know says nothing, so the older header is asked.
        {"X-Webex-Signature": "SHA3-256=abcd", "X-Spark-Signature": signature("sha1")},
    ],
)
def test_signed_with_one_of_our_secrets_in_either_header(headers: dict[str, str]) -> None:
    assert signed_by_one_of(BODY, headers, (PRESENT, FORMER))


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Spark-Signature": ""},
        {"X-Spark-Signature": signature("sha1", FOREIGN)},
        {"X-Spark-Signature": signature("sha1")[:-1]},
        {"X-Spark-Signature": signature("sha256")},
        {"X-Spark-Signature": "ü"},
        {"X-Webex-Signature": newer(FOREIGN)},
        {"X-Webex-Signature": "SHA-256="},
        {"X-Webex-Signature": f"SHA-256={signature('sha512')}"},
        # Where the newer header is there, it decides: a right SHA-1 beside it does not help.
        {"X-Webex-Signature": newer(FOREIGN), "X-Spark-Signature": signature("sha1")},
        # Each of its algorithms must be right, and under one and the same secret.
        {"X-Webex-Signature": f"SHA-256={signature('sha256')}, SHA-512={signature('sha512', FOREIGN)}"},
        {"X-Webex-Signature": f"SHA-256={signature('sha256')}, SHA-512={signature('sha512', FORMER)}"},
    ],
)
def test_anything_else_is_not_believed(headers: dict[str, str]) -> None:
    assert not signed_by_one_of(BODY, headers, (PRESENT, FORMER))


def test_the_signature_is_over_the_bytes_and_not_over_their_meaning() -> None:
    headers = {"X-Spark-Signature": signature("sha1")}
    assert not signed_by_one_of(BODY.replace(b",  ", b", "), headers, (PRESENT,))


def test_a_secret_that_was_taken_out_of_the_settings_counts_no_more() -> None:
    headers = {"X-Webex-Signature": newer(FORMER)}
    assert signed_by_one_of(BODY, headers, (PRESENT, FORMER))
    assert not signed_by_one_of(BODY, headers, (PRESENT,))
    assert not signed_by_one_of(BODY, headers, ())


def test_every_secret_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[bytes] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append(other)
        return one == other

    monkeypatch.setattr("bot.inbound.signatures.hmac.compare_digest", compare)
    assert signed_by_one_of(BODY, {"X-Spark-Signature": signature("sha1")}, (PRESENT, FORMER, FOREIGN))
    assert compared == [signature("sha1").encode()] * 3
