"""The owner talks, and the worker's part that moves runs on is done here step by step."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from sqlalchemy import select, text

from bot.assembly import load_parts
from bot.commands.model import Outcome
from bot.integration import Hook
from bot.runs.advance import Engine
from bot.runs.due import queue_due_runs
from bot.runs.states import ENDED, State
from bot.store.database import Database
from bot.store.models import LiveMessage, OutboxMessage, Run, RunTransition
from integrations.jenkins import integration
from integrations.jenkins.client import JenkinsClient
from tests.playground.jenkins.running_jenkins import PATIENCE_S, Jenkins
from tests.talking import Conversation, conversation

HOOK_SECRET = "a-hook-secret-of-the-tests"


@dataclass
class Following:
    """A conversation about one Jenkins, its runs, and what its rooms see."""

    conversation: Conversation
    server: Jenkins
    client: JenkinsClient
    engine: Engine
    lives: list[str] = field(default_factory=list)

    def say(self, line: str, **more: Any) -> str:
        """Say a line and return the reply."""
        return self.conversation.say(line, **more)

    def outcome(self, line: str, **more: Any) -> Outcome:
        """Say a line and return everything that came of it."""
        return self.conversation.outcome(line, **more)

    def confirm(self, asked: str, **more: Any) -> str:
        """Say yes to a question."""
        code = asked.partition("Say `confirm ")[2].partition("`")[0]
        assert code, asked
        return self.say(f"confirm {code}", **more)

    @property
    def database(self) -> Database:
        """The database."""
        return self.conversation.services.database

    def run(self, number: int = 1) -> Run:
        """A run as it stands."""
        with self.database.transaction() as session:
            return session.get_one(Run, number)

    def moves(self, number: int = 1) -> list[str]:
        """The states a run went through."""
        query = select(RunTransition.new).where(RunTransition.run_id == number).order_by(RunTransition.id)
        with self.database.transaction() as session:
            return list(session.scalars(query))

    def turn(self) -> None:
        """Let the time pass that runs wait for, and move each on by one step."""
        with self.database.transaction() as session:
            session.execute(text("UPDATE runs SET next_step_at = now() WHERE next_step_at IS NOT NULL"))
            queue_due_runs(session)
            queued = list(session.scalars(select(Run.id).where(Run.step == "queued").order_by(Run.id)))
        for number in queued:
            self.engine.step(number)
        with self.database.transaction() as session:
            for live in session.scalars(select(LiveMessage).order_by(LiveMessage.id)):
                if live.wanted not in self.lives:
                    self.lives.append(live.wanted)

    def until(self, *states: State, number: int = 1) -> Run:
        """Go on until the run is in one of these states; returns it."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            run = self.run(number)
            if State(run.state) in states:
                return run
            self.turn()
            time.sleep(0.02)
        raise AssertionError(
            f"run {number} is {run.state}, with {run.progress}, and not {states}: {self.lives[-1]}"
        )

    def to_its_end(self, number: int = 1) -> Run:
        """Go on until the run is over or lost."""
        return self.until(*ENDED, State.LOST, number=number)

    def told(self, room: str = "room-1") -> list[str]:
        """The fresh messages for a room, in order; live messages and replies are not among them."""
        query = (
            select(OutboxMessage)
            .where(OutboxMessage.room_id == room, OutboxMessage.live_id.is_(None))
            .order_by(OutboxMessage.id)
        )
        with self.database.transaction() as session:
            return [row.body["markdown"].replace("  \n", "\n") for row in session.scalars(query)]

    def live(self) -> str:
        """What the newest live message shows, or shall show."""
        with self.database.transaction() as session:
            newest = session.scalars(select(LiveMessage).order_by(LiveMessage.id.desc())).first()
            assert newest is not None, "no live message"
            return newest.wanted.replace("  \n", "\n")

    def hears(self, report: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> tuple[str, ...]:
        """Let the hook take a report and handle it as the worker would; returns the lanes to be sent."""
        hook = _hook()
        event = hook.read(json.dumps(report).encode(), headers or {})
        assert hook.gather is not None
        event = hook.gather(event, self.conversation.services)
        with self.database.transaction() as session:
            return hook.handle(event, self.conversation.services, session)


def _hook() -> Hook:
    assert integration.hook is not None
    return integration.hook


def following(
    database: Database,
    server: Jenkins,
    *,
    config: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
    **more: Any,
) -> Following:
    """A conversation with a bot that is set up for this Jenkins."""
    environ = {
        "JENKINS_URL": server.url,
        "JENKINS_USER": "sparkops",
        "JENKINS_TOKEN": server.secret,
        "JENKINS_HOOK_SECRET": HOOK_SECRET,
        "JENKINS_TIMEOUT": "20",
        **(environ or {}),
    }
    talk = conversation(database, environ=environ, config=config, **more)
    services = talk.services
    kinds = load_parts(services.settings).run_kinds
    engine = Engine(database, services.redactor, kinds, services, uuid4(), lambda lanes: None, 1.0)
    return Following(talk, server, services.clients["jenkins"].get("main"), engine)
