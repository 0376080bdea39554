"""What destroys asks first; the yes counts once, in time, from its asker, in its room, for its very words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select, text

from bot.access.confirmations import ask, call_off
from bot.access.policies import Policies
from bot.access.policy import Rule
from bot.commands.builtin import COMMANDS
from bot.commands.context import Context
from bot.commands.forms import words_of_submission
from bot.commands.model import Effect, Entry, File, Outcome, Place, Reply, Request, Said, command
from bot.commands.registry import Registry
from bot.config_file import AccessRule
from bot.inbound.rooms import follow_migration
from bot.store.database import Database
from bot.store.models import AuditRow, Confirmation, KnownRoom
from tests.commands.bakery import Bakery, PowerCut
from tests.talking import DIRECT, GROUP, OWNER, Conversation, confirmation_code, conversation

ADA = "ada@example.com"
LINE = 'bread throw stale "very stale"'
THROWN = "threw stale very stale"


def press(talk: Conversation, said: Outcome, button: int, **changes: object) -> Outcome:
    """Press a button of the card."""
    card = said.replies[0].card
    assert card is not None
    words = words_of_submission(card["actions"][button]["data"])
    assert words is not None
    return talk.words(words, **changes)


def change(database: Database, statement: str) -> None:
    with database.transaction() as session:
        session.execute(text(f"UPDATE confirmations SET {statement}"))


def rule(talk: Conversation, name: str, says: AccessRule) -> None:
    """From now on this rule is in force, and no other."""
    policy = replace(talk.services.policy, rules=(Rule(name, says),))
    talk.services = replace(talk.services, policies=Policies(policy))


def confirming(code: str, key: str = "webex:yes") -> Request:
    return Request(key, Entry.TEXT, OWNER, GROUP, f"confirm {code}", correlation_id="c0ffee")


def test_it_says_what_will_happen_and_waits(talk: Conversation, shop: Bakery) -> None:
    said = talk.outcome(LINE)
    code = confirmation_code(said.replies[0].markdown)
    assert said.replies[0].markdown == (
        f"⚠️ Throw away stale, very stale?\n\nSay `confirm {code}` within 120 s to do it, or `leave {code}`."
    )
    assert said.replies[0].card == {
        "type": "AdaptiveCard",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": "1.3",
        "body": [{"type": "TextBlock", "text": "Throw away stale, very stale?", "wrap": True}],
        "actions": [
            {
                "type": "Action.Submit",
                "title": "Do it",
                "style": "destructive",
                "data": {"sparkops": "form", "words": f'["confirm", "{code}"]', "shape": "[]"},
            },
            {
                "type": "Action.Submit",
                "title": "Leave it",
                "data": {"sparkops": "form", "words": f'["leave", "{code}"]', "shape": "[]"},
            },
        ],
    }
    assert (said.command, said.decision, said.result) == ("bread throw", "confirmation asked", f"code {code}")
    assert shop.done == []


def test_the_asker_confirms_by_text(talk: Conversation, shop: Bakery) -> None:
    code = confirmation_code(talk.say(LINE))
    said = talk.outcome(f"confirm {code}")
    assert said.replies == (Reply("Thrown away: stale, very stale."),)
    assert (said.command, said.decision, said.rule, said.result) == ("bread throw", "allowed", "owner", "ok")
    assert shop.done == [THROWN]


def test_the_asker_confirms_by_card(talk: Conversation, shop: Bakery) -> None:
    assert press(talk, talk.outcome(LINE), 0).replies == (Reply("Thrown away: stale, very stale."),)
    assert shop.done == [THROWN]


def test_the_asker_leaves_it_by_card(talk: Conversation, shop: Bakery) -> None:
    asked = talk.outcome(LINE)
    assert press(talk, asked, 1).replies == (Reply("Left as it is; nothing was done."),)
    code = confirmation_code(asked.replies[0].markdown)
    assert press(talk, asked, 0).replies == (Reply(f"⚠️ {code} was called off."),)
    assert talk.say(f"leave {code}") == f"⚠️ Nothing of yours waits for the code `{code}`."
    assert shop.done == []


def test_a_code_may_be_typed_in_small_letters(talk: Conversation, shop: Bakery) -> None:
    code = confirmation_code(talk.say(LINE)).lower()
    assert talk.say(f"Confirm {code}") == "Thrown away: stale, very stale."
    code = confirmation_code(talk.say(LINE)).lower()
    assert talk.say(f"leave {code}") == "Left as it is; nothing was done."


def test_nobody_else_confirms_or_leaves_it(talk: Conversation, shop: Bakery) -> None:
    asked = talk.outcome(LINE)
    code = confirmation_code(asked.replies[0].markdown)
    refused = f"⚠️ {code} was asked of {OWNER}, and only they can confirm it."
    assert talk.say(f"confirm {code}", person=ADA) == refused
    assert press(talk, asked, 0, person=ADA).replies[0].markdown == refused
    assert talk.say(f"leave {code}", person=ADA) == f"⚠️ Nothing of yours waits for the code `{code}`."
    assert shop.done == []
    assert talk.say(f"confirm {code}", person=OWNER.upper()) == "Thrown away: stale, very stale."


@pytest.mark.parametrize("place", [DIRECT, Place(("room-9",), "Sparkops demo", "group"), Place()])
def test_it_is_confirmed_where_it_was_asked(talk: Conversation, shop: Bakery, place: Place) -> None:
    code = confirmation_code(talk.say(LINE))
    assert talk.say(f"confirm {code}", place=place) == (
        f"⚠️ {code} was asked in another room; confirm it there."
    )
    assert shop.done == []
    assert talk.say(f"confirm {code}") == "Thrown away: stale, very stale."


def test_a_room_that_migrates_meanwhile_is_the_same_room(
    database: Database, talk: Conversation, shop: Bakery
) -> None:
    with database.transaction() as session:
        session.add(KnownRoom(room_id="room-1", title="Sparkops demo", type="group"))
    code = confirmation_code(talk.say(LINE))
    with database.transaction() as session:
        follow_migration(session, "room-1", "room-1-new")
    moved = Place(("room-1-new", "room-1"), "Sparkops demo", "group")
    assert talk.say(f"confirm {code}", place=moved) == "Thrown away: stale, very stale."


def test_a_yes_that_comes_too_late(database: Database, talk: Conversation, shop: Bakery) -> None:
    code = confirmation_code(talk.say(LINE))
    change(database, "expires_at = now() - interval '1 second'")
    assert talk.say(f"confirm {code}") == f"⚠️ {code} came too late. Say the command again for a new code."
    assert shop.done == []


def test_how_long_a_question_waits_is_a_setting(database: Database) -> None:
    patient = conversation(database, environ={"SPARKOPS_CONFIRM_SECONDS": "600"}, clients={})
    with database.transaction() as session:
        session.execute(
            text(
                "INSERT INTO runs (request_key, kind, title, state, arguments, requester, correlation_id)"
                " VALUES ('a', 'heating', 'oven 1', 'running', '{}', 'you@example.com', 'c0ffee')"
            )
        )
    code = confirmation_code(patient.say("run cancel 1"))
    with database.transaction() as session:
        row = session.get_one(Confirmation, code)
    assert (row.expires_at - row.asked_at).total_seconds() == 600


def test_a_yes_counts_once(talk: Conversation, shop: Bakery) -> None:
    asked = talk.outcome(LINE)
    code = confirmation_code(asked.replies[0].markdown)
    press(talk, asked, 0)
    again = f"⚠️ {code} was confirmed already, and counts once."
    assert press(talk, asked, 0).replies[0].markdown == again
    assert talk.say(f"confirm {code}") == again
    assert talk.say(f"leave {code}") == f"⚠️ Nothing of yours waits for the code `{code}`."
    assert shop.done == [THROWN]


def test_a_yes_is_for_the_words_that_were_asked_about(
    database: Database, talk: Conversation, shop: Bakery
) -> None:
    code = confirmation_code(talk.say(LINE))
    change(database, """words = '{"words": ["bread", "throw", "everything"]}'""")
    said = talk.outcome(f"confirm {code}")
    assert said.replies == (Reply("⚠️ What was confirmed is not what would run now."),)
    assert (said.command, said.decision) == ("bread throw", "denied")
    assert shop.done == []


def test_each_question_has_its_own_code_and_other_words_ask_anew(talk: Conversation, shop: Bakery) -> None:
    first = confirmation_code(talk.say("bread throw stale"))
    second = confirmation_code(talk.say("bread throw fresh"))
    assert first != second
    assert talk.say(f"confirm {second}") == "Thrown away: fresh."
    assert shop.done == ["threw fresh"]


def test_a_confirmed_request_that_is_handled_again_does_not_destroy_twice(
    talk: Conversation, shop: Bakery
) -> None:
    code = confirmation_code(talk.say(LINE))
    first = talk.request(confirming(code))
    again = talk.request(confirming(code))
    assert first.replies == again.replies == (Reply("Thrown away: stale, very stale."),)
    assert shop.done == [THROWN]
    assert talk.request(confirming(code, "webex:another")).replies == (
        Reply(f"⚠️ {code} was confirmed already, and counts once."),
    )


def test_a_confirmed_request_that_died_is_not_repeated(
    database: Database, talk: Conversation, shop: Bakery
) -> None:
    code = confirmation_code(talk.say(LINE))
    shop.power_cut = True
    with pytest.raises(PowerCut):
        talk.request(confirming(code))
    shop.power_cut = False
    change(database, "expires_at = now() - interval '1 second'")
    said = talk.request(confirming(code))
    assert said.replies[0].markdown == (
        '❓ I was interrupted while running `bread throw stale "very stale"`. '
        "Whether it happened I do not know, and I repeat nothing by myself: please look, "
        "and say it again if it is still to be done."
    )
    assert shop.done == [THROWN]


def test_a_request_that_died_before_its_question_was_sent_asks_again(
    talk: Conversation, shop: Bakery
) -> None:
    asking = Request("webex:1", Entry.TEXT, OWNER, GROUP, LINE)
    talk.request(asking)
    code = confirmation_code(talk.request(asking).replies[0].markdown)
    assert talk.say(f"confirm {code}") == "Thrown away: stale, very stale."


def test_whoever_may_destroy_may_also_confirm_it(
    database: Database, talk: Conversation, shop: Bakery
) -> None:
    allow = AccessRule.model_validate(
        {"allow": ADA, "commands": "bread throw", "arguments": {"loaves": "stale*"}}
    )
    rule(talk, "access rule 1 (allow)", allow)
    code = confirmation_code(talk.say("bread throw stale", person=ADA))
    assert talk.say(f"confirm {code}", person=ADA) == "Thrown away: stale."
    assert talk.outcome("bread throw stale fresh", person=ADA).decision == "denied"


def test_a_right_taken_back_meanwhile_is_no_right_any_more(talk: Conversation, shop: Bakery) -> None:
    code = confirmation_code(talk.say(LINE))
    deny = AccessRule.model_validate({"deny": "everyone", "effects": "destroy", "reason": "Not today."})
    rule(talk, "access rule 1 (deny)", deny)
    said = talk.outcome(f"confirm {code}")
    assert said.replies[0].markdown.startswith("⛔ You may not run `bread throw` here. Not today. ")
    assert (said.command, said.decision, said.rule) == ("bread throw", "denied", "access rule 1 (deny)")
    assert shop.done == []


def test_programs_and_the_terminal_confirm_by_a_second_call(talk: Conversation, shop: Bakery) -> None:
    for entry in (Entry.REST, Entry.TERMINAL):
        said = talk.outcome(LINE, entry=entry, place=Place())
        assert said.replies[0].card is None
        code = confirmation_code(said.replies[0].markdown)
        theirs = talk.say(f"confirm {code}", entry=entry, place=Place(), person=ADA)
        assert theirs == f"⚠️ {code} was asked of {OWNER}, and only they can confirm it."
        assert talk.say(f"confirm {code}", entry=entry, place=Place()) == "Thrown away: stale, very stale."
    assert shop.done == [THROWN, THROWN]


def test_a_program_that_speaks_in_a_room_confirms_in_that_room(talk: Conversation, shop: Bakery) -> None:
    code = confirmation_code(talk.say(LINE, entry=Entry.REST, place=GROUP))
    assert talk.say(f"confirm {code}", entry=Entry.REST, place=Place()) == (
        f"⚠️ {code} was asked in another room; confirm it there."
    )
    assert talk.say(f"confirm {code}", entry=Entry.TEXT, place=GROUP) == "Thrown away: stale, very stale."


def test_a_question_too_long_for_a_card_is_asked_in_words(talk: Conversation, shop: Bakery) -> None:
    loaves = [f"loaf-{number:05}" for number in range(2500)]
    said = talk.outcome(f"bread throw {' '.join(loaves)}")
    assert said.replies[0].card is None
    code = confirmation_code(said.replies[0].markdown)
    assert talk.say(f"confirm {code}") == f"Thrown away: {', '.join(loaves)}."


def test_every_step_is_in_the_audit(database: Database, talk: Conversation) -> None:
    code = confirmation_code(talk.say(LINE))
    talk.say(f"confirm {code}", person=ADA)
    talk.say(f"confirm {code}")
    with database.transaction() as session:
        rows = session.scalars(select(AuditRow).order_by(AuditRow.id)).all()
    assert [(row.person_email, row.command, row.line, row.decision, row.result) for row in rows] == [
        (OWNER, "bread throw", LINE, "confirmation asked", f"code {code}"),
        (ADA, "confirm", f"confirm {code}", "allowed", "refused"),
        (OWNER, "bread throw", f"{LINE} (confirm {code})", "allowed", "ok"),
    ]


def test_codes_are_easy_to_read_and_hard_to_guess(database: Database) -> None:
    with database.transaction() as session:
        codes = [
            ask(session, person=ADA, room_id=None, words=("x",), digest="", effect="", seconds=1)
            for _ in range(50)
        ]
        assert len(set(codes)) == 50
        assert set("".join(codes)) <= set("23456789ABCDEFGHJKMNPQRSTVWXYZ")
        assert {len(code) for code in codes} == {6}
        assert call_off(session, codes[0], person=ADA.upper())
        assert not call_off(session, codes[1], person=OWNER)


def test_a_bot_of_the_real_settings_asks_too(database: Database, tmp_path: Path) -> None:
    rules = [{"allow": "ops", "commands": "run cancel", "rooms": "Sparkops *"}]
    talk = conversation(
        database, config={"groups": {"ops": [ADA]}, "access": rules}, folder=tmp_path, clients={}
    )
    assert talk.say("run cancel 1", person=ADA) == "⚠️ There is no run 1. `run list` shows the latest."
    assert talk.outcome("run cancel 1", person=ADA, place=DIRECT).decision == "denied"


def test_what_would_be_done_may_come_with_a_file_of_all_of_it(database: Database) -> None:
    @command(
        "bread burn",
        effect=Effect.DESTROY,
        says=lambda *_: Said("Burn **2 loaves**?", File("loaves.txt", b"rye\nspelt\n")),
    )
    def burn(context: Context) -> Reply:
        """Burn bread."""
        return Reply("burnt")

    talk = conversation(database)
    talk.services = replace(talk.services, registry=Registry([*COMMANDS, burn]))
    said = talk.outcome("bread burn").replies[0]
    assert said.markdown.startswith("⚠️ Burn **2 loaves**?\n\nSay `confirm ")
    assert said.file == File("loaves.txt", b"rye\nspelt\n")
    assert said.card is not None
    assert talk.say(f"confirm {confirmation_code(said.markdown)}") == "burnt"
