"""`schedule …`: what a person types and, word for word, what they see."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import pytest

from bot.commands.builtin import COMMANDS
from bot.commands.context import Context
from bot.commands.model import CommandError, Entry, Form, NeedInput, Place, Reply, command
from bot.commands.parameters import SECRET
from bot.commands.registry import Registry
from bot.inbound.rooms import follow_migration
from bot.runs import schedules
from bot.store.database import Database
from bot.store.models import Schedule
from tests.commands import bakery
from tests.commands.bakery import Bakery
from tests.talking import DIRECT, GROUP, OWNER, Conversation, Stated, conversation

ADA, GRACE, EVE = "ada@example.com", "grace@example.com", "eve@example.com"
YEARLY = '"0 0 1 1 *"'
"""A time whose next slot a test can write down."""
NEW_YEAR = f"{datetime.now(UTC).year + 1}-01-01 at 00:00 UTC"
ELSEWHERE = Place(("room-9",), "Lab", "group")
TIMES = 'Say `hourly`, `daily 06:00`, `weekdays 06:00`, or five cron fields such as `"30 6 * * mon-fri"`; all in UTC.'
CONFIG = {
    "people": {"ada": [ADA, "ada@home.example"]},
    "access": [
        {
            "allow": [ADA, "ada@home.example", GRACE],
            "commands": ["schedule *", "bread *", "loaf *", "run list"],
        },
        {"deny": GRACE, "commands": "bread bake", "arguments": {"kind": "rye"}},
        {"deny": ADA, "commands": "loaf cut", "arguments": {"name": "the whole baguette"}},
    ],
    "approvals": [{"for": "everyone", "of": OWNER, "commands": "bread order"}],
}


def _full_name(_context: Context, parameters: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    if parameters["name"] == "which":
        raise NeedInput(Form("Which?", ("loaf", "cut"), ()), "Say which loaf.")
    if parameters["name"] == "none":
        raise CommandError("I looked for the loaf `none`, and there is none. `bread list` shows them.")
    return {"name": (f"the whole {parameters['name']}",)}


@command("loaf cut", resolve=_full_name)
@click.argument("name")
def loaf_cut(_context: Context, name: str) -> Reply:
    """Cut a loaf that may be named in short."""
    return Reply(f"Cut {name}.")


@command("loaf lock")
@click.argument("key", type=SECRET)
def loaf_lock(_context: Context, key: Any) -> Reply:
    """Lock the loaves away."""
    return Reply("Locked.")


@pytest.fixture
def stated() -> Stated:
    """Who is where."""
    return Stated()


@pytest.fixture
def talk(database: Database, tmp_path: Path, stated: Stated) -> Conversation:
    """A conversation of Ada's, who may do this and that, with a bot that has a bakery."""
    talk = conversation(
        database,
        config=CONFIG,
        folder=tmp_path,
        clients={"bakery": Bakery()},
        environ={"BAKERY_TOKEN": bakery.SECRET},
        relations=stated,
    )
    talk.services = replace(
        talk.services, registry=Registry([*COMMANDS, *bakery.COMMANDS, loaf_cut, loaf_lock])
    )
    talk.person = ADA
    return talk


def row(database: Database, name: str) -> Schedule | None:
    """The schedule as it is kept."""
    with database.transaction() as session:
        return session.get(Schedule, name)


# schedule add


def test_a_command_is_scheduled_in_the_room_it_is_asked_in(talk: Conversation, database: Database) -> None:
    assert talk.say(f"schedule add {YEARLY} bread list --kind rye") == (
        f"⏰ Schedule `1`: I run `bread list --kind rye` in this room by `0 0 1 1 *`, first on {NEW_YEAR}, "
        "as ada@example.com and with the rights you have then. `schedule remove 1` ends it."
    )
    kept = row(database, "1")
    assert kept is not None
    assert (kept.task, kept.line, kept.person_email, kept.room_id, kept.catch_up, kept.paused) == (
        "command", "bread list --kind rye", ADA, "room-1", 1, None,
    )  # fmt: skip


def test_its_times_may_be_said_in_words_and_it_may_have_a_name(
    talk: Conversation, database: Database
) -> None:
    assert talk.say("schedule add --name Nightly daily 02:00 bread list --last 3").startswith(
        "⏰ Schedule `nightly`: I run `bread list --last 3` in this room by `0 2 * * *`, first on "
    )
    assert talk.say("schedule add weekdays 6:30 run list").startswith(
        "⏰ Schedule `1`: I run `run list` in this room by `30 6 * * mon-fri`, first on "
    )
    assert talk.say("schedule add 0 */2 * * * run list").startswith(
        "⏰ Schedule `2`: I run `run list` in this room by `0 */2 * * *`, first on "
    )


