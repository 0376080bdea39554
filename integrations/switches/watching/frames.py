"""A poll's values packed for the history, and thinned frames of many polls. Pure.

A frame is a number for every series of a watch in their order, as a float of 24 bits (15 of them mantissa: exact to
0.002 %), a byte plane after the other, deflated. A watch of a thousand interfaces takes some 5 KB for a poll.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

Values = Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Frame:
    """One moment: the mean of each series' values, and their peaks."""

    at: datetime
    means: Values
    peaks: Values


_UNKNOWN = math.nan
_LARGEST = 3.0e38


def packed(values: Values) -> bytes:
    """The values as bytes; None and what no float can hold is kept as not known."""
    raw = struct.pack(f"<{len(values)}f", *map(_float, values))
    # The lowest byte of the mantissa is noise, and planes of like bytes deflate best.
    return zlib.compress(raw[1::4] + raw[2::4] + raw[3::4], 6)


def unpacked(frame: bytes) -> tuple[float | None, ...]:
    """The values again."""
    planes = zlib.decompress(frame)
    count = len(planes) // 3
    raw = bytearray(count * 4)
    for place in range(3):
        raw[place + 1 :: 4] = planes[place * count : (place + 1) * count]
    return tuple(None if math.isnan(value) else value for value in struct.unpack(f"<{count}f", raw))


def thinned(frames: Iterable[Values]) -> tuple[tuple[float | None, ...], tuple[float | None, ...]]:
    """One frame's mean and peak of each series in place of several; a series that came later has fewer values."""
    columns: list[list[float]] = []
    for frame in frames:
        columns += [[] for _ in range(len(frame) - len(columns))]
        for column, value in zip(columns, frame, strict=False):
            if value is not None:
                column.append(value)
    means = tuple(math.fsum(column) / len(column) if column else None for column in columns)
    return means, tuple(max(column) if column else None for column in columns)


def _float(value: float | None) -> float:
    return value if value is not None and abs(value) <= _LARGEST else _UNKNOWN
