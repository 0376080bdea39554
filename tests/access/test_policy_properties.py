"""What holds for every policy and every question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.access.policy import OPEN_COMMANDS, Policy, Question, Rule
from bot.config_file import AccessRule, ApprovalRule, LimitRule
from tests.access import naive_policy
from tests.access.questions import named

ADDRESSES = ["you@example.com", "ada@example.com", "ada@home.example", "Eve@other.example", "robo@webex.bot"]
PEOPLE = st.sampled_from(ADDRESSES)
TITLES = st.sampled_from(["Ops", "ops berlin", "direct", "none", "group", "[prod] x", ""])
COMMANDS = st.sampled_from(["help", "confirm", "run list", "run cancel", "jenkins build"])
EFFECTS = st.sampled_from(["read", "change", "destroy"])
VALUES = st.sampled_from(["api", "API-prod", "web", "3", "4.5", "-1", "1e1", ""])
WHO = st.sampled_from(
    ["ops", "everyone", "owners", "moderators", "team:Release", "*@example.com", "ada@example.com",
     "eve@OTHER.example", "*@webex.bot"]
)  # fmt: skip
ROOMS = st.sampled_from(["*", "ops*", "[prod]*", "direct", "group", "none", "room-1", "room-2"])
GLOBS = st.sampled_from(["*", "run *", "r?n list", "jenkins build", "help"])
NAMES = st.sampled_from(["job", "extras.NODES", "extras.nodes"])
ARGUMENTS = st.dictionaries(NAMES, st.lists(VALUES, max_size=2).map(tuple))
PATTERNS = st.sampled_from(["api*", "web", "*", "3", "1..4", "..-1", "4.5..", "-2..9.5"])
ARGUMENT_GLOBS = st.dictionaries(
    st.sampled_from(["job", "Extras.Nodes"]), st.lists(PATTERNS, min_size=1, max_size=2)
)
NOW = datetime.now(UTC)
TIMES = st.sampled_from([None, None, NOW + timedelta(days=1), NOW - timedelta(days=1)])

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


@dataclass(frozen=True)
class Webex:
    """What is known of each address: nothing of those that are not listed."""

    moderators: Mapping[str, bool]
    team: Mapping[str, bool]

    def is_member(self, person: str, room_id: str) -> bool | None:
        return None

    def moderates(self, person: str, room_id: str) -> bool | None:
        return self.moderators.get(person)

    def in_team(self, person: str, team: str) -> bool | None:
        return self.team.get(person)


KNOWN = st.dictionaries(st.sampled_from([each.casefold() for each in ADDRESSES]), st.booleans())


@st.composite
def places(draw: st.DrawFn) -> dict[str, object]:
    """What any rule narrows itself by."""
    return {
        "rooms": draw(st.lists(ROOMS, min_size=1, max_size=2)),
        "commands": draw(st.lists(GLOBS, min_size=1, max_size=2)),
        "effects": draw(st.lists(EFFECTS, min_size=1, max_size=3, unique=True)),
        "arguments": draw(st.just({}) | ARGUMENT_GLOBS),
    }


@st.composite
def rules(draw: st.DrawFn, kind: str | None = None) -> AccessRule:
    """A rule that allows or denies."""
    kind = kind or draw(st.sampled_from(["allow", "deny"]))
    return AccessRule.model_validate({kind: draw(st.lists(WHO, min_size=1, max_size=2)), **draw(places())})


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Up to five rules, some of them over; perhaps an owner, a bot and a person of two addresses; and a group."""
    drawn = draw(st.lists(st.tuples(rules(), TIMES), max_size=5))
    who = st.lists(WHO, min_size=1, max_size=2)
    return Policy(
        owners=draw(st.sampled_from([frozenset(), frozenset({"you@example.com"})])),
        groups={"ops": draw(st.sampled_from([(), ("ada@example.com",), ("*@example.com",)]))},
        people=draw(st.sampled_from([{}, {"Ada": ("ada@example.com", "Ada@Home.example")}])),
        rules=named(*(rule for rule, _ in drawn), until=tuple(until for _, until in drawn)),
        approvals=tuple(
            ApprovalRule.model_validate({"for": draw(who), "of": ["owners"], **draw(places())})
            for _ in range(draw(st.integers(0, 2)))
        ),
        limits=tuple(
            LimitRule.model_validate({"for": draw(who), "rate": "3/m", **draw(places())})
            for _ in range(draw(st.integers(0, 2)))
        ),
        allowed_bots=draw(st.sampled_from([frozenset(), frozenset({"robo@webex.bot"})])),
    )


