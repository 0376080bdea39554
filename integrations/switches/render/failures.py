"""Who did not answer, by cause, and how to ask them again. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from bot.commands.model import join_words
from bot.outbound.quoting import code, quote
from integrations.switches.errors import CommandError, Failures, SwitchError, TooLarge, by_cause
from integrations.switches.masking import mask
from integrations.switches.render.words import counted, names

_MOST_CAUSES = 12
_MOST_TYPED = 5
"""Switches that are typed again by name; more are left to `retry`."""


def failures(errors: Sequence[SwitchError], asked: int) -> str:
    """How many of those asked failed, and a line for each cause with the first of its switches; empty for none."""
    if not errors:
        return ""
    groups = by_cause(errors)
    failed = len({error.switch for error in errors})
    lines = [
        f"- {_cause(group)} ({group.count:,}): {names(group.switches)}."
        f"{f' {group.advice}' if group.advice else ''}"
        for group in groups[:_MOST_CAUSES]
    ]
    if len(groups) > _MOST_CAUSES:
        lines.append(f"- and {counted(len(groups) - _MOST_CAUSES, 'cause')} more")
    return "\n".join([f"⚠️ {failed:,} of {counted(asked, 'switch')} gave no answer:", *lines])


def _cause(group: Failures) -> str:
    """The cause; behind a colon stand the switch's own words."""
    ours, colon, its = group.cause.partition(": ")
    return quote(f"{ours}{colon}{mask(its)}")


def worth_asking_again(error: SwitchError) -> bool:
    """Whether the same question may be answered another time: not where the switch understood it and said no."""
    return not isinstance(error, CommandError | TooLarge)


def again(
    errors: Sequence[SwitchError], number: int | None, before: Sequence[str], after: Sequence[str]
) -> str:
    """How to ask those again: `retry` with its number, and the line for a few; empty where that is of no use."""
    switches = tuple(dict.fromkeys(each.switch for each in errors if worth_asking_again(each)))
    if number is None or not switches:
        return ""
    who = "it" if len(switches) == 1 else f"the {len(switches):,}"
    said = f"`retry {number}` asks {who} again"
    if len(switches) > _MOST_TYPED:
        return f"{said}, and nobody else."
    return f"{said}, as does {code(join_words((*before, ','.join(switches), *after)), 400)}."


def reason(error: SwitchError) -> str:
    """What came back, for a file or for `retry`: on one line, without secrets."""
    ours, colon, its = error.cause.partition(": ")
    return " ".join(f"{ours}{colon}{mask(its)}: {mask(error.came_back)}".split())[:400]
