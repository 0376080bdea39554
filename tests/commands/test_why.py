"""`why`: which rule decides, what else it would take, and what would change it. It agrees with the gate."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.access.policies import Policies
from bot.access.policy import Policy, Rule
from bot.access.scopes import Scope
from bot.commands.builtin.why import verdict
from bot.commands.execute import execute
from bot.commands.model import Entry, Place, Request
from bot.commands.parse import words_of
from bot.config_file import AccessRule
from bot.store.database import Database
from bot.store.models import KnownRoom
from tests.commands.bakery import Bakery
from tests.commands.live_policy import ADA, BOB, EVE, live_talk
from tests.talking import DIRECT, GROUP, OWNER, Conversation, Stated

CONFIG = {
    "groups": {"bakers": [ADA, "*@bakery.example"]},
    "access": [
        {"allow": "bakers", "commands": "bread *", "rooms": "Sparkops *"},
        {"deny": "everyone", "commands": "oven explode", "reason": "It hurts."},
        {"deny": "bakers", "commands": "bread bake", "arguments": {"kind": "wheat"}},
    ],
    "approvals": [
        {"commands": "bread throw", "of": ["bakers", "owners"], "count": 2, "within": "30m"},
        {"commands": "bread throw", "of": BOB, "arguments": {"loaves": "all"}},
    ],
    "limits": [
        {"commands": "bread *", "effects": "change", "rate": "5/1m", "burst": 7, "per": ["person", "room"]}
    ],
}
ELSEWHERE = Place(("room-9",), "Elsewhere", "group")


@pytest.fixture
def knowing() -> Stated:
    """Who is in which room."""
    return Stated(outside={(EVE, "room-9")})


@pytest.fixture
def talk(database: Database, tmp_path: Path, knowing: Stated) -> Conversation:
    """The owner's conversation; the rooms are known."""
    with database.transaction() as session:
        session.add(KnownRoom(room_id="room-1", title="Sparkops demo", type="group"))
        session.add(
            KnownRoom(room_id="room-9", title="Elsewhere", type="group", former_ids={"ids": ["room-8"]})
        )
        session.add(KnownRoom(room_id="room-2", title="Elsewhere", type="direct"))
    return live_talk(database, tmp_path, CONFIG, relations=knowing)


def timeless(markdown: str) -> str:
    return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", "THEN", markdown)


# --- for oneself --------------------------------------------------------------------------------------------


def test_a_rule_of_the_file_is_quoted(talk: Conversation) -> None:
    assert talk.say("why bread list", person=ADA) == (
        "✅ You may run `bread list` here.\n\n"
        "- **Rule**: access rule 1 (allow), in `sparkops.yaml`: `bakers` may run `bread *` in rooms `Sparkops *`.\n"
        "- **Membership**: they are in that room."
    )


def test_a_grant_is_quoted_with_who_gave_it_and_until_when(talk: Conversation) -> None:
    talk.say(f'access grant {EVE} "bread list" --for 2h')
    assert timeless(talk.say("why bread list", person=EVE, present=True)) == (
        "✅ You may run `bread list` here.\n\n"
        "- **Rule**: grant 1 (allow): `eve@example.com` may run `bread list`. Given by you@example.com on THEN, "
        "until THEN."
    )


def test_what_a_command_would_take_besides(talk: Conversation) -> None:
    assert talk.say("why bread throw all", person=ADA, present=True) == (
        "✅ You may run `bread throw` here.\n\n"
        "- **Rule**: access rule 1 (allow), in `sparkops.yaml`: `bakers` may run `bread *` in rooms `Sparkops *`.\n"
        "- **Confirmation**: it destroys, so whoever asks for it is asked to confirm.\n"
        "- **Approval**: 2 of `bakers` (ada@example.com, \\*@bakery.example), `owners` (you@example.com) must agree "
        "within 30m, and never who asked.\n"
        "- **Approval**: 1 of `bob@example.com` must agree within 1h, and never who asked."
    )
    assert "`bob@example.com` must agree" not in talk.say("why bread throw stale", person=ADA)
    assert talk.say("why bread bake rye Sunday round", person=ADA, present=True).endswith(
        "- **Limit**: 5 in 1m, 7 at once for each person and room: `bread *` with effect `change`."
    )


