"""Switches from NetBox or Nautobot, by their REST API: read page by page, kept for a while."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

import requests
from pydantic import Field, SecretStr, field_validator

from bot.config_fields import Listed, Strict
from integrations.switches.inventory.entries import unsayable
from integrations.switches.inventory.model import InventoryError

Kind = Literal["netbox", "nautobot"]
Property = Literal["tags", "role", "site", "location", "platform", "tenant"]

_PAGE = 200
_MOST_PAGES = 1_000
"""Pages after which something is wrong: 200,000 devices."""


class Import(Strict):
    """One source of switches beside the file. What the file says of a switch of the same name wins."""

    from_: Kind = Field(alias="from")
    """`netbox` or `nautobot`."""
    url: str
    """Its root, such as https://netbox.example.com."""
    token: SecretStr
    """An API token that may read devices."""
    filter: dict[str, Listed] = Field(default_factory=dict)
    """Its own filters over devices, such as `role: [leaf, spine]`, `status: active`, `platform: nxos`."""
    tags_from: tuple[Property, ...] = ("tags", "role")
    """What of a device becomes a tag here."""
    site_from: Property | None = None
    """What becomes the site: by default `site` of NetBox, `location` of Nautobot."""
    host_from: Literal["primary_ip", "name"] = "primary_ip"
    """Where it is reached: at its primary address, or by its name."""
    ca: str | None = None
    """A file of CA certificates in PEM to trust for this address."""
    timeout: float = Field(20.0, gt=0, le=300)
    """Seconds to wait for a page."""
    every: float = Field(600.0, ge=10)
    """Seconds after which it is asked again."""
    defaults: dict[str, Any] = Field(default_factory=dict)
    """What is said of all its switches, as under `defaults:` of the file."""

    @field_validator("url")
    @classmethod
    def _root(cls, url: str) -> str:
        parts = urlsplit(url.strip())
        if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc or parts.query:
            raise ValueError("it must be a plain web address such as https://netbox.example.com")
        return url.strip().rstrip("/") + "/"


@dataclass(frozen=True, slots=True)
class Imported:
    """What a source gave: entries by the switch's name, and what was left out and why."""

    entries: Mapping[str, dict[str, Any]]
    notes: tuple[str, ...] = ()


Fetch = Callable[[str, Mapping[str, Any]], Any]
"""The JSON at an address, with a query."""


def read_import(name: str, source: Import) -> Imported:
    """Ask the source for its devices. Raises InventoryError with the source's name and reason."""
    entries: dict[str, dict[str, Any]] = {}
    notes: list[str] = []
    taken: set[str] = set()
    with requests.Session() as session:
        for device in _devices(name, source, _fetch(name, source, session)):
            entry = entry_of(source, device)
            switch = str(device.get("name") or "").strip()
            if isinstance(entry, str):
                notes.append(f"{name}: {switch or 'a device without a name'} is left out, since {entry}.")
            elif switch.casefold() in taken:
                notes.append(f"{name}: {switch} is there twice; the first is taken.")
            else:
                taken.add(switch.casefold())
                entries[switch] = {**source.defaults, **entry}
    return Imported(entries, tuple(notes))


def entry_of(source: Import, device: Mapping[str, Any]) -> dict[str, Any] | str:
    """A device as an entry of the inventory, or why it cannot be one. Pure."""
    name = str(device.get("name") or "").strip()
    if not name:
        return "it has none"
    if (fault := unsayable(name)) is not None:
        return f"its name {fault}"
    host = name if source.host_from == "name" else _address(device)
    if host is None:
        return "it has no primary address"
    tags = [tag for kind in source.tags_from for tag in _words(device, kind)]
    site_from = source.site_from or ("site" if source.from_ == "netbox" else "location")
    site = next(iter(_words(device, site_from)), None)
    entry: dict[str, Any] = {"host": host, "tags": tuple(dict.fromkeys(tags))}
    return {**entry, "site": site} if site else entry


