"""The process of bench_switches that is ours: from the inventory's file to typed values, once cold and once warm."""

from __future__ import annotations

import argparse
import json
import os
import resource
import time
from collections import Counter
from pathlib import Path

from integrations.switches.client import SwitchesClient
from integrations.switches.inventory.load import InventoryFile
from integrations.switches.model import Interface
from integrations.switches.settings import SwitchesSettings
from integrations.switches.shows import interfaces

COMMAND = "show interface status"


def main() -> None:
    """Ask twice; a JSON line says what each took."""
    options = argparse.ArgumentParser()
    options.add_argument("--inventory", type=Path, required=True)
    options.add_argument("--fast", choices=("on", "off"), required=True)
    options.add_argument("--target", default="all")
    told = options.parse_args()
    settings = SwitchesSettings(inventory=told.inventory, fast=told.fast, deadline=300.0, timeout=60.0)
    client = SwitchesClient(InventoryFile(settings, os.environ).inventory, settings)
    began = time.perf_counter()
    client.inventory()
    read = time.perf_counter() - began
    cold = _ask(client, told.target)
    cold_rss = _rss_mb()
    warm = _ask(client, told.target)
    client.close()
    told_of = {"cold": {**cold, "rss_mb": cold_rss}, "warm": {**warm, "rss_mb": _rss_mb()}}
    print(json.dumps({**told_of, "inventory_seconds": read}))


def _ask(client: SwitchesClient, target: str) -> dict[str, object]:
    began, cpu = time.perf_counter(), time.process_time()
    typed, failures, paths = dict[str, tuple[Interface, ...]](), Counter[str](), Counter[str]()
    for result in client.start(client.select(target).switches, [COMMAND]):
        paths[str(result.path)] += 1
        if result.failure is not None:
            failures[result.failure.cause] += 1
        else:
            typed[result.switch.name] = interfaces(result.outputs[0].body)
    return {
        "wall": time.perf_counter() - began,
        "cpu": time.process_time() - cpu,
        "answered": len(typed),
        "interfaces": sum(map(len, typed.values())),
        "failures": dict(failures),
        "paths": dict(paths),
    }


def _rss_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
