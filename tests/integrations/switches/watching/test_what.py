"""What a watch sees in answers: rates beside the last poll, a field of every row; and what it keeps of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from integrations.switches import integration
from integrations.switches.errors import TimedOut
from integrations.switches.inventory.model import Switch
from integrations.switches.question import Result
from integrations.switches.rates import COMMANDS
from integrations.switches.watching.condition import Seen
from integrations.switches.watching.polling import poll
from integrations.switches.watching.what import (
    NOTHING,
    Answers,
    Before,
    Observation,
    What,
    WhatError,
    as_json,
    field_of,
    from_json,
)
from integrations.switches.wire import Output
from tests.integrations.switches.fleet import rows

LEAF = Switch(name="leaf01", host="10.0.0.11", user="admin", password=None)
STATE = What("show", "show interface brief", "state")


def answers(bodies: dict[str, Any], at: float = 100.0) -> Answers:
    """What leaf01 answered."""
    outputs = tuple(Output(command, body) for command, body in bodies.items())
    return Answers(Result(LEAF, outputs, at=at))


def brief(**states: str) -> dict[str, Any]:
    told = [{"interface": f"Eth1/{port[1:]}", "state": state} for port, state in states.items()]
    return {"show interface brief": rows("interface", *told)}


def counted(octets: int, errors: int = 0) -> dict[str, Any]:
    return {
        COMMANDS[0]: rows(
            "rx_counters", {"interface_rx": "Ethernet1/1", "eth_inbytes": octets, "eth_inucast": 1}
        ),
        COMMANDS[1]: rows("interface", {"interface": "Ethernet1/1", "eth_fcs_err": errors}),
        COMMANDS[2]: rows("interface", {"interface": "Ethernet1/1", "state": "up", "speed": "10G(D)"}),
    }


def test_counters_are_told_from_the_second_poll_on() -> None:
    what = What("counters", detail="Eth1/1")
    first = what.look(answers(counted(1_000)), NOTHING)
    assert first.observations == ()
    kept = from_json(json.loads(json.dumps(as_json(first.before))), 100.0)
    [seen] = what.look(answers(counted(62_501_000_000, errors=3), at=160.0), kept).observations
    assert (seen.switch, seen.subject) == ("leaf01", "Ethernet1/1")
    assert seen.says == "in 8.33 Gb/s (83 %), out ?, 3 errors"
    assert seen.seen.numbers["in%"] == pytest.approx(83.33, abs=0.01)
    assert seen.kept == (pytest.approx(8.333e9, rel=1e-3), None, 3.0)


def test_counters_that_were_set_to_0_say_so() -> None:
    what = What("counters", detail="*")
    before = what.look(answers(counted(10**15, errors=50)), NOTHING).before
    [seen] = what.look(answers(counted(10), at=160.0), before).observations
    assert seen.says == "its counters were set to 0"
    assert set(seen.seen.numbers.values()) == {None}


def test_rows_are_seen_beside_those_of_the_last_poll() -> None:
    first = STATE.look(answers(brief(p1="up", p2="up")), NOTHING)
    assert [(each.subject, each.seen.known) for each in first.observations] == [
        ("Ethernet1/1", False),
        ("Ethernet1/2", False),
    ]
    later = STATE.look(answers(brief(p1="down", p3="up")), first.before)
    assert later.observations == (
        Observation(
            "leaf01", "Ethernet1/1", Seen({"value": None, "state": None}, "down", "up", True), "down", (None,)
        ),
        Observation(
            "leaf01", "Ethernet1/3", Seen({"value": None, "state": None}, "up", None, True), "up", (None,)
        ),
        Observation("leaf01", "Ethernet1/2", Seen({}, None, "up", True), "gone"),
    )
    assert from_json(as_json(later.before), 0.0) == Before(texts={"Ethernet1/1": "down", "Ethernet1/3": "up"})


def test_a_number_in_a_field_is_one() -> None:
    what = What("show", "show vpc", "num")
    body = {"show vpc": rows("x", {"name": "a", "num": "17"}, {"name": "b", "num": "nan"})}
    first, second = what.look(answers(body), NOTHING).observations
    assert (first.seen.numbers, first.kept) == ({"value": 17.0, "num": 17.0}, (17.0,))
    assert second.kept == (None,)


def test_a_field_that_is_not_there_names_those_that_are() -> None:
    with pytest.raises(WhatError, match=r"'show x' has no field 'stat'\. It has name, state"):
        field_of(rows("x", {"name": "a", "state": "up"}), "show x", "stat")


def test_an_answer_without_rows_has_nothing_and_text_has_none() -> None:
    assert field_of({}, "show x", "state") == {}
    assert field_of("Note: there is none", "show x", "state") == {}


def test_a_secret_in_a_field_is_neither_told_nor_kept() -> None:
    seen = field_of(rows("user", {"name": "joe", "password": "hunter2"}), "show x", "password")
    assert seen == {"joe": "«hidden»"}


def test_a_long_text_is_cut() -> None:
    [said] = field_of(rows("x", {"name": "a", "desc": "d" * 500}), "show x", "desc").values()
    assert len(said) == 120


def test_what_failed_is_told_from_what_was_not_asked() -> None:
    late = TimedOut("leaf01", "it did not answer in time")
    assert Answers(Result(LEAF, error=late)).error("show version") is late
    refused = Answers(Result(LEAF, (Output("show version", None, error=late), Output("show vpc", {}))))
    assert refused.error("show version") is late
    assert refused.error("show vpc") is None


def test_a_worker_looks_every_five_seconds_for_what_is_due() -> None:
    [periodic] = [each for each in integration.periodics if each.name == "switches.watch"]
    assert periodic.run is poll
    assert periodic.every(None) == 5.0
