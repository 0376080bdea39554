"""One look at each kind of health check, at a server that answers as it is told."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from integrations.stacks.engines.model import Output
from integrations.stacks.engines.process import Stop
from integrations.stacks.health import Check, Seen, look
from integrations.stacks.spec.health import HealthCheck
from tests.integrations.stacks.jobs import Hearing, job

ANSWERS: dict[str, tuple[int, bytes]] = {
    "/well": (200, b"all is well"),
    "/teapot": (418, b""),
    "/moved": (302, b""),
    "/words": (200, b"hello"),
    "/list": (200, b"[]"),
    "/nested": (200, b"[" * 200_000),
    "/hex": (200, b'{"result": "0x10"}'),
    "/number": (200, b'{"result": 17}'),
    "/yes": (200, b'{"result": true}'),
    "/unknown": (200, b'{"error": {"code": -32601, "message": "no such method"}}'),
    "/warming": (500, b'{"error": {"code": -28, "message": "Verifying blocks"}}'),
    "/large": (200, b"x" * 1_000_000),
}
asked: list[Any] = []


class Node(BaseHTTPRequestHandler):
    """Answers by the path alone."""

    def do_GET(self) -> None:
        status, body = ANSWERS[self.path]
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.do_GET()

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def node() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Node) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def seen(folder: Path, before: int | None = None, stop: Stop = Stop.NO, **written: Any) -> Seen:
    check: Check = TypeAdapter(HealthCheck).validate_python(written)
    outputs = {"url": Output("http://127.0.0.1:1/x"), "word": Output("hi; exit 3")}
    hearing = Hearing()
    hearing.stop = lambda: stop  # type: ignore[method-assign]
    return look(check, outputs, job(folder, {}), hearing.listener, before)


@pytest.mark.parametrize(
    ("written", "well", "says"),
    [
        ({"http": "/well"}, True, "/well answers 200"),
        ({"http": "/well", "contains": "is well"}, True, "/well answers 200"),
        ({"http": "/teapot", "status": 418}, True, "/teapot answers 418"),
        ({"http": "/teapot"}, False, "/teapot answers 418 and not 200"),
        ({"http": "/moved"}, False, "/moved answers 302 and not 200"),
        ({"http": "/well", "contains": "ill"}, False, "/well answers without 'ill'"),
        ({"http": "/large", "contains": "y"}, False, "/large answers without 'y'"),
    ],
)
def test_an_address_answers_as_it_should_or_it_is_told_how(
    written: dict[str, Any], well: bool, says: str, node: str, tmp_path: Path
) -> None:
    told = seen(tmp_path, **written | {"http": node + written["http"]})
    assert told == Seen(well, node + says)


def test_a_port_takes_connections_or_not(node: str, tmp_path: Path) -> None:
    address = node.removeprefix("http://")
    assert seen(tmp_path, tcp=address) == Seen(True, f"{address} takes connections")
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        closed = f"127.0.0.1:{bound.getsockname()[1]}"
        assert seen(tmp_path, tcp=closed) == Seen(
            False, f"{closed} takes no connection (ConnectionRefusedError)"
        )


@pytest.mark.parametrize(
    ("path", "before", "told"),
    [
        ("/hex", None, Seen(False, "eth_blockNumber is at 16 and has not risen yet", 16)),
        ("/hex", 16, Seen(False, "eth_blockNumber is at 16 and has not risen yet", 16)),
        ("/number", 16, Seen(True, "eth_blockNumber rises: 16, 17", 17)),
        ("/yes", 0, Seen(False, "eth_blockNumber answers no number that could rise")),
        ("/unknown", None, Seen(True, "eth_blockNumber is not known to it, so that nothing is said by it")),
        ("/warming", None, Seen(False, "eth_blockNumber answers with the error -28: Verifying blocks")),
    ],
)
def test_a_node_is_well_when_its_number_rises(
    path: str, before: int | None, told: Seen, node: str, tmp_path: Path
) -> None:
    assert seen(tmp_path, before, jsonrpc="eth_blockNumber", url=node + path, rising=True) == told
    assert asked[-1] == {"jsonrpc": "2.0", "id": 1, "method": "eth_blockNumber", "params": []}


@pytest.mark.parametrize(
    ("path", "well", "says"),
    [
        ("/yes", True, "net_version is answered"),
        ("/words", False, "/words answers 200, and no JSON"),
        ("/nested", False, "/nested answers 200, and no JSON"),
        ("/list", False, "/list answers 200, and not as JSON-RPC does"),
    ],
)
def test_a_node_that_need_not_rise_need_only_answer(
    path: str, well: bool, says: str, node: str, tmp_path: Path
) -> None:
    told = seen(tmp_path, jsonrpc="net_version", url=node + path)
    assert (told.well, told.says.removeprefix(node)) == (well, says)


def test_a_server_that_is_not_there_yet_is_told(tmp_path: Path) -> None:
    told = Seen(False, "http://127.0.0.1:1/x does not answer (ConnectionError)")
    assert seen(tmp_path, http="{out.url}") == told
    assert seen(tmp_path, jsonrpc="a", url="{out.url}") == told


def test_an_output_that_is_not_given_out_is_told(tmp_path: Path) -> None:
    assert seen(tmp_path, http="{out.nowhere}") == Seen(False, "the stack gives out no 'nowhere'")


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (["true"], Seen(True, "true says that all is well")),
        (["false"], Seen(False, "false exited with 1: it said nothing")),
        (["expr", "1", ">", "2"], Seen(False, "expr exited with 1: 0")),
        (["nowhere-to-be-found"], Seen(False, "nowhere-to-be-found is not installed where the worker runs")),
        (["test", "{out.word}", "=", "hi; exit 3"], Seen(True, "test says that all is well")),
    ],
)  # fmt: skip
def test_a_command_is_run_by_no_shell(command: list[str], told: Seen, tmp_path: Path) -> None:
    assert seen(tmp_path, command=command) == told


def test_a_command_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    told = seen(tmp_path, command=["sleep", "1000"], within="1s")
    assert told == Seen(False, "sleep exited with -2: it said nothing")
