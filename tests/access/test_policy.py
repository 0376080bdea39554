"""Who may run what, where: denied unless allowed, and a deny always wins."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.access.policy import Decision, Policy, Rule
from bot.config_file import AccessRule, ApprovalRule, ConfigFile, LimitRule
from tests.access.questions import ADA, ALLOWED, DENIED, DIRECT, EVE, NOTHING, OWNER, ROOM, ask, policy

NOWHERE: dict[str, Any] = {}
PROD_ID = "Y2lzY29zcGFyazovL3VzL1JPT00vYmJjZWIxYWQtNDNmMS0zYjU4LTkxNDctZjE0YmIwYzRkMTU0"

OWNERS_MAY = Decision(True, "owner", "Owners may run everything.")
OPEN = Decision(True, "open to all", "This command is open to everyone.")


def test_without_rules_only_owners_are_let_in_and_the_open_commands_are_everybodys() -> None:
    nobody_named = policy()
    assert nobody_named.decide(ask(OWNER)) == OWNERS_MAY
    assert nobody_named.decide(ask("YOU@Example.COM", effect="destroy")) == OWNERS_MAY
    assert nobody_named.decide(ask(EVE)) == NOTHING
    assert nobody_named.decide(ask("xyou@example.com")) == NOTHING
    assert nobody_named.decide(ask("")) == NOTHING
    for command in (
        "help",
        "ping",
        "whoami",
        "version",
        "why",
        "confirm",
        "leave",
        "approve",
        "deny",
        "approvals",
    ):
        assert nobody_named.decide(ask(EVE, command)) == OPEN
    assert Policy().decide(ask(OWNER)) == NOTHING


@pytest.mark.parametrize(
    ("who", "person", "applies"),
    [
        (ADA, ADA, True),
        (ADA, "ADA@EXAMPLE.COM", True),
        ("Ada@Example.com", ADA, True),
        (ADA, "xada@example.com", False),
        (ADA, "ada@example.com.evil.example", False),
        ("ops", ADA, True),
        ("ops", "bob@ops.example.com", True),
        ("ops", "bob@ops.example.com.evil.example", False),
        ("ops", EVE, False),
        ("*@example.com", EVE, True),
        ("*@example.com", "eve@sub.example.com", False),
        ("everyone", EVE, True),
        ("guests", EVE, True),
        ("e?e@example.com", EVE, True),
        ("unknown", "unknown", False),
    ],
)
def test_a_rule_is_about_a_group_an_address_a_glob_or_everyone(who: str, person: str, applies: bool) -> None:
    assert policy({"allow": who}).decide(ask(person)) == (ALLOWED if applies else NOTHING)
    denied = policy({"deny": who}, {"allow": "everyone"}).decide(ask(person))
    assert denied == (DENIED if applies else Decision(True, "access rule 2 (allow)", "A rule allows it."))


@pytest.mark.parametrize(
    ("rooms", "place", "applies"),
    [
        ("*", ROOM, True),
        ("*", DIRECT, True),
        ("*", NOWHERE, True),
        ("Ops *", ROOM, True),
        ("ops berlin", ROOM, True),
        ("OPS*", ROOM, True),
        ("Ops", ROOM, False),
        ("[prod] *", ROOM | {"room_title": "[Prod] Berlin"}, True),
        ("[prod] *", ROOM | {"room_title": "p Berlin"}, False),
        ("ops *", DIRECT | {"room_title": "Ops Berlin"}, False),
        ("ops *", NOWHERE, False),
        ("ops *", NOWHERE | {"room_title": "Ops Berlin"}, False),
        ("group", ROOM, True),
        ("group", DIRECT, False),
        ("Group", ROOM, True),
        ("direct", DIRECT, True),
        ("Direct", DIRECT, True),
        ("direct", ROOM, False),
        ("direct", ROOM | {"room_title": "direct"}, False),
        ("none", NOWHERE, True),
        ("none", ROOM | {"room_title": "none"}, False),
        ("room-1", ROOM, True),
        ("room-9", ROOM, False),
        ("room-2", DIRECT, True),
        ("room-1", ROOM | {"room_ids": ("room-7", "room-1")}, True),
        (["room-9", "ops *"], ROOM, True),
        (PROD_ID, ROOM | {"room_ids": (PROD_ID,)}, True),
        (PROD_ID, ROOM | {"room_title": PROD_ID}, False),
        ([], ROOM, False),
    ],
)
def test_a_rule_is_about_rooms_by_title_kind_or_id_and_by_the_ids_they_had(
    rooms: str | list[str], place: dict[str, Any], applies: bool
) -> None:
    assert policy({"allow": EVE, "rooms": rooms}).decide(ask(EVE, **place)) == (
        ALLOWED if applies else NOTHING
    )
    denied = policy({"deny": EVE, "rooms": rooms}, {"allow": EVE}).decide(ask(EVE, **place))
    assert denied.allowed is not applies


@pytest.mark.parametrize(
    ("commands", "command", "applies"),
    [
        ("run list", "run list", True),
        ("Run List", "run list", True),
        ("run *", "run list", True),
        ("run*", "run list", True),
        ("run", "run list", False),
        ("run *", "runner up", False),
        ("run l[io][sg]*", "run list", False),
        ("run ?ist", "run list", True),
        (["audit", "run s*"], "run list", False),
        ("*", "audit", True),
    ],
)
def test_a_rule_is_about_commands_by_globs(commands: str | list[str], command: str, applies: bool) -> None:
    assert policy({"allow": EVE, "commands": commands}).decide(ask(EVE, command)).allowed is applies
    assert policy({"deny": OWNER, "commands": commands}).decide(ask(OWNER, command)).allowed is not applies


def test_a_rule_is_about_effects() -> None:
    reading = policy({"allow": EVE, "effects": "read"})
    assert reading.decide(ask(EVE, effect="read")).allowed
    assert not reading.decide(ask(EVE, effect="change")).allowed
    assert not reading.decide(ask(EVE, effect="destroy")).allowed
    careful = policy({"deny": "everyone", "effects": ["destroy"]}, {"allow": "everyone"})
    assert careful.decide(ask(EVE, effect="change")).allowed
    assert not careful.decide(ask(OWNER, effect="destroy")).allowed


@pytest.mark.parametrize(
    ("globs", "given", "allowed", "denied"),
    [
        ({"job": "api*"}, {"job": ("api-tests",)}, True, True),
        ({"job": "api*"}, {"job": ("API-tests",)}, True, True),
        ({"job": "api*"}, {"job": ("web",)}, False, False),
        ({"job": "api*"}, {"job": ()}, False, False),
        ({"job": "api*"}, {}, False, False),
        ({"job": "*"}, {"other": ("x",)}, False, False),
        ({"job": ["api", "web"]}, {"job": ("web",)}, True, True),
        ({"hosts": "leaf*"}, {"hosts": ("leaf1", "leaf2")}, True, True),
        ({"hosts": "leaf*"}, {"hosts": ("leaf1", "spine1")}, False, True),
        ({"hosts": "leaf*"}, {"hosts": ("spine1", "spine2")}, False, False),
        ({"job": "api", "extras": "BRANCH=main"}, {"job": ("api",), "extras": ("BRANCH=main",)}, True, True),
        ({"job": "api", "extras": "BRANCH=main"}, {"job": ("api",), "extras": ("BRANCH=x",)}, False, False),
        ({"job": "api", "extras": "BRANCH=main"}, {"job": ("api",), "extras": ()}, False, False),
        ({"extras.BRANCH": "main"}, {"extras.BRANCH": ("main",)}, True, True),
        ({"extras.branch": "main"}, {"extras.Branch": ("main",)}, True, True),
        ({"extras.BRANCH": "main"}, {"extras.BRANCH": ("main", "dev")}, False, True),
        ({"extras.BRANCH": "main"}, {"extras.BRANCH": ("main",), "extras.branch": ("dev",)}, False, True),
        ({"extras.BRANCH": "main"}, {"extras.OTHER": ("main",)}, False, False),
        ({"nodes": "1..4"}, {"nodes": ("4",)}, True, True),
        ({"nodes": ["1..4", "9"]}, {"nodes": ("4", "9")}, True, True),
        ({"nodes": "1..4"}, {"nodes": ("4", "5")}, False, True),
    ],
)
def test_an_allowed_argument_must_match_in_all_values_and_a_denied_one_in_any(
    globs: dict[str, Any], given: dict[str, tuple[str, ...]], allowed: bool, denied: bool
) -> None:
    question = ask(EVE, "jenkins build", arguments=given)
    assert policy({"allow": EVE, "arguments": globs}).decide(question).allowed is allowed
    assert policy({"deny": EVE, "arguments": globs}, {"allow": EVE}).decide(question).allowed is not denied


@pytest.mark.parametrize(
    ("written", "within", "without"),
    [
        ("1..4", ["1", "4", "2.5", "04", "+4", "4.0", "4e0", " 4 "], ["0", "5", "4.01", "-1", "four", "", "4 nodes"]),
        ("..10", ["10", "-1000", "0"], ["11", "10.5", "nan", "-inf", "ten"]),
        ("4..", ["4", "1e9", "99999999999999999999"], ["3", "3.999", "inf", "Infinity"]),
        ("-0.5..0.5", ["-0.5", "0", ".5"], ["-0.51", "0.51"]),
        ("3..3", ["3", "3.0"], ["2", "4"]),
        ("../*", ["../x"], ["1", "..", "x"]),
        ("1?.4", ["1..4", "1a.4"], ["2"]),
    ],
)  # fmt: skip
def test_a_range_holds_its_ends_and_what_lies_between_and_nothing_that_is_no_number(
    written: str, within: list[str], without: list[str]
) -> None:
    rules = policy({"allow": EVE, "arguments": {"nodes": written}})
    allowed = {
        value
        for value in (*within, *without)
        if rules.decide(ask(EVE, "stack plan", arguments={"nodes": (value,)})).allowed
    }
    assert allowed == set(within)


def test_globs_that_match_no_command_are_found() -> None:
    file = ConfigFile(
        access=(
            AccessRule(allow=("everyone",), commands=("run *", "Jenkins *", "*")),
            AccessRule(deny=("everyone",), commands=("jenkins biuld", "JENKINS build")),
        ),
        approvals=(ApprovalRule.model_validate({"of": "owners", "commands": ["stack *", "audit"]}),),
        limits=(
            LimitRule.model_validate({"rate": "3/m"}),
            LimitRule.model_validate({"rate": "3/m", "commands": "x"}),
        ),
    )
    grant = Rule("grant 7 (allow)", AccessRule(allow=("everyone",), commands=("gone",)))
    rules = Policy.of_file(file)
    rules = replace(rules, rules=(*rules.rules, grant))
    assert rules.unknown_commands(["run list", "audit", "jenkins build"]) == (
        ("access rule 2 (deny)", "jenkins biuld"),
        ("grant 7 (allow)", "gone"),
        ("approval rule 1", "stack *"),
        ("limit rule 2", "x"),
    )


def test_policies_are_equal_by_what_they_say() -> None:
    assert policy({"allow": EVE}) == policy({"allow": EVE})
    assert policy({"allow": EVE}) != policy({"allow": ADA})
    assert replace(policy({"allow": EVE}), rules=()) == policy()


def test_each_rule_wants_its_own_values_of_an_argument() -> None:
    rules = policy(
        {"allow": EVE, "arguments": {"job": "api*", "branch": "main"}},
        {"allow": EVE, "arguments": {"job": "web*"}},
        {"allow": EVE, "arguments": {"branch": "test"}},
    )
    ways = {
        ("api", "main"): "access rule 1 (allow)",
        ("web", "main"): "access rule 2 (allow)",
        ("api", "test"): "access rule 3 (allow)",
        ("api", "other"): "nothing allows it",
        ("db", "main"): "nothing allows it",
    }
    for (job, branch), rule in ways.items():
        asked = ask(EVE, "jenkins build", arguments={"job": (job,), "branch": (branch,)})
        assert rules.decide(asked).rule == rule


def test_a_deny_wins_over_the_owner_and_over_what_is_open_wherever_it_stands() -> None:
    late = policy(
        {"allow": "everyone"}, {"deny": "everyone", "rooms": "Ops *", "reason": "Not in this room."}
    )
    refused = Decision(False, "access rule 2 (deny)", "Not in this room.")
    assert late.decide(ask(OWNER, **ROOM)) == refused
    assert late.decide(ask(EVE, "ping", **ROOM)) == refused
    assert late.decide(ask(EVE, "ping", **DIRECT)).allowed


def test_the_first_rule_that_allows_gives_the_reason() -> None:
    rules = policy(
        {"allow": ADA, "commands": "audit"},
        {"allow": "ops", "reason": "Operators may."},
        {"allow": "everyone"},
    )
    assert rules.decide(ask(ADA)) == Decision(True, "access rule 2 (allow)", "Operators may.")
    assert rules.decide(ask(EVE)) == Decision(True, "access rule 3 (allow)", "A rule allows it.")


def test_whether_a_command_may_be_run_with_some_arguments_at_least() -> None:
    rules = policy(
        {"allow": EVE, "commands": "jenkins build", "arguments": {"job": "api*"}},
        {"deny": EVE, "commands": "jenkins build", "arguments": {"job": "api-prod"}},
        {"deny": EVE, "commands": "jenkins stop"},
        {"allow": EVE, "commands": "jenkins stop"},
    )
    assert rules.decide(ask(EVE, "jenkins build"), any_arguments=True).allowed
    assert rules.decide(
        ask(EVE, "jenkins build", arguments={"job": ("api-prod",)}), any_arguments=True
    ).allowed
    assert rules.decide(ask(EVE, "jenkins build", arguments={"job": ("api",)})).allowed
    assert not rules.decide(ask(EVE, "jenkins build", arguments={"job": ("api-prod",)})).allowed
    assert not rules.decide(ask(EVE, "jenkins build", arguments={"job": ("web",)})).allowed
    assert not rules.decide(ask(EVE, "jenkins stop"), any_arguments=True).allowed
    assert not rules.decide(ask(EVE, "jenkins jobs"), any_arguments=True).allowed


def test_the_groups_of_a_person() -> None:
    assert policy().groups_of("Bob@OPS.example.com") == ("ops", "guests")
    assert policy().groups_of(EVE) == ("guests",)
    assert Policy().groups_of(EVE) == ()
