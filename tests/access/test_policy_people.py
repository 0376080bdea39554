"""Whom a rule is about: one person of several addresses, those whom only Webex knows, bots; and until when."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.access.policy import Decision, Policy
from bot.config_file import AccessRule, ApprovalRule, ConfigFile, LimitRule
from tests.access.questions import ADA, ALLOWED, DENIED, DIRECT, EVE, NOTHING, OWNER, ROOM, ask, named, policy


def test_a_deny_an_approval_and_a_limit_bind_a_person_under_each_of_their_addresses() -> None:
    denied = {"deny": "ADA@home.example", "commands": "jenkins *"}
    rules = replace(
        policy(denied, {"allow": "everyone"}),
        people={"Ada": (ADA, "Ada@Home.example"), "Bob": ("bob@example.com",)},
        approvals=(ApprovalRule.model_validate({"for": "ada@home.example", "of": "owners"}),),
        limits=(LimitRule.model_validate({"for": "*@home.example", "rate": "3/m"}),),
    )
    for address in (ADA, "ada@home.example", "ADA@Example.com"):
        assert rules.decide(ask(address, "jenkins build")) == DENIED
        assert rules.approvals_for(ask(address)) == rules.approvals
        assert rules.limits_for(ask(address)) == rules.limits
    assert rules.decide(ask("bob@example.com", "jenkins build")).allowed
    assert rules.approvals_for(ask("bob@example.com")) == ()
    assert rules.limits_for(ask("bob@example.com")) == ()
    assert rules.addresses_of(ADA) == (ADA, "ada@home.example")
    assert rules.identity("Ada@home.example") == rules.identity(ADA) != rules.identity("bob@example.com")
    assert rules.addresses_of("EVE@example.com") == (EVE,)


def test_what_is_allowed_for_one_address_is_not_for_another_of_the_same_person() -> None:
    rules = replace(policy({"allow": ADA}), people={"Ada": (ADA, "ada@home.example")})
    assert rules.decide(ask(ADA)).allowed
    assert rules.decide(ask("ada@home.example")) == NOTHING


def test_approvals_and_limits_are_those_about_the_request() -> None:
    every = {"for": "everyone"}
    rules = Policy(
        approvals=tuple(
            ApprovalRule.model_validate({"of": "owners", **each})
            for each in (
                every,
                {"commands": "run *"},
                {"effects": "destroy"},
                {"arguments": {"job": "prod*"}},
            )
        ),
        limits=(LimitRule.model_validate({"rate": "3/m", "rooms": "group"}),),
    )
    first, runs, _destroying, prod = rules.approvals
    assert rules.approvals_for(ask(EVE)) == (first, runs)
    assert rules.approvals_for(ask(EVE, "jenkins build", arguments={"job": ("web", "prod-1")})) == (
        first,
        prod,
    )
    assert rules.limits_for(ask(EVE, **ROOM)) == rules.limits
    assert rules.limits_for(ask(EVE, **DIRECT)) == ()


@dataclass
class Webex:
    """Tells what it is made to tell, and keeps what it was asked."""

    says: bool | None
    asked: list[tuple[str, str, str]] = field(default_factory=list)

    def is_member(self, person: str, room_id: str) -> bool | None:
        raise AssertionError("a policy does not ask who is a member")

    def moderates(self, person: str, room_id: str) -> bool | None:
        self.asked.append(("moderates", person, room_id))
        return self.says

    def in_team(self, person: str, team: str) -> bool | None:
        self.asked.append(("team", person, team))
        return self.says


@pytest.mark.parametrize("who", ["moderators", "team:Release"])
def test_where_webex_cannot_be_asked_nobody_is_let_in_and_no_deny_is_lifted(who: str) -> None:
    place = {"room_ids": ("room-new", "room-1"), "room_title": "Ops", "room_type": "group"}
    for says, allowed, denied in ((True, True, True), (False, False, False), (None, False, True)):
        asked = ask(EVE, relations=Webex(says), **place)
        assert policy({"allow": who}).decide(asked).allowed is allowed
        assert policy({"deny": who}, {"allow": "everyone"}).decide(asked).allowed is not denied
        bound = replace(
            policy(),
            approvals=(ApprovalRule.model_validate({"for": who, "of": "owners"}),),
            limits=(LimitRule.model_validate({"for": who, "rate": "3/m"}),),
        )
        assert bool(bound.approvals_for(asked)) is denied
        assert bool(bound.limits_for(asked)) is denied
        assert policy().is_one_of((who,), EVE, asked) is allowed
        assert policy().is_one_of((who,), EVE, asked, unknown=True) is denied


def test_owners_are_those_of_the_environment() -> None:
    rules = replace(
        policy({"deny": "owners", "rooms": "group"}, {"allow": "everyone"}),
        limits=(LimitRule.model_validate({"for": "owners", "rate": "3/m"}),),
    )
    assert rules.decide(ask("You@example.com", **ROOM)) == DENIED
    assert rules.decide(ask(EVE, **ROOM)).allowed
    assert rules.limits_for(ask(OWNER)) == rules.limits
    assert rules.limits_for(ask(EVE)) == ()
    assert rules.is_one_of(("owners",), "YOU@example.com", ask(EVE))
    assert not rules.is_one_of(("owners",), EVE, ask(OWNER))


def test_nobody_moderates_where_there_is_no_room() -> None:
    webex = Webex(None)
    assert policy({"deny": "moderators"}, {"allow": EVE}).decide(ask(EVE, relations=webex)).allowed
    assert webex.asked == []


def test_webex_is_asked_only_where_nothing_else_is_wanting_and_each_thing_once() -> None:
    rules = policy(
        {"deny": "moderators", "commands": "jenkins *"},
        {"deny": "team:Night", "rooms": "direct"},
        {"deny": "team:Night", "arguments": {"job": "prod"}},
        {"deny": "moderators", "effects": "change"},
        {"deny": "moderators", "commands": "run list"},
        {"allow": ["moderators", "team:Release"], "commands": "run *"},
        {"allow": ["team:Release", EVE]},
        {"allow": ["team:Never"]},
    )
    webex = Webex(False)
    place = ROOM | {"room_ids": ("room-new", "room-1")}
    assert rules.decide(ask(EVE, relations=webex, **place)).rule == "access rule 7 (allow)"
    assert webex.asked == [("moderates", EVE, "room-new"), ("team", EVE, "Release")]


def test_a_rule_with_a_time_is_in_force_until_then() -> None:
    now = datetime.now(UTC)
    allow, deny = AccessRule(allow=(EVE,)), AccessRule(deny=(EVE,), commands=("run *",))
    late, early = now + timedelta(hours=1), now - timedelta(hours=1)
    assert Policy(rules=named(allow, until=(late,))).decide(ask(EVE)).allowed
    assert not Policy(rules=named(allow, until=(early,))).decide(ask(EVE)).allowed
    assert Policy(rules=named(allow, deny, until=(late, early))).decide(ask(EVE)).allowed
    assert not Policy(rules=named(allow, deny, until=(late, late))).decide(ask(EVE)).allowed


def test_bots_give_no_commands_but_those_that_are_listed() -> None:
    robot = "deployer@webex.bot"
    refused = Decision(False, "bots", "Bots give me no commands, but those SPARKOPS_ALLOWED_BOTS lists.")
    everyone = policy({"allow": "everyone"})
    for each in (robot, "Deployer@WEBEX.bot", "old@sparkbot.io"):
        assert everyone.decide(ask(each)) == refused
        assert everyone.decide(ask(each, "ping")) == refused
        assert replace(everyone, owners=frozenset({each})).decide(ask(each)) == refused
    listed = Policy.of_file(
        ConfigFile(access=(AccessRule(allow=("everyone",)),)), allowed_bots=("Deployer@webex.bot",)
    )
    assert listed.decide(ask(robot)) == ALLOWED
    assert listed.decide(ask("other@webex.bot")) == refused


def test_words_for_roles_and_teams_never_name_a_group() -> None:
    odd = {"owners": (EVE,), "moderators": (EVE,), "team:a": (EVE,), "everyone": (ADA,)}
    for word in ("owners", "moderators", "team:a"):
        rules = replace(policy({"allow": word}), groups=odd)
        assert rules.decide(ask(EVE, **ROOM)) == NOTHING
    assert replace(policy({"allow": "everyone"}), groups=odd).decide(ask(EVE)) == ALLOWED
