"""Certificates made at start, and the ways a switch speaks TLS."""

from __future__ import annotations

import ssl
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, get_args

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

TlsMode = Literal["modern", "rsa_kex", "tls10", "wrong_certificate", "off"]
"""modern: TLS 1.2 and 1.3, ECDSA · rsa_kex: TLS 1.2 with RSA key exchange only · tls10: TLS 1.0 only ·
wrong_certificate: another key than the inventory's fingerprint tells · off: plain HTTP."""

TLS_MODES: tuple[TlsMode, ...] = get_args(TlsMode)

_Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True)
class Certificate:
    """A self-signed certificate with its key, both as PEM; the fingerprint is `sha256:` and hex of the DER."""

    pem: bytes
    key: bytes
    fingerprint: str


def make_certificate(key: _Key, name: str = "nxos") -> Certificate:
    """A certificate for a key; NX-OS calls itself `nxos` in its own."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365))
        .sign(key, hashes.SHA256())
    )
    return Certificate(
        pem=signed.public_bytes(serialization.Encoding.PEM),
        key=key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
        fingerprint=f"sha256:{sha256(signed.public_bytes(serialization.Encoding.DER)).hexdigest()}",
    )


class Tls:
    """The contexts of a farm, one for each mode and shared by all switches in it, made when first used."""

    def __init__(self) -> None:
        self._certificates: dict[TlsMode, Certificate] = {}
        self._contexts: dict[TlsMode, ssl.SSLContext] = {}

    def context(self, mode: TlsMode) -> ssl.SSLContext | None:
        """The context of a mode; None for plain HTTP. Raises ssl.SSLError where OpenSSL lacks what it needs."""
        if mode == "off":
            return None
        if mode not in self._contexts:
            self._contexts[mode] = _context(mode, self._certificate(mode))
        return self._contexts[mode]

    def fingerprint(self, mode: TlsMode) -> str | None:
        """The fingerprint an inventory tells for a switch in a mode."""
        if mode == "off":
            return None
        return self._certificate("modern" if mode == "wrong_certificate" else mode).fingerprint

    def _certificate(self, mode: TlsMode) -> Certificate:
        if mode not in self._certificates:
            self._certificates[mode] = make_certificate(_key(mode))
        return self._certificates[mode]


def _key(mode: TlsMode) -> _Key:
    if mode in ("rsa_kex", "tls10"):
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return ec.generate_private_key(ec.SECP256R1())


def _context(mode: TlsMode, certificate: Certificate) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # Every switch is another server: nobody resumes a session, and tickets would only cost.
    context.options |= ssl.OP_NO_TICKET
    context.num_tickets = 0
    if mode == "rsa_kex":
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers("kRSA:@SECLEVEL=0")
    elif mode == "tls10":
        context.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1
    with TemporaryDirectory() as folder:
        chain, key = Path(folder, "certificate.pem"), Path(folder, "key.pem")
        chain.write_bytes(certificate.pem)
        key.write_bytes(certificate.key)
        context.load_cert_chain(chain, key)
    return context