def test_why_not_and_the_line_that_would_change_it(talk: Conversation) -> None:
    refused = talk.say("why bread list", person=EVE, present=True)
    assert refused == (
        "⛔ You may not run `bread list` here.\n\n"
        "- **Rule**: nothing allows it: No rule allows it, and what is not allowed is denied.\n\n"
        "To change that:\n\n"
        '- An owner can `access grant eve@example.com "bread list" --rooms "Sparkops demo"`.'
    )
    talk.say(re.findall(r"`(access grant .*)`", refused)[0])
    assert talk.outcome("bread list", person=EVE).decision == "allowed"
    assert talk.outcome("bread list", person=EVE, place=ELSEWHERE).decision == "denied"


@pytest.mark.parametrize(
    ("place", "room"),
    [
        (DIRECT, "direct"),
        (Place(), "none"),
        (Place(("room-7",), "What now?", "group"), "room-7"),
        (Place(("room-7",), "direct", "group"), "room-7"),
        (Place(("room-7",), "", "group"), "room-7"),
        (Place(("room-7",), 'The "best" room', "group"), '"The \\"best\\" room"'),
    ],
)
def test_the_line_is_about_that_place_and_no_other(talk: Conversation, place: Place, room: str) -> None:
    line = f'access grant eve@example.com "bread list" --rooms {room}'
    assert f"`{line}`" in talk.say("why bread list", person=EVE, place=place)
    talk.say(line)
    assert talk.outcome("bread list", person=EVE, place=place).decision == "allowed"
    assert talk.outcome("bread list", person=EVE, place=GROUP).decision == "denied"


def test_every_rule_in_the_way_is_named_in_order(talk: Conversation) -> None:
    talk.say(f'access grant --deny {EVE} "oven *"')
    assert timeless(talk.say("why oven explode", person=EVE, present=True)) == (
        "⛔ You may not run `oven explode` here.\n\n"
        "- **Rule**: access rule 2 (deny), in `sparkops.yaml`: `everyone` may not run `oven explode` (It hurts.).\n\n"
        "To change that:\n\n"
        "- Whoever keeps `sparkops.yaml` can change access rule 2 (deny); then `access reload`.\n"
        "- An owner can `access revoke 1`.\n"
        '- An owner can `access grant eve@example.com "oven explode" --rooms "Sparkops demo"`.'
    )


def test_arguments_decide_and_missing_ones_leave_it_open(talk: Conversation) -> None:
    assert talk.say("why bread bake wheat Sunday round", person=ADA, present=True).startswith(
        "⛔ You may not run `bread bake` here.\n\n"
        "- **Rule**: access rule 3 (deny), in `sparkops.yaml`: `bakers` may not run `bread bake` where `kind` is "
        "`wheat`."
    )
    assert talk.say("why bread bake", person=ADA, present=True) == (
        "✅ You may run `bread bake` here, with some arguments at least.\n\n"
        "- **Rule**: access rule 1 (allow), in `sparkops.yaml`: `bakers` may run `bread *` in rooms `Sparkops *`.\n"
        "- **Limit**: 5 in 1m, 7 at once for each person and room: `bread *` with effect `change`.\n"
        "- **Note**: Words are missing (`rye|wheat`, `NAME`, `SHAPES`), and whether it may be run may depend on them."
    )


def test_what_only_some_arguments_open_is_told_so_while_they_are_missing(talk: Conversation) -> None:
    talk.say(f'access grant {EVE} "bread bake" --argument kind=rye')
    assert talk.say("why bread bake", person=EVE).startswith(
        "✅ You may run `bread bake` here, with some arguments at least."
    )
    assert talk.say("why bread bake rye Sunday round", person=EVE).startswith(
        "✅ You may run `bread bake` here."
    )
    assert talk.say("why bread bake wheat Sunday round", person=EVE).startswith(
        "⛔ You may not run `bread bake`"
    )


