"""A stand-in Webex and a receiver of its webhooks, each in a thread on a free port of 127.0.0.1."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests
from aiohttp import web
from webexpythonsdk import WebexAPI

from playground.webex.clock import utc_now
from playground.webex.server import make_app
from playground.webex.world import Seed, World

PATIENCE_S = 20.0


class Clock:
    """The real time plus what a test has let go by."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def __call__(self) -> datetime:
        return utc_now() + self._ahead

    def advance(self, **duration: float) -> None:
        """Let time go by: `advance(minutes=5)`."""
        self._ahead += timedelta(**duration)


@dataclass(frozen=True)
class Caller:
    """Somebody who calls the API with plain HTTP."""

    api: str
    token: str

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        """Call `path` (below /v1/) and return whatever came back."""
        headers = {"Authorization": f"Bearer {self.token}"} | options.pop("headers", {})
        return requests.request(method, self.api + path, headers=headers, timeout=PATIENCE_S, **options)

    def get(self, path: str, **query: Any) -> Any:
        """GET and return the JSON of a 200."""
        return _json(self.call("GET", path, params=query))

    def post(self, path: str, **fields: Any) -> Any:
        """POST fields as JSON and return the JSON of a 200."""
        return _json(self.call("POST", path, json=fields))

    def put(self, path: str, **fields: Any) -> Any:
        """PUT fields as JSON and return the JSON of a 200."""
        return _json(self.call("PUT", path, json=fields))

    def delete(self, path: str) -> None:
        """DELETE, which must be answered 204 without a body."""
        answer = self.call("DELETE", path)
        assert (answer.status_code, answer.text) == (204, "")

    def refused(self, status: int, method: str, path: str, **options: Any) -> str:
        """Call, be refused with `status` in Webex's shape, and return its message."""
        answer = self.call(method, path, **options)
        assert answer.status_code == status, answer.text
        body = answer.json()
        assert body["errors"] == [{"description": body["message"]}]
        assert body["trackingId"] == answer.headers["Trackingid"]
        message = body["message"]
        assert isinstance(message, str)
        return message


@dataclass(frozen=True)
class Webex:
    """A running stand-in Webex."""

    url: str
    world: World
    clock: Clock

    @property
    def api(self) -> str:
        """The base URL a client is given; the SDK needs the slash."""
        return f"{self.url}/v1/"

    def person(self, email: str = "you@example.com") -> Caller:
        """Act as a person."""
        return Caller(self.api, f"person:{email}")

    def bot(self, email: str = "sparkops@webex.bot") -> Caller:
        """Act as a bot."""
        return Caller(self.api, f"bot:{email}")

    def sdk(self, token: str) -> WebexAPI:
        """Return the official SDK, set to this server."""
        return WebexAPI(access_token=token, base_url=self.api, wait_on_rate_limit=False)

    def control(self, method: str, path: str, **options: Any) -> requests.Response:
        """Call the playground's own API below /playground."""
        return requests.request(method, f"{self.url}/playground/{path}", timeout=PATIENCE_S, **options)

    def fault(self, **body: Any) -> str:
        """Switch a fault on and return its id."""
        identifier = _json(self.control("POST", "faults", json=body))["id"]
        assert isinstance(identifier, str)
        return identifier

    def deliveries(self) -> list[dict[str, Any]]:
        """Return the log of deliveries."""
        items = _json(self.control("GET", "deliveries"))["items"]
        assert isinstance(items, list)
        return items

    def room_with_bot(self, title: str = "Ops") -> str:
        """Return the id of a new room of you@example.com with the bot in it."""
        you = self.person()
        self.bot().get("people/me")
        room_id = you.post("rooms", title=title)["id"]
        you.post("memberships", roomId=room_id, personEmail="sparkops@webex.bot")
        assert isinstance(room_id, str)
        return room_id


@contextmanager
def running_webex(seed: Seed | None = None) -> Iterator[Webex]:
    """Run a stand-in Webex for as long as the block runs; `seed` fills it."""
    clock = Clock()
    world = World(clock=clock, seed=seed)
    with _served(make_app(world)) as url:
        yield Webex(url, world, clock)


@contextmanager
def _served(app: web.Application) -> Iterator[str]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="webex playground")
    thread.start()
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)

    async def start() -> str:
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        return f"http://{host}:{port}"

    try:
        yield asyncio.run_coroutine_threadsafe(start(), loop).result(PATIENCE_S)
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(PATIENCE_S)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(PATIENCE_S)
        loop.close()


@dataclass(frozen=True)
class Hook:
    """One delivery as it arrived."""

    headers: Mapping[str, str]
    raw: bytes

    @property
    def body(self) -> dict[str, Any]:
        """The JSON of the delivery."""
        body = json.loads(self.raw)
        assert isinstance(body, dict)
        return body

    @property
    def data(self) -> dict[str, Any]:
        """What the delivery is about."""
        data = self.body["data"]
        assert isinstance(data, dict)
        return data


@dataclass
class Receiver:
    """Takes webhooks and answers `status`, but only while `answering` is set."""

    url: str = ""
    status: int = 200
    answering: threading.Event = field(default_factory=threading.Event)
    hooks: list[Hook] = field(default_factory=list)
    arrived: threading.Condition = field(default_factory=threading.Condition)

    def take(self, hook: Hook) -> int:
        """Keep a delivery and return the status to answer, when it is time to."""
        self.answering.wait(PATIENCE_S)
        with self.arrived:
            self.hooks.append(hook)
            self.arrived.notify_all()
            return self.status

    def wait_for(self, number: int) -> list[Hook]:
        """Return the deliveries when there are `number` of them."""
        with self.arrived:
            complete = self.arrived.wait_for(lambda: len(self.hooks) >= number, PATIENCE_S)
            assert complete, f"{len(self.hooks)} of {number} deliveries came: {self.hooks}"
            return list(self.hooks)


@contextmanager
def running_receiver() -> Iterator[Receiver]:
    """Run a receiver of webhooks for as long as the block runs."""
    receiver = Receiver()
    receiver.answering.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(receiver.take(Hook(dict(self.headers), raw)))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/hooks/webex"
    try:
        yield receiver
    finally:
        receiver.answering.set()
        server.shutdown()
        thread.join(PATIENCE_S)
        server.server_close()


def eventually(holds: Callable[[], bool]) -> None:
    """Wait until `holds` returns true; fail when it does not within a generous time."""
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, "what was waited for did not come to pass"
        time.sleep(0.01)


def _json(answer: requests.Response) -> Any:
    assert answer.status_code == 200, f"{answer.status_code} {answer.text}"
    return answer.json()
