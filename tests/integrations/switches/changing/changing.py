"""People change switches of the farm; the worker's part that moves runs on is done here step by step."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import yaml
from sqlalchemy import select, text

from bot.assembly import load_parts
from bot.commands.model import Entry, Outcome, Request
from bot.runs.advance import Engine
from bot.runs.due import queue_due_runs
from bot.runs.states import ENDED, State
from bot.store.database import Database
from bot.store.models import LiveMessage, OutboxMessage, Run, RunLogLine
from integrations.switches.store.models import SwitchChangeState
from playground.switches.inventory import inventory
from tests.playground.switches.running_farm import PATIENCE_S, RunningFarm
from tests.talking import Conversation, conversation

NTP = "ntp server 10.9.9.9"


@dataclass
class Changing:
    """A conversation about the farm's switches, the runs of it, and what its room sees."""

    talk: Conversation
    farm: RunningFarm
    engine: Engine
    lives: list[str] = field(default_factory=list)

    def say(self, line: str, **more: Any) -> str:
        """Say a line and return the reply."""
        return self.talk.say(line, **more)

    def outcome(self, line: str, **more: Any) -> Outcome:
        """Say a line and return everything that came of it."""
        return self.talk.outcome(line, **more)

    def confirmed(self, line: str, **more: Any) -> str:
        """Say a line, and yes to the question it comes to; returns the answer to that."""
        asked = self.say(line, **more)
        code = re.search(r"Say `confirm (\w{6})`", asked)
        assert code, asked
        return self.say(f"confirm {code[1]}", **more)

    def request(self, line: str, message_id: str) -> Outcome:
        """Say a line in a message of Webex."""
        request = Request(
            key=f"message:{message_id}",
            entry=Entry.TEXT,
            person=self.talk.person,
            place=self.talk.place,
            line=line,
            message_id=message_id,
        )
        return self.talk.request(request)

    @property
    def database(self) -> Database:
        """The database."""
        return self.talk.services.database

    def run(self, number: int = 1) -> Run:
        """A run as it stands."""
        with self.database.transaction() as session:
            return session.get_one(Run, number)

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

    def until_phase(self, phase: str, number: int = 1) -> None:
        """Go on until the run is about to enter a phase."""
        deadline = time.monotonic() + PATIENCE_S
        while self.run(number).progress.get("phase") != phase:
            assert time.monotonic() < deadline, self.run(number).progress
            self.turn()

    def to_its_end(self, number: int = 1) -> Run:
        """Go on until the run is over or lost."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            run = self.run(number)
            if State(run.state) in {*ENDED, State.LOST}:
                return run
            self.turn()
            time.sleep(0.01)
        raise AssertionError(f"run {number} is {run.state}, with {run.progress}: {self.lives[-1]}")

    def told(self) -> list[str]:
        """The fresh messages for the room, in order, without what mentions people."""
        query = select(OutboxMessage).where(OutboxMessage.live_id.is_(None)).order_by(OutboxMessage.id)
        with self.database.transaction() as session:
            bodies = [row.body["markdown"].replace("  \n", "\n") for row in session.scalars(query)]
        return [body.partition(" <@personEmail")[0] for body in bodies if body]

    def files(self) -> list[str]:
        """The files for the room, in order."""
        query = select(OutboxMessage.file_content).where(OutboxMessage.file_content.is_not(None))
        with self.database.transaction() as session:
            return [bytes(each).decode() for each in session.scalars(query.order_by(OutboxMessage.id))]

    def log(self, number: int = 1) -> list[str]:
        """The run's log."""
        query = select(RunLogLine.text).where(RunLogLine.run_id == number).order_by(RunLogLine.id)
        with self.database.transaction() as session:
            return list(session.scalars(query))

    def running(self, switch: str) -> str:
        """What a switch has, as the farm itself tells."""
        return str(self.farm.control(f"switches/{switch}/config")["running"])

    def holding(self, state: str) -> list[str]:
        """The switches of which a state is written down."""
        query = select(SwitchChangeState.switch).where(SwitchChangeState.state == state)
        with self.database.transaction() as session:
            return list(session.scalars(query))

    def having(self, line: str) -> list[str]:
        """The switches that have a line."""
        names = list(self.farm.farm.doors)
        return [
            name for name in names if re.search(rf"^\s*{re.escape(line)}$", self.running(name), re.MULTILINE)
        ]


def changing(
    database: Database,
    farm: RunningFarm,
    folder: Path,
    *,
    config: str = "on",
    settings: Mapping[str, Any] | None = None,
    file: Mapping[str, Any] | None = None,
    extra: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
    **more: Any,
) -> Changing:
    """A conversation with a bot whose inventory is the farm. `extra` is merged into the inventory's entries."""
    doors = list(farm.farm.doors.values())
    written = yaml.safe_load(inventory(doors, dict.fromkeys(farm.farm.doors), "admin"))
    for name, entry in (extra or {}).items():
        (written["switches"][name] if name != "defaults" else written["defaults"]).update(entry)
    path = folder / "switches.yaml"
    path.write_text(yaml.safe_dump(written, sort_keys=False))
    told = {
        "config": config,
        "config_watch": 0,
        "config_timeout": 5,
        "timeout": 5,
        "deadline": 20,
        "connect_timeout": 2,
        **(settings or {}),
    }
    talk = conversation(
        database,
        environ={"SWITCHES_INVENTORY": str(path), "SWITCHES_PASSWORD": "playground", **(environ or {})},
        config={**(file or {}), "integrations": {"switches": told}},
        folder=folder,
        **more,
    )
    services = talk.services
    kinds = load_parts(services.settings).run_kinds
    engine = Engine(database, services.redactor, kinds, services, uuid4(), lambda lanes: None, 0.0)
    return Changing(talk, farm, engine)
