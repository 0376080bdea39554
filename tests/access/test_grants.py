"""Rules given in chat: stored, ended, and read back; what can no longer be read lets nobody in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from bot.access import grants
from bot.access.grants import NoSuchGrant
from bot.access.policy import Policy, Question, Rule
from bot.access.relations import NoRelations
from bot.config_file import AccessRule
from bot.store.database import Database
from bot.store.models import Grant

OWNER, ADA, EVE = "you@example.com", "ada@example.com", "eve@example.com"
GROUPS: dict[str, tuple[str, ...]] = {"bakers": (ADA,), "guards": (EVE,)}


def rule(**said: Any) -> AccessRule:
    return AccessRule.model_validate(said)


def give(database: Database, by: str = OWNER, lasts: timedelta | None = None, **said: Any) -> int:
    with database.transaction() as session:
        return grants.give(session, rule(**said), by=by, lasts=lasts)


def store(database: Database, stored: dict[str, Any]) -> int:
    """A row as another version, or another file, has left it."""
    with database.transaction() as session:
        grant = Grant(rule=stored, granted_by=OWNER)
        session.add(grant)
        session.flush()
        return grant.id


def in_force(database: Database, groups: dict[str, tuple[str, ...]] = GROUPS) -> tuple[grants.Given, ...]:
    with database.transaction() as session:
        return grants.in_force(session, groups)


def test_a_rule_comes_back_as_it_was_given(database: Database) -> None:
    said: dict[str, Any] = {
        "allow": "bakers",
        "rooms": ["Ops *", "direct"],
        "commands": ["bread *", "oven timer"],
        "effects": ["read", "change"],
        "arguments": {"kind": ["rye", "wh*"], "last": "1..4"},
        "reason": "A trial.",
    }
    give(database, by="YOU@example.com", **said)
    (found,) = in_force(database)
    assert found.rule == Rule("grant 1 (allow)", rule(**said))
    assert (found.number, found.by, found.fault, found.denies, found.ended) == (1, OWNER, "", False, False)
    assert (found.until, found.revoked_by, found.revoked_at) == (None, None, None)
    assert abs(found.at - datetime.now(UTC)) < timedelta(minutes=5)


def test_grants_are_in_force_in_the_order_given_until_revoked_or_over(database: Database) -> None:
    give(database, allow=ADA)
    give(database, deny=EVE)
    give(database, allow=EVE, lasts=timedelta(hours=8))
    assert [each.name for each in in_force(database)] == [
        "grant 1 (allow)",
        "grant 2 (deny)",
        "grant 3 (allow)",
    ]
    until = in_force(database)[2].until
    assert until is not None
    assert abs(until - datetime.now(UTC) - timedelta(hours=8)) < timedelta(minutes=5)
    assert in_force(database)[2].rule == Rule("grant 3 (allow)", rule(allow=EVE), until)

    with database.transaction() as session:
        grants.revoke(session, 2, by="ADA@example.com")
        session.execute(text("UPDATE grants SET expires_at = now() WHERE id = 3"))
    assert [each.number for each in in_force(database)] == [1]
    with database.transaction() as session:
        every = grants.listed(session, GROUPS, last=10)
        latest = grants.listed(session, GROUPS, last=2)
    assert [(each.number, each.ended, each.revoked_by) for each in every] == [
        (1, False, None),
        (2, True, ADA),
        (3, True, None),
    ]
    assert [each.number for each in latest] == [2, 3]


def test_a_rollback_leaves_nothing(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.transaction() as session:
        grants.give(session, rule(allow=ADA), by=OWNER)
        _ = 1 / 0
    assert in_force(database) == ()


def test_what_is_not_there_or_has_ended_cannot_be_revoked(database: Database) -> None:
    give(database, allow=ADA)
    give(database, allow=ADA, lasts=timedelta(hours=1))
    with database.transaction() as session:
        grants.revoke(session, 1, by=OWNER)
        session.execute(text("UPDATE grants SET expires_at = now() - interval '1 second' WHERE id = 2"))
    for number, says in (
        (1, "Grant 1 was revoked before, by you@example.com."),
        (2, "Grant 2 is over: its time has run out."),
        (3, "There is no grant 3. `access list` shows those in force."),
    ):
        with pytest.raises(NoSuchGrant) as error, database.transaction() as session:
            grants.revoke(session, number, by=EVE)
        assert str(error.value) == says
    with database.transaction() as session:
        first = grants.find(session, 1, GROUPS)
        assert first is not None
        assert first.revoked_by == OWNER
        assert grants.find(session, 3, GROUPS) is None


def test_an_allow_of_a_group_that_is_gone_is_left_out(database: Database) -> None:
    give(database, allow="bakers")
    give(database, allow=["bakers", EVE])
    both = in_force(database, {"guards": (EVE,)})
    assert [(each.rule, each.fault) for each in both] == [(None, "there is no group 'bakers' any more")] * 2
    assert all(each.rule is not None and not each.fault for each in in_force(database))


def test_a_denial_of_a_group_that_is_gone_stays_for_whom_it_can_still_name(database: Database) -> None:
    give(database, deny=["bakers", EVE, "guards", "moderators"], commands="bread *")
    give(database, deny="bakers")
    first, second = in_force(database, {"guards": ()})
    assert first.rule == Rule("grant 1 (deny)", rule(deny=[EVE, "guards", "moderators"], commands="bread *"))
    assert first.fault == "there is no group 'bakers' any more"
    assert (second.rule, second.denies) == (None, True)


@pytest.mark.parametrize(
    "unreadable",
    [
        {"rooms": ["Ops *"], "weekdays": ["Monday"]},
        {"effects": ["read", "destroy", "annoy"]},
        {"arguments": "kind=rye"},
    ],
)
def test_a_row_this_version_cannot_read_lets_nobody_in_and_keeps_out_whom_it_names(
    database: Database, unreadable: dict[str, Any]
) -> None:
    store(database, {"allow": [ADA], **unreadable})
    store(database, {"deny": ["everyone", ADA, "*@mill.example"], **unreadable})
    store(database, {"deny": ["everyone"], **unreadable})
    allow, deny, everyone = in_force(database)
    assert (allow.rule, everyone.rule) == (None, None)
    assert deny.rule == Rule("grant 2 (deny)", rule(deny=[ADA, "*@mill.example"]))
    assert all(each.fault for each in (allow, deny, everyone))


def test_a_rules_name_tells_the_number_of_its_grant() -> None:
    assert grants.number_of("grant 12 (allow)") == 12
    assert grants.number_of("grant 7 (deny)") == 7
    for name in ("access rule 1 (allow)", "owner", "grant", "grant x (allow)", "my grant 7 (deny)"):
        assert grants.number_of(name) is None


@pytest.mark.parametrize(
    ("said", "revocable"),
    [
        ({"deny": "everyone"}, False),
        ({"deny": "owners", "commands": "access *"}, False),
        ({"deny": "*@example.com", "commands": "* revoke"}, False),
        ({"deny": "everyone", "arguments": {"number": "5"}}, False),
        ({"deny": "everyone", "rooms": ["direct", "group", "none"]}, False),
        ({"deny": "team:night"}, False),
        ({"deny": "everyone", "arguments": {"number": "6"}}, True),
        ({"deny": "everyone", "effects": ["read", "destroy"]}, True),
        ({"deny": "everyone", "rooms": ["direct", "group"]}, True),
        ({"deny": "everyone", "rooms": ["direct", "none", "Ops *"]}, True),
        ({"deny": "everyone", "commands": "bread *"}, True),
        ({"deny": OWNER}, True),
    ],
)
def test_whether_an_owner_is_left_who_may_revoke_it(said: dict[str, Any], revocable: bool) -> None:
    policy = Policy(
        owners=frozenset({OWNER, "second@example.com"}), rules=(Rule("grant 5 (deny)", rule(**said)),)
    )
    assert grants.is_revocable(policy, 5, NoRelations()) is revocable


def test_without_owners_nothing_is_revocable() -> None:
    assert not grants.is_revocable(Policy(), 5, NoRelations())


def test_a_grant_ends_by_the_clock_alone(database: Database) -> None:
    give(database, allow=ADA, lasts=timedelta(hours=1))
    (found,) = in_force(database)
    assert found.rule is not None
    over = Rule(found.rule.name, found.rule.says, datetime.now(UTC) - timedelta(seconds=1))
    question = Question(person=ADA, command="bread list", effect="read")
    assert Policy(rules=(found.rule,)).decide(question).allowed
    assert not Policy(rules=(over,)).decide(question).allowed
