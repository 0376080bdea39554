"""What every command about switches does first: find the switches that are meant, and check what is asked of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from bot.commands.context import Context
from bot.commands.model import CommandError
from bot.outbound.quoting import code, fence, quote
from integrations.switches.client import SwitchesClient
from integrations.switches.commands_allowed import CommandRefused, Show, check_all, rules_of
from integrations.switches.errors import SwitchError
from integrations.switches.inventory.model import InventoryError, Switch
from integrations.switches.targets.expression import TargetError
from integrations.switches.targets.selection import Selection


def client_of(context: Context) -> SwitchesClient:
    """The client. Raises CommandError saying what to set where there is none."""
    client = context.services.clients.get("switches")
    if isinstance(client, SwitchesClient):
        return client
    raise CommandError(
        "No switches are set up here. Write them into `inventory/switches.yaml`, or set `SWITCH_URL`, "
        "`SWITCH_USER` and `SWITCH_PASSWORD` for one, and start me again."
    )


@contextmanager
def in_words() -> Iterator[None]:
    """Within, what is wrong with a target, the inventory, a command or a switch becomes a CommandError."""
    try:
        yield
    except TargetError as error:
        # Below the sentence a second and third line point at the place.
        sentence, _, pointed = str(error).partition("\n")
        raise CommandError(
            "\n".join(filter(None, (quote(sentence, 800), pointed and fence(pointed))))
        ) from error
    except (InventoryError, CommandRefused, SwitchError) as error:
        raise CommandError(quote(str(error), 800)) from error


def targeted(context: Context, parameters: Mapping[str, Any]) -> Mapping[str, tuple[str, ...]]:
    """For `resolve`: the argument `switch` as the names of all switches that `target` means.

    A rule about `arguments: {switch: "lab-*"}` then holds whatever the target was written as: every one of the
    switches must be allowed, and one that is denied is enough to be denied. Raises CommandError.
    """
    return {"switch": selected(context, str(parameters["target"])).names}


def selected(context: Context, target: str) -> Selection:
    """The switches a target means now. Raises CommandError."""
    with in_words():
        return client_of(context).select(target)


def switches_of(context: Context) -> tuple[Switch, ...]:
    """The switches that `targeted` found, in the inventory's order. Raises CommandError where one is gone."""
    with in_words():
        known = client_of(context).inventory().switches
    names = context.arguments["switch"]
    if gone := [name for name in names if name not in known]:
        raise CommandError(f"{code(gone[0])} has left the inventory meanwhile. Ask again.")
    return tuple(known[name] for name in names)


def checked(context: Context, written: Sequence[str]) -> tuple[Show, ...]:
    """The commands as they may be sent for this person, by the groups they are in. Raises CommandError."""
    groups = context.services.policy.groups_of(context.request.person)
    with in_words():
        return check_all(written, rules_of(groups, client_of(context).settings.shows))
