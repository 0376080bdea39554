"""The farm as a process: what is typed, what is printed, what is written."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
import yaml
from click.testing import CliRunner

from playground.switches.cli import cli
from tests.playground.switches.running_farm import AUTH, PATIENCE_S, message, needs_addresses

# The certificates are self-signed, and these tests look at them where they matter.
pytestmark = pytest.mark.filterwarnings("ignore:Unverified HTTPS request")


@contextmanager
def playground(*arguments: str) -> Iterator[str]:
    """Run `python -m playground …` and give its first line."""
    command = [sys.executable, "-m", "playground", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline()
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(PATIENCE_S) == 0


@needs_addresses
def test_a_farm_says_where_it_is_and_writes_its_inventory(tmp_path: Path) -> None:
    written = tmp_path / "switches.yaml"
    with playground(
        *(
            "switches",
            "--count",
            "6",
            "--port",
            "0",
            "--control-port",
            "0",
            "--latency",
            "5ms",
            "--jitter",
            "30%",
        ),
        *("--mode", "leaf02=off", "--release", "leaf0*=9.2(2)", "--inventory", str(written)),
        *("--prepare", "show version"),
    ) as line:
        told = re.fullmatch(
            r"playground switches: 6 on https://127\.1\.0\.1:(\d+) … 127\.1\.0\.6:\1; "
            r"control on (http://127\.0\.0\.1:\d+)/playground/\n",
            line,
        )
        assert told is not None, line
        entry = yaml.safe_load(written.read_text())["switches"]["leaf02"]
        assert entry == {
            "host": "127.1.0.4",
            "port": int(told[1]),
            "tags": ["leaf", "pod1"],
            "site": "lab",
            "protocol": "http",
        }
        url = f"http://{entry['host']}:{entry['port']}/ins"
        answer = requests.post(url, json=message("show version"), auth=AUTH, timeout=PATIENCE_S)
        body = answer.json()["ins_api"]["outputs"]["output"]["body"]
        assert (body["host_name"], body["kickstart_ver_str"]) == ("leaf02", "9.2(2)")
        anomalies = requests.get(f"{told[2]}/playground/anomalies", timeout=PATIENCE_S).json()
        assert anomalies["old_release"].startswith("leaf0")


def test_a_farm_runs_beside_webex_and_jenkins(tmp_path: Path) -> None:
    written = tmp_path / "switches.yaml"
    with playground("all", "--port", "0", "--switches", "8", "--switches-inventory", str(written)) as line:
        root = line.removeprefix("playground all on ").strip()
        control = requests.get(f"{root}/switches/playground/switches", timeout=PATIENCE_S).json()
        switches = yaml.safe_load(written.read_text())["switches"]
        assert {each["name"]: each["port"] for each in control} == {
            name: entry["port"] for name, entry in switches.items()
        }
        entry = switches["leaf06"]
        url = f"https://{entry['host']}:{entry['port']}/ins"
        answer = requests.post(
            url, json=message("show hostname"), auth=AUTH, timeout=PATIENCE_S, verify=False
        )
        assert "leaf06.lab.example.com" in answer.text
        assert requests.get(f"{root}/jenkins/api/json", timeout=PATIENCE_S).status_code == 403


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--count", "3"], "3 is not in the range 4<=x<=5000"),
        (["--latency", "soon"], "'soon' is no duration: write 50ms or 1.5s"),
        (["--jitter", "130%"], "'130%' is no share: write 30% or 0.3"),
        (["--mode", "leaf01=ssl3"], "'leaf01=ssl3' is not GLOB=VALUE with one of modern, vouched, rsa_kex"),
        (["--release", "9.2(2)"], "'9.2(2)' is not GLOB=VALUE with one of 7.0(3)I4(6)"),
    ],
)
def test_a_bad_option_says_what_is_wrong(arguments: list[str], error: str) -> None:
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 2
    assert error in " ".join(result.output.split())


@needs_addresses
def test_a_taken_address_is_named(tmp_path: Path) -> None:
    with playground("switches", "--port", "0", "--control-port", "0", "--no-tls") as line:
        port = line.partition("127.1.0.1:")[2].partition(" ")[0]
        result = CliRunner().invoke(cli, ["--port", port, "--control-port", "0"])
    assert result.exit_code == 1
    assert f"Listening on 127.1.0.1:{port}: Address already in use" in result.output
    assert "Choose another --port" in result.output
