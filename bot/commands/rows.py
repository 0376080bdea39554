"""Rows as an answer: a narrow table in the room or, with `--as`, a file of all of them. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, TypeVar

import click

from bot.commands.model import File, Reply
from bot.commands.tables import table, utc
from bot.outbound.quoting import fence, quote
from bot.spreadsheets import csv_line

Cell = str | int | datetime | None
FileKind = Literal["csv", "json", "txt"]
H = TypeVar("H", bound=Callable[..., Any])

MOST_IN_A_FILE = 10_000
"""Rows that a command reads for a file, where it could go on reading."""
_TYPES: dict[FileKind, str] = {"csv": "text/csv", "json": "application/json", "txt": "text/plain"}
_NO_LIMIT = 1_000_000


def as_option(handler: H) -> H:
    """Give a command `--as csv|json|txt`; its handler gets it as `kind`, None where a table is wanted."""
    return click.option(
        "--as",
        "kind",
        type=click.Choice(list(_TYPES)),
        help="a file (csv, json or txt) of all rows in place of the table",
    )(handler)


@dataclass(frozen=True, slots=True)
class Rows:
    """A head and its rows. Numbers and moments stay what they are: a file tells more of them than a table.

    `when` is how the table shows a moment, in UTC; a file has all of it (ISO 8601). `widest` is how many
    columns of the screen a cell of the table may take; a file's are whole.
    """

    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    when: str = "%m-%d %H:%M"
    widest: int = 60

    def table(self) -> str:
        """The rows as a code block."""
        shown = [[self._shown(cell, self.when) for cell in row] for row in self.rows]
        return fence(table(self.head, shown, widest=self.widest))

    def reply(self, kind: FileKind | None, name: str, *, above: str = "", below: str = "") -> Reply:
        """The table, or a file called after `name` with a word on what is in it.

        `above` and `below` go with either.
        """
        if kind is None:
            return Reply("\n\n".join(filter(None, (above, self.table(), below))))
        file = self.file(kind, name)
        count = f"{len(self.rows):,} {'row' if len(self.rows) == 1 else 'rows'}, in **{quote(file.name)}**."
        return Reply("\n\n".join(filter(None, (above, count, below))), file=file)

    def file(self, kind: FileKind, name: str) -> File:
        """The rows as a file `<name>-<today in UTC>.<kind>`."""
        content = {"csv": self._csv, "json": self._json, "txt": self._txt}[kind]()
        return File(f"{name}-{datetime.now(UTC):%Y-%m-%d}.{kind}", content.encode(), _TYPES[kind])

    def _csv(self) -> str:
        return "".join(map(csv_line, [self.head, *map(_plain, self.rows)]))

    def _json(self) -> str:
        """A list of objects, an object to a line, by the head in the letters that names are made of."""
        keys = [re.sub(r"\W+", "_", each.casefold()).strip("_") for each in self.head]
        lines = [
            json.dumps(dict(zip(keys, _plain(row), strict=True)), ensure_ascii=False) for row in self.rows
        ]
        return "[\n" + ",\n".join(lines) + "\n]\n"

    def _txt(self) -> str:
        shown = [[self._shown(cell, "%Y-%m-%d %H:%M:%S") for cell in row] for row in self.rows]
        return table(self.head, shown, widest=_NO_LIMIT) + "\n"

    def _shown(self, cell: Cell, when: str) -> str:
        if isinstance(cell, datetime):
            return utc(cell, when)
        return "" if cell is None else str(cell)


def _plain(row: Iterable[Cell]) -> list[str | int | None]:
    return [cell.astimezone(UTC).isoformat() if isinstance(cell, datetime) else cell for cell in row]
