"""All that is true in the farm at a moment: switches, hosts, anomalies, traffic, time."""

from __future__ import annotations

import time
from zlib import crc32

from playground.switches.anomalies import choose
from playground.switches.config import Config
from playground.switches.fabric import OLDEST, Attachments, Chassis, End, Host, build_fabric
from playground.switches.first_config import first_config
from playground.switches.traffic import Traffic

UPTIME_S = 3_313_000
"""How long switches have been up when the farm starts, give or take a month."""


class World:
    """The farm's state. `generation` rises with every change a show could tell, so that answers can be kept."""

    def __init__(self, count: int, seed: int = 1) -> None:
        self.fabric = build_fabric(count, seed)
        self.attachments = Attachments(self.fabric)
        self.anomalies = choose(self.fabric)
        self.generation = 0
        self._ahead = 0.0
        self.traffic = Traffic(self.now)
        self.switches = {name: Switch(self, chassis) for name, chassis in self.fabric.chassis.items()}
        self.switches[self.anomalies.old_release].release = OLDEST

    def now(self) -> float:
        """Seconds since 1970, plus what the control API has let go by."""
        return time.time() + self._ahead

    def advance(self, seconds: float) -> None:
        """Let time go by."""
        self._ahead += seconds

    def changed(self) -> None:
        """Say that answers given before may be wrong now."""
        self.generation += 1

    def move(self, host: Host, place: End) -> Host:
        """Hang a host on another port, single-attached."""
        for switch in {place.switch, *(old.switch for old in host.places)}:
            # The configuration is of how the host hung before; whoever moved it changed no configuration.
            _ = self.switches[switch].running
        self.changed()
        return self.attachments.move(host, place)


class Switch:
    """A switch: its chassis, and what changes of it."""

    def __init__(self, world: World, chassis: Chassis) -> None:
        self.world = world
        self.chassis = chassis
        self.release = chassis.release
        self.powered = True
        self.booted_at = world.now() - UPTIME_S + crc32(chassis.serial.encode()) % 2_600_000
        self.down: set[str] = set()
        self.flaps: dict[str, float] = {}
        self.checkpoints: dict[str, tuple[Config, float]] = {}
        self._running: Config | None = None
        self._startup: Config | None = None

    @property
    def name(self) -> str:
        """The name in the inventory; the hostname may be configured to another."""
        return self.chassis.name

    @property
    def hostname(self) -> str:
        """The hostname as configured."""
        # Asked of every switch in a large farm, so it does not make the configuration for it.
        return self.name if self._running is None else next(iter(self._running.top("hostname")), "switch")

    @property
    def running(self) -> Config:
        """The running configuration."""
        if self._running is None:
            hosts = self.world.attachments.on(self.name)
            self._running = first_config(self.world.fabric, self.chassis, hosts)
        return self._running

    @running.setter
    def running(self, config: Config) -> None:
        if self._startup is None:
            self._startup = self.running
        self._running = config
        self.world.changed()

    @property
    def startup(self) -> Config:
        """The startup configuration."""
        return self.running if self._startup is None else self._startup

    def save(self) -> None:
        """`copy running-config startup-config`."""
        self._startup = self.running

    def power_off(self) -> None:
        """Cut the power: what was not saved is lost."""
        self.powered = False
        self.world.changed()

    def power_on(self) -> None:
        """Start with the startup configuration; checkpoints by name live in flash and stay."""
        self._running = self.startup
        self.powered = True
        self.booted_at = self.world.now()
        self.world.changed()

    def flap(self, interface: str, down: bool) -> None:
        """Take the link of an interface down, or let it up again."""
        (self.down.add if down else self.down.discard)(interface)
        self.flaps[interface] = self.world.now()
        self.world.changed()

    def chance(self, about: str, choices: int) -> int:
        """A number below `choices` that is always the same for this switch and subject."""
        return crc32(f"{self.chassis.serial} {about}".encode()) % choices
