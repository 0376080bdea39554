"""`python -m bot run`: everything in one: the database, the playground, and the three processes, kept alive."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import structlog

from bot.integration import migrations_of
from bot.settings import PLAYED, Settings, refuse_embedded_on_a_dyno
from bot.store.embedded import EmbeddedPostgres
from bot.store.home_lock import HomeLock
from bot.store.migrate import is_current, migrate

log = structlog.get_logger(__name__)

_GENERATED = (
    "WEBEX_WEBHOOK_SECRET",
    "JENKINS_HOOK_SECRET",
    "SPARKOPS_API_TOKENS",
    "SPARKOPS_ENCRYPTION_KEY",
)
_OWNER, _BOT, _ROOM = "you@example.com", "sparkops@webex.bot", "Sparkops demo"
_SWITCHES = 8
"""Stand-in switches of the playground: two spines and six leafs."""
_PATIENCE = 60.0


@dataclass
class Child:
    """A process the supervisor keeps alive, with longer pauses the more often it dies at once."""

    name: str
    command: list[str]
    environment: Mapping[str, str]
    process: subprocess.Popen[bytes] | None = None
    pause: float = 0.5
    started: float = 0.0
    not_before: float = field(default=0.0)

    def start(self) -> None:
        """Start it, in a group of its own: Ctrl-C is for the supervisor, who then stops it in order."""
        self.process = subprocess.Popen(self.command, env=dict(self.environment), start_new_session=True)
        self.started = time.monotonic()

    def keep_alive(self) -> None:
        """Start it again where it has ended."""
        now = time.monotonic()
        if self.process is None:
            if now >= self.not_before:
                self.start()
            return
        code = self.process.poll()
        if code is None:
            return
        self.pause = 0.5 if now - self.started > 30 else min(15.0, self.pause * 2)
        log.warning("run.child_ended", process=self.name, code=code, again_in=self.pause)
        self.process, self.not_before = None, now + self.pause

    def terminate(self) -> None:
        """SIGTERM, where it still runs."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def stop(self, seconds: float) -> None:
        """SIGTERM, and SIGKILL to its group if it is still there after `seconds`."""
        self.terminate()
        if self.process is None:
            return
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            log.warning("run.child_killed", process=self.name, after=seconds)
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def run(settings: Settings, environ: Mapping[str, str]) -> None:
    """Start everything and keep it running until SIGINT or SIGTERM; then stop it in order.

    Raises AlreadyRunning where another `run` uses the same home, and SettingsError.
    """
    if settings.database_url is None:
        refuse_embedded_on_a_dyno(settings)
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    with HomeLock(settings.home):
        postgres = None if settings.database_url else EmbeddedPostgres(settings.home)
        url = settings.database_url.get_secret_value() if settings.database_url else ""
        try:
            if postgres is not None:
                url = postgres.start()
            folders = migrations_of(settings)
            if postgres is None or not is_current(url, folders):
                migrate(url, folders)
            environment = environment_of(settings, environ, url)
            _write_private(settings.home / PLAYED, _played(environment, environ))
            _supervise(settings, environment, stopping)
        finally:
            if postgres is not None:
                postgres.stop()


def _supervise(settings: Settings, environment: dict[str, str], stopping: threading.Event) -> None:
    children = children_of(settings, environment)
    try:
        for child in children:
            if child.name != "clock":  # nobody waits for it: it starts when all others have
                child.start()
        _announce(settings, environment, stopping)
        while not stopping.wait(0.5):
            for child in children:
                child.keep_alive()
    finally:
        # The playground goes last: what is still on its way into a room shall arrive.
        for child in reversed(children):
            if child.name != "playground":
                child.terminate()
        for child in reversed(children):
            child.stop(25.0)


def children_of(settings: Settings, environment: Mapping[str, str]) -> list[Child]:
    """The processes to keep alive; the playground among them unless there is a real Webex."""
    python = sys.executable
    children = []
    if settings.webex_access_token is None:
        port = environment["PLAYGROUND_PORT"]
        hook = f"{environment['PUBLIC_URL']}/hooks/jenkins/{environment['JENKINS_HOOK_SECRET']}"
        command = [python, "-m", "playground", "all", "--port", port, "--bot-email", _BOT, "--owner", _OWNER]
        command += ["--room", _ROOM, "--jenkins-hook", hook]
        if environment.get("SWITCHES_INVENTORY") == _inventory(settings):
            command += ["--switches", str(_SWITCHES), "--switches-inventory", _inventory(settings)]
        children.append(Child("playground", command, environment))
    web = [python, "-m", "gunicorn", "--config", "python:bot.gunicorn_settings", "bot.app:create_app()"]
    children.append(Child("web", web, environment))
    children.append(Child("worker", [python, "-m", "bot", "worker"], environment))
    children.append(Child("clock", [python, "-m", "bot", "clock"], environment))
    return children


