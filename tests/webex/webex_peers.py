"""Whom the Webex client talks to in tests: the playground as a process, and a server with a script."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import requests

from bot.webex import WebexClient

PROJECT = Path(__file__).parents[2]
STARTED = re.compile(r"http://127\.0\.0\.1:\d+")


class Playground:
    """The playground's control calls: faults, disabling, counting; and accounts made on first use."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.api = f"{url}/v1/"

    def control(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        answer = requests.request(method, f"{self.url}/playground/{path}", json=body, timeout=30)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    @contextmanager
    def fault(self, method: str, path: str, kind: str = "status", **more: object) -> Iterator[None]:
        """Answer matching calls badly for as long as the block lasts."""
        fault = {"match": {"method": method, "path": f"/v1/{path}"}, "kind": kind, **more}
        self.control("POST", "faults", fault)
        try:
            yield
        finally:
            self.control("DELETE", "faults")

    def submit_card(self, token: str, message_id: str, inputs: Mapping[str, object]) -> str:
        """Press a card's button as the person with this token; the action's id."""
        answer = requests.post(
            f"{self.api}attachment/actions",
            json={"type": "submit", "messageId": message_id, "inputs": inputs},
            headers={"Authorization": f"Bearer {token}"},
            timeout=30,
        )
        answer.raise_for_status()
        action_id: str = answer.json()["id"]
        return action_id

    def calls(self, route: str) -> int:
        """How often a route ("POST /v1/messages") was called since the playground started."""
        return sum(self.control("GET", "stats")["calls"].get(route, {}).values())


@contextmanager
def running_playground() -> Iterator[Playground]:
    """`python -m playground webex` on a free port, ended by its pid."""
    command = [sys.executable, "-m", "playground", "webex", "--port", "0"]
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        first_line = process.stdout.readline()
        url = STARTED.search(first_line)
        assert url, f"the playground said {first_line!r} instead of its address"
        yield Playground(url[0])
    finally:
        process.terminate()
        process.wait(timeout=60)
        if process.stdout is not None:
            process.stdout.close()


@dataclass(frozen=True)
class Answer:
    """One scripted answer."""

    status: int = 200
    body: object = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return self.body.encode() if isinstance(self.body, str) else json.dumps(self.body).encode()


@dataclass(frozen=True)
class Received:
    """One request as the scripted server saw it."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    peer: tuple[str, int]


class ScriptedServer:
    """Answers what it is told, in order, the last one over and over; remembers every request."""

    def __init__(self, server: ThreadingHTTPServer, answers: Sequence[Answer]) -> None:
        self.origin = f"http://127.0.0.1:{server.server_port}"
        self.url = f"{self.origin}/v1/"
        self.answers = list(answers)
        self.received: list[Received] = []

    def next_answer(self) -> Answer:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextmanager
def scripted(*answers: Answer) -> Iterator[ScriptedServer]:
    """A server on a free port for the odd answers that no real one can be made to give."""
    script: list[ScriptedServer] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Head and body in one packet; in two, each answer waits 40 ms for the client's acknowledgement.
        wbufsize = -1

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            script[0].received.append(
                Received(self.command, self.path, dict(self.headers), body, self.client_address)
            )
            answer = script[0].next_answer()
            self.send_response(answer.status)
            for name, value in {"Content-Type": "application/json", **answer.headers}.items():
                self.send_header(name, value)
            content = b"" if answer.status == 204 else answer.content
            if answer.status != 204 and "Content-Length" not in answer.headers:
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
            if len(content) < int(answer.headers.get("Content-Length", 0)):
                self.close_connection = True

        do_GET = do_POST = do_PUT = do_DELETE = answer

        def log_message(self, format: str, *args: object) -> None:
            """Silence: the tests read `received`."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    script.append(ScriptedServer(server, answers))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield script[0]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass(frozen=True)
class Account:
    """A person or bot of its own for one test, with a client that acts as it."""

    email: str
    token: str
    client: WebexClient


def new_account(playground: Playground, kind: str, name: str) -> Account:
    """An account nobody else uses, so that tests do not see each other's rooms and webhooks."""
    domain = "webex.bot" if kind == "bot" else "example.com"
    email = f"{name}-{uuid4().hex[:10]}@{domain}"
    token = f"{kind}:{email}"
    return Account(email, token, WebexClient(token, playground.api, timeout=30))
