"""What the noise policy says must be told, in the plainest words: the benches' own, and none of Sparkops' code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

Build = tuple[str, int]
"""A job's full name and a number."""

EVERY = 5
"""Of failures in a row every fifth is told (docs: `jenkins subscribe --every`)."""


def told(builds: Mapping[str, Sequence[tuple[int, str]]], *, everything: bool) -> set[Build]:
    """The builds that a room must be told of, of those of its jobs as (number, result), oldest first.

    `everything`: as by `--tell all`; else the first failure, a failure of another kind, every fifth in a row
    (the first, the sixth and so on), and the recovery. An aborted build changes nothing.
    """
    if everything:
        return {(job, number) for job, ended in builds.items() for number, _ in ended}
    return {(job, number) for job, ended in builds.items() for number in _news(ended)}


def _news(ended: Sequence[tuple[int, str]]) -> Iterable[int]:
    failures, last = 0, ""
    for number, result in ended:
        if result in ("FAILURE", "UNSTABLE"):
            failures += 1
            if failures == 1 or result != last or failures % EVERY == 1:
                yield number
            last = result
        elif result == "SUCCESS":
            if failures:
                yield number
            failures, last = 0, result


def deepest(moments: Sequence[float], seconds: float) -> float:
    """How full a bucket must at least have been for these messages, where a token flows in every `seconds`.

    The most messages of any window, less what flows in during it: a budget of 30/1m was kept where it is at
    most 30 with a token every two seconds.
    """
    level, most, before = 0.0, 0.0, 0.0
    for moment in sorted(moments):
        level = max(0.0, level - (moment - before) / seconds) + 1
        most, before = max(most, level), moment
    return most


def most_within(moments: Sequence[float], seconds: float) -> int:
    """The most messages in any window of so many seconds."""
    ordered, first, most = sorted(moments), 0, 0
    for last, moment in enumerate(ordered):
        while moment - ordered[first] >= seconds:
            first += 1
        most = max(most, last - first + 1)
    return most
