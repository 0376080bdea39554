"""`audit …`: who asked for what, what was decided, and whether that record is still what was written."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import click

from bot.access import audit, audit_formats
from bot.access.audit_verify import Break, Report, verify
from bot.commands.context import Context
from bot.commands.model import Command, CommandError, File, Reply, command
from bot.commands.parameters import MOMENT, Moment
from bot.commands.rows import MOST_IN_A_FILE, Cell, FileKind, Rows, as_option
from bot.commands.tables import utc
from bot.outbound.quoting import code, quote
from bot.store.models import AuditRow

_LAST = click.IntRange(1, MOST_IN_A_FILE)
_LARGEST_FILE = 25_000_000
"""Bytes, some sixty thousand rows. Webex takes 100 MB; the file is redacted and stored on its way there."""
_FORMATS: dict[str, tuple[str, str, Callable[[AuditRow], str]]] = {
    "csv": ("text/csv", audit_formats.csv_head(), audit_formats.csv_line),
    "jsonl": ("application/x-ndjson", "", audit_formats.json_line),
}


def _filters(handler: Callable[..., Any]) -> Callable[..., Any]:
    """The words and options by which rows are looked for."""
    for option in reversed(
        (
            click.argument("text", nargs=-1),
            click.option("--person", help="only this e-mail's requests"),
            click.option("--command", help="only this command, or those of a glob"),
            click.option("--decision", help="only what was allowed, denied, limited …"),
            click.option("--room", help="only a room: `here`, a title, a glob of titles, an id"),
            click.option("--since", type=MOMENT, help="how long ago it begins (2h, 7d), or a date in UTC"),
            click.option("--until", type=MOMENT, help="how long ago it ends, or a date in UTC"),
        )
    ):
        handler = option(handler)
    return handler


@command("audit list", examples=("audit list", "audit list --denied --last 5"))
@click.option("--last", type=_LAST, help="how many rows, 15 in a table")
@click.option("--person", help="only this e-mail's requests")
@click.option("--denied", is_flag=True, help="only what was denied")
@as_option
def audit_list(
    context: Context, last: int | None, person: str | None, denied: bool, kind: FileKind | None
) -> Reply:
    """Show who asked for what lately, and what was decided."""
    search = audit.Search(person=person, decision="denied" if denied else None)
    with context.services.database.transaction() as session:
        rows = audit.latest(session, search, _limit(last, kind))
    return _rows_of(rows).reply(kind, "audit") if rows else Reply("No such requests yet.")


@command(
    "audit search",
    examples=('audit search "run cancel" --since 7d', "audit search --room here --decision denied"),
)
@_filters
@click.option("--last", type=_LAST, help="how many rows, 15 in a table")
@as_option
def audit_search(context: Context, last: int | None, kind: FileKind | None, **filters: Any) -> Reply:
    """Find requests by words, person, command, decision, room and time."""
    search, limit = _search(context, **filters), _limit(last, kind)
    with context.services.database.transaction() as session:
        rows = audit.latest(session, search, limit + 1)
    if not rows:
        return Reply("No such requests. Fewer words or a longer time find more.")
    more = f"There are more; `audit export` gives all of them, {code('--last')} more of them here."
    return _rows_of(rows[:limit]).reply(kind, "audit", below=more if len(rows) > limit else "")


@command("audit export", examples=("audit export --since 30d", "audit export --format jsonl"))
@_filters
@click.option("--format", "kind", type=click.Choice(list(_FORMATS)), default="csv", help="what kind of file")
def audit_export(context: Context, kind: str, **filters: Any) -> Reply:
    """Give the audit trail as a file, in its own order, each row with its seals."""
    search = _search(context, **filters)
    content_type, head, line = _FORMATS[kind]
    with context.services.database.transaction() as session:
        content, count, left_out = _written(head, line, audit.in_order(session, search))
    if not count:
        return Reply("No such requests. Fewer words or a longer time find more.")
    told = f"{_counted(count)}."
    if left_out is not None:
        told = (
            f"The first {_counted(count)}: the file would grow too large. What comes next is of "
            f"{utc(left_out.at, '%Y-%m-%d %H:%M')} UTC; `--since` and `--until` choose a part."
        )
    name = f"audit-{datetime.now(UTC):%Y-%m-%d}.{kind}"
    return Reply(told, file=File(name, content, content_type))


@command("audit verify", examples=("audit verify", "audit verify --from 1"))
@click.option("--from", "start", default=1, type=click.IntRange(1, 2**62), help="begin at this row")
def audit_verify(context: Context, start: int) -> Reply:
    """Check that no row of the audit trail was changed, taken out, put in or moved since it was sealed."""
    report = verify(context.services.database, context.services.audit_keys, start)
    if start > 1 and not report.checked and report.broken is None:
        raise CommandError(f"The audit trail has no row {start} yet. `audit verify` checks all there are.")
    found = _broken(report, report.broken) if report.broken else _intact(report)
    return Reply("\n\n".join([found, *_notes(report, has_key=bool(context.services.audit_keys.keys))]))


def _search(
    context: Context,
    text: tuple[str, ...],
    person: str | None,
    command: str | None,
    decision: str | None,
    room: str | None,
    since: Moment | None,
    until: Moment | None,
) -> audit.Search:
    now = datetime.now(UTC)
    return audit.Search(
        words=text,
        person=person,
        command=command,
        decision=decision,
        rooms=_rooms(context, room) if room else (),
        since=since.seen_from(now) if since else None,
        until=until.seen_from(now) if until else None,
    )


def _rooms(context: Context, room: str) -> tuple[str, ...]:
    if room.casefold() == "here":
        if not context.request.place.ids:
            raise CommandError("`--room here` was asked in no room. Name it by its title or its id.")
        return context.request.place.ids
    with context.services.database.transaction() as session:
        found = audit.rooms_named(session, room)
    if not found:
        raise CommandError(f'I know no room {code(room)}. A glob finds titles by a part: `--room "*ops*"`.')
    return found


def _limit(last: int | None, kind: FileKind | None) -> int:
    return last or (MOST_IN_A_FILE if kind else 15)


def _rows_of(rows: list[AuditRow]) -> Rows:
    head = ["UTC", "who", "asked", "came to", "by"]
    lines: list[list[Cell]] = [
        [
            row.at,
            row.person_email,
            row.line,
            row.result if row.decision == "allowed" else row.decision,
            row.rule,
        ]
        for row in rows
    ]
    if any(row.approvers for row in rows):
        head.append("agreed")
        for row, line in zip(rows, lines, strict=True):
            line.append(", ".join(row.approvers.get("by", ())))
    return Rows(head, lines, when="%m-%d %H:%M:%S", widest=28)


def _written(
    head: str, line: Callable[[AuditRow], str], rows: Iterable[AuditRow]
) -> tuple[bytes, int, AuditRow | None]:
    """The file, how many rows are in it, and the first that had no place."""
    content, count = bytearray(head.encode()), 0
    for row in rows:
        encoded = line(row).encode()
        if len(content) + len(encoded) > _LARGEST_FILE:
            return bytes(content), count, row
        content += encoded
        count += 1
    return bytes(content), count, None


def _intact(report: Report) -> str:
    if not report.checked:
        return "No row is sealed yet."
    last = report.start + report.checked - 1
    return f"✅ {_counted(report.checked)}, {report.start} to {last}: each is what was sealed, and none is missing."


def _broken(report: Report, broken: Break) -> str:
    text = f"⛔ The audit trail is broken. {broken.says}"
    if broken.row is not None and broken.kind != "missing":
        row = broken.row
        at = utc(row.at, "%Y-%m-%d %H:%M:%S")
        text += f" It says that {quote(row.person_email)} asked {code(row.line)} at {at} UTC."
    if report.checked:
        text += f" The {_counted(report.checked)} before it, from {report.start} on, are what was sealed."
    if broken.row is not None and broken.row.seq is not None:
        text += f" `audit verify --from {broken.row.seq + 1}` checks what comes after."
    return text


def _notes(report: Report, *, has_key: bool) -> Iterable[str]:
    if report.unsealed:
        since = utc(report.waiting_since, "%Y-%m-%d %H:%M:%S") if report.waiting_since else "?"
        yield f"{_counted(report.unsealed)} not sealed yet, the oldest of {since} UTC; a worker does it in a second."
    if not has_key:
        yield (
            "Without `SPARKOPS_ENCRYPTION_KEY` the seals show accidents and careless hands only: whoever can write "
            "the database could make them anew."
        )
    elif report.plain_through:
        yield (
            f"Up to row {report.plain_through} there are seals made without a key: whoever could write the database "
            "could have made those."
        )


def _counted(rows: int) -> str:
    return "1 row" if rows == 1 else f"{rows} rows"


COMMANDS: tuple[Command, ...] = (audit_list, audit_search, audit_export, audit_verify)
