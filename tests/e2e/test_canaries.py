"""Secrets planted wherever there are any are found nowhere: no message, file, log line, audit row, run or metric."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
import requests
import yaml

from tests.playground.running import Webex, running_webex
from tests.talking import OWNER, RunningBot, running_bot, wait_for

CANARIES = {
    "WEBEX_WEBHOOK_SECRET": "canary-of-the-webhook-7f3a",
    "SPARKOPS_API_TOKENS": "canary-of-the-api-91bc",
    "SPARKOPS_ENCRYPTION_KEY": "canary-of-the-encryption-key-5d2e-long-enough",
    "JENKINS_TOKEN": "canary-of-jenkins-c04d",
    "LEAKY_KEY": "canary/of+the integration=e8e8",
    "UNRELATED_PASSWORD": "canary-of-the-environment-22aa",
}
TYPED = "canary-of-a-person-b6b6"
"""What a person types into a chat, as the value of a parameter that is named like a secret."""
LINES = (
    "leak reply",
    "leak error",
    "leak refusal",
    "leak log",
    "leak run",
    "run list --all",
    "run show 1",
    "run log 1",
    "audit list --last 50",
    "audit export --format jsonl",
    "nonsense",
)


@pytest.fixture
def webex() -> Iterator[Webex]:
    """A stand-in Webex."""
    with running_webex() as running:
        yield running


@pytest.fixture
def bot(webex: Webex, postgres_url: str, database: Any, tmp_path: Path) -> Iterator[RunningBot]:
    """Web and worker as processes, with an integration that leaks."""
    config = tmp_path / "sparkops.yaml"
    config.write_text(yaml.safe_dump({"modules": ["tests.e2e.leaky"]}))
    environ = {**CANARIES, "SPARKOPS_CONFIG": str(config), "LOG_LEVEL": "DEBUG"}
    environ |= {"JENKINS_URL": "http://127.0.0.1:9", "JENKINS_USER": "bot"}
    with running_bot(webex, postgres_url, tmp_path, environ) as running:
        yield running


def test_planted_secrets_are_found_nowhere(bot: RunningBot, webex: Webex, postgres_url: str) -> None:
    for line in LINES:
        bot.ask(line)
    typed = bot.ask(f"leak run password={TYPED}")
    direct = webex.person().post("messages", toPersonEmail="sparkops@webex.bot", text="leak reply")
    wait_for(lambda: len(_direct(webex)) > 1, "the answer in the direct room")
    _call(bot, "leak error")
    _call(bot, f"leak run token={TYPED}")
    wait_for(lambda: _ended(postgres_url, 2), "the runs to end")

    seen = {
        "messages": _messages(webex, bot.room, direct["roomId"]),
        "files": _files(webex, bot.room),
        "web log": bot.web.log.read_text(),
        "worker log": bot.worker.log.read_text(),
        "metrics": requests.get(f"{bot.url}/metrics", timeout=10).text,
        "readiness": requests.get(f"{bot.url}/readyz", timeout=10).text,
        **_tables(postgres_url),
    }
    assert "«redacted»" in seen["messages"]
    assert "leak.text" in seen["worker log"]
    assert "command.broken" in seen["worker log"]
    assert "db_password" in seen["table run_log"]
    assert "secret" in typed
    found = [
        f"{name} in the {where}: …{text[max(0, text.find(spelling) - 80) : text.find(spelling) + 80]}…"
        for name, secret in {**CANARIES, "typed": TYPED}.items()
        for spelling in _spellings(secret)
        for where, text in seen.items()
        if spelling in text
    ]
    assert not found, "\n".join(found)


def _spellings(secret: str) -> set[str]:
    """The secret as it is, percent-encoded, as JSON, and in base64 at each of the three offsets."""
    encoded = {base64.b64encode(b"x" * pad + secret.encode())[pad + 2 : -4].decode() for pad in range(3)}
    return {secret, quote(secret, safe=""), json.dumps(secret)[1:-1], *encoded}


def _direct(webex: Webex) -> list[Mapping[str, Any]]:
    items: list[Mapping[str, Any]] = webex.person(OWNER).get(
        "messages/direct", personEmail="sparkops@webex.bot"
    )["items"]
    return items


def _messages(webex: Webex, *rooms: str) -> str:
    """All that the bot has said in the rooms, with the cards."""
    said = [webex.person(OWNER).get("messages", roomId=room, max=1000)["items"] for room in rooms]
    own = [each for items in said for each in items if each["personEmail"] != OWNER]
    return json.dumps(own, ensure_ascii=False)


def _files(webex: Webex, room: str) -> str:
    """The content of every file in the room."""
    items = webex.person(OWNER).get("messages", roomId=room, max=1000)["items"]
    links = [link for each in items for link in each.get("files", [])]
    assert links, "the bot sent no file"
    headers = {"Authorization": f"Bearer person:{OWNER}"}
    return "\n".join(requests.get(link, headers=headers, timeout=10).text for link in links)


def _call(bot: RunningBot, line: str) -> None:
    """The same by REST, which stores the call before it is handled."""
    answer = requests.post(
        f"{bot.url}/api/commands",
        json={"command": line, "as": OWNER},
        headers={"Authorization": f"Bearer {CANARIES['SPARKOPS_API_TOKENS']}"},
        timeout=60,
    )
    assert answer.status_code == 200, answer.text
    assert not [name for name, secret in CANARIES.items() if secret in answer.text]


def _ended(url: str, number: int) -> bool:
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT count(*) FROM runs WHERE state = 'done'").fetchone()
    return found is not None and found[0] >= number


def _tables(url: str) -> dict[str, str]:
    """Every row of every table, as text."""
    with psycopg.connect(url) as connection:
        names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        return {
            f"table {name}": "\n".join(
                str(row[0]) for row in connection.execute(f'SELECT t::text FROM "{name}" AS t').fetchall()
            )
            for (name,) in names
        }