def _address(device: Mapping[str, Any]) -> str | None:
    """NetBox and Nautobot give `10.0.0.1/24` as `address`; Nautobot `host` beside it."""
    for key in ("primary_ip", "primary_ip4", "primary_ip6"):
        given = device.get(key)
        if isinstance(given, dict) and (address := given.get("host") or given.get("address")):
            return str(address).partition("/")[0]
    return None


def _words(device: Mapping[str, Any], kind: Property) -> Iterator[str]:
    """What of a device can be a tag: slugs, or names made into words. NetBox before 3.6 calls `role` `device_role`."""
    given = device.get(kind)
    if kind == "role" and given is None:
        given = device.get("device_role")
    for each in given if isinstance(given, list) else [given]:
        word = (
            (each.get("slug") or each.get("name") or each.get("display")) if isinstance(each, dict) else each
        )
        sayable = "-".join(str(word or "").split())
        if sayable and unsayable(sayable) is None:
            yield sayable


def _devices(name: str, source: Import, fetch: Fetch) -> Iterator[Mapping[str, Any]]:
    """Every device, page by page: both APIs answer `{"count", "next", "previous", "results"}`."""
    url = f"{source.url}api/dcim/devices/"
    query: Mapping[str, Any] = {**source.filter, "limit": _PAGE, "offset": 0}
    if source.from_ == "nautobot":
        # Without it Nautobot 2 gives related objects as ids only ("Depth" in its REST API's docs).
        query = {**query, "depth": 1}
    for _ in range(_MOST_PAGES):
        page = fetch(url, query)
        if not isinstance(page, dict) or not isinstance(page.get("results"), list):
            raise InventoryError(f"{name}: {url} answered JSON that is no list of devices. Check the url.")
        yield from (each for each in page["results"] if isinstance(each, dict))
        if not page.get("next"):
            return
        url, query = _same_place(name, source, str(page["next"])), {}
    raise InventoryError(
        f"{name}: more than {_MOST_PAGES} pages of devices: its pages lead round in a circle."
    )


def _same_place(name: str, source: Import, url: str) -> str:
    """The next page's path on the address that was configured: behind a proxy `next` often names another scheme.

    Raises InventoryError where it leads to another host: the token goes there too.
    """
    mine, theirs = urlsplit(source.url), urlsplit(url)
    if theirs.hostname != mine.hostname:
        raise InventoryError(
            f"{name}: its next page is at another host, {theirs.hostname}, which gets no token."
        )
    return theirs._replace(scheme=mine.scheme, netloc=mine.netloc).geturl()


def _fetch(name: str, source: Import, session: requests.Session) -> Fetch:
    token = source.token.get_secret_value()
    # NetBox 4.5's second kind of token ("nbt_…") is a bearer token; all others are "Token …" in both.
    scheme = "Bearer" if token.startswith("nbt_") else "Token"
    session.headers.update({"Authorization": f"{scheme} {token}", "Accept": "application/json"})
    session.trust_env = False
    session.verify = source.ca or True

    def fetch(url: str, query: Mapping[str, Any]) -> Any:
        try:
            answer = session.get(url, params=dict(query), timeout=source.timeout, allow_redirects=False)
        except requests.RequestException as error:
            raise InventoryError(f"{name}: {source.url} gave no answer ({type(error).__name__}).") from None
        if answer.status_code in (401, 403):
            raise InventoryError(f"{name}: {source.url} answered {answer.status_code}. Check the token.")
        if answer.status_code != 200:
            says = " ".join(answer.text.split())[:200]
            raise InventoryError(f"{name}: {source.url} answered {answer.status_code}: {says}")
        try:
            return answer.json()
        except requests.JSONDecodeError:
            raise InventoryError(
                f"{name}: {source.url} answered no JSON. Check that the url is its root."
            ) from None

    return fetch