def environment_of(settings: Settings, environ: Mapping[str, str], url: str) -> dict[str, str]:
    """The children's environment: what was given, and what a laptop needs without being told."""
    kept = made_up(settings.home, environ)
    made = {**kept, **{name: value for name, value in environ.items() if value}}
    made["DATABASE_URL"] = url
    made.pop("DATABASE_URL_FILE", None)
    port = settings.port or free_port()
    made["PORT"] = str(port)
    made.setdefault("HOST", "127.0.0.1")
    made.setdefault("WEB_CONCURRENCY", "1")
    if settings.webex_access_token is None:
        playground = int(environ.get("PLAYGROUND_PORT") or "8081") or free_port()
        made["PLAYGROUND_PORT"] = str(playground)
        made["PUBLIC_URL"] = f"http://127.0.0.1:{port}"
        made["WEBEX_ACCESS_TOKEN"] = f"bot:{_BOT}"
        made["WEBEX_API_URL"] = f"http://127.0.0.1:{playground}/v1/"
        made.setdefault("SPARKOPS_ADMINS", _OWNER)
        if "JENKINS_URL" not in made:
            made |= {
                "JENKINS_URL": f"http://127.0.0.1:{playground}/jenkins/",
                "JENKINS_USER": "sparkops",
                "JENKINS_TOKEN": "playground-token",
            }
        if not _knows_switches(settings, environ):
            made |= {
                "SWITCHES_INVENTORY": _inventory(settings),
                "SWITCHES_PASSWORD": "playground-password",
            }
            made.pop("SWITCHES_PASSWORD_FILE", None)
    return made


def _knows_switches(settings: Settings, environ: Mapping[str, str]) -> bool:
    """Whether there are switches to be asked: then the playground brings none of its own."""
    told = settings.file.integrations.get("switches", {})
    return (
        any(environ.get(name) for name in ("SWITCHES_INVENTORY", "SWITCH_URL"))
        or bool(told.get("inventory") or told.get("url"))
        or Path("inventory/switches.yaml").exists()
    )


def _inventory(settings: Settings) -> str:
    """Where the playground writes which switches it has."""
    return str(settings.home.resolve() / "switches.yaml")


def made_up(home: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Secrets of this home's own, made once and kept in a file only its owner can read.

    One that the environment gives as a file is left out: it would count as given twice.
    """
    path = home / "secrets.json"
    kept: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    missing = {name: secrets.token_hex(24) for name in _GENERATED if name not in kept}
    if missing:
        _write_private(path, {**kept, **missing})
    every = {**kept, **missing}
    return {name: value for name, value in every.items() if not environ.get(f"{name}_FILE")}


def _played(environment: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """What `run` made up, secrets and playground: `chat`, `doctor` and `inbox` in the same home need it too."""
    made_up = environment.keys() - {name for name, value in environ.items() if value}
    return {
        name: environment[name]
        for name in sorted(made_up - {"DATABASE_URL", "HOST", "PORT", "WEB_CONCURRENCY"})
    }


def _write_private(path: Path, values: Mapping[str, str]) -> None:
    """Write values that only this account may read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(values, file, indent=1)


def free_port() -> int:
    """A port of 127.0.0.1 that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _announce(settings: Settings, environment: Mapping[str, str], stopping: threading.Event) -> None:
    """Wait until everything answers, then say where it is and what to type first."""
    bot = f"http://127.0.0.1:{environment['PORT']}"
    is_ready = _wait_ready(f"{bot}/readyz", stopping)
    if stopping.is_set():
        return
    if not is_ready:
        print(f"Not everything is ready yet; {bot}/readyz says what is missing.", flush=True)
        return
    if settings.webex_access_token is not None and settings.public_url is None:
        print(f"Sparkops runs at {bot}, but PUBLIC_URL is not set: Webex cannot reach it yet.", flush=True)
        return
    if settings.webex_access_token is not None:
        print(f"Sparkops is ready at {bot}. Mention your bot in a Webex room and say: help", flush=True)
        return
    chat = f"http://127.0.0.1:{environment['PLAYGROUND_PORT']}/"
    print(
        f"\nSparkops is ready.\n\n  Chat page  {chat}\n  Bot        {bot}\n\n"
        f"Open the chat page. You are {_OWNER} in the room “{_ROOM}”. Type first:\n\n"
        "  @Sparkops help\n  @Sparkops jenkins jobs\n  @Sparkops jenkins build api BRANCH=main\n"
        "  @Sparkops switch health\n\n"
        "Ctrl-C stops everything.\n",
        flush=True,
    )


def _wait_ready(url: str, stopping: threading.Event) -> bool:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until and not stopping.wait(0.1):
        try:
            with urlopen(url, timeout=2) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            continue
    return False
