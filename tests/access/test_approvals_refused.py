"""What others agreed to is refused where it must be, and everybody is told why, in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.access import approvals
from bot.commands.model import Reply
from bot.store.database import Database
from tests.access.asking_others import (
    ADA,
    ADA_AT_HOME,
    BOB,
    CAROL,
    EVE,
    LINE,
    OF_OPS,
    House,
    approved,
    house_rules,
    open_house,
)
from tests.commands.bakery import SECRET
from tests.talking import DIRECT, OWNER, confirmation_code

SUBJECT = f"`{LINE}` for **ada@example.com**"
UNDECIDED = "You are not one of those who may decide {code}. `approvals` shows what waits for you."


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    """One of ops must agree to whatever changes bread."""
    return open_house(database, tmp_path, house_rules(OF_OPS))


@pytest.mark.parametrize("answer", ["approve", "deny"])
def test_an_answer_after_its_time(house: House, answer: str) -> None:
    code = house.ask(parent_id="root")
    house.time_goes_by(code, "61 minutes")
    assert house.say(BOB, f"{answer} {code}") == (
        f"⚠️ {code} came too late: not enough agreed in time, and nothing was done. "
        "ada@example.com can say the command again."
    )
    assert house.told_since(1) == [
        (
            "room-1",
            "root",
            f"⌛ {SUBJECT} is off: nobody agreed within 1 h. Say it again to ask anew. <@personEmail:ada@example.com>",
        )
    ]
    assert house.carry_out() == []


def test_expired_with_too_few(database: Database, tmp_path: Path) -> None:
    house = open_house(database, tmp_path, house_rules({**OF_OPS, "count": 2}))
    code = house.ask()
    house.say(BOB, f"approve {code}")
    house.time_goes_by(code, "61 minutes")
    assert house.say(CAROL, f"approve {code}").startswith(f"⚠️ {code} came too late: ")
    assert house.told()[-1][2].startswith(f"⌛ {SUBJECT} is off: only bob@example.com agreed within 1 h. ")


@pytest.mark.parametrize("person", [ADA, ADA.upper(), ADA_AT_HOME])
@pytest.mark.parametrize("answer", ["approve", "deny"])
def test_an_answer_by_whoever_asked_under_whichever_address(
    database: Database, tmp_path: Path, person: str, answer: str
) -> None:
    groups = {"ops": [ADA, ADA_AT_HOME, BOB]}
    house = open_house(database, tmp_path, house_rules(OF_OPS, groups=groups))
    code = house.ask()
    assert house.say(person, f"{answer} {code}") == (
        f"⚠️ {code} is your own request, made as ada@example.com: somebody else must decide. "
        f"`leave {code}` takes it back."
    )
    assert house.row(code).state == "open"


def test_asked_under_the_second_address_it_is_still_ones_own(database: Database, tmp_path: Path) -> None:
    house = open_house(database, tmp_path, house_rules(OF_OPS, groups={"ops": [ADA, BOB]}))
    code = house.ask(person=ADA_AT_HOME)
    assert house.say(ADA, f"approve {code}").startswith(
        f"⚠️ {code} is your own request, made as ada@example.org: "
    )


@pytest.mark.parametrize("answer", ["approve", "deny"])
def test_an_answer_by_somebody_who_was_not_asked(house: House, answer: str) -> None:
    code = house.ask()
    for person in (EVE, OWNER):
        assert house.say(person, f"{answer} {code}") == f"⚠️ {UNDECIDED.format(code=code)}"
    assert house.carry_out() == []


def test_an_answer_by_somebody_thrown_out_of_the_group_before_the_click(house: House) -> None:
    code = house.ask()
    house.now_rules(house_rules(OF_OPS, groups={"ops": [BOB]}))
    assert house.press(CAROL, "Approve") == f"⚠️ {UNDECIDED.format(code=code)}"
    assert house.press(BOB, "Approve").startswith("✅")


def test_an_approver_who_may_not_approve_where_they_are(house: House) -> None:
    code = house.ask()
    deny = {
        "deny": BOB,
        "commands": "approve",
        "rooms": "direct",
        "reason": "Approve before everybody's eyes.",
    }
    house.now_rules(house_rules(OF_OPS, access=[{"allow": "everyone"}, deny]))
    assert house.say(BOB, f"approve {code}", place=DIRECT).startswith(
        "⛔ You may not run `approve` here. Approve before everybody's eyes. "
    )
    assert house.say(BOB, f"approve {code}").startswith("✅")


def test_an_approver_who_has_left_the_room_they_click_in(house: House) -> None:
    house.ask()
    house.relations.outside.add((BOB, "room-1"))
    assert house.press(BOB, "Approve").startswith(
        "⛔ You may not run `approve` here. bob@example.com is not in that room. "
    )
    assert house.press(BOB, "Approve", present=True).startswith("✅")


def test_a_yes_given_by_somebody_thrown_out_before_the_last_one(database: Database, tmp_path: Path) -> None:
    house = open_house(database, tmp_path, house_rules({**OF_OPS, "count": 2}))
    code = house.ask()
    house.say(BOB, f"approve {code}")
    house.now_rules(house_rules({**OF_OPS, "count": 2}, groups={"ops": [CAROL, EVE]}))
    assert "It still needs 1 more of ops, by" in house.say(CAROL, f"approve {code}")
    assert house.say(EVE, f"approve {code}") == (
        f"✅ {SUBJECT} is approved by carol@example.com and eve@example.com, and goes ahead."
    )


def test_a_yes_given_by_somebody_thrown_out_before_it_is_carried_out(house: House) -> None:
    code = house.ask(parent_id="root")
    house.say(BOB, f"approve {code}", parent_id="root")
    house.now_rules(house_rules(OF_OPS, groups={"ops": [CAROL]}))
    [said] = house.carry_out()
    why = (
        "What was approved is not approved any more: it needs the yes of 1 of ops, since not everybody who "
        "agreed may agree now. Say it again."
    )
    assert said.replies == (Reply(f"⚠️ {why}"),)
    assert (said.decision, said.result) == ("denied", "refused")
    assert house.say(CAROL, f"approve {code}") == f"⚠️ {code} was approved, and not carried out: {why}"
    assert house.shop.done == []


def test_two_addresses_that_turn_out_to_be_one_person(database: Database, tmp_path: Path) -> None:
    rules = {**OF_OPS, "count": 2}
    house = open_house(database, tmp_path, house_rules(rules))
    code = house.ask()
    house.say(BOB, f"approve {code}")
    house.say(CAROL, f"approve {code}")
    house.now_rules(house_rules(rules, people={"bob": [BOB, CAROL]}))
    assert "it needs the yes of 1 more of ops, since" in house.carry_out()[0].replies[0].markdown
    assert house.shop.done == []


def test_an_approver_who_turns_out_to_be_whoever_asked(house: House) -> None:
    code = house.ask()
    house.say(BOB, f"approve {code}")
    house.now_rules(house_rules(OF_OPS, people={"ada": [ADA, BOB]}))
    assert "it needs the yes of 1 of ops, since" in house.carry_out()[0].replies[0].markdown
    assert house.shop.done == []


def test_an_answer_whose_time_is_up_just_before_it_is_looked_at(house: House) -> None:
    code = house.ask()
    house.time_goes_by(code, "61 minutes")
    services = house.talk.services
    policy, relations = services.policy, services.relations
    with house.database.transaction() as session:
        with pytest.raises(approvals.NotTaken, match="came too late"):
            approvals.agree(session, code, person=BOB, room_id=None, policy=policy, relations=relations)
        assert approvals.withdraw(session, code, person=ADA, policy=policy) is None


def test_a_plan_that_has_changed_is_void_and_those_asked_elsewhere_hear_of_it(
    database: Database, tmp_path: Path
) -> None:
    house = open_house(database, tmp_path, house_rules({**OF_OPS, "ask": "Release board"}))
    house.knows_room("room-7", "Release board")
    code = house.ask("bread ship Ulm", parent_id="root")
    house.say(BOB, f"approve {code}", place=DIRECT)
    house.shop.road = "the ferry"
    already = len(house.told())
    why = "What was approved is not what would run now: the plan has changed. Say it again."
    assert [said.replies for said in house.carry_out()] == [(Reply(f"⚠️ {why}"),)]
    assert house.told_since(already) == [
        (
            "room-7",
            None,
            f"⚠️ `bread ship Ulm` for **ada@example.com** was approved and is not carried out: {why}",
        )
    ]
    house.shop.road = "the bridge"
    assert [said.replies for said in [house.talk.request(approved(house.database, code))]] == [
        (Reply(f"⚠️ {why}"),)
    ]
    assert house.shop.done == []


def test_a_plan_that_has_changed_is_void_though_nobody_needs_to_agree_any_more(house: House) -> None:
    code = house.ask("bread ship Ulm")
    house.say(BOB, f"approve {code}")
    house.now_rules(house_rules())
    house.shop.road = "the ferry"
    assert "the plan has changed" in house.carry_out()[0].replies[0].markdown
    assert house.shop.done == []


def test_words_that_mean_another_thing_by_now(house: House) -> None:
    code = house.ask()
    house.say(BOB, f"approve {code}")
    with house.database.transaction() as session:
        words = '{"words": ["bread", "bake", "wheat", "Sunday", "round"]}'
        session.connection().exec_driver_sql("UPDATE approvals SET words = %s::jsonb", (words,))
    assert [said.replies[0].markdown for said in house.carry_out()] == [
        "⚠️ What was approved is not what would run now: its words stand for something else. Say it again."
    ]
    assert house.shop.done == []


def test_whoever_asked_has_lost_the_right_meanwhile(house: House) -> None:
    code = house.ask()
    house.say(BOB, f"approve {code}")
    deny = {"deny": ADA, "commands": "bread *", "reason": "Not before the audit."}
    house.now_rules(house_rules(OF_OPS, access=[{"allow": "everyone"}, deny]))
    assert [said.replies[0].markdown for said in house.carry_out()] == [
        "⛔ You may not run `bread bake` here. Not before the audit. `whoami` shows who I take you for; "
        "one of my owners can grant it."
    ]
    assert house.shop.done == []


def test_whoever_asked_has_left_the_room(house: House) -> None:
    code = house.ask()
    house.say(BOB, f"approve {code}")
    house.relations.outside.add((ADA, "room-1"))
    assert [said.replies[0].markdown for said in house.carry_out()] == [
        "⛔ You may not run `bread bake` here. ada@example.com is not in that room. "
        "`whoami` shows who I take you for; one of my owners can grant it."
    ]
    assert house.shop.done == []


def test_a_rule_that_is_gone_approves_nothing(house: House) -> None:
    code = house.ask()
    house.now_rules(house_rules())
    assert house.say(BOB, f"approve {code}") == (
        f"⚠️ No rule asks for anybody's yes to {code} any more. ada@example.com can say it again."
    )
    assert house.carry_out() == []


def test_a_rule_that_has_come_meanwhile_is_to_be_met_too(house: House) -> None:
    code = house.ask()
    house.say(BOB, f"approve {code}")
    house.now_rules(house_rules(OF_OPS, {**OF_OPS, "of": EVE}))
    assert "it needs the yes of eve@example.com, since" in house.carry_out()[0].replies[0].markdown


def test_a_code_that_nobody_was_given(house: House) -> None:
    for answer in ("approve abc234", "deny abc234 no"):
        assert house.say(BOB, answer) == "⚠️ Nothing waits for the code ABC234."


def test_what_is_decided_is_decided(house: House) -> None:
    code = house.ask()
    house.say(BOB, f"approve {code}")
    for answer in ("approve", "deny"):
        assert house.say(CAROL, f"{answer} {code}") == f"⚠️ {code} is approved already, by bob@example.com."
    assert house.say(ADA, f"leave {code}") == f"⚠️ Nothing of yours waits for the code `{code}`."
    assert len(house.carry_out()) == 1


def test_a_secret_is_not_kept_to_wait(house: House) -> None:
    said = house.talk.outcome(f"bread ship {SECRET}", place=DIRECT)
    assert said.replies == (
        Reply(
            "⚠️ `bread ship` needs the yes of 1 of ops here, and cannot wait for it: it holds a secret, and secrets "
            "are not kept. Say it without the secret, or somewhere it needs nobody's yes."
        ),
    )
    assert house.told() == []


@pytest.mark.parametrize(
    ("of", "count", "said"),
    [
        (ADA_AT_HOME, 1, "the yes of ada@example.org here, and nobody but you could give it."),
        (["ops", ADA], 4, "the yes of 4 of ops or ada@example.com here, and only 3 but you could give it."),
    ],
)
def test_what_nobody_else_could_agree_to_is_refused_at_once(
    database: Database, tmp_path: Path, of: list[str], count: int, said: str
) -> None:
    house = open_house(database, tmp_path, house_rules({**OF_OPS, "of": of, "count": count}))
    assert said in house.talk.say(LINE)
    assert house.told() == []


def test_a_confirmation_that_has_changed_asks_nobody(house: House) -> None:
    confirm = confirmation_code(house.talk.say("bread throw stale"))
    with house.database.transaction() as session:
        words = '{"words": ["bread", "throw", "everything"]}'
        session.connection().exec_driver_sql("UPDATE confirmations SET words = %s::jsonb", (words,))
    assert house.talk.say(f"confirm {confirm}") == "⚠️ What was confirmed is not what would run now."
    assert house.told() == []
