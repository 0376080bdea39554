"""A bench's result: printed as a table, written as JSON."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from statistics import median, quantiles

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Result:
    """What a bench found. `ratios` are ours / the peer's. Rows with the same columns make a table."""

    name: str
    peer: str
    figures: Mapping[str, Mapping[str, float]]
    ratios: Mapping[str, float]
    targets: Mapping[str, str]


def publish(result: Result) -> None:
    """Print the table and write bench/results/<name>.json."""
    print(f"\n{result.name}: Sparkops beside {result.peer}")
    for columns, rows in groupby(result.figures.items(), key=lambda row: tuple(row[1])):
        told_of = [[who, *(f"{value:.2f}" for value in values.values())] for who, values in rows]
        print(_aligned([["", *columns], *told_of]))
    for what, ratio in result.ratios.items():
        shown = f"{ratio:.2f}" if ratio >= 0.1 else f"{ratio:.2g}"
        print(f"  ratio {what}: {shown}  ({result.targets.get(what, '')})")
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
