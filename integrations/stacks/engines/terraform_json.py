"""What `terraform show -json` and `terraform output -json` tell, less all values that must not be told. Pure.

These forms hold every value in plain text, sensitive ones too; only addresses and actions are taken out of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from integrations.stacks.engines.model import Change, Held, Output
from integrations.stacks.errors import LockHeld

LOCK_SUMMARY = "Error acquiring the state lock"
STALE_SUMMARY = "Saved plan is stale"
_HTTP_HOLDER = re.compile(r"already locked: ID=(\S+)")
_LOCK_LINE = re.compile(r"^\s*(ID|Operation|Who|Created):[ \t]*(.*?)[ \t]*$", re.MULTILINE)


def changes_of(shown: Mapping[str, Any], part: str = "resource_changes") -> tuple[Change, ...]:
    """The changes of a plan, without those that change nothing; `part` may be `resource_drift`."""
    return tuple(change for each in shown.get(part) or () if (change := _change(each)).is_change)


def held_of(shown: Mapping[str, Any]) -> tuple[Held, ...]:
    """The resources of a state, from `show -json` without a plan."""
    root = (shown.get("values") or {}).get("root_module") or {}
    return tuple(_held(root))


def outputs_of(shown: Mapping[str, Any]) -> dict[str, Output]:
    """The outputs, from `output -json`."""
    return {str(name): Output(each.get("value"), bool(each.get("sensitive"))) for name, each in shown.items()}


def lock_held(attempted: str, detail: str) -> LockHeld:
    """Who holds the lock, from the words that terraform says of it.

    With the `http` backend the lines of `Lock Info` tell of whoever asks, and only the sentence before them has
    the holder's id (measured with 1.11; internal/backend/remote-state/http/client.go). Of the holder nothing but
    the id is told then: where the bot keeps the state, its own table knows the rest.
    """
    said = dict(_LOCK_LINE.findall(detail))
    holder = _HTTP_HOLDER.search(detail)
    if holder is not None and holder[1] != said.get("ID"):
        said = {"ID": holder[1]}
    return LockHeld(
        attempted, said.get("ID", ""), said.get("Operation", ""), said.get("Who", ""), said.get("Created", "")
    )


def _change(told: Mapping[str, Any]) -> Change:
    actions = tuple(str(each) for each in (told.get("change") or {}).get("actions") or ())
    return Change(str(told.get("address", "")), actions, str(told.get("action_reason") or ""))


def _held(module: Mapping[str, Any]) -> Iterator[Held]:
    for each in module.get("resources") or ():
        if each.get("mode") == "managed":
            yield Held(str(each.get("address", "")), bool(each.get("tainted")))
    for child in module.get("child_modules") or ():
        yield from _held(child)
