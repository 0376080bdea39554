"""How a structured body looks on the wire: what each release makes of numbers, single rows and nothing.

Shows write bodies in one plain form, in which numbers are int, rows are lists and an empty element is None.
Then, as samples and clients' sources tell:

- one row is an object, many are a list; without rows the table is left out;
- 7.0(3)I4 and 9.2(2) keep numbers and write an empty element as `{}`; 9.3(5) makes every number a string;
  10.2(3) makes numbers beyond 31 bits strings and writes an empty element as null;
- `SplitTable` marks tables that these releases write as a list of tables with a row each;
- `| json native` gives lists for all rows and true numbers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from xml.sax import saxutils

Body = dict[str, Any]
"""A body in the plain form, or as it goes out."""

Shown = Body | str
"""What a show answers: a body, or text even where JSON was asked for."""

_BEYOND = 2**31


class SplitTable(list[Body]):
    """Rows of a table that is written as a list of tables."""


def table(name: str, rows: list[Body]) -> Body:
    """The table `name` in the plain form."""
    return {f"TABLE_{name}": {f"ROW_{name}": rows}}


def spoken(body: Body, release: str, native: bool = False) -> Body:
    """A plain body as a release writes it, or as `| json native` does."""
    if native:
        spoken_body = _written(body, _native, native=True)
    else:
        spoken_body = _written(body, _SCALARS.get(release, _scalar_9_3), native=False)
    assert isinstance(spoken_body, dict)
    return spoken_body


def _native(value: Any) -> Any:
    return "" if value is None else value


def _scalar_old(value: Any) -> Any:
    return {} if value is None else value


def _scalar_9_3(value: Any) -> Any:
    if value is None:
        return ""
    return str(value) if isinstance(value, int) else value


def _scalar_10_2(value: Any) -> Any:
    return str(value) if isinstance(value, int) and abs(value) >= _BEYOND else value


_SCALARS: dict[str, Callable[[Any], Any]] = {
    "7.0(3)I4(6)": _scalar_old,
    "9.2(2)": _scalar_old,
    "9.3(5)": _scalar_9_3,
    "10.2(3)": _scalar_10_2,
}


def _written(value: Any, scalar: Callable[[Any], Any], native: bool) -> Any:
    if isinstance(value, dict):
        return {
            key: _rows(key, each, scalar, native)
            for key, each in value.items()
            if not (key.startswith("TABLE_") and _empty(each))
        }
    if isinstance(value, list):
        written = [_written(each, scalar, native) for each in value]
        return written[0] if len(written) == 1 and not native else written
    return scalar(value)


def _rows(key: str, value: Any, scalar: Callable[[Any], Any], native: bool) -> Any:
    if key.startswith("TABLE_") and isinstance(value, dict) and not native:
        row, rows = next(iter(value.items()))
        if isinstance(rows, SplitTable):
            return [{row: _written(each, scalar, native)} for each in rows]
    return _written(value, scalar, native)


def _empty(value: Any) -> bool:
    return isinstance(value, dict) and all(each == [] for each in value.values())


def as_json(body: Shown) -> bytes:
    """A body as JSON."""
    return json.dumps(body).encode()


def escape(text: str) -> str:
    """Text for an XML element; characters XML has no way to write are left out."""
    return saxutils.escape(_UNWRITABLE.sub("", text))


_UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def as_xml(body: Shown) -> str:
    """A body as the content of an XML `body` element; rows repeat their element."""
    if isinstance(body, str):
        return escape(body)
    return "".join(_element(key, value) for key, value in body.items())


def _element(key: str, value: Any) -> str:
    if isinstance(value, list):
        return "".join(_element(key, each) for each in value)
    if isinstance(value, dict):
        return f"<{key}>{as_xml(value)}</{key}>\n"
    return f"<{key}>{escape('' if value is None else str(value))}</{key}>\n"
