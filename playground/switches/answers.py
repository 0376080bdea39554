"""Answers to requests to `/ins`, in the form the request asked for."""

from __future__ import annotations

import json
from typing import Any

from playground.switches.configuring import Configuring, configure, is_exec
from playground.switches.messages import Asked, Call
from playground.switches.outputs import Output, refused
from playground.switches.pages import Reply
from playground.switches.showing import Form, Shows
from playground.switches.world import Switch

_FORMS: dict[str, Form] = {
    "cli_show": "structured",
    "cli_array": "native",
    "cli_show_array": "native",
    "cli_show_ascii": "text",
}

NO_BASH = "bash-shell is not enabled: feature bash-shell\n"


def answer(switch: Switch, shows: Shows, asked: Asked) -> Reply:
    """Do what is asked, and tell."""
    if asked.protocol == "json-rpc":
        return _json_rpc(switch, shows, asked)
    return written(asked, _outputs(switch, shows, asked))


def written(asked: Asked, outputs: list[Output]) -> Reply:
    """The envelope around outputs: one is an object, several are a list."""
    if asked.format == "xml":
        return _xml(asked, outputs)
    inner = b", ".join(output.json for output in outputs)
    if len(outputs) > 1:
        inner = b"[" + inner + b"]"
    head = f'{{"ins_api": {{"type": "{asked.type}", "version": "1.0", "sid": "eoc", "outputs": {{"output": '
    return Reply(200, head.encode() + inner + b"}}}")


def _xml(asked: Asked, outputs: list[Output]) -> Reply:
    inner = "".join(output.xml for output in outputs)
    body = (
        f'<?xml version="1.0"?>\n<ins_api>\n<type>{asked.type}</type>\n<version>1.0</version>\n<sid>eoc</sid>\n'
        f"<outputs>\n{inner}</outputs>\n</ins_api>\n"
    )
    return Reply(200, body.encode(), "text/xml; charset=utf-8")


def _outputs(switch: Switch, shows: Shows, asked: Asked) -> list[Output]:
    if asked.type == "bash":
        return [refused(asked.commands[0], NO_BASH)]
    if asked.type == "cli_conf":
        return configure(switch, list(asked.commands), asked.rollback)
    return [_show(switch, shows, command, _FORMS[asked.type]) for command in asked.commands]


def _show(switch: Switch, shows: Shows, command: str, form: Form) -> Output:
    if form == "text" and is_exec(command):
        return Configuring(switch).run(command)
    return shows.run(command, form)


def _json_rpc(switch: Switch, shows: Shows, asked: Asked) -> Reply:
    """JSON-RPC ends with the first error, and then the HTTP status is 500."""
    run = Configuring(switch)
    told: list[dict[str, Any]] = []
    failed = False
    for call in asked.calls:
        told.append(_told(shows, run, call))
        if "error" in told[-1]:
            failed = True
            if asked.rollback == "rollback-on-error":
                run.take_back()
            if asked.rollback != "continue-on-error":
                break
    body = json.dumps(told if asked.batch else told[0]).encode()
    return Reply(500 if failed else 200, body, "application/json-rpc; charset=UTF-8")


def _told(shows: Shows, run: Configuring, call: Call) -> dict[str, Any]:
    envelope = {"jsonrpc": "2.0", "id": call.id}
    if call.method not in ("cli", "cli_ascii", "cli_array"):
        return envelope | {"error": {"code": -32601, "message": "Method not found"}}
    if not call.command.strip():
        return envelope | {"error": {"code": -32600, "message": "Invalid request"}}
    output = _called(shows, run, call)
    if not output.good:
        detail = {"msg": output.clierror or f"{output.msg}\n"}
        return envelope | {"error": {"code": -32602, "message": "Invalid params", "data": detail}}
    if not output.body:
        return envelope | {"result": None}
    return envelope | {"result": {"msg" if call.method == "cli_ascii" else "body": output.body}}


def _called(shows: Shows, run: Configuring, call: Call) -> Output:
    if "show".startswith(call.command.split()[0]) and len(call.command.split()) > 1:
        forms: dict[str, Form] = {"cli": "structured", "cli_ascii": "text", "cli_array": "native"}
        return shows.run(call.command, forms[call.method])
    return run.run(call.command)
