"""A bakery in which others must agree, and what they read: for the tests of approvals."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import select, text

from bot.access import approvals
from bot.access.policies import Policies
from bot.commands.approval_messages import expire_due, remind_due
from bot.commands.builtin import COMMANDS
from bot.commands.forms import words_of_submission
from bot.commands.model import Entry, Outcome, Place, Request
from bot.commands.registry import Registry
from bot.commands.tables import utc
from bot.store.database import Database
from bot.store.models import Approval, KnownRoom, OutboxMessage
from tests.commands import bakery
from tests.commands.bakery import Bakery
from tests.talking import Conversation, Stated, conversation, settings_of

ADA, ADA_AT_HOME = "ada@example.com", "ada@example.org"
BOB, CAROL, DORA, EVE = "bob@example.com", "carol@example.com", "dora@example.com", "eve@example.com"
LINE = "bread bake rye Sunday round"
BAKED = "rye Sunday ('round',)"
OF_OPS: Mapping[str, Any] = {"commands": "bread *", "effects": ["change", "destroy"], "of": "ops"}


def house_rules(*asked: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """A sparkops.yaml that lets everybody do everything, once these approvals are given."""
    return {
        "groups": {"ops": [BOB, CAROL, DORA]},
        "people": {"ada": [ADA, ADA_AT_HOME]},
        "access": [{"allow": "everyone"}],
        "approvals": [dict(rule) for rule in asked],
        **more,
    }


@dataclass
class House:
    """A conversation with the bakery's bot, in which Ada asks; and a look at what is stored and told."""

    talk: Conversation
    shop: Bakery
    database: Database
    folder: Path
    relations: Stated

    def ask(self, line: str = LINE, **changes: Any) -> str:
        """Ada asks for something; returns the code it waits for."""
        return code_in(self.talk.outcome(line, **changes))

    def say(self, person: str, line: str, **changes: Any) -> str:
        """Somebody says a line; returns the reply."""
        return self.talk.say(line, person=person, **changes)

    def press(self, person: str, title: str, reason: str = "", **changes: Any) -> str:
        """Somebody presses a button of the card of the first question; returns the reply."""
        card = next(body["card"] for body in self.bodies() if "card" in body)
        [data] = [action["data"] for action in card["actions"] if action["title"] == title]
        words = words_of_submission({**data, "field0": reason})
        assert words is not None
        return self.talk.words(words, person=person, **changes).replies[0].markdown

    def carry_out(self) -> list[Outcome]:
        """Carry out what was approved, as the inbox does."""
        return [self.talk.request(approved(self.database, code)) for code in self.queued()]

    def queued(self) -> list[str]:
        """The codes of what waits in the inbox to be carried out; they wait no more."""
        take = text(
            "UPDATE inbox SET state = 'done' WHERE source = 'approval' AND state = 'queued' "
            "AND dedupe_key = payload->>'code' RETURNING payload"
        )
        with self.database.transaction() as session:
            return [payload["code"] for payload in session.scalars(take)]

    def row(self, code: str) -> Approval:
        """The stored request."""
        with self.database.transaction() as session:
            return session.get_one(Approval, code)

    def until(self, code: str) -> str:
        """When it expires, as people read it."""
        return utc(self.row(code).expires_at, "%H:%M UTC")

    def told(self) -> list[tuple[str, str | None, str]]:
        """Every message beside the replies: its room or person, its thread and its words."""
        with self.database.transaction() as session:
            rows = session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)).all()
        return [(row.lane, row.parent_id, row.body["markdown"]) for row in rows]

    def told_since(self, number: int) -> list[tuple[str, str | None, str]]:
        """The messages after the first `number`."""
        return self.told()[number:]

    def bodies(self) -> list[Mapping[str, Any]]:
        """What goes to Webex, cards too."""
        with self.database.transaction() as session:
            return list(session.scalars(select(OutboxMessage.body).order_by(OutboxMessage.id)))

    def time_goes_by(self, code: str, length: str) -> None:
        """Let a request be older by so much."""
        with self.database.transaction() as session:
            session.execute(
                text(
                    "UPDATE approvals SET asked_at = asked_at - CAST(:length AS interval), "
                    "expires_at = expires_at - CAST(:length AS interval), "
                    "remind_at = remind_at - CAST(:length AS interval) WHERE code = :code"
                ),
                {"length": length, "code": code},
            )

    def each_minute(self) -> None:
        """What a task does each minute."""
        with self.database.transaction() as session:
            expire_due(session, self.talk.services.redactor)
            remind_due(session, self.talk.services.redactor)

    def now_rules(self, config: Mapping[str, Any]) -> None:
        """Another policy is in force from now on."""
        settings = settings_of({}, config, self.folder)
        self.talk.services = replace(self.talk.services, policies=Policies.of_settings(settings))

    def knows_room(self, room_id: str, title: str) -> None:
        """The bot is in a group room."""
        with self.database.transaction() as session:
            session.add(KnownRoom(room_id=room_id, title=title, type="group"))


def open_house(database: Database, folder: Path, config: Mapping[str, Any], **changes: Any) -> House:
    """A bakery under these rules, in which Ada speaks in the thread `root` of the room."""
    shop, relations = Bakery(), Stated()
    talk = conversation(
        database,
        config=config,
        folder=folder,
        clients={"bakery": shop},
        environ={"BAKERY_TOKEN": bakery.SECRET},
        relations=relations,
        **changes,
    )
    talk.services = replace(talk.services, registry=Registry([*COMMANDS, *bakery.COMMANDS]))
    talk.person = ADA
    return House(talk, shop, database, folder, relations)


def code_in(said: Outcome) -> str:
    """The code that a question to others waits for."""
    found = re.search(r"`leave (\w{6})` takes it back", said.replies[0].markdown)
    assert found, said.replies[0].markdown
    assert (said.decision, said.result) == ("approval asked", f"code {found[1]}")
    return found[1]


def approved(database: Database, code: str) -> Request:
    """What others agreed to, as the inbox hands it to the gate."""
    with database.transaction() as session:
        asked = approvals.request_of(session, code)
    ids = (asked.room_id,) if asked.room_id else ()
    return Request(
        key=f"approval:{code}",
        entry=Entry(asked.entry),
        person=asked.person,
        place=Place(ids, asked.room_title, asked.room_type) if ids else Place(),
        words=asked.words,
        parent_id=asked.parent_id,
        correlation_id=asked.correlation_id,
        confirmed=asked.confirmed,
        approved=asked.code,
    )
