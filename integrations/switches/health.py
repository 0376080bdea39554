"""How a fleet is: what is broken, what is full, and which versions run. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from integrations.switches.facts import Facts

Kind = Literal[
    "power",
    "fan",
    "temperature",
    "module",
    "cpu",
    "memory",
    "err-disabled",
    "bgp",
    "vpc",
    "errors",
    "unanswered",
]
KINDS: tuple[Kind, ...] = (
    "power",
    "fan",
    "temperature",
    "module",
    "err-disabled",
    "vpc",
    "bgp",
    "cpu",
    "memory",
    "errors",
    "unanswered",
)
"""In the order in which they are told: the hardware first."""


@dataclass(frozen=True, slots=True)
class Limits:
    """From when on something is told."""

    cpu_percent: float = 80.0
    memory_percent: float = 85.0
    errors: int = 1
    """Errors and discards counted on an interface."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not well on one switch."""

    switch: str
    kind: Kind
    subject: str
    """The fan, the port, the neighbour."""
    says: str


@dataclass(frozen=True, slots=True)
class Health:
    """All findings by kind, and the versions."""

    switches: tuple[str, ...]
    findings: tuple[Finding, ...]
    versions: Mapping[str, tuple[str, ...]]
    """The switches of each version, the most frequent first."""

    @property
    def well(self) -> tuple[str, ...]:
        """The switches of which nothing is told."""
        ill = {finding.switch for finding in self.findings}
        return tuple(name for name in self.switches if name not in ill)

    def of_kind(self, kind: Kind) -> tuple[Finding, ...]:
        """What is told of one kind."""
        return tuple(finding for finding in self.findings if finding.kind == kind)


NO_LIMITS = Limits()


def health(fleet: Sequence[Facts], limits: Limits = NO_LIMITS) -> Health:
    """Look through the facts of every switch that answered."""
    found = [finding for facts in fleet for finding in _findings(facts, limits)]
    ordered = sorted(found, key=lambda finding: KINDS.index(finding.kind))
    versions: dict[str, list[str]] = {}
    for facts in fleet:
        if facts.version is not None:
            versions.setdefault(facts.version.version, []).append(facts.switch)
    spread = sorted(versions.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    return Health(
        tuple(facts.switch for facts in fleet), tuple(ordered), {name: tuple(mine) for name, mine in spread}
    )


def _findings(facts: Facts, limits: Limits) -> Iterator[Finding]:
    yield from _hardware(facts)
    yield from _load(facts, limits)
    yield from _ports(facts, limits)
    yield from _vpc(facts)
    yield from _bgp(facts)
    for command, error in facts.missing.items():
        yield Finding(facts.switch, "unanswered", command, error.came_back)


def _hardware(facts: Facts) -> Iterator[Finding]:
    if facts.environment is not None:
        for supply in facts.environment.supplies:
            if not supply.ok:
                yield Finding(
                    facts.switch, "power", f"power supply {supply.name}", supply.status or "no status"
                )
        for fan in facts.environment.fans:
            if not fan.ok:
                yield Finding(facts.switch, "fan", fan.name, fan.status or "no status")
        for sensor in facts.environment.temperatures:
            over = sensor.now is not None and sensor.minor is not None and sensor.now >= sensor.minor
            if over or not sensor.ok:
                says = (
                    f"{sensor.now} °C, {sensor.minor} is its minor threshold and {sensor.major} its major one"
                )
                yield Finding(facts.switch, "temperature", sensor.sensor, says)
    for module in facts.modules:
        if not module.ok:
            yield Finding(facts.switch, "module", f"module {module.slot}", module.status or "no status")


def _load(facts: Facts, limits: Limits) -> Iterator[Finding]:
    if facts.resources is None:
        return
    cpu, memory = facts.resources.cpu_percent, facts.resources.memory_percent
    if cpu is not None and cpu >= limits.cpu_percent:
        yield Finding(facts.switch, "cpu", "CPU", f"{cpu:.0f} % busy")
    alarm = facts.resources.memory_status.upper() not in ("OK", "")
    if memory is not None and (memory >= limits.memory_percent or alarm):
        yield Finding(facts.switch, "memory", "memory", f"{memory:.0f} % full")


def _ports(facts: Facts, limits: Limits) -> Iterator[Finding]:
    for port in facts.interfaces:
        if port.err_disabled:
            yield Finding(facts.switch, "err-disabled", port.name, port.reason or port.state)
    for counted in facts.counters:
        errors = counted.errors
        if sum(errors.values()) >= limits.errors:
            told = ", ".join(f"{name.removeprefix('eth_')} {count:,}" for name, count in errors.items())
            yield Finding(facts.switch, "errors", counted.interface, told)


def _vpc(facts: Facts) -> Iterator[Finding]:
    if facts.vpc is None:
        return
    vpc = facts.vpc
    if vpc.peer != "peer-ok":
        yield Finding(facts.switch, "vpc", f"domain {vpc.domain}", f"{vpc.peer} {vpc.reason}".strip())
    if vpc.keepalive != "peer-alive":
        yield Finding(facts.switch, "vpc", f"domain {vpc.domain}", f"keepalive: {vpc.keepalive}")
    if not vpc.consistent:
        yield Finding(facts.switch, "vpc", f"domain {vpc.domain}", f"not consistent {vpc.reason}".strip())
    for member in vpc.members:
        if not member.consistent:
            says = f"not consistent {member.reason}".strip()
            yield Finding(facts.switch, "vpc", f"vPC {member.number} ({member.port})", says)
        elif not member.up:
            yield Finding(facts.switch, "vpc", f"vPC {member.number} ({member.port})", "down")


def _bgp(facts: Facts) -> Iterator[Finding]:
    for peer in facts.bgp:
        if not peer.established:
            where = f"{peer.neighbour} (AS {peer.remote_as}, VRF {peer.vrf})"
            yield Finding(facts.switch, "bgp", where, peer.state or "no state")
