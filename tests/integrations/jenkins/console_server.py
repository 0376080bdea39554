"""A server that gives one raw console log as Jenkins 2.463 does: whole or in drips, sound or broken off."""

from __future__ import annotations

import gzip
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from integrations.jenkins.client import JenkinsClient

_NOTE = re.compile(rb"\x1b\[8mha:[A-Za-z0-9+/=]*\x1b\[0m")
NOTE = b"\x1b[8mha:" + b"////4AAAB" * 60 + b"\x1b[0m"
"""A hidden note, of the size of a real one."""


@dataclass
class Console:
    """The log, and how it is given."""

    raw: bytes = b""
    url: str = ""
    running: bool = False
    packed: bool = False
    tells_size: bool = True
    drip: tuple[int, float] | None = None
    """Bytes given at once, and the seconds between."""
    breaks_off: bool = False
    shrinks_to: bytes | None = None
    """What the log is from the second request on."""
    asked: list[str] = field(default_factory=list)
    """Method and path with query of each request."""

    def client(self) -> JenkinsClient:
        """A client of this server."""
        return JenkinsClient(self.url, "bot", "11aabbccddeeff00112233445566778899", timeout=5.0)

    def progressive(self, start: int) -> bytes:
        """As progressiveText: a start beyond the end gives all of it, notes are left out where they are whole."""
        part = self.raw[start if start <= len(self.raw) else 0 :]
        return _NOTE.sub(b"", part).replace(b"\n", b"\r\n")

    def plain(self) -> bytes:
        """As consoleText."""
        return _NOTE.sub(b"", self.raw)


@contextmanager
def console_server() -> Iterator[Console]:
    """The server on a free port, in a thread of the test."""
    console = Console()

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self._answer()

        def do_GET(self) -> None:
            self._answer()

        def _answer(self) -> None:
            console.asked.append(f"{self.command} {self.path}")
            parts = urlsplit(self.path)
            size = len(console.raw)
            if parts.path.endswith("consoleText"):
                body = console.plain()
            else:
                body = console.progressive(int(parse_qs(parts.query)["start"][0]))
            if console.shrinks_to is not None:
                console.raw = console.shrinks_to
            self._send(gzip.compress(body) if console.packed else body, size)

        def _send(self, body: bytes, size: int) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body) + (1 if console.breaks_off else 0)))
            if console.packed:
                self.send_header("Content-Encoding", "gzip")
            if console.tells_size:
                self.send_header("X-Text-Size", str(size))
            if console.running:
                self.send_header("X-More-Data", "true")
            self.end_headers()
            if self.command == "GET":
                self._write(body)

        def _write(self, body: bytes) -> None:
            step, pause = console.drip or (len(body) or 1, 0.0)
            try:
                for at in range(0, len(body), step):
                    self.wfile.write(body[at : at + step])
                    self.wfile.flush()
                    time.sleep(pause)
            except (BrokenPipeError, ConnectionResetError):
                pass  # the reader has had enough

        def log_message(self, format: str, *args: object) -> None:
            """Keep the test's output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    console.url = f"http://127.0.0.1:{server.server_address[1]}/"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield console
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
