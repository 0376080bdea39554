"""Search a log that comes block by block: what was found with what stands around it, in bounded memory. Pure.

Patterns are matched by RE2, whose time grows with the text and never explodes: Python's own `re` backtracks, so that
a pattern such as `/(a+)+$/` from chat could hold a worker for hours. Source: github.com/google/re2/wiki/WhyRE2.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import re2

SHOWN = 1_000
"""Characters of a found line that are kept."""
_ANCHORED = ("\\A", "\\z", "(?")
"""What may fit one line and yet not the block it stands in."""


class BadPattern(ValueError):
    """A regular expression that RE2 does not take; the text says why, in its words."""


class Pattern:
    """What is looked for: `words` as they are, or `/a regular expression/`; capitals make no difference."""

    def __init__(self, typed: str) -> None:
        """Raises BadPattern."""
        regex = len(typed) > 2 and typed[0] == typed[-1] == "/"
        source = typed[1:-1] if regex else re2.escape(typed)
        options = re2.Options()
        options.case_sensitive = False
        options.log_errors = False
        try:
            self._line = re2.compile(source, options)
            self._block = None if _is_anchored(source) else re2.compile(f"(?m){source}", options)
        except re2.error as error:
            raise BadPattern(_reason(error)) from error

    def fits(self, line: str) -> bool:
        """Whether the line holds it."""
        return self._line.search(line) is not None

    def may_fit_in(self, block: str) -> bool:
        """Whether a line of the block may hold it: one look at all of them, for most blocks hold nothing."""
        return self._block is None or self._block.search(block) is not None


def _is_anchored(source: str) -> bool:
    return any(each in source for each in _ANCHORED)


def _reason(error: re2.error) -> str:
    words = error.args[0] if error.args else error
    return words.decode(errors="replace") if isinstance(words, bytes) else str(words)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the log by its number, counted from 1; `hit` tells those found from those around them."""

    number: int
    text: str
    hit: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """How much is kept: `most` hits, the first or, with `last`, the last; `around` lines before and after each."""

    most: int = 50
    last: bool = False
    around: int = 1


class Search:
    """One search through one log."""

    def __init__(self, pattern: Pattern, wanted: Wanted) -> None:
        self.hits = 0
        """Lines found."""
        self.lines = 0
        """Lines looked at."""
        self._pattern = pattern
        self._wanted = wanted
        self._before: deque[str] = deque(maxlen=wanted.around)
        self._found: deque[list[Line]] = deque(maxlen=wanted.most)
        self._after = 0
        """Lines still to be kept behind the last hit."""

    @property
    def found(self) -> tuple[Line, ...]:
        """What is kept, in the log's order."""
        return tuple(line for group in self._found for line in group)

    def feed(self, block: str) -> None:
        """Look through whole lines, each ended by a line feed."""
        if not self._after and not self._pattern.may_fit_in(block):
            self._pass_over(block)
            return
        for line in block.split("\n")[:-1]:
            self._look_at(line)

    def _pass_over(self, block: str) -> None:
        self.lines += block.count("\n")
        if self._wanted.around:
            self._before.extend(block.rsplit("\n", self._wanted.around + 1)[-1 - self._wanted.around : -1])

    def _look_at(self, text: str) -> None:
        self.lines += 1
        if self._pattern.fits(text):
            self._hit(text)
        elif self._after:
            self._after -= 1
            self._found[-1].append(Line(self.lines, text[:SHOWN], hit=False))
        else:
            self._before.append(text)

    def _hit(self, text: str) -> None:
        self.hits += 1
        self._after = 0
        if len(self._found) == self._wanted.most and not self._wanted.last:
            return
        first = self.lines - len(self._before)
        around = [Line(first + at, each[:SHOWN], hit=False) for at, each in enumerate(self._before)]
        self._found.append([*around, Line(self.lines, text[:SHOWN], hit=True)])
        self._before.clear()
        self._after = self._wanted.around
