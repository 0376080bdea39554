"""What `python -m bot doctor` looks at: is there an inventory, and is every switch in it checked for who it is?"""

from __future__ import annotations

from bot.commands.context import Services
from bot.integration import CheckResult
from integrations.switches.client import SwitchesClient
from integrations.switches.inventory.model import Inventory, InventoryError, Switch


def check(services: Services) -> tuple[CheckResult, ...]:
    """The inventory, one line; and one for switches whose identity or whose line nobody checks."""
    client = services.clients.get("switches")
    if not isinstance(client, SwitchesClient):
        return ()
    if client.settings.url is None and not client.settings.inventory.exists():
        says = f"are not set up: write {client.settings.inventory}, or set SWITCH_URL, to ask switches."
        return (CheckResult("switches", True, says),)
    try:
        inventory = client.inventory()
    except InventoryError as error:
        return (CheckResult("switches", False, str(error)),)
    return (_known(inventory), *_unchecked(inventory))


def _known(inventory: Inventory) -> CheckResult:
    count = len(inventory)
    told = "1 switch" if count == 1 else f"{count:,} switches"
    notes = "".join(f"\n{note}" for note in inventory.notes)
    return CheckResult("switches", True, f"{told} in the inventory.{notes}")


def _unchecked(inventory: Inventory) -> tuple[CheckResult, ...]:
    """A choice, and so no fault; but one to be seen."""
    plain = [each for each in inventory.switches.values() if each.protocol == "http"]
    blind = [each for each in inventory.switches.values() if each.protocol == "https" and not each.tls.verify]
    found = []
    if plain:
        found.append(
            CheckResult("switches", True, f"{_named(plain)} asked over plain HTTP: the password can be read.")
        )
    if blind:
        found.append(CheckResult("switches", True, f"{_named(blind)} asked without checking who answers."))
    return tuple(found)


def _named(switches: list[Switch]) -> str:
    names = ", ".join(switch.name for switch in switches[:3])
    more = len(switches) - 3
    return f"{names}{f' and {more:,} more' if more > 0 else ''} {'is' if len(switches) == 1 else 'are'}"
