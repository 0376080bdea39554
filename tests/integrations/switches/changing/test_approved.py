"""A change that others must agree to: they see every diff, and what they agreed to is what runs, or nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import text

from bot.commands.model import Outcome
from tests.access.asking_others import approved
from tests.integrations.switches.changing.changing import NTP, Changing
from tests.playground.switches.running_farm import RunningFarm

ADA, BOB = "ada@example.com", "bob@example.com"
RULES = {
    "groups": {"netops": [ADA, BOB]},
    "access": [
        {"allow": "netops", "commands": "switch *"},
        {"allow": "everyone", "commands": "confirm"},
        {
            "deny": ADA,
            "commands": ["switch config", "switch stop"],
            "arguments": {"switch": "spine*"},
            "reason": "Spines are Bob's.",
        },
        {
            "deny": ADA,
            "commands": "switch config",
            "arguments": {"line": "hostname *"},
            "reason": "Names stay.",
        },
    ],
    "approvals": [{"for": "everyone", "commands": ["switch config", "switch rollback"], "of": "netops"}],
}


@pytest.fixture
def bot(bot_with: Callable[..., Changing]) -> Changing:
    """A bot where one of netops asks and the other agrees."""
    return bot_with(file=RULES)


def carried_out(bot: Changing) -> Outcome:
    """What was approved is carried out, as the inbox does."""
    take = "SELECT payload->>'code' FROM inbox WHERE source = 'approval' ORDER BY id DESC LIMIT 1"
    with bot.database.transaction() as session:
        code = session.scalar(text(take))
    return bot.talk.request(approved(bot.database, code))


def code_of(bot: Changing) -> str:
    with bot.database.transaction() as session:
        return str(session.scalar(text("SELECT code FROM approvals ORDER BY asked_at DESC LIMIT 1")))


def test_whoever_agrees_sees_the_lines_and_every_diff(bot: Changing) -> None:
    told = bot.confirmed(f"switch config @leaf {NTP} --pause 0s", person=ADA)
    assert "This waits for the yes of 1 of netops" in told
    question = next(each for each in bot.told() if each.startswith("🔏"))
    assert "Change **6 switches** (@leaf), 1 line?" in question
    assert "+ ntp server 10.9.9.9" in question
    assert (
        "# 6 switches: leaf01, leaf02, leaf03, leaf04, leaf05, leaf06\n+ ntp server 10.9.9.9"
        in bot.files()[0]
    )
    assert bot.having(NTP) == []


def test_approved_it_runs(bot: Changing) -> None:
    bot.confirmed(f"switch config @leaf {NTP} --pause 0s --batch 5", person=ADA)
    assert "is approved by" in bot.say(f"approve {code_of(bot)}", person=BOB)
    assert carried_out(bot).result == "ok"
    assert bot.to_its_end().state == "done"
    assert len(bot.having(NTP)) == 6


def test_a_configuration_that_changed_underneath_voids_the_approval(bot: Changing, farm: RunningFarm) -> None:
    bot.confirmed(f"switch config @leaf {NTP} --pause 0s", person=ADA)
    bot.say(f"approve {code_of(bot)}", person=BOB)
    farm.configure("leaf06", "ntp server 10.1.2.3")
    said = carried_out(bot)
    assert said.replies[0].markdown == (
        "⚠️ What was approved is not what would run now: the plan has changed. Say it again."
    )
    assert bot.having(NTP) == []


def test_a_configuration_that_changed_underneath_voids_the_confirmation(
    bot: Changing, farm: RunningFarm
) -> None:
    asked = bot.say(f"switch config @leaf {NTP} --pause 0s", person=ADA)
    farm.configure("leaf06", "ntp server 10.1.2.3")
    code = asked.partition("Say `confirm ")[2].partition("`")[0]
    assert bot.say(f"confirm {code}", person=ADA) == "⚠️ What was confirmed is not what would run now."


def test_a_variable_that_changed_underneath_voids_it(
    bot_with: Callable[..., Changing], farm: RunningFarm
) -> None:
    bot = bot_with(extra={"defaults": {"vars": {"ntp": "10.8.8.8"}}})
    asked = bot.say('switch config @leaf "ntp server {ntp}"')
    bot = bot_with(extra={"defaults": {"vars": {"ntp": "10.6.6.6"}}})
    code = asked.partition("Say `confirm ")[2].partition("`")[0]
    assert bot.say(f"confirm {code}") == "⚠️ What was confirmed is not what would run now."


def test_rules_are_about_each_switch_and_each_line(bot: Changing) -> None:
    assert "Spines are Bob's." in bot.say(f"switch config all {NTP}", person=ADA)
    assert "Names stay." in bot.say(f'switch config leaf01 "hostname x" "{NTP}"', person=ADA)
    assert bot.say("switch config spine01 hostname x", person=BOB).startswith("⚠️ Change **1 switch**")
    assert bot.outcome(f"switch config leaf01 {NTP}", person="eve@example.com").decision == "denied"


def test_rules_about_switches_hold_for_stopping_a_change_too(bot: Changing) -> None:
    bot.confirmed(f"switch config spine01 {NTP}", person=BOB)
    bot.say(f"approve {code_of(bot)}", person=ADA)
    carried_out(bot)
    bot.turn()
    assert "Spines are Bob's." in bot.say("switch stop 1", person=ADA)
    assert "Stop run 1 of bob@example.com" in bot.say("switch stop 1", person=BOB)


def test_taking_back_needs_a_yes_too(bot: Changing, farm: RunningFarm) -> None:
    bot.confirmed(f"switch config leaf01 {NTP} --pause 0s", person=ADA)
    bot.say(f"approve {code_of(bot)}", person=BOB)
    carried_out(bot)
    bot.to_its_end()
    told = bot.confirmed("switch rollback 1", person=BOB)
    assert "This waits for the yes of 1 of netops" in told
    bot.say(f"approve {code_of(bot)}", person=ADA)
    farm.configure("leaf01", "ntp server 10.1.2.3")
    assert "the plan has changed" in carried_out(bot).replies[0].markdown
    assert bot.having(NTP) == ["leaf01"]
