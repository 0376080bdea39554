"""The answers of many switches to one show, as one table and what is beside it. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from integrations.switches.conditions import Condition, fields_of, spelled, wanted_rows
from integrations.switches.normalise import Row, tables
from integrations.switches.question import Result
from integrations.switches.rows import is_volatile

_MOST_COLUMNS = 7
_MOST_WIDTH = 78
"""Columns of the screen that a table may take where nobody said which fields; the switch's name takes some 12."""
_WIDEST_CELL = 28
_BEFORE_ALL = (
    *("host_name", "nxos_ver_str", "kickstart_ver_str", "chassis_id", "proc_board_id", "rr_reason"),
    *("interface", "intf-name", "port-channel", "vlan", "disp_vlan", "disp_mac_addr", "state", "status"),
    *("vpc-id", "vpc-ifindex", "vrf-name-out", "neighborid", "neighbouras", "l_port_id", "intf_id"),
)
"""Fields that people look at first, where an answer has them."""
_NEVER_FIRST = ("header_str",)


@dataclass(frozen=True, slots=True)
class Answers:
    """One show: the rows of its main table with their switch, the texts with theirs, and who said nothing."""

    show: str
    rows: tuple[tuple[str, Row], ...] = ()
    fields: tuple[str, ...] = ()
    """Every field of these rows, in the switch's order."""
    texts: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Each different text once, with all switches that gave it; the most frequent first."""
    silent: tuple[str, ...] = ()
    other_tables: int = 0
    seen: int = 0
    """Rows there were before any condition."""


def gather(show: str, number: int, results: Sequence[Result], wanted: Collection[str] = ()) -> Answers:
    """The answers to the show of this number among the commands asked; failed ones are left out.

    Of several tables in an answer it is the one that has most of the `wanted` fields, and of these the largest.
    """
    structured: dict[str, Mapping[str, list[Row]]] = {}
    texts: dict[str, list[str]] = {}
    silent = []
    for result in results:
        output = result.outputs[number] if number < len(result.outputs) else None
        if output is None or output.error is not None:
            continue
        if isinstance(output.body, str):
            texts.setdefault(trimmed(output.body), []).append(result.switch.name)
        elif found := tables(output.body):
            structured[result.switch.name] = found
        else:
            silent.append(result.switch.name)
    name = _table(list(structured.values()), {each.casefold() for each in wanted})
    rows = tuple((switch, row) for switch, each in structured.items() for row in each.get(name, ()))
    told = sorted(texts.items(), key=lambda pair: -len(pair[1]))
    every = {each for found in structured.values() for each in found}
    return Answers(
        show,
        rows,
        fields_of(row for _, row in rows),
        tuple((text, tuple(switches)) for text, switches in told),
        tuple(silent),
        other_tables=max(0, len(every) - 1),
        seen=len(rows),
    )


def trimmed(text: str) -> str:
    """The text without the blanks that some shows pad their lines with."""
    return "\n".join(line.rstrip() for line in text.splitlines())


def _table(answers: Sequence[Mapping[str, list[Row]]], wanted: Collection[str]) -> str:
    """The name of the table that is meant; a named one before the plain values that stand in none."""
    sizes: dict[str, int] = {}
    fitting: dict[str, int] = {}
    for answer in answers:
        for name, rows in answer.items():
            sizes[name] = sizes.get(name, 0) + len(rows)
            has = {field.casefold() for field in rows[0]} if wanted and rows else set()
            fitting[name] = max(fitting.get(name, 0), len(has & set(wanted)))
    return max(sizes, key=lambda name: (fitting[name], name != "", sizes[name]), default="")


def narrowed(answers: Answers, conditions: Sequence[Condition]) -> Answers:
    """Only the rows that fit. Raises UnknownField."""
    if not answers.rows:
        return answers
    meant = [replace(each, field=spelled(each.field, answers.fields, answers.show)) for each in conditions]
    return replace(answers, rows=wanted_rows(answers.rows, meant))


def usual_fields(answers: Answers) -> tuple[str, ...]:
    """The fields that are shown where nobody said which: those that most rows have, within the width of a room."""
    rows = [row for _, row in answers.rows]
    widths = {name: _width(name, rows) for name in answers.fields}
    steady = [name for name in answers.fields if not is_volatile(name) and name not in _NEVER_FIRST]
    filled = Counter(name for row in rows for name in row)
    steady.sort(key=lambda name: -filled[name])
    first = [name for name in _BEFORE_ALL if name in widths]
    chosen: list[str] = []
    used = 12
    for name in dict.fromkeys((*first, *steady, *answers.fields)):
        if len(chosen) == _MOST_COLUMNS or name in _NEVER_FIRST:
            continue
        if used + widths[name] + 2 <= _MOST_WIDTH:
            chosen.append(name)
            used += widths[name] + 2
    return tuple(chosen) or answers.fields[:1]


def _width(name: str, rows: Sequence[Row]) -> int:
    widest = max((len(str(row.get(name, ""))) for row in rows), default=0)
    return max(len(name), min(widest, _WIDEST_CELL))
