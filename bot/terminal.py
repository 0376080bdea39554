"""`python -m bot chat`: the same commands in a terminal, with line editing and a history."""

from __future__ import annotations

import contextlib
import re
import readline
import time
from itertools import count
from pathlib import Path
from typing import Self
from uuid import uuid4

import click

from bot.access import audit
from bot.assembly import database_url, load_parts, make_services, make_webex
from bot.commands.context import Services
from bot.commands.execute import execute, record
from bot.commands.model import Entry, File, Reply, Request
from bot.commands.normalise import normalise
from bot.commands.tables import utc
from bot.config_file import SettingsError
from bot.runs import runs
from bot.runs.states import ENDED, State
from bot.settings import Settings
from bot.store.database import Database

_CODE_OR_ESCAPE = re.compile(r"(?P<code>```.*?```|`[^`\n]*`)|\\(?P<escaped>[!-/:-@\[-`{-~])", re.DOTALL)


class Terminal:
    """One conversation. Runs are carried out by the worker; their log is followed here."""

    def __init__(self, services: Services, person: str, history: Path) -> None:
        self._services = services
        self._person = person
        self._history = history

    @classmethod
    def open(cls, settings: Settings, person: str | None) -> Self:
        """A terminal of these settings, for this person or the first owner.

        Raises SettingsError where nobody can be taken for the speaker.
        """
        if person is None and not settings.admins:
            raise SettingsError("Say who you are with --as E-MAIL, or set SPARKOPS_ADMINS.")
        parts = load_parts(settings)
        services = make_services(parts, Database(database_url(settings), pool_size=2), make_webex(settings))
        return cls(services, person or settings.admins[0], settings.home / "chat_history")

    def run(self, line: str) -> int:
        """Answer one line, or talk until the end of input.

        Returns the exit status: 1 where the line was not carried out, or its run did not end well.
        """
        try:
            return self._run(line)
        finally:
            for client in self._services.clients.values():
                if callable(close := getattr(client, "close", None)):
                    close()  # what it keeps open for its next question

    def _run(self, line: str) -> int:
        if line:
            return 0 if self.say(line) else 1
        click.echo(f"You are {self._person}. `help` shows what there is; Ctrl-D ends.")
        with contextlib.suppress(FileNotFoundError):
            readline.read_history_file(self._history)
        try:
            while True:
                typed = input("sparkops> ").strip()
                if typed:
                    self.say(typed)
        except (EOFError, KeyboardInterrupt):
            click.echo()
        finally:
            if self._history.parent.is_dir():
                readline.set_history_length(1000)
                readline.write_history_file(self._history)
        return 0

    def say(self, line: str) -> bool:
        """Carry out a line and show what came of it; False where it was not carried out, or did not end well."""
        started = time.monotonic()
        self._services.policies.refresh_grants()
        correlation_id = uuid4().hex[:12]
        request = Request(
            key=f"terminal:{uuid4().hex}",
            entry=Entry.TERMINAL,
            person=self._person,
            line=normalise(line),
            correlation_id=correlation_id,
        )
        outcome = execute(request, self._services)
        entry = record(request, outcome, self._services, started)
        with self._services.database.transaction() as session:
            audit.record(session, entry, self._services.audit_keys)
        well = [self._show(reply) for reply in outcome.replies]
        return outcome.result == "ok" and all(well)

    def _show(self, reply: Reply) -> bool:
        click.echo(plain(self._services.redactor.redact(reply.markdown)))
        if reply.reveals:
            click.echo(plain(reply.reveals))
        if reply.file is not None:
            path = _written(Path.cwd(), reply.file)
            click.echo(f"[{len(reply.file.content)} bytes in {path}]")
        return reply.run_id is None or self._follow(reply.run_id)

    def _follow(self, run_id: int) -> bool:
        """Print a run's log as it grows, until it ends; Ctrl-C stops the following and not the run.

        Returns False for a run seen to end in anything but `done`.
        """
        seen = 0
        try:
            while True:
                with self._services.database.transaction() as session:
                    run = runs.get(session, run_id)
                    lines = [each for each in runs.log_lines(session, run_id) if each.id > seen]
                    state, result = State(run.state), run.result
                for each in lines:
                    click.echo(f"{utc(each.at, '%H:%M:%S')} {each.text}")
                    seen = each.id
                if state in ENDED or state is State.LOST:
                    click.echo(f"Run {run_id} is {state}. {result or ''}".rstrip())
                    return state is State.DONE
                time.sleep(0.5)
        except KeyboardInterrupt:
            click.echo(f"Run {run_id} goes on; `run show {run_id}` tells how it fares.")
            return True


def plain(markdown: str) -> str:
    """Markdown as it is read in a terminal: without the backslashes that only a renderer takes away."""
    return _CODE_OR_ESCAPE.sub(lambda match: match["code"] or match["escaped"], markdown)


def _written(folder: Path, file: File) -> Path:
    """Write a reply's file beside what is there: an existing one is left alone, and a number added."""
    name = Path(file.name).name or "reply"
    for number in count(1):
        path = folder / (name if number == 1 else f"{Path(name).stem}-{number}{Path(name).suffix}")
        try:
            with path.open("xb") as written:
                written.write(file.content)
        except FileExistsError:
            continue
        return path
    raise AssertionError("count() does not end")
