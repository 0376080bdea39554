"""Traps that were measured in other clients, each of which costs a thousand switches dearly: none is in ours."""

from __future__ import annotations

import ssl
import threading
from pathlib import Path

import aiohttp
import pytest

from integrations.switches.client import SwitchesClient
from integrations.switches.inventory.model import Switch, Tls
from integrations.switches.loop import shared_loop
from integrations.switches.transport.fast import FastPath
from integrations.switches.transport.sure import SurePath
from tests.integrations.switches.conftest import Make
from tests.integrations.switches.stand import Reply, Request, Stands, certificate, saying, switch

VERSION = {"host_name": "leaf01"}


def _many(stands: Stands, tls: list[Tls], context: ssl.SSLContext) -> list[Switch]:
    stand = stands.open(saying(VERSION), context)
    return [switch(stand, f"leaf{number:02}", protocol="https", tls=each) for number, each in enumerate(tls)]


@pytest.mark.parametrize("setting", ["pin", "ca", "none"])
def test_a_hundred_switches_share_one_ssl_context(
    stands: Stands, client_of: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    """Making one loads the CAs: 25 to 43 ms each, even where nothing is verified (cpython issue 95031)."""
    made = certificate(tmp_path)
    tls = {"pin": made.pinned, "ca": Tls(ca=str(made.pem)), "none": Tls(verify=False)}[setting]
    switches = _many(stands, [tls] * 100, made.context())
    contexts = _counted(monkeypatch)
    client = client_of(*switches, fast="off")
    for _ in range(2):
        assert [result.error for result in client.ask(switches, ["show version"])] == [None] * 100
    assert len(contexts) == (0 if setting == "pin" else 1), (
        "aiohttp's own, made when it is imported, serves the pins"
    )


def test_a_hundred_different_pins_need_no_context_each(
    stands: Stands, client_of: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = certificate(tmp_path)
    pins = [Tls(bytes([number]) * 32) for number in range(99)]
    switches = _many(stands, [*pins, made.pinned], made.context())
    contexts = _counted(monkeypatch)
    results = client_of(*switches, fast="off").ask(switches, ["show version"])
    assert [result.switch.name for result in results if result.error is None] == ["leaf99"]
    assert contexts == []


def test_the_fast_path_builds_one_client_for_each_tls_setting(
    stands: Stands, client_of: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client of pyreqwest that verifies loads the CAs too: 5 ms each."""
    made = certificate(tmp_path)
    switches = _many(stands, [Tls(ca=str(made.pem))] * 50 + [Tls(verify=False)] * 50, made.context())
    built: list[str] = []
    build = FastPath._built

    def counting(self: FastPath, each: Switch) -> object:
        built.append(each.name)
        return build(self, each)

    monkeypatch.setattr(FastPath, "_built", counting)
    client = client_of(*switches, fast="on")
    for _ in range(2):
        assert [result.error for result in client.ask(switches, ["show version"])] == [None] * 100
    assert len(built) == 2


def test_no_jar_holds_the_cookies_of_a_thousand_switches(stands: Stands, client_of: Make) -> None:
    """A shared jar is searched through at every request: a thousand cookies make it quadratic."""
    stand = stands.open(saying(VERSION, headers=["Set-Cookie: nxapi_auth=abc; Path=/"]))
    switches = [switch(stand, f"leaf{number:03}") for number in range(20)]
    client = client_of(*switches, fast="off")
    client.ask(switches, ["show version"])
    sessions = _sessions(client)
    assert len(sessions) == 1
    assert isinstance(sessions[0].cookie_jar, aiohttp.DummyCookieJar)


def test_the_loop_is_uvloop_whose_tls_takes_less_than_half_the_memory(
    stands: Stands, client_of: Make
) -> None:
    """asyncio's own TLS holds 256 KB for each connection: 356 MB for a thousand, where uvloop has 111 MB."""
    leaf = switch(stands.open(saying(VERSION)))
    client = client_of(leaf)
    client.ask([leaf], ["show version"])
    assert type(shared_loop().loop).__module__.startswith("uvloop")


def test_clients_come_and_go_and_the_thread_with_the_loop_stays(
    stands: Stands, client_of: Make, tmp_path: Path
) -> None:
    """Once a thread that used pyreqwest has ended, making its next client is a segmentation fault (0.15.1)."""
    made = certificate(tmp_path)
    leaf = switch(stands.open(saying(VERSION), made.context()), protocol="https", tls=Tls(ca=str(made.pem)))
    threads = set()
    for _ in range(5):
        client = client_of(leaf, fast="on")
        client.ask([leaf], ["show version"])
        threads |= {each.ident for each in threading.enumerate() if each.name == "switches"}
        client.close()
    assert len(threads) == 1


def test_connections_at_once_are_bounded(stands: Stands, client_of: Make, tmp_path: Path, fast: str) -> None:
    """Nothing opens more connections than are asked side by side, and none stays open beyond those to be kept."""
    made = certificate(tmp_path)
    stand = stands.open(saying(VERSION), made.context())
    switches = [
        switch(stand, f"leaf{number:02}", protocol="https", tls=Tls(ca=str(made.pem))) for number in range(40)
    ]
    client = client_of(*switches, fast=fast, concurrency=8, warm=0)
    assert [result.error for result in client.ask(switches, ["show version"])] == [None] * 40
    assert stand.busiest <= 8
    assert {request.headers.get("connection") for request in stand.requests} == {"close"}


def test_handshakes_are_not_all_begun_at_once(
    stands: Stands, client_of: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They take turns on one core: a thousand begun together are all late together, where some could be done."""
    monkeypatch.setattr("integrations.switches.transport.sure._OPENING", 4)
    made = certificate(tmp_path)

    def slow(request: Request) -> Reply:
        return Reply(saying(VERSION)(request).body, after=0.01)

    stand = stands.open(slow, made.context())
    switches = [switch(stand, f"leaf{number:02}", protocol="https", tls=made.pinned) for number in range(30)]
    client = client_of(*switches, fast="off")
    assert [result.error for result in client.ask(switches, ["show version"])] == [None] * 30
    assert stand.busiest <= 4
    assert [result.error for result in client.ask(switches, ["show version"])] == [None] * 30
    assert stand.busiest > 4, "over open connections there is nothing to wait for"


def _counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Every SSLContext made from here on."""
    made: list[int] = []
    new = ssl.SSLContext.__new__

    def counting(cls: type[ssl.SSLContext], *args: int, **more: int) -> ssl.SSLContext:
        made.append(1)
        return new(cls, *args, **more)

    monkeypatch.setattr(ssl.SSLContext, "__new__", counting)
    return made


def _sessions(client: SwitchesClient) -> list[aiohttp.ClientSession]:
    path = client._paths["sure"]
    assert isinstance(path, SurePath)
    return list(path._sessions.values())