def test_words_with_blanks_and_quotes_are_kept_as_words(talk: Conversation, database: Database) -> None:
    talk.say("""schedule add hourly bread bake wheat "Ada's \\"party\\" loaf" round""")
    kept = row(database, "1")
    assert kept is not None and kept.line is not None
    assert talk.say(kept.line) == """Baked 1 of wheat for Ada's "party" loaf."""


def test_what_destroys_asks_each_time_and_says_so_now(talk: Conversation) -> None:
    assert talk.say(f"schedule add {YEARLY} bread throw stale") == (
        f"⏰ Schedule `1`: I run `bread throw stale` in this room by `0 0 1 1 *`, first on {NEW_YEAR}, "
        "as ada@example.com and with the rights you have then. It destroys something: each time I ask you to "
        "confirm it, and without your yes within 120 s nothing is done. `schedule remove 1` ends it."
    )


def test_what_others_must_agree_to_is_asked_each_time_and_says_so_now(talk: Conversation) -> None:
    assert "then. Others must agree to it each time. `schedule" in talk.say(
        f"schedule add {YEARLY} bread order mill --to home"
    )


def test_at_the_terminal_its_answers_go_to_the_person(talk: Conversation, database: Database) -> None:
    said = talk.say(f"schedule add {YEARLY} bread list", place=Place(), entry=Entry.TERMINAL)
    assert said.startswith(
        "⏰ Schedule `1`: I run `bread list` and answer you alone by `0 0 1 1 *`, first on "
    )
    kept = row(database, "1")
    assert kept is not None and kept.room_id is None


def test_what_destroys_needs_a_room_to_ask_in(talk: Conversation) -> None:
    said = talk.say("schedule add hourly bread throw stale", place=Place(), entry=Entry.TERMINAL)
    assert said == "⚠️ `bread throw` destroys, so I ask each time. Say it in the room where I can ask."


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        (
            "schedule add tomorrow bread list",
            f"⚠️ I cannot read that time: 'tomorrow bread list' has 3 fields, and a cron line has five. {TIMES}",
        ),
        (
            "schedule add daily bread list",
            f"⚠️ I cannot read that time: 'daily' needs a time such as 06:00 behind it. {TIMES}",
        ),
        ('schedule add "0 0 30 2 *" bread list', f"⚠️ `0 0 30 2 *` is a time that never comes. {TIMES}"),
        (
            'schedule add "*/4 * * * *" bread list',
            "⚠️ `*/4 * * * *` is more often than every 5 minutes, and that is the most I do. For that, say "
            '`"*/5 * * * *"`.',
        ),
        (
            "schedule add daily 06:00",
            '⚠️ Say the command behind the time, for example `schedule add "0 6 * * *" ping`.',
        ),
        (
            "schedule add --name 7 hourly bread list",
            "⚠️ `7` is no name for a schedule: it begins with a letter and goes on with letters, digits, `.`, `_` "
            "and `-`, 40 at the most.",
        ),
        (
            "schedule add hourly bread eat rye",
            "⚠️ I know no `bread eat rye`, so I do not schedule it. `help` shows what I can do here.",
        ),
        (
            "schedule add hourly bread bake wheat",
            "⚠️ `bread bake wheat` is not complete. Say all of it: `bread bake rye|wheat NAME SHAPES…`.",
        ),
        (
            "schedule add hourly bread list --last 77",
            "⚠️ `bread list --last 77` cannot be run: Invalid value for '--last': 77 is not in the range 1\\<=x\\<=9.",
        ),
        (
            "schedule add hourly audit list",
            "⚠️ You may not run `audit list` here, so I do not schedule it. No rule allows it, and what is not "
            "allowed is denied.",
        ),
        ("schedule add hourly confirm 7K3F9Q", "⚠️ `confirm` is said by a person, and not by the clock."),
        ("schedule add hourly approve 7K3F9Q", "⚠️ `approve` is said by a person, and not by the clock."),
        (
            "schedule add hourly schedule add hourly ping",
            "⚠️ `schedule add` is said by a person, and not by the clock.",
        ),
        (
            "schedule add hourly loaf lock open-sesame",
            "⚠️ `loaf lock` takes a secret, and what I am to run later I keep as it was said.",
        ),
        (
            "schedule add hourly loaf cut which",
            "⚠️ `loaf cut which` asks for more, and by the clock nobody is there to answer. Say which loaf.",
        ),
        (
            "schedule add hourly loaf cut none",
            "⚠️ I looked for the loaf `none`, and there is none. `bread list` shows them.",
        ),
    ],
)
def test_what_is_not_scheduled_and_why(
    talk: Conversation, database: Database, line: str, answer: str
) -> None:
    assert talk.say(line) == answer
    with database.transaction() as session:
        assert schedules.given(session) == []


