"""How queued events reach the worker's threads: at once, side by side, and never more than there are threads."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from sqlalchemy.exc import OperationalError

from bot.inbound import inbox
from bot.inbound.dispatch import Dispatcher
from bot.integration import Hook, HookEvent, Integration
from bot.store.database import Database
from tests.bot_in_process import BotInProcess, bot_in_process, cut_connections, database_away
from tests.playground.running import Webex
from tests.talking import PATIENCE, wait_for

STATES = "SELECT state, count(*) FROM inbox GROUP BY 1 ORDER BY 1"


class Gate:
    """An integration whose events are in hand until the gate is opened."""

    def __init__(self) -> None:
        self.opened = threading.Event()
        self.integration = Integration(name="ci", hook=Hook(lambda _: ("end",), self.read, self.handle))

    def read(self, body: bytes, _: object) -> HookEvent:
        return HookEvent(body.decode(), {"said": body.decode()})

    def handle(self, event: HookEvent, *_: object) -> tuple[str, ...]:
        assert self.opened.wait(PATIENCE)
        if event.payload["said"] == "cut":
            raise OperationalError("SELECT 1", {}, psycopg.OperationalError("server closed the connection"))
        return ()


@pytest.fixture
def gate() -> Iterator[Gate]:
    made = Gate()
    yield made
    made.opened.set()


@pytest.fixture
def bot(webex: Webex, database: Database, gate: Gate) -> Iterator[BotInProcess]:
    with bot_in_process(webex, database, integrations=(gate.integration,)) as running:
        yield running
        gate.opened.set()


@contextmanager
def dispatching(bot: BotInProcess, slots: int) -> Iterator[Dispatcher]:
    dispatcher = Dispatcher(bot.database.url, bot.handler, slots=slots)
    dispatcher.start()
    try:
        yield dispatcher
    finally:
        dispatcher.stop()


def report(bot: BotInProcess, said: str) -> None:
    assert bot.http.post("/hooks/ci/end", data=said.encode()).status_code == 200


def wait_for_states(bot: BotInProcess, **states: int) -> None:
    expected: list[tuple[Any, ...]] = sorted(states.items())
    wait_for(lambda: bot.rows(STATES) == expected, f"events to be {states}")


def test_what_was_queued_before_and_what_comes_later_is_handled(bot: BotInProcess, gate: Gate) -> None:
    gate.opened.set()
    report(bot, "before")
    with dispatching(bot, 2):
        wait_for_states(bot, done=1)
        report(bot, "later")
        wait_for_states(bot, done=2)


def test_no_more_events_are_taken_in_hand_than_there_are_threads(bot: BotInProcess, gate: Gate) -> None:
    """So that another worker can take the others."""
    for number in range(5):
        report(bot, str(number))
    with dispatching(bot, 2):
        wait_for_states(bot, handling=2, queued=3)
        report(bot, "one more")
        wait_for_states(bot, handling=2, queued=4)
        gate.opened.set()
        wait_for_states(bot, done=6)


def test_an_event_that_meets_an_outage_does_not_stop_the_others(bot: BotInProcess, gate: Gate) -> None:
    gate.opened.set()
    report(bot, "cut")
    messages = [bot.hear("ping") for _ in range(3)]
    with dispatching(bot, 1):
        wait_for_states(bot, done=3, handling=1)
    bot.wait_until_sent()
    assert [bot.thread(each["id"]) for each in messages] == [["pong"]] * 3


def test_an_event_in_hand_is_not_mistaken_for_a_forgotten_one(bot: BotInProcess, gate: Gate) -> None:
    report(bot, "slow")
    with dispatching(bot, 2):
        wait_for_states(bot, handling=1)
        with bot.database.transaction() as session:
            bot.handler.put_back_forgotten(session)
        assert bot.rows(STATES) == [("handling", 1)]
        gate.opened.set()
        wait_for_states(bot, done=1)
    assert bot.rows("SELECT attempts FROM inbox") == [(1,)]


def test_after_a_restart_of_the_database_it_goes_on_listening(
    bot: BotInProcess, gate: Gate, postgres_url: str
) -> None:
    gate.opened.set()
    with dispatching(bot, 2):
        report(bot, "before")
        wait_for_states(bot, done=1)
        name = str(psycopg.conninfo.conninfo_to_dict(postgres_url)["dbname"])
        with psycopg.connect(postgres_url, dbname="template1", autocommit=True) as elsewhere:
            cut_connections(elsewhere, name)
        report(bot, "after")
        with database_away(postgres_url):
            assert bot.http.post("/hooks/ci/end", data=b"meanwhile").status_code == 503
        report(bot, "later")
        wait_for(lambda: ("done", 3) in bot.rows(STATES) or put_back(bot), "all three to be handled")


def put_back(bot: BotInProcess) -> None:
    """An event whose end could not be written down is found by the worker's second hand."""
    with bot.database.transaction() as session:
        bot.handler.put_back_forgotten(session)
        inbox.queue_due(session)


def test_told_to_stop_it_takes_no_more_and_what_is_in_hand_is_finished(bot: BotInProcess, gate: Gate) -> None:
    report(bot, "in hand")
    with dispatching(bot, 1) as dispatcher:
        wait_for_states(bot, handling=1)
        dispatcher.stop()
    report(bot, "too late")
    gate.opened.set()
    bot.handler.close()
    assert bot.rows(STATES) == [("done", 1), ("queued", 1)]
