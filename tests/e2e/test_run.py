"""`python -m bot run`, which `make run` calls: everything in one, kept alive, ended in order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from bot.supervisor import free_port
from tests.playground.running import Caller
from tests.talking import OWNER, ROOT, Process, wait_for


@dataclass
class Laptop:
    """A machine with nothing set: a home, and two ports."""

    environment: dict[str, str]
    process: Process

    @property
    def chat(self) -> str:
        """Where the chat page is."""
        return f"http://127.0.0.1:{self.environment['PLAYGROUND_PORT']}"

    def said(self) -> str:
        """What `run` has printed so far."""
        return self.process.log.read_text()

    def start(self) -> None:
        """Run, and wait until it says that it is ready."""
        self.process.log.write_text("")
        self.process.start()
        wait_for(lambda: "Sparkops is ready." in self.said(), "Sparkops to be ready", seconds=120)

    def children(self) -> dict[str, psutil.Process]:
        """The processes it keeps alive, by the word that tells them."""
        assert self.process.process is not None
        words = ("playground", "gunicorn", "worker", "clock")
        running = psutil.Process(self.process.process.pid).children()
        return {word: each for each in running for word in words if word in command_line(each)}

    def ask(self, line: str) -> str:
        """Say a line in the demo room and return the reply."""
        you = Caller(f"{self.chat}/v1/", f"person:{OWNER}")
        (room,) = (each for each in you.get("rooms")["items"] if each["title"] == "Sparkops demo")
        mention = f"<@personEmail:sparkops@webex.bot|Sparkops> {line}"
        asked = you.post("messages", roomId=room["id"], markdown=mention)["id"]

        def replies() -> list[dict[str, Any]]:
            return list(you.get("messages", roomId=room["id"], parentId=asked)["items"])

        return str(wait_for(replies, "a reply", seconds=60)[0]["markdown"])


def command_line(process: psutil.Process) -> list[str]:
    """Its words; none where it has just ended."""
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []


@pytest.fixture
def laptop(tmp_path: Path) -> Iterator[Laptop]:
    """A laptop on which nothing runs yet; whatever was started is stopped."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ["HOME"],
        "SPARKOPS_HOME": str(tmp_path / ".sparkops"),
        "PORT": str(free_port()),
        "PLAYGROUND_PORT": str(free_port()),
    }
    process = Process("run", [sys.executable, "-m", "bot", "run"], environment, tmp_path / "run.log")
    made = Laptop(environment, process)
    yield made
    process.stop()


@pytest.mark.timeout(400)
def test_it_says_where_to_talk_keeps_everything_alive_and_ends_in_order(laptop: Laptop) -> None:
    laptop.start()
    assert laptop.said() == (
        f"playground all on {laptop.chat}\n"
        "\nSparkops is ready.\n\n"
        f"  Chat page  {laptop.chat}/\n"
        f"  Bot        http://127.0.0.1:{laptop.environment['PORT']}\n\n"
        "Open the chat page. You are you@example.com in the room “Sparkops demo”. Type first:\n\n"
        "  @Sparkops help\n  @Sparkops jenkins jobs\n  @Sparkops jenkins build api BRANCH=main\n"
        "  @Sparkops switch health\n\n"
        "Ctrl-C stops everything.\n\n"
    )
    assert requests.get(f"{laptop.chat}/", timeout=10).status_code == 200
    assert laptop.ask("switch health").startswith("⚠️ 7 of 8 switches have something to look at:")
    assert laptop.ask('switch show @leaf "show version"').startswith(
        "**`show version`**: 6 rows of 6 switches."
    )
    assert laptop.ask("ping") == "pong"

    refused = subprocess.run(
        [sys.executable, "-m", "bot", "run"], cwd=ROOT, env=laptop.environment, capture_output=True, text=True
    )
    assert refused.returncode == 2
    assert refused.stderr.startswith(
        f"Sparkops is already running in {laptop.environment['SPARKOPS_HOME']} (process "
    )
    assert laptop.ask("ping") == "pong", "the first one does not mind"

    told = subprocess.run(
        [sys.executable, "-m", "bot", "chat", "whoami"],
        cwd=ROOT,
        env=laptop.environment,
        capture_output=True,
        text=True,
    )
    assert told.stdout.startswith("You are **you@example.com**, at the terminal."), told.stderr

    before = laptop.children()
    assert set(before) == {"playground", "gunicorn", "worker", "clock"}
    before["worker"].kill()
    wait_for(lambda: laptop.children().get("worker") not in (None, before["worker"]), "another worker")
    assert laptop.ask("ping") == "pong"

    everything = psutil.Process(laptop.process.process.pid).children(recursive=True)  # type: ignore[union-attr]
    os.kill(laptop.process.process.pid, signal.SIGINT)  # type: ignore[union-attr]
    assert laptop.process.process is not None
    assert laptop.process.process.wait(60) == 0
    _, alive = psutil.wait_procs(everything, timeout=10)
    assert alive == []

    laptop.start()  # everything was left as a next start needs it
    assert "ping" in laptop.ask("audit list"), "and what was said is still known"
