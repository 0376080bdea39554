"""A proxy before the playground that keeps every request and answer as they went over the wire."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from tests.contract.exchanges import Exchange, Sender

_PATIENCE_S = 30.0
# Of one connection only, or set anew by the proxy itself (RFC 9110, 7.6.1).
_NOT_PASSED_ON = frozenset(
    {"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"}
)


@dataclass
class Recording:
    """The proxy's API address, and what has gone through it so far."""

    api: str
    exchanges: list[Exchange] = field(default_factory=list)


@contextmanager
def recording(upstream: str, sender: Sender) -> Iterator[Recording]:
    """Pass calls on to the server at `upstream` ("http://127.0.0.1:8081") for as long as the block runs.

    The Host header goes through as it came, so that the links in the answers lead to the proxy again.
    """
    recordings: list[Recording] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Head and body in one packet; in two, each answer waits 40 ms for the client's acknowledgement.
        wbufsize = -1

        def pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, headers, answer = _ask(upstream, self.command, self.path, dict(self.headers), body)
            recordings[0].exchanges.append(
                Exchange(
                    sender,
                    self.command,
                    self.path,
                    status,
                    _lower(dict(self.headers)),
                    body,
                    _lower(headers),
                    answer,
                )
            )
            self.send_response(status)
            for name, value in headers.items():
                if name.lower() not in _NOT_PASSED_ON:
                    self.send_header(name, value)
            if status != 204:
                length = headers.get("Content-Length", "0") if self.command == "HEAD" else str(len(answer))
                self.send_header("Content-Length", length)
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = pass_on

        def log_message(self, format: str, *args: object) -> None:
            """Silence: `exchanges` holds what there is to know."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    recordings.append(Recording(f"http://127.0.0.1:{server.server_port}/v1/"))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield recordings[0]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _ask(
    upstream: str, method: str, target: str, headers: dict[str, str], body: bytes
) -> tuple[int, dict[str, str], bytes]:
    connection = HTTPConnection(urlsplit(upstream).netloc, timeout=_PATIENCE_S)
    try:
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items():
            if name.lower() != "connection":
                connection.putheader(name, value)
        connection.endheaders(body or None)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


def _lower(headers: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
