"""Faults a test switches on: on which switches, for which commands, what happens instead, how often."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal
from zlib import crc32

from playground.switches import pages
from playground.switches.answers import written
from playground.switches.messages import Asked
from playground.switches.outputs import BACKEND, TOO_BIG, UNSTRUCTURED, Output
from playground.switches.pages import Reply

FaultKind = Literal[
    "refused",
    "slow",
    "hang",
    "reset",
    "unauthorized",
    "too_big",
    "backend",
    "unstructured",
    "html",
    "xml",
    "empty",
    "truncated",
    "lost_answer",
    "session_limit",
]


@dataclass
class Fault:
    """A fault on the switches whose name fits `switches` (a glob), or on `percent` of these, chosen by `seed`.

    refused: nobody listens · slow: wait `seconds`, then answer; above the command timeout the answer is a back-end
    error · hang: never answer · reset: close the connection at once · unauthorized: the 401 page · too_big,
    backend, unstructured: code 413, 500, 501 (only where structured output was asked) · html: nginx's page with
    `status` · xml: HTTP 400 with XML · empty: no body · truncated: half the body · lost_answer: do what is asked,
    then close the connection · session_limit: rejected.

    `count` is how many times it happens on each switch; None is for ever. `command` (a glob) narrows it to
    requests with such a command.
    """

    kind: FaultKind
    switches: str = "*"
    percent: float = 100.0
    seed: int = 1
    command: str = "*"
    count: int | None = 1
    seconds: float = 5.0
    status: int = 502
    happened: dict[str, int] = field(default_factory=dict)

    def strikes(self, switch: str) -> bool:
        """Whether a switch is one of those it is on."""
        chosen = crc32(f"{self.seed} {switch}".encode()) % 10_000 < self.percent * 100
        return chosen and fnmatchcase(switch, self.switches)

    def fits(self, switch: str, asked: Asked | None) -> bool:
        """Whether it happens to this request."""
        used = self.count is not None and self.happened.get(switch, 0) >= self.count
        return not used and self.strikes(switch) and self._command(asked)

    def _command(self, asked: Asked | None) -> bool:
        if asked is None:
            return self.command == "*" and self.kind != "unstructured"
        if self.kind == "unstructured" and asked.type not in (
            "cli_show",
            "cli_array",
            "cli_show_array",
            "json-rpc",
        ):
            return False
        return any(fnmatchcase(command.strip(), self.command) for command in asked.commands)


class Faults:
    """The faults switched on now, tried in the order they came."""

    def __init__(self) -> None:
        self.active: list[Fault] = []

    def take(self, switch: str, asked: Asked | None) -> Fault | None:
        """The first fault for a request to a switch, used up once there."""
        for fault in self.active:
            if fault.kind != "refused" and fault.fits(switch, asked):
                fault.happened[switch] = fault.happened.get(switch, 0) + 1
                return fault
        return None

    def refusing(self, switch: str) -> bool:
        """Whether a switch is to refuse connections."""
        return any(fault.kind == "refused" and fault.strikes(switch) for fault in self.active)


_CODES = {"too_big": ("413", TOO_BIG), "backend": ("500", BACKEND), "unstructured": ("501", UNSTRUCTURED)}


def page(fault: Fault, asked: Asked | None) -> Reply | None:
    """What a switch answers because of a fault, None where the fault is not one of what is answered."""
    if fault.kind in _CODES and asked is not None:
        code, msg = _CODES[fault.kind]
        return failing(asked, code, msg)
    if fault.kind == "html":
        return pages.html(fault.status)
    return _PAGES.get(fault.kind)


_PAGES = {
    "unauthorized": pages.unauthorized(),
    "xml": pages.bad_request(),
    "empty": Reply(200, b""),
    "session_limit": pages.session_limit(),
}


def failing(asked: Asked, code: str, msg: str) -> Reply:
    """An answer in which every command has the same error code."""
    if asked.protocol == "json-rpc":
        error = {"code": -32603, "message": "Internal error", "data": {"msg": msg}}
        told = [{"jsonrpc": "2.0", "error": error, "id": call.id} for call in asked.calls]
        return Reply(500, json.dumps(told if asked.batch else told[0]).encode())
    return written(asked, [Output(command, code, msg, clierror="") for command in asked.commands])
