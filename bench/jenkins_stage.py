"""What the Jenkins benches run on: the stand-in Jenkins, and Sparkops' web and worker processes beside it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests

from bench.bench_roundtrip import Webex
from bench.stage import process, wait_until_answers
from bot.supervisor import free_port

OWNER = "you@example.com"
BOT = "sparkops@webex.bot"
_SECRET = "a-hook-secret-of-the-bench"
_LOGIN = ("sparkops", "playground-token")


@dataclass(frozen=True)
class Jenkins:
    """The stand-in Jenkins."""

    url: str

    def order(self, what: str, **fields: object) -> Any:
        """Order something of the playground, and wait until it is done."""
        answer = requests.post(f"{self.url}/playground/{what}", json=fields, timeout=1800)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def ask(self, path: str, tree: str) -> Any:
        """What Jenkins itself says."""
        answer = requests.get(f"{self.url}/{path}api/json", params={"tree": tree}, auth=_LOGIN, timeout=120)
        answer.raise_for_status()
        return answer.json()


@contextmanager
def playground_jenkins() -> Iterator[Jenkins]:
    """An empty Jenkins."""
    port = free_port()
    with process("-m", "playground", "jenkins", "--empty", "--port", str(port)):
        wait_until_answers(f"http://127.0.0.1:{port}/playground/faults")
        yield Jenkins(f"http://127.0.0.1:{port}")


@dataclass(frozen=True)
class Sparkops:
    """The bot's processes, and where Jenkins reports to."""

    web: int
    worker: int
    hook: str


@contextmanager
def sparkops(
    webex: Webex, jenkins_url: str, url: str, more: Mapping[str, str] | None = None
) -> Iterator[Sparkops]:
    """Web (gunicorn, as many workers as by default) and worker, ready; `more` is added to their environment."""
    port = free_port()
    root = f"http://127.0.0.1:{port}"
    user, token = _LOGIN
    environment = {
        "DATABASE_URL": url,
        "WEBEX_ACCESS_TOKEN": f"bot:{BOT}",
        "WEBEX_API_URL": f"{webex.url}/v1/",
        "WEBEX_WEBHOOK_SECRET": "a-secret-of-the-bench",
        "SPARKOPS_ADMINS": OWNER,
        "JENKINS_URL": jenkins_url,
        "JENKINS_USER": user,
        "JENKINS_TOKEN": token,
        "JENKINS_HOOK_SECRET": _SECRET,
        "PUBLIC_URL": root,
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "LOG_LEVEL": "ERROR",
        **(more or {}),
    }
    gunicorn = ("-m", "gunicorn", "--config", "python:bot.gunicorn_settings", "bot.app:create_app()")
    with (
        process(*gunicorn, environment=environment) as web,
        process("-m", "bot", "worker", environment=environment) as worker,
    ):
        wait_until_answers(f"{root}/readyz")
        yield Sparkops(web.pid, worker.pid, f"{root}/hooks/jenkins/{_SECRET}")


def rooms(webex: Webex, count: int) -> list[str]:
    """So many rooms of the owner with the bot in each."""
    return [webex.room(f"Team {number:02}", OWNER, BOT) for number in range(count)]


def say(webex: Webex, lines: Sequence[tuple[str, str]], seconds: float = 120.0) -> None:
    """Say each line to the bot in its room, and wait until all have an answer. Raises TimeoutError."""
    person = f"person:{OWNER}"
    said = []
    for room, line in lines:
        mention = f"<@personEmail:{BOT}|Bot> {line}"
        message = webex.call("POST", "messages", person, roomId=room, markdown=mention)
        said.append((room, str(message["id"])))
    until = time.monotonic() + seconds
    while said:
        if time.monotonic() > until:
            raise TimeoutError(f"{len(said)} of {len(lines)} lines have no answer")
        said = [
            (room, each)
            for room, each in said
            if not webex.call("GET", f"messages?roomId={room}&parentId={each}", person)["items"]
        ]
