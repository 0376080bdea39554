"""The farm: a world of switches, each behind a door of its own."""

from __future__ import annotations

import errno
import resource
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TypeVar

import click

from playground.switches.certificates import Tls, TlsMode
from playground.switches.door import Door
from playground.switches.faults import Faults
from playground.switches.inventory import ca_of, write_inventory
from playground.switches.world import World

USER = "admin"
PASSWORD = "playground"
"""What the farm takes unless told otherwise; the inventory asks for it as SWITCHES_PASSWORD."""

PORT = 8443


@dataclass(frozen=True)
class FarmOptions:
    """How a farm is set up.

    count: switches. seed: makes it another fabric of the same size. port: that of all switches; 0 takes a free
    one. one_address: all on 127.0.0.1 with ports of their own from `port` on; so it is anyway without all of 127/8.
    latency, jitter: seconds until an answer, and the part of it by which it varies. tls: whether switches speak
    it. modes: other ways, by glob of names. releases: other releases, by glob. user, password: the account.
    """

    count: int
    seed: int = 1
    port: int = PORT
    one_address: bool = False
    latency: float = 0.0
    jitter: float = 0.0
    tls: bool = True
    modes: Mapping[str, TlsMode] = field(default_factory=dict)
    releases: Mapping[str, str] = field(default_factory=dict)
    user: str = USER
    password: str = PASSWORD


_Value = TypeVar("_Value", bound=str)


class Impossible(Exception):
    """An order that cannot be carried out, and why: mostly, no switch has a name that fits."""


class Farm:
    """All switches of a farm. After `bind()` their ports are known, after `start()` they answer."""

    def __init__(self, options: FarmOptions) -> None:
        self.options = options
        self.one_address = options.one_address or not whole_loopback()
        self.tls = Tls()
        self._running = False
        self._make()

    def _make(self) -> None:
        options = self.options
        self.faults = Faults()
        self.world = World(options.count, options.seed)
        accounts = {options.user: options.password}
        self.doors = {
            name: Door(switch, self._host(switch.chassis.number), self.tls, self.faults, accounts)
            for name, switch in self.world.switches.items()
        }
        plain: TlsMode = "modern" if options.tls else "off"
        for name, door in self.doors.items():
            door.latency, door.jitter = options.latency, options.jitter
            door.mode = _first(options.modes, name) or plain
            door.switch.release = _first(options.releases, name) or door.switch.release

    def _host(self, number: int) -> str:
        if self.one_address:
            return "127.0.0.1"
        return f"127.{1 + number // 62_500}.{number // 250 % 250}.{number % 250 + 1}"

    def bind(self) -> None:
        """Take all addresses. Raises OSError that names the one that is taken."""
        _allow_files(len(self.doors))
        for attempt in range(10):
            try:
                self._bind()
                return
            except OSError as error:
                self._unbind()
                # With a free port of one address chosen, the same port may be taken on another.
                if self.options.port or error.errno != errno.EADDRINUSE or attempt == 9:
                    raise

    def _bind(self) -> None:
        port = self.options.port
        for number, door in enumerate(self.doors.values()):
            apart = number if self.one_address and port else 0
            try:
                door.bind(port + apart)
            except OSError as error:
                raise OSError(error.errno, f"{door.host}:{port + apart}: {error.strerror}") from error
            if not self.one_address:
                port = door.port

    def _unbind(self) -> None:
        for door in self.doors.values():
            door.close()

    async def start(self) -> None:
        """Let all switches answer."""
        self._running = True
        for door in self.doors.values():
            await door.open()

    def prepare(self, commands: Iterable[str]) -> None:
        """Render the structured answers of all switches before anybody asks, so that a bench measures its client."""
        for door in self.doors.values():
            for command in commands:
                door.shows.run(command, "structured")

    async def stop(self) -> None:
        """End it: no switch listens, no connection is left."""
        self._running = False
        for door in self.doors.values():
            door.close()
            door.cut()

    async def reset(self) -> None:
        """Make the world anew, behind the same ports."""
        ports = [door.port for door in self.doors.values()]
        await self.stop()
        self._make()
        for door, port in zip(self.doors.values(), ports, strict=True):
            door.port = port
        await self.start()

    def chosen(self, names: str) -> list[Door]:
        """The switches whose names fit a glob. Raises Impossible."""
        found = [door for name, door in self.doors.items() if fnmatchcase(name, names)]
        if not found:
            raise Impossible(f"no switch is named {names}: they are {', '.join([*self.doors][:4])}, …")
        return found

    async def power(self, names: str, on: bool) -> list[Door]:
        """Cut the power of switches, or give it back. Raises Impossible."""
        doors = self.chosen(names)
        for door in doors:
            if on and not door.switch.powered:
                door.switch.power_on()
                await door.open()
            elif not on:
                door.switch.power_off()
                door.close()
                door.cut()
        return doors

    async def set_tls(self, names: str, mode: TlsMode) -> list[Door]:
        """Let switches speak TLS another way. Raises Impossible, and ssl.SSLError where OpenSSL cannot."""
        doors = self.chosen(names)
        for door in doors:
            self.tls.context(mode, door.host)
        for door in doors:
            door.mode = mode
            await door.reopen()
        return doors

    async def mind_refusals(self) -> None:
        """Close and open doors as the faults say that refuse connections."""
        for name, door in self.doors.items():
            if self.faults.refusing(name):
                door.close()
            else:
                await door.open()

    def write_inventory(self, path: Path) -> None:
        """Write the inventory of the farm to a file."""
        trusts = {name: self._trust(door, path) for name, door in self.doors.items()}
        if any(door.mode == "vouched" for door in self.doors.values()):
            path.parent.mkdir(parents=True, exist_ok=True)
            ca_of(path).write_bytes(self.tls.authority.pem)
        write_inventory(path, self.doors.values(), trusts, self.options.user)

    def _trust(self, door: Door, path: Path) -> dict[str, str] | None:
        if door.mode == "vouched":
            return {"ca": str(ca_of(path).absolute())}
        fingerprint = self.tls.fingerprint(door.mode, door.host)
        return None if fingerprint is None else {"fingerprint": fingerprint}

    @property
    def line(self) -> str:
        """The line that says where it is."""
        first, *_, last = self.doors.values()
        scheme = "http" if first.mode == "off" else "https"
        return (
            f"playground switches: {len(self.doors)} on {scheme}://{first.host}:{first.port} … "
            f"{last.host}:{last.port}"
        )


