"""How much went over an interface: counters that grow with time at a rate a test can set."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from zlib import crc32


@dataclass(frozen=True)
class Counters:
    """What an interface counted since its switch was started."""

    in_octets: int
    in_unicast: int
    in_multicast: int
    in_broadcast: int
    out_octets: int
    out_unicast: int
    out_multicast: int
    out_broadcast: int
    in_rate_bits: int
    out_rate_bits: int

    @property
    def in_packets(self) -> int:
        """All packets that came in."""
        return self.in_unicast + self.in_multicast + self.in_broadcast

    @property
    def out_packets(self) -> int:
        """All packets that went out."""
        return self.out_unicast + self.out_multicast + self.out_broadcast


NONE = Counters(0, 0, 0, 0, 0, 0, 0, 0, 0, 0)

_PAST_S = 1_000_000
"""Seconds of traffic an interface has seen before the farm was started."""


class Traffic:
    """The time that counts for counters: it runs `rate` times as fast as the clock, whole seconds only."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._since = clock()
        self._before = float(_PAST_S)
        self.rate = 1.0

    def set_rate(self, rate: float) -> None:
        """Let counters grow `rate` times as fast from now on; 0 stops them."""
        self._before, self._since = self._elapsed(), self._clock()
        self.rate = rate

    def _elapsed(self) -> float:
        return self._before + (self._clock() - self._since) * self.rate

    def seconds(self) -> int:
        """Whole seconds of traffic there have been."""
        return math.floor(self._elapsed())

    def counters(self, switch: str, interface: str) -> Counters:
        """The counters of an interface now; busy and idle ones differ by up to a thousand times."""
        chance = crc32(f"{switch} {interface}".encode())
        packets = 1 + chance % 997
        size = 200 + chance % 1201
        seconds = self.seconds()
        unicast = packets * seconds
        return Counters(
            in_octets=unicast * size,
            in_unicast=unicast,
            in_multicast=seconds // 10,
            in_broadcast=seconds // 30,
            out_octets=unicast * (size + 37),
            out_unicast=unicast + seconds // 7,
            out_multicast=seconds // 5,
            out_broadcast=seconds // 60,
            in_rate_bits=round(packets * size * 8 * self.rate),
            out_rate_bits=round(packets * (size + 37) * 8 * self.rate),
        )

    def crc_errors(self) -> int:
        """The CRC errors of a port that has them."""
        return self.seconds() // 20 + 113
