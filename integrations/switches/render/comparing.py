"""The same show of many switches beside each other: what most say, and who says otherwise. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import unified_diff
from itertools import islice

from bot.commands.rows import Rows
from bot.outbound.quoting import code, fence
from integrations.switches.compare import Comparison, Difference, Outlier
from integrations.switches.normalise import Value
from integrations.switches.render.words import clipped, counted, names, plain_names

MOST = 25
"""Differences that a room is shown."""
_MOST_LINES = 20
_NAMED = 3
"""Switches with the same other value that a room is told the names of."""
_HEAD = ("row", "field", "most say", "otherwise")


def differences(found: Comparison, most: int | None = None) -> Rows:
    """Each field in which they differ; in a table with the first of who says otherwise, in a file with all."""
    rows = [
        (each.row, each.field, _majority(each), _others(each, short=most is not None))
        for each in islice(found.differences, most)
    ]
    return Rows(_HEAD, rows, widest=44)


def needs_file(found: Comparison) -> bool:
    """Whether a room is not shown all of it, or not all who differ."""
    crowded = any(len(each.switches) > _NAMED for one in found.differences for each in one.outliers)
    return crowded or len(found.differences) > MOST


def _majority(difference: Difference) -> str:
    if difference.tied:
        return f"no majority: {_value(difference.majority)} ({difference.count:,})"
    return f"{_value(difference.majority)} ({difference.count:,})"


def _others(difference: Difference, *, short: bool) -> str:
    return "; ".join(_outlier(each, short=short) for each in difference.outliers)


def _outlier(outlier: Outlier, *, short: bool) -> str:
    who = plain_names(outlier.switches, _NAMED if short else len(outlier.switches))
    return f"{_value(outlier.value)}: {who}"


def _value(value: Value | None) -> str:
    return "(absent)" if value is None else str(value)


def summary(show: str, found: Comparison) -> str:
    """How much agrees, how much differs, and who differs most."""
    there = counted(len(found.switches), "switch")
    agreeing = counted(found.agreeing, "value")
    if not found.differences:
        return f"✅ **{code(show, 120)}** on {there}: no difference, {agreeing} compared."
    line = f"**{code(show, 120)}** on {there}: {counted(len(found.differences), 'difference')}, {agreeing} the same."
    most = [f"{code(name)} ({count:,})" for name, count in islice(found.outliers.items(), 5)]
    return f"{line} Most on their own: {', '.join(most)}." if most else line


def left_out(found: Comparison) -> str:
    """Fields that were not compared, and why."""
    lines = []
    if found.individual:
        lines.append(f"Each switch has its own: {_fields(found.individual)}.")
    if found.dropped:
        lines.append(f"Left out, since they always change: {_fields(found.dropped)}.")
    return "\n".join(lines)


def _fields(fields: Sequence[str]) -> str:
    return ", ".join(map(code, fields[:10])) + (f" and {len(fields) - 10} more" if len(fields) > 10 else "")


def otherwise(show: str, what: str, switches: Sequence[str]) -> str:
    """Who cannot be compared with the rest, since their answer is of another kind; empty for nobody."""
    return f"{what} to {code(show, 120)}: {names(switches)}." if switches else ""


def nothing(show: str, switches: Sequence[str]) -> str:
    """One answer of a kind is nothing to compare."""
    kinds = ", one with a table and one with text" if len(switches) > 1 else ""
    return f"**{code(show, 120)}**: nothing to compare. Only {names(switches)} said something{kinds}."


def texts(show: str, found: Mapping[str, str]) -> str:
    """Texts by switch: the most frequent one's holders, and how every other differs from it."""
    holders: dict[str, list[str]] = {}
    for switch, text in found.items():
        holders.setdefault(text, []).append(switch)
    (majority, most), *others = sorted(holders.items(), key=lambda pair: -len(pair[1]))
    if not others:
        return f"✅ **{code(show, 120)}** (text): the same on {counted(len(most), 'switch')}."
    parts = [
        f"**{code(show, 120)}** (text): the same on {counted(len(most), 'switch')}, {names(most)}; "
        f"{counted(len(others), 'other text')}."
    ]
    for text, switches in others[:4]:
        lines = [*unified_diff(majority.splitlines(), text.splitlines(), lineterm="", n=0)][2:]
        parts.append(f"{names(switches)} against it:\n{fence(clipped(lines, _MOST_LINES), 'diff')}")
    if len(others) > 4:
        parts.append(
            f"{counted(len(others) - 4, 'more text')} differ: `switch show … --text --as txt` gives all."
        )
    return "\n\n".join(parts)
