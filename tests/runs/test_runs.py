"""A run from the line that asks for it to its end, step by step."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from bot.runs.advance import attempt
from bot.runs.kinds import Interrupted
from bot.runs.ownership import Ownership, OwnershipLost
from bot.runs.runs import transitions
from bot.store.database import Database
from bot.store.models import Attempt, LiveMessage
from tests.runs.conftest import Worker, told
from tests.talking import Conversation


def test_a_run_is_asked_for_goes_on_and_ends(
    talk: Conversation, worker: Worker, database: Database, loaves: Path
) -> None:
    assert talk.say("oven bake 2") == (
        "🍞 **bread**: the oven is cold\n\nThis is run 1: `run show 1`, `run log 1`."
    )
    worker.run_to_end()
    assert worker.run().state == "done"
    assert loaves.read_text() == "lit for run 1\n"
    assert told(database) == ["✅ **bread** is baked. <@personEmail:you@example.com>"]
    with database.transaction() as session:
        moves = [(each.old, each.new, each.why) for each in transitions(session, 1)]
        live = session.get_one(LiveMessage, 1)
    assert moves == [
        (None, "requested", "asked for"),
        ("requested", "running", "moved on"),
        ("running", "done", "baked"),
    ]
    assert (live.wanted, live.final) == ("✅ **bread**: baked", True)


def test_a_run_may_say_something_in_its_thread_once(
    talk: Conversation, worker: Worker, database: Database
) -> None:
    talk.say("oven bake 3 --bell")
    worker.run_to_end()
    assert told(database) == [
        "🔔 **bread**: the oven of run 1 is lit.",
        "✅ **bread** is baked. <@personEmail:you@example.com>",
    ]
    assert worker.kicked[0] == "room-1"


def test_the_same_request_starts_one_run(talk: Conversation, database: Database) -> None:
    from bot.commands.model import Entry, Request
    from tests.talking import GROUP, OWNER

    request = Request(key="webex:m1", entry=Entry.TEXT, person=OWNER, place=GROUP, line="oven bake 1")
    assert talk.request(request).replies[0].run_id == talk.request(request).replies[0].run_id == 1


def test_a_step_that_comes_twice_is_one_step(talk: Conversation, worker: Worker) -> None:
    talk.say("oven bake 3")
    worker.step()
    worker.step()
    assert worker.run().progress == {"baked": 1}


def test_run_list_show_and_log_tell_of_it(talk: Conversation, worker: Worker) -> None:
    talk.say("oven bake 2")
    worker.step()
    assert "running  bread" in talk.say("run list")
    assert "minute 1" in talk.say("run log 1")
    assert "**bread** (run 1): **running**" in talk.say("run show 1")


def test_cancelling_asks_first_and_then_ends_the_run_at_its_next_step(
    talk: Conversation, worker: Worker, database: Database
) -> None:
    talk.say("oven bake 9")
    worker.step()
    asked = talk.say("run cancel 1")
    assert asked.startswith("⚠️ Cancel run 1, **bread**, which is running, for you@example.com?")
    code = asked.split("`confirm ")[1].split("`")[0]
    assert talk.say(f"confirm {code}") == (
        "Run 1 is asked to end. It says so in its own message when it has."
    )
    worker.run_to_end()
    assert worker.run().state == "cancelled"
    assert told(database)[-1] == "🚫 **bread**: taken out. <@personEmail:you@example.com>"


def test_one_oven_bakes_one_bread_the_second_waits_visibly_and_follows(
    talk: Conversation, worker: Worker, database: Database
) -> None:
    talk.say("oven bake 2")
    talk.say("oven bake 1", person="ada@example.com")  # not allowed: ada has no grant
    talk.say("oven bake 1")
    worker.step(1)
    worker.step(2)
    with database.transaction() as session:
        waiting = session.get_one(LiveMessage, 2).wanted
    assert waiting == "⏳ **bread** waits for run 1 (bread, you@example.com)."
    assert worker.run(2).state == "requested"
    worker.run_to_end(1)
    assert worker.run(1).state == "done"
    worker.run_to_end(2)
    assert worker.run(2).state == "done"


def test_an_error_of_the_kind_ends_the_run_and_is_told_without_secrets(
    talk: Conversation, worker: Worker, database: Database, loaves: Path
) -> None:
    loaves.mkdir()  # the oven cannot write its note
    talk.say("oven bake 1")
    worker.step()
    assert worker.run().state == "failed"
    assert "run 1 ended in an error of mine, not of yours. IsADirectoryError" in told(database)[-1]


# Attempts


def test_a_side_effect_happens_once_however_often_it_is_entered(
    database: Database, talk: Conversation
) -> None:
    times: list[int] = []

    def effect() -> dict[str, int]:
        times.append(1)
        return {"number": len(times)}

    for _ in range(3):
        assert attempt(database, "run:1:light", "lighting", effect, talk.services.redactor) == {"number": 1}
    assert times == [1]


def test_an_effect_begun_and_not_seen_to_end_is_not_repeated(database: Database, talk: Conversation) -> None:
    with database.transaction() as session:
        session.add(Attempt(key="run:1:light", what="lighting the oven"))
    with pytest.raises(Interrupted, match="Interrupted while lighting the oven"):
        attempt(database, "run:1:light", "lighting the oven", lambda: {}, talk.services.redactor)


# Owners


def kill(worker: Worker) -> None:
    """End a worker as SIGKILL does: its connection goes without a word."""
    worker.ownership._connection.close()


def test_a_resumable_run_of_a_dead_worker_goes_on_in_another(
    talk: Conversation, database: Database, another_worker: Callable[[], Worker], loaves: Path
) -> None:
    talk.say("oven bake 2")
    dead, living = another_worker(), another_worker()
    die_in_the_middle(dead, database)
    living.look_for_the_dead()
    living.run_to_end()
    with database.transaction() as session:
        assert session.scalar(text("SELECT count(*) FROM runs WHERE state = 'done'")) == 1
    assert loaves.read_text() == "lit for run 1\n", "the oven was lit once"


def test_a_run_that_cannot_resume_is_lost_and_a_human_is_asked(
    talk: Conversation, database: Database, another_worker: Callable[[], Worker]
) -> None:
    talk.say("oven bake 2 --once")
    dead, living = another_worker(), another_worker()
    die_in_the_middle(dead, database)
    living.look_for_the_dead()
    assert living.run().state == "lost"
    assert told(database) == [
        "❓ **bread** (run 1) is lost: its worker died in the middle of it. I do not know how far it came, and I "
        "repeat nothing by myself. Please look, then `run cancel 1` frees what it holds. "
        "<@personEmail:you@example.com>"
    ]
    talk.say("oven bake 1")
    living.step(2)
    assert living.run(2).state == "requested", "a lost run keeps its lock until a human decides"
    code = talk.say("run cancel 1").split("`confirm ")[1].split("`")[0]
    assert talk.say(f"confirm {code}") == "Run 1 is cancelled."
    living.run_to_end(2)
    assert living.run(2).state == "done"


def test_a_frozen_worker_is_not_a_dead_one(
    talk: Conversation, database: Database, another_worker: Callable[[], Worker]
) -> None:
    """Its connection lives, however long it does nothing: nobody takes its run."""
    talk.say("oven bake 2")
    frozen, living = another_worker(), another_worker()
    die_in_the_middle(frozen, database, connection_too=False)
    living.look_for_the_dead()
    assert (living.run().step, living.run().owner) == ("running", frozen.ownership.id)


def die_in_the_middle(worker: Worker, database: Database, *, connection_too: bool = True) -> None:
    """The state a worker leaves behind when it is killed between claiming a step and writing its result."""
    worker.step()
    with database.transaction() as session:
        session.execute(text("UPDATE runs SET step = 'running', owner = :me"), {"me": worker.ownership.id})
    if connection_too:
        kill(worker)


def test_an_owner_whose_connection_is_cut_notices(postgres_url: str, database: Database) -> None:
    ownership = Ownership(postgres_url)
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        pid = ownership._connection.info.backend_pid
        connection.execute("SELECT pg_terminate_backend(%s)", (pid,))
    with pytest.raises(OwnershipLost):
        ownership.check()


def test_two_workers_that_look_at_once_free_the_dead_once(
    talk: Conversation, database: Database, another_worker: Callable[[], Worker]
) -> None:
    talk.say("oven bake 2 --once")
    dead, one, other = another_worker(), another_worker(), another_worker()
    die_in_the_middle(dead, database)
    threads = [threading.Thread(target=each.look_for_the_dead) for each in (one, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(told(database)) == 1
