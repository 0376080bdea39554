"""The words that all texts about switches share: counts, names, lengths of time. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.outbound.quoting import code

LONGEST_LINE = 160
"""Characters of a line of text that a room is shown."""
FIRST = 5
"""Names that are said before the rest is counted."""


def counted(number: int, noun: str) -> str:
    """`1 switch`, `1,000 switches`, `3 rows`."""
    plural = f"{noun}es" if noun.endswith(("ch", "s")) else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"


def names(switches: Sequence[str], first: int = FIRST) -> str:
    """`leaf01`, `leaf02` and 3 more; each as inline code."""
    shown = [code(each) for each in switches[:first]]
    more = len(switches) - len(shown)
    if more:
        return f"{', '.join(shown)} and {more:,} more"
    return " and ".join(filter(None, [", ".join(shown[:-1]), *shown[-1:]]))


def plain_names(switches: Sequence[str], first: int = FIRST) -> str:
    """The same within a table: leaf01, leaf02, +3."""
    more = len(switches) - first
    return ", ".join([*switches[:first], *([f"+{more:,}"] if more > 0 else [])])


def duration(seconds: float) -> str:
    """A length of time in the two units that matter: `8 s`, `2 h 5 min`, `41 d 3 h`."""
    whole = round(seconds)
    if whole < 1:
        return "under 1 s"
    parts: list[str] = []
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")):
        count, whole = divmod(whole, size)
        if count:
            parts.append(f"{count} {unit}")
        elif parts:
            break
    return " ".join(parts[:2])


def file_stem(text: str) -> str:
    """A name for a file, of letters that every system takes: `show-version`."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60] or "switches"


def clipped(lines: Sequence[str], most: int) -> str:
    """The first lines of a text, none longer than a room shows well, and how many more there are."""
    shown = [line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]}…" for line in lines[:most]]
    more = [f"… {counted(len(lines) - most, 'more line')}"] if len(lines) > most else []
    return "\n".join([*shown, *more])
