"""Read a build's console: its last lines, what fits a pattern, one stage. As a stream, in bounded time and memory.

`progressiveText` counts raw bytes, hidden notes included; only `X-Text-Size` tells where the log ends. A `start`
beyond the end gives the whole log, one inside a hidden note the rest of its base64 (measured on 2.463).
"""

from __future__ import annotations

import html
import json
import re
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import requests

from integrations.jenkins.ansi import Console, clean
from integrations.jenkins.client import JenkinsClient, job_path
from integrations.jenkins.errors import BadAnswer, Unreachable
from integrations.jenkins.model import Stage
from integrations.jenkins.search import Line, Pattern, Search, Wanted
from integrations.jenkins.transport import pieces

SECONDS = 15.0
"""How long a log is read at most."""
_WINDOW = 64 * 1024
_LINE = 200
"""Bytes that a line is guessed to have."""
_WIDEST = 8 * 1024 * 1024
"""Bytes at the end of a log that are looked through for its last lines."""
_STEPS = 20
"""Steps of a stage whose output is asked for, the last ones: each is a request."""
_TAG = re.compile(r"<[^<>]*>")

Clock = Callable[[], float]


class Stopped(StrEnum):
    """What ended a search before the log did."""

    TIME = "time"
    BYTES = "bytes"


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much of a log is read: for so many seconds, and up to so many bytes."""

    bytes: int
    seconds: float = SECONDS


@dataclass(frozen=True, slots=True)
class Tail:
    """The last lines of a log of `size` bytes; `whole` where it has no others, `running` while it grows."""

    lines: tuple[str, ...]
    size: int
    whole: bool
    running: bool


@dataclass(frozen=True, slots=True)
class Found:
    """What a search came to: the lines kept, how many hits there are, and how far it came."""

    lines: tuple[Line, ...]
    hits: int
    looked_at: int
    """Lines."""
    read: int
    """Bytes."""
    stopped: Stopped | None


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a stage and what it printed; `cut` where Jenkins gives only the end of that."""

    name: str
    about: str
    lines: tuple[str, ...]
    cut: bool


class BuildLog:
    """The console of one build. Every method raises the errors of `errors`."""

    def __init__(
        self, client: JenkinsClient, full_name: str, number: int, *, clock: Clock = time.monotonic
    ) -> None:
        self._client = client
        self._clock = clock
        self._path = f"{job_path(full_name)}{number}/"
        self._asked = f"reading the log of {full_name} #{number}"

    def tail(self, lines: int) -> Tail:
        """The last `lines` lines, or as many as stand in the log's last eight megabytes."""
        size, running = self._size()
        window = max(_WINDOW, lines * _LINE)
        while True:
            start = max(0, size - window)
            found = self._from(start, lines + 1)
            if start == 0 or len(found) > lines or window >= _WIDEST:
                whole = start == 0 and len(found) <= lines
                return Tail(tuple(found)[-lines:], size, whole, running)
            window = min(window * 8, _WIDEST)

    def grep(self, pattern: Pattern, wanted: Wanted, bounds: Bounds) -> Found:
        """Search all of it, from its beginning, as far as `bounds` let it."""
        search, console = Search(pattern, wanted), Console()
        read, stopped = 0, None
        with self._client.transport.stream(f"{self._path}consoleText", self._asked) as response:
            for piece in self._while_in_time(response, bounds.seconds):
                if piece is None:
                    stopped = Stopped.TIME
                    break
                read += len(piece)
                search.feed(console.feed(piece))
                if read >= bounds.bytes:
                    stopped = Stopped.BYTES
                    break
        if stopped is None:
            search.feed(console.close())
        return Found(search.found, search.hits, search.lines, read, stopped)

    def steps(self, stage: Stage) -> tuple[Step, ...]:
        """The steps of a stage that printed something (Pipeline Stage View's `wfapi`), the last twenty."""
        nodes = self._wfapi(stage.id, "describe", lambda described: described.get("stageFlowNodes", []))
        telling = [each for each in nodes if "log" in each.get("_links", {})][-_STEPS:]
        found = [self._step(each) for each in telling]
        return tuple(each for each in found if each.lines)

    def _size(self) -> tuple[int, bool]:
        """Bytes so far, and whether more will come."""
        path = f"{self._path}logText/progressiveText"
        with self._client.transport.stream(path, self._asked, query={"start": "0"}, head=True) as response:
            return self._text_size(response), response.headers.get("X-More-Data") == "true"

    def _text_size(self, response: requests.Response) -> int:
        size = response.headers.get("X-Text-Size", "")
        if not size.isdecimal():
            raise BadAnswer(self._asked, "the answer does not say how long the log is (X-Text-Size)")
        return int(size)

    def _from(self, start: int, most: int) -> deque[str]:
        """The last `most` lines of what stands behind an offset."""
        found: deque[str] = deque(maxlen=most)
        path = f"{self._path}logText/progressiveText"
        with self._client.transport.stream(path, self._asked, query={"start": str(start)}) as response:
            shrunk = self._text_size(response) < start
            console = Console(in_the_middle=start > 0 and not shrunk)
            for piece in self._while_in_time(response, SECONDS):
                if piece is None:
                    raise Unreachable(self._asked, f"it did not come within {SECONDS:.0f} s")
                found.extend(console.feed(piece).split("\n")[:-1])
        found.extend(console.close().split("\n")[:-1])
        return found

    def _while_in_time(self, response: requests.Response, seconds: float) -> Iterator[bytes | None]:
        """The body piece by piece, and None in place of what is late."""
        until = self._clock() + seconds
        for piece in pieces(response):
            if self._clock() > until:
                yield None
                return
            yield piece

    def _step(self, node: Any) -> Step:
        told = self._wfapi(str(node["id"]), "log", lambda log: log)
        # The text is made for a page: links and colours as tags, the rest escaped.
        text = clean(html.unescape(_TAG.sub("", str(told.get("text") or ""))).replace("\r\n", "\n"))
        lines = tuple(text.removesuffix("\n").split("\n")) if text.strip() else ()
        about = str(node.get("parameterDescription") or "").strip()
        return Step(str(node["name"]), about, lines, bool(told.get("hasMore")))

    def _wfapi(self, node: str, what: str, make: Callable[[Any], Any]) -> Any:
        url = f"{self._client.url}{self._path}execution/node/{node}/wfapi/{what}"
        return self._client.typed(
            self._asked, lambda: make(json.loads(self._client.transport.get(url, self._asked)))
        )
