"""Numbers that all processes share, and that an outage of the database does not cost."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import text

from bot.store.counters import Counters
from bot.store.database import Database
from tests.bot_in_process import database_away
from tests.talking import wait_for


def counted(database: Database) -> dict[tuple[str, str], int]:
    with database.transaction() as session:
        rows = session.execute(text("SELECT name, labels, value FROM counters"))
        return {(name, labels): value for name, labels, value in rows}


@pytest.fixture
def counters(database: Database) -> Counters:
    return Counters(database, every=3600)


def test_what_is_counted_is_added_up_by_name_and_labels(database: Database, counters: Counters) -> None:
    counters.count("refused", source="webex", reason="bad_json")
    counters.count("refused", reason="bad_json", source="webex")
    counters.count("refused", source="ci", reason="bad_json")
    counters.count("sent_again", 3)
    assert counted(database) == {}
    counters.flush()
    counters.flush()
    assert counted(database) == {
        ("refused", 'reason="bad_json",source="webex"'): 2,
        ("refused", 'reason="bad_json",source="ci"'): 1,
        ("sent_again", ""): 3,
    }


def test_two_processes_add_to_the_same_number(database: Database) -> None:
    several = [Counters(database, every=3600) for _ in range(4)]

    def count(counters: Counters) -> None:
        for number in range(25):
            counters.count("refused", reason=f"{number % 5}")
            counters.flush()

    threads = [threading.Thread(target=count, args=(each,)) for each in several]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counted(database) == {("refused", f'reason="{number}"'): 20 for number in range(5)}


def test_the_sums_are_written_by_themselves_after_a_while(database: Database) -> None:
    Counters(database, every=0.01).count("refused")
    wait_for(lambda: counted(database) == {("refused", ""): 1}, "the counter to be written")


def test_what_is_counted_while_the_database_is_away_is_written_when_it_is_back(
    database: Database, counters: Counters, postgres_url: str
) -> None:
    with database_away(postgres_url):
        counters.count("refused")
        counters.flush()
        counters.count("refused")
        counters.flush()
    counters.flush()
    assert counted(database) == {("refused", ""): 2}


def test_after_an_outage_the_sums_are_written_although_nothing_more_is_counted(
    database: Database, postgres_url: str
) -> None:
    class Watched(Counters):
        flushed = 0

        def flush(self) -> None:
            super().flush()
            self.flushed += 1

    counters = Watched(database, every=0.05)
    with database_away(postgres_url):
        counters.count("refused")
        wait_for(lambda: counters.flushed, "a flush that finds no database")
    wait_for(lambda: counted(database) == {("refused", ""): 1}, "the counter to be written")
