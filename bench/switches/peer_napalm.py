"""The process of bench_switches that is nornir + napalm, as its tutorials write it. Runs in a venv of its own.

64 workers, the `nxos` driver, which speaks NX-API (`requests.post` without a check of certificates) and asks
`show interface status` as JSON. napalm opens a connection, and a TLS handshake, for every call.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import time
import warnings
from pathlib import Path
from typing import Any

from napalm import get_network_driver
from nornir.core import Nornir
from nornir.core.inventory import ConnectionOptions, Defaults, Groups, Host, Hosts, Inventory
from nornir.core.plugins.connections import ConnectionPluginRegister
from nornir.core.task import Result, Task
from nornir.plugins.runners import ThreadedRunner

WORKERS = 64


def main() -> None:
    """Ask every switch of the list; a JSON line says what it took."""
    options = argparse.ArgumentParser()
    options.add_argument("--list", required=True)
    options.add_argument("--user", required=True)
    told = options.parse_args()
    warnings.simplefilter("ignore")
    began, cpu = time.perf_counter(), time.process_time()
    ConnectionPluginRegister.auto_register()
    nornir = Nornir(inventory=_inventory(told.list, told.user), runner=ThreadedRunner(num_workers=WORKERS))
    results = nornir.run(task=_status)
    rows = [result[0].result for result in results.values() if not result.failed]
    print(
        json.dumps(
            {
                "wall": time.perf_counter() - began,
                "cpu": time.process_time() - cpu,
                "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
                "answered": len(rows),
                "interfaces": sum(map(len, rows)),
                "failures": sorted(
                    {repr(result.exception)[:200] for result in results.values() if result.failed}
                )[:3],
            }
        )
    )


def _inventory(path: str, user: str) -> Inventory:
    hosts = Hosts()
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        name, _, address = line.partition(" ")
        host, _, port = address.rpartition(":")
        extras = {"optional_args": {"transport": "https", "ssl_verify": False}, "timeout": 60}
        hosts[name] = Host(
            name=name,
            hostname=host,
            port=int(port),
            username=user,
            password=os.environ["SWITCHES_PASSWORD"],
            platform="nxos",
            connection_options={"napalm": ConnectionOptions(extras=extras)},
        )
    return Inventory(hosts=hosts, groups=Groups(), defaults=Defaults())


def _status(task: Task) -> Result:
    driver: Any = task.host.get_connection("napalm", task.nornir.config)
    rows = driver._get_command_table("show interface status", "TABLE_interface", "ROW_interface")
    task.host.close_connections()
    return Result(host=task.host, result=rows)


if __name__ == "__main__":
    get_network_driver("nxos")
    main()
