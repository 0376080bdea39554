"""One request and its answer as they went over the wire."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qs, urlsplit

Sender = Literal["adapter", "plain"]
"""Who asked: the bot's Webex client, or plain HTTP as the playground's chat page and tests speak it."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its answer; `target` is the path with its query, header names are in lower case."""

    sender: Sender
    method: str
    target: str
    status: int
    request_headers: Mapping[str, str] = field(default_factory=dict)
    request_body: bytes = b""
    answer_headers: Mapping[str, str] = field(default_factory=dict)
    answer_body: bytes = b""

    @property
    def path(self) -> str:
        """The target without its query."""
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, list[str]]:
        """The values of each query parameter."""
        return parse_qs(urlsplit(self.target).query, keep_blank_values=True)

    @property
    def may_be_wrong(self) -> bool:
        """Whether the request need not be as described: plain HTTP's that was refused (4xx)."""
        return self.sender == "plain" and 400 <= self.status < 500
