"""The words and marks that all of Jenkins' texts share: names, results, lengths of time. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.commands.model import join_words
from bot.outbound.quoting import code, quote
from integrations.jenkins.model import Result, Values, shown_name
from integrations.jenkins.parameters import shown_values

MARKS = {
    Result.SUCCESS: "✅",
    Result.UNSTABLE: "⚠️",
    Result.FAILURE: "❌",
    Result.ABORTED: "🚫",
    Result.NOT_BUILT: "▫️",
    None: "❓",
}
ENDS = {
    Result.SUCCESS: ("succeeded", ""),
    Result.UNSTABLE: ("is unstable", ": some tests failed"),
    Result.FAILURE: ("failed", ""),
    Result.ABORTED: ("was aborted", ""),
    Result.NOT_BUILT: ("ended", " without building anything"),
    None: ("ended", " without a result I know, which I do not take for a success"),
}


def duration(seconds: float) -> str:
    """A length of time in the two units that matter: `8 s`, `1 min 33 s`, `2 h 5 min`, `3 d 1 h`."""
    whole = round(seconds)
    if whole < 1:
        return "under 1 s"
    parts: list[str] = []
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        count, whole = divmod(whole, size)
        if count:
            parts.append(f"{count} {unit}")
        elif parts:
            break
    return " ".join(parts[:2])


def build_name(full_name: str, number: int) -> str:
    """`**team/deploy** #4`."""
    return f"**{quote(shown_name(full_name))}** #{number}"


def typed_build(full_name: str, values: Values, noun: str = "jenkins") -> str:
    """The line that starts this build again, as inline code."""
    words = (noun, "build", full_name, *(f"{name}={value}" for name, value in values))
    return code(join_words(words))


def ended_as(result: Result | None, seconds: float | None) -> str:
    """How a build came out and after how long, in words that follow its name."""
    words, more = ENDS[result]
    return f"{words}{f' after {duration(seconds)}' if seconds else ''}{more}"


def with_values(values: Values) -> str:
    """` with `A=1``, or nothing."""
    return f" with {shown_values(values)}" if values else ""


def counted(number: int, noun: str) -> str:
    """`1 test`, `3 tests`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def ago(when: float, now: float) -> str:
    """`5 min ago`, in the largest unit; both in seconds since the epoch."""
    number, unit = duration(now - when).split()[:2]
    return f"{number} {unit} ago" if now - when >= 1 else "just now"


def megabytes(size: int) -> str:
    """A number of bytes: `12 bytes`, `3.4 kB`, `1,200.5 MB`."""
    if size < 1_000:
        return counted(size, "byte")
    return f"{size / 1_000:,.1f} kB" if size < 1_000_000 else f"{size / 1_000_000:,.1f} MB"


def file_name(full_name: str, number: int, rest: str) -> str:
    """A name for a file about a build, of letters that every system takes: `team-api-12-log.txt`."""
    plain = re.sub(r"[^\w.]+", "-", shown_name(full_name)).strip("-.")
    return f"{plain}-{number}-{rest}"


def listed(names: Sequence[str]) -> str:
    """``A``, ``A and B``, ``A, B and C``: each as inline code."""
    shown = [code(each) for each in names]
    return " and ".join(filter(None, [", ".join(shown[:-1]), *shown[-1:]]))
