"""Work that is done again and again: due, in one worker's hands, due again after it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import text

from bot.runs.kinds import Periodic
from bot.runs.periodic import PERIODIC_TASK, Periodics, queue_due_periodics
from bot.store.database import Database


@dataclass
class Kitchen:
    """Where bread is looked at every ten seconds."""

    database: Database
    looks: list[Any] = field(default_factory=list)
    kicked: list[tuple[str, ...]] = field(default_factory=list)
    burns: bool = False

    def periodics(self) -> Periodics:
        """What one worker can do."""
        work = Periodic("look at the bread", lambda settings: float(settings["every"]), self.look)
        return Periodics(self.database, [(work, {"every": 10})], "the services", self.kicked.append)

    def look(self, services: Any) -> tuple[str, ...]:
        """The work."""
        self.looks.append(services)
        if self.burns:
            raise RuntimeError("it burns")
        return ("room-1",)

    def due(self) -> int:
        """How much is queued now."""
        with self.database.transaction() as session:
            return queue_due_periodics(session)

    def later(self, seconds: float) -> None:
        """Let time pass."""
        with self.database.transaction() as session:
            session.execute(
                text(
                    "UPDATE periodics SET due_at = due_at - make_interval(secs => :s), "
                    "queued_at = queued_at - make_interval(secs => :s)"
                ),
                {"s": seconds},
            )

    def queued(self) -> list[tuple[str, Any]]:
        """The jobs."""
        with self.database.transaction() as session:
            rows = session.execute(text("SELECT task_name, args FROM procrastinate_jobs ORDER BY id"))
            return [(row.task_name, row.args) for row in rows]


@pytest.fixture
def kitchen(database: Database) -> Kitchen:
    """A kitchen whose one worker has just started."""
    made = Kitchen(database)
    made.periodics().install()
    return made


def test_it_is_due_at_once_and_then_again_after_its_time(kitchen: Kitchen) -> None:
    assert kitchen.due() == 1
    assert kitchen.queued() == [(PERIODIC_TASK, {"name": "look at the bread"})]
    kitchen.periodics().run("look at the bread")
    assert (kitchen.looks, kitchen.kicked) == (["the services"], [("room-1",)])
    assert kitchen.due() == 0
    kitchen.later(9)
    assert kitchen.due() == 0
    kitchen.later(2)
    assert kitchen.due() == 1


def test_what_is_in_hand_is_not_queued_again(kitchen: Kitchen) -> None:
    assert kitchen.due() == 1
    kitchen.later(60)
    assert kitchen.due() == 0


def test_what_a_dead_worker_had_in_hand_is_due_again_after_five_minutes(kitchen: Kitchen) -> None:
    assert kitchen.due() == 1
    kitchen.later(301)
    assert kitchen.due() == 1


def test_an_error_does_not_end_it(kitchen: Kitchen) -> None:
    kitchen.burns = True
    kitchen.due()
    with pytest.raises(RuntimeError, match="it burns"):
        kitchen.periodics().run("look at the bread")
    kitchen.later(11)
    assert kitchen.due() == 1


def test_a_second_worker_that_starts_changes_nothing(kitchen: Kitchen) -> None:
    kitchen.due()
    kitchen.periodics().run("look at the bread")
    kitchen.periodics().install()
    assert kitchen.due() == 0


def test_work_that_is_not_installed_any_more_is_forgotten(kitchen: Kitchen) -> None:
    Periodics(kitchen.database, [], None, kitchen.kicked.append).run("look at the bread")
    kitchen.later(1000)
    assert kitchen.due() == 0
