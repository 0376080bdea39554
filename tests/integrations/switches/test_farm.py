"""Against the playground's farm over TLS: every fault at once, and a fabric whose faults are known."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from bot.supervisor import free_port
from integrations.switches.client import SwitchesClient, failures
from integrations.switches.errors import by_cause
from integrations.switches.facts import HEALTH_COMMANDS, SERIAL_COMMANDS, WHERE_COMMANDS, facts_of_all
from integrations.switches.find import find_host, find_ip, find_mac, find_serial
from integrations.switches.health import health
from integrations.switches.inventory.load import InventoryFile
from integrations.switches.settings import SwitchesSettings

COUNT = 60
PASSWORD = "a-password-of-the-tests"


@dataclass(frozen=True)
class Farm:
    """A running farm; `call` speaks with its control API."""

    control: str
    inventory: Path

    def call(self, path: str, order: dict[str, Any] | None = None, method: str | None = None) -> Any:
        verb = method or ("GET" if order is None else "POST")
        answer = requests.request(verb, f"{self.control}/playground/{path}", json=order, timeout=30)
        answer.raise_for_status()
        return answer.json()


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    path, port, control = tmp_path_factory.mktemp("farm") / "switches.yaml", free_port(), free_port()
    command = [
        sys.executable,
        "-m",
        "playground",
        "switches",
        "--count",
        str(COUNT),
        "--inventory",
        str(path),
    ]
    command += ["--port", str(port), "--control-port", str(control), "--password", PASSWORD]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    found = Farm(f"http://127.0.0.1:{control}", path)
    try:
        _wait_for(found)
        yield found
    finally:
        running.terminate()
        running.wait(30)


def _wait_for(farm: Farm) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            farm.call("faults")
            return
        except requests.ConnectionError:
            assert time.monotonic() < until, "the farm did not start"
            time.sleep(0.1)


@pytest.fixture(params=["fast", "sure"])
def client(farm: Farm, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[SwitchesClient]:
    """On the fast path nobody's certificate is checked, on the sure one everybody's fingerprint."""
    path = farm.inventory
    if request.param == "fast":
        path = tmp_path / "switches.yaml"
        path.write_text(_unchecked(farm.inventory.read_text()))
    settings = SwitchesSettings(inventory=path, deadline=60.0)
    made = SwitchesClient(InventoryFile(settings, {"SWITCHES_PASSWORD": PASSWORD}).inventory, settings)
    assert {made.way_to(each).path for each in made.inventory().switches.values()} == {request.param}
    yield made
    made.close()
    farm.call("faults", method="DELETE")


def _unchecked(text: str) -> str:
    return re.sub(r"fingerprint: '[^']+'", "verify: false", text)


FAULTS: dict[str, tuple[dict[str, Any], str | None]] = {
    "refused": ({}, "connection refused"),
    "hang": ({"count": None}, "not answered by the deadline"),
    "slow": ({"count": None, "seconds": 60}, "not answered by the deadline"),
    "reset": ({"count": None}, "connection broken"),
    "unauthorized": ({"count": None}, "user or password not taken (401)"),
    "too_big": ({"count": None}, "answer too large"),
    "backend": ({"count": None}, "back-end error (500)"),
    "unstructured": ({"count": None}, None),
    "html": ({"count": None, "status": 404}, "no NX-API there"),
    "xml": ({"count": None}, "XML instead of JSON"),
    "empty": ({"count": None}, "empty answer"),
    "truncated": ({"count": None}, "connection broken"),
    "session_limit": ({"count": None}, "all its NX-API sessions are taken"),
}


def test_with_every_fault_there_is_the_answer_comes_by_its_deadline_and_names_each(
    farm: Farm, client: SwitchesClient
) -> None:
    switches = client.select("all").switches
    assert len(switches) == COUNT
    struck = {kind: switch.name for kind, switch in zip(FAULTS, switches[10:], strict=False)}
    for kind, (more, _) in FAULTS.items():
        farm.call("faults", {"kind": kind, "switches": struck[kind], **more})
    results = client.ask(switches, ["show version"], timeout=30.0, deadline=5.0)
    assert [result.switch.name for result in results] == [switch.name for switch in switches]
    told = {result.switch.name: result.failure.cause for result in results if result.failure is not None}
    assert told == {struck[kind]: cause for kind, (_, cause) in FAULTS.items() if cause is not None}
    as_text = {result.switch.name for result in results if result.outputs and result.outputs[0].is_text}
    assert as_text == {struck["unstructured"]}
    assert sum(group.count for group in by_cause(failures(results))) == len(told)


def test_a_login_is_made_once_for_a_switch(farm: Farm, client: SwitchesClient) -> None:
    before = farm.call("switches/leaf01")
    for _ in range(3):
        (result,) = client.ask(client.select("leaf01").switches, ["show version"])
        assert result.failure is None
    after = farm.call("switches/leaf01")
    assert after["requests"] - before["requests"] == 3
    assert after["logins"] - before["logins"] == 1
    assert after["connections"] - before["connections"] == 1


def test_health_finds_what_is_wrong_in_the_fabric(farm: Farm, client: SwitchesClient) -> None:
    wrong = farm.call("anomalies")
    results = client.ask(client.select("all").switches, HEALTH_COMMANDS)
    assert failures(results) == ()
    found = health(facts_of_all(results))
    by_kind = {
        kind: {each.switch for each in found.of_kind(kind)}
        for kind in ("power", "fan", "temperature", "bgp", "vpc")
    }
    assert by_kind == {
        "power": {wrong["failed_power_supply"]},
        "fan": {wrong["absent_fan"], wrong["failed_power_supply"]},
        "temperature": {wrong["hot_sensor"]},
        "bgp": set(wrong["bgp_idle"]),
        "vpc": set(wrong["vpc_inconsistent"]),
    }
    disabled = {(each.switch, each.subject) for each in found.of_kind("err-disabled")}
    assert disabled == {(wrong["err_disabled"]["switch"], wrong["err_disabled"]["interface"])}
    ports = {(end["switch"], end["interface"]) for end in wrong["crc"]}
    assert {(each.switch, each.subject) for each in found.of_kind("errors")} == ports
    assert wrong["old_release"] in found.versions["7.0(3)I4(6)"]


def test_every_host_is_found_at_its_cables_by_each_of_its_names(farm: Farm, client: SwitchesClient) -> None:
    results = client.ask(client.select("all").switches, WHERE_COMMANDS)
    assert failures(results) == ()
    fleet = facts_of_all(results)
    hosts = farm.call("hosts")
    assert len(hosts) > 50
    for host in hosts[:: len(hosts) // 40]:
        switches = tuple(sorted(place["switch"] for place in host["places"]))
        for found in (find_mac(host["mac"], fleet), find_ip(host["ip"], fleet)):
            assert [tuple(sorted(place.switches)) for place in found.places] == [switches], host
        cables = {f"{place['switch']} {place['interface']}" for place in host["places"]}
        (place,) = find_mac(host["mac"], fleet).places
        assert set(place.members) == cables or {f"{place.switches[0]} {place.port}"} == cables


def test_a_switch_is_found_by_its_serial_number(farm: Farm, client: SwitchesClient) -> None:
    chassis = farm.call("switches/leaf03")
    fleet = facts_of_all(client.ask(client.select("@leaf").switches, SERIAL_COMMANDS))
    serial = next(facts.version.serial for facts in fleet if facts.switch == "leaf03" and facts.version)
    assert serial in chassis.values()
    assert [(part.switch, part.name) for part in find_serial(serial, fleet).parts] == [("leaf03", "Chassis")]
    assert find_host("nobody", fleet).places == ()
