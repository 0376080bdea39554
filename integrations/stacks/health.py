"""Look whether a stack that was made is well: one look at one check, until it holds or its time is up."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests

from integrations.stacks.engines import process
from integrations.stacks.engines.model import Job, Listener, Output
from integrations.stacks.engines.process import Watch, limited
from integrations.stacks.engines.secrecy import redaction
from integrations.stacks.engines.tools import path_of
from integrations.stacks.spec.health import CommandCheck, HttpCheck, JsonRpcCheck, TcpCheck
from integrations.stacks.spec.placeholders import MissingPlaceholder, filled

Check = HttpCheck | TcpCheck | JsonRpcCheck | CommandCheck

_PATIENCE = (3.05, 5.0)
"""Seconds to connect, and between two pieces of an answer."""
_MOST = 256_000
"""Bytes of an answer that are read."""
_NO_SUCH_METHOD = -32601
"""jsonrpc.org/specification, 5.1: a node that does not know the method can still be well."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look has shown. `number` is what the next look compares with, where it must rise."""

    well: bool
    says: str
    number: int | None = None


def look(
    check: Check,
    outputs: Mapping[str, Output],
    job: Job,
    listener: Listener,
    before: int | None = None,
) -> Seen:
    """One look. `before` is the number of the last one, if there was one. Takes a few seconds at most."""
    values = {f"out.{name}": output.value for name, output in outputs.items()}
    try:
        match check:
            case HttpCheck():
                return _http(check, filled(check.http, values))
            case TcpCheck():
                return _tcp(filled(check.tcp, values))
            case JsonRpcCheck():
                return _jsonrpc(check, filled(check.url, values), before)
            case CommandCheck():
                return _command(check, [filled(word, values) for word in check.command], job, listener)
    except MissingPlaceholder as error:
        return Seen(False, f"the stack gives out no {str(error).removeprefix('out.')!r}")


def _http(check: HttpCheck, url: str) -> Seen:
    try:
        with requests.get(url, timeout=_PATIENCE, allow_redirects=False, stream=True) as answer:
            body = _beginning(answer)
    except requests.RequestException as error:
        return Seen(False, f"{url} does not answer ({type(error).__name__})")
    if answer.status_code != check.status:
        return Seen(False, f"{url} answers {answer.status_code} and not {check.status}")
    if check.contains is not None and check.contains.encode() not in body:
        return Seen(False, f"{url} answers without {check.contains!r}")
    return Seen(True, f"{url} answers {answer.status_code}")


def _tcp(address: str) -> Seen:
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=_PATIENCE[0]):
            return Seen(True, f"{address} takes connections")
    except (OSError, ValueError) as error:
        return Seen(False, f"{address} takes no connection ({type(error).__name__})")


def _jsonrpc(check: JsonRpcCheck, url: str, before: int | None) -> Seen:
    call = {"jsonrpc": "2.0", "id": 1, "method": check.jsonrpc, "params": []}
    try:
        with requests.post(url, json=call, timeout=_PATIENCE, allow_redirects=False, stream=True) as answer:
            told = json.loads(_beginning(answer))
    except requests.RequestException as error:
        return Seen(False, f"{url} does not answer ({type(error).__name__})")
    except (ValueError, RecursionError):
        return Seen(False, f"{url} answers {answer.status_code}, and no JSON")
    if not isinstance(told, dict) or ("result" not in told and not isinstance(told.get("error"), dict)):
        return Seen(False, f"{url} answers {answer.status_code}, and not as JSON-RPC does")
    if "result" not in told:
        return _jsonrpc_error(check, told["error"])
    return _risen(check, told["result"], before)


def _jsonrpc_error(check: JsonRpcCheck, error: Mapping[str, Any]) -> Seen:
    if error.get("code") == _NO_SUCH_METHOD:
        return Seen(True, f"{check.jsonrpc} is not known to it, so that nothing is said by it")
    return Seen(False, f"{check.jsonrpc} answers with the error {error.get('code')}: {error.get('message')}")


def _risen(check: JsonRpcCheck, result: object, before: int | None) -> Seen:
    if not check.rising:
        return Seen(True, f"{check.jsonrpc} is answered")
    number = _number(result)
    if number is None:
        return Seen(False, f"{check.jsonrpc} answers no number that could rise")
    if before is None or number <= before:
        return Seen(False, f"{check.jsonrpc} is at {number} and has not risen yet", number)
    return Seen(True, f"{check.jsonrpc} rises: {before}, {number}", number)


def _command(check: CommandCheck, words: list[str], job: Job, listener: Listener) -> Seen:
    path = path_of(words[0], job.environ)
    if path is None:
        return Seen(False, f"{words[0]} is not installed where the worker runs")
    said: list[str] = []

    def keep(line: str) -> None:
        said[:] = [*said[-2:], line.strip()]

    call = process.Call(
        argv=(path, *words[1:]),
        folder=job.folder,
        private=job.private,
        label="health",
        environment=process.environment(job.environ, job.spec.environment),
        sweep=True,
    )
    stop = limited(listener.stop, check.within.total_seconds())
    ended = process.run(call, Watch(keep, keep, stop, redaction(job, listener)))
    if ended.code == 0:
        return Seen(True, f"{words[0]} says that all is well")
    return Seen(False, f"{words[0]} exited with {ended.code}: {' '.join(said) or 'it said nothing'}")


def _beginning(answer: requests.Response) -> bytes:
    return b"".join(_until(answer.iter_content(8192), _MOST))


def _until(chunks: Any, most: int) -> Any:
    for chunk in chunks:
        yield chunk
        most -= len(chunk)
        if most <= 0:
            return


def _number(result: object) -> int | None:
    """Ethereum writes quantities as `0x…` (ethereum.org, JSON-RPC API, "Hex encoding"); others write numbers."""
    if isinstance(result, bool):
        return None
    if isinstance(result, int):
        return result
    try:
        return int(result, 0) if isinstance(result, str) else None
    except ValueError:
        return None
