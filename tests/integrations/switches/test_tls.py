"""Who a switch is: CA, pinned certificate, nothing; old TLS; and which of the two paths is taken."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from integrations.switches import errors
from integrations.switches.inventory.entries import Entry, switch_of
from integrations.switches.inventory.model import Switch, Tls
from integrations.switches.transport.seam import way_to
from tests.integrations.switches.conftest import Make
from tests.integrations.switches.stand import Stands, certificate, saying, switch

VERSION = {"host_name": "leaf01"}


def test_a_certificate_of_a_named_ca_is_taken(
    stands: Stands, client_of: Make, tmp_path: Path, fast: str
) -> None:
    made = certificate(tmp_path)
    leaf = switch(stands.open(saying(VERSION), made.context()), protocol="https", tls=Tls(ca=str(made.pem)))
    (result,) = client_of(leaf, fast=fast).ask([leaf], ["show version"])
    assert result.outputs[0].body == VERSION


@pytest.mark.parametrize("trusted", ["the system's", "another"])
def test_any_other_certificate_is_not_and_nothing_is_sent(
    stands: Stands, client_of: Make, tmp_path: Path, fast: str, trusted: str
) -> None:
    made, other = certificate(tmp_path), certificate(tmp_path, "other")
    stand = stands.open(saying(VERSION), made.context())
    leaf = switch(stand, protocol="https", tls=Tls(ca=str(other.pem)) if trusted == "another" else Tls())
    (result,) = client_of(leaf, fast=fast).ask([leaf], ["show version"])
    assert type(result.error) is errors.Untrusted
    assert result.error.cause == "certificate not trusted"
    assert stand.requests == []


def test_a_certificate_for_another_host_is_not(
    stands: Stands, client_of: Make, tmp_path: Path, fast: str
) -> None:
    made = certificate(tmp_path, address=False)
    stand = stands.open(saying(VERSION), made.context())
    leaf = switch(stand, protocol="https", tls=Tls(ca=str(made.pem)))
    (result,) = client_of(leaf, fast=fast).ask([leaf], ["show version"])
    assert type(result.error) is errors.Untrusted
    assert stand.requests == []


def test_the_pinned_certificate_is_taken_whatever_name_it_holds(
    stands: Stands, client_of: Make, tmp_path: Path, fast: str
) -> None:
    made = certificate(tmp_path, address=False)
    leaf = switch(stands.open(saying(VERSION), made.context()), protocol="https", tls=made.pinned)
    (result,) = client_of(leaf, fast=fast).ask([leaf], ["show version"])
    assert result.outputs[0].body == VERSION
    assert result.path == "sure"


def test_another_than_the_pinned_certificate_is_not_and_nothing_is_sent(
    stands: Stands, client_of: Make, tmp_path: Path, fast: str
) -> None:
    made, pinned = certificate(tmp_path), certificate(tmp_path, "pinned")
    stand = stands.open(saying(VERSION), made.context())
    leaf = switch(stand, protocol="https", tls=pinned.pinned)
    (result,) = client_of(leaf, fast=fast).ask([leaf], ["show version"])
    assert str(result.error) == (
        f"leaf01: its certificate is another one: sha256:{made.fingerprint.hex()}. Nothing was sent to it. Pin its "
        "fingerprint or name its CA in the inventory (`tls:`); if it was pinned, find out who answers there."
    )
    assert stand.requests == []


def test_without_a_check_anybody_is_believed(
    stands: Stands, client_of: Make, tmp_path: Path, fast: str
) -> None:
    made = certificate(tmp_path, address=False)
    leaf = switch(stands.open(saying(VERSION), made.context()), protocol="https", tls=Tls(verify=False))
    (result,) = client_of(leaf, fast=fast).ask([leaf], ["show version"])
    assert result.outputs[0].body == VERSION


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_ca_file_that_cannot_be_used_is_told(
    stands: Stands, client_of: Make, tmp_path: Path, fast: str, content: str | None
) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    stand = stands.open(saying(VERSION), certificate(tmp_path).context())
    leaf = switch(stand, protocol="https", tls=Tls(ca=str(path)))
    (result,) = client_of(leaf, fast=fast).ask([leaf], ["show version"])
    assert type(result.error) is errors.Untrusted
    assert f"the CA file {path} cannot be used" in str(result.error)
    assert stand.requests == []


def _rsa_exchange(context: ssl.SSLContext) -> None:
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("kRSA:@SECLEVEL=0")


def _tls_1_0(context: ssl.SSLContext) -> None:
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
@pytest.mark.parametrize("age", [_rsa_exchange, _tls_1_0])
@pytest.mark.parametrize("trust", ["nobody", "a CA", "a pin"])
def test_an_old_switch_is_reached_where_it_is_marked_and_only_there(
    stands: Stands, client_of: Make, tmp_path: Path, fast: str, age: object, trust: str
) -> None:
    made = certificate(tmp_path, old=True)
    context = made.context()
    assert callable(age)
    age(context)
    stand = stands.open(saying(VERSION), context)
    tls = {
        "nobody": Tls(verify=False, legacy=True),
        "a CA": Tls(ca=str(made.pem), legacy=True),
        "a pin": Tls(made.fingerprint, legacy=True),
    }[trust]
    marked = switch(stand, protocol="https", tls=tls)
    unmarked = switch(stand, "leaf02", protocol="https", tls=Tls(verify=False))
    old, new = client_of(marked, unmarked, fast=fast).ask([marked, unmarked], ["show version"])
    assert old.error is None
    assert old.path == "sure"
    assert type(new.error) is errors.OldTls
    assert "legacy_tls: true" in str(new.error)


def test_an_old_switch_with_another_than_its_pinned_certificate_gets_nothing(
    stands: Stands, client_of: Make, tmp_path: Path
) -> None:
    made, pinned = certificate(tmp_path, old=True), certificate(tmp_path, "pinned", old=True)
    stand = stands.open(saying(VERSION), made.context())
    leaf = switch(stand, protocol="https", tls=Tls(pinned.fingerprint, legacy=True))
    (result,) = client_of(leaf).ask([leaf], ["show version"])
    assert type(result.error) is errors.Untrusted
    assert stand.requests == []


def _switch(**more: object) -> Switch:
    return switch_of(
        "leaf01", Entry.model_validate({"host": "10.0.0.1", "user": "a", "password": "b", **more}), "test"
    )


@pytest.mark.parametrize(
    ("entry", "fast", "path", "reason"),
    [
        ({}, True, "fast", "modern TLS"),
        ({}, False, "sure", "the fast path is off (SWITCHES_FAST)"),
        ({"protocol": "http"}, True, "fast", "plain HTTP"),
        (
            {"tls": {"ca": "ca.pem"}},
            True,
            "fast",
            "modern TLS; the system's CAs are trusted beside its own",
        ),
        ({"tls": {"ca": "ca.pem"}}, False, "sure", "the fast path is off (SWITCHES_FAST)"),
        ({"tls": {"verify": False}}, True, "fast", "modern TLS"),
        ({"legacy_tls": True}, True, "sure", "legacy_tls: the fast path speaks no old TLS"),
        (
            {"tls": {"fingerprint": "sha256:" + "ab" * 32}},
            True,
            "sure",
            "its certificate is pinned, and only the sure path sees certificates",
        ),
    ],
)
def test_which_path_a_switch_takes_and_why(
    entry: dict[str, object], fast: bool, path: str, reason: str
) -> None:
    way = way_to(_switch(**entry), fast=fast)
    assert (way.path, way.reason) == (path, reason)


@pytest.mark.parametrize(
    ("tls", "told"),
    [
        (Tls(), "the system's CAs"),
        (Tls(ca="lab.pem"), "CA lab.pem"),
        (Tls(b"x" * 32), "certificate pinned"),
        (Tls(verify=False), "NOT CHECKED"),
        (Tls(verify=False, legacy=True), "NOT CHECKED, old TLS allowed"),
    ],
)
def test_how_a_switch_is_checked_is_told_in_words(tls: Tls, told: str) -> None:
    assert str(tls) == told


def test_an_alert_about_old_tls_is_understood_too(client_of: Make, tmp_path: Path, fast: str) -> None:
    """A real server says why before it hangs up, which asyncio's does not."""
    context = certificate(tmp_path, old=True).context()
    _rsa_exchange(context)

    def refuse(listening: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listening.accept()
                with contextlib.suppress(ssl.SSLError, OSError):
                    context.wrap_socket(connection, server_side=True)
                connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=refuse, args=(listening,), daemon=True).start()
        leaf = replace(_switch(tls={"verify": False}), host="127.0.0.1", port=listening.getsockname()[1])
        (result,) = client_of(leaf, fast=fast).ask([leaf], ["show version"])
        listening.shutdown(socket.SHUT_RDWR)
    assert type(result.error) is errors.OldTls
