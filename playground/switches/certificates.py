"""Certificates made at start, and the ways a switch speaks TLS."""

from __future__ import annotations

import ssl
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, get_args

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

TlsMode = Literal["modern", "vouched", "rsa_kex", "tls10", "wrong_certificate", "off"]
"""modern: TLS 1.2 and 1.3, ECDSA, self-signed · vouched: the same, with a certificate of its own for its address,
signed by the farm's CA · rsa_kex: TLS 1.2 with RSA key exchange only · tls10: TLS 1.0 only ·
wrong_certificate: another key than the inventory's fingerprint tells · off: plain HTTP."""

TLS_MODES: tuple[TlsMode, ...] = get_args(TlsMode)

_Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True)
class Certificate:
    """A self-signed certificate with its key, both as PEM; the fingerprint is `sha256:` and hex of the DER."""

    pem: bytes
    key: bytes
    fingerprint: str


class Authority:
    """The farm's own CA, which vouches for the address of a switch."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name("Sparkops playground CA")
        itself = x509.BasicConstraints(ca=True, path_length=0)
        builder = _builder(self._name, self._name, self._key).add_extension(itself, critical=True)
        self.pem = builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        """Its own certificate, for clients."""
        self._switch_key = ec.generate_private_key(ec.SECP256R1())

    def certificate(self, host: str) -> Certificate:
        """One for an address. All switches have one key, since making keys is what takes long."""
        names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))])
        builder = _builder(_name("nxos"), self._name, self._switch_key)
        signed = builder.add_extension(names, critical=False).sign(self._key, hashes.SHA256())
        return _certificate(signed, self._switch_key)


def make_certificate(key: _Key, name: str = "nxos") -> Certificate:
    """A certificate for a key; NX-OS calls itself `nxos` in its own."""
    signed = _builder(_name(name), _name(name), key).sign(key, hashes.SHA256())
    return _certificate(signed, key)


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _builder(subject: x509.Name, issuer: x509.Name, key: _Key) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365))
    )


def _certificate(signed: x509.Certificate, key: _Key) -> Certificate:
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
    """The contexts of a farm, made when first used: one for each mode and shared by all switches in it.

    Only a vouched switch has one of its own, since its certificate names its address.
    """

    def __init__(self) -> None:
        self._certificates: dict[tuple[TlsMode, str], Certificate] = {}
        self._contexts: dict[tuple[TlsMode, str], ssl.SSLContext] = {}
        self._authority: Authority | None = None

    def context(self, mode: TlsMode, host: str) -> ssl.SSLContext | None:
        """The context of a switch; None for plain HTTP. Raises ssl.SSLError where OpenSSL lacks what it needs."""
        if mode == "off":
            return None
        named = _named(mode, host)
        if named not in self._contexts:
            self._contexts[named] = _context(mode, self._certificate(mode, host))
        return self._contexts[named]

    def fingerprint(self, mode: TlsMode, host: str) -> str | None:
        """The fingerprint an inventory tells for a switch in a mode."""
        if mode == "off":
            return None
        return self._certificate("modern" if mode == "wrong_certificate" else mode, host).fingerprint

    @property
    def authority(self) -> Authority:
        """The CA of vouched switches."""
        if self._authority is None:
            self._authority = Authority()
        return self._authority

    def _certificate(self, mode: TlsMode, host: str) -> Certificate:
        named = _named(mode, host)
        if named not in self._certificates:
            vouched = mode == "vouched"
            made = self.authority.certificate(host) if vouched else make_certificate(_key(mode))
            self._certificates[named] = made
        return self._certificates[named]


def _named(mode: TlsMode, host: str) -> tuple[TlsMode, str]:
    return mode, host if mode == "vouched" else ""


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
