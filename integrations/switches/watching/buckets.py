"""Frames of a history gathered into so many moments, for a picture or a file. Pure."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from integrations.switches.watching.frames import Frame


@dataclass
class Bucket:
    """The polls of one span of time: for every series their sum, their number and their peak."""

    sums: array[float] = field(default_factory=lambda: array("d"))
    counts: array[int] = field(default_factory=lambda: array("l"))
    peaks: array[float] = field(default_factory=lambda: array("d"))

    def add(self, means: Sequence[float | None], peaks: Sequence[float | None]) -> None:
        """Take a frame in; one that came later may have more series."""
        missing = len(means) - len(self.sums)
        if missing > 0:
            self.sums.extend([0.0] * missing)
            self.counts.extend([0] * missing)
            self.peaks.extend([-math.inf] * missing)
        for place, (mean, peak) in enumerate(zip(means, peaks, strict=True)):
            if mean is not None and peak is not None:
                self.sums[place] += mean
                self.counts[place] += 1
                self.peaks[place] = max(self.peaks[place], peak)

    def mean(self, place: int) -> float | None:
        """Of one series; None where nothing is known."""
        known = place < len(self.counts) and self.counts[place]
        return self.sums[place] / self.counts[place] if known else None

    def peak(self, place: int) -> float | None:
        """Of one series; None where nothing is known."""
        known = place < len(self.counts) and self.counts[place]
        return self.peaks[place] if known else None


@dataclass(frozen=True)
class Buckets:
    """Spans of `seconds` each, from `since` on, the empty ones among them."""

    since: datetime
    seconds: int
    spans: tuple[Bucket, ...]

    def start(self, number: int) -> datetime:
        """When a span begins."""
        return datetime.fromtimestamp(self.since.timestamp() + number * self.seconds, UTC)


def gathered(
    frames: Iterable[Frame], since: datetime, until: datetime, most: int, least_seconds: int
) -> Buckets:
    """The frames in `most` spans or fewer, none shorter than `least_seconds`, from the first frame's on."""
    spans: list[Bucket] = []
    begins, seconds = since.timestamp(), least_seconds
    for frame in frames:
        at = frame.at.timestamp()
        if not spans:
            seconds = max(least_seconds, math.ceil((until.timestamp() - at) / most))
            begins = at // seconds * seconds
        place = int((at - begins) // seconds)
        spans += [Bucket() for _ in range(place + 1 - len(spans))]
        spans[place].add(frame.means, frame.peaks)
    return Buckets(datetime.fromtimestamp(begins, UTC), seconds, tuple(spans))
