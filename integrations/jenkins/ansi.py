"""Console bytes as they come, made clean lines of text, in the memory of one line. Pure.

Jenkins passes colours, cursor movements and control bytes on as the build printed them (measured on 2.463).
"""

from __future__ import annotations

import codecs
import re

from bot.outbound.quoting import strip_ansi

LONGEST = 16_384
"""Characters of a line that are looked at; what a line holds beyond them is dropped."""

_SUSPECT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_REST_OF_NOTE = re.compile(r"\A[\[A-Za-z0-9+/=:]*\x1b\[0m")


class Console:
    """Turns pieces of a console log into clean text of whole lines, each ended by one line feed."""

    def __init__(self, *, in_the_middle: bool = False) -> None:
        """`in_the_middle` says that the first piece may begin inside a line, or inside a hidden note of it."""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._begun = ""
        self._cut = in_the_middle

    def feed(self, piece: bytes) -> str:
        """The lines that this piece completes; the first, where it may be a part of one, is left out."""
        return self._take(self._decoder.decode(piece))

    def close(self) -> str:
        """What is left when no more comes: a last line without its end, or nothing."""
        rest = self._begun + self._decoder.decode(b"", final=True)
        self._begun = ""
        if not rest:
            return ""
        return clean(_REST_OF_NOTE.sub("", rest) if self._cut else rest) + "\n"

    def _take(self, text: str) -> str:
        whole, end, begun = text.rpartition("\n")
        if not end:
            self._begun = _shortened(self._begun + text, keep_end=self._cut)
            return ""
        whole, self._begun = self._begun + whole, _shortened(begun)
        if self._cut:
            _partial, end, whole = whole.partition("\n")
            self._cut = False
            if not end:
                return ""
        return "\n".join(_shortened(line) for line in clean(whole).split("\n")) + "\n"


def clean(text: str) -> str:
    """Text without escapes, hidden notes and control bytes; line ends are line feeds.

    Of a line that overwrote itself (a progress bar) the last state is left, as a terminal shows it.
    """
    if not _SUSPECT.search(text):
        return text
    text = _CONTROL.sub("", strip_ansi(text)).replace("\r\n", "\n")
    if "\r" not in text:
        return text
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))


def _shortened(line: str, *, keep_end: bool = False) -> str:
    if len(line) <= LONGEST:
        return line
    return line[-LONGEST:] if keep_end else line[:LONGEST]
