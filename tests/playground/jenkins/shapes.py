"""Compares an answer with a recorded one: the same keys and the same JSON types, whatever the values."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

RECORDED = Path(__file__).parent / "recorded"


def recorded(name: str) -> Any:
    """The body a real Jenkins 2.463 gave."""
    document = json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))
    return document.get("data", document)


def differences(real: Any, ours: Any, path: str = "$") -> list[str]:
    """Where `ours` has another shape than `real`. Lists are compared per `_class` of their members."""
    if isinstance(real, dict) and isinstance(ours, dict):
        return _in_objects(real, ours, path)
    if isinstance(real, list) and isinstance(ours, list):
        return _in_lists(real, ours, path)
    if _kind(real) != _kind(ours):
        return [f"{path}: {_kind(real)} in the recording, {_kind(ours)} here"]
    return []


def _in_objects(real: dict[str, Any], ours: dict[str, Any], path: str) -> list[str]:
    found = [f"{path}.{key}: missing" for key in real if key not in ours]
    found += [f"{path}.{key}: not in the recording" for key in ours if key not in real]
    for key in real:
        if key in ours:
            found += differences(real[key], ours[key], f"{path}.{key}")
    return found


def _in_lists(real: list[Any], ours: list[Any], path: str) -> list[str]:
    by_class = {_class(member): member for member in real}
    found = []
    for member in ours:
        if _class(member) not in by_class:
            found.append(f"{path}[]: no {_class(member)} in the recording")
        else:
            found += differences(by_class[_class(member)], member, f"{path}[{_class(member)}]")
    missing = set(by_class) - {_class(member) for member in ours}
    return found + [f"{path}[]: no {name} here" for name in sorted(missing)]


def _class(member: Any) -> str:
    if not isinstance(member, dict):
        return _kind(member)
    return str(member.get("_class", "an object without a class" if member else "an empty object"))


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if value is None:
        return "null"
    if isinstance(value, str):
        return "string"
    return "object" if isinstance(value, dict) else "list"
