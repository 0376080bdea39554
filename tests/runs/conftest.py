"""A worker's engine in this process, with an oven to run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.commands.context import Services
from bot.commands.gate import may_begin
from bot.runs.advance import Engine
from bot.runs.due import queue_due_runs
from bot.runs.ownership import Ownership, free_work_of_the_dead
from bot.runs.runs import get
from bot.store.database import Database
from bot.store.models import OutboxMessage, Run
from tests.runs.oven import integration
from tests.talking import Conversation, conversation


@dataclass
class Worker:
    """An engine with its ownership, moved by the test step by step."""

    engine: Engine
    ownership: Ownership
    database: Database
    kicked: list[str] = field(default_factory=list)

    def step(self, run_id: int = 1) -> None:
        """What a queued job does."""
        self.engine.step(run_id)

    def run_to_end(self, run_id: int = 1) -> None:
        """Step while the run is due."""
        for _ in range(50):
            self.step(run_id)
            with self.database.transaction() as session:
                queue_due_runs(session)
            if self.run(run_id).step == "idle":
                return

    def look_for_the_dead(self) -> None:
        """What a worker does every five seconds."""
        with self.database.transaction() as session:
            self.engine.recover(session, free_work_of_the_dead(session))

    def run(self, run_id: int = 1) -> Run:
        """The run as it is now."""
        with self.database.transaction() as session:
            return get(session, run_id)


@pytest.fixture
def loaves(tmp_path: Path) -> Path:
    """Where the oven notes what it did."""
    return tmp_path / "loaves"


@pytest.fixture
def talk(database: Database, tmp_path: Path, loaves: Path) -> Conversation:
    """A conversation with a bot that has an oven."""
    return conversation(
        database,
        environ={"OVEN_LOAVES": str(loaves)},
        config={"modules": ["tests.runs.oven"]},
        folder=tmp_path,
    )


@pytest.fixture
def worker(database: Database, postgres_url: str, talk: Conversation) -> Iterator[Worker]:
    """One worker."""
    made = make_worker(database, postgres_url, talk.services)
    yield made
    made.ownership.close()


@pytest.fixture
def another_worker(
    database: Database, postgres_url: str, talk: Conversation
) -> Iterator[Callable[[], Worker]]:
    """Further workers, as many as asked for."""
    made: list[Worker] = []

    def make() -> Worker:
        made.append(make_worker(database, postgres_url, talk.services))
        return made[-1]

    yield make
    for each in made:
        each.ownership.close()


def make_worker(database: Database, url: str, services: Services) -> Worker:
    ownership = Ownership(url)
    kicked: list[str] = []
    engine = Engine(
        database=database,
        redactor=services.redactor,
        kinds={kind.name: kind for kind in integration.run_kinds},
        services=services,
        owner=ownership.id,
        kick=kicked.extend,
        edit_interval=1.0,
        refuses=lambda view: may_begin(view, services),
    )
    return Worker(engine, ownership, database, kicked)


def told(database: Database) -> list[str]:
    """Every fresh message a run has put into the outbox, in order."""
    with database.transaction() as session:
        rows = session.query(OutboxMessage).filter(OutboxMessage.live_id.is_(None)).order_by(OutboxMessage.id)
        return [row.body["markdown"] for row in rows]
