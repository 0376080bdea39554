"""A bench's result: printed as a table, written as JSON."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Result:
    """What a bench found. `ratios` are ours / the peer's."""

    name: str
    peer: str
    figures: Mapping[str, Mapping[str, float]]
    ratios: Mapping[str, float]
    targets: Mapping[str, str]


def publish(result: Result) -> None:
    """Print the table and write bench/results/<name>.json."""
    columns = list(next(iter(result.figures.values())))
    print(f"\n{result.name}: Sparkops beside {result.peer}")
    rows: list[Sequence[str]] = [["", *columns]]
    rows += [
        [who, *(f"{values[column]:.2f}" for column in columns)] for who, values in result.figures.items()
    ]
    print(_aligned(rows))
    for what, ratio in result.ratios.items():
        print(f"  ratio {what}: {ratio:.2f}  ({result.targets.get(what, '')})")
    RESULTS.mkdir(exist_ok=True)
    told = {
        "name": result.name,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        **{key: value for key, value in asdict(result).items() if key != "name"},
    }
    (RESULTS / f"{result.name}.json").write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n")


def spread(seconds: Sequence[float]) -> dict[str, float]:
    """p50 and p99 of durations in seconds, in milliseconds."""
    cuts = quantiles(seconds, n=100)
    return {"p50 ms": median(seconds) * 1000, "p99 ms": cuts[98] * 1000}


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  "
        + row[0].ljust(widths[0])
        + "".join("  " + cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
        for row in rows
    )
