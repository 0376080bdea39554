"""`python -m bot chat`: the same commands, the same gate, in a terminal with line editing and a history."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import pytest
from sqlalchemy import select as rows_of

from bot.access.audit_seals import seal_keys
from bot.assembly import load_parts
from bot.runs.advance import Engine
from bot.runs.due import queue_due_runs
from bot.settings import Settings
from bot.store.database import Database
from bot.store.models import AuditRow, Run
from bot.terminal import Terminal, plain
from tests.talking import OWNER, PATIENCE, ROOT, confirmation_code, settings_of, wait_for


@pytest.fixture
def environment(postgres_url: str, database: Database, tmp_path: Path) -> dict[str, str]:
    """What an operator sets to talk with the bot of a database."""
    return {
        "PATH": os.environ["PATH"],
        "TERM": "dumb",
        "DATABASE_URL": postgres_url,
        "WEBEX_ACCESS_TOKEN": "bot:sparkops@webex.bot",
        "SPARKOPS_ADMINS": OWNER,
        "SPARKOPS_HOME": str(tmp_path),
    }


def chat(environment: dict[str, str], *words: str, typed: str | None = None) -> tuple[int, str, str]:
    """Run `python -m bot chat`; gives its exit status and what it wrote to stdout and stderr."""
    ended = subprocess.run(
        [sys.executable, "-m", "bot", "chat", *words],
        env=environment,
        cwd=ROOT,
        input=typed,
        capture_output=True,
        text=True,
        timeout=PATIENCE * 2,
    )
    return ended.returncode, ended.stdout, ended.stderr


def test_a_line_on_the_command_line_is_answered_there(
    environment: dict[str, str], database: Database
) -> None:
    assert chat(environment, "ping") == (0, "pong\n", "")
    with database.transaction() as session:
        row = session.scalars(rows_of(AuditRow)).one()
    assert (row.entry, row.person_email, row.room_id, row.line, row.result) == (
        "terminal",
        OWNER,
        None,
        "ping",
        "ok",
    )


def test_whoever_is_denied_gets_a_failing_exit_status(environment: dict[str, str]) -> None:
    assert chat(environment, "--as", "eve@example.com", "run", "list", "--all") == (
        1,
        "⛔ You may not run `run list` here. No rule allows it, and what is not allowed is denied. "
        "`whoami` shows who I take you for; one of my owners can grant it.\n",
        "",
    )


def test_a_conversation_is_read_to_the_end_of_input(environment: dict[str, str]) -> None:
    status, said, _ = chat(environment, typed="ping\n\n   \nrun list --all\nbread\n")
    assert status == 0
    assert said.replace("sparkops> ", "") == (
        f"You are {OWNER}. `help` shows what there is; Ctrl-D ends.\n"
        "pong\n"
        "No runs yet.\n"
        "I know no `bread`. `help` shows what I can do for you here.\n"
        "\n"
    )


def test_nobody_to_speak_as(environment: dict[str, str]) -> None:
    assert chat({**environment, "SPARKOPS_ADMINS": ""}, "ping") == (
        2,
        "",
        "Say who you are with --as E-MAIL, or set SPARKOPS_ADMINS.\n",
    )


def test_a_database_that_does_not_answer_is_one_clear_line(environment: dict[str, str]) -> None:
    url = "postgresql://sparkops:secret-password@127.0.0.1:9/sparkops"
    status, said, complaint = chat({**environment, "DATABASE_URL": url}, "ping")
    assert (status, said) == (2, "")
    assert complaint.startswith("The database does not answer: connection failed: ")
    assert "secret-password" not in complaint
    assert "Traceback" not in complaint


@contextmanager
def typing(environment: dict[str, str]) -> Iterator[Typist]:
    """`python -m bot chat` in a terminal of its own."""
    keyboard, screen = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "chat"],
        env=environment,
        cwd=ROOT,
        stdin=screen,
        stdout=screen,
        stderr=screen,
        start_new_session=True,
    )
    os.close(screen)
    try:
        yield Typist(keyboard, process)
    finally:
        process.kill()
        process.wait()
        os.close(keyboard)


class Typist:
    """Somebody at a keyboard, who looks at the screen."""

    def __init__(self, keyboard: int, process: subprocess.Popen[bytes]) -> None:
        self._keyboard = keyboard
        self._process = process
        self._screen = ""

    def press(self, keys: str) -> None:
        """Press keys."""
        os.write(self._keyboard, keys.encode())

    def see(self, expected: str) -> None:
        """Look until the screen shows it, and forget what was shown up to there."""

        def shown() -> bool:
            if select.select([self._keyboard], [], [], 0)[0]:
                self._screen += os.read(self._keyboard, 4096).decode(errors="replace").replace("\r", "")
            return expected in self._screen

        try:
            wait_for(shown, f"{expected!r} on the screen", seconds=PATIENCE * 2)
        except AssertionError as error:
            raise AssertionError(f"{error} It shows {self._screen!r}.") from None
        self._screen = self._screen.partition(expected)[2]

    def left(self) -> int:
        """Wait for the end; gives the exit status."""
        return self._process.wait(PATIENCE)


def test_lines_can_be_edited_and_are_remembered_for_the_next_time(
    environment: dict[str, str], tmp_path: Path
) -> None:
    backspace, up, home, delete, end_of_input = "\x7f", "\x1b[A", "\x01", "\x1b[3~", "\x04"
    with typing(environment) as typist:
        typist.see("sparkops> ")
        typist.press(f"xpingg{backspace}{home}{delete}\n")
        typist.see("\npong\n")
        typist.see("sparkops> ")
        typist.press(f"{up}\n")
        typist.see("\npong\n")
        typist.see("sparkops> ")
        typist.press(end_of_input)
        assert typist.left() == 0
    assert (tmp_path / "chat_history").read_text() == "ping\n"
    with typing(environment) as typist:
        typist.see("sparkops> ")
        typist.press(f"{up}\n")
        typist.see("\npong\n")


@pytest.fixture
def settings(environment: dict[str, str], tmp_path: Path) -> Settings:
    """The settings of a bot with the bakery."""
    return settings_of(environment, {"modules": ["tests.commands.bakery"]}, tmp_path)


@contextmanager
def worker(settings: Settings, database: Database) -> Iterator[None]:
    """A worker that moves runs on, until the block ends."""
    parts = load_parts(settings)
    services = SimpleNamespace(audit_keys=seal_keys(settings.encryption_keys))
    engine = Engine(database, parts.redactor, parts.run_kinds, services, uuid4(), lambda _lanes: None, 1.0)
    stopping = threading.Event()

    def work() -> None:
        while not stopping.wait(0.02):
            with database.transaction() as session:
                queue_due_runs(session)
                queued = list(session.scalars(rows_of(Run.id).where(Run.step == "queued")))
            for run_id in queued:
                engine.step(run_id)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()


def test_a_run_is_followed_to_its_end(
    settings: Settings, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal = Terminal.open(settings, None)
    capsys.readouterr()
    with worker(settings, database):
        assert terminal.run("oven run 3") == 0
    shown = re.sub(r"\d\d:\d\d:\d\d", "HH:MM:SS", capsys.readouterr().out)
    assert shown == (
        "🔥 **oven 3** heats up.\n\n"
        "This is run 1: `run show 1`, `run log 1`.\n"
        "HH:MM:SS The door is shut.\n"
        "HH:MM:SS It is 90 degrees warm.\n"
        "HH:MM:SS It is 240 degrees warm.\n"
        "Run 1 is done. it is hot\n"
    )


def test_a_run_that_fails_gives_a_failing_exit_status(
    settings: Settings, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal = Terminal.open(settings, None)
    capsys.readouterr()
    with worker(settings, database):
        assert terminal.run("oven run 13") == 1
    assert capsys.readouterr().out.endswith("\nRun 1 is failed. no fuse\n")


def test_what_destroys_is_confirmed_in_the_terminal_too(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal = Terminal.open(settings, "You@example.com")
    capsys.readouterr()
    assert terminal.run("bread throw “very stale”") == 1
    code = confirmation_code(capsys.readouterr().out)
    assert terminal.run(f"confirm {code}") == 0
    assert capsys.readouterr().out == "Thrown away: very stale.\n"


def test_files_are_named_and_secrets_taken_out(
    environment: dict[str, str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bill.txt").write_text("another bill")
    environment["HOUSE_TOKEN"] = "sesame-opens-nothing"
    terminal = Terminal.open(settings_of(environment, {"modules": ["tests.commands.bakery"]}, tmp_path), None)
    capsys.readouterr()
    terminal.run("bread bake rye sesame-opens-nothing round")
    written = tmp_path / "bill-2.txt"
    assert capsys.readouterr().out == f"Baked 1 of rye for «redacted».\n[8 bytes in {written}]\n"
    assert len(written.read_bytes()) == 8
    assert (tmp_path / "bill.txt").read_text() == "another bill"


def test_a_terminal_needs_no_escapes() -> None:
    shown = plain("**a** [\\#6](http://x) costs \\$5 `\\#` and\n```\n\\d+\n```")
    assert shown == "**a** [#6](http://x) costs $5 `\\#` and\n```\n\\d+\n```"


def test_words_of_the_shell_stay_words(environment: dict[str, str], database: Database) -> None:
    assert chat(environment, "frob", "a b", "--all")[1] == (
        'I know no `frob "a b" --all`. `help` shows what I can do for you here.\n'
    )
    assert chat(environment, "frob a b --all")[1] == (
        "I know no `frob a b --all`. `help` shows what I can do for you here.\n"
    )
