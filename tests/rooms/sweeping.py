"""A worker that sweeps ten thousand rooms in a test, step by step, and the books that say what became of each."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from bot.commands.builtin import RUN_KINDS
from bot.commands.gate import may_begin
from bot.rooms.idle import Measure
from bot.runs.advance import Engine
from bot.runs.due import queue_due_runs
from bot.runs.ownership import Ownership, free_work_of_the_dead
from bot.runs.states import State
from bot.store.database import Database
from bot.store.models import KnownRoom
from playground.webex.clock import parse_timestamp
from playground.webex.errors import NotFound
from playground.webex.many_rooms import PlannedRoom
from playground.webex.records import Room
from playground.webex.world import World
from tests.bot_in_process import BotInProcess, bot_in_process, delivery
from tests.playground.running import Webex
from tests.rooms.ten_thousand import POLICY, PROTECTED_NUMBER, ROOMS, is_remembered
from tests.talking import wait_for

AS_BEFORE = "as before"


class Killed(BaseException):
    """The worker's process ends here, whatever it has in hand."""


class Rooms:
    """The playground's books: where each room of the plan is now, and how each was in the beginning."""

    def __init__(self, webex: Webex) -> None:
        self._webex = webex
        self._bot = self._webex.bot().get("people/me")["id"]
        seats = webex.world.roster.of_person(self._bot)
        self.ids = {room.number: seat.room_id for room, seat in zip(ROOMS, seats, strict=True)}
        self.first_ids = dict(self.ids)
        self._before = {number: webex.world.rooms.any(room_id) for number, room_id in self.ids.items()}

    def before(self, planned: PlannedRoom) -> Room:
        """The room in the beginning."""
        return self._before[planned.number]

    def now(self, planned: PlannedRoom) -> Room | None:
        """The room as it is; None where it is no more."""
        return _room(self._webex.world, self.ids[planned.number])

    def fate(self, planned: PlannedRoom) -> str:
        """What has become of a room: deleted, left, archived, or as before."""
        now = self.now(planned)
        if now is None:
            return "deleted"
        if not self._webex.world.roster.is_member(now.id, self._bot):
            return "left"
        was_writable = not self.before(planned).is_read_only
        return "archived" if now.is_read_only and was_writable else AS_BEFORE

    def is_untouched(self, planned: PlannedRoom) -> bool:
        """Whether nothing at all has happened in and to a room, not even a word."""
        return self.now(planned) == self.before(planned) and self.fate(planned) == AS_BEFORE

    def notices(self, planned: PlannedRoom) -> int:
        """How many notices of a sweep a room has had."""
        room = self.now(planned)
        if room is None:
            return 0
        said = self._webex.person().get("messages", roomId=room.id, max=1000)["items"]
        return sum("This room looks unused" in message["text"] for message in said)

    def find_moved(self) -> None:
        """Follow the rooms that a fault has given another id."""
        rooms = self._webex.world.rooms
        seats = self._webex.world.roster.of_person(self._bot)
        moved = {rooms.any(seat.room_id).migrated_from: seat.room_id for seat in seats}
        self.ids = {number: moved.get(room_id, room_id) for number, room_id in self.ids.items()}


