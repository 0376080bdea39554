"""A question to a fleet of switches: from the inventory to typed values, beside Go, and nornir with napalm.

A farm of stand-in switches in a process of its own: each has an address and a listening socket, checks Basic, speaks
TLS, and answers `show interface status` (some 65 rows, 10 KB). Every client opens a connection for each switch. Cold
is the first question of a process; warm is the second, over the connections and logins of the first. Rounds are
interleaved, figures are medians, and each peer's typed interfaces are counted: they must be as many as ours.

Every certificate names its switch's address and is signed by the farm's CA. Ours, on either path, and Go check it
against that; napalm checks nothing. The farm shares the machine's cores with its clients. Our
inventory is read before the clock runs (0.2 s for 1,000 switches): a bot reads it once, and again when it changes.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from bench.report import Result, publish
from bench.stage import ROOT, process, wait_until_answers
from bot.supervisor import free_port

ROUNDS, ROUNDS_OF_MANY = 5, 3
PASSWORD = "a-password-of-the-bench"
COMMAND = "show interface status"
_PEERS = ("napalm>=5,<6", "nornir>=3.5,<4")
_LINE = re.compile(r"^  (\S+): \{host: ([0-9.]+), port: ([0-9]+).*tls: \{ca: ([^}]+)\}", re.MULTILINE)
_FAST, _SURE, _GO, _NAPALM = "ours, fast path", "ours, sure path", "Go, net/http", "nornir + napalm"
_FAST_WARM, _SURE_WARM = "ours, fast path, warm", "ours, sure path, warm"
_SHOWN = {"wall": "wall s", "cpu": "CPU s", "rss_mb": "peak RSS MB"}

Figures = dict[str, dict[str, list[float]]]


@dataclass(frozen=True)
class Farm:
    """A running farm, and what clients need to know of it."""

    count: int
    inventory: Path
    list: Path
    ca: str
    control: str
    """The URL of its control API."""


@dataclass(frozen=True)
class Programs:
    """The peers, built."""

    go: Path
    python_with_napalm: Path


def main() -> None:
    """Build the peers, run the farms one after the other, ask."""
    found: dict[str, Figures] = {}
    with tempfile.TemporaryDirectory(prefix="sparkops-bench-") as folder:
        programs = Programs(go_program(Path(folder)), _with_napalm(Path(folder)))
        for count, latency, rounds in (
            (1_000, "50ms", ROUNDS),
            (1_000, "200ms", ROUNDS),
            (5_000, "50ms", ROUNDS_OF_MANY),
        ):
            with farm(count, latency, Path(folder)) as running:
                label = f"{count:,} @{latency}"
                found[label] = _rounds(running, programs, rounds)
                if label == "1,000 @50ms":
                    _add(found[label], _NAPALM, _napalm(programs, running))
    publish(_result(found))
    publish(_beside_napalm(found["1,000 @50ms"]))


def _result(found: Mapping[str, Figures]) -> Result:
    columns = [f"{label} {shown}" for label in found for shown in _SHOWN.values()]
    medians = {
        f"{label} {shown}": {who: median(values[key]) for who, values in figures.items()}
        for label, figures in found.items()
        for key, shown in _SHOWN.items()
    }
    who = (_GO, _FAST, _FAST_WARM, _SURE, _SURE_WARM)
    figures = {name: {column: medians[column][name] for column in columns} for name in who}
    ratios, targets = {}, {}

    def ratio(label: str, what: str, ours: str, peer: str, target: str) -> None:
        column = f"{label} {what}"
        name = f"{column}: {ours} / {peer}"
        ratios[name], targets[name] = medians[column][ours] / medians[column][peer], target

    for label in found:
        ratio(label, "wall s", _FAST, _GO, "no more than 1")
        ratio(label, "wall s", _SURE, _GO, "no more than 2")
        ratio(label, "wall s", _FAST_WARM, _GO, "below 1")
        ratio(label, "wall s", _SURE_WARM, _GO, "below 1")
        ratio(label, "CPU s", _FAST, _GO, "told")
        ratio(label, "CPU s", _SURE, _GO, "told")
    ratio("5,000 @50ms", "peak RSS MB", _FAST_WARM, _GO, "below 1")
    ratio("5,000 @50ms", "peak RSS MB", _SURE_WARM, _GO, "below 1")
    return Result("switches", "a Go program with a goroutine for each switch", figures, ratios, targets)


def _beside_napalm(figures: Figures) -> Result:
    """One run of theirs, since it takes a minute."""
    told = {
        name: {shown: median(figures[name][key]) for key, shown in _SHOWN.items()}
        for name in (_NAPALM, _FAST, _SURE)
    }
    ratios = {
        f"{name}, wall / {_NAPALM}": told[name]["wall s"] / told[_NAPALM]["wall s"] for name in (_FAST, _SURE)
    }
    targets = dict.fromkeys(ratios, "the fast path: no more than 1/40, 0.025")
    return Result(
        "switches_napalm", "nornir + napalm, 64 threads, 1,000 switches @50ms", told, ratios, targets
    )


def _rounds(running: Farm, programs: Programs, rounds: int) -> Figures:
    found: Figures = {}
    for _ in range(rounds):
        _add(found, _GO, _go(programs.go, running))
        fast = _ours(running.inventory, "on")
        _add(found, _FAST, fast["cold"])
        _add(found, _FAST_WARM, fast["warm"])
        sure = _ours(running.inventory, "off")
        _add(found, _SURE, sure["cold"])
        _add(found, _SURE_WARM, sure["warm"])
        counted = {whole["interfaces"] for whole in (fast["cold"], fast["warm"], sure["cold"], sure["warm"])}
        if counted != {found[_GO]["interfaces"][-1]}:
            raise RuntimeError(f"ours and Go read different numbers of interfaces: {counted}")
    return found


def _add(found: Figures, who: str, told: Mapping[str, Any]) -> None:
    for key in ("wall", "cpu", "rss_mb", "interfaces"):
        found.setdefault(who, {}).setdefault(key, []).append(told[key])


def go_alone(go: Path, running: Farm) -> float:
    """Seconds that the Go program takes to ask the farm."""
    return float(_go(go, running)["wall"])


def _go(go: Path, running: Farm) -> Mapping[str, Any]:
    arguments = ("-list", str(running.list), "-ca", running.ca)
    return _complete(_told((str(go), *arguments)), running.count)


def _ours(inventory: Path, fast: str) -> Mapping[str, Any]:
    told = _told((sys.executable, "-m", "bench.switches.ours", "--inventory", str(inventory), "--fast", fast))
    count = inventory.read_text().count("{host:")
    return {name: _complete(told[name], count) for name in ("cold", "warm")}


def _napalm(programs: Programs, running: Farm) -> Mapping[str, Any]:
    script = ROOT / "bench" / "switches" / "peer_napalm.py"
    command = (str(programs.python_with_napalm), str(script), "--list", str(running.list), "--user", "admin")
    return _complete(_told(command), running.count)


def _complete(told: Mapping[str, Any], count: int) -> Mapping[str, Any]:
    """A run in which not every switch answered measures something else."""
    if told["answered"] != count:
        raise RuntimeError(f"only {told['answered']} of {count} answered: {told['failures']}")
    return told


def _told(command: tuple[str, ...]) -> Any:
    environment = {**os.environ, "SWITCHES_PASSWORD": PASSWORD}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600)
    if done.returncode:
        raise RuntimeError(f"{command[0]} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout)


@contextmanager
def farm(count: int, latency: str, folder: Path) -> Iterator[Farm]:
    """So many switches with TLS, in a process of their own."""
    port, control, inventory = free_port(), free_port(), folder / f"switches-{count}-{latency}.yaml"
    options = {
        "--count": str(count),
        "--port": str(port),
        "--control-port": str(control),
        "--latency": latency,
        "--jitter": "30%",
        "--mode": "*=vouched",
        "--prepare": COMMAND,
        "--inventory": str(inventory),
    }
    command = ("-m", "playground", "switches", *(word for pair in options.items() for word in pair))
    with process(*command, environment={"SWITCHES_PASSWORD": PASSWORD}):
        wait_until_answers(f"http://127.0.0.1:{control}/playground/faults", 300)
        yield _farm(count, inventory, f"http://127.0.0.1:{control}/playground")
    time.sleep(1)


def _farm(count: int, inventory: Path, control: str) -> Farm:
    entries = _LINE.findall(inventory.read_text())
    if len(entries) != count:
        raise RuntimeError(f"{inventory} has {len(entries)} switches with a CA, and not {count}")
    addresses = inventory.with_suffix(".txt")
    addresses.write_text("".join(f"{name} {host}:{port}\n" for name, host, port, _ in entries))
    (ca,) = {entry[3] for entry in entries}
    return Farm(count, inventory, addresses, ca, control)


def go_program(folder: Path) -> Path:
    """The Go program. Needs Debian's package `golang`."""
    program = folder / "ask"
    environment = {**os.environ, "GOFLAGS": "-mod=mod", "GOCACHE": str(folder / "go"), "GO111MODULE": "on"}
    subprocess.run(
        ("go", "build", "-o", str(program), "."), cwd=ROOT / "bench" / "switches", env=environment, check=True
    )
    return program


def _with_napalm(folder: Path) -> Path:
    """A Python with nornir and napalm, in a venv of its own: neither is a dependency of ours."""
    place = folder / "peers"
    venv.create(place, with_pip=True)
    python = place / "bin" / "python"
    subprocess.run((str(python), "-m", "pip", "install", "--quiet", *_PEERS, "nornir-napalm"), check=True)
    return python
