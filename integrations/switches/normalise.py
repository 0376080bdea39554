"""What a switch answers, in one shape whatever its version: rows as lists, numbers as numbers. Pure.

NX-OS makes its JSON from XML: one row of a table is an object and several are a list, mixed in one answer; numbers
are numbers or texts by version; texts are padded; a table may itself be a list. `| json native` gives true lists.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

Value = str | int | float | bool
Row = dict[str, Value]
"""Names as the switch gives them; what is empty is left out."""

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,18})")
_LEADING_INTEGER = re.compile(r"\s*(-?\d+)")
_ISO = re.compile(
    r"P(?=.)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?"
)
_ISO_SECONDS = (31_536_000, 2_592_000, 604_800, 86_400, 3_600, 60, 1)
_WORDS = re.compile(
    r"(\d+)\s*(y|w|d|h|m|s)(?:ears?|eeks?|ays?|ours?|in(?:ute)?s?|ec(?:ond)?s?)?(?:\(s\))?[\s,]*"
)
_WORD_SECONDS = {"y": 31_536_000, "w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_CLOCK = re.compile(r"(?:(\d+)d\s*)?(\d+):(\d\d):(\d\d)(?:\.\d+)?")
_KEYS = ("interface", "interface_rx", "interface_tx")
"""Fields by which halves of a row are put together."""
_SHORT = {
    "eth": "Ethernet",
    "po": "port-channel",
    "vl": "Vlan",
    "vlan": "Vlan",
    "lo": "loopback",
    "tu": "Tunnel",
    "ethernet": "Ethernet",
    "port-channel": "port-channel",
    "loopback": "loopback",
    "tunnel": "Tunnel",
    "gi": "GigabitEthernet",
    "te": "TenGigabitEthernet",
}
_INTERFACE = re.compile(r"([A-Za-z][A-Za-z-]*?)\s*([0-9][0-9/.]*)")


def scalar(value: Any) -> Value | None:
    """One value: text without its padding, whole numbers as such; None for what is empty.

    `08.32` and `010` stay texts: a leading zero says that it is no number. Lists of values are joined with commas.
    """
    if isinstance(value, str):
        text = value.strip()
        if len(text) < 20 and _INTEGER.fullmatch(text):
            return int(text)
        return text or None
    if isinstance(value, int | float):
        found: Value = value
        return found
    if isinstance(value, list) and not any(isinstance(each, dict | list) for each in value):
        return scalar(",".join(str(each).strip() for each in value if each is not None))
    return None


def number(value: Any) -> int | None:
    """A whole number from a number or from text such as `" 119 W"` or `"24569704"`; None where there is none."""
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return int(value)
    match = _LEADING_INTEGER.match(str(value))
    return int(match[1]) if match else None


def decimal(value: Any) -> float | None:
    """A number with its fraction, from a number or from text such as `"86.73"`."""
    if isinstance(value, bool) or value is None:
        return None
    match = re.match(r"\s*(-?\d+(?:\.\d+)?)", str(value))
    return float(match[1]) if match else None


def text(value: Any) -> str:
    """As text without padding; `""` where there is nothing."""
    if isinstance(value, str):  # nearly all of them, a hundred thousand in an answer of a fleet
        return value.strip()
    found = scalar(value)
    return "" if found is None else str(found)


def seconds(value: Any) -> int | None:
    """A length of time in seconds: `PT18M21S`, `P6DT2H`, `6w3d`, `00:12:34`, `26week(s) 6day(s)`; None for `never`."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return int(value)
    written = str(value or "").strip()
    if match := _ISO.fullmatch(written):
        return int(
            sum(float(part or 0) * length for part, length in zip(match.groups(), _ISO_SECONDS, strict=True))
        )
    if match := _CLOCK.fullmatch(written):
        days, hours, minutes, rest = (int(part or 0) for part in match.groups())
        return days * 86_400 + hours * 3_600 + minutes * 60 + rest
    parts = _WORDS.findall(written)
    if not parts or _WORDS.sub("", written):
        return None
    return sum(int(count) * _WORD_SECONDS[unit] for count, unit in parts)


def mac(value: Any) -> str | None:
    """A MAC address as the switches write it, `0050.56ab.cdef`, from any way of writing; None where it is none."""
    digits = re.sub(r"[.:\-\s]", "", str(value or "")).lower()
    if not re.fullmatch(r"[0-9a-f]{12}", digits):
        return None
    return f"{digits[:4]}.{digits[4:8]}.{digits[8:]}"


