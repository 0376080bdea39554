"""Look at switches: what configuration each has now, and what is not well there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from integrations.switches.client import SwitchesClient
from integrations.switches.errors import EmptyAnswer, SwitchError
from integrations.switches.facts import facts_from
from integrations.switches.health import health
from integrations.switches.inventory.model import Switch
from integrations.switches.question import Result

SHOW_RUNNING = "show running-config"
_HEALTH = ("show interface brief", "show vpc", "show bgp all summary vrf all")
_WATCHED = ("err-disabled", "bgp", "vpc")
"""What a change of configuration may break at once."""


@dataclass(frozen=True, slots=True)
class Look:
    """The text of the running configuration, and what is not well, each as a word that is the same next time."""

    running: str
    ill: tuple[str, ...] = ()


def running_of(result: Result) -> str:
    """The configuration in an answer. Raises the switch's error; an empty configuration is one."""
    if result.failure is not None:
        raise result.failure
    body = result.outputs[0].body
    if not isinstance(body, str) or not body.strip():
        raise EmptyAnswer(result.switch.name, "no configuration", asked=f"asked {SHOW_RUNNING!r}")
    return body


def look(client: SwitchesClient, switch: Switch) -> Look:
    """Ask one switch. A show of its health that it does not know (no vPC, no BGP) tells nothing. Raises SwitchError."""
    running = running_of(client.ask([switch], [SHOW_RUNNING], form="text")[0])
    return Look(running, ill(client, switch))


def ill(client: SwitchesClient, switch: Switch) -> tuple[str, ...]:
    """What is not well of ports, BGP and vPC. Raises SwitchError where it does not answer at all."""
    [result] = client.ask([switch], _HEALTH)
    if result.error is not None:
        raise result.error
    bodies = {each.command: each.body for each in result.outputs if each.error is None}
    found = health([facts_from(switch.name, bodies)]).findings
    return tuple(f"{each.kind} {each.subject}" for each in found if each.kind in _WATCHED)


def all_running(
    client: SwitchesClient, switches: Sequence[Switch]
) -> tuple[dict[str, str], tuple[SwitchError, ...]]:
    """The configurations of many by name, and the errors of those that did not answer."""
    found: dict[str, str] = {}
    errors: list[SwitchError] = []
    for result in client.ask(switches, [SHOW_RUNNING], form="text"):
        try:
            found[result.switch.name] = running_of(result)
        except SwitchError as error:
            errors.append(error)
    return found, tuple(errors)
