"""A farm of stand-in switches in a thread, and what a client of NX-API does with it."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import requests
import uvloop
from aiohttp import web

from playground.switches.control import make_app
from playground.switches.farm import Farm, FarmOptions, whole_loopback

PATIENCE_S = 20.0
needs_addresses = pytest.mark.skipif(
    not whole_loopback(), reason="127.1.0.1 and on are no addresses of this machine (as on macOS)"
)

AUTH = ("admin", "playground")


def message(commands: str, kind: str = "cli_show", **fields: str) -> dict[str, Any]:
    """An `ins_api` request in the order of keys that all releases read."""
    head = {"version": "1.0", "type": kind, "chunk": "0", "sid": "1"}
    return {"ins_api": head | {"input": commands, "output_format": "json"} | fields}


def calls(*commands: str, method: str = "cli") -> Any:
    """A JSON-RPC request: an object for one command, a list for several."""
    batch = [
        {"jsonrpc": "2.0", "method": method, "params": {"cmd": command, "version": 1}, "id": number}
        for number, command in enumerate(commands, 1)
    ]
    return batch if len(batch) > 1 else batch[0]


@dataclass(frozen=True)
class RunningFarm:
    """A farm that answers; `control` is the URL of its control API."""

    farm: Farm
    control_url: str

    def url(self, name: str) -> str:
        """Where a switch takes requests."""
        door = self.farm.doors[name]
        return f"{'http' if door.mode == 'off' else 'https'}://{door.host}:{door.port}/ins"

    def post(self, name: str, **options: Any) -> requests.Response:
        """POST to a switch, with the right login unless another is given."""
        options = {"auth": AUTH, "timeout": PATIENCE_S, "verify": False} | options
        return requests.post(self.url(name), **options)

    def ask(self, name: str, commands: str, kind: str = "cli_show", **fields: str) -> requests.Response:
        """Send commands as `ins_api`."""
        return self.post(name, json=message(commands, kind, **fields))

    def outputs(self, name: str, commands: str, kind: str = "cli_show", **fields: str) -> Any:
        """Send commands as `ins_api`, be answered 200, and return `outputs.output`."""
        answer = self.ask(name, commands, kind, **fields)
        assert answer.status_code == 200, answer.text
        return answer.json()["ins_api"]["outputs"]["output"]

    def show(self, name: str, command: str) -> Any:
        """The structured body of a show, with lists for all rows and true numbers."""
        output = self.outputs(name, command, "cli_show_array")
        assert output["code"] == "200", output
        return output["body"]

    def text(self, name: str, command: str) -> str:
        """The text of a show."""
        output = self.outputs(name, command, "cli_show_ascii")
        assert output["code"] == "200", output
        text = output["body"]
        assert isinstance(text, str)
        return text

    def configure(self, name: str, *lines: str, **fields: str) -> list[dict[str, Any]]:
        """Send configuration, and return its outputs as a list."""
        outputs = self.outputs(name, " ;".join(lines), "cli_conf", **fields)
        return outputs if isinstance(outputs, list) else [outputs]

    def rpc(self, name: str, *commands: str, method: str = "cli") -> requests.Response:
        """Send commands as JSON-RPC."""
        headers = {"Content-Type": "application/json-rpc"}
        return self.post(name, json=calls(*commands, method=method), headers=headers)

    def control(self, path: str, method: str = "", **order: Any) -> Any:
        """Call the control API, POST when there is an order, and return its JSON."""
        answer = self.ordered(path, method or ("POST" if order else "GET"), order)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def ordered(self, path: str, method: str, order: dict[str, Any]) -> requests.Response:
        """Call the control API and return whatever came back."""
        url = f"{self.control_url}/playground/{path}"
        return requests.request(method, url, json=order or None, timeout=PATIENCE_S)


@contextmanager
def running_farm(options: FarmOptions) -> Iterator[RunningFarm]:
    """Run a farm and its control API for as long as the block runs."""
    farm = Farm(options)
    farm.bind()
    loop = uvloop.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="switch farm")
    thread.start()
    runner = web.AppRunner(make_app(farm), access_log=None, shutdown_timeout=1.0)

    async def start() -> str:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        return f"http://{host}:{port}"

    try:
        yield RunningFarm(farm, asyncio.run_coroutine_threadsafe(start(), loop).result(PATIENCE_S))
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(PATIENCE_S)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(PATIENCE_S)
        loop.close()
