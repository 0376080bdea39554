"""Snapshots, and what changed since or between them, in words and as rows. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.commands.model import join_words
from bot.commands.rows import Cell, Rows
from bot.outbound.quoting import code, fence
from integrations.switches.normalise import Row, Value
from integrations.switches.render.words import clipped, counted, duration, names
from integrations.switches.snapshot_diff import Diff
from integrations.switches.store.snapshots import Said, Snapshot

MOST = 30
"""Changes that a room is shown."""
MOST_LINES = 30
"""Lines of changed texts that a room is shown."""


@dataclass(frozen=True, slots=True)
class Changed:
    """What changed in one table, or in the text, of one show of one switch."""

    switch: str
    show: str
    diff: Diff


def taken(snapshot: Snapshot, asked: int) -> str:
    """It is kept, of whom, until when, and what to do with it."""
    whole = snapshot.switches == asked
    of = counted(asked, "switch") if whole else f"{snapshot.switches:,} of {counted(asked, 'switch')}"
    later = code(join_words(("switch", "diff", snapshot.target, snapshot.name)), 300)
    return (
        f"📸 **{code(snapshot.name)}** is kept until {snapshot.expires_at:%Y-%m-%d}: {of}, "
        f"{', '.join(map(code, snapshot.shows))}.\n\n{later} tells what has changed since."
    )


def listed(snapshots: Sequence[Snapshot]) -> Rows:
    """Each snapshot."""
    rows = [
        (
            each.name,
            each.target,
            each.switches,
            ", ".join(each.shows),
            each.taken_by,
            each.taken_at,
            each.expires_at,
        )
        for each in snapshots
    ]
    return Rows(("name", "of", "switches", "shows", "by", "taken", "expires"), rows, widest=40)


def summary(
    before: Snapshot, after: Snapshot | None, found: Sequence[Changed], compared: int, now: datetime
) -> str:
    """What is compared with what, and how many switches changed."""
    since = f"{duration((now - before.taken_at).total_seconds())} ago"
    head = f"**{code(before.name)}** ({since}) against **{code(after.name) if after else 'now'}**"
    changed = list(dict.fromkeys(each.switch for each in found))
    if not changed:
        return f"✅ {head}: nothing has changed on {counted(compared, 'switch')}."
    count = sum(_count(each.diff) for each in found)
    return f"{head}: {counted(count, 'change')} on {len(changed):,} of {counted(compared, 'switch')}: {names(changed)}."


def _count(diff: Diff) -> int:
    texts = sum(line[:1] in "+-" and line[:3] not in ("+++", "---") for line in diff.lines)
    return len(diff.added) + len(diff.removed) + len(diff.changed) + texts


def changes(found: Sequence[Changed], most: int | None = None) -> Rows:
    """Each change of a table: rows that came, went, or say something else."""
    rows = [row for each in found for row in _rows(each)]
    return Rows(("switch", "show", "row", "field", "before", "after"), rows[:most], widest=30)


def _rows(changed: Changed) -> Iterator[tuple[Cell, ...]]:
    who, diff = (changed.switch, changed.show.removeprefix("show ")), changed.diff
    for label, row in diff.removed:
        yield (*who, label, "", f"gone: {_briefly(row)}", "")
    for label, row in diff.added:
        yield (*who, label, "", "", f"new: {_briefly(row)}")
    for each in diff.changed:
        yield (*who, each.row, each.field, _cell(each.before), _cell(each.after))
    for line in diff.lines:
        if line.startswith("-") and not line.startswith("---"):
            yield (*who, "", "", line[1:], "")
        elif line.startswith("+") and not line.startswith("+++"):
            yield (*who, "", "", "", line[1:])


def _briefly(row: Row) -> str:
    return ", ".join(f"{name} {value}" for name, value in row.items())


def _cell(value: Value | None) -> str:
    return "(absent)" if value is None else str(value)


def texts(found: Sequence[Changed]) -> str:
    """The changed texts, as diffs, as many lines as a room takes."""
    parts, left = [], MOST_LINES
    for each in found:
        if each.diff.lines and left > 0:
            lines = each.diff.lines[2:]
            parts.append(
                f"{code(each.switch)} {code(each.show, 120)}:\n{fence(clipped(lines, left), 'diff')}"
            )
            left -= len(lines)
    return "\n\n".join(parts)


def not_in(missing: Mapping[str, Sequence[str]]) -> str:
    """Who could not be compared, since one side has no answer of theirs."""
    return "\n".join(
        f"Not in {code(name)}: {names(switches)}." for name, switches in missing.items() if switches
    )


def only_in(before: Snapshot, after: Snapshot) -> str:
    """Shows that only one of two snapshots has."""
    pairs = ((before, after), (after, before))
    lines = [(one.name, [show for show in one.shows if show not in two.shows]) for one, two in pairs]
    return "\n".join(f"Only in {code(name)}: {names(shows, 10)}." for name, shows in lines if shows)


def kind_of(answer: Said | None) -> str | None:
    """What a switch said to a show, in a word: `text`, `a table`, or nothing where it did not take it."""
    if answer is None:
        return None
    return "text" if isinstance(answer, str) else "a table" if answer else "no output"
