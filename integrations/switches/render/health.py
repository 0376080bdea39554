"""How a fleet is, the worst first, in words and as rows. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.commands.rows import Cell, Rows
from bot.outbound.quoting import code, quote
from integrations.switches.errors import SwitchError
from integrations.switches.health import KINDS, Finding, Health, Kind
from integrations.switches.masking import mask
from integrations.switches.render.failures import reason
from integrations.switches.render.words import counted, names

MOST = 6
"""Findings of a kind that a room is shown."""
MOST_VERSIONS = 9
MOST_NAMED = 50
"""Switches up to which a room learns of all that run another version than most."""
_TITLES: Mapping[Kind, str] = {
    "power": "🔴 Power",
    "fan": "🔴 Fans",
    "temperature": "🔴 Temperature",
    "module": "🔴 Modules",
    "err-disabled": "🟠 Err-disabled",
    "vpc": "🟠 vPC",
    "bgp": "🟠 BGP",
    "cpu": "🟡 CPU",
    "memory": "🟡 Memory",
    "errors": "🟡 Interfaces with errors",
    "unanswered": "⚪ Not known",
}


def health(found: Health) -> str:
    """How many are well, what is not by kind, and which versions run."""
    total = len(found.switches)
    if not total:
        return ""
    ill = total - len(found.well)
    first = (
        f"✅ {counted(total, 'switch')}: nothing to tell."
        if not ill
        else f"⚠️ {ill:,} of {counted(total, 'switch')} {'has' if ill == 1 else 'have'} something to look at:"
    )
    kinds = [_kind(kind, found.of_kind(kind)) for kind in KINDS if found.of_kind(kind)]
    return "\n\n".join(filter(None, (first, "\n".join(kinds), _versions(found.versions))))


def _kind(kind: Kind, findings: Sequence[Finding]) -> str:
    head = f"- **{_TITLES[kind]}** ({len(findings):,})"
    said = [
        f"{code(each.switch)} {quote(each.subject, 80)}: {quote(mask(each.says), 160)}"
        for each in findings[:MOST]
    ]
    if len(said) == 1:
        return f"{head}: {said[0]}"
    more = [f"and {len(findings) - MOST:,} more"] if len(findings) > MOST else []
    return "\n".join([f"{head}:", *(f"  - {each}" for each in (*said, *more))])


def _versions(versions: Mapping[str, Sequence[str]]) -> str:
    if not versions:
        return ""
    (first, most), *others = versions.items()
    if not others:
        return f"All run {code(first)}."
    told = [f"{code(first)} on {len(most):,}"]
    told += [
        f"{code(version)} on {len(switches):,} ({names(switches, 3)})" for version, switches in others[:8]
    ]
    left = len(others) - MOST_VERSIONS + 1
    more = f", and {left} versions more" if left > 0 else ""
    return f"Versions: {', '.join(told)}{more}."


def needs_file(found: Health) -> bool:
    """Whether a room is not shown all of it."""
    many = any(len(found.of_kind(kind)) > MOST for kind in KINDS) or len(found.versions) > MOST_VERSIONS
    # Of several versions on many switches only the first are named.
    return many or (len(found.versions) > 1 and len(found.switches) > MOST_NAMED)


def rows(found: Health, errors: Sequence[SwitchError]) -> Rows:
    """Each finding, who did not answer, and the versions."""
    lines: list[tuple[Cell, ...]] = [
        (each.kind, each.switch, each.subject, mask(each.says)) for each in found.findings
    ]
    lines += [("no answer", each.switch, "", reason(each)) for each in errors]
    lines += [
        ("version", switch, version, "")
        for version, switches in found.versions.items()
        for switch in switches
    ]
    return Rows(("kind", "switch", "what", "says"), lines)
