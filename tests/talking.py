"""Talk with the bot in a test: in this process for one command, or with the real processes running."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import requests
import yaml

from bot.access.credentials import Vault
from bot.access.policies import Policies
from bot.access.relations import Relations
from bot.assembly import load_parts
from bot.commands.context import Services
from bot.commands.execute import execute, record
from bot.commands.model import Entry, Outcome, Place, Request
from bot.commands.normalise import normalise
from bot.integration import Integration
from bot.settings import Settings
from bot.store.database import Database
from bot.supervisor import free_port
from bot.webex import WebexClient
from tests.playground.running import Webex

ROOT = Path(__file__).parent.parent
OWNER = "you@example.com"
PATIENCE = 30.0
_numbers = count(1)

GROUP = Place(("room-1",), "Sparkops demo", "group")
DIRECT = Place(("room-2",), "", "direct")


@dataclass
class Conversation:
    """One person's commands, carried out in this process by the gate all entries share."""

    services: Services
    person: str = OWNER
    place: Place = GROUP
    entry: Entry = Entry.TEXT

    def say(self, line: str, **changes: Any) -> str:
        """Say a line and return the reply's markdown."""
        return self.outcome(line, **changes).replies[0].markdown

    def outcome(self, line: str, **changes: Any) -> Outcome:
        """Say a line and return everything that came of it; the audit row is written as the worker would."""
        values = {"person": self.person, "place": self.place, "entry": self.entry, **changes}
        request = Request(
            key=f"test:{next(_numbers)}", line=normalise(line), correlation_id="c0ffee", **values
        )
        return self.request(request)

    def words(self, words: tuple[str, ...], **changes: Any) -> Outcome:
        """Submit a card that stands for these words."""
        values = {"person": self.person, "place": self.place, "entry": Entry.CARD, **changes}
        return self.request(
            Request(key=f"test:{next(_numbers)}", words=words, correlation_id="c0ffee", **values)
        )

    def request(self, request: Request) -> Outcome:
        """Carry a request out and audit it."""
        from bot.access import audit

        started = time.monotonic()
        outcome = execute(request, self.services)
        with self.services.database.transaction() as session:
            audit.record(session, record(request, outcome, self.services, started), self.services.audit_keys)
        return outcome


@dataclass
class Stated:
    """What is known of people and rooms, as a test says; everybody is in every room unless it says otherwise."""

    outside: set[tuple[str, str]] = field(default_factory=set)
    moderators: set[tuple[str, str]] = field(default_factory=set)
    teams: Mapping[str, set[str]] = field(default_factory=dict)
    away: bool = False

    def is_member(self, person: str, room_id: str) -> bool | None:
        """Everybody is, but those named as outside."""
        return None if self.away else (person, room_id) not in self.outside

    def moderates(self, person: str, room_id: str) -> bool | None:
        """Nobody does, but those named."""
        return None if self.away else (person, room_id) in self.moderators

    def in_team(self, person: str, team: str) -> bool | None:
        """By the teams named."""
        return None if self.away else person in self.teams.get(team, set())

    def forget(self, room_id: str, person: str | None = None) -> None:
        """A test says anew what it wants known."""


def conversation(
    database: Database,
    *,
    environ: Mapping[str, str] | None = None,
    config: Mapping[str, Any] | None = None,
    folder: Path | None = None,
    webex: WebexClient | None = None,
    clients: Mapping[str, Any] | None = None,
    owners: tuple[str, ...] = (OWNER,),
    relations: Relations | None = None,
) -> Conversation:
    """A conversation with a bot of these settings; Webex is not reached unless a client is given."""
    settings = settings_of(environ or {}, config, folder, owners)
    parts = load_parts(settings)
    policies = Policies.live(settings, database)
    policies.refresh_grants()
    services = Services(
        settings=settings,
        database=database,
        redactor=parts.redactor,
        policies=policies,
        registry=parts.registry,
        webex=webex or WebexClient("bot:sparkops@webex.bot", "http://127.0.0.1:9/v1/"),
        clients=clients if clients is not None else _clients(parts.integrations, settings),
        relations=relations or Stated(),
        vault=Vault(settings.encryption_keys, parts.redactor.learn),
        credentials={
            name: service for each in parts.integrations.values() for name, service in each.services.items()
        },
        reseals=tuple(
            each.integration.reseal for each in parts.integrations.values() if each.integration.reseal
        ),
    )
    return Conversation(services)


def confirmation_code(reply: str) -> str:
    """The code a reply asks for."""
    found = re.search(r"Say `confirm (\w{6})` within", reply)
    assert found, reply
    return found[1]


