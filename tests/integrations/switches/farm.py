"""A farm of stand-in switches in its own process, and people who ask it by chat."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import requests
from sqlalchemy import select, text

from bot.assembly import load_parts
from bot.commands.model import File, Outcome
from bot.runs.advance import Engine
from bot.runs.due import queue_due_runs
from bot.runs.states import ENDED, State
from bot.store.database import Database
from bot.store.models import LiveMessage, OutboxMessage, Run
from integrations.switches.client import SwitchesClient
from tests.talking import Conversation, conversation

PASSWORD = "a-password-of-the-farm"
PATIENCE_S = 60.0
_LINE = re.compile(
    r"playground switches: (\d+) on \S+ … \S+; control on (http://127\.0\.0\.1:\d+)/playground/\n"
)


@dataclass(frozen=True)
class Farm:
    """A running farm: its control API, and the inventory it has written."""

    url: str
    inventory: Path

    def control(self, path: str, method: str = "POST", **order: Any) -> Any:
        """Give an order to the control API, or ask it something with GET; returns its JSON."""
        answer = requests.request(
            method, f"{self.url}/playground/{path}", json=order or None, timeout=PATIENCE_S
        )
        assert answer.ok, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()

    def fault(self, kind: str, switches: str = "*", **more: Any) -> None:
        """Let these switches do something else than answer, for ever unless `count` says how often."""
        self.control("faults", kind=kind, switches=switches, **{"count": None, **more})

    def requests(self) -> dict[str, int]:
        """The requests that each switch has had since the farm was made anew."""
        return {each["name"]: each["requests"] for each in self.control("switches", "GET")}

    def anomalies(self) -> dict[str, Any]:
        """What is wrong in the fabric, by kind."""
        found: dict[str, Any] = self.control("anomalies", "GET")
        return found


@contextmanager
def running_farm(folder: Path, count: int, *options: str) -> Iterator[Farm]:
    """`python -m playground switches` on free ports, ended by its pid; its inventory is in `folder`."""
    inventory = folder / "switches.yaml"
    command = [sys.executable, "-m", "playground", "switches", "--count", str(count), "--port", "0"]
    command += ["--control-port", "0", "--inventory", str(inventory), "--password", PASSWORD, *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        told = _LINE.fullmatch(line)
        assert told is not None, line
        yield Farm(told[2], inventory)
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


@dataclass
class FleetTalk:
    """A conversation with a bot that knows a farm, the worker's part that moves runs on, and what its rooms see."""

    conversation: Conversation
    farm: Farm
    engine: Engine
    lives: list[str] = field(default_factory=list)
    """Everything its live messages have shown, in order."""

    def say(self, line: str, **more: Any) -> str:
        """Say a line and return the reply."""
        return self.conversation.say(line, **more)

    def outcome(self, line: str, **more: Any) -> Outcome:
        """Say a line and return everything that came of it."""
        return self.conversation.outcome(line, **more)

    def file(self, line: str, **more: Any) -> File:
        """Say a line and return the file of the reply."""
        file = self.outcome(line, **more).replies[0].file
        assert file is not None
        return file

    @property
    def database(self) -> Database:
        """The database."""
        return self.conversation.services.database

    @property
    def client(self) -> SwitchesClient:
        """The bot's own client of the farm."""
        client: SwitchesClient = self.conversation.services.clients["switches"]
        return client

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
        self.look()

    def look(self) -> None:
        """Take down what the live messages show now."""
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
        raise AssertionError(f"run {number} is {run.state}, with {run.progress}, and not {states}")

    def to_its_end(self, number: int = 1) -> Run:
        """Go on until the run is over or lost."""
        return self.until(*ENDED, State.LOST, number=number)

    def messages(self, room: str = "room-1") -> list[OutboxMessage]:
        """The fresh messages for a room, in order; live messages and replies are not among them."""
        query = (
            select(OutboxMessage)
            .where(OutboxMessage.room_id == room, OutboxMessage.live_id.is_(None))
            .order_by(OutboxMessage.id)
        )
        with self.database.transaction() as session:
            return list(session.scalars(query))

    def told(self, room: str = "room-1") -> list[str]:
        """What they say."""
        return [row.body["markdown"].replace("  \n", "\n") for row in self.messages(room)]

    def live(self) -> str:
        """What the newest live message shows, or shall show."""
        with self.database.transaction() as session:
            newest = session.scalars(select(LiveMessage).order_by(LiveMessage.id.desc())).first()
            assert newest is not None, "no live message"
            return newest.wanted.replace("  \n", "\n")


@contextmanager
def fleet_talk(
    database: Database,
    farm: Farm,
    *,
    config: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
    **more: Any,
) -> Iterator[FleetTalk]:
    """A conversation with a bot whose inventory is this farm's; its connections are closed at the end."""
    environ = {
        "SWITCHES_INVENTORY": str(farm.inventory),
        "SWITCHES_PASSWORD": PASSWORD,
        **(environ or {}),
    }
    talk = conversation(database, environ=environ, config=config, **more)
    services = talk.services
    kinds = load_parts(services.settings).run_kinds
    looking: list[Callable[[], None]] = []

    def kick(_lanes: tuple[str, ...]) -> None:
        """The sender's part: whatever a live message shall show now is taken down."""
        for look in looking:
            look()

    fleet = FleetTalk(talk, farm, Engine(database, services.redactor, kinds, services, uuid4(), kick, 1.0))
    looking.append(fleet.look)
    try:
        yield fleet
    finally:
        fleet.client.close()
