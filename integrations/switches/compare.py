"""The same show of many switches beside each other: what most of them say, and who says otherwise. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from integrations.switches.normalise import Row, Value
from integrations.switches.rows import Key, identity, is_volatile, keyed, label

_MANY = 3
"""Switches from which on a field that differs on each of them is theirs alone, such as a serial number."""


@dataclass(frozen=True, slots=True)
class Outlier:
    """A value that is not the majority's, and who has it. None: the row or the field is not there."""

    value: Value | None
    switches: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """A field in which the switches differ. `majority` has `count` switches; it is None where the row is absent."""

    row: str
    field: str
    majority: Value | None
    count: int
    outliers: tuple[Outlier, ...]
    tied: bool = False
    """No value has more switches than every other: `majority` is then the first of several."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs, and how much does not."""

    switches: tuple[str, ...]
    differences: tuple[Difference, ...]
    agreeing: int
    """Fields in which all say the same."""
    individual: tuple[str, ...] = ()
    """Fields that every switch has a value of its own for; they are no difference."""
    dropped: tuple[str, ...] = ()
    """Fields left out because they always change."""

    @property
    def outliers(self) -> Mapping[str, int]:
        """The switches that differ from a majority, with how often; the most different first."""
        counts: dict[str, int] = {}
        for difference in self.differences:
            for outlier in difference.outliers if not difference.tied else ():
                for name in outlier.switches:
                    counts[name] = counts.get(name, 0) + 1
        return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def compare(
    answers: Mapping[str, Sequence[Row]], fields: Sequence[str] = (), key: Sequence[str] = ()
) -> Comparison:
    """Compare the rows of each switch field by field.

    `fields` says which; without it all that do not always change. `key` says what names a row, where it is not
    what the table is usually named by.
    """
    names = identity(list(answers.values()), key)
    by_switch = {switch: keyed(rows, names) for switch, rows in answers.items()}
    every = dict.fromkeys(
        name for rows in answers.values() for row in rows for name in row if name not in names
    )
    wanted = tuple(fields) or tuple(name for name in every if not is_volatile(name))
    dropped = tuple(name for name in every if name not in wanted) if not fields else ()
    differences, agreeing, individual = list[Difference](), 0, dict[str, None]()
    for row in dict.fromkeys(key for rows in by_switch.values() for key in rows):
        for field in _present(row, wanted, by_switch):
            found = _difference(row, field, by_switch)
            if found is None:
                agreeing += 1
            elif _is_individual(found, len(answers)):
                individual[field] = None
            else:
                differences.append(found)
    kept = tuple(each for each in differences if each.field not in individual)
    return Comparison(tuple(answers), kept, agreeing, tuple(individual), dropped)


def _present(row: Key, fields: Sequence[str], by_switch: Mapping[str, Mapping[Key, Row]]) -> list[str]:
    """The fields of a row that anybody has; of a row that somebody has not at all, one is enough."""
    rows = [rows.get(row) for rows in by_switch.values()]
    present = [field for field in fields if any(each is not None and field in each for each in rows)]
    if any(each is None for each in rows) and present:
        steady = [field for field in present if _same_where_present(field, rows)]
        return [field for field in present if field not in steady[1:]]
    return present


def _same_where_present(field: str, rows: Sequence[Row | None]) -> bool:
    return len({each.get(field) for each in rows if each is not None}) == 1


def _difference(row: Key, field: str, by_switch: Mapping[str, Mapping[Key, Row]]) -> Difference | None:
    holders: dict[Value | None, list[str]] = {}
    for switch, rows in by_switch.items():
        holders.setdefault(rows[row].get(field) if row in rows else None, []).append(switch)
    if len(holders) == 1:
        return None
    ranked = sorted(holders.items(), key=lambda pair: -len(pair[1]))
    (majority, most), others = ranked[0], ranked[1:]
    outliers = tuple(Outlier(value, tuple(switches)) for value, switches in others)
    return Difference(label(row), field, majority, len(most), outliers, tied=len(others[0][1]) == len(most))


def _is_individual(difference: Difference, switches: int) -> bool:
    """Whether each switch has a value of its own."""
    return switches >= _MANY and difference.count == 1 and len(difference.outliers) == switches - 1
