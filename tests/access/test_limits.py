"""Limits: how often somebody may ask for something, counted across all processes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bot.access import limits
from bot.access.policy import Policy, Question
from bot.commands.builtin import COMMANDS
from bot.commands.model import Entry, Place
from bot.commands.registry import Registry
from bot.config_file import ConfigFile
from bot.store.database import Database
from bot.store.tidy import tidy
from tests.commands import bakery
from tests.commands.bakery import Bakery
from tests.talking import ROOT, Conversation, confirmation_code, conversation

BAKE = "bread bake rye Sunday round"
HOURLY = {"commands": "bread bake", "rate": "3/1h"}
LIMITED = (
    "🐢 You have asked for `bread bake` as often as the limit allows, which is 3 times an hour "
    "(limits, rule 1). In 20 min I take the next one."
)
ELSEWHERE = Place(("room-9",), "Kitchen", "group")
Limits = Callable[..., Conversation]


@pytest.fixture
def with_limits(database: Database, shop: Bakery, tmp_path: Path) -> Limits:
    """A bakery everybody may do everything in, but for these limits."""

    def open_shop(*rules: dict[str, Any], **more: Any) -> Conversation:
        config = {"access": [{"allow": "everyone"}], "limits": list(rules), **more}
        talk = conversation(database, clients={"bakery": shop}, config=config, folder=tmp_path)
        talk.services = replace(talk.services, registry=Registry([*COMMANDS, *bakery.COMMANDS]))
        return talk

    return open_shop


def wait(database: Database, minutes: float) -> None:
    """Let the time go by in which buckets fill."""
    with database.transaction() as session:
        session.execute(
            text("UPDATE buckets SET full_at = full_at - make_interval(secs => :s)"), {"s": minutes * 60}
        )


def asked(talk: Conversation, line: str, times: int, **more: Any) -> list[str]:
    """What each of so many requests came to."""
    return [talk.outcome(line, **more).decision for _ in range(times)]


def test_who_asks_too_often_is_told_which_limit_it_is_and_when_it_goes_on(
    with_limits: Limits, shop: Bakery, database: Database
) -> None:
    talk = with_limits(HOURLY)
    assert asked(talk, BAKE, 3) == ["allowed"] * 3
    said = talk.outcome(BAKE)
    assert [reply.markdown for reply in said.replies] == [LIMITED]
    assert (said.decision, said.rule, said.result) == ("limited", "limits, rule 1", "limited")
    assert len(shop.done) == 3
    with database.transaction() as session:
        rows = session.execute(
            text("SELECT decision, rule, result FROM audit ORDER BY id DESC LIMIT 1")
        ).all()
    assert [tuple(row) for row in rows] == [("limited", "limits, rule 1", "limited")]


def test_the_rules_own_reason_is_told_with_it(with_limits: Limits) -> None:
    talk = with_limits({**HOURLY, "rate": "1/h", "reason": "The oven must cool."})
    asked(talk, BAKE, 1)
    assert talk.say(BAKE) == (
        "🐢 You have asked for `bread bake` as often as the limit allows, which is once an hour "
        "(limits, rule 1). In 60 min I take the next one. The oven must cool."
    )


def test_the_bucket_fills_as_time_goes_by_and_no_further_than_it_holds(
    with_limits: Limits, database: Database
) -> None:
    talk = with_limits(HOURLY)
    assert asked(talk, BAKE, 4) == ["allowed"] * 3 + ["limited"]
    wait(database, 19)
    assert asked(talk, BAKE, 1) == ["limited"]
    wait(database, 1)
    assert asked(talk, BAKE, 2) == ["allowed", "limited"]
    wait(database, 600)
    assert asked(talk, BAKE, 4) == ["allowed"] * 3 + ["limited"]


def test_a_burst_is_what_may_be_asked_at_once(with_limits: Limits) -> None:
    talk = with_limits({**HOURLY, "rate": "6/1h", "burst": 2})
    assert asked(talk, BAKE, 2) == ["allowed"] * 2
    assert talk.say(BAKE) == (
        "🐢 You have asked for `bread bake` as often as the limit allows, which is 6 times an hour, 2 at once "
        "(limits, rule 1). In 10 min I take the next one."
    )


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        (
            {"per": "room", "commands": "bread *", "rate": "1/30m"},
            "People have asked for `bread *` in this room as often as the limit allows, which is once in 30 min",
        ),
        (
            {"per": ["person", "command"], "rate": "1/1d"},
            "You have asked for `bread bake` as often as the limit allows, which is once a day",
        ),
        (
            {"per": ["person", "room"], "rate": "1/2d"},
            "You have asked for commands in this room as often as the limit allows, which is once in 2 days",
        ),
        (
            {"effects": ["change", "destroy"], "rate": "1/8h"},
            "You have asked for commands that change or destroy as often as the limit allows, which is once in 8 h",
        ),
    ],
)
def test_the_answer_says_what_is_counted_together(
    with_limits: Limits, rule: dict[str, Any], says: str
) -> None:
    talk = with_limits(rule)
    asked(talk, BAKE, 1)
    assert talk.say(BAKE).startswith(f"🐢 {says} (limits, rule 1). In ")


def test_of_several_limits_the_one_that_holds_longest_is_told(with_limits: Limits) -> None:
    talk = with_limits({**HOURLY, "rate": "1/10m"}, {**HOURLY, "rate": "1/d"}, {**HOURLY, "rate": "9/m"})
    asked(talk, BAKE, 1)
    assert talk.outcome(BAKE).rule == "limits, rule 2"


# What has a bucket of its own


def test_each_person_has_one_whichever_of_their_addresses_they_use(with_limits: Limits) -> None:
    talk = with_limits(HOURLY, people={"ada": ["ada@example.com", "ada@lovelace.example"]})
    assert asked(talk, BAKE, 2, person="ada@example.com") == ["allowed"] * 2
    assert asked(talk, BAKE, 2, person="Ada@Lovelace.example") == ["allowed", "limited"]
    assert asked(talk, BAKE, 1, person="bob@example.com") == ["allowed"]


def test_a_person_has_one_for_all_rooms_and_commands_of_the_rule(with_limits: Limits) -> None:
    talk = with_limits({"commands": "bread *", "rate": "2/1h"})
    assert asked(talk, BAKE, 1) + asked(talk, "bread list", 1, place=ELSEWHERE) == ["allowed"] * 2
    assert asked(talk, "bread list", 1) == ["limited"]


def test_each_room_may_have_one_for_everybody_in_it(with_limits: Limits) -> None:
    talk = with_limits({**HOURLY, "per": "room"})
    assert asked(talk, BAKE, 2) == ["allowed"] * 2
    assert asked(talk, BAKE, 2, person="ada@example.com") == ["allowed", "limited"]
    assert asked(talk, BAKE, 1, place=ELSEWHERE) == ["allowed"]
    assert asked(talk, BAKE, 1, place=Place(), entry=Entry.TERMINAL) == ["allowed"]


def test_each_command_may_have_one_for_everybody_everywhere(with_limits: Limits) -> None:
    talk = with_limits({"commands": "bread *", "rate": "1/1h", "per": "command"})
    assert asked(talk, BAKE, 1) == ["allowed"]
    assert asked(talk, BAKE, 1, person="ada@example.com", place=ELSEWHERE) == ["limited"]
    assert asked(talk, "bread list", 1) == ["allowed"]


def test_each_combination_may_have_one(with_limits: Limits) -> None:
    talk = with_limits({"commands": "bread *", "rate": "1/1h", "per": ["person", "room", "command"]})
    assert asked(talk, BAKE, 2) == ["allowed", "limited"]
    assert asked(talk, "bread list", 1) == ["allowed"]
    assert asked(talk, BAKE, 1, place=ELSEWHERE) == ["allowed"]
    assert asked(talk, BAKE, 1, person="ada@example.com") == ["allowed"]


@pytest.mark.parametrize("entry", list(Entry))
def test_every_door_counts_into_the_same_bucket(with_limits: Limits, entry: Entry) -> None:
    talk = with_limits(HOURLY)
    asked(talk, BAKE, 3)
    assert asked(talk, BAKE, 1, entry=entry) == ["limited"]


def test_owners_are_limited_and_those_whom_a_rule_is_not_for_are_not(with_limits: Limits) -> None:
    talk = with_limits({**HOURLY, "rate": "1/1h", "for": "owners"})
    assert asked(talk, BAKE, 2) == ["allowed", "limited"]
    assert asked(talk, BAKE, 3, person="ada@example.com") == ["allowed"] * 3


def test_a_rule_written_otherwise_starts_with_full_buckets(with_limits: Limits) -> None:
    assert asked(with_limits(HOURLY), BAKE, 4)[-1] == "limited"
    told_why = with_limits({"commands": "bread list", "rate": "9/m"}, {**HOURLY, "reason": "So it is."})
    assert asked(told_why, BAKE, 1) == ["limited"]
    assert asked(with_limits({**HOURLY, "rate": "3/2h"}), BAKE, 1) == ["allowed"]


# What is counted


def test_nothing_is_taken_from_one_bucket_where_another_is_empty(
    with_limits: Limits, database: Database
) -> None:
    talk = with_limits({**HOURLY, "rate": "1/1h", "per": "room"}, {**HOURLY, "rate": "2/1d"})
    assert asked(talk, BAKE, 5) == ["allowed"] + ["limited"] * 4
    assert asked(talk, BAKE, 2, place=ELSEWHERE) == ["allowed", "limited"]


def test_what_is_denied_or_not_understood_is_not_counted(with_limits: Limits) -> None:
    talk = with_limits(HOURLY, access=[{"allow": "*@example.com"}])
    for _ in range(4):
        assert talk.outcome("bread bake").decision == "incomplete"
        assert talk.outcome(BAKE, person="eve@elsewhere.example").decision == "denied"
    assert asked(talk, BAKE, 4) == ["allowed"] * 3 + ["limited"]


def test_what_is_confirmed_was_counted_when_it_was_asked(with_limits: Limits, shop: Bakery) -> None:
    talk = with_limits({"rate": "2/1h"})
    codes = [confirmation_code(talk.say("bread throw rye")) for _ in range(2)]
    assert talk.outcome("bread throw rye").decision == "limited"
    assert [talk.outcome(f"confirm {each}").result for each in codes] == ["ok", "ok"]
    assert shop.done == ["threw rye", "threw rye"]


def test_a_limit_that_names_the_answers_counts_them(with_limits: Limits) -> None:
    talk = with_limits({"commands": "confirm", "rate": "1/1h"})
    assert asked(talk, "confirm 7K3F9Q", 2) == ["allowed", "limited"]


# Across threads and processes


def of(*rules: dict[str, Any]) -> Policy:
    return Policy.of_file(ConfigFile.model_validate({"limits": list(rules)}))


QUESTION = Question("ada@example.com", "bread bake", "change", ("room-1",), "Bakery", "group")


def taken(database: Database, policy: Policy, question: Question = QUESTION) -> bool:
    with database.transaction() as session:
        return limits.take(session, limits.limits_of(policy, question), question) is None


def test_of_many_at_once_exactly_as_many_pass_as_the_bucket_holds(
    database: Database, postgres_url: str
) -> None:
    policy = of({"rate": "7/1d"})
    other = Database(postgres_url, pool_size=5)
    try:
        with ThreadPoolExecutor(20) as threads:
            done = [threads.submit(taken, each, policy) for _ in range(20) for each in (database, other)]
            assert sum(each.result() for each in done) == 7
    finally:
        other.close()


def test_those_who_draw_from_the_same_buckets_never_wait_for_each_other_in_a_circle(
    database: Database,
) -> None:
    rules = [{"rate": "500/1d", "per": each} for each in ("person", "room", "command")]
    there, back = of(*rules), of(*reversed(rules))
    with ThreadPoolExecutor(5) as threads:
        done = [threads.submit(taken, database, policy) for _ in range(50) for policy in (there, back)]
        assert all(each.result() for each in done)


_IN_A_PROCESS = """
import json, sys
from tests.access.test_limits import of, taken
from bot.store.database import Database

database = Database(sys.argv[1], pool_size=1)
print(sum(taken(database, of(json.loads(sys.argv[2]))) for _ in range(20)))
database.close()
"""


def test_two_processes_share_a_bucket(database: Database, postgres_url: str) -> None:
    command = [sys.executable, "-c", _IN_A_PROCESS, postgres_url, json.dumps({"rate": "25/1d"})]
    both = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    passed = [int(process.communicate(timeout=120)[0]) for process in both]
    assert sum(passed) == 25


def test_a_bucket_that_is_full_again_is_thrown_away(database: Database) -> None:
    assert taken(database, of({"rate": "1/1h"}))
    assert taken(database, of({"rate": "1/3h"}))
    wait(database, 61)
    tidy(database)
    with database.transaction() as session:
        assert session.scalar(text("SELECT count(*) FROM buckets")) == 1
    assert taken(database, of({"rate": "1/1h"}))
    assert not taken(database, of({"rate": "1/3h"}))
