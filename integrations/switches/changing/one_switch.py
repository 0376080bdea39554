"""What is done to one switch: look, checkpoint, send, look again, and go back. Nothing is ever sent twice."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.runs.kinds import Interrupted, StepControl
from integrations.switches.changing.draft import hidden, sent_hash
from integrations.switches.changing.lines import Line, LinesError, commands, rendered
from integrations.switches.changing.looking import Look, look
from integrations.switches.changing.model import ChangeOrder, Held, Holds
from integrations.switches.changing.running import digest, missing, read_running
from integrations.switches.client import Conf, SwitchesClient
from integrations.switches.errors import SwitchError
from integrations.switches.inventory.model import Switch

_OURS = re.compile(r"\bsparkops-(\d+)-[0-9a-f]{6}\b")
_CHECKPOINTS_KEPT = 4
"""Of ours on a switch, the new one included: NX-OS keeps ten at most (Nexus 9000 System Management, "Rollback")."""
_BEYOND = 5.0
"""Seconds in which a switch's own time is up before that of the question: its error says whether it may be done."""
_SUMMARY = "show checkpoint summary"


@dataclass(frozen=True)
class Site:
    """One run's work: what it may use, and what it was told."""

    control: StepControl
    client: SwitchesClient
    checkpoint: str
    order: ChangeOrder | None = None
    lines: tuple[Line, ...] = ()
    switches: Mapping[str, Switch] = field(default_factory=dict)

    def once(
        self, what: str, name: str, doing: str, effect: Callable[[], Mapping[str, Any]]
    ) -> Mapping[str, Any]:
        """A side effect on a switch, once in the life of the run. Raises Interrupted."""
        return self.control.attempt(f"{what}:{name}", f"{doing} {name}", effect)

    def send(self, switch: Switch, lines: Sequence[str]) -> Mapping[str, Any]:
        """Send lines once. What came back: `done`, `refused`, or `unknown` where they may have been taken."""
        seconds = self.client.settings.config_timeout
        question = self.client.configure(
            [switch], Conf(tuple(lines)), timeout=seconds, deadline=seconds + _BEYOND
        )
        [result] = question
        error = result.failure
        if error is None:
            return {"done": True}
        return {"unknown" if error.maybe_done else "refused": hidden(error.came_back.rstrip("."), switch)}


def change(site: Site, name: str, before: str) -> Held:
    """Change one switch. What had been done of it in an earlier life of the run is not done again."""
    assert site.order is not None
    switch = site.switches.get(name)
    if switch is None:
        return Held(Holds.OLD, "it has left the inventory: not touched", failed=True)
    try:
        lines = rendered(site.lines, switch)
    except LinesError as error:
        return Held(Holds.OLD, f"{error} Not touched", failed=True)
    if sent_hash(lines) != site.order.sent[name]:
        return Held(Holds.OLD, "its variables were changed since it was asked for: not touched", failed=True)
    seen = _seen_before(site, switch)
    if "error" in seen:
        return Held(Holds.OLD, f"{seen['error']}: not touched", failed=True)
    if seen["digest"] != before:
        return Held(
            Holds.OLD, "its configuration was changed since it was asked for: not touched", failed=True
        )
    if (why := _no_checkpoint(site, switch)) is not None:
        return Held(Holds.OLD, f"no checkpoint: {why}", failed=True)
    try:
        sent = site.once("apply", name, "changing", lambda: site.send(switch, commands(lines)))
    except Interrupted:
        return interrupted(site, switch, lines, before)
    return _checked(site, switch, lines, before, sent, tuple(seen["ill"]))


def _seen_before(site: Site, switch: Switch) -> Mapping[str, Any]:
    """What it held before anything was sent, remembered. To look again after a look was cut short does no harm."""

    def seen() -> Mapping[str, Any]:
        try:
            found = look(site.client, switch)
        except SwitchError as error:
            return {"error": f"{error.cause} ({hidden(error.came_back, switch)})"}
        return {"digest": digest(found.running), "ill": list(found.ill)}

    return _harmless(site, "look", switch.name, "looking at", seen)


def changed_since(site: Site, switch: Switch, present: str | None) -> str | None:
    """Why a switch is not what it was when taking back was asked for; None where it is, or was silent then."""
    if present is None:
        return None
    seen = _seen_before(site, switch)
    if "error" in seen:
        return f"{seen['error']}: not touched"
    return (
        None
        if seen["digest"] == present
        else "its configuration was changed since it was asked for: not touched"
    )


def _harmless(
    site: Site, what: str, name: str, doing: str, effect: Callable[[], Mapping[str, Any]]
) -> Mapping[str, Any]:
    """What changes nothing may be done again where it was cut short."""
    try:
        return site.once(what, name, doing, effect)
    except Interrupted:
        site.control.forget(f"{what}:{name}")
        return site.once(what, name, doing, effect)


def _no_checkpoint(site: Site, switch: Switch) -> str | None:
    """Make the checkpoint; why there is none, or None. One whose answer was lost is looked for."""
    try:
        made = site.once("checkpoint", switch.name, "making a checkpoint on", lambda: _made(site, switch))
    except Interrupted:
        made = {"unknown": "I was interrupted while making it"}
    if "done" in made:
        return None
    if "unknown" in made and site.checkpoint in _summary(site, switch):
        return None
    return str(made.get("refused") or made.get("unknown") or "making it ended in an error")


