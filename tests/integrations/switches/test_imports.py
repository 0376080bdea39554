"""Switches from NetBox and Nautobot: small fakes that answer in the shapes their REST APIs document."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from integrations.switches.inventory.imports import Import, Imported, read_import
from integrations.switches.inventory.model import InventoryError


class Source:
    """A fake of either: pages of devices behind a token, with filters looked at."""

    def __init__(self, devices: list[dict[str, Any]], accepts: str, page: int = 2) -> None:
        self.devices = devices
        self.accepts = accepts
        self.page = page
        self.asked: list[dict[str, list[str]]] = []
        self.says: tuple[int, bytes] | None = None
        self.next_host: str | None = None
        self.url = ""

    def answer(self, path: str, authorization: str) -> tuple[int, bytes]:
        query = parse_qs(urlsplit(path).query)
        self.asked.append(query)
        if self.says is not None:
            return self.says
        if authorization != self.accepts:
            return 403, b'{"detail": "Invalid token"}'
        offset = int(query.get("offset", ["0"])[0])
        found = self.devices[offset : offset + self.page]
        following = (
            f"{self.next_host or self.url}api/dcim/devices/?limit={self.page}&offset={offset + self.page}"
        )
        return 200, json.dumps(
            {
                "count": len(self.devices),
                "next": following if offset + self.page < len(self.devices) else None,
                "previous": None,
                "results": found,
            }
        ).encode()


@contextmanager
def serving(source: Source) -> Iterator[None]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = source.answer(self.path, self.headers.get("Authorization", ""))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    source.url = f"http://127.0.0.1:{server.server_port}/"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


def named(slug: str) -> dict[str, Any]:
    """A related object as NetBox gives it."""
    return {"id": 1, "url": "…", "display": slug.title(), "name": slug.title(), "slug": slug}


NETBOX = [
    {
        "id": 1,
        "name": "leaf01",
        "role": named("leaf"),
        "site": named("dc-1"),
        "tags": [named("pod1"), named("prod")],
        "platform": named("nxos"),
        "primary_ip": {"id": 7, "address": "10.0.0.1/24", "family": {"value": 4}},
        "primary_ip4": {"id": 7, "address": "10.0.0.1/24"},
        "status": {"value": "active", "label": "Active"},
    },
    # Before NetBox 3.6 it was `device_role`.
    {
        "id": 2,
        "name": "spine01",
        "device_role": named("spine"),
        "site": named("dc-1"),
        "tags": [],
        "primary_ip": {"address": "2001:db8::1/64"},
    },
    {"id": 3, "name": "leaf02", "role": named("leaf"), "site": None, "tags": [], "primary_ip": None},
    {"id": 4, "name": None, "role": named("leaf"), "site": named("dc-1"), "tags": [], "primary_ip": None},
    {"id": 5, "name": "core sw", "role": named("core"), "tags": [], "primary_ip": {"address": "10.0.0.5/24"}},
    {"id": 6, "name": "LEAF01", "role": named("leaf"), "tags": [], "primary_ip": {"address": "10.0.0.6/24"}},
]

NAUTOBOT = [
    {
        "id": "0a1b",
        "object_type": "dcim.device",
        "display": "leaf01",
        "name": "leaf01",
        "role": {"id": "1", "object_type": "extras.role", "display": "Data Leaf", "name": "Data Leaf"},
        "location": {"id": "2", "display": "Berlin DC1", "name": "Berlin DC1"},
        "tags": [{"id": "3", "display": "pod1", "name": "pod1"}],
        "primary_ip4": {"id": "4", "host": "10.0.0.1", "mask_length": 24, "address": "10.0.0.1/24"},
        "status": {"name": "Active"},
    }
]


def read(source: Source, **more: Any) -> Imported:
    given = {"from": "netbox", "url": source.url, "token": "t0ken", **more}
    return read_import("dc1", Import.model_validate(given))


def test_netbox_page_by_page() -> None:
    source = Source(NETBOX, "Token t0ken")
    with serving(source):
        found = read(source, filter={"role": ["leaf", "spine"], "status": "active"})
    assert found.entries == {
        "leaf01": {"host": "10.0.0.1", "tags": ("pod1", "prod", "leaf"), "site": "dc-1"},
        "spine01": {"host": "2001:db8::1", "tags": ("spine",), "site": "dc-1"},
    }
    assert found.notes == (
        "dc1: leaf02 is left out, since it has no primary address.",
        "dc1: a device without a name is left out, since it has none.",
        "dc1: core sw is left out, since its name cannot be said in a target: letters, digits, and . _ - "
        "/ between them.",
        "dc1: LEAF01 is there twice; the first is taken.",
    )
    assert source.asked == [
        {"role": ["leaf", "spine"], "status": ["active"], "limit": ["200"], "offset": ["0"]},
        {"limit": ["2"], "offset": ["2"]},
        {"limit": ["2"], "offset": ["4"]},
    ]


def test_what_becomes_a_tag_and_what_the_site_can_be_said() -> None:
    source = Source(NETBOX[:1], "Token t0ken")
    with serving(source):
        found = read(
            source,
            tags_from=["platform"],
            site_from="role",
            host_from="name",
            defaults={"port": 8443, "legacy_tls": True},
        )
    assert found.entries == {
        "leaf01": {"port": 8443, "legacy_tls": True, "host": "leaf01", "tags": ("nxos",), "site": "leaf"}
    }


def test_nautobot_whose_names_are_no_slugs() -> None:
    source = Source(NAUTOBOT, "Token t0ken")
    with serving(source):
        found = read(source, **{"from": "nautobot", "filter": {"role": "Data Leaf"}})
    assert found == Imported(
        {"leaf01": {"host": "10.0.0.1", "tags": ("pod1", "Data-Leaf"), "site": "Berlin-DC1"}}
    )
    assert source.asked == [{"role": ["Data Leaf"], "limit": ["200"], "offset": ["0"], "depth": ["1"]}]


def test_netbox_tokens_of_the_second_kind_are_bearer_tokens() -> None:
    source = Source(NETBOX[:1], "Bearer nbt_abc.def")
    with serving(source):
        assert list(read(source, token="nbt_abc.def").entries) == ["leaf01"]


@pytest.mark.parametrize(
    ("says", "told"),
    [
        ((403, b'{"detail": "Invalid token"}'), "answered 403. Check the token."),
        ((401, b""), "answered 401. Check the token."),
        ((500, b"<h1>Server Error</h1>"), "answered 500: <h1>Server Error</h1>"),
        ((302, b""), "answered 302: "),
        ((200, b"<html>Login</html>"), "answered no JSON. Check that the url is its root."),
        (
            (200, b'{"detail": "x"}'),
            "api/dcim/devices/ answered JSON that is no list of devices. Check the url.",
        ),
    ],
)
def test_what_is_told_where_it_does_not_answer_as_it_should(says: tuple[int, bytes], told: str) -> None:
    source = Source(NETBOX, "Token t0ken")
    source.says = says
    with serving(source), pytest.raises(InventoryError) as caught:
        read(source)
    assert str(caught.value).startswith(f"dc1: {source.url}")
    assert str(caught.value).endswith(told)
    assert "t0ken" not in str(caught.value)


def test_nobody_answers() -> None:
    source = Source(NETBOX, "Token t0ken")
    with serving(source):
        pass
    with pytest.raises(
        InventoryError, match=r"^dc1: http://127\.0\.0\.1:\d+/ gave no answer \(ConnectionError\)\.$"
    ):
        read(source)


def test_the_token_follows_no_page_to_another_host() -> None:
    source = Source(NETBOX, "Token t0ken")
    source.next_host = "http://evil.example/"
    with serving(source), pytest.raises(InventoryError) as caught:
        read(source)
    assert str(caught.value) == "dc1: its next page is at another host, evil.example, which gets no token."


def test_a_next_page_of_another_scheme_behind_a_proxy_is_found() -> None:
    source = Source(NETBOX[:3], "Token t0ken")
    source.next_host = "https://127.0.0.1/"
    with serving(source):
        assert list(read(source).entries) == ["leaf01", "spine01"]


def test_pages_that_lead_round_in_a_circle_are_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integrations.switches.inventory.imports._MOST_PAGES", 3)
    source = Source(NETBOX * 20, "Token t0ken")
    with serving(source), pytest.raises(InventoryError, match="lead round in a circle"):
        read(source)
