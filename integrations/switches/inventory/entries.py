"""A switch as a source writes it, and the switch it stands for. Pure."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr, field_validator, model_validator

from bot.config_fields import Listed, Strict
from integrations.switches.inventory.model import Api, Protocol, Switch, Tls

_FINGERPRINT = re.compile(r"(?:sha-?256[:=])?((?:[0-9a-f]{2}:?){31}[0-9a-f]{2})", re.IGNORECASE)
_HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9])?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.%\w]*")
NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._/-]*[A-Za-z0-9_])?")
"""What a switch, a tag, a site or a group may be called, so that a target can say it."""
RESERVED = frozenset({"and", "or", "not", "all"})
"""Words that mean something in a target."""
PORTS: dict[Protocol, int] = {"https": 443, "http": 80}


def _fingerprint(value: object) -> object:
    """32 bytes from `sha256:…`, with colons or without. Raises ValueError."""
    if not isinstance(value, str):
        return value
    match = _FINGERPRINT.fullmatch(value.strip())
    if match is None:
        raise ValueError(
            "it must be the certificate's SHA-256, sha256: and 64 hexadecimal digits, as `openssl x509 -noout "
            "-fingerprint -sha256` prints them"
        )
    return bytes.fromhex(match[1].replace(":", ""))


class TlsEntry(Strict):
    """How a switch proves who it is. By default by the CAs this machine trusts."""

    fingerprint: Annotated[bytes | None, BeforeValidator(_fingerprint)] = None
    """`sha256:…`: exactly this certificate."""
    ca: str | None = None
    """A file of CA certificates in PEM."""
    verify: bool = True
    """`false`: not at all."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        given = [self.fingerprint is not None, self.ca is not None, not self.verify]
        if sum(given) > 1:
            raise ValueError("fingerprint, ca and verify: false exclude each other: keep one")
        return self


class Entry(Strict):
    """What may be said of a switch. `defaults:` may say it of all."""

    host: str | None = None
    """Name or address."""
    url: str | None = None
    """Protocol, host and port in one, in place of them."""
    port: int | None = Field(None, ge=1, le=65535)
    protocol: Protocol | None = None
    user: str | None = None
    password: SecretStr | None = None
    tags: Listed = ()
    site: str | None = None
    tls: TlsEntry | None = None
    legacy_tls: bool = False
    """TLS 1.0, old ciphers and small keys are taken."""
    api: Api = "ins_api"

    @field_validator("url")
    @classmethod
    def _plain(cls, url: str | None) -> str | None:
        if url is None:
            return None
        parts = urlsplit(url.strip())
        if parts.scheme not in ("https", "http") or not parts.hostname:
            raise ValueError("it must be an address such as https://leaf01.example.com")
        if "@" in parts.netloc or parts.query or parts.fragment:
            raise ValueError("it must hold no user, password or query: those have keys of their own")
        if parts.path.strip("/") not in ("", "ins"):
            raise ValueError("it must have no path: NX-API is at /ins")
        if parts.port == 0:
            raise ValueError("the port 0 is none")
        return url.strip()

    @field_validator("host")
    @classmethod
    def _named(cls, host: str | None) -> str | None:
        if host is not None and not _HOST.fullmatch(host):
            raise ValueError(f"{host!r} is no name of a host and no address")
        return host

    @field_validator("tags")
    @classmethod
    def _sayable(cls, tags: tuple[str, ...]) -> tuple[str, ...]:
        for tag in tags:
            if (fault := unsayable(tag)) is not None:
                raise ValueError(f"the tag {tag!r} {fault}")
        return tags

    @field_validator("site")
    @classmethod
    def _sayable_site(cls, site: str | None) -> str | None:
        if site is not None and (fault := unsayable(site)) is not None:
            raise ValueError(f"the site {site!r} {fault}")
        return site


def unsayable(name: str) -> str | None:
    """Why no target could say this name; None where one can."""
    if not NAME.fullmatch(name):
        return "cannot be said in a target: letters, digits, and . _ - / between them"
    return "means something else in a target" if name.casefold() in RESERVED else None


def switch_of(name: str, entry: Entry, source: str) -> Switch:
    """The switch an entry stands for, with all defaults filled in. Raises ValueError for what is missing in it."""
    protocol, host, port = _address(entry)
    if host is None:
        raise ValueError(f"{name} has no host")
    if entry.user is None:
        raise ValueError(f"{name} has no user, and the defaults have none")
    if entry.password is None:
        raise ValueError(f"{name} has no password, and the defaults have none: write ${{SWITCHES_PASSWORD}}")
    if protocol == "http" and (entry.tls is not None or entry.legacy_tls):
        raise ValueError(f"{name} speaks plain HTTP, where tls and legacy_tls say nothing: remove them")
    return Switch(
        name=name,
        host=host,
        user=entry.user,
        password=entry.password,
        port=port or PORTS[protocol],
        protocol=protocol,
        api=entry.api,
        tls=_tls(entry),
        tags=frozenset(entry.tags),
        site=entry.site,
        source=source,
    )


def _address(entry: Entry) -> tuple[Protocol, str | None, int | None]:
    if entry.url is None:
        return entry.protocol or "https", entry.host, entry.port
    parts = urlsplit(entry.url)
    scheme: Literal["http", "https"] = "http" if parts.scheme == "http" else "https"
    return scheme, parts.hostname, parts.port


def _tls(entry: Entry) -> Tls:
    told = entry.tls or TlsEntry()
    return Tls(told.fingerprint, told.ca, told.verify, entry.legacy_tls)


def merged(*layers: dict[str, Any]) -> dict[str, Any]:
    """One entry from several, later ones first; an address given as `url` replaces host, port and protocol."""
    whole: dict[str, Any] = {}
    for layer in layers:
        if "url" in layer:
            whole = {key: value for key, value in whole.items() if key not in ("host", "port", "protocol")}
        elif "host" in layer:
            whole.pop("url", None)
        whole |= layer
    if whole.get("protocol") == "http" and not any("tls" in layer for layer in layers[1:]):
        # What the defaults say of TLS is about those that have it.
        whole.pop("tls", None)
    return whole
