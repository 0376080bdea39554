"""The command line: `python -m bot run | migrate | worker | clock | doctor | chat | inbox …`."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.config_file import SettingsError
from bot.settings import Settings

if TYPE_CHECKING:
    from bot.store.database import Database

# Each command imports what it needs when it is run: `--help` and `migrate` should not load Webex.


@click.group(help="Sparkops, a chatops bot for Cisco Webex.")
def cli() -> None:
    """The group all subcommands hang on."""


@cli.command()
def run() -> None:
    """Everything in one, with an embedded database and, without a Webex token, a playground."""
    from bot import supervisor

    _plain_logs()
    supervisor.run(Settings.load(), os.environ)


@cli.command()
def migrate() -> None:
    """Bring the database to the present schema."""
    from bot.assembly import database_url
    from bot.integration import migrations_of
    from bot.store.migrate import migrate as to_head

    settings = Settings.load()
    to_head(database_url(settings), migrations_of(settings))
    click.echo("The database is at the present schema.")


@cli.command()
def worker() -> None:
    """Handle events, move runs on, send messages."""
    from bot.assembly import load_parts
    from bot.worker import Worker

    Worker(load_parts(Settings.load())).run()


@cli.command()
def clock() -> None:
    """Queue what is scheduled."""
    from bot.assembly import database_url, load_parts
    from bot.clock import Clock
    from bot.rooms.sweep_by_clock import scheduled
    from bot.store.database import Database
    from bot.worker import wait_for_schema

    settings = Settings.load()
    load_parts(settings)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    database = Database(database_url(settings), pool_size=1)
    wait_for_schema(database, stopping)
    if not stopping.is_set():
        keeper = Clock(database, scheduled(settings.file.stale_rooms))
        keeper.start()
        stopping.wait()
        keeper.stop()


@cli.command(context_settings={"allow_interspersed_args": False})
@click.option("--as", "person", help="The e-mail to speak as; the first of SPARKOPS_ADMINS by default.")
@click.argument("line", nargs=-1)
def chat(person: str | None, line: tuple[str, ...]) -> None:
    """Talk with the bot in this terminal. With a LINE it answers that and leaves.

    A LINE may be given as one quoted argument or, each word as the shell read it, as several.
    """
    from bot.commands.model import join_words
    from bot.terminal import Terminal

    sys.exit(
        Terminal.open(Settings.load(beside_run=True), person).run(
            line[0] if len(line) == 1 else join_words(line)
        )
    )


@cli.command()
def doctor() -> None:
    """Check settings, database, Webex and every integration, and say what to do."""
    from bot.doctor import examine

    sys.exit(examine(Settings.load(beside_run=True)))


@cli.command()
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
def reference(folder: Path) -> None:
    """Write the reference pages of docs/ into DIR, from the code."""
    from bot.reference import write

    for page in write(folder):
        click.echo(f"{page}")


@cli.group()
def inbox() -> None:
    """The events that came in."""


@inbox.command("list")
@click.option(
    "--state",
    type=click.Choice(("queued", "waiting", "handling", "done", "ignored", "stale", "dead")),
    help="only events in this state",
)
@click.option("--last", default=30, type=click.IntRange(1, 1000))
def list_events(state: str | None, last: int) -> None:
    """List the latest events."""
    from bot.commands.tables import table, utc
    from bot.inbound.inbox import listed

    with _database().transaction() as session:
        rows = [
            (str(each.id), utc(each.received_at, "%m-%d %H:%M:%S"), each.source, each.state,
             str(each.deliveries), str(each.attempts), each.dedupe_key[:40], each.reason or "")
            for each in listed(session, state=state, limit=last)
        ]  # fmt: skip
    head = ("id", "received (UTC)", "source", "state", "deliveries", "attempts", "key", "reason")
    click.echo(table(head, rows, widest=1000))


@inbox.command()
@click.argument("numbers", type=int, nargs=-1, required=True)
def replay(numbers: tuple[int, ...]) -> None:
    """Handle ended events once more, however old they are. Exits with 1 where one could not be."""
    from bot.inbound import inbox as events

    database, all_done = _database(), True
    for number in numbers:
        with database.transaction() as session:
            done = events.replay(session, number)
        all_done = all_done and done
        click.echo(
            f"Event {number} is queued again." if done else f"Event {number} is unknown, or not ended yet."
        )
    sys.exit(0 if all_done else 1)


def _database() -> Database:
    from bot.assembly import database_url
    from bot.store.database import Database

    return Database(database_url(Settings.load(beside_run=True)), pool_size=1)


def _plain_logs() -> None:
    os.environ.setdefault("LOG_FORMAT", "text")
    os.environ.setdefault("LOG_LEVEL", "WARNING")


def main() -> None:
    """Run the command line; what the operator can mend is one clear line."""
    try:
        cli(prog_name="python -m bot")
    except _mendable() as error:
        click.echo(f"{error}", err=True)
        sys.exit(2)
    except _database_away() as error:
        click.echo(f"The database does not answer: {getattr(error, 'orig', error)}", err=True)
        sys.exit(2)


def _mendable() -> tuple[type[Exception], ...]:
    """The errors whose text tells an operator what to do. Looked up only where there is an error."""
    from bot.commands.registry import AmbiguousCommand
    from bot.integration import IntegrationError
    from bot.store.database import DatabaseError
    from bot.store.postgres_binaries import EmbeddedPostgresError

    return SettingsError, IntegrationError, AmbiguousCommand, DatabaseError, EmbeddedPostgresError


def _database_away() -> type[Exception]:
    from sqlalchemy.exc import OperationalError

    return OperationalError


if __name__ == "__main__":
    main()
