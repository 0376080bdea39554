"""Whose changes a build built, as `api/json` tells: a freestyle build has one set of them, a Pipeline several. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def changes_in(data: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Every change of a build, the oldest first."""
    sets = [data.get("changeSet") or {}, *(data.get("changeSets") or ())]
    return [change for one in sets for change in one.get("items") or ()]


def culprits_in(data: Mapping[str, Any]) -> tuple[str, ...]:
    """Whoever changed something since the last good build, each once, with their address where a change tells it.

    `Ada Lovelace <ada@example.com>`. A Pipeline may name no culprits: then they are those of its own changes.
    """
    authors = [(_name(each.get("author")), each.get("authorEmail") or "") for each in changes_in(data)]
    mails = dict(authors)
    names = [_name(each) for each in data.get("culprits") or ()] or [name for name, _ in authors]
    written = (f"{name} <{mails[name]}>" if mails.get(name) else name for name in names)
    return tuple(dict.fromkeys(each for each in written if each))


def _name(person: Mapping[str, Any] | None) -> str:
    person = person or {}
    return str(person.get("fullName") or person.get("id") or "")
