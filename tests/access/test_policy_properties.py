"""What holds for every policy and every question."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from bot.access.policy import OPEN_COMMANDS, Policy, Question
from bot.settings import AccessRule

PEOPLE = st.sampled_from(["you@example.com", "ada@example.com", "Eve@other.example"])
TITLES = st.sampled_from(["Ops", "ops berlin", "direct", "none", "group", ""])
COMMANDS = st.sampled_from(["help", "confirm", "run list", "run cancel", "jenkins build"])
EFFECTS = st.sampled_from(["read", "change", "destroy"])
VALUES = st.sampled_from(["api", "API-prod", "web"])
WHO = st.sampled_from(["ops", "everyone", "*@example.com", "ada@example.com", "eve@OTHER.example"])
ROOMS = st.sampled_from(["*", "ops*", "direct", "group", "none", "room-1", "room-2"])
GLOBS = st.sampled_from(["*", "run *", "jenkins build", "help"])
ARGUMENTS = st.dictionaries(st.sampled_from(["job", "number"]), st.lists(VALUES, max_size=2).map(tuple))
ARGUMENT_GLOBS = st.dictionaries(
    st.sampled_from(["job", "number"]),
    st.lists(st.sampled_from(["api*", "web", "*"]), min_size=1, max_size=2),
)

PLACES = st.one_of(
    st.just({"room_ids": (), "room_title": "", "room_type": "none"}),
    st.fixed_dictionaries(
        {
            "room_ids": st.sampled_from([("room-1",), ("room-2", "room-1")]),
            "room_title": TITLES,
            "room_type": st.sampled_from(["group", "direct"]),
        }
    ),
)


@st.composite
def rules(draw: st.DrawFn, kind: str | None = None) -> AccessRule:
    """A rule that allows or denies."""
    return AccessRule.model_validate(
        {
            kind or draw(st.sampled_from(["allow", "deny"])): draw(st.lists(WHO, min_size=1, max_size=2)),
            "rooms": draw(st.lists(ROOMS, min_size=1, max_size=2)),
            "commands": draw(st.lists(GLOBS, min_size=1, max_size=2)),
            "effects": draw(st.lists(EFFECTS, min_size=1, max_size=3, unique=True)),
            "arguments": draw(st.just({}) | ARGUMENT_GLOBS),
        }
    )


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Up to five rules, perhaps an owner, and a group."""
    owners = draw(st.sampled_from([frozenset(), frozenset({"you@example.com"})]))
    groups = {"ops": draw(st.sampled_from([(), ("ada@example.com",), ("*@example.com",)]))}
    return Policy(owners, groups, tuple(draw(st.lists(rules(), max_size=5))))


@st.composite
def questions(draw: st.DrawFn) -> Question:
    """Anybody asking for anything anywhere."""
    return Question(
        person=draw(PEOPLE),
        command=draw(COMMANDS),
        effect=draw(EFFECTS),
        arguments=draw(ARGUMENTS),
        **draw(PLACES),
    )


def with_rule(policy: Policy, rule: AccessRule, at: int) -> Policy:
    at %= len(policy.rules) + 1
    return replace(policy, rules=(*policy.rules[:at], rule, *policy.rules[at:]))


@given(policies(), questions())
def test_what_nothing_allows_is_denied(policy: Policy, question: Question) -> None:
    without_allows = replace(
        policy, owners=frozenset(), rules=tuple(rule for rule in policy.rules if rule.deny)
    )
    if question.command not in OPEN_COMMANDS:
        assert not without_allows.decide(question).allowed


@given(policies(), questions(), rules("deny"), st.integers(0))
def test_a_further_deny_never_lets_anybody_in(
    policy: Policy, question: Question, deny: AccessRule, at: int
) -> None:
    if with_rule(policy, deny, at).decide(question).allowed:
        assert policy.decide(question).allowed


@given(policies(), questions(), rules("allow"), st.integers(0))
def test_a_further_allow_never_shuts_anybody_out(
    policy: Policy, question: Question, allow: AccessRule, at: int
) -> None:
    if policy.decide(question).allowed:
        assert with_rule(policy, allow, at).decide(question).allowed


@given(policies(), questions(), st.integers(0))
def test_a_deny_of_everyone_wins_wherever_it_stands(policy: Policy, question: Question, at: int) -> None:
    everyone = AccessRule.model_validate({"deny": "everyone"})
    assert not with_rule(policy, everyone, at).decide(question).allowed


@given(policies(), questions(), st.randoms())
def test_the_order_of_rules_decides_nothing_but_the_reason(
    policy: Policy, question: Question, random: Random
) -> None:
    shuffled = list(policy.rules)
    random.shuffle(shuffled)
    assert replace(policy, rules=tuple(shuffled)).decide(question).allowed is policy.decide(question).allowed


@given(policies(), questions())
def test_capitals_decide_nothing(policy: Policy, question: Question) -> None:
    swapped = replace(
        question,
        person=question.person.swapcase(),
        command=question.command.swapcase() if question.command not in OPEN_COMMANDS else question.command,
        room_title=question.room_title.swapcase(),
        arguments={
            name: tuple(value.swapcase() for value in values) for name, values in question.arguments.items()
        },
    )
    assert policy.decide(swapped) == policy.decide(question)


@given(policies(), questions())
def test_the_rule_that_is_named_decides_alone(policy: Policy, question: Question) -> None:
    decision = policy.decide(question)
    if decision.rule.startswith("access rule "):
        rule = policy.rules[int(decision.rule.split()[2]) - 1]
        alone = Policy(groups=policy.groups, rules=(rule,)).decide(question)
        assert alone.allowed is decision.allowed


@given(policies(), questions())
def test_what_the_gate_lets_pass_is_shown_in_help(policy: Policy, question: Question) -> None:
    shown = policy.decide(replace(question, arguments={}), any_arguments=True).allowed
    if policy.decide(question).allowed:
        assert shown
    if not any(rule.arguments for rule in policy.rules):
        assert shown is policy.decide(question).allowed


@given(policies(), questions())
def test_a_migrated_room_keeps_the_rights_of_its_former_ids(policy: Policy, question: Question) -> None:
    migrated = replace(question, room_ids=("room-new", *question.room_ids))
    if question.room_ids:
        assert policy.decide(migrated) == policy.decide(question)


@given(policies(), questions(), TITLES)
def test_a_direct_rooms_title_decides_nothing(policy: Policy, question: Question, title: str) -> None:
    if question.room_type != "group":
        assert policy.decide(replace(question, room_title=title)) == policy.decide(question)
