"""NX-API on the wire: what is sent, and what an answer means. Pure.

Sources: N9k Programmability Guide, "NX-API CLI"; the order of the keys: cisco.nxos and salt (some releases take
"type" in the command for the key where `input` comes first); shapes: recorded answers of 7.0(3)I4 to 9.3(5).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic_core import from_json

from integrations.switches.errors import (
    BackEndError,
    BadAnswer,
    CommandError,
    EmptyAnswer,
    Forbidden,
    HtmlAnswer,
    NotNxapi,
    SwitchError,
    TooBusy,
    TooLarge,
    TruncatedAnswer,
    Unauthorized,
    XmlAnswer,
)
from integrations.switches.inventory.model import Api

Kind = Literal["cli_show", "cli_show_ascii", "cli_conf"]
Rollback = Literal["stop-on-error", "continue-on-error", "rollback-on-error"]

SEPARATOR = " ;"
"""Between commands of one request, the blank first, as Cisco's own clients send it."""
CONTENT_TYPES: Mapping[Api, str] = {"ins_api": "application/json", "jsonrpc": "application/json-rpc"}

_XML_FIELD = re.compile(r"<(code|msg|clierror)>([^<]{1,300})</\1>")
_TITLE = re.compile(r"<title>([^<]{1,160})</title>", re.IGNORECASE)
_BUSY = re.compile(r"max(?:imum)?\W.{0,40}session|too many|session limit", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Output:
    """What came of one command: a structure, or text, or an error."""

    command: str
    body: Any = None
    """A mapping or a list where JSON came, text where text came, None where there was nothing."""
    error: SwitchError | None = None
    code: int = 200

    @property
    def is_text(self) -> bool:
        """Whether the switch gave text, asked or not (`show vpc orphan-ports` answers JSON with a note)."""
        return isinstance(self.body, str)


def request(api: Api, kind: Kind, commands: Sequence[str], rollback: Rollback = "stop-on-error") -> bytes:
    """The body of a POST for these commands."""
    return _ins_api(kind, commands, rollback) if api == "ins_api" else _jsonrpc(kind, commands, rollback)


def _ins_api(kind: Kind, commands: Sequence[str], rollback: Rollback) -> bytes:
    asked = {
        "version": "1.0",
        "type": kind,
        "chunk": "0",
        "sid": "1",
        "input": SEPARATOR.join(commands),
        "output_format": "json",
    }
    if kind == "cli_conf":
        asked["rollback"] = rollback
    return json.dumps({"ins_api": asked}).encode()


def _jsonrpc(kind: Kind, commands: Sequence[str], rollback: Rollback) -> bytes:
    method = "cli_ascii" if kind == "cli_show_ascii" else "cli"
    calls: list[dict[str, object]] = [
        {"jsonrpc": "2.0", "method": method, "params": {"cmd": command, "version": 1}, "id": number}
        for number, command in enumerate(commands, start=1)
    ]
    if kind == "cli_conf":
        calls = [{**call, "rollback": rollback} for call in calls]
    return json.dumps(calls).encode()


def read(switch: str, status: int, body: bytes, commands: Sequence[str]) -> tuple[Output, ...]:
    """The outputs of an answer, one for each command.

    The body is read first, whatever the status: a switch sends its own errors with 400 and 500 too. Raises
    SwitchError for an answer that is about no command.
    """
    try:
        # jiter, which comes with pydantic, takes half of json's time; what it does not take is looked at closely.
        data = from_json(body, cache_strings="keys")
    except ValueError:
        data = _lenient(switch, status, body, commands)
    outputs = _outputs(switch, data, commands)
    if outputs is None:
        asked = _asked(commands)
        raise _of_status(switch, status, asked) or BadAnswer(
            switch, f"HTTP {status} and JSON that is no answer of NX-API", asked=asked
        )
    return outputs


def _lenient(switch: str, status: int, body: bytes, commands: Sequence[str]) -> Any:
    """JSON with raw control characters or broken UTF-8 in its texts, as banners have them. Raises SwitchError."""
    asked, text = _asked(commands), body.decode("utf-8", "replace").strip()
    if not text:
        raise _of_status(switch, status, asked) or EmptyAnswer(
            switch, f"HTTP {status} and no body", asked=asked
        )
    if text.startswith("<"):
        raise _of_markup(switch, status, text, asked)
    try:
        return json.loads(text, strict=False)
    except json.JSONDecodeError as error:
        raise _of_no_json(switch, status, text, error, asked) from None
    except RecursionError:
        raise BadAnswer(switch, "JSON nested too deeply", asked=asked) from None


def _asked(commands: Sequence[str]) -> str:
    return f"asked {SEPARATOR.join(commands)[:80]!r}"


def _outputs(switch: str, data: Any, commands: Sequence[str]) -> tuple[Output, ...] | None:
    if isinstance(data, dict) and isinstance(data.get("ins_api"), dict):
        return _of_ins_api(switch, data["ins_api"], commands)
    calls = [data] if isinstance(data, dict) and "jsonrpc" in data else data
    if (
        isinstance(calls, list)
        and calls
        and all(isinstance(each, dict) and "jsonrpc" in each for each in calls)
    ):
        return _of_jsonrpc(switch, calls, commands)
    return None


def _of_ins_api(switch: str, answer: Mapping[str, Any], commands: Sequence[str]) -> tuple[Output, ...] | None:
    outputs = answer.get("outputs")
    given = outputs.get("output") if isinstance(outputs, dict) else None
    rows = [given] if isinstance(given, dict) else given
    if not isinstance(rows, list) or not rows or not all(isinstance(each, dict) for each in rows):
        return None
    # A failed or refused batch has one output for all, and so has a whole configuration on some trains.
    named = commands if len(rows) == len(commands) else [str(each.get("input", "")).strip() for each in rows]
    found = tuple(_output(switch, command, row) for command, row in zip(named, rows, strict=True))
    return found if len(found) >= len(commands) else _for_all(found, commands)


def _output(switch: str, command: str, row: Mapping[str, Any]) -> Output:
    code, body = _number(row.get("code")), row.get("body")
    if isinstance(body, str):
        body = body.strip("\n") if body.strip() else None
    elif body == {} or body == []:
        body = None
    if code == 200 and not row.get("clierror"):
        return Output(command, body)
    return Output(command, body, _refused(switch, command, code, row), code)


def _refused(switch: str, command: str, code: int, row: Mapping[str, Any]) -> SwitchError:
    msg, detail = str(row.get("msg") or "").strip(), " ".join(str(row.get("clierror") or "").split())
    says = f"{code} {msg}" + (f" ({detail[:300]})" if detail else "")
    asked = f"asked {command[:80]!r}"
    if code == 413:
        return TooLarge(switch, says, asked=asked)
    if code == 500:
        busy = _BUSY.search(f"{msg} {detail}")
        return (TooBusy if busy else BackEndError)(switch, says, asked=asked)
    cause = f"{CommandError.cause}: {(detail or msg)[:80]}" if detail or msg else CommandError.cause
    return CommandError(switch, says, asked=asked, cause=cause)


def _for_all(found: tuple[Output, ...], commands: Sequence[str]) -> tuple[Output, ...]:
    """One output for each command where the switch gave fewer: those it says nothing about share its last word."""
    last = found[-1]
    missing = (Output(command, None, last.error, last.code) for command in commands[len(found) :])
    first = zip(found, commands, strict=False)
    return (*(Output(command, each.body, each.error, each.code) for each, command in first), *missing)


def _of_jsonrpc(
    switch: str, calls: Sequence[Mapping[str, Any]], commands: Sequence[str]
) -> tuple[Output, ...]:
    found = []
    ordered = sorted(calls, key=lambda call: _number(call.get("id")))
    for command, call in zip(commands, ordered, strict=False):
        error = call.get("error")
        found.append(_failed_call(switch, command, error) if error else Output(command, _result(call)))
    return tuple(found) if len(found) == len(commands) else _for_all(tuple(found), commands)


def _result(call: Mapping[str, Any]) -> Any:
    result = call.get("result")
    if not isinstance(result, dict):
        return None
    body = result.get("body", result.get("msg"))
    return None if body in ({}, [], "") else body


def _failed_call(switch: str, command: str, error: Any) -> Output:
    """-32602 is the switch's 400; a structure it does not have comes as one too, and is asked again as text."""
    error = error if isinstance(error, dict) else {}
    data = error.get("data")
    detail = " ".join(str(data.get("msg", "") if isinstance(data, dict) else data or "").split())
    says = f"{error.get('code')} {error.get('message', '')}".strip()
    code = {-32602: 400, -32600: 400}.get(_number(error.get("code")), 500)
    if "structured output" in detail.lower():
        code = 501
    row = {"msg": says, "clierror": detail}
    return Output(command, None, _refused(switch, command, code, row), code)


def _of_status(switch: str, status: int, asked: str, says: str = "") -> SwitchError | None:
    """What a status means where the body says nothing of its own."""
    told = f"HTTP {status}{f' ({says})' if says else ''}"
    if status == 401:
        return Unauthorized(switch, told, asked=asked)
    if status == 403:
        return Forbidden(switch, told, asked=asked)
    if status in (404, 405):
        return NotNxapi(switch, told, asked=asked)
    if status == 413:
        return TooLarge(switch, told, asked=asked)
    if status in (429, 503) or (says and _BUSY.search(says)):
        return TooBusy(switch, told, asked=asked)
    if status >= 500:
        return BackEndError(switch, told, asked=asked)
    return None


def _of_markup(switch: str, status: int, text: str, asked: str) -> SwitchError:
    head = text[:20_000]
    if head.startswith("<?xml") or "<ins_api" in head[:200]:
        fields = {name: value.strip() for name, value in _XML_FIELD.findall(head)}
        says = " ".join(value for value in (fields.get("msg"), fields.get("clierror")) if value)
        return _of_status(switch, _number(fields.get("code")), asked, says) or XmlAnswer(
            switch, f"HTTP {status} and XML{f' ({says})' if says else ''}", asked=asked
        )
    title = _TITLE.search(head)
    says = " ".join(title[1].split()) if title else ""
    return _of_status(switch, status, asked, says) or HtmlAnswer(
        switch, f"HTTP {status} and a web page{f' ({says})' if says else ''}", asked=asked
    )


def _of_no_json(switch: str, status: int, text: str, error: json.JSONDecodeError, asked: str) -> SwitchError:
    if text[0] in "{[" and (error.pos >= len(text) - 5 or "Unterminated" in error.msg):
        return TruncatedAnswer(switch, f"JSON that ends after {len(text):,} characters", asked=asked)
    return _of_status(switch, status, asked) or BadAnswer(
        switch, f"HTTP {status} and {text[:60]!r}, which is no JSON", asked=asked
    )


def _number(value: object) -> int:
    """A code, which is a string in ins_api and a number in JSON-RPC; 0 where there is none."""
    try:
        return int(str(value))
    except ValueError:
        return 0
