"""`--where` and `--fields`: how they are written, and what they mean."""

from __future__ import annotations

import pytest

from integrations.switches.commands.words import commands_in
from integrations.switches.conditions import UnknownField, condition, spelled
from integrations.switches.normalise import Value


@pytest.mark.parametrize(
    ("written", "value", "holds"),
    [
        ("state=up", "up", True),
        ("state=UP", "up", True),
        ("state=up", "down", False),
        ("state=up", None, False),
        ("state!=up", "down", True),
        ("state!=up", "up", False),
        ("state!=up", None, True),
        ("interface=Eth1/1", "Ethernet1/1", True),
        ("interface=Eth1/1", "Ethernet1/11", False),
        ("interface=eth1/*", "Ethernet1/11", True),
        ("interface=Ethernet1/?", "Eth1/7", True),
        ("port=po101", "port-channel101", True),
        ("text=a.c", "abc", False),
        ("text=[x]", "[x]", True),
        ("text=a=b", "a=b", True),
        ("text=", "", True),
        ("speed>1000", 10000, True),
        ("speed>1000", "10000", True),
        ("speed>1000", 1000, False),
        ("speed>1000 Mb", "10 Mb", False),
        ("speed>=1000", "1000 Mb", True),
        ("speed<1000", "auto", False),
        ("speed<1000", None, False),
        ("load<=0.5", "0.25", True),
        ("on=true", True, True),
    ],
)
def test_what_a_condition_means(written: str, value: Value | None, holds: bool) -> None:
    assert condition(written).holds(value) is holds


@pytest.mark.parametrize("written", ["", "up", "=up", "state", "a b=c", "speed>fast", "speed<"])
def test_what_is_no_condition(written: str) -> None:
    with pytest.raises(ValueError, match=r"is no condition: write field=value|which is no number"):
        condition(written)


def test_a_field_is_found_in_any_capitals_and_a_near_one_is_asked_about() -> None:
    assert spelled("STATE", ["interface", "state"], "show x") == "state"
    with pytest.raises(
        UnknownField, match=r"show x has no field stat\. Did you mean state\? It has: interface, state\."
    ):
        spelled("stat", ["interface", "state"], "show x")


@pytest.mark.parametrize(
    ("words", "shows"),
    [
        (("show version",), ("show version",)),
        (("show", "version"), ("show version",)),
        (("show version", "show clock"), ("show version", "show clock")),
        (("show", "version", "show", "clock"), ("show version", "show clock")),
        (("show version", "sh", "clock"), ("show version", "sh clock")),
        (("show", "interface", "brief", "|", "include", "up"), ("show interface brief | include up",)),
        (("show version", "reload"), ("show version", "reload")),
        (("reload",), ("reload",)),
        (("show",), ("show",)),
        ((), ()),
    ],
)
def test_words_become_shows(words: tuple[str, ...], shows: tuple[str, ...]) -> None:
    assert commands_in(words) == shows
