"""Requests to `/ins`: the bodies of the three message formats become one value."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal
from xml.etree import ElementTree

from playground.switches.configuring import ROLLBACKS, Rollback

Protocol = Literal["ins_api", "json-rpc"]
Format = Literal["json", "xml"]

_SHORT = 4096
"""Bytes of bodies that are worth keeping for the next switch."""

TYPES = ("cli_show", "cli_show_ascii", "cli_show_array", "cli_array", "cli_conf", "bash")


class Unreadable(Exception):
    """A body that NX-API answers with HTTP 400."""


@dataclass(frozen=True)
class Call:
    """One command of a JSON-RPC request; `id` is echoed."""

    method: str
    command: str
    id: Any


@dataclass(frozen=True)
class Asked:
    """A request. `confusing` is one that releases sensitive to the order of keys cannot read."""

    protocol: Protocol
    type: str
    commands: tuple[str, ...]
    format: Format = "json"
    rollback: Rollback = "stop-on-error"
    confusing: bool = False
    calls: tuple[Call, ...] = ()
    batch: bool = False


def read(content_type: str, body: bytes) -> Asked:
    """The request in a body. Raises Unreadable."""
    return _read_once(content_type, body) if len(body) < _SHORT else _read(content_type, body)


@lru_cache(maxsize=512)
def _read_once(content_type: str, body: bytes) -> Asked:
    """The same; many switches are asked the same."""
    return _read(content_type, body)


def _read(content_type: str, body: bytes) -> Asked:
    kind = content_type.partition(";")[0].strip().lower()
    try:
        if kind in ("application/json-rpc", "application/jsonrequest"):
            return _json_rpc(json.loads(body))
        if kind in ("text/xml", "application/xml"):
            return _ins_api_xml(body)
        return _ins_api(json.loads(body)["ins_api"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, ElementTree.ParseError) as error:
        raise Unreadable(str(error)) from error


def _ins_api(fields: dict[str, Any]) -> Asked:
    order = list(fields)
    text = str(fields["input"])
    confusing = order.index("input") < order.index("type") and "type" in text
    return _asked(fields, text, confusing, "xml" if fields.get("output_format") == "xml" else "json")


def _ins_api_xml(body: bytes) -> Asked:
    root = ElementTree.fromstring(body)
    if root.tag != "ins_api":
        raise Unreadable(f"the root element is {root.tag}")
    fields = {child.tag: child.text or "" for child in root}
    return _asked(fields, fields["input"], False, "json" if fields.get("output_format") == "json" else "xml")


def _asked(fields: dict[str, Any], text: str, confusing: bool, form: Format) -> Asked:
    if fields["type"] not in TYPES:
        raise Unreadable(f"type {fields['type']}")
    commands = (text,) if fields["type"] == "bash" else tuple(text.split(" ;"))
    return Asked("ins_api", fields["type"], commands, form, _rollback(fields), confusing)


def _rollback(fields: dict[str, Any]) -> Rollback:
    given = fields.get("rollback", "stop-on-error")
    if given not in ROLLBACKS:
        raise Unreadable(f"rollback {given}")
    rollback: Rollback = given
    return rollback


def _json_rpc(sent: Any) -> Asked:
    batch = sent if isinstance(sent, list) else [sent]
    if not batch:
        raise Unreadable("an empty batch")
    calls = tuple(Call(str(each["method"]), str(each["params"]["cmd"]), each.get("id")) for each in batch)
    return Asked(
        "json-rpc",
        "json-rpc",
        tuple(call.command for call in calls),
        rollback=_rollback(batch[0]),
        calls=calls,
        batch=len(batch) > 1,
    )