def settings_of(
    environ: Mapping[str, str],
    config: Mapping[str, Any] | None = None,
    folder: Path | None = None,
    owners: tuple[str, ...] = (OWNER,),
) -> Settings:
    """Settings from this environment alone, and from `config` as the content of sparkops.yaml."""
    values = {"SPARKOPS_ADMINS": ",".join(owners), "SPARKOPS_CONFIG": "", **environ}
    if config is not None:
        assert folder is not None, "a config file needs a folder"
        path = folder / "sparkops.yaml"
        path.write_text(yaml.safe_dump(dict(config), allow_unicode=True))
        values["SPARKOPS_CONFIG"] = str(path)
    else:
        del values["SPARKOPS_CONFIG"]
    return Settings.load(values)


def _clients(integrations: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, loaded in integrations.items():
        integration: Integration = loaded.integration
        if integration.client is not None:
            made[name] = integration.client(loaded.settings, settings)
    return made


@dataclass
class Process:
    """A process of the bot, started as an operator would."""

    name: str
    command: list[str]
    environment: Mapping[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; what it prints goes to its log."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                env=dict(self.environment),
                cwd=ROOT,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self) -> None:
        """SIGKILL to it and all it started."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def stop(self) -> None:
        """SIGTERM, and SIGKILL after a while."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()


@dataclass
class RunningBot:
    """Web and worker as processes, a stand-in Webex, and people to speak as."""

    webex: Webex
    url: str
    environment: dict[str, str]
    web: Process
    worker: Process
    folder: Path
    room: str = ""
    others: list[Process] = field(default_factory=list)

    def say(
        self, line: str, *, person: str = OWNER, room: str | None = None, parent: str | None = None
    ) -> str:
        """Mention the bot in the room and return the message's id."""
        fields = {"parentId": parent} if parent else {}
        return str(
            self.webex.person(person).post(
                "messages",
                roomId=room or self.room,
                markdown=f"<@personEmail:sparkops@webex.bot|Sparkops> {line}",
                **fields,
            )["id"]
        )

    def replies(self, message_id: str, *, at_least: int = 1, room: str | None = None) -> list[dict[str, Any]]:
        """The thread below a message, oldest first, once it has as many replies."""

        def enough() -> list[dict[str, Any]]:
            items = self.webex.person(OWNER).get(
                "messages", roomId=room or self.room, parentId=message_id, max=100
            )["items"]
            return list(reversed(items)) if len(items) >= at_least else []

        return wait_for(enough, f"{at_least} replies in the thread")

    def ask(self, line: str, **more: Any) -> str:
        """Say a line and return the markdown of the first reply."""
        reply = self.replies(self.say(line, **more), room=more.get("room"))[0]
        return str(reply.get("markdown") or reply["text"])

    def ready(self) -> None:
        """Wait until /readyz says so."""

        def answered() -> bool:
            try:
                return requests.get(f"{self.url}/readyz", timeout=2).status_code == 200
            except requests.RequestException:
                return False

        wait_for(answered, "the bot to be ready", seconds=60)


def wait_for(look: Any, what: str, *, seconds: float = PATIENCE) -> Any:
    """Look again and again until it gives something; fails with what was waited for."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found := look():
            return found
        time.sleep(0.02)
    raise AssertionError(f"Waited {seconds:.0f} s for {what}.")


@contextmanager
def running_bot(
    webex: Webex, database_url: str, folder: Path, environ: Mapping[str, str] | None = None
) -> Iterator[RunningBot]:
    """Run web and worker for as long as the block runs, with a room that holds the owner and the bot."""
    port = free_port()
    environment = {
        **{
            name: value
            for name, value in os.environ.items()
            if name in {"PATH", "HOME", "LANG", "PYTHONDONTWRITEBYTECODE"}
        },
        "DATABASE_URL": database_url,
        "WEBEX_ACCESS_TOKEN": "bot:sparkops@webex.bot",
        "WEBEX_API_URL": webex.api,
        "WEBEX_WEBHOOK_SECRET": "a-secret-of-the-tests",
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "SPARKOPS_ADMINS": OWNER,
        "SPARKOPS_API_TOKENS": "api-token-of-the-tests",
        "SPARKOPS_HOME": str(folder),
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "WEB_CONCURRENCY": "1",
        **(environ or {}),
    }
    gunicorn = [
        sys.executable,
        "-m",
        "gunicorn",
        "--config",
        "python:bot.gunicorn_settings",
        "bot.app:create_app()",
    ]
    web = Process("web", gunicorn, environment, folder / "web.log")
    worker = Process("worker", [sys.executable, "-m", "bot", "worker"], environment, folder / "worker.log")
    bot = RunningBot(webex, f"http://127.0.0.1:{port}", environment, web, worker, folder)
    try:
        web.start()
        worker.start()
        bot.ready()
        bot.room = webex.room_with_bot("Sparkops demo")
        yield bot
    finally:
        for process in (worker, web, *bot.others):
            process.stop()
