"""Answers to shows: a table over all switches where they have structure, their text where not, files of all. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bot.commands.model import File
from bot.commands.rows import Cell, FileKind, Rows
from bot.outbound.quoting import code, fence
from integrations.switches.answers import Answers
from integrations.switches.normalise import Row, Value
from integrations.switches.question import Result
from integrations.switches.render.failures import reason
from integrations.switches.render.words import LONGEST_LINE, clipped, counted, file_stem, names

MOST_ROWS = 30
"""Rows of a table that a room is shown."""
MOST_FIELDS = 12
"""Fields beyond which a room is shown but a few rows."""
FEW_ROWS = 5
MOST_LINES = 60
"""Lines of text that a room is shown."""
_MOST_TEXTS = 6


def answer(answers: Answers, fields: Sequence[str], asked: int, *, whole: bool) -> str:
    """One show's answers to so many switches asked; without `whole` only what there is, since a file has the rest.

    Without `fields` the one row of one switch is shown a field to a line.
    """
    parts = [_summary(answers, asked)]
    if answers.rows and whole:
        parts.append(_table(answers, fields) if fields else _upright(answers))
    if answers.texts and whole:
        parts += _texts(answers, asked)
    if answers.silent:
        parts.append(f"No output ({len(answers.silent):,}): {names(answers.silent)}.")
    return "\n\n".join(filter(None, parts))


def _summary(answers: Answers, asked: int) -> str:
    who = {switch for switch, _ in answers.rows}
    show = f"**{code(answers.show, 120)}**"
    if answers.seen:
        matching = f"{len(answers.rows):,} of " if len(answers.rows) != answers.seen else ""
        of = f" of {counted(len(who), 'switch')}" if who and asked > 1 else ""
        return f"{show}: {matching}{counted(answers.seen, 'row')}{of}{'' if answers.rows else ' fits'}."
    if answers.texts:
        many = len(answers.texts)
        switches = sum(len(each) for _, each in answers.texts)
        alike = "" if switches == 1 else " the same" if many == 1 else f" {many:,} different texts"
        return f"{show}: text of {counted(switches, 'switch')}{f',{alike}' if alike else ''}."
    return show if answers.silent else ""


def _table(answers: Answers, fields: Sequence[str]) -> str:
    most = _most_rows(fields)
    shown = answers.rows[:most]
    rows = [(switch, *(cell(row.get(name)) for name in fields)) for switch, row in shown]
    table = Rows(("switch", *fields), rows, widest=28).table()
    notes = []
    if len(answers.rows) > most:
        notes.append(f"These are the first {most} rows; the file has all.")
    hidden = [name for name in answers.fields if name not in fields]
    if hidden:
        notes.append(
            f"{counted(len(hidden), 'more field')}: {', '.join(map(code, hidden[:12]))}"
            f"{' …' if len(hidden) > 12 else ''}"
        )
    if answers.other_tables:
        notes.append(f"{counted(answers.other_tables, 'other table')} of it: `--as json` has them.")
    return "\n\n".join((table, "\n".join(notes))) if notes else table


def _most_rows(fields: Sequence[str]) -> int:
    return MOST_ROWS if len(fields) <= MOST_FIELDS else FEW_ROWS


def _upright(answers: Answers) -> str:
    """The one row of one switch: a field to a line."""
    ((_, row),) = answers.rows
    return Rows(("field", "value"), [(name, cell(row[name])) for name in answers.fields]).table()


def _texts(answers: Answers, asked: int) -> list[str]:
    """Each different text under those who gave it."""
    parts, left = [], MOST_LINES
    for text, switches in answers.texts[:_MOST_TEXTS]:
        lines = text.splitlines()
        if left <= 0:
            break
        who = f"{names(switches, 8)}:\n" if asked > 1 else ""
        parts.append(f"{who}{fence(clipped(lines, left))}")
        left -= len(lines)
    more = len(answers.texts) - len(parts)
    return [*parts, f"{counted(more, 'more text')} in the file."] if more > 0 else parts


def needs_file(every: Sequence[Answers], fields: Sequence[str]) -> bool:
    """Whether a room cannot be shown all of it, with these fields asked for."""
    most = _most_rows(fields)
    lines = [line for each in every for text, _ in each.texts for line in text.splitlines()]
    long = len(lines) > MOST_LINES or any(len(line) > LONGEST_LINE for line in lines)
    texts = max((len(each.texts) for each in every), default=0)
    return long or texts > _MOST_TEXTS or any(len(each.rows) > most for each in every)


def file(
    kind: FileKind, every: Sequence[Answers], results: Sequence[Result], tables: Mapping[str, Any]
) -> File:
    """All rows and texts, and who failed with what; `tables` is what each switch answered, for JSON."""
    name = f"{file_stem(every[0].show if every else 'show')}"
    if kind == "json":
        return File(f"{name}-{_today()}.json", _json(results, tables).encode(), "application/json")
    if kind == "csv" and any(each.rows for each in every):
        return _rows(every, results).file("csv", name)
    return File(f"{name}-{_today()}.txt", _txt(every, results).encode())


def _rows(every: Sequence[Answers], results: Sequence[Result]) -> Rows:
    several = len(every) > 1
    fields = tuple(dict.fromkeys(name for each in every for name in each.fields))
    failed = [each for each in results if each.failure is not None]
    texts = any(each.texts for each in every)
    head = ("switch", *(("show",) if several else ()), *fields)
    head += (*(("text",) if texts else ()), *(("error",) if failed else ()))
    rows: list[dict[str, Cell]] = []
    for each in every:
        rows += [{"switch": switch, "show": each.show, **_cells(row)} for switch, row in each.rows]
        rows += [
            {"switch": switch, "show": each.show, "text": text}
            for text, switches in each.texts
            for switch in switches
        ]
    rows += [{"switch": each.switch.name, "error": reason(each.failure)} for each in failed if each.failure]
    return Rows(head, [tuple(row.get(name) for name in head) for row in rows])


def _txt(every: Sequence[Answers], results: Sequence[Result]) -> str:
    blocks = []
    for each in every:
        if each.rows:
            fields = each.fields
            rows = [(switch, *(cell(row.get(name)) for name in fields)) for switch, row in each.rows]
            blocks.append(
                f"### {each.show}\n" + Rows(("switch", *fields), rows).file("txt", "x").content.decode()
            )
        blocks += [f"### {each.show}: {', '.join(switches)}\n{text}\n" for text, switches in each.texts]
    failed = [f"{each.switch.name}: {reason(each.failure)}" for each in results if each.failure is not None]
    if failed:
        blocks.append("### no answer\n" + "\n".join(failed) + "\n")
    return "\n".join(blocks)


def _json(results: Sequence[Result], tables: Mapping[str, Any]) -> str:
    """An object for each switch, a line each."""
    lines = []
    for each in results:
        told: dict[str, Any] = {"switch": each.switch.name, "shows": tables.get(each.switch.name, {})}
        if each.failure is not None:
            told["error"] = reason(each.failure)
        lines.append(json.dumps(told, ensure_ascii=False))
    return "[\n" + ",\n".join(lines) + "\n]\n"


def cell(value: Value | None) -> Cell:
    """A value as a table has it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, float) else value


def _cells(row: Row) -> dict[str, Cell]:
    return {name: cell(value) for name, value in row.items()}


def _today() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d}"