def interface(value: Any) -> str:
    """An interface's full name: `Eth1/1` and `ethernet 1/1` are `Ethernet1/1`, `Po3` is `port-channel3`."""
    return _full_name(value if isinstance(value, str) else str(value or ""))


@lru_cache(maxsize=16_384)
def _full_name(written: str) -> str:
    """Kept, since a thousand switches have the same names for their ports."""
    written = written.strip()
    match = _INTERFACE.fullmatch(written)
    if match is None:
        return written
    return _SHORT.get(match[1].lower(), match[1]) + match[2]


def table(body: Any, name: str) -> list[dict[str, Any]]:
    """The rows of `TABLE_<name>` directly in `body`, raw, whether one or many, in one table or in a list of them."""
    if not isinstance(body, Mapping):
        return []
    given = body.get(f"TABLE_{name}")
    tables = given if isinstance(given, list) else [given]
    rows: list[dict[str, Any]] = []
    for each in tables:
        if isinstance(each, Mapping):
            found = each.get(f"ROW_{name}")
            rows += [row for row in (found if isinstance(found, list) else [found]) if isinstance(row, dict)]
    return rows


def find_rows(body: Any, name: str) -> list[dict[str, Any]]:
    """The rows of every `TABLE_<name>` at any depth."""
    return [row for holder in _mappings(body) for row in table(holder, name)]


def with_parents(body: Any, name: str) -> Iterator[tuple[dict[str, Any], Mapping[str, Any]]]:
    """Each row of every `TABLE_<name>` at any depth, with the plain values of all that it stands in."""
    yield from _within(body, name, {})


def _within(
    node: Any, name: str, above: Mapping[str, Any]
) -> Iterator[tuple[dict[str, Any], Mapping[str, Any]]]:
    if isinstance(node, list):
        for each in node:
            yield from _within(each, name, above)
    elif isinstance(node, Mapping):
        around = {
            **above,
            **{key: value for key, value in node.items() if not isinstance(value, dict | list)},
        }
        for row in table(node, name):
            yield row, around
        for key, value in node.items():
            if key != f"TABLE_{name}":
                yield from _within(value, name, around)


def tables(body: Any) -> dict[str, list[Row]]:
    """Every table of an answer as flat rows, by the names of the tables it stands in: `vrf/adj`.

    A row has the plain values of the rows it stands in too. What stands in no table is one row under `""`.
    Halves of rows that repeat an interface are put together (`show interface counters errors`).
    """
    found: dict[str, list[Row]] = {}
    _collect(body, (), {}, found)
    return {name: merged(rows) for name, rows in found.items()}


def main_table(body: Any) -> list[Row]:
    """The rows a person means: those of the largest table, or the one row of plain values."""
    found = tables(body)
    named = {name: rows for name, rows in found.items() if name}
    return max(named.values(), key=len) if named else found.get("", [])


def _collect(
    node: Any, path: tuple[str, ...], above: Row, found: dict[str, list[Row]], *, is_row: bool = False
) -> None:
    """A row hands its values down to the rows in it; a group without rows of its own, such as `fandetails`, none."""
    if not isinstance(node, Mapping):
        return
    plain = {key: value for key, given in node.items() if (value := _plain(key, given)) is not None}
    handed: Row = {**above, **plain} if is_row else above
    rows_below = False
    for key, value in node.items():
        if key.startswith("TABLE_"):
            name = key.removeprefix("TABLE_")
            for row in table(node, name):
                rows_below = True
                _collect(row, (*path, name), handed, found, is_row=True)
        elif isinstance(value, Mapping):
            _collect(value, (*path, key), above, found)
    if plain and not (is_row and rows_below):
        found.setdefault("/".join(path), []).append({**above, **plain})


def _plain(key: str, value: Any) -> Value | None:
    return None if key.startswith(("TABLE_", "ROW_")) else scalar(value)


def merged(rows: Iterable[Row]) -> list[Row]:
    """Rows of the same interface put together, as long as they contradict each other nowhere."""
    whole: dict[tuple[str, Value], Row] = {}
    found: list[Row] = []
    for row in rows:
        key = next(((name, row[name]) for name in _KEYS if name in row), None)
        first = whole.get(key) if key is not None else None
        if first is not None and all(first.get(name, value) == value for name, value in row.items()):
            first.update(row)
            continue
        row = dict(row)
        found.append(row)
        if key is not None:
            whole[key] = row
    return found


def _mappings(node: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(node, Mapping):
        yield node
        for value in node.values():
            yield from _mappings(value)
    elif isinstance(node, list):
        for each in node:
            yield from _mappings(each)
