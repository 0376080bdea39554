"""What a stack is thought to cost, from the prices in its file and the addresses of its resources. Pure.

An estimate is as good as its prices: what has none is counted, and told beside the sum.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from integrations.stacks.engines.model import Change, Held
from integrations.stacks.spec.model import Cost

HOURS_OF_A_MONTH = 730
"""8,760 hours of a year by twelve, as cloud providers count."""
_INDEX = re.compile(r"\[(?:[^\]\"]|\"(?:[^\"\\]|\\.)*\")*\]")
_LEFT = frozenset({"create", "update", "no-op", "read", "import"})


@dataclass(frozen=True, slots=True)
class Estimate:
    """The price of an hour, of what has one."""

    hour: float
    currency: str
    priced: int
    unpriced: tuple[str, ...] = ()
    """The types that have no price."""

    @property
    def month(self) -> float:
        """The price of 730 hours."""
        return self.hour * HOURS_OF_A_MONTH

    def is_over(self, cost: Cost) -> bool:
        """Whether a month of it costs more than the stack's file allows."""
        return cost.limit_month is not None and self.month > cost.limit_month


def of_changes(cost: Cost, changes: Iterable[Change], held: Iterable[Held] = ()) -> Estimate:
    """What stands after a plan is applied: what is there already, and what the plan makes, less what it takes away."""
    addresses = {each.address for each in held}
    for change in changes:
        stays = change.word == "replace" or set(change.actions) <= _LEFT
        addresses = addresses | {change.address} if stays else addresses - {change.address}
    return of_addresses(cost, addresses)


def of_addresses(cost: Cost, addresses: Iterable[str]) -> Estimate:
    """What resources cost, by their addresses."""
    types = [resource_type(address) for address in addresses]
    known = [kind for kind in types if kind in cost.estimate]
    unknown = sorted({kind for kind in types if kind not in cost.estimate})
    hour = sum(cost.estimate[kind] for kind in known)
    return Estimate(hour, cost.currency, len(known), tuple(unknown))


def resource_type(address: str) -> str:
    """`aws_instance` of `module.net["a.b"].aws_instance.web[0]`; the whole of what is no such address."""
    parts = _INDEX.sub("", address).split(".")
    while parts[:1] == ["module"] and len(parts) > 2:
        parts = parts[2:]
    return parts[0] if len(parts) > 1 else address