def test_words_that_cannot_be_read_are_told_and_judged_without_them(talk: Conversation) -> None:
    said = talk.say("why bread bake oats Sunday round", person=ADA)
    assert said.startswith("✅ You may run `bread bake` here, with some arguments at least.")
    assert "**Note**: As it stands it cannot be read: " in said


def test_words_that_name_no_command(talk: Conversation) -> None:
    assert talk.say("why braed list", person=ADA).startswith(
        "⚠️ I know no command `braed list`. Did you mean `bread list`"
    )
    assert talk.say("why bread", person=EVE) == (
        "⚠️ I know no command `bread`. `help` shows what I can do for you here."
    )


def test_a_bot_is_told_how_bots_are_let_in(talk: Conversation) -> None:
    assert talk.say("why --person ci@webex.bot --room none bread list").endswith(
        "To change that:\n\n- List its e-mail in `SPARKOPS_ALLOWED_BOTS`, and start me again."
    )


def test_options_behind_the_command_are_the_commands_own(talk: Conversation) -> None:
    assert talk.say("why bread list --kind rye", person=ADA).startswith("✅ You may run `bread list` here.")
    assert "No such option" in talk.say("why bread list --person ada@example.com", person=ADA)


def test_why_runs_nothing(talk: Conversation) -> None:
    shop = talk.services.clients["bakery"]
    assert isinstance(shop, Bakery)
    talk.say("why bread throw all")
    talk.say("why oven run 3")
    assert shop.done == []
    assert talk.say("run list --all") == "No runs yet."
    assert talk.say("why why why bread throw all").startswith("✅ You may run `why` here.")


# --- for others ---------------------------------------------------------------------------------------------


def test_an_owner_asks_for_another_person_and_another_room(talk: Conversation) -> None:
    for room in ("Elsewhere", "elsewhere", "room-9", "room-8"):
        said = talk.say(f"why --person {ADA} --room {room} bread list")
        assert said == (
            "⛔ ada@example.com may not run `bread list` in the room Elsewhere.\n\n"
            "- **Rule**: nothing allows it: No rule allows it, and what is not allowed is denied.\n"
            "- **Membership**: they are in that room.\n\n"
            "To change that:\n\n"
            '- An owner can `access grant ada@example.com "bread list" --rooms Elsewhere`.'
        )
    assert talk.say(f"why --person {ADA} --room direct ping").startswith(
        "✅ ada@example.com may run `ping` in a direct room."
    )
    assert talk.say(f"why --person {ADA} --room none ping").startswith(
        "✅ ada@example.com may run `ping` without a room."
    )


def test_who_is_not_in_the_room_is_told_of_and_the_rule_all_the_same(
    talk: Conversation, knowing: Stated
) -> None:
    talk.say(f'access grant {EVE} "bread list"')
    asked = f"why --person {EVE} --room Elsewhere bread list"
    assert timeless(talk.say(asked)) == (
        "⛔ eve@example.com may not run `bread list` in the room Elsewhere.\n\n"
        "- **Rule**: grant 1 (allow): `eve@example.com` may run `bread list`. Given by you@example.com on THEN.\n"
        "- **Membership**: they are not in that room, and only who is may run anything there.\n\n"
        "To change that:\n\n- Add eve@example.com to the room."
    )
    knowing.away = True
    assert (
        "I could not find out whether they are in that room; until I can, nothing is let through."
        in talk.say(asked, present=True)
    )


def test_another_person_is_not_judged_by_the_askers_own_direct_room(talk: Conversation) -> None:
    talk.say(f'access grant {ADA} "bread list" --rooms direct')
    said = talk.say(f"why --person {ADA} bread list", place=DIRECT)
    assert said.startswith("✅ ada@example.com may run `bread list` in a direct room.")
    assert "Membership" not in said


def test_only_owners_ask_for_others_and_other_rooms(talk: Conversation) -> None:
    refused = "⚠️ Only owners may ask for another person or another room. `why` without these is for you."
    assert talk.say(f"why --person {OWNER} bread list", person=ADA) == refused
    assert talk.say("why --room Elsewhere bread list", person=ADA) == refused
    assert talk.say(f"why --person {ADA.upper()} bread list", person=ADA).startswith("✅ You may run")


