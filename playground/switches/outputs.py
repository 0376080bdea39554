"""What a command gave, and how that is written in the forms of `ins_api`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property

from playground.switches.dialect import Shown, as_xml, escape

SUCCESS = "Success"
CLI_ERROR = "Input CLI command error"
CONFIG_ERROR = "CLI execution error"
UNSTRUCTURED = "Structured output unsupported"
NO_PIPE = "Pipe is not allowed for this message type"
TOO_BIG = "Response size too big"
BACKEND = "Back-end processing error."


@dataclass(frozen=True)
class Output:
    """One element of `outputs`: `input` as it was sent, a `code` that is text, a body or a `clierror`."""

    input: str
    code: str = "200"
    msg: str = SUCCESS
    body: Shown | None = None
    clierror: str | None = None

    @property
    def good(self) -> bool:
        """Whether the switch did it."""
        return self.code == "200"

    @cached_property
    def json(self) -> bytes:
        """The output as JSON, written once however often it is asked for."""
        fields: dict[str, object] = {"input": self.input, "msg": self.msg, "code": self.code}
        if self.clierror is not None:
            fields["clierror"] = self.clierror
        if self.body is not None:
            fields["body"] = self.body
        return json.dumps(fields).encode()

    @cached_property
    def xml(self) -> str:
        """The output as an XML element."""
        body = "" if self.body is None else f"<body>{as_xml(self.body)}</body>\n"
        error = "" if self.clierror is None else f"<clierror>{escape(self.clierror)}</clierror>\n"
        return (
            f"<output>\n{body}{error}<input>{escape(self.input)}</input>\n"
            f"<msg>{escape(self.msg)}</msg>\n<code>{self.code}</code>\n</output>\n"
        )


def refused(command: str, clierror: str, msg: str = CLI_ERROR) -> Output:
    """An output for what the CLI does not take."""
    return Output(command, "400", msg, clierror=clierror)


def unsupported(command: str, msg: str) -> Output:
    """An output for what has no structured form."""
    return Output(command, "501", msg, clierror="")
