"""What an operator deploys: the Procfile's processes, the Heroku button, the container files."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from bot.integration import find_integrations
from bot.settings import Settings
from bot.store.embedded import EmbeddedPostgres
from bot.supervisor import free_port
from tests.playground.running import Webex, running_webex
from tests.talking import OWNER, ROOT, Process, RunningBot, wait_for

PROCFILE = ROOT / "Procfile"


def procfile() -> dict[str, str]:
    """The Procfile as a mapping."""
    return dict(re.findall(r"^(\w+): (.+)$", PROCFILE.read_text(), re.MULTILINE))


def test_the_procfile_names_release_web_worker_and_clock() -> None:
    assert list(procfile()) == ["release", "web", "worker", "clock"]


@pytest.fixture
def empty_database(tmp_path: Path) -> Iterator[str]:
    """A PostgreSQL with a database in which nothing has ever been made, as an add-on gives it."""
    with EmbeddedPostgres(tmp_path / "home") as server:
        url = server.start()
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE DATABASE heroku")
        yield url.replace("/sparkops?", "/heroku?").replace("postgresql://", "postgres://")


@contextmanager
def honcho(environment: dict[str, str], folder: Path) -> Iterator[Process]:
    """Web, worker and clock of the Procfile under honcho, as `heroku local` would run them."""
    command = [
        sys.executable,
        "-m",
        "honcho",
        "start",
        "--no-prefix",
        "-f",
        str(PROCFILE),
        "web",
        "worker",
        "clock",
    ]
    process = Process("honcho", command, environment, folder / "honcho.log")
    process.start()
    try:
        yield process
    finally:
        assert process.process is not None
        os.killpg(process.process.pid, signal.SIGTERM)
        process.process.wait(60)


def test_the_procfile_holds_a_conversation(empty_database: str, tmp_path: Path) -> None:
    """release, then web, worker and clock on an empty PostgreSQL: a person asks and is answered."""
    with running_webex() as webex:
        environment = deployed(webex, empty_database)
        release = subprocess.run(
            procfile()["release"].split(),
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert (release.returncode, release.stdout) == (0, "The database is at the present schema.\n"), (
            release.stderr
        )
        with honcho(environment, tmp_path) as process:
            bot = RunningBot(webex, environment["PUBLIC_URL"], environment, process, process, tmp_path)
            bot.ready()
            bot.room = webex.room_with_bot("Deployed")
            assert bot.ask("ping") == "pong"
            assert bot.ask("whoami").startswith(f"You are **{OWNER}**, in the room Deployed.")
            wait_for(lambda: schedules(empty_database) > 0, "the clock to have installed its schedules")


def deployed(webex: Webex, url: str) -> dict[str, str]:
    """The environment of a dyno. The bot's Python comes first on the path, as it does there."""
    port = free_port()
    return {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": os.environ["HOME"],
        "DYNO": "web.1",
        "DATABASE_URL": url,
        "WEBEX_ACCESS_TOKEN": "bot:sparkops@webex.bot",
        "WEBEX_API_URL": webex.api,
        "WEBEX_WEBHOOK_SECRET": "signed-by-the-test",
        "SPARKOPS_ADMINS": OWNER,
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "WEB_CONCURRENCY": "2",
        "SPARKOPS_DATABASE_POOL": "2",
    }


def schedules(url: str) -> int:
    with psycopg.connect(url) as connection:
        return int(connection.execute("SELECT count(*) FROM schedules").fetchone()[0])  # type: ignore[index]


@pytest.mark.parametrize("process", ["release", "web", "worker", "clock"])
def test_a_dyno_without_a_database_refuses_to_start(process: str, tmp_path: Path) -> None:
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "DYNO": f"{process}.1",
        "SPARKOPS_HOME": str(tmp_path),
        "WEBEX_WEBHOOK_SECRET": "signed-by-the-test",
        "PORT": str(free_port()),
        "HOST": "127.0.0.1",
    }
    refused = subprocess.run(
        shlex.split(procfile()[process]),
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert refused.returncode == 2
    assert refused.stderr.endswith(
        "This is a Heroku dyno and DATABASE_URL is not set. A dyno's disk is wiped at every restart, so the "
        "embedded database would forget everything: add Heroku Postgres "
        "(heroku addons:create heroku-postgresql:essential-0).\n"
    )


def test_the_heroku_button_describes_every_variable_it_asks_for() -> None:
    button: dict[str, Any] = json.loads((ROOT / "app.json").read_text())
    assert button["addons"] == [{"plan": "heroku-postgresql:essential-0"}]
    assert set(button["formation"]) == {"web", "worker", "clock"}
    undescribed = [name for name, value in button["env"].items() if len(value.get("description", "")) < 15]
    assert undescribed == []
    models = [Settings, *(each.settings for each in find_integrations(Settings.load({})) if each.settings)]
    fields = [field for model in models for field in model.model_fields.values()]
    known = {field.alias for field in fields} | {"SPARKOPS_CONFIG", "WEB_CONCURRENCY"}
    assert set(button["env"]) - known == set()


def test_compose_runs_the_same_processes_on_postgresql() -> None:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    assert set(services) == {"database", "migrate", "web", "worker", "clock"}
    commands = {name: services[name].get("command") for name in ("migrate", "worker", "clock")}
    assert commands == {name: ["python", "-m", "bot", name] for name in commands}
    assert services["worker"]["stop_grace_period"] == "30s"


def test_the_image_is_slim_staged_and_not_root() -> None:
    text = (ROOT / "Dockerfile").read_text()
    assert re.findall(r"^FROM (\S+)", text, re.MULTILINE) == ["python:3.13-slim", "python:3.13-slim"]
    assert text.index("USER sparkops") < text.index('CMD ["gunicorn"')
    assert "HEALTHCHECK" in text
