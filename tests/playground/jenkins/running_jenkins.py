"""A stand-in Jenkins in its own process, callers that talk to it, and a listener for its notifications."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar

import jenkins
import requests

from playground.jenkins.access import DEFAULT_PASSWORD, DEFAULT_TOKEN

PATIENCE_S = 60.0
SPEED = 20.0

Found = TypeVar("Found")


def eventually(look: Callable[[], Found | None], what: str) -> Found:
    """What `look` gives as soon as it gives something; fails when it never does."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.03)
    raise AssertionError(f"waited {PATIENCE_S:.0f} s in vain for {what}")


@dataclass(frozen=True)
class Jenkins:
    """A running stand-in and a caller with a user name and an API token."""

    url: str
    user: str = "bot"
    secret: str = DEFAULT_TOKEN

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        """One request as the caller; redirects are not followed."""
        usual: dict[str, Any] = {"auth": (self.user, self.secret), "timeout": PATIENCE_S}
        options = {"allow_redirects": False} | usual | options
        return requests.request(method, f"{self.url}/{path}", **options)

    def get(self, path: str, **query: str | int) -> Any:
        """The JSON of a 200."""
        answer = self.call("GET", path, params=query)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()

    def post(self, path: str, **form: str) -> requests.Response:
        """POST a form and return whatever came back."""
        return self.call("POST", path, data=form)

    def trigger(self, job: str, **parameters: str) -> int:
        """Start a build without the quiet period; returns the id of its queue item."""
        verb = "buildWithParameters" if parameters else "build"
        answer = self.post(f"{job}/{verb}?delay=0sec", **parameters)
        assert answer.status_code == 201, f"{job}: {answer.status_code} {answer.text}"
        return int(answer.headers["Location"].rstrip("/").rpartition("/")[2])

    def build(self, job: str, **parameters: str) -> int:
        """Start a build and wait until it has a number."""
        item = self.trigger(job, **parameters)

        def executable() -> Any:
            return self.get(f"queue/item/{item}/api/json").get("executable")

        return int(eventually(executable, f"a build of {job}")["number"])

    def finished(self, job: str, number: int) -> Any:
        """Wait until a build has ended; returns its api/json."""

        def ended() -> Any:
            info = self.get(f"{job}/{number}/api/json")
            return None if info["building"] else info

        return eventually(ended, f"the end of {job} #{number}")

    def log(self, job: str, number: int) -> str:
        """The whole console."""
        return self.call("GET", f"{job}/{number}/consoleText").text

    def control(self, path: str, /, **order: Any) -> Any:
        """Give an order to the control API."""
        answer = requests.post(f"{self.url}/playground/{path}", json=order, timeout=PATIENCE_S)
        assert answer.ok, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()

    def job(self, name: str, **order: Any) -> str:
        """Make a job; returns its path."""
        return str(self.control("jobs", name=name, **order)["url"]).removeprefix(f"{self.url}/").rstrip("/")

    def session(self) -> str | None:
        """The X-Jenkins-Session, or None while Jenkins is down or boots."""
        try:
            return self.call("GET", "api/json").headers.get("X-Jenkins-Session")
        except requests.ConnectionError:
            return None

    def restart(self) -> None:
        """Restart and wait until it is over."""
        before = self.session()
        self.control("restart", refusing=0.2, booting=0.2)
        eventually(lambda: self.session() not in (None, before), "a new session")

    def client(self) -> jenkins.Jenkins:
        """A python-jenkins handle."""
        return jenkins.Jenkins(self.url, self.user, self.secret, timeout=PATIENCE_S)

    def anonymous_get(self, path: str) -> requests.Response:
        """GET without credentials."""
        return requests.get(f"{self.url}/{path}", timeout=PATIENCE_S)

    def with_password(self) -> Jenkins:
        """The same caller, logged in by password."""
        return Jenkins(self.url, self.user, DEFAULT_PASSWORD)


@contextmanager
def running_jenkins(*options: str) -> Iterator[Jenkins]:
    """`python -m playground jenkins` on a free port, ended by its pid."""
    command = [sys.executable, "-m", "playground", "jenkins", "--port", "0", "--speed", str(SPEED), *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        first_line = process.stdout.readline()
        assert first_line.startswith("playground jenkins on http://127.0.0.1:"), first_line
        yield Jenkins(first_line.split()[-1])
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE_S)


@dataclass
class Listener:
    """Takes notifications on a free port; `answer` is the status it gives; headers have lower-case names."""

    url: str
    answer: int = 200
    heard: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def phases(self) -> list[str]:
        """The phases heard so far, in order of arrival."""
        return [str(body["build"]["phase"]) for body in self.heard]


@contextmanager
def running_listener() -> Iterator[Listener]:
    """A listener in a thread of the test."""
    listener = Listener("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            listener.headers.append({name.lower(): value for name, value in self.headers.items()})
            listener.heard.append(json.loads(body))
            self.send_response(listener.answer)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Keep the test's output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listener.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield listener
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
