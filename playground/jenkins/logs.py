"""Console logs: raw bytes with Jenkins' hidden notes in them, and the ways they are read."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass

# A console note is ESC[8mha: + base64 + ESC[0m; readers drop it, byte offsets count it.
# Shape: hudson.console.ConsoleNote; a real one holds a signed, compressed Java object of about this size.
_NOTE = b"\x1b[8mha:////4" + base64.b64encode(b"stand-in console note " * 7) + b"\x1b[0m"
_NOTES = re.compile(rb"\x1b\[8mha:[A-Za-z0-9+/=]*\x1b\[0m")


@dataclass(frozen=True)
class Progress:
    """One answer of `progressiveText`: the body, the offset to ask for next, whether more will come."""

    body: bytes
    next_start: int
    more: bool


class BuildLog:
    """The console log of one build; lines are appended, never changed."""

    def __init__(self) -> None:
        self._raw = bytearray()

    def __len__(self) -> int:
        """Size in raw bytes, hidden notes included."""
        return len(self._raw)

    def write_line(self, text: str, note_before: str | None = None) -> None:
        """Append a line; a hidden note stands before `note_before` where that occurs in it."""
        line = text.encode()
        if note_before is not None:
            mark = note_before.encode()
            line = line.replace(mark, _NOTE + mark, 1)
        self._raw += line + b"\n"

    def progressive(self, start: int, building: bool) -> Progress:
        """What `progressiveText?start=` answers.

        `start` counts raw bytes; beyond the end the whole log comes again (the reader is taken for one that
        followed a rotated file), and inside a note the rest of its base64 comes as text. Lines end in CRLF.
        """
        if start > len(self._raw):
            start = 0
        body = _NOTES.sub(b"", bytes(self._raw[start:])).replace(b"\n", b"\r\n")
        return Progress(body, len(self._raw), building)

    def plain(self) -> bytes:
        """What `consoleText` answers: no notes, lines end in LF."""
        return _NOTES.sub(b"", bytes(self._raw))

    def tail(self, lines: int) -> str:
        """The last lines as text; 0 gives none."""
        if lines <= 0:
            return ""
        return "".join(self.plain().decode(errors="replace").splitlines(keepends=True)[-lines:])
