"""TLS: one certificate for all, the fingerprint in the inventory, and switches that are old or wrong."""

import hashlib
import socket
import ssl
import warnings
from pathlib import Path
from typing import Any

import pytest
import yaml

from playground.switches.farm import FarmOptions
from tests.playground.switches.running_farm import RunningFarm, message, needs_addresses, running_farm

# The certificates are self-signed, and these tests look at them where they matter.
pytestmark = pytest.mark.filterwarnings("ignore:Unverified HTTPS request")


def inventory(farm: RunningFarm, folder: Path) -> dict[str, Any]:
    """The inventory of a farm, as YAML has it."""
    farm.farm.write_inventory(folder / "deep" / "inventory.yaml")
    found = yaml.safe_load((folder / "deep" / "inventory.yaml").read_text())
    assert isinstance(found, dict)
    return found


def shake_hands(farm: RunningFarm, name: str, context: ssl.SSLContext) -> tuple[str, str, str]:
    """Version, cipher and fingerprint of a handshake. Raises ssl.SSLError."""
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    door = farm.farm.doors[name]
    with (
        socket.create_connection((door.host, door.port), timeout=20) as plain,
        context.wrap_socket(plain) as wrapped,
    ):
        der, version, cipher = wrapped.getpeercert(binary_form=True), wrapped.version(), wrapped.cipher()
    assert der is not None and version is not None and cipher is not None
    return version, cipher[0], f"sha256:{hashlib.sha256(der).hexdigest()}"


def modern() -> ssl.SSLContext:
    """What Python does by itself."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def lowered() -> ssl.SSLContext:
    """What reaches every old switch."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
    return context


@needs_addresses
def test_the_inventory_tells_where_switches_are_and_whom_to_trust(
    tls_farm: RunningFarm, tmp_path: Path
) -> None:
    found = inventory(tls_farm, tmp_path)
    door = tls_farm.farm.doors["leaf01"]
    version, _, fingerprint = shake_hands(tls_farm, "leaf01", modern())
    assert version == "TLSv1.3"
    assert found == {
        "switches": {
            name: {
                "host": f"127.1.0.{number}",
                "port": door.port,
                "tags": [name.rstrip("012"), "pod1"],
                "site": "lab",
                "tls": {"fingerprint": fingerprint},
            }
            for number, name in enumerate(("spine01", "spine02", "leaf01", "leaf02"), 1)
        },
        "defaults": {"user": "admin", "password": "${SWITCHES_PASSWORD}", "protocol": "https"},
    }


def test_requests_are_answered_over_tls_with_a_secure_cookie(tls_farm: RunningFarm) -> None:
    answer = tls_farm.ask("leaf01", "show hostname")
    assert answer.status_code == 200
    assert answer.headers["Set-Cookie"].endswith("; Secure; HttpOnly;")


def test_a_switch_may_know_rsa_key_exchange_only(tls_farm: RunningFarm) -> None:
    tls_farm.control("tls", switches="leaf01", mode="rsa_kex")
    with pytest.raises(ssl.SSLError):
        shake_hands(tls_farm, "leaf01", modern())
    version, cipher, fingerprint = shake_hands(tls_farm, "leaf01", lowered())
    assert (version, cipher.startswith(("ECDHE", "DHE"))) == ("TLSv1.2", False)
    assert fingerprint == tls_farm.control("switches/leaf01")["fingerprint"]


def test_a_switch_may_know_tls_1_0_only(tls_farm: RunningFarm) -> None:
    tls_farm.control("tls", switches="leaf01", mode="tls10")
    with pytest.raises(ssl.SSLError):
        shake_hands(tls_farm, "leaf01", modern())
    assert shake_hands(tls_farm, "leaf01", lowered())[0] == "TLSv1"


def test_a_switch_may_show_another_certificate_than_the_inventory_tells(
    tls_farm: RunningFarm, tmp_path: Path
) -> None:
    tls_farm.control("tls", switches="leaf01", mode="wrong_certificate")
    pinned = inventory(tls_farm, tmp_path)["switches"]["leaf01"]["tls"]["fingerprint"]
    assert shake_hands(tls_farm, "leaf01", modern())[2] != pinned
    assert shake_hands(tls_farm, "leaf02", modern())[2] == pinned


def test_a_switch_may_speak_plain_http(tls_farm: RunningFarm, tmp_path: Path) -> None:
    tls_farm.control("tls", switches="leaf01", mode="off")
    assert tls_farm.url("leaf01").startswith("http://")
    answer = tls_farm.ask("leaf01", "show hostname")
    assert answer.status_code == 200 and "Secure" not in answer.headers["Set-Cookie"]
    entry = inventory(tls_farm, tmp_path)["switches"]["leaf01"]
    assert entry["protocol"] == "http" and "tls" not in entry


def test_a_switch_is_what_the_options_say_from_the_start() -> None:
    options = FarmOptions(
        4, port=0, modes={"leaf*": "off"}, releases={"spine0?": "9.2(2)"}, user="ops", password="other"
    )
    with running_farm(options) as farm:
        told = {each["name"]: (each["tls"], each["release"]) for each in farm.control("switches")}
        assert told["leaf01"][0] == "off" and told["spine01"] == ("modern", "9.2(2)")
        assert farm.ask("leaf01", "show clock").status_code == 401
        assert farm.post("leaf01", json=message("show clock"), auth=("ops", "other")).status_code == 200


def test_names_may_be_ports_of_one_address() -> None:
    with running_farm(FarmOptions(4, port=0, one_address=True, tls=False)) as farm:
        doors = farm.farm.doors.values()
        assert {door.host for door in doors} == {"127.0.0.1"}
        assert len({door.port for door in doors}) == 4
        assert [farm.show(name, "show version")["host_name"] for name in farm.farm.doors] == [
            *farm.farm.doors
        ]


@needs_addresses
def test_a_vouched_switch_has_a_certificate_for_its_address_of_the_farms_own_ca(tmp_path: Path) -> None:
    with running_farm(FarmOptions(count=4, port=0, modes={"leaf*": "vouched"})) as farm:
        found = inventory(farm, tmp_path)["switches"]
        ca = Path(found["leaf01"]["tls"]["ca"])
        assert ca == tmp_path / "deep" / "inventory-ca.pem"
        assert "fingerprint" in found["spine01"]["tls"]
        trusting = ssl.create_default_context(cafile=str(ca))
        for name in ("leaf01", "leaf02"):
            door = farm.farm.doors[name]
            with (
                socket.create_connection((door.host, door.port), timeout=20) as plain,
                trusting.wrap_socket(plain, server_hostname=door.host) as wrapped,
            ):
                assert wrapped.version() == "TLSv1.3"
        door, other = farm.farm.doors["leaf01"], farm.farm.doors["leaf02"]
        with (
            socket.create_connection((door.host, door.port), timeout=20) as plain,
            pytest.raises(ssl.SSLCertVerificationError),
        ):
            trusting.wrap_socket(plain, server_hostname=other.host)
