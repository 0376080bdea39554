"""Web and worker are killed at random while events come in: nothing that was answered 200 is lost."""

from __future__ import annotations

import hashlib
import hmac
import json
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import text

from bot.store.database import Database
from tests.playground.running import Webex, running_webex
from tests.talking import OWNER, Process, RunningBot, running_bot, wait_for

EVENTS, ROOMS, SENDERS, AT_LEAST = 2000, 20, 6, 10
SECRET = "a-secret-of-the-tests"


@dataclass
class Sent:
    """What the senders saw: which events were answered 200, and how often each was sent."""

    answered: set[str] = field(default_factory=set)
    deliveries: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)


@pytest.mark.timeout(600)
def test_two_thousand_events_survive_random_kills(
    database: Database, postgres_url: str, tmp_path: Path
) -> None:
    with running_webex() as webex, running_bot(webex, postgres_url, tmp_path, {"PUBLIC_URL": ""}) as bot:
        messages = people_say_ping(webex)
        sent, over = Sent(), threading.Event()
        killer = Killer((bot.web, bot.worker), over)
        killer.start()
        deliver(bot, messages, sent)
        over.set()
        killer.join()
        bot.ready()

        assert sent.answered == {message["id"] for message in messages}, (
            "every event was at last answered 200"
        )
        wait_for(lambda: unhandled(database) == 0, "every event to be handled", seconds=180)
        wait_for(lambda: unsent(database) == 0, "every reply to be sent", seconds=180)

        rows = audit_rows(database)
        assert rows == Counter({f"webex:{identifier}": 1 for identifier in sent.answered}), (
            "one audit row each"
        )
        replies = replies_by_thread(webex, messages)
        assert not sent.answered - replies.keys(), "no reply is missing"
        doubled = sum(count - 1 for count in replies.values())
        counted = resent(database)
        print(f"{dict(killer.killed)} killed, {doubled} doubled replies, {counted} sent again")
        assert doubled <= counted, "what was doubled was counted"
        in_flight = killer.killed["worker"] * ROOMS  # a room has one sender, and a sender one message in hand
        assert doubled <= in_flight, "only what was in flight at a kill is doubled"
        seen = sum(sent.deliveries.values()) - len(sent.answered)
        assert repeats(database) >= seen, (
            "every repeated delivery was counted (and those whose answer was lost)"
        )


def people_say_ping(webex: Webex) -> list[dict[str, Any]]:
    """Two thousand messages in twenty rooms, each mentioning the bot."""
    rooms = [webex.room_with_bot(f"Room {number}") for number in range(ROOMS)]
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer person:{OWNER}"
        said = []
        for number in range(EVENTS):
            body = {
                "roomId": rooms[number % ROOMS],
                "markdown": "<@personEmail:sparkops@webex.bot|Sparkops> ping",
            }
            said.append(session.post(f"{webex.api}messages", json=body, timeout=20).json())
        return said


def deliver(bot: RunningBot, messages: list[dict[str, Any]], sent: Sent) -> None:
    """Send each event until it is answered 200; every tenth once more afterwards."""
    waiting = iter(messages)
    lock = threading.Lock()

    def send_some() -> None:
        while True:
            with lock:
                message = next(waiting, None)
            if message is None:
                return
            body = event(message)
            wait_for(
                lambda body=body, message=message: answered(bot, body, message["id"], sent),
                "a 200",
                seconds=90,
            )
            if random.random() < 0.1:
                wait_for(
                    lambda body=body, message=message: answered(bot, body, message["id"], sent),
                    "a 200",
                    seconds=90,
                )

    threads = [threading.Thread(target=send_some) for _ in range(SENDERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def answered(bot: RunningBot, body: bytes, identifier: str, sent: Sent) -> bool:
    """One delivery, signed as Webex signs."""
    headers = {"X-Spark-Signature": hmac.new(SECRET.encode(), body, hashlib.sha1).hexdigest()}
    try:
        answer = requests.post(f"{bot.url}/hooks/webex", data=body, headers=headers, timeout=20)
    except requests.RequestException:
        return False
    if answer.status_code != 200:
        return False
    with sent.lock:
        sent.answered.add(identifier)
        sent.deliveries[identifier] += 1
    return True


def event(message: dict[str, Any]) -> bytes:
    """The webhook body of a message."""
    data = {
        name: message[name] for name in ("id", "roomId", "roomType", "personId", "personEmail", "created")
    }
    return json.dumps(
        {"resource": "messages", "event": "created", "actorId": data["personId"], "data": data}
    ).encode()


class Killer(threading.Thread):
    """Kills one of the processes every second or two, and starts it again; ten times at least."""

    def __init__(self, victims: tuple[Process, ...], over: threading.Event) -> None:
        super().__init__(name="killer")
        self._victims = victims
        self._over = over
        self.killed: Counter[str] = Counter()

    def run(self) -> None:
        while not self._over.is_set() or self.killed.total() < AT_LEAST:
            time.sleep(random.uniform(0.8, 2.0))
            victim = random.choice(self._victims)
            victim.kill()
            self.killed[victim.name] += 1
            victim.start()


def unhandled(database: Database) -> int:
    return number(database, "SELECT count(*) FROM inbox WHERE state NOT IN ('done')")


def unsent(database: Database) -> int:
    return number(database, "SELECT count(*) FROM outbox WHERE state <> 'sent'")


def resent(database: Database) -> int:
    return number(database, "SELECT coalesce(sum(attempts - 1), 0) FROM outbox")


def repeats(database: Database) -> int:
    """Deliveries stored beyond the first of each event."""
    return number(database, "SELECT sum(deliveries - 1) FROM inbox")


def number(database: Database, query: str) -> int:
    with database.transaction() as session:
        return int(session.execute(text(query)).scalar_one())


def audit_rows(database: Database) -> Counter[str]:
    with database.transaction() as session:
        return Counter(session.scalars(text("SELECT request_key FROM audit")))


def replies_by_thread(webex: Webex, messages: list[dict[str, Any]]) -> Counter[str]:
    """How often each message was answered."""
    counts: Counter[str] = Counter()
    for room in {message["roomId"] for message in messages}:
        items = webex.person(OWNER).get("messages", roomId=room, max=1000)["items"]
        counts.update(item["parentId"] for item in items if item.get("parentId"))
    return counts
