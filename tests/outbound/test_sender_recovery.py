"""What becomes of messages when a worker or the database dies in the middle of sending them."""

from __future__ import annotations

import psycopg
from senders import Held, another_sender, in_room, put
from sqlalchemy.exc import SQLAlchemyError

from bot.outbound.sender import Sender
from bot.runs.ownership import Ownership, free_work_of_the_dead
from tests.bot_in_process import BotInProcess, cut_connections
from tests.talking import PATIENCE, wait_for

STATES = "SELECT state, attempts FROM outbox ORDER BY id"


def test_the_lanes_of_a_dead_worker_are_taken_over_and_what_it_was_sending_is_sent_again_and_counted(
    bot: BotInProcess, held: Held
) -> None:
    owner = Ownership(bot.database.url)
    sender = Sender(bot.database, held, bot.web.counters, owner.id, threads=1)
    put(bot, "first", "second")
    with bot.database.transaction() as session:
        assert sender.claim(session, bot.room) is not None  # and here it dies
    assert bot.sender.kick_due() == 0
    assert in_room(bot) == []
    owner._connection.close()
    with bot.database.transaction() as session:
        assert free_work_of_the_dead(session) == (owner.id,)
    bot.work()
    assert in_room(bot) == ["first", "second"]
    assert bot.rows(STATES) == [("sent", 2), ("sent", 1)]
    assert bot.metric("sparkops_outbox_sent_again_total") == 1
    sender.close()


def test_a_living_workers_lanes_are_not_taken_over(bot: BotInProcess, held: Held) -> None:
    with another_sender(bot, held) as (sender, _):
        put(bot, "first", "second")
        sender.kick((bot.room,))
        assert held.arrived.acquire(timeout=PATIENCE)
        with bot.database.transaction() as session:
            assert free_work_of_the_dead(session) == ()
        assert bot.sender.kick_due() == 0
        held.go.release(2)
        wait_for(lambda: in_room(bot) == ["first", "second"], "both messages")
    assert held.most == 1


def test_a_lane_forgotten_in_an_outage_of_the_database_is_found_at_the_second_look(
    bot: BotInProcess, held: Held, postgres_url: str
) -> None:
    with another_sender(bot, held) as (sender, _):
        put(bot, "first", "second")
        with bot.database.transaction() as session:
            assert sender.claim(session, bot.room) is not None
        # The row was claimed, and then the answer was lost with the connection: no thread has it.
        for looks, free in ((1, 0), (2, 1)):
            with bot.database.transaction() as session:
                sender.release_forgotten(session)
            assert bot.rows("SELECT count(*) FROM outbox_lanes WHERE owner IS NULL") == [(free,)], looks
    bot.work()
    assert in_room(bot) == ["first", "second"]


def test_a_lane_in_a_threads_hands_is_never_taken_for_forgotten(bot: BotInProcess, held: Held) -> None:
    with another_sender(bot, held) as (sender, owner):
        put(bot, "first")
        sender.kick((bot.room,))
        assert held.arrived.acquire(timeout=PATIENCE)
        for _ in range(3):
            with bot.database.transaction() as session:
                sender.release_forgotten(session)
        assert bot.rows("SELECT owner FROM outbox_lanes") == [(owner.id,)]


def test_a_database_that_restarts_between_sending_and_noting_it_costs_at_most_a_repetition(
    bot: BotInProcess, held: Held, postgres_url: str
) -> None:
    with another_sender(bot, held) as (sender, _):
        put(bot, "first", "second")
        sender.kick((bot.room,))
        assert held.arrived.acquire(timeout=PATIENCE)
        name = str(psycopg.conninfo.conninfo_to_dict(postgres_url)["dbname"])
        with psycopg.connect(postgres_url, dbname="template1", autocommit=True) as elsewhere:
            cut_connections(elsewhere, name)
        held.go.release(10)
        sender_is_idle(sender)
        for _ in range(2):
            forgotten(bot, sender)
        sender.kick_due()
        wait_for(lambda: in_room(bot)[-1:] == ["second"], "the second message")
    assert in_room(bot) in (["first", "second"], ["first", "first", "second"])


def sender_is_idle(sender: Sender) -> None:
    wait_for(lambda: not sender._sending, "the sender's threads to end")


def forgotten(bot: BotInProcess, sender: Sender) -> None:
    try:
        with bot.database.transaction() as session:
            sender.release_forgotten(session)
    except SQLAlchemyError:  # the first look after a restart may meet a dead connection
        with bot.database.transaction() as session:
            sender.release_forgotten(session)
