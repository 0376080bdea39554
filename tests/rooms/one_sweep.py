"""A few rooms that were last used long ago, a policy about them, and a worker that sweeps step by step."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bot.commands.builtin.stale import RUN_KINDS
from bot.commands.gate import may_begin
from bot.rooms.look import look
from bot.runs.advance import Engine
from bot.runs.due import queue_due_runs
from bot.runs.ownership import Ownership, free_work_of_the_dead
from bot.store.database import Database
from playground.webex.messages import Draft
from playground.webex.rooms import RoomDraft
from tests.bot_in_process import BOT, BotInProcess, bot_in_process, delivery
from tests.playground.running import Webex
from tests.talking import OWNER, confirmation_code

POLICY: Mapping[str, Any] = {
    "name": "old",
    "titles": ["Old *"],
    "idle": "30d",
    "action": "leave",
    "report_to": "Sparkops demo",
    "most": 10,
    "percent": 100,
}


@dataclass
class OneSweep:
    """The bot with its rooms, and its worker."""

    bot: BotInProcess
    folder: Path
    executors: list[Ownership] = field(default_factory=list)
    engine: Engine | None = None

    @property
    def webex(self) -> Webex:
        """The stand-in Webex."""
        return self.bot.webex

    def room(
        self,
        title: str,
        *,
        days: int = 40,
        moderates: bool = False,
        locked: bool = False,
        team: str | None = None,
    ) -> str:
        """A room of the owner's with the bot in it, in which the owner last said something so many days ago."""
        world = self.webex.world
        with world.past(world.clock() - timedelta(days=days)):
            owner, bot = world.people.named(OWNER), world.people.authenticate(f"bot:{BOT}")
            draft = RoomDraft(title=title, is_locked=locked or moderates, team_id=team)
            room = world.rooms.create(owner, draft)
            world.memberships.create(owner, room.id, bot, is_moderator=moderates)
            world.messages.post(owner, room, Draft(text="Anybody?"))
        return room.id

    def start_worker(self) -> None:
        """A worker begins, and takes over what a dead one has left."""
        bot = self.bot
        self.executors.append(Ownership(bot.database.url))
        self.engine = Engine(
            database=bot.database,
            redactor=bot.services.redactor,
            kinds={kind.name: kind for kind in RUN_KINDS},
            services=bot.services,
            owner=self.executors[-1].id,
            kick=bot.sender.kick,
            edit_interval=60.0,
            refuses=lambda view: may_begin(view, bot.services),
        )
        with bot.database.transaction() as session:
            self.engine.recover(session, free_work_of_the_dead(session))

    def kill_worker(self) -> None:
        """Its connection is gone, and with it the lock that made its work its own."""
        self.executors[-1]._connection.close()

    def ask(self, line: str, room: str | None = None) -> str:
        """Say a line in a room and, where the bot asks, a yes; returns its last answer."""
        answer = self.say(line, room)
        if "Say `confirm" not in answer:
            return answer
        return self.say(f"confirm {confirmation_code(answer)}", room)

    def say(self, line: str, room: str | None = None) -> str:
        """Say a line in a room, and return the answer."""
        message = self.bot.hear(line, room=room)
        self.bot.work()
        replies = self.bot.messages(room=room, parentId=message["id"])
        return str(replies[0].get("markdown") or replies[0]["text"]) if replies else ""

    def sweep(self, *, until: str = "", run: int = 1) -> None:
        """Let the sweep go on, and the bot say what it has to, until it waits longer or is in this state."""
        for _ in range(60):
            with self.bot.database.transaction() as session:
                queue_due_runs(session)
            assert self.engine is not None
            self.engine.step(run)
            self.bot.work()
            [(state, due)] = self.bot.rows(
                "SELECT state, next_step_at <= now() + interval '600 milliseconds' FROM runs WHERE id = :id",
                id=run,
            )
            if state == until or not due:
                return
            self.bot.rows("UPDATE runs SET next_step_at = now() WHERE next_step_at > now() RETURNING id")
        raise AssertionError(f"The sweep is still {state}.")

    def let_pass(self, **time: float) -> None:
        """Let time go by for the sweep: its dates come nearer, and its notices are older."""
        span = timedelta(**time)
        for table, column in (
            ("sweep_items", "act_after"),
            ("sweep_items", "noticed_at"),
            ("outbox", "sent_at"),
            ("runs", "next_step_at"),
        ):
            self.bot.rows(f"UPDATE {table} SET {column} = {column} - :span RETURNING 1", span=span)

    def items(self) -> dict[str, tuple[Any, ...]]:
        """State, outcome and error of each room of the sweeps, by its title."""
        rows = self.bot.rows("SELECT title, state, outcome, error FROM sweep_items ORDER BY title, run_id")
        return {title: tuple(rest) for title, *rest in rows}

    def state(self, run: int = 1) -> str:
        """The run's state."""
        return str(self.bot.rows("SELECT state FROM runs WHERE id = :id", id=run)[0][0])

    def texts(self, room: str | None = None) -> list[str]:
        """What the bot has said in a room, the oldest first."""
        said = self.bot.messages(room=room)
        return [each.get("markdown") or each.get("text", "") for each in said if each["personEmail"] == BOT]

    def report(self) -> tuple[str, list[dict[str, str]]]:
        """The last message with a file that the bot has said in its room: its words and the file's lines."""
        message = [each for each in self.bot.messages() if each.get("files")][-1]
        path = message["files"][0].removeprefix(self.webex.api)
        lines = self.webex.person().call("GET", path).content.decode().splitlines()
        return str(message.get("markdown") or message["text"]), list(csv.DictReader(lines))

    def is_in(self, room_id: str) -> bool:
        """Whether the bot is in a room, by the stand-in's own books."""
        bot = self.webex.world.people.authenticate(f"bot:{BOT}")
        return self.webex.world.roster.is_member(room_id, bot.id)

    def look(self) -> None:
        """What the clock has the bot do each hour."""
        look(self.bot.services)

    def migrate(self, room_id: str, *, heard: bool = True) -> str:
        """A room gets another id, and the bot hears of it or does not."""
        new = str(self.webex.control("POST", f"rooms/{room_id}/migrate").json()["id"])
        if heard:
            self.bot.deliver(delivery("rooms", "migrated", {"id": new, "migratedFrom": room_id}))
            self.bot.work()
        return new

    def moment(self, column: str, room_id: str) -> datetime | None:
        """A moment that is kept of a room."""
        rows = self.bot.rows(f"SELECT {column} FROM rooms WHERE room_id = :id", id=room_id)
        return rows[0][0] if rows else None


@contextmanager
def one_sweep(
    webex: Webex, database: Database, folder: Path, *policies: Mapping[str, Any], **config: Any
) -> Iterator[OneSweep]:
    """The bot with these policies, in a room of its owner's to which it reports."""
    rules = {"stale_rooms": [dict(each) for each in policies or (POLICY,)], **config}
    with bot_in_process(webex, database, config=rules, folder=folder) as bot:
        sweep = OneSweep(bot, folder)
        sweep.start_worker()
        try:
            yield sweep
        finally:
            for each in sweep.executors:
                each.close()
