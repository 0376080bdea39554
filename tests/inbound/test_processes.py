"""The web and the worker process as an operator runs them: what people, programs and the command line see."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import text

from bot.store.database import Database
from tests.bot_in_process import BOT
from tests.conftest import empty
from tests.playground.running import running_webex
from tests.talking import OWNER, ROOT, RunningBot, running_bot, wait_for


@pytest.fixture(scope="module")
def database(postgres_url: str) -> Iterator[Database]:
    """One database for all tests here, since they share one running bot."""
    opened = Database(postgres_url)
    empty(opened)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def bot(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningBot]:
    """Web and worker, started once."""
    with (
        running_webex() as webex,
        running_bot(webex, database.url, tmp_path_factory.mktemp("bot")) as running,
    ):
        yield running


def rows(database: Database, query: str, **values: Any) -> list[tuple[Any, ...]]:
    with database.transaction() as session:
        return [tuple(row) for row in session.execute(text(query), values)]


def words(message: dict[str, Any]) -> str:
    return str(message.get("markdown") or message["text"])


# People


def test_a_conversation_in_a_group_room_stays_in_the_threads_it_began_in(bot: RunningBot) -> None:
    assert bot.ask("ping") == "pong"
    assert bot.ask("“version”").startswith("Sparkops ")
    asked = bot.say("whoami")
    assert words(bot.replies(asked)[0]).startswith("You are **you@example.com**, in the room Sparkops demo.")
    bot.say("ping", parent=asked)
    thread = bot.replies(asked, at_least=3)
    assert [each["personEmail"] for each in thread] == [BOT, OWNER, BOT]
    assert words(thread[2]) == "pong"


def test_alone_with_the_bot_no_mention_is_needed(bot: RunningBot) -> None:
    you = bot.webex.person()
    question = you.post("messages", toPersonEmail=BOT, text="whoami")

    def replies() -> list[dict[str, Any]]:
        items = you.get("messages", roomId=question["roomId"])["items"]
        own = [each for each in items if each["personEmail"] == BOT]
        return own if len(own) == 2 else []

    reply, greeting = wait_for(replies, "the greeting and the reply")
    assert words(greeting).startswith("👋 Hello, I am **Sparkops**.")
    assert words(reply).startswith("You are **you@example.com**, in our direct room.")


def test_what_is_missing_is_asked_for_by_a_form_and_the_form_is_answered(bot: RunningBot) -> None:
    asked = bot.say("run show")
    card = bot.replies(asked)[0]
    assert words(card).startswith("`run show` needs NUMBER.")
    [submit] = card["attachments"][0]["content"]["actions"]
    bot.webex.person().post(
        "attachment/actions", type="submit", messageId=card["id"], inputs={**submit["data"], "field0": "77"}
    )
    assert words(bot.replies(asked, at_least=2)[1]) == "⚠️ There is no run 77. `run list` shows the latest."


def run_with_a_log(database: Database, lines: int) -> int:
    """A run that wrote this many lines; returns its number."""
    with database.transaction() as session:
        number = session.scalar(
            text("""
                INSERT INTO runs (request_key, kind, title, state, arguments, requester, correlation_id)
                VALUES (gen_random_uuid()::text, 'none', 'api', 'done', '{}', :owner, 'c') RETURNING id
            """),
            {"owner": OWNER},
        )
        session.execute(
            text("""
                INSERT INTO run_log (run_id, text)
                SELECT :run, 'step ' || line || ' ' || repeat('🚀', 10) FROM generate_series(1, :lines) AS line
            """),
            {"run": number, "lines": lines},
        )
    return int(number)


def test_a_long_reply_arrives_in_parts_and_in_order(bot: RunningBot, database: Database) -> None:
    number = run_with_a_log(database, 300)
    parts = [words(each) for each in bot.replies(bot.say(f"run log {number} --last 300"), at_least=3)]
    assert all(len(part.encode()) <= 7439 for part in parts)
    assert all(re.fullmatch(r"```\n.*\n```", part, re.DOTALL) for part in parts)
    steps = [int(found) for part in parts for found in re.findall(r"step (\d+) 🚀{10}", part)]
    assert steps == list(range(1, 301))


def test_a_reply_past_a_few_parts_arrives_as_a_file(bot: RunningBot, database: Database) -> None:
    number = run_with_a_log(database, 1000)
    [reply] = bot.replies(bot.say(f"run log {number} --last 1000"))
    assert words(reply).endswith("All of it is in **output.md**.")
    content = bot.webex.person().call("GET", reply["files"][0].partition("/v1/")[2]).content.decode()
    assert [int(found) for found in re.findall(r"step (\d+) 🚀{10}", content)] == list(range(1, 1001))


def test_doubled_and_reordered_deliveries_are_each_answered_once(bot: RunningBot) -> None:
    fault = bot.webex.fault(kind="duplicate", match={"webhook": "messages", "event": "created"})
    late = bot.webex.fault(kind="out-of-order", match={"webhook": "messages", "event": "created"}, delay=0.2)
    asked = [bot.say("ping") for _ in range(6)]
    for each in (fault, late):
        bot.webex.control("DELETE", f"faults/{each}")
    for each in asked:
        assert [words(reply) for reply in bot.replies(each)] == ["pong"]
    last = bot.say("ping")
    bot.replies(last)
    assert [len(bot.replies(each)) for each in asked] == [1] * 6


def test_the_bot_does_not_answer_itself(bot: RunningBot) -> None:
    own = bot.webex.bot().post("messages", roomId=bot.room, markdown=f"<@personEmail:{BOT}> ping")

    def delivered() -> list[dict[str, Any]]:
        return [each for each in bot.webex.deliveries() if each["dataId"] == own["id"]]

    [delivery] = wait_for(delivered, "the delivery of its own message")
    assert delivery["status"] == 200
    assert bot.ask("ping") == "pong"
    assert bot.webex.person().get("messages", roomId=bot.room, parentId=own["id"])["items"] == []


# Programs


def call(
    bot: RunningBot, body: Any, token: str = "api-token-of-the-tests", **headers: str
) -> requests.Response:
    return requests.post(
        f"{bot.url}/api/commands",
        json=body,
        headers={"Authorization": f"Bearer {token}", **headers},
        timeout=60,
    )


def test_a_program_runs_a_command_and_an_idempotency_key_makes_it_once(
    bot: RunningBot, database: Database
) -> None:
    body = {"command": "ping", "as": OWNER}
    key = {"Idempotency-Key": "deploy-42"}
    first, second = call(bot, body, **key), call(bot, body, **key)
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json() == second.json()
    assert first.json()["replies"] == [{"markdown": "pong"}]
    assert rows(database, "SELECT deliveries FROM inbox WHERE source = 'rest'") == [(2,)]
    assert call(bot, body, token="wrong").status_code == 401
    assert call(bot, {"command": "ping"}).status_code == 400


def test_oversize_bodies_are_refused_with_and_without_their_length(bot: RunningBot) -> None:
    huge = b"x" * 1_100_000
    assert requests.post(f"{bot.url}/hooks/webex", data=huge, timeout=60).status_code == 413
    pieces = (huge[start : start + 65_536] for start in range(0, len(huge), 65_536))
    assert requests.post(f"{bot.url}/hooks/webex", data=pieces, timeout=60).status_code == 413
    assert bot.ask("ping") == "pong"


def test_the_figures_and_the_health_can_be_read_by_anybody(bot: RunningBot) -> None:
    assert requests.get(f"{bot.url}/healthz", timeout=60).json() == {"status": "alive"}
    assert requests.get(f"{bot.url}/readyz", timeout=60).json() == {
        "ready": True,
        "clock": "ok",
        "database": "ok",
        "queue": "ok",
        "webex": "The webhooks are in place.",
        "policy": "ok",
    }
    assert (
        'sparkops_inbox{source="webex",state="done"}' in requests.get(f"{bot.url}/metrics", timeout=60).text
    )


# The command line


def command_line(bot: RunningBot, *arguments: str) -> tuple[int, str, str]:
    ended = subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        cwd=ROOT,
        env=bot.environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return ended.returncode, ended.stdout, ended.stderr


def test_a_dead_letter_is_listed_and_replayed_from_the_command_line(
    bot: RunningBot, database: Database
) -> None:
    fault = bot.webex.fault(kind="status", status=403, match={"method": "GET", "path": "/v1/messages/*"})
    asked = bot.say("ping")
    key = f"messages:created:{asked}"

    def kept_failing() -> bool:
        with database.transaction() as session:
            session.execute(text("UPDATE inbox SET not_before = now() WHERE state = 'waiting'"))
        return rows(database, "SELECT state FROM inbox WHERE dedupe_key = :key", key=key) == [("dead",)]

    wait_for(kept_failing, "the event to be given up")
    bot.webex.control("DELETE", f"faults/{fault}")
    [(number,)] = rows(database, "SELECT id FROM inbox WHERE dedupe_key = :key", key=key)

    code, listed, _ = command_line(bot, "inbox", "list", "--state", "dead")
    assert code == 0
    heading, line = listed.rstrip().splitlines()
    assert re.split("  +", heading) == [
        "id", "received (UTC)", "source", "state", "deliveries", "attempts", "key", "reason",
    ]  # fmt: skip
    assert line.split()[:1] + line.split()[3:7] == [str(number), "webex", "dead", "1", "6"]
    assert f"Reading message {asked}: Webex answered 403 Forbidden" in line

    said = f"Event {number} is queued again.\nEvent 99999 is unknown, or not ended yet.\n"
    assert command_line(bot, "inbox", "replay", str(number), "99999") == (1, said, "")
    apology, answer = (words(each) for each in bot.replies(asked, at_least=2))
    assert apology.startswith(
        "💥 I could not handle this, though I tried several times. It is kept: my owners find it as event "
        f"{number} "
    )
    assert answer == "pong"


def test_the_logs_are_json_lines_with_the_events_thread_running_through_them(bot: RunningBot) -> None:
    lines = bot.worker.log.read_text().splitlines()
    assert {"worker.started", "webhooks.synced"} <= {json.loads(line)["event"] for line in lines}
    everything = bot.worker.log.read_text() + bot.web.log.read_text()
    for secret in ("a-secret-of-the-tests", "api-token-of-the-tests", "bot:sparkops@webex.bot"):
        assert secret not in everything


# A wrong token


def test_a_wrong_token_is_one_clear_line_in_the_log_and_in_readyz(bot: RunningBot, tmp_path: Path) -> None:
    worker = subprocess.Popen(
        [sys.executable, "-m", "bot", "worker"],
        cwd=ROOT,
        env={**bot.environment, "WEBEX_ACCESS_TOKEN": "wrong-token-of-the-tests"},
        stdout=subprocess.DEVNULL,
        stderr=(tmp_path / "log").open("w"),
    )
    says = "Reading whose token this is: Webex answered 401 Unauthorized"
    advice = "Put the bot's present token into WEBEX_ACCESS_TOKEN (developer.webex.com, My Webex Apps)"
    try:

        def told() -> dict[str, Any] | None:
            answer = requests.get(f"{bot.url}/readyz", timeout=60)
            body: dict[str, Any] = answer.json()
            return body if answer.status_code == 503 else None

        webex = wait_for(told, "readyz to tell of the token")["webex"]
        assert webex.startswith(says) and webex.endswith(advice)
        [line] = wait_for((tmp_path / "log").read_text, "the worker's log").splitlines()
        event = json.loads(line)
        assert (event["event"], event["level"]) == ("worker.webex_refuses", "error")
        assert event["error"] == webex
    finally:
        worker.terminate()
        assert worker.wait(60) == 0