def _first(by_glob: Mapping[str, _Value], name: str) -> _Value | None:
    return next((value for glob, value in by_glob.items() if fnmatchcase(name, glob)), None)


def _allow_files(switches: int) -> None:
    """A socket for each switch and one for each connection to it are more than many systems start with."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * switches + 1024
    if soft < wanted and (hard == resource.RLIM_INFINITY or hard > soft):
        limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))


def bound_farm(options: FarmOptions, inventory: Path | None) -> Farm:
    """A farm whose addresses are taken and whose inventory is written. Raises ClickException, also for a bad count."""
    try:
        farm = Farm(options)
        farm.bind()
    except ValueError as error:
        raise click.ClickException(f"Making a farm: {error}.") from error
    except OSError as error:
        raise click.ClickException(f"Listening on {error.strerror}. Choose another --port.") from error
    if inventory is not None:
        farm.write_inventory(inventory)
    return farm


def whole_loopback() -> bool:
    """Whether all of 127/8 is this machine, as on Linux; macOS has 127.0.0.1 alone."""
    with socket.socket() as probe:
        try:
            probe.bind(("127.1.0.1", 0))
        except OSError:
            return False
    return True


async def start_farm(
    count: int,
    *,
    seed: int = 1,
    port: int = 0,
    latency: float = 0.0,
    jitter: float = 0.0,
    tls: bool = True,
    inventory: Path | None = None,
) -> Farm:
    """A farm that answers, on the running loop; `await farm.stop()` ends it. See FarmOptions.

    inventory: where to write its inventory. Raises OSError when an address is taken.
    """
    farm = Farm(FarmOptions(count, seed=seed, port=port, latency=latency, jitter=jitter, tls=tls))
    farm.bind()
    if inventory is not None:
        farm.write_inventory(inventory)
    await farm.start()
    return farm
