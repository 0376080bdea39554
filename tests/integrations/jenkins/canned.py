"""A server that repeats what a real Jenkins answered, and keeps what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from integrations.jenkins.client import JenkinsClient

_RECORDED = Path(__file__).parent / "recorded"
_FRAMING = {"transfer-encoding", "content-length", "date", "server"}


def recorded(name: str) -> Any:
    """What was recorded under this name; its `_origin` says how."""
    whole = json.loads((_RECORDED / f"{name}.json").read_text(encoding="utf-8"))
    return whole.get("data", whole)


@dataclass
class Canned:
    """The server; `answer` is what it says next and from then on."""

    url: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"{}"
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    """Method, path with query, and body of every request."""

    def answers(self, name: str) -> None:
        """Say what was recorded under this name, as JSON or as the whole answer it is."""
        data = recorded(name)
        if isinstance(data, dict) and {"status", "headers", "body"} <= set(data):
            self.say(data["status"], data["body"], data["headers"])
        else:
            self.say(200, json.dumps(data), {"Content-Type": "application/json;charset=utf-8"})

    def say(self, status: int, body: str, headers: dict[str, str] | None = None) -> None:
        """Say this."""
        self.status, self.body = status, body.encode()
        self.headers = {
            name: value for name, value in (headers or {}).items() if name.lower() not in _FRAMING
        }

    def client(self) -> JenkinsClient:
        """A client of this server."""
        return JenkinsClient(self.url, "bot", "11aabbccddeeff00112233445566778899", timeout=20.0)


@contextmanager
def canned_jenkins() -> Iterator[Canned]:
    """The server on a free port, in a thread of the test."""
    canned = Canned()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            canned.asked.append((self.command, self.path, self.rfile.read(length).decode()))
            self.send_response(canned.status)
            for name, value in canned.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(canned.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(canned.body)

        do_GET = do_POST = do_HEAD = answer

        def log_message(self, format: str, *args: Any) -> None:
            """Keep the test's output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    canned.url = f"http://127.0.0.1:{server.server_address[1]}/"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield canned
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
