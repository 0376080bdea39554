"""Who may run what, where: denied unless allowed, and a deny always wins."""

from __future__ import annotations

from typing import Any

import pytest

from bot.access.policy import Decision, Policy, Question
from bot.settings import AccessRule

OWNER, ADA, EVE = "you@example.com", "ada@example.com", "eve@example.com"
GROUPS = {"ops": (ADA, "*@ops.example.com"), "guests": ("*",)}

ROOM = {"room_ids": ("room-1",), "room_title": "Ops Berlin", "room_type": "group"}
DIRECT = {"room_ids": ("room-2",), "room_type": "direct"}
NOWHERE: dict[str, Any] = {}

OWNERS_MAY = Decision(True, "owner", "Owners may run everything.")
OPEN = Decision(True, "open to all", "This command is open to everyone.")
NOTHING = Decision(False, "nothing allows it", "No rule allows it, and what is not allowed is denied.")
ALLOWED = Decision(True, "access rule 1 (allow)", "A rule allows it.")
DENIED = Decision(False, "access rule 1 (deny)", "A rule denies it.")


def policy(*rules: dict[str, Any]) -> Policy:
    return Policy(
        owners=frozenset({OWNER}),
        groups=GROUPS,
        rules=tuple(AccessRule.model_validate(rule) for rule in rules),
    )


def ask(person: str, command: str = "run list", **more: Any) -> Question:
    return Question(**{"person": person, "command": command, "effect": "read", **more})


def test_without_rules_only_owners_are_let_in_and_the_open_commands_are_everybodys() -> None:
    nobody_named = policy()
    assert nobody_named.decide(ask(OWNER)) == OWNERS_MAY
    assert nobody_named.decide(ask("YOU@Example.COM", effect="destroy")) == OWNERS_MAY
    assert nobody_named.decide(ask(EVE)) == NOTHING
    assert nobody_named.decide(ask("xyou@example.com")) == NOTHING
    assert nobody_named.decide(ask("")) == NOTHING
    for command in ("help", "ping", "whoami", "version", "confirm", "leave"):
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
    ],
)
def test_an_allowed_argument_must_match_in_all_values_and_a_denied_one_in_any(
    globs: dict[str, Any], given: dict[str, tuple[str, ...]], allowed: bool, denied: bool
) -> None:
    question = ask(EVE, "jenkins build", arguments=given)
    assert policy({"allow": EVE, "arguments": globs}).decide(question).allowed is allowed
    assert policy({"deny": EVE, "arguments": globs}, {"allow": EVE}).decide(question).allowed is not denied


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