def test_an_incomplete_command_tells_its_usage_only_to_those_who_may_run_it(talk: Conversation) -> None:
    for line in ("audit search --since", "run cancel", "run cancel x"):
        assert "so I do not schedule it. No rule allows it" in talk.say(f"schedule add hourly {line}")


def test_the_rights_are_those_for_these_arguments(talk: Conversation) -> None:
    assert talk.say("schedule add hourly bread bake rye Sunday round", person=GRACE) == (
        "⚠️ You may not run `bread bake` here, so I do not schedule it. A rule denies it."
    )
    assert talk.say("schedule add hourly bread bake wheat Sunday round", person=GRACE).startswith("⏰")


def test_a_short_name_is_made_full_before_the_rights_are_asked(talk: Conversation) -> None:
    assert talk.say("schedule add hourly loaf cut baguette") == (
        "⚠️ You may not run `loaf cut` here, so I do not schedule it. A rule denies it."
    )
    assert talk.say("schedule add hourly loaf cut roll").startswith("⏰")


def test_who_has_left_the_room_schedules_nothing_in_it(talk: Conversation, stated: Stated) -> None:
    """The request itself is stopped at the gate; so would be the command it names."""
    stated.outside.add((ADA, "room-1"))
    assert talk.outcome("schedule add hourly bread list").decision == "denied"


def test_a_token_leaves_no_schedule_behind(talk: Conversation, database: Database) -> None:
    assert talk.say("schedule add hourly bread list", entry=Entry.REST) == (
        "⚠️ I take no schedules over REST: what a token left behind would go on when the token is revoked. "
        "Say it in the room where it shall answer."
    )
    assert row(database, "1") is None


def test_a_name_is_taken_once(talk: Conversation, database: Database) -> None:
    talk.say("schedule add --name bake hourly bread list")
    assert talk.say("schedule add --name BAKE hourly run list", person=GRACE) == (
        "⚠️ There is a schedule `bake` already. Choose another name."
    )
    kept = row(database, "bake")
    assert kept is not None and kept.line == "bread list"


def test_a_rule_may_speak_of_when_and_of_the_command(database: Database, tmp_path: Path) -> None:
    rule = {"allow": ADA, "commands": ["schedule add", "ping"], "arguments": {}}
    only_ping = {"deny": ADA, "commands": "schedule add", "arguments": {"command": "version*"}}
    talk = conversation(database, config={"access": [rule, only_ping]}, folder=tmp_path)
    assert talk.outcome("schedule add daily 06:00 version", person=ADA).decision == "denied"
    assert talk.outcome("schedule add daily 06:00 ping", person=ADA).result == "ok"


# schedule list


def test_a_room_shows_its_schedules_with_their_next_time(talk: Conversation) -> None:
    talk.say(f"schedule add {YEARLY} bread list")
    talk.say(f"schedule add --name scraps {YEARLY} bread throw stale", person=GRACE)
    talk.say("schedule add hourly run list", place=ELSEWHERE)
    assert talk.say("schedule list") == (
        "```\n"
        "name    when (UTC)  what               whose              next\n"
        "1       0 0 1 1 *   bread list         ada@example.com    01-01 00:00\n"
        "scraps  0 0 1 1 *   bread throw stale  grace@example.com  01-01 00:00\n"
        "```"
    )


def test_a_room_without_any(talk: Conversation) -> None:
    assert talk.say("schedule list") == "Nothing is scheduled here. `help schedule add` tells how to."


def test_alone_with_the_bot_one_sees_all_of_ones_own(talk: Conversation) -> None:
    talk.say(f"schedule add {YEARLY} bread list")
    talk.say(f"schedule add {YEARLY} run list", place=ELSEWHERE, person="Ada@home.example")
    talk.say(f"schedule add {YEARLY} run list", person=GRACE)
    assert talk.say("schedule list", place=DIRECT) == (
        "```\n"
        "name  when (UTC)  what        whose             next\n"
        "1     0 0 1 1 *   bread list  ada@example.com   01-01 00:00\n"
        "2     0 0 1 1 *   run list    Ada@home.example  01-01 00:00\n"
        "```"
    )


def test_owners_see_those_of_every_room(talk: Conversation) -> None:
    talk.say(f"schedule add {YEARLY} bread list", place=ELSEWHERE)
    assert talk.say("schedule list --all", person=OWNER) == (
        "```\n"
        "name  when (UTC)  what        whose            next\n"
        "1     0 0 1 1 *   bread list  ada@example.com  01-01 00:00\n"
        "```"
    )
    assert talk.say("schedule list --all") == (
        "⚠️ Only my owners see the schedules of every room. `schedule list` shows those of this one."
    )