@dataclass
class Sweeping:
    """The bot, and a worker that can be killed and started again."""

    bot: BotInProcess
    _ownership: Ownership | None = None
    _engine: Engine | None = None

    def start_worker(self) -> None:
        """A worker begins, and takes over what a dead one has left."""
        bot = self.bot
        self._ownership = Ownership(bot.database.url)
        self._engine = Engine(
            database=bot.database,
            redactor=bot.services.redactor,
            kinds={kind.name: kind for kind in RUN_KINDS},
            services=bot.services,
            owner=self._ownership.id,
            kick=bot.sender.kick,
            edit_interval=60.0,
            refuses=lambda view: may_begin(view, bot.services),
        )
        with bot.database.transaction() as session:
            self._engine.recover(session, free_work_of_the_dead(session))

    def kill_worker(self) -> None:
        """Its connection breaks off, and with it goes the lock that made its work its own."""
        assert self._ownership is not None, "no worker runs"
        self._ownership._connection.close()

    @property
    def state(self) -> State:
        """The sweep's."""
        return State(self.bot.rows("SELECT state FROM runs")[0][0])

    def count(self, *states: str) -> int:
        """How many of the sweep's rooms are in these states."""
        query = "SELECT count(*) FROM sweep_items WHERE state = ANY(:states)"
        return int(self.bot.rows(query, states=list(states))[0][0])

    def step(self) -> None:
        """Whatever the sweep waits for is over, but for a notice's grace; it makes a step."""
        assert self._engine is not None, "no worker runs"
        self.bot.rows("UPDATE runs SET next_step_at = now() WHERE next_step_at > now() RETURNING id")
        self.bot.rows("UPDATE sweep_items SET act_after = now() WHERE act_after > now() RETURNING run_id")
        with self.bot.database.transaction() as session:
            queue_due_runs(session)
        self._engine.step(1)

    def say(self, line: str, room: str | None = None) -> str:
        """A person says a line; the bot's answer, however often Webex must be asked for it."""
        message = self.bot.hear(line, room=room)
        self.settle()
        return self.bot.thread(message["id"])[0] if room is None else ""

    def settle(self) -> None:
        """All that was heard is handled, and all that is to be said is said."""

        def settled() -> bool:
            self.bot.work()
            self.bot.let_pass(60)
            waiting = self.bot.rows(
                "SELECT (SELECT count(*) FROM outbox WHERE state IN ('pending', 'sending')),"
                " (SELECT count(*) FROM inbox WHERE state IN ('queued', 'waiting', 'handling'))"
            )
            return waiting == [(0, 0)]

        wait_for(settled, "everything to be handled and said")

    def calls(self, route: str) -> Counter[str]:
        """How often this was asked of Webex, by the status of the answer."""
        return Counter(self.bot.webex.control("GET", "stats").json()["calls"].get(route, {}))

    def report(self) -> tuple[str, dict[str, dict[str, str]]]:
        """The last message in the policy's room, and the lines of its file by the rooms' ids."""
        message = self.bot.messages()[-1]
        path = message["files"][0].removeprefix(self.bot.webex.api)
        lines = self.bot.webex.person().call("GET", path).text.splitlines()
        return message["text"], {line["id"]: line for line in csv.DictReader(lines)}


@dataclass
class Trial(Sweeping):
    """A sweep among the rooms of the plan."""

    rooms: Rooms = field(kw_only=True)

    def migrate(self, planned: PlannedRoom, *, heard: bool) -> None:
        """A room gets another id; the bot hears of it, or the delivery is lost."""
        old = self.rooms.ids[planned.number]
        new = self.bot.webex.control("POST", f"rooms/{old}/migrate").json()["id"]
        self.rooms.ids[planned.number] = new
        if heard:
            self.bot.deliver(delivery("rooms", "migrated", {"id": new, "migratedFrom": old}))


@contextmanager
def sweeping(webex: Webex, database: Database, folder: Path) -> Iterator[Trial]:
    """The bot in all those rooms, with the policy, and with what it remembers of them."""
    rooms = Rooms(webex)
    protected = [*POLICY["protected"], rooms.ids[PROTECTED_NUMBER]]
    config = {"stale_rooms": [{**POLICY, "protected": protected}]}
    with bot_in_process(webex, database, config=config, folder=folder) as bot:
        sweep = Trial(bot, rooms=rooms)
        _remember(database, rooms)
        sweep.start_worker()
        try:
            yield sweep
        finally:
            sweep.kill_worker()


def _remember(database: Database, rooms: Rooms) -> None:
    """The bot has looked at some rooms before its own last post, and keeps when it posted."""
    with database.transaction() as session:
        for planned in filter(is_remembered, ROOMS):
            before = rooms.before(planned)
            own = parse_timestamp(before.last_activity)
            assert planned.bot_days is not None
            session.add(
                KnownRoom(
                    room_id=before.id,
                    title=planned.title,
                    type=before.type,
                    own_post_at=own,
                    person_active_at=own - timedelta(days=planned.person_days - planned.bot_days),
                    person_active_by=Measure.PERSON,
                )
            )


def _room(world: World, room_id: str) -> Room | None:
    try:
        return world.rooms.any(room_id)
    except NotFound:
        return None