@st.composite
def questions(draw: st.DrawFn) -> Question:
    """Anybody asking for anything anywhere."""
    return Question(
        person=draw(PEOPLE),
        command=draw(COMMANDS),
        effect=draw(EFFECTS),
        arguments=draw(ARGUMENTS),
        relations=Webex(draw(KNOWN), draw(KNOWN)),
        **draw(PLACES),
    )


@settings(max_examples=500)
@given(policies(), questions(), st.booleans())
def test_what_is_made_ready_decides_as_the_rules_read_one_by_one(
    policy: Policy, question: Question, any_arguments: bool
) -> None:
    naive = naive_policy.decide(policy, question, any_arguments=any_arguments)
    assert policy.decide(question, any_arguments=any_arguments) == naive
    assert policy.approvals_for(question) == naive_policy.approvals_for(policy, question)
    assert policy.limits_for(question) == naive_policy.limits_for(policy, question)


@given(policies(), questions())
def test_a_policy_that_has_decided_before_decides_the_same(policy: Policy, question: Question) -> None:
    first = policy.decide(question)
    policy.decide(replace(question, person="you@example.com", room_title="elsewhere"))
    assert policy.decide(question) == first == replace(policy).decide(question)


@given(policies(), questions())
def test_what_webex_cannot_say_lets_nobody_in(policy: Policy, question: Question) -> None:
    """Whoever is let in while Webex cannot be asked is let in whatever it would have said."""
    silent = replace(question, relations=Webex({}, {}))
    everybody = dict.fromkeys((each.casefold() for each in ADDRESSES), True)
    nobody = dict.fromkeys(everybody, False)
    if policy.decide(silent).allowed:
        for moderators in (everybody, nobody):
            for team in (everybody, nobody):
                asked = replace(question, relations=Webex(moderators, team))
                assert policy.decide(asked).allowed
                assert all(each in policy.approvals_for(silent) for each in policy.approvals_for(asked))


@given(policies(), questions(), rules())
def test_a_rule_whose_time_is_over_decides_nothing(
    policy: Policy, question: Question, rule: AccessRule
) -> None:
    over = Rule("grant 7", rule, NOW - timedelta(seconds=1))
    assert replace(policy, rules=(over, *policy.rules)).decide(question) == policy.decide(question)


@given(policies(), questions())
def test_a_bot_that_is_not_listed_is_never_let_in(policy: Policy, question: Question) -> None:
    bot = replace(question, person="Another@webex.bot")
    assert policy.decide(bot).rule == "bots"
    assert not policy.decide(bot, any_arguments=True).allowed


@given(policies(), questions())
def test_a_second_address_lifts_no_deny(policy: Policy, question: Question) -> None:
    """Where a person is denied under one address, another of theirs is denied as well."""
    pair = ("ada@example.com", "ada@home.example")
    known = replace(policy, people={"Ada": pair}, owners=frozenset())
    first, second = (known.decide(replace(question, person=each)) for each in pair)
    if "(deny)" in first.rule or "(deny)" in second.rule:
        assert first == second


@given(policies(), questions(), VALUES)
def test_a_doubled_value_is_never_better_than_the_worse_of_both(
    policy: Policy, question: Question, value: str
) -> None:
    """A key given twice: an allow needs all of its values, a deny is met by any."""
    once = replace(question, arguments={"job": (value,)})
    twice = replace(question, arguments={"job": (value, "web")})
    if policy.decide(twice).allowed:
        assert policy.decide(once).allowed


def with_rule(policy: Policy, rule: AccessRule, at: int) -> Policy:
    at %= len(policy.rules) + 1
    more = Rule("one more", rule)
    return replace(policy, rules=(*policy.rules[:at], more, *policy.rules[at:]))


@given(policies(), questions())
def test_what_nothing_allows_is_denied(policy: Policy, question: Question) -> None:
    without_allows = replace(
        policy, owners=frozenset(), rules=tuple(rule for rule in policy.rules if rule.says.deny)
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
        alone = replace(policy, rules=(rule,)).decide(question)
        assert alone.allowed is decision.allowed


@given(policies(), questions())
def test_what_the_gate_lets_pass_is_shown_in_help(policy: Policy, question: Question) -> None:
    shown = policy.decide(replace(question, arguments={}), any_arguments=True).allowed
    if policy.decide(question).allowed:
        assert shown
    if not any(rule.says.arguments for rule in policy.rules):
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