def test_the_list_tells_what_is_paused_why_and_how_it_goes_on(talk: Conversation, database: Database) -> None:
    talk.say(f"schedule add {YEARLY} bread list")
    with database.transaction() as session:
        schedules.pause(session, "1", "ada@example.com is not in that room.")
    assert talk.say("schedule list") == (
        "```\n"
        "name  when (UTC)  what        whose            next\n"
        "1     0 0 1 1 *   bread list  ada@example.com  paused\n"
        "```\n\n"
        "⏸ `1` is paused: ada@example.com is not in that room. `schedule resume 1` lets it go on."
    )


def test_the_schedules_of_a_migrated_room_are_the_new_rooms(talk: Conversation, database: Database) -> None:
    talk.say(f"schedule add {YEARLY} bread list")
    with database.transaction() as session:
        follow_migration(session, "room-1", "room-1-new")
    moved = Place(("room-1-new", "room-1"), GROUP.title, "group")
    assert "bread list" in talk.say("schedule list", place=moved)
    kept = row(database, "1")
    assert kept is not None and kept.room_id == "room-1-new"


# schedule remove, schedule resume


@pytest.mark.parametrize("written", ["1", "#1"])
def test_who_gave_it_removes_it_from_wherever_they_are(
    talk: Conversation, database: Database, written: str
) -> None:
    talk.say("schedule add hourly bread list")
    assert talk.say(f"schedule remove {written}", place=DIRECT, person="ADA@home.example") == (
        "Schedule `1` is removed; `bread list` does not run by it any more."
    )
    assert row(database, "1") is None


def test_owners_remove_anybodys(talk: Conversation, database: Database) -> None:
    talk.say("schedule add --name bake hourly bread list")
    assert talk.say("schedule remove Bake", person=OWNER, place=DIRECT).startswith(
        "Schedule `bake` is removed"
    )
    assert row(database, "bake") is None


@pytest.mark.parametrize("verb", ["remove", "resume"])
def test_others_do_not_touch_it_and_elsewhere_they_do_not_learn_of_it(
    talk: Conversation, database: Database, verb: str
) -> None:
    talk.say("schedule add --name bake hourly bread list")
    with database.transaction() as session:
        schedules.pause(session, "bake", "why")
    assert talk.say(f"schedule {verb} bake", person=GRACE) == (
        "⚠️ Schedule `bake` is ada@example.com's: only they and my owners may change it."
    )
    assert talk.say(f"schedule {verb} bake", person=GRACE, place=ELSEWHERE) == (
        "⚠️ There is no schedule `bake` here. `schedule list` shows what there is."
    )
    kept = row(database, "bake")
    assert kept is not None and kept.paused == "why"


def test_a_schedule_stays_theirs_when_its_person_has_lost_everything(
    talk: Conversation, database: Database
) -> None:
    """Whoever may use `schedule` in that room still cannot take it over or away."""
    talk.say("schedule add hourly bread list")
    with database.transaction() as session:
        session.get_one(Schedule, "1").person_email = "gone@example.com"
    assert talk.say("schedule remove 1") == (
        "⚠️ Schedule `1` is gone@example.com's: only they and my owners may change it."
    )


def test_the_bots_own_schedules_are_not_for_the_chat(talk: Conversation, database: Database) -> None:
    with database.transaction() as session:
        schedules.install(session)
    assert talk.say('schedule remove "tidy the store"', person=OWNER) == (
        "⚠️ There is no schedule `tidy the store` here. `schedule list` shows what there is."
    )
    assert "tidy" not in talk.say("schedule list --all", person=OWNER)


def test_a_paused_schedule_goes_on(talk: Conversation, database: Database) -> None:
    talk.say(f"schedule add {YEARLY} bread list")
    assert talk.say("schedule resume 1") == f"Schedule `1` is not paused. It runs next on {NEW_YEAR}."
    with database.transaction() as session:
        schedules.pause(session, "1", "why")
    assert talk.say("schedule resume 1", person=OWNER) == (
        f"Schedule `1` goes on: next on {NEW_YEAR}, with the rights ada@example.com has then."
    )
    kept = row(database, "1")
    assert kept is not None and kept.paused is None


def test_what_changes_schedules_and_what_only_shows_them(talk: Conversation) -> None:
    effects = {each.name: each.effect.value for each in COMMANDS if each.words[0] == "schedule"}
    assert effects == {
        "schedule add": "change", "schedule list": "read", "schedule remove": "change", "schedule resume": "change",
    }  # fmt: skip
