"""Sealing the audit trail: each row gets its place in a chain that shows what was changed beneath the trigger.

A row's hash is written with it. Its link over its place, its number, that hash and the link before it is given
a moment later, outside of the way of a message; and the chain's end is noted under a seal of its own, so that
cutting off the last rows shows as well. With a key (SPARKOPS_ENCRYPTION_KEY) nobody who can only write the
database can make any of these.

What this cannot show, and a sink elsewhere can (`bot.access.audit_shipping`): a row deleted in the half second
before it is sealed, since numbers are skipped in ordinary work too; and the whole database, end note included,
put back to an earlier state.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import structlog
from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.access.audit_seals import (
    HASHED,
    SealKeys,
    Verdict,
    head_content,
    is_keyed,
    link_content,
    row_content,
)
from bot.store.database import Database, driver_connection
from bot.store.models import AuditRow, Fact

log = structlog.get_logger(__name__)

HEAD = "audit head"
"""The fact that notes where the chain ends."""
BATCH = 1000
_BATCHES_A_TICK = 4
_ONE_AT_A_TIME = text("SELECT pg_try_advisory_xact_lock(hashtextextended('sparkops audit chain', 0))")
_SEAL = """
    UPDATE audit SET seq = link.seq, chain_hash = link.chain_hash, content_hash = link.content_hash
    FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[]) AS link (id, seq, chain_hash, content_hash)
    WHERE audit.id = link.id
"""


class BrokenHead(Exception):
    """The note of where the chain ends cannot be trusted, so nothing is sealed after it; the text says why."""


@dataclass(frozen=True, slots=True)
class Head:
    """Where the chain ends.

    Rows up to the number `adopted_through` were there before rows had hashes, and got theirs with their link.
    """

    seq: int
    chain_hash: str
    adopted_through: int


@dataclass(frozen=True, slots=True)
class _Link:
    id: int
    seq: int
    chain_hash: str
    content_hash: str | None


def content_of(row: AuditRow) -> bytes:
    """A stored row as it is hashed."""
    return row_content({name: getattr(row, name) for name in HASHED})


def read_head(session: Session, keys: SealKeys) -> Head | None:
    """Where the chain ends, None before anything was sealed. Raises BrokenHead."""
    last = session.execute(
        select(AuditRow.seq, AuditRow.chain_hash)
        .where(AuditRow.seq.is_not(None))
        .order_by(AuditRow.seq.desc())
        .limit(1)
    ).first()
    value = session.scalar(select(Fact.value).where(Fact.name == HEAD))
    if value is None and last is None:
        return None
    if value is None:
        raise BrokenHead("rows are sealed, but the note of where the chain ends is gone")
    try:
        head = Head(int(value["seq"]), str(value["chain_hash"]), int(value["adopted_through"]))
        seal = str(value["seal"])
    except (KeyError, TypeError, ValueError) as error:
        raise BrokenHead("the note of where the chain ends cannot be read") from error
    verdict = keys.check(seal, head_content(head.seq, head.chain_hash, head.adopted_through))
    if verdict is Verdict.UNKNOWN_KEY:
        raise BrokenHead(
            "the note of where the chain ends was sealed with a key that is not among mine: put the former key "
            "behind the new one in SPARKOPS_ENCRYPTION_KEY"
        )
    if verdict is Verdict.BROKEN:
        raise BrokenHead("the note of where the chain ends was changed")
    if verdict is Verdict.PLAIN and last is not None and is_keyed(last.chain_hash or ""):
        raise BrokenHead("the note of where the chain ends was changed: it has lost the seal of its key")
    return head


def seal(database: Database, keys: SealKeys) -> int:
    """Seal up to a thousand rows in the order of their numbers; returns how many.

    None are, and the answer is 0, while another process is at it. Raises BrokenHead.
    """
    with database.transaction() as session:
        if not session.scalar(_ONE_AT_A_TIME):
            return 0
        rows = session.scalars(
            select(AuditRow).where(AuditRow.seq.is_(None)).order_by(AuditRow.id).limit(BATCH)
        ).all()
        if not rows:
            return 0
        head = read_head(session, keys) or _first_head(session)
        if session.scalar(select(func.max(AuditRow.seq)).where(AuditRow.seq > head.seq)) is not None:
            raise BrokenHead(f"rows stand after the chain's end at {head.seq}, which no seal put there")
        links = []
        for row in rows:
            link = _link(row, head, keys)
            links.append(link)
            head = replace(head, seq=link.seq, chain_hash=link.chain_hash)
        _store(session, links, head, keys)
        return len(rows)


def _first_head(session: Session) -> Head:
    """Before the first seal. The rows without a hash that are there now are from before rows had one."""
    adopted = session.scalar(select(func.max(AuditRow.id)).where(AuditRow.content_hash.is_(None)))
    return Head(0, "", adopted or 0)


def _link(row: AuditRow, head: Head, keys: SealKeys) -> _Link:
    """The row's place after the chain's end.

    One that was not written by this program is linked as it is, so that it can neither go nor hide any more.
    """
    content, content_hash = content_of(row), row.content_hash
    if content_hash is None and row.id <= head.adopted_through:
        content_hash = keys.seal(content)
    if keys.check(content_hash, content) is Verdict.BROKEN:
        log.error("audit.row_not_ours", seq=head.seq + 1, id=row.id, at=row.at.isoformat())
    link = keys.seal(link_content(head.seq + 1, row.id, content_hash, head.chain_hash))
    return _Link(row.id, head.seq + 1, link, content_hash)


def _store(session: Session, links: list[_Link], head: Head, keys: SealKeys) -> None:
    columns = ("id", "seq", "chain_hash", "content_hash")
    driver_connection(session).execute(_SEAL, [[getattr(link, name) for link in links] for name in columns])
    value: dict[str, Any] = {
        "seq": head.seq,
        "chain_hash": head.chain_hash,
        "adopted_through": head.adopted_through,
        "seal": keys.seal(head_content(head.seq, head.chain_hash, head.adopted_through)),
    }
    statement = insert(Fact).values(name=HEAD, value=value)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[Fact.name], set_={"value": value, "updated_at": func.now()}
        )
    )


class Sealer:
    """Seals what was written since the last time; several at once are harmless."""

    def __init__(self, database: Database, keys: SealKeys) -> None:
        self._database = database
        self._keys = keys
        self._told = ""

    def tick(self) -> None:
        """Seal what waits, a few thousand rows at the most; a broken end is logged once.

        Raises SQLAlchemyError or psycopg.Error when the database is away.
        """
        try:
            for _ in range(_BATCHES_A_TICK):
                if seal(self._database, self._keys) < BATCH:
                    break
        except BrokenHead as error:
            if str(error) != self._told:
                log.error("audit.not_sealed", error=f"{error}; `audit verify` tells more")
            self._told = str(error)
        else:
            self._told = ""
