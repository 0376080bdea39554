"""Health checks as a `stack.yaml` writes them: what must answer before a stack counts as up."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Discriminator, Field, Tag

from integrations.stacks.spec.fields import Span, Strict

_HOST_AND_PORT = re.compile(r"[^\s:/]+:\d{1,5}|\[[0-9A-Fa-f:]+\]:\d{1,5}", re.ASCII)
KINDS = ("http", "tcp", "jsonrpc", "command")


def _web_address(value: str) -> str:
    """`{out.NAME}` stands for an output, and may be the whole address."""
    if not value.startswith("{out.") and urlsplit(value).scheme not in ("http", "https"):
        raise ValueError(f"{value!r} must begin with http://, https:// or an output such as {{out.url}}")
    return value


def _host_and_port(value: str) -> str:
    """`{out.NAME}` stands for an output, and may be a part of it."""
    if "{out." not in value and not _HOST_AND_PORT.fullmatch(value):
        raise ValueError(f"{value!r} must be host:port or an output such as {{out.address}}")
    return value


WebAddress = Annotated[str, AfterValidator(_web_address)]


class _Check(Strict):
    within: Span = timedelta(seconds=60)
    """How long it may take until it holds."""
    every: Span = timedelta(seconds=2)
    """How long to wait between two looks."""


class HttpCheck(_Check):
    """An address must answer."""

    http: WebAddress
    """The address; `{out.NAME}` stands for an output."""
    status: int = Field(200, ge=100, le=599)
    """What it must answer with."""
    contains: str | None = None
    """What its body must hold."""


class TcpCheck(_Check):
    """A port must take connections."""

    tcp: Annotated[str, AfterValidator(_host_and_port)]
    """`host:port`; `{out.NAME}` stands for an output."""


class JsonRpcCheck(_Check):
    """A JSON-RPC server must answer a call."""

    jsonrpc: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_.]*$")
    """The method, such as `eth_blockNumber`."""
    url: WebAddress
    """The server; `{out.NAME}` stands for an output."""
    rising: bool = False
    """Whether the number it answers with must rise from one look to the next."""


class CommandCheck(_Check):
    """A program must end with 0. It is run as it is written, by no shell."""

    command: tuple[str, ...] = Field(min_length=1)
    """The program and its arguments; `{out.NAME}` stands for an output."""


def _kind(value: object) -> str | None:
    keys = value if isinstance(value, dict) else vars(value) if hasattr(value, "__dict__") else ()
    return next((kind for kind in KINDS if kind in keys), None)


HealthCheck = Annotated[
    Annotated[HttpCheck, Tag("http")]
    | Annotated[TcpCheck, Tag("tcp")]
    | Annotated[JsonRpcCheck, Tag("jsonrpc")]
    | Annotated[CommandCheck, Tag("command")],
    Discriminator(
        _kind,
        custom_error_type="health_kind",
        custom_error_message=f"a health check needs one of {', '.join(KINDS)}",
    ),
]


def texts(check: HttpCheck | TcpCheck | JsonRpcCheck | CommandCheck) -> tuple[str, ...]:
    """Every text of a check in which `{out.NAME}` may stand."""
    match check:
        case HttpCheck():
            return (check.http,)
        case TcpCheck():
            return (check.tcp,)
        case JsonRpcCheck():
            return (check.url,)
        case CommandCheck():
            return check.command
