"""What the tests of watches share: let a watch be due, poll as the worker does, make rates the same in every text."""

from __future__ import annotations

import re

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from bot.access.audit import Search, latest
from integrations.switches.store.watches import SwitchWatch
from integrations.switches.watching.polling import poll
from tests.integrations.switches.farm import FleetTalk

_RATE = re.compile(r"\d+(?:\.\d+)? [kMGT]?b/s")
_SECONDS = re.compile(r"(?:under )?\d+ s\b")
_DAY = re.compile(r"20\d\d-\d\d-\d\d \d\d:\d\d")
_MOMENT = re.compile(r"\b\d\d-\d\d \d\d:\d\d(?::\d\d)?")


def due_poll(talk: FleetTalk) -> list[str]:
    """Let every watch be due, as if its minute were over, and poll; returns what the rooms are told of it."""
    before = len(talk.messages())
    with talk.database.transaction() as session:
        session.execute(text("UPDATE switch_watches SET due_at = now() - interval '1 second'"))
        session.execute(text("UPDATE switch_watch_polls SET at = at - 60"))
    talk.farm.control("clock", advance=60)
    poll(talk.conversation.services)
    return talk.told()[before:]


def steady(said: str) -> str:
    """The same text with rates and moments that no test decides made one."""
    for pattern, mark in ((_RATE, "RATE"), (_DAY, "DAY"), (_MOMENT, "MOMENT"), (_SECONDS, "SECONDS")):
        said = pattern.sub(mark, said)
    return said


def watch_of(talk: FleetTalk, name: str) -> SwitchWatch:
    """A watch's row."""
    with talk.database.transaction() as session:
        return named(session, name)


def named(session: Session, name: str) -> SwitchWatch:
    """The same within a transaction."""
    return session.scalars(select(SwitchWatch).where(SwitchWatch.name == name)).one()


def audited(talk: FleetTalk) -> list[tuple[str, str, str, str]]:
    """What watches did by themselves, as the audit trail has it."""
    with talk.database.transaction() as session:
        rows = latest(session, Search(command="switch watch"), 50)
    return [(row.entry, row.line, row.decision, row.result) for row in rows if row.entry == "watch"]
