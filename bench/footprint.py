"""How long a block takes, and by how much this process grows in it at most."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Footprint:
    """Known once the block is over; memory is resident memory beyond what the process held before."""

    seconds: float = 0.0
    peak_mb: float = 0.0


@contextmanager
def footprint() -> Iterator[Footprint]:
    """Measure the block. Linux keeps the peak (VmHWM), and takes it back on a 5 in clear_refs (proc(5))."""
    found = Footprint()
    Path("/proc/self/clear_refs").write_text("5")
    before, began = _status_mb("VmRSS"), time.perf_counter()
    yield found
    found.seconds = time.perf_counter() - began
    found.peak_mb = _status_mb("VmHWM") - before


def _status_mb(name: str) -> float:
    line = re.search(rf"^{name}:\s+(\d+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE)
    assert line is not None, f"/proc/self/status has no {name}"
    return int(line[1]) / 1024
