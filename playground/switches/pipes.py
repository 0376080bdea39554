"""The filters after a `|` of the CLI, on text."""

from __future__ import annotations

import re
from collections.abc import Callable

_PIPE = re.compile(r'\s\|(?=[^"]*(?:"[^"]*"[^"]*)*$)')


class BadPipe(Exception):
    """There is no such filter."""


def split_pipes(command: str) -> tuple[str, list[str]]:
    """A command without its filters, and the filters; a `|` that is quoted or lacks a blank before it is none."""
    head, *filters = [part.strip() for part in _PIPE.split(command)]
    return head, filters


def filtered(text: str, filters: list[str]) -> str:
    """The text after all filters. Raises BadPipe."""
    for each in filters:
        text = _filter(text, each)
    return text


def _filter(text: str, order: str) -> str:
    word, _, rest = order.partition(" ")
    pattern = rest.strip().strip('"')
    known = [name for name in _FILTERS if word and name.startswith(word.lower())]
    exact = [name for name in known if name == word.lower()]
    if len(exact or known) != 1:
        raise BadPipe(order)
    try:
        return _FILTERS[(exact or known)[0]](text, pattern)
    except (re.error, ValueError) as error:
        raise BadPipe(order) from error


def _include(text: str, pattern: str) -> str:
    return "".join(line for line in text.splitlines(keepends=True) if re.search(pattern, line))


def _exclude(text: str, pattern: str) -> str:
    return "".join(line for line in text.splitlines(keepends=True) if not re.search(pattern, line))


def _begin(text: str, pattern: str) -> str:
    lines = text.splitlines(keepends=True)
    for index, line in enumerate(lines):
        if re.search(pattern, line):
            return "".join(lines[index:])
    return ""


def _section(text: str, pattern: str) -> str:
    """The lines that match, each with the indented lines below it."""
    kept: list[str] = []
    inside = False
    for line in text.splitlines(keepends=True):
        indented = line.startswith((" ", "\t"))
        inside = (inside and indented) or bool(re.search(pattern, line))
        if inside:
            kept.append(line)
    return "".join(kept)


def _count(text: str, _: str) -> str:
    return f"{len(text.splitlines())}\n"


def _last(text: str, number: str) -> str:
    return "".join(text.splitlines(keepends=True)[-int(number or "10") :])


def _head(text: str, number: str) -> str:
    return "".join(text.splitlines(keepends=True)[: int(number.removeprefix("lines ") or "10")])


def _all(text: str, _: str) -> str:
    return text


_FILTERS: dict[str, Callable[[str, str], str]] = {
    "include": _include,
    "grep": _include,
    "exclude": _exclude,
    "begin": _begin,
    "section": _section,
    "count": _count,
    "last": _last,
    "head": _head,
    "no-more": _all,
}
