"""The peer of bench_switches_watch: ask every switch in a plain loop with requests, and keep nothing of it."""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path

import requests
import urllib3

COMMANDS = ("show interface counters", "show interface counters errors", "show interface brief")


def main() -> None:
    """One round; a JSON line says what it took."""
    options = argparse.ArgumentParser()
    options.add_argument("--list", required=True, type=Path)
    told = options.parse_args()
    urllib3.disable_warnings()
    began, cpu, answered = time.perf_counter(), time.process_time(), 0
    for line in told.list.read_text().splitlines():
        _, _, address = line.partition(" ")
        head = {"version": "1.0", "type": "cli_show", "chunk": "0", "sid": "1"}
        answer = requests.post(
            f"https://{address}/ins",
            json={"ins_api": {**head, "input": " ;".join(COMMANDS), "output_format": "json"}},
            auth=("admin", os.environ["SWITCHES_PASSWORD"]),
            verify=False,
            timeout=60,
        )
        outputs = answer.json()["ins_api"]["outputs"]["output"]
        answered += all(each["code"] == "200" for each in outputs)
    print(
        json.dumps(
            {
                "wall": time.perf_counter() - began,
                "cpu": time.process_time() - cpu,
                "answered": answered,
                "failures": {},
            }
        )
    )


if __name__ == "__main__":
    main()
