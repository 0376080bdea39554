"""Log lines: one JSON object each, and no secret in any, whoever wrote it and however."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any

import pytest
import structlog

from bot import logs
from bot.outbound.redact import Redactor

SECRET = "swordfish-of-the-tests"
ROOT = Path(__file__).parent.parent


class Stream(io.StringIO):
    """What is written to stderr, line by line."""

    @property
    def lines(self) -> list[str]:
        return self.getvalue().splitlines()

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines]


@pytest.fixture
def stderr(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stream]:
    """The logs as a process of the bot has them; what the tests had before is put back."""
    root, before = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers[:], root.level
    stream = Stream()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(sys, "excepthook", sys.__excepthook__)
    monkeypatch.setattr(threading, "excepthook", threading.__excepthook__)
    logs.configure(Redactor([SECRET]), level="INFO", as_json=True)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**before)


def test_a_line_is_one_json_object_with_what_happened_when_and_where(stderr: Stream) -> None:
    with structlog.contextvars.bound_contextvars(correlation_id="c0ffee"):
        structlog.get_logger("bot.inbound").info("inbox.dead", inbox_id=7)
    [event] = stderr.events
    assert event.pop("timestamp").endswith("Z")
    assert event == {
        "event": "inbox.dead",
        "inbox_id": 7,
        "correlation_id": "c0ffee",
        "level": "info",
        "logger": "bot.inbound",
    }


def test_a_secret_is_taken_out_of_every_field_however_deep(stderr: Stream) -> None:
    structlog.get_logger("bot").warning(
        f"sent {SECRET}",
        headers={"Authorization": f"Bearer {SECRET}"},
        tried=[SECRET, {"url": f"https://u:{SECRET}@h/"}],
    )
    [event] = stderr.events
    assert event["event"] == "sent «redacted»"
    assert event["headers"] == {"Authorization": "«redacted»"}
    assert event["tried"] == ["«redacted»", {"url": "https://u:«redacted»@h/"}]


def boom() -> None:
    raise RuntimeError(f"boom with {SECRET}")


def test_a_traceback_is_whole_but_for_the_secret(stderr: Stream) -> None:
    try:
        boom()
    except RuntimeError:
        structlog.get_logger("bot").exception("command.broken")
        logging.getLogger("some.library").exception("it broke with %s", SECRET)
    for event in stderr.events:
        told = event["exception"]
        assert told.startswith("Traceback (most recent call last):")
        assert "in boom" in told
        assert told.endswith("RuntimeError: boom with «redacted»")
    assert SECRET not in stderr.getvalue()


def test_what_a_library_logs_is_a_line_like_any_other_and_as_safe(stderr: Stream) -> None:
    logging.getLogger("urllib3.connectionpool").warning("Retrying: /hooks/jenkins/%s", SECRET)
    logging.getLogger("some.library").error("ends with %s", SECRET, extra={"password": "hunter2"})
    first, second = stderr.events
    assert (first["event"], first["level"], first["logger"]) == (
        "Retrying: /hooks/jenkins/«redacted»",
        "warning",
        "urllib3.connectionpool",
    )
    assert second["event"] == "ends with «redacted»"


def test_what_libraries_chat_about_is_left_out(stderr: Stream) -> None:
    for name in (
        "procrastinate.worker",
        "apscheduler.scheduler",
        "alembic.runtime",
        "urllib3",
        "webexpythonsdk",
    ):
        logging.getLogger(name).info("chatter")
    structlog.get_logger("bot").debug("below the level")
    assert stderr.lines == []


def test_a_line_break_in_what_is_logged_does_not_make_two_lines(stderr: Stream) -> None:
    structlog.get_logger("bot").info("said", line='one\ntwo\n{"event": "forged"}')
    assert len(stderr.events) == 1


def test_a_secret_in_an_error_that_ends_a_thread_is_taken_out_too(stderr: Stream) -> None:
    thread = threading.Thread(target=boom, name="sender_0")
    thread.start()
    thread.join()
    [event] = stderr.events
    assert event["event"] == "thread.ended_by_error"
    assert event["thread"] == "sender_0"
    assert event["exception"].endswith("RuntimeError: boom with «redacted»")
    assert SECRET not in stderr.getvalue()


def test_an_error_that_ends_the_process_is_logged_without_its_secrets() -> None:
    program = (
        "from bot import logs; from bot.outbound.redact import Redactor\n"
        f"logs.configure(Redactor([{SECRET!r}]), level='INFO', as_json=True)\n"
        f"raise RuntimeError('boom with {SECRET}')\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 1
    [line] = ended.stderr.splitlines()
    assert json.loads(line)["exception"].endswith("RuntimeError: boom with «redacted»")


def test_a_line_that_cannot_be_written_is_not_printed_with_its_secrets(
    stderr: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = io.StringIO()
    monkeypatch.setattr(sys, "stderr", elsewhere)
    stderr.close()
    try:
        boom()
    except RuntimeError:
        structlog.get_logger("bot").exception("command.broken")
    assert elsewhere.getvalue() == ""


def test_as_text_the_same_lines_are_readable_and_as_safe(stderr: Stream) -> None:
    with redirect_stderr(stderr):
        logs.configure(Redactor([SECRET]), level="info", as_json=False)
    structlog.get_logger("bot").info("worker.started", token=SECRET)
    [line] = stderr.lines
    assert "[info     ] worker.started" in line
    assert "token=«redacted»" in line


def test_a_level_that_does_not_exist_is_one_clear_line(tmp_path: Path) -> None:
    environ = {"PYTHONPATH": str(ROOT), "LOG_LEVEL": "loud", "DATABASE_URL": "postgresql://127.0.0.1:9/x"}
    ended = subprocess.run(
        [sys.executable, "-m", "bot", "worker"],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 2
    assert ended.stderr == (
        "The environment, LOG_LEVEL: Input should be 'DEBUG', 'INFO', 'WARNING' or 'ERROR'.\n"
    )
