"""What `terraform … -json` and `tofu … -json` say, line by line, as typed events. Pure.

Documented at developer.hashicorp.com/terraform/internals/machine-readable-ui; recorded with 1.11. Types and
fields that are not known are passed over, as that page asks; a new major version of the language is refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from integrations.stacks.engines.model import (
    Change,
    Counted,
    Counts,
    Diagnosed,
    Diagnostic,
    Event,
    Found,
    Moved,
    Phase,
    Said,
)

MAJOR = "1"
"""Of the language (`ui`) that is read here."""

_PHASES = {
    "apply_start": Phase.STARTED,
    "apply_progress": Phase.GOING,
    "apply_complete": Phase.DONE,
    "apply_errored": Phase.ERRORED,
}


class NewLanguage(Exception):
    """The program speaks another major version of its language; the text is that version."""


def read_line(line: str) -> Event | None:
    """The event that a line tells, or None where it tells nothing that matters here.

    What is no JSON, as a crash is told, is plain words. Raises NewLanguage.
    """
    try:
        told = json.loads(line)
    except ValueError:
        return Said(line) if line.strip() else None
    if not isinstance(told, dict):
        return Said(line)
    match told.get("type"):
        case "version":
            _refuse_new_language(_text(told, "ui"))
            return None
        case "planned_change":
            return _found(told, drift=False)
        case "resource_drift":
            return _found(told, drift=True)
        case "change_summary":
            return _counted(_part(told, "changes"))
        case "diagnostic":
            return Diagnosed(read_diagnostic(_part(told, "diagnostic")))
        case "provision_progress":
            hook = _part(told, "hook")
            return Said(_text(hook, "output"), _text(_part(hook, "resource"), "addr"))
        case kind if kind in _PHASES:
            return _moved(_PHASES[kind], _part(told, "hook"))
    return None


def read_diagnostic(told: Mapping[str, Any]) -> Diagnostic:
    """A warning or an error. The piece of source that comes with it is left out: it may hold a value."""
    return Diagnostic(
        severity=_text(told, "severity") or "error",
        summary=_text(told, "summary"),
        detail=_text(told, "detail"),
        address=_text(told, "address"),
    )


def _refuse_new_language(ui: str) -> None:
    if ui and ui.partition(".")[0] != MAJOR:
        raise NewLanguage(ui)


def _found(told: Mapping[str, Any], *, drift: bool) -> Found:
    change = _part(told, "change")
    action = _text(change, "action")
    actions = ("delete", "create") if action == "replace" else (action.replace("noop", "no-op"),)
    address = _text(_part(change, "resource"), "addr")
    return Found(Change(address, actions, _text(change, "reason")), drift)


def _counted(changes: Mapping[str, Any]) -> Counted:
    add, change, remove, imported = (_number(changes, name) for name in ("add", "change", "remove", "import"))
    return Counted(Counts(add, change, remove, imported), _text(changes, "operation"))


def _moved(phase: Phase, hook: Mapping[str, Any]) -> Moved:
    seconds = float(_number(hook, "elapsed_seconds"))
    return Moved(_text(_part(hook, "resource"), "addr"), _text(hook, "action"), phase, seconds)


def _part(told: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = told.get(name)
    return part if isinstance(part, dict) else {}


def _text(told: Mapping[str, Any], name: str) -> str:
    value = told.get(name)
    return value if isinstance(value, str) else ""


def _number(told: Mapping[str, Any], name: str) -> int:
    value = told.get(name)
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0
