"""What a stack is thought to cost."""

from __future__ import annotations

import pytest

from integrations.stacks.cost import Estimate, of_addresses, of_changes, resource_type
from integrations.stacks.engines.model import Change, Held
from integrations.stacks.spec.model import Cost

COST = Cost.model_validate(
    {"estimate": {"aws_instance": 0.5, "aws_nat_gateway": 0.045}, "limit_month": 800, "currency": "EUR"}
)


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("aws_instance.web", "aws_instance"),
        ("aws_instance.web[0]", "aws_instance"),
        ('aws_instance.web["a.b"]', "aws_instance"),
        ('module.net["x]."].module.in[3].aws_instance.web', "aws_instance"),
        ("node", "node"),
        ("localhost: write it", "localhost: write it"),
    ],
)
def test_the_type_stands_in_the_address(address: str, kind: str) -> None:
    assert resource_type(address) == kind


def test_what_has_a_price_is_summed_and_what_has_none_is_named() -> None:
    told = of_addresses(COST, ["aws_instance.a", "aws_instance.b", "aws_vpc.main", "aws_vpc.other"])
    assert told == Estimate(1.0, "EUR", 2, ("aws_vpc",))
    assert (told.month, told.is_over(COST), told.is_over(Cost())) == (730.0, False, False)
    assert of_addresses(COST, [f"aws_instance.a[{n}]" for n in range(3)]).is_over(COST)


def test_a_plan_costs_what_stands_after_it() -> None:
    held = [Held("aws_instance.old"), Held("aws_instance.kept"), Held("aws_nat_gateway.gone")]
    changes = [
        Change("aws_instance.new", ("create",)),
        Change("aws_instance.old", ("delete", "create")),
        Change("aws_nat_gateway.gone", ("delete",)),
    ]
    assert of_changes(COST, changes, held) == Estimate(1.5, "EUR", 3)