def test_a_room_nobody_knows_and_one_of_two_names(talk: Conversation, database: Database) -> None:
    assert talk.say("why --room Nowhere ping") == (
        "⚠️ I know no room `Nowhere`. I know those I was spoken to in; `direct` and `none` stand for a direct room "
        "and for no room."
    )
    with database.transaction() as session:
        session.add(KnownRoom(room_id="room-7", title="elsewhere", type="group"))
    assert talk.say("why --room Elsewhere ping") == (
        "⚠️ 2 rooms are called `Elsewhere`. Name one by its id: `room-7`, `room-9`."
    )


def test_a_token_whose_scope_is_too_narrow_is_told_of(talk: Conversation) -> None:
    scope = Scope("reader", 1, commands=("why", "ping"))
    said = talk.say("why bread list", entry=Entry.REST, place=Place(), scope=scope)
    assert said.startswith("⛔ You may not run `bread list` here.")
    assert said.endswith("To change that:\n\n- Come with a token whose scope covers it.")


# --- why and the gate agree ---------------------------------------------------------------------------------

LINES = (
    "bread list",
    "bread list --last 3",
    "bread taste rye SALT=more",
    "bread bake rye Sunday round long",
    "bread bake wheat Monday round",
    "bread throw stale",
    "bread bake rye",
    "bread bake oats Sunday round",
    "ping",
    "access list",
)
WHO = st.sampled_from(["bakers", "everyone", "owners", "moderators", "team:night", "*@example.com", ADA, EVE])
PLACES = st.sampled_from([GROUP, ELSEWHERE, DIRECT, Place()])


@st.composite
def rules(draw: st.DrawFn) -> AccessRule:
    return AccessRule.model_validate(
        {
            draw(st.sampled_from(["allow", "allow", "deny"])): draw(WHO),
            "commands": draw(st.sampled_from(["*", "bread *", "bread bake", "ping", "access *"])),
            "rooms": draw(st.sampled_from(["*", "Sparkops *", "direct", "group", "none", "room-9"])),
            "effects": draw(st.sampled_from([["read"], ["read", "change"], ["read", "change", "destroy"]])),
            "arguments": draw(
                st.sampled_from(
                    [{}, {}, {"kind": "rye"}, {"shapes": "round"}, {"last": "1..3"}, {"name": "S*"}]
                )
            ),
        }
    )


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(rules(), max_size=4),
    st.sampled_from([OWNER, ADA, EVE, "ci@webex.bot"]),
    PLACES,
    st.sampled_from(LINES),
    st.booleans(),
)
def test_why_says_what_the_gate_does(
    talk: Conversation, said: list[AccessRule], person: str, place: Place, line: str, away: bool
) -> None:
    policy = Policy(
        owners=frozenset({OWNER}),
        groups={"bakers": (ADA,)},
        rules=tuple(
            Rule(f"access rule {number} ({'deny' if rule.deny else 'allow'})", rule)
            for number, rule in enumerate(said, start=1)
        ),
    )
    knowing = Stated(
        outside={(EVE, "room-9")}, moderators={(ADA, "room-1")}, teams={"night": {EVE}}, away=away
    )
    services = replace(talk.services, policies=Policies(policy), relations=knowing)
    request = Request(key=f"{person}{line}{place}", entry=Entry.TEXT, person=person, place=place, line=line)
    words = words_of(line)
    assert isinstance(words, tuple)
    answer = verdict(words, request, services)
    outcome = execute(replace(request, key=f"{request.key}{said}{away}"), services)
    if not answer.is_exact:  # nothing is run: it comes to a question, or to a denial
        assert outcome.decision in {"incomplete", "wrong", "denied"}
        assert not (answer.decision.allowed and outcome.decision == "denied")
        assert answer.in_room.allowed or outcome.decision == "denied"
    elif answer.decision.allowed:
        assert outcome.decision in {"allowed", "confirmation asked"}
    else:
        assert (outcome.decision, outcome.rule) == ("denied", answer.decision.rule)
