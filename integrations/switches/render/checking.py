"""Whether switches can be asked: reached, logged in, by which path, with whose certificate. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.commands.rows import Rows
from bot.outbound.quoting import quote
from integrations.switches.errors import (
    BackEndError,
    Cancelled,
    CommandError,
    DeadlinePassed,
    Forbidden,
    OldTls,
    SwitchError,
    TimedOut,
    TooLarge,
    Unauthorized,
    Unreachable,
    Untrusted,
)
from integrations.switches.facts import facts_of
from integrations.switches.inventory.model import Switch
from integrations.switches.question import Result
from integrations.switches.render.listing import check_of
from integrations.switches.render.words import counted, names
from integrations.switches.transport.seam import Way

SHOWN = 30
_AFTER_LOGIN = (CommandError, TooLarge, BackEndError, Forbidden)
"""Errors of a switch that has taken the login."""
_HEAD = ("switch", "reached", "login", "version", "path", "certificate", "ms")


def checks(results: Sequence[Result], ways: Mapping[str, Way]) -> Rows:
    """Each switch: whether it was reached and took the login, its version, its path, its check, how long it took."""
    return Rows(_HEAD, [_row(each, ways[each.switch.name]) for each in results], widest=44)


def worst_first(results: Sequence[Result]) -> list[Result]:
    """Those that cannot be asked before those that can."""
    return sorted(results, key=lambda each: each.failure is None)


def _row(result: Result, way: Way) -> tuple[str | int, ...]:
    version = facts_of(result).version
    reached, login = _how_far(result.failure)
    return (
        result.switch.name,
        reached,
        login,
        version.version if version is not None else result.failure.cause if result.failure else "?",
        way.path,
        check_of(result.switch),
        round(result.seconds * 1000),
    )


def _how_far(failed: SwitchError | None) -> tuple[str, str]:
    """Whether it was reached, and what became of the login."""
    if isinstance(failed, Unreachable):
        return "no", ""
    if isinstance(failed, TimedOut | DeadlinePassed | Cancelled):
        return "?", ""
    if isinstance(failed, Untrusted | OldTls):
        return "yes", "not sent"
    if failed is None or any(isinstance(failed, kind) for kind in _AFTER_LOGIN):
        return "yes", "ok"
    return "yes", "refused" if isinstance(failed, Unauthorized) else "?"


def summary(results: Sequence[Result]) -> str:
    """How many can be asked."""
    good, total = sum(each.failure is None for each in results), len(results)
    if good == total:
        return f"✅ {counted(total, 'switch')} can be asked." if total > 1 else "✅ It can be asked."
    return f"⚠️ {good:,} of {counted(total, 'switch')} can be asked."


def ways_of(results: Sequence[Result], ways: Mapping[str, Way]) -> str:
    """Which path is taken by whom, and why: a line for each reason."""
    groups: dict[Way, list[str]] = {}
    for each in results:
        groups.setdefault(ways[each.switch.name], []).append(each.switch.name)
    return "\n".join(
        f"- {way.path} path ({len(switches):,}): {quote(way.reason)}. {names(switches, 3)}"
        for way, switches in sorted(groups.items(), key=lambda pair: -len(pair[1]))
    )


def unsafe(switches: Sequence[Switch]) -> str:
    """Who is believed without a check, or asked in the clear; empty where nobody is."""
    blind = [each.name for each in switches if each.protocol == "https" and not each.tls.verify]
    plain = [each.name for each in switches if each.protocol == "http"]
    lines = []
    if plain:
        lines.append(f"⚠️ Over plain HTTP, where the password can be read ({len(plain):,}): {names(plain)}.")
    if blind:
        lines.append(
            f"⚠️ Without a check of who answers and gets the password ({len(blind):,}): {names(blind)}."
        )
    return "\n".join(lines)