def _made(site: Site, switch: Switch) -> Mapping[str, Any]:
    gone = [f"no checkpoint {each}" for each in _old_ones(_summary(site, switch))]
    return site.send(switch, [*gone, f"checkpoint {site.checkpoint}"])


def _old_ones(summary: str) -> list[str]:
    found = {match[0]: int(match[1]) for match in _OURS.finditer(summary)}
    ordered = sorted(found, key=lambda each: found[each])
    return ordered[: max(0, len(ordered) - _CHECKPOINTS_KEPT + 1)]


def _summary(site: Site, switch: Switch) -> str:
    """The checkpoints on it; nothing where it cannot be asked."""
    [result] = site.client.ask([switch], [_SUMMARY], form="text")
    if result.failure is not None or not isinstance(result.outputs[0].body, str):
        return ""
    return result.outputs[0].body


def _checked(
    site: Site,
    switch: Switch,
    lines: Sequence[Line],
    before: str,
    sent: Mapping[str, Any],
    ill: tuple[str, ...],
) -> Held:
    """Whether it holds what it should now; where not, it goes back at once."""
    trouble = str(sent.get("refused") or sent.get("unknown") or "")
    try:
        found = look(site.client, switch)
    except SwitchError as error:
        says = f"{trouble}; then " if trouble else ""
        return Held(
            Holds.UNKNOWN, f"{says}{error.cause} ({hidden(error.came_back, switch)})", failed=True, ill=ill
        )
    now = digest(found.running)
    why = _refused(sent) or why_not_good(site, switch, lines, found, ill)
    if why is None:
        lost = "the answer was lost, and all lines are in force" if trouble else ""
        return Held(Holds.NEW, lost, after=now, ill=ill)
    if now == before:
        return Held(Holds.OLD, trouble or why, failed=True, ill=ill)
    back = roll_back(site, switch, before)
    return Held(back.holds, "; ".join(filter(None, (why, back.detail))), failed=True, ill=ill)


def _refused(sent: Mapping[str, Any]) -> str | None:
    if "refused" in sent:
        return f"refused: {sent['refused']}"
    return None if {"done", "unknown"} & set(sent) else "sending ended in an error of mine"


def why_not_good(
    site: Site, switch: Switch, lines: Sequence[Line], found: Look, ill: Sequence[str]
) -> str | None:
    """What is wrong with a switch after it was changed; None where all is well."""
    if lacking := missing(read_running(found.running), lines):
        more = f" and {len(lacking) - 1} more" if len(lacking) > 1 else ""
        return f"not in force: {hidden(lacking[0].text, switch)}{more}"
    ignored = site.order is None or site.order.ignore_health
    if not ignored and (worse := [each for each in found.ill if each not in ill]):
        more = f" and {len(worse) - 1} more" if len(worse) > 1 else ""
        return f"worse than before: {worse[0]}{more}"
    return _not_verified(site, switch)


def _not_verified(site: Site, switch: Switch) -> str | None:
    """What its own check says against it."""
    order = site.order
    if order is None or order.verify is None:
        return None
    [result] = site.client.ask([switch], [order.verify], form="text")
    if result.failure is not None:
        return f"{order.verify}: {hidden(result.failure.came_back, switch)}"
    if order.expect is not None and order.expect not in str(result.outputs[0].body or ""):
        return f"{order.verify} does not say {order.expect!r}"
    return None


def interrupted(site: Site, switch: Switch, lines: Sequence[Line], before: str) -> Held:
    """Its lines were being sent when the worker died: look what it holds, and send nothing."""
    was = "I was interrupted while changing it"
    try:
        found = look(site.client, switch)
    except SwitchError as error:
        says = f"{was}, and it does not answer: {error.cause}"
        return Held(Holds.UNKNOWN, says, failed=True, interrupted=True)
    now = digest(found.running)
    if now == before:
        return Held(Holds.OLD, was, failed=True, interrupted=True)
    if missing(read_running(found.running), lines):
        return Held(Holds.NEITHER, f"{was}: it holds a part", failed=True, interrupted=True, after=now)
    return Held(Holds.NEW, f"{was}: it holds all of it", failed=True, interrupted=True, after=now)


def roll_back(site: Site, switch: Switch, before: str) -> Held:
    """Take it back to the checkpoint, once, and look whether it holds what it held."""
    command = f"rollback running-config checkpoint {site.checkpoint}"
    try:
        sent = site.once("rollback", switch.name, "rolling back", lambda: site.send(switch, [command]))
    except Interrupted:
        sent = {"unknown": "I was interrupted while rolling it back"}
    trouble = str(
        sent.get("refused") or sent.get("unknown") or ("" if "done" in sent else "an error of mine")
    )
    try:
        now = digest(look(site.client, switch).running)
    except SwitchError as error:
        says = f"rolling back: {trouble or error.cause} ({hidden(error.came_back, switch)})"
        return Held(Holds.UNKNOWN, says, failed=True)
    if now == before:
        return Held(Holds.BACK, after=now)
    says = trouble or "the switch says it went back, and holds something else than before"
    return Held(Holds.NEITHER, f"rolling back: {says}", failed=True, after=now)


def save(site: Site, switch: Switch) -> str | None:
    """`copy running-config startup-config`, once; why it is not known to be saved, or None."""
    try:
        sent = site.once(
            "save", switch.name, "saving", lambda: site.send(switch, ["copy running-config startup-config"])
        )
    except Interrupted:
        sent = {"unknown": "I was interrupted while saving"}
    return (
        None if "done" in sent else f"not saved: {sent.get('refused') or sent.get('unknown') or 'an error'}"
    )
