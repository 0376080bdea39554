"""A question to many: results as they arrive, every switch once, by the deadline, and cancelled at will."""

from __future__ import annotations

import pytest

from integrations.switches import errors
from integrations.switches.client import SwitchesClient
from integrations.switches.inventory.model import Switch
from tests.integrations.switches.conftest import Make
from tests.integrations.switches.stand import Behaviour, Reply, Request, Stands, saying, switch

VERSION = {"host_name": "leaf01"}


def _after(seconds: float) -> Behaviour:
    def behave(request: Request) -> Reply:
        return Reply(saying(VERSION)(request).body, after=seconds)

    return behave


def test_results_arrive_in_the_order_the_switches_answer(stands: Stands, client_of: Make, fast: str) -> None:
    slow = switch(stands.open(_after(0.4)), "leaf01")
    quick = switch(stands.open(_after(0.0)), "leaf02")
    seen: list[str] = []
    results = client_of(slow, quick, fast=fast).ask(
        [slow, quick], ["show version"], on_result=lambda result: seen.append(result.switch.name)
    )
    assert seen == ["leaf02", "leaf01"]
    assert [result.switch.name for result in results] == ["leaf01", "leaf02"], (
        "but they are given as asked for"
    )


def test_by_the_deadline_everybody_is_named(stands: Stands, client_of: Make, fast: str) -> None:
    hanging = stands.open(lambda _: Reply(hang=True))
    good = stands.open(saying(VERSION))
    plan = {"leaf01": good, "leaf02": hanging, "leaf03": hanging, "leaf04": good}
    switches = [switch(stand, name) for name, stand in plan.items()]
    client = client_of(*switches, fast=fast, concurrency=2)
    results = client.ask(switches, ["show version"], timeout=30.0, deadline=0.5)
    assert [result.switch.name for result in results] == ["leaf01", "leaf02", "leaf03", "leaf04"]
    assert results[0].error is None
    # Two hang in the two places that there are; so the fourth was never asked.
    assert [str(result.error) for result in results[1:]] == [
        "leaf02: it had not answered yet. Ask these again.",
        "leaf03: it had not answered yet. Ask these again.",
        "leaf04: it had not been asked yet. Ask these again.",
    ]
    assert {type(result.error) for result in results[1:]} == {errors.DeadlinePassed}
    (again,) = client.ask([switches[3]], ["show version"])
    assert again.error is None, "the places are free again"


def test_a_switch_that_hung_can_be_asked_again(stands: Stands, client_of: Make, fast: str) -> None:
    replies = [Reply(hang=True)]

    def behave(request: Request) -> Reply:
        return replies.pop() if replies else saying(VERSION)(request)

    leaf = switch(stands.open(behave))
    client = client_of(leaf, fast=fast)
    (first,) = client.ask([leaf], ["show version"], timeout=30.0, deadline=0.3)
    (second,) = client.ask([leaf], ["show version"])
    assert type(first.error) is errors.DeadlinePassed
    assert second.error is None


def test_cancelled_in_the_middle(stands: Stands, client_of: Make, fast: str) -> None:
    good, hanging = stands.open(saying(VERSION)), stands.open(lambda _: Reply(hang=True))
    switches = [switch(good, "leaf01"), switch(hanging, "leaf02"), switch(hanging, "leaf03")]
    question = client_of(*switches, fast=fast).start(switches, ["show version"], timeout=30.0)
    told: list[tuple[str, type | None]] = []
    for result in question:
        told.append((result.switch.name, type(result.error) if result.error else None))
        question.cancel()
    assert told[0] == ("leaf01", None)
    assert sorted(told[1:], key=str) == [("leaf02", errors.Cancelled), ("leaf03", errors.Cancelled)]
    assert list(question) == [], "it is over, and says so again"


def test_cancelled_at_once(stands: Stands, client_of: Make, fast: str) -> None:
    hanging = stands.open(lambda _: Reply(hang=True))
    switches = [switch(hanging, f"leaf{number:02}") for number in range(5)]
    question = client_of(*switches, fast=fast).start(switches, ["show version"], timeout=30.0)
    question.cancel()
    question.cancel()
    results = list(question)
    assert sorted(result.switch.name for result in results) == [each.name for each in switches]
    assert {type(result.error) for result in results} == {errors.Cancelled}


def test_what_on_result_raises_ends_the_question(stands: Stands, client_of: Make, fast: str) -> None:
    leaf = switch(stands.open(saying(VERSION)))

    def full(_: object) -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        client_of(leaf, fast=fast).ask([leaf], ["show version"], on_result=full)


def test_nobody_at_all(client_of: Make) -> None:
    assert client_of().ask([], ["show version"]) == ()


def test_a_bug_is_raised_and_not_told_as_a_switch_that_failed(
    stands: Stands, client_of: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(self: SwitchesClient, switch: Switch, *rest: object) -> None:
        raise LookupError("a bug")

    leaf = switch(stands.open(saying(VERSION)))
    monkeypatch.setattr(SwitchesClient, "_show", broken)
    with pytest.raises(LookupError, match="a bug"):
        client_of(leaf).ask([leaf], ["show version"])


def test_closing_the_client_ends_what_runs(stands: Stands, client_of: Make, fast: str) -> None:
    leaf = switch(stands.open(lambda _: Reply(hang=True)))
    client = client_of(leaf, fast=fast)
    question = client.start([leaf], ["show version"], timeout=30.0)
    client.close()
    assert [type(result.error) for result in question] == [errors.Cancelled]
