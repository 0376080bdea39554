"""What a process and its children hold and have used: of one moment, or sampled while a load runs."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil


def family(pid: int) -> list[psutil.Process]:
    """A process and its children."""
    return [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]


def uss_mb(pid: int) -> float:
    """Megabytes that would be free if the family ended."""
    return float(sum(each.memory_full_info().uss for each in family(pid)) / 2**20)


def cpu_seconds(pid: int) -> float:
    """Seconds of a core that the family has used so far, children that have ended included."""
    times = [each.cpu_times() for each in family(pid)]
    ended = psutil.Process(pid).cpu_times()
    return float(sum(each.user + each.system for each in times) + ended.children_user + ended.children_system)


def postgres(url: str) -> int:
    """The pid of the embedded PostgreSQL behind a URL. Raises RuntimeError."""
    folder = url.split("host=")[1].split("&")[0]
    for each in psutil.process_iter(["name", "cmdline"]):
        if each.info["name"] == "postgres" and any(
            _same(word, folder) for word in each.info["cmdline"] or []
        ):
            return int(each.pid)
    raise RuntimeError(f"No postgres found for {folder}")


def _same(word: str, folder: str) -> bool:
    return os.sep in word and Path(folder).is_relative_to(Path(word).parent)


@dataclass
class Held:
    """Megabytes of a family over time."""

    samples: list[float] = field(default_factory=list)

    def columns(self) -> dict[str, float]:
        """At the start, in the middle, at the end, and the most."""
        middle = self.samples[len(self.samples) // 2]
        return {
            "USS MB start": self.samples[0],
            "middle": middle,
            "end": self.samples[-1],
            "most": max(self.samples),
        }


@contextmanager
def sampled(pids: Mapping[str, int], every: float = 2.0) -> Iterator[Mapping[str, Held]]:
    """What each family holds, looked at every so many seconds while the block runs."""
    held = {name: Held() for name in pids}
    over = threading.Event()

    def look() -> None:
        for name, pid in pids.items():
            held[name].samples.append(uss_mb(pid))

    def watch() -> None:
        while not over.wait(every):
            look()

    look()
    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield held
    finally:
        over.set()
        watching.join()
        look()
