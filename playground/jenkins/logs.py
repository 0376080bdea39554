"""Console logs: raw bytes with Jenkins' hidden notes in them, and the ways they are read."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass

from playground.jenkins.generated import LongOutput

# A console note is ESC[8mha: + base64 + ESC[0m; readers drop it, byte offsets count it.
# Shape: hudson.console.ConsoleNote; a real one holds a signed, compressed Java object of about this size.
_NOTE = b"\x1b[8mha:////4" + base64.b64encode(b"stand-in console note " * 7) + b"\x1b[0m"
_NOTES = re.compile(rb"\x1b\[8mha:[A-Za-z0-9+/=]*\x1b\[0m")


@dataclass(frozen=True)
class Progress:
    """One answer of `progressiveText`: the body piece by piece, the offset to ask for next, whether more comes."""

    body: Iterator[bytes]
    next_start: int
    more: bool


class BuildLog:
    """The console log of one build; lines are appended, never changed.

    Long output is kept as what it is made from, so that a log of 100 MB takes no memory.
    """

    def __init__(self) -> None:
        self._parts: list[bytearray | LongOutput] = []

    def __len__(self) -> int:
        """Size in raw bytes, hidden notes included."""
        return sum(_size(part) for part in self._parts)

    def write_line(self, text: str, note_before: str | None = None) -> None:
        """Append a line; a hidden note stands before `note_before` where that occurs in it."""
        line = text.encode()
        if note_before is not None:
            mark = note_before.encode()
            line = line.replace(mark, _NOTE + mark, 1)
        last = self._parts[-1] if self._parts else None
        if not isinstance(last, bytearray):
            last = bytearray()
            self._parts.append(last)
        last += line + b"\n"

    def write_long(self, output: LongOutput) -> None:
        """Append output that is made when it is read."""
        self._parts.append(output)

    def progressive(self, start: int, building: bool) -> Progress:
        """What `progressiveText?start=` answers.

        `start` counts raw bytes; beyond the end the whole log comes again (the reader is taken for one that
        followed a rotated file), and inside a note the rest of its base64 comes as text. Lines end in CRLF.
        """
        size = len(self)
        body = (piece.replace(b"\n", b"\r\n") for piece in self.read(0 if start > size else start))
        return Progress(body, size, building)

    def read(self, start: int = 0) -> Iterator[bytes]:
        """The log from a raw offset on, piece by piece, without notes and with LF, as `consoleText` gives it."""
        for part in tuple(self._parts):
            size = _size(part)
            if start < size:
                yield from part.read(start) if isinstance(part, LongOutput) else _without_notes(part, start)
            start = max(0, start - size)

    def plain(self) -> bytes:
        """The whole log at once, as `consoleText` gives it."""
        return b"".join(self.read())

    def tail(self, lines: int) -> str:
        """The last lines as text; 0 gives none."""
        if lines <= 0:
            return ""
        text = b"".join(self.read(max(0, len(self) - 2_000 * lines - 4_000)))
        return "".join(text.decode(errors="replace").splitlines(keepends=True)[-lines:])


def _size(part: bytearray | LongOutput) -> int:
    return part.size if isinstance(part, LongOutput) else len(part)


def _without_notes(part: bytearray, start: int) -> Iterator[bytes]:
    yield _NOTES.sub(b"", bytes(part[start:]))
