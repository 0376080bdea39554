"""Ranges of numbers as a rule writes them: `1..4`, `..10`, `4..`, `-0.5..0.5`. Both ends belong to them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Self

_NUMBER = r"[+-]?[0-9]+(?:\.[0-9]+)?"
_WRITTEN = re.compile(rf"({_NUMBER})?\.\.({_NUMBER})?")
_GLOB_OR_PATH = frozenset("*?/")
"""What shows that two dots belong to a glob or a path, such as `../*`, and to no range."""


@dataclass(frozen=True, slots=True)
class Range:
    """From `low` to `high`; None is without end."""

    low: Decimal | None
    high: Decimal | None

    @classmethod
    def read(cls, text: str) -> Self | None:
        """The range that is written; None where the text has no `..` and is no range at all.

        Raises ValueError for what looks like a range and is none: `4..1`, `a..b`, `..`.
        """
        if ".." not in text or _GLOB_OR_PATH.intersection(text):
            return None
        match = _WRITTEN.fullmatch(text)
        if match is None or not any(match.groups()):
            raise ValueError(f"{text!r} is no range of numbers (1..4, ..10, 4..)")
        low, high = (Decimal(end) if end else None for end in match.groups())
        if low is not None and high is not None and low > high:
            raise ValueError(f"{text!r} is empty: a range goes from the smaller number to the larger")
        return cls(low, high)

    def holds(self, word: str) -> bool:
        """Whether the word is a number within; a word that is no number is in no range.

        A number is read generously (`1e2`, ` 5 `), as the systems behind the commands may read it:
        a deny of `100..` must not be passed by by writing a hundred in another way.
        """
        try:
            number = Decimal(word)
        except InvalidOperation:
            return False
        return (
            number.is_finite()
            and (self.low is None or self.low <= number)
            and (self.high is None or number <= self.high)
        )
