"""Every example in help is a line that can be typed and works, and every rule about switches holds for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.store.database import Database
from integrations.switches import integration
from tests.integrations.switches.farm import Farm, FleetTalk, fleet_talk
from tests.integrations.switches.prepared import prepare

EXAMPLES = [(command.name, example) for command in integration.commands for example in command.examples]


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_every_example_in_help_works(talk: FleetTalk, name: str, example: str) -> None:
    prepare(talk, example)
    outcome = talk.outcome(example)
    assert outcome.command == name
    assert outcome.result == "ok", outcome.replies[0].markdown


def test_every_command_has_an_example() -> None:
    assert [command.name for command in integration.commands if not command.examples] == []


@pytest.fixture
def ruled(farm: Farm, database: Database, tmp_path: Path) -> Iterator[FleetTalk]:
    """Everybody may ask the leafs but leaf06, which is denied; the owner too may not ask that one."""
    config = {
        "access": [
            {"allow": "everyone", "commands": ["switch *"], "arguments": {"switch": "leaf*"}},
            {"deny": "everyone", "commands": ["switch *"], "arguments": {"switch": "leaf06"}},
        ]
    }
    with fleet_talk(database, farm, config=config, folder=tmp_path) as talk:
        yield talk


@pytest.mark.parametrize("target", ["leaf01", "leaf0[1-5]", '"@leaf and not leaf06"', "leaf01,leaf02"])
@pytest.mark.parametrize("line", ['switch show {} "show hostname"', "switch check {}", "switch list {}"])
def test_who_may_ask_some_asks_them(ruled: FleetTalk, line: str, target: str) -> None:
    assert ruled.outcome(line.format(target), person="ada@example.com").result == "ok"


@pytest.mark.parametrize(
    "target", ["leaf06", "leaf0[1-6]", "@leaf", "all", "l*", "spine01", "@spine", "leaf01,leaf06"]
)
@pytest.mark.parametrize(
    "line",
    [
        'switch show {} "show hostname"',
        'switch compare {} "show hostname"',
        "switch check {}",
        "switch list {}",
        "switch health {}",
        "switch find host x {}",
        "switch snapshot {} before",
        "switch counters {}",
        "switch watch {} health",
    ],
)
def test_a_rule_about_switches_holds_however_they_are_written(
    ruled: FleetTalk, farm: Farm, line: str, target: str
) -> None:
    outcome = ruled.outcome(line.format(target), person="ada@example.com")
    assert outcome.decision == "denied", outcome.replies[0].markdown
    assert sum(farm.requests().values()) == 0


def test_a_target_that_is_left_out_means_all(ruled: FleetTalk) -> None:
    assert ruled.outcome("switch health", person="ada@example.com").decision == "denied"
    assert ruled.outcome("switch health leaf06").decision == "denied", "an owner too"
