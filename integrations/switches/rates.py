"""What goes over interfaces, from two looks at their counters: bits, packets, errors, part of the speed. Pure.

Counters only grow, but for two cases: a counter comes to its end and begins again at 0, and somebody (or a restart)
sets all of them to 0. The first is made good where it is the only one that fell and the result can be; of the second
there is no rate, and it is said, rather than a spike that never was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from integrations.switches import shows
from integrations.switches.model import is_error
from integrations.switches.ports import bits_per_second

COMMANDS = ("show interface counters", "show interface counters errors", "show interface brief")
"""What two looks ask; one request each."""
COUNTED = COMMANDS[0]
"""The one there are no rates without."""

Note = Literal["", "wrapped", "reset"]
Numbers = tuple[int | None, ...]
Wanted = Callable[[str], bool]
"""Whether an interface is."""

_IN = ("eth_inucast", "eth_inmcast", "eth_inbcast")
_OUT = ("eth_outucast", "eth_outmcast", "eth_outbcast")
_WIDTHS = (32, 64)
_BEYOND = 1.1
"""A rate may be so many times the speed: the moments are taken here, and not on the switch."""
_FASTEST = 400e9
"""Bits per second that a port of unknown speed is believed."""
_SHORTEST = 0.5
"""Seconds between two looks at least: NX-OS brings its counters up to date about once a second."""


@dataclass(frozen=True, slots=True)
class Count:
    """What an interface has counted since it was last set to 0; None where the switch does not say."""

    in_octets: int | None
    out_octets: int | None
    in_packets: int | None
    out_packets: int | None
    errors: int | None
    discards: int | None
    speed: int | None
    """Bits per second."""

    @property
    def numbers(self) -> Numbers:
        """The seven numbers, to be kept; `Count(*numbers)` is the same again."""
        return (
            *(self.in_octets, self.out_octets, self.in_packets, self.out_packets),
            *(self.errors, self.discards, self.speed),
        )


@dataclass(frozen=True, slots=True)
class Look:
    """The counters of one switch at one moment, in seconds since the epoch."""

    at: float
    interfaces: Mapping[str, Count]


@dataclass(frozen=True, slots=True)
class Rate:
    """What went over an interface between two looks, `seconds` apart; None where it cannot be known."""

    interface: str
    seconds: float
    in_bits: float | None
    """Per second."""
    out_bits: float | None
    in_packets: float | None
    """Per second."""
    out_packets: float | None
    errors: int | None
    """Counted between the two looks."""
    discards: int | None
    speed: int | None
    """Bits per second."""
    note: Note = ""

    @property
    def in_percent(self) -> float | None:
        """Of the speed."""
        return _part(self.in_bits, self.speed)

    @property
    def out_percent(self) -> float | None:
        """Of the speed."""
        return _part(self.out_bits, self.speed)

    @property
    def busiest(self) -> float:
        """The larger of both directions; -1 where nothing is known, so that it comes last."""
        return max((each for each in (self.in_bits, self.out_bits) if each is not None), default=-1.0)


def look(bodies: Mapping[str, Any], at: float, wanted: Wanted) -> Look:
    """The counters in the answers to COMMANDS, of the interfaces that are wanted."""
    counted = {each.interface: each.values for each in shows.counters(bodies.get(COUNTED))}
    wrong = {each.interface: each.values for each in shows.counters(bodies.get(COMMANDS[1]))}
    speeds = {each.name: each.speed for each in shows.interfaces(bodies.get(COMMANDS[2]))}
    return Look(
        at,
        {
            name: _count(values, wrong.get(name, {}), speeds.get(name, ""))
            for name, values in counted.items()
            if wanted(name)
        },
    )


def _count(values: Mapping[str, int], wrong: Mapping[str, int], speed: str) -> Count:
    bad = {name: count for each in (values, wrong) for name, count in each.items() if _is_bad(name)}
    discards = [count for name, count in bad.items() if "disc" in name]
    errors = [count for name, count in bad.items() if "disc" not in name]
    return Count(
        values.get("eth_inbytes"),
        values.get("eth_outbytes"),
        _sum(values, _IN),
        _sum(values, _OUT),
        sum(errors) if errors else None,
        sum(discards) if discards else None,
        bits_per_second(speed),
    )


@lru_cache(maxsize=512)
def _is_bad(name: str) -> bool:
    """Kept, since a thousand switches have the same names for their counters."""
    return is_error(name)


def _sum(values: Mapping[str, int], names: tuple[str, ...]) -> int | None:
    found = [values[name] for name in names if name in values]
    return sum(found) if found else None


def rates(before: Look, after: Look) -> tuple[Rate, ...]:
    """The rates of the interfaces that both looks hold, in the order of the later one.

    None where the looks are less than half a second apart, or in the wrong order (a clock was set).
    """
    seconds = after.at - before.at
    if seconds < _SHORTEST:
        return ()
    return tuple(
        _rate(name, before.interfaces[name], now, seconds)
        for name, now in after.interfaces.items()
        if name in before.interfaces
    )


def _rate(name: str, before: Count, now: Count, seconds: float) -> Rate:
    fell = sum(
        new is not None and old is not None and new < old
        for old, new in zip(before.numbers[:6], now.numbers[:6], strict=True)
    )
    speed = now.speed
    octets = (speed or _FASTEST) / 8 * seconds * _BEYOND
    most = (octets, octets, octets / 64, octets / 64, 0.0, 0.0)  # 64 octets are Ethernet's smallest frame
    grown = [
        _grown(old, new, limit)
        for old, new, limit in zip(before.numbers[:6], now.numbers[:6], most, strict=True)
    ]
    if fell and (fell > 1 or any(note == "reset" for _, note in grown)):
        return Rate(name, seconds, None, None, None, None, None, None, speed, "reset")
    in_octets, out_octets, in_packets, out_packets, errors, discards = (count for count, _ in grown)
    return Rate(
        name,
        seconds,
        None if in_octets is None else in_octets * 8 / seconds,
        None if out_octets is None else out_octets * 8 / seconds,
        None if in_packets is None else in_packets / seconds,
        None if out_packets is None else out_packets / seconds,
        errors,
        discards,
        speed,
        "wrapped" if fell else "",
    )


def _grown(before: int | None, now: int | None, most: float) -> tuple[int | None, Note]:
    """By how much a counter grew. One that fell has come to its end where it then grew by `most` or less."""
    if before is None or now is None:
        return None, ""
    if now >= before:
        return now - before, ""
    width = next((each for each in _WIDTHS if before < 2**each), None)
    over = None if width is None else now + 2**width - before
    return (over, "wrapped") if over is not None and over <= most else (None, "reset")


def bits_in_words(bits: float | None) -> str:
    """`8.42 Gb/s`; `?` where it is not known."""
    if bits is None:
        return "?"
    for unit, size in (("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if bits >= size:
            return f"{bits / size:.2f} {unit}b/s"
    return f"{bits:.0f} b/s"


def _part(bits: float | None, speed: int | None) -> float | None:
    return None if bits is None or not speed else bits / speed * 100
