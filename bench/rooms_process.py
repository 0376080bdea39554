"""One measurement of the rooms bench, in a process of its own that prints it as JSON.

`python -m bench.rooms_process sparkops|sdk listing|stale|sweep`, with the environment of a bot and, for Sparkops,
a `sparkops.yaml` that has the policy `old`.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from sqlalchemy import text
from webexpythonsdk import WebexAPI

from bench import sdk_sweep
from bench.footprint import footprint
from bot.assembly import load_parts, make_services, make_webex
from bot.commands.context import Services
from bot.commands.execute import execute
from bot.commands.gate import may_begin
from bot.commands.model import Entry, Place, Request
from bot.outbound.sender import Sender
from bot.rooms.listing import Gathering, Wanted, pages
from bot.rooms.patience import Patience
from bot.runs.advance import Engine
from bot.runs.due import queue_due_runs
from bot.runs.ownership import Ownership
from bot.runs.states import ENDED
from bot.settings import Settings
from bot.store.counters import Counters
from bot.store.database import Database

IDLE_DAYS = 370
OWNER = "you@example.com"
POLICY = {
    "name": "old",
    "kinds": ["group", "team"],
    "idle": f"{IDLE_DAYS}d",
    "action": "delete",
    "grace": "1s",
    "most": 10_000,
    "percent": 100,
}
_numbers = count(1)

Work = Callable[[], object]
"""Does what is measured. A sweep returns the ids of the rooms that it takes for deleted."""


@dataclass(frozen=True, slots=True)
class Sparkops:
    """The bot without its web side: commands, and a worker that is moved here."""

    services: Services
    engine: Engine
    sender: Sender

    def listing(self) -> object:
        """What `room list` gathers."""
        gathering = Gathering(Wanted(), datetime.now(UTC))
        for rooms in pages(self.services.webex, Patience(0)):
            gathering.take(rooms, {})
        return gathering.in_order()

    def stale(self) -> object:
        """The dry run."""
        return self._say("room stale old")

    def sweep(self) -> Sequence[str]:
        """From the question to the report, its grace of a second included."""
        asked = self._say("room sweep old")
        code = re.search(r"`confirm (\w+)`", asked)
        assert code is not None, asked
        self._say(f"confirm {code[1]}")
        while self._state() not in ENDED:
            with self.services.database.transaction() as session:
                due = queue_due_runs(session)
            self.engine.step(1)
            self.sender.kick_due()
            if not due:
                time.sleep(0.02)
        query = text("SELECT room_id FROM sweep_items WHERE outcome = 'deleted'")
        with self.services.database.transaction() as session:
            return list(session.scalars(query))

    def _say(self, line: str) -> str:
        request = Request(
            key=f"bench:{next(_numbers)}", entry=Entry.REST, person=OWNER, place=Place(), line=line
        )
        return execute(request, self.services).replies[0].markdown

    def _state(self) -> str:
        with self.services.database.transaction() as session:
            return str(session.scalar(text("SELECT state FROM runs WHERE id = 1")))


@contextmanager
def sparkops() -> Iterator[Sparkops]:
    """The bot of the environment."""
    settings = Settings.load()
    assert settings.database_url is not None
    database = Database(settings.database_url.get_secret_value(), pool_size=10)
    parts = load_parts(settings)
    services = make_services(parts, database, make_webex(settings))
    ownership = Ownership(database.url)
    sender = Sender(database, services.webex, Counters(database), ownership.id, threads=8)
    engine = Engine(
        database=database,
        redactor=services.redactor,
        kinds=parts.run_kinds,
        services=services,
        owner=ownership.id,
        kick=sender.kick,
        edit_interval=settings.edit_interval,
        refuses=lambda view: may_begin(view, services),
    )
    services.policies.refresh_grants()
    services.webex.me()
    try:
        yield Sparkops(services, engine, sender)
    finally:
        sender.close()
        ownership.close()
        database.close()


def sdk_work(what: str) -> Work:
    """What the script does, on the settings of the environment."""
    settings = Settings.load()
    assert settings.webex_access_token is not None
    api = WebexAPI(
        access_token=settings.webex_access_token.get_secret_value(), base_url=settings.webex_api_url
    )
    api.people.me()
    if what == "listing":
        return lambda: sdk_sweep.listed(api)
    if what == "stale":
        return lambda: sdk_sweep.stale(api, "", IDLE_DAYS)
    return lambda: sdk_sweep.sweep(api, "", IDLE_DAYS)


def measured(what: str, work: Work) -> dict[str, object]:
    """Seconds, megabytes and claims; what the work prints is thrown away."""
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere), footprint() as found:
        came = work()
    return {"seconds": found.seconds, "peak MB": found.peak_mb, "claims": came if what == "sweep" else []}


def main(who: str, what: str) -> None:
    """Measure and print."""
    if who == "sdk":
        print(json.dumps(measured(what, sdk_work(what))))
        return
    with sparkops() as bot:
        print(
            json.dumps(measured(what, {"listing": bot.listing, "stale": bot.stale, "sweep": bot.sweep}[what]))
        )


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
