"""Round trip: from a person's message to the bot's reply in Webex, beside bots that answer in the request."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from statistics import median

import requests

from bench.report import Result, publish, spread
from bench.stage import database, process, wait_until_answers
from bot.supervisor import free_port

ALONE, TOGETHER, ROUNDS = 40, 50, 3
_OURS, _LEAN, _PUBLISHED = "Sparkops", "tutorial, two calls", "tutorial, SDK's example"
_BOTS = {_OURS: "sparkops@webex.bot", _LEAN: "lean@webex.bot", _PUBLISHED: "published@webex.bot"}


@dataclass(frozen=True)
class Webex:
    """The stand-in Webex, through its API."""

    url: str

    def call(self, method: str, path: str, as_: str, **body: object) -> dict[str, object]:
        """Call /v1 as somebody; raises for anything but 2xx."""
        answer = requests.request(
            method,
            f"{self.url}/v1/{path}",
            json=body or None,
            headers={"Authorization": f"Bearer {as_}"},
            timeout=60,
        )
        answer.raise_for_status()
        return dict(answer.json()) if answer.content else {}

    def latency(self, seconds: float) -> None:
        """Let every answer of /v1 take so much longer."""
        requests.post(
            f"{self.url}/playground/latency", json={"seconds": seconds}, timeout=10
        ).raise_for_status()

    def room(self, title: str, person: str, bot: str) -> str:
        """A room with one person and one bot."""
        room = str(self.call("POST", "rooms", f"person:{person}", title=title)["id"])
        self.call("POST", "memberships", f"person:{person}", roomId=room, personEmail=bot)
        return room


def main() -> None:
    """Run three bots side by side and talk with one at a time."""
    with database() as url, ExitStack() as stack:
        webex = stack.enter_context(playground_webex())
        stack.enter_context(_sparkops(webex, url))
        stack.enter_context(_tutorial(webex, _LEAN))
        stack.enter_context(_tutorial(webex, _PUBLISHED, "--as-published"))
        rooms = {
            who: [webex.room(f"{who} {n}", f"person{n}@example.com", bot) for n in range(TOGETHER)]
            for who, bot in _BOTS.items()
        }
        for who in _BOTS:
            _together(webex, who, rooms[who])  # warm-up: every room and person known to everybody
        figures: dict[str, dict[str, float]] = {who: {} for who in _BOTS}
        for latency in (0.0, 0.08):
            webex.latency(latency)
            measured = _measure(webex, rooms)
            for who, (alone, together) in measured.items():
                label = f"{latency * 1000:.0f} ms"
                figures[who][f"p50 @{label}"] = median(alone) * 1000
                figures[who][f"50 people p50 @{label}"] = spread(together)["p50 ms"]
                figures[who][f"50 people p99 @{label}"] = spread(together)["p99 ms"]
        webex.latency(0.0)
    publish(_result(figures))


def _result(figures: dict[str, dict[str, float]]) -> Result:
    ratios, targets = {}, {}
    for peer in (_LEAN, _PUBLISHED):
        for column, target in (
            ("p50 @0 ms", "no more than 1.5"),
            ("p50 @80 ms", "no more than 1.15"),
            ("50 people p99 @0 ms", "below 1"),
            ("50 people p99 @80 ms", "below 1"),
        ):
            name = f"{column} / {peer}"
            ratios[name] = figures[_OURS][column] / figures[peer][column]
            targets[name] = target
    return Result(
        "roundtrip", "Flask + webexpythonsdk answering inside the request", figures, ratios, targets
    )


def _measure(webex: Webex, rooms: dict[str, list[str]]) -> dict[str, tuple[list[float], list[float]]]:
    measured: dict[str, tuple[list[float], list[float]]] = {who: ([], []) for who in rooms}
    for _ in range(ROUNDS):
        for who in rooms:
            measured[who][0].extend(_alone(webex, who, rooms[who][0]))
        for who in rooms:
            measured[who][1].extend(_together(webex, who, rooms[who]))
    return measured


def _alone(webex: Webex, who: str, room: str) -> list[float]:
    """One person, one message after the other."""
    return [_round_trip(webex, who, room, "person0@example.com") for _ in range(ALONE)]


def _together(webex: Webex, who: str, rooms: list[str]) -> list[float]:
    """Everybody at once, each in a room of their own."""
    seconds: list[float] = []
    threads = [
        threading.Thread(
            target=lambda n=n: seconds.append(_round_trip(webex, who, rooms[n], f"person{n}@example.com"))
        )
        for n in range(len(rooms))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return seconds


def _round_trip(webex: Webex, who: str, room: str, person: str) -> float:
    """Seconds by Webex's own clock from the message to its reply."""
    as_ = f"person:{person}"
    mention = f"<@personEmail:{_BOTS[who]}|Bot> ping"
    message = webex.call("POST", "messages", as_, roomId=room, markdown=mention)
    until = time.monotonic() + 60
    time.sleep(0.02)
    while time.monotonic() < until:
        items = webex.call("GET", f"messages?roomId={room}&parentId={message['id']}", as_)["items"]
        assert isinstance(items, list)
        if items:
            assert items[0]["text"] == "pong"
            return (_at(items[0]) - _at(message)).total_seconds()
        time.sleep(0.15)
    raise TimeoutError(f"{who} did not answer {person}")


def _at(message: dict[str, object]) -> datetime:
    return datetime.fromisoformat(str(message["created"]))


@contextmanager
def playground_webex() -> Iterator[Webex]:
    port = free_port()
    with process("-m", "playground", "webex", "--port", str(port)):
        wait_until_answers(f"http://127.0.0.1:{port}/playground/people")
        yield Webex(f"http://127.0.0.1:{port}")


@contextmanager
def _sparkops(webex: Webex, url: str) -> Iterator[None]:
    port = free_port()
    environment = {
        "DATABASE_URL": url,
        "WEBEX_ACCESS_TOKEN": f"bot:{_BOTS[_OURS]}",
        "WEBEX_API_URL": f"{webex.url}/v1/",
        "WEBEX_WEBHOOK_SECRET": "a-secret-of-the-bench",
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "LOG_LEVEL": "WARNING",
        "WEB_CONCURRENCY": "1",
    }
    web = ("-m", "gunicorn", "--config", "python:bot.gunicorn_settings", "bot.app:create_app()")
    with process(*web, environment=environment), process("-m", "bot", "worker", environment=environment):
        wait_until_answers(f"http://127.0.0.1:{port}/readyz")
        yield


@contextmanager
def _tutorial(webex: Webex, who: str, *options: str) -> Iterator[None]:
    port, token = free_port(), f"bot:{_BOTS[who]}"
    with process("-m", "bench.tutorial_bot", f"{webex.url}/v1/", token, str(port), *options):
        time.sleep(3)
        target = f"http://127.0.0.1:{port}/events"
        webex.call(
            "POST", "webhooks", token, name=who, targetUrl=target, resource="messages", event="created"
        )
        yield
