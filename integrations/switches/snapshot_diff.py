"""Before and after: what came, what went, and what changed in the answer to a show. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import unified_diff

from integrations.switches.normalise import Row, Value
from integrations.switches.rows import Key, identity, is_volatile, keyed, label


@dataclass(frozen=True, slots=True)
class Change:
    """A field of a row that is another now; None where it was not, or is not any more."""

    row: str
    field: str
    before: Value | None
    after: Value | None


@dataclass(frozen=True, slots=True)
class Diff:
    """The difference between two answers of one switch."""

    added: tuple[tuple[str, Row], ...] = ()
    """Rows that came, with their key in words."""
    removed: tuple[tuple[str, Row], ...] = ()
    changed: tuple[Change, ...] = ()
    unchanged: int = 0
    """Rows in which nothing changed but what always does."""
    lines: tuple[str, ...] = ()
    """Of texts: a unified diff."""

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed or self.lines)


def diff(
    before: Sequence[Row] | str,
    after: Sequence[Row] | str,
    fields: Sequence[str] = (),
    key: Sequence[str] = (),
) -> Diff:
    """Compare by the rows' keys; `fields` and `key` as in `compare`. Texts are compared by lines."""
    if isinstance(before, str) or isinstance(after, str):
        return Diff(lines=_lines(_as_text(before), _as_text(after)))
    names = identity([before, after], key)
    old, new = keyed(before, names), keyed(after, names)
    added = tuple((label(each), row) for each, row in new.items() if each not in old)
    removed = tuple((label(each), row) for each, row in old.items() if each not in new)
    changed = tuple(
        change for each in old if each in new for change in _changes(each, old[each], new[each], fields)
    )
    touched = {change.row for change in changed}
    unchanged = sum(1 for each in old if each in new and label(each) not in touched)
    return Diff(added, removed, changed, unchanged)


def diff_all(
    before: Mapping[str, Sequence[Row] | str],
    after: Mapping[str, Sequence[Row] | str],
    fields: Sequence[str] = (),
    key: Sequence[str] = (),
) -> Mapping[str, Diff]:
    """The same for every switch that is in both; who is in one only has nothing to be compared with."""
    return {name: diff(before[name], after[name], fields, key) for name in before if name in after}


def _changes(key: Key, before: Row, after: Row, fields: Sequence[str]) -> list[Change]:
    names = fields or [name for name in dict.fromkeys([*before, *after]) if not is_volatile(name)]
    pairs = [(name, before.get(name), after.get(name)) for name in names]
    return [Change(label(key), name, old, new) for name, old, new in pairs if old != new]


def _lines(before: str, after: str) -> tuple[str, ...]:
    found = unified_diff(before.splitlines(), after.splitlines(), "before", "after", lineterm="", n=2)
    return tuple(found)


def _as_text(value: Sequence[Row] | str) -> str:
    if isinstance(value, str):
        return value
    return "\n".join(
        ", ".join(f"{name}={row[name]}" for name in row if not is_volatile(name)) for row in value
    )
