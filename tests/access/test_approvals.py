"""Some things others must agree to first: they are asked, they say yes or no, and it runs once."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from bot.commands.model import Entry, Place, Reply, Request
from bot.commands.outcomes import NOT_KNOWN
from bot.commands.tables import utc
from bot.store.database import Database
from bot.store.models import ApprovalVote, AuditRow
from tests.access.asking_others import (
    ADA,
    BAKED,
    BOB,
    CAROL,
    DORA,
    EVE,
    LINE,
    OF_OPS,
    House,
    approved,
    house_rules,
    open_house,
)
from tests.talking import DIRECT, GROUP, confirmation_code

MOVED = Place(("room-1-new", "room-1"), "Sparkops demo", "group")


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    """One of ops must agree to whatever changes bread."""
    return open_house(database, tmp_path, house_rules(OF_OPS))


def test_whoever_asks_is_told_what_waits_for_whom_and_until_when(house: House) -> None:
    said = house.talk.outcome(LINE, parent_id="root")
    [row] = [house.row(code) for code in [said.result.removeprefix("code ")]]
    assert said.replies == (
        Reply(
            "⏳ `bread bake rye Sunday round`\n\n"
            f"This waits for the yes of 1 of ops, within 1 h (by {house.until(row.code)}). "
            f"They are asked here. `leave {row.code}` takes it back."
        ),
    )
    assert (said.command, said.decision, said.rule) == (
        "bread bake",
        "approval asked",
        "access rule 1 (allow)",
    )
    assert (row.expires_at - row.asked_at).total_seconds() == 3600
    assert house.shop.done == []


def test_those_who_may_agree_are_asked_in_its_thread_and_called_if_they_are_in_the_room(house: House) -> None:
    house.relations.outside.add((DORA, "room-1"))
    code = house.ask(parent_id="root")
    assert house.told() == [
        (
            "room-1",
            "root",
            f"🔏 **ada@example.com** wants `bread bake rye Sunday round`, in the room Sparkops demo.\n\n"
            f"It needs the yes of 1 of ops. Say `approve {code}`, or `deny {code}` with a reason, "
            f"by {house.until(code)}. <@personEmail:bob@example.com> <@personEmail:carol@example.com>",
        )
    ]
    assert [body["card"] for body in house.bodies()] == [
        {
            "type": "AdaptiveCard",
            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
            "version": "1.3",
            "body": [
                {
                    "type": "TextBlock",
                    "text": "ada@example.com asks for your yes, in the room Sparkops demo",
                    "wrap": True,
                    "weight": "Bolder",
                },
                {"type": "TextBlock", "text": "bread bake rye Sunday round", "wrap": True},
                {"type": "Input.Text", "id": "field0", "label": "Why not"},
            ],
            "actions": [
                {
                    "type": "Action.Submit",
                    "title": "Approve",
                    "style": "positive",
                    "data": {"sparkops": "form", "words": f'["approve", "{code}"]', "shape": "[]"},
                },
                {
                    "type": "Action.Submit",
                    "title": "Deny",
                    "style": "destructive",
                    "data": {
                        "sparkops": "form",
                        "words": f'["deny", "{code}"]',
                        "shape": '[{"prefix": "", "toggle": false, "many": false}]',
                    },
                },
            ],
        }
    ]


def test_a_yes_lets_it_run_in_the_name_and_the_place_of_whoever_asked(house: House) -> None:
    code = house.ask(parent_id="root")
    assert house.say(BOB, f"approve {code}", place=DIRECT) == (
        "✅ `bread bake rye Sunday round` for **ada@example.com** is approved by bob@example.com, and goes ahead."
    )
    assert house.shop.done == []
    [said] = house.carry_out()
    assert said.replies[0].markdown == "Baked 1 of rye for Sunday."
    assert said.replies[0].mentions == ("personEmail:ada@example.com",)
    assert (said.decision, said.rule, said.approvers) == ("allowed", "access rule 1 (allow)", (BOB,))
    assert house.shop.done == [BAKED]


def test_the_thread_is_told_once_who_approved_it(house: House) -> None:
    code = house.ask(parent_id="root")
    house.say(BOB, f"approve {code}", place=DIRECT)
    assert house.told_since(1) == [
        (
            "room-1",
            "root",
            "✅ `bread bake rye Sunday round` for **ada@example.com** is approved by bob@example.com, and goes ahead.",
        )
    ]


def test_said_in_the_thread_itself_the_answer_tells_it_to_everybody(house: House) -> None:
    code = house.ask(parent_id="root")
    house.press(BOB, "Approve", parent_id="root")
    assert house.told_since(1) == []
    assert [said.result for said in house.carry_out()] == ["ok"]
    assert house.row(code).state == "approved"


def test_a_no_ends_it_and_whoever_asked_is_told_by_whom_and_why(house: House) -> None:
    code = house.ask(parent_id="root")
    told = "⛔ `bread bake rye Sunday round` for **ada@example.com** is denied by bob@example.com: I don't like rye"
    assert house.say(BOB, f"deny {code} I don't like rye", place=DIRECT) == told
    assert house.told_since(1) == [("room-1", "root", f"{told} <@personEmail:ada@example.com>")]
    assert house.say(CAROL, f"approve {code}") == f"⚠️ {code} was denied by bob@example.com: I don't like rye"
    assert house.carry_out() == []
    assert house.shop.done == []


def test_the_card_takes_a_reason_as_it_is_written_or_none(house: House) -> None:
    house.ask(parent_id="root")
    assert house.press(BOB, "Deny", "It's \"fresh", parent_id="root").endswith(
        "is denied by bob@example.com: It's \"fresh"
    )


def test_a_no_without_a_reason(house: House) -> None:
    house.ask(parent_id="root")
    assert house.press(BOB, "Deny") == (
        "⛔ `bread bake rye Sunday round` for **ada@example.com** is denied by bob@example.com."
    )


def test_two_of_three_must_agree_and_one_person_counts_once(database: Database, tmp_path: Path) -> None:
    house = open_house(database, tmp_path, house_rules({**OF_OPS, "count": 2}))
    code = house.ask()
    until = house.until(code)
    subject = "`bread bake rye Sunday round` for **ada@example.com**"
    assert house.say(BOB, f"approve {code}") == (
        f"✅ Your yes to {subject}. It still needs 1 more of ops, by {until}."
    )
    assert house.say(BOB.upper(), f"approve {code}") == (
        f"Your yes counts once, and did already, to {subject}. It still needs 1 more of ops, by {until}."
    )
    assert house.carry_out() == []
    assert house.say(CAROL, f"approve {code}") == (
        f"✅ {subject} is approved by bob@example.com and carol@example.com, and goes ahead."
    )
    assert [said.approvers for said in house.carry_out()] == [(BOB, CAROL)]


def test_every_rule_that_matches_must_be_met(database: Database, tmp_path: Path) -> None:
    house = open_house(
        database,
        tmp_path,
        house_rules({**OF_OPS, "count": 2}, {**OF_OPS, "of": EVE, "reason": "Eve sells it."}),
    )
    said = house.talk.say(LINE)
    assert "This waits for the yes of 2 of ops, and eve@example.com, within 1 h" in said
    assert "UTC). Eve sells it. They are asked here." in said
    code = said.split("`leave ")[1][:6]
    assert "It still needs 2 of ops, by" in house.say(EVE, f"approve {code}")
    assert "It still needs 1 more of ops, by" in house.say(BOB, f"approve {code}")
    house.say(DORA, f"approve {code}")
    assert [said.approvers for said in house.carry_out()] == [(BOB, DORA, EVE)]


def test_what_destroys_is_confirmed_by_its_asker_first_and_not_again(house: House) -> None:
    confirm = confirmation_code(house.talk.say("bread throw stale"))
    said = house.talk.outcome(f"confirm {confirm}")
    code = said.result.removeprefix("code ")
    assert said.replies[0].markdown.startswith("⏳ Throw away stale?\n\nThis waits for the yes of 1 of ops, ")
    assert house.told()[0][2].startswith(
        "🔏 **ada@example.com** wants `bread throw stale`, in the room Sparkops demo.\n\nThrow away stale?\n\n"
    )
    house.say(BOB, f"approve {code}")
    assert [each.replies for each in house.carry_out()] == [(Reply("Thrown away: stale."),)]
    assert house.shop.done == ["threw stale"]


def test_while_webex_cannot_say_whether_an_approver_still_may_it_waits_and_is_not_void(
    database: Database, tmp_path: Path
) -> None:
    house = open_house(database, tmp_path, house_rules({**OF_OPS, "of": "team:Ops"}))
    house.relations.teams = {"Ops": {EVE}}
    code = house.ask(place=Place())
    assert house.say(EVE, f"approve {code}", place=Place()).startswith("✅")
    house.relations.away = True
    [said] = house.carry_out()
    assert said.replies[0].markdown == (
        "⚠️ I could not find out from Webex whether those who agreed still may, so I ran nothing. Say it again."
    )
    assert (said.decision, said.rule) == ("denied", NOT_KNOWN)
    house.relations.away = False
    assert house.talk.request(approved(database, code)).result == "ok"


def test_the_same_request_handled_again_asks_once(house: House) -> None:
    asking = Request("webex:1", Entry.TEXT, ADA, GROUP, LINE)
    assert house.talk.request(asking).replies == house.talk.request(asking).replies
    assert len(house.told()) == 1


def test_carried_out_again_after_a_crash_it_is_not_done_twice(house: House) -> None:
    code = house.ask("bread ship Ulm")
    house.say(BOB, f"approve {code}")
    [first] = house.carry_out()
    house.shop.road = "the ferry"  # what was done may have changed what would be planned now
    again = house.talk.request(approved(house.database, code))
    assert first.replies == again.replies == (Reply("Shipped to Ulm."),)
    assert house.shop.done == ["shipped to Ulm by the bridge"]


def test_whoever_asked_takes_it_back(house: House) -> None:
    code = house.ask(parent_id="root")
    told = "↩️ `bread bake rye Sunday round` was taken back by ada@example.com. Nothing is done."
    told = told.replace("round` was", "round` for **ada@example.com** was")
    assert house.say(BOB, f"leave {code}") == f"⚠️ Nothing of yours waits for the code `{code}`."
    assert house.say(ADA, f"leave {code.lower()}", place=DIRECT) == told
    assert house.told_since(1) == [("room-1", "root", told)]
    assert house.say(BOB, f"approve {code}") == f"⚠️ {code} was taken back by ada@example.com."
    assert house.say(ADA, f"leave {code}") == f"⚠️ Nothing of yours waits for the code `{code}`."


def test_what_waits_is_shown_to_those_who_may_decide_and_to_whoever_asked(house: House) -> None:
    nothing = "Nothing waits for your yes, and nothing of yours for others'."
    assert house.say(BOB, "approvals") == nothing
    code = house.ask(parent_id="root")
    house.time_goes_by(code, "25 minutes")
    until = house.until(code)
    entry = (
        f"- `{code}` `bread bake rye Sunday round` for **ada@example.com**, asked 25 min ago "
        f"in the room Sparkops demo, needs 1 of ops by {until}."
    )
    assert house.say(BOB, "approvals", place=DIRECT) == (
        f"**For you to decide**\n\n{entry} `approve {code}` or `deny {code}` with a reason."
    )
    assert house.say(ADA, "approvals") == (
        f"**Yours, for others to decide**\n\n{entry} `leave {code}` takes it back."
    )
    assert house.say(EVE, "approvals") == nothing
    house.time_goes_by(code, "1 hour")
    assert house.say(BOB, "approvals") == nothing


def test_whoever_agreed_already_sees_that_others_lack(database: Database, tmp_path: Path) -> None:
    house = open_house(database, tmp_path, house_rules({**OF_OPS, "count": 2}))
    house.say(BOB, f"approve {house.ask()}")
    assert house.say(BOB, "approvals").endswith("by " + house.until(_code(house)) + ". You agreed.")
    assert "needs 1 more of ops by" in house.say(CAROL, "approvals")


def test_those_asked_are_reminded_where_they_were_asked(database: Database, tmp_path: Path) -> None:
    house = open_house(database, tmp_path, house_rules({**OF_OPS, "count": 2, "remind": "20m"}))
    code = house.ask(parent_id="root")
    house.say(BOB, f"approve {code}")
    house.each_minute()
    assert house.told_since(1) == []
    house.time_goes_by(code, "21 minutes")
    house.each_minute()
    house.each_minute()
    assert house.told_since(1) == [
        (
            "room-1",
            "root",
            "⏰ `bread bake rye Sunday round` for **ada@example.com** still waits for the yes of 2 of ops. "
            f"So far bob@example.com agreed. Say `approve {code}`, or `deny {code}` with a reason, "
            f"by {house.until(code)}. <@personEmail:bob@example.com> <@personEmail:carol@example.com> "
            "<@personEmail:dora@example.com>",
        )
    ]
    house.time_goes_by(code, "21 minutes")
    house.each_minute()
    assert len(house.told_since(1)) == 2


def test_what_nobody_answers_expires_and_whoever_asked_is_told_once(house: House) -> None:
    code = house.ask(parent_id="root")
    house.time_goes_by(code, "61 minutes")
    house.each_minute()
    house.each_minute()
    assert house.told_since(1) == [
        (
            "room-1",
            "root",
            "⌛ `bread bake rye Sunday round` for **ada@example.com** is off: nobody agreed within 1 h. "
            "Say it again to ask anew. <@personEmail:ada@example.com>",
        )
    ]
    assert house.row(code).state == "expired"


def test_how_long_it_may_take_is_the_shortest_of_the_rules(database: Database, tmp_path: Path) -> None:
    house = open_house(
        database, tmp_path, house_rules({**OF_OPS, "within": "3d"}, {**OF_OPS, "within": "1d12h"})
    )
    code = house.ask()
    row = house.row(code)
    assert (row.expires_at - row.asked_at).total_seconds() == 36 * 3600
    until = utc(row.expires_at, "%Y-%m-%d %H:%M UTC")
    assert f"with a reason, by {until}. <@" in house.told()[0][2]
    assert "within 1 d 12 h (by " in house.talk.say(LINE)


def test_every_step_is_in_the_audit(database: Database, house: House) -> None:
    code = house.ask()
    house.say(BOB, f"approve {code}")
    house.carry_out()
    with database.transaction() as session:
        rows = session.scalars(select(AuditRow).order_by(AuditRow.id)).all()
        votes = session.scalars(select(ApprovalVote)).all()
    assert [(row.person_email, row.line, row.decision, row.result) for row in rows] == [
        (ADA, LINE, "approval asked", f"code {code}"),
        (BOB, f"approve {code}", "allowed", "ok"),
        (ADA, LINE, "allowed", "ok"),
    ]
    assert [(vote.identity, vote.person_email, vote.room_id) for vote in votes] == [(BOB, BOB, "room-1")]


def _code(house: House) -> str:
    return house.told()[0][2].split("`approve ")[1][:6]
