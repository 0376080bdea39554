"""`audit verify`: go along the chain and say where it is broken first, and how."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import product

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from bot.access.audit_chain import BrokenHead, Head, content_of, read_head
from bot.access.audit_seals import SealKeys, Verdict, is_keyed, link_content
from bot.store.database import Database
from bot.store.models import AuditRow

_READ_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Break:
    """The first place at which the trail is not what was sealed.

    `kind` is changed, missing, reordered, inserted, cut, unkeyed, unreadable or head; `says` a sentence without
    anything a person wrote. `row` is the one found there, where there is one.
    """

    kind: str
    says: str
    row: AuditRow | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What was found from the place `start` on: `checked` sealed rows, to the one before the break if there is one.

    `unsealed` rows wait, the oldest since `waiting_since`. Those up to the place `plain_through` (0: none) are
    sealed without a key.
    """

    start: int
    checked: int
    broken: Break | None
    unsealed: int
    waiting_since: datetime | None
    plain_through: int


def verify(database: Database, keys: SealKeys, start: int = 1) -> Report:
    """Check every row from the place `start` on, and where the chain ends. Takes a thousand rows into memory.

    Rows before `start` are not looked at, but for the link of the one just before it, which is believed.
    """
    with database.transaction() as session:
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        walk = _Walk(session, keys, start)
        broken = walk.along_the_chain()
        unsealed, since = session.execute(
            select(func.count(), func.min(AuditRow.at)).where(AuditRow.seq.is_(None))
        ).one()
        return Report(start, walk.checked, broken, unsealed, since, walk.plain_through)


class _Walk:
    """One way along the chain: what was met so far, and what the next row must fit to."""

    def __init__(self, session: Session, keys: SealKeys, start: int) -> None:
        self._session = session
        self._keys = keys
        before = session.scalar(select(AuditRow.chain_hash).where(AuditRow.seq == start - 1))
        self._previous = before or ""
        self._place = start
        self._keyed_links = is_keyed(self._previous)
        self._keyed_rows = False
        self.checked = 0
        self.plain_through = 0

    def along_the_chain(self) -> Break | None:
        """The first break, None where there is none."""
        try:
            head = read_head(self._session, self._keys)
        except BrokenHead as error:
            # The rows tell more, if they are broken too.
            return self._rows(None) or Break(
                "head", f"{_sentence(str(error))} Rows may be missing at the end."
            )
        if head is None:
            return self._waiting(None)
        if 1 < self._place <= head.seq and not self._previous:
            return Break(
                "missing", f"There is no row {self._place - 1}, which row {self._place} would have to follow."
            )
        return self._rows(head) or self._end(head) or self._waiting(head.adopted_through)

    def _rows(self, head: Head | None) -> Break | None:
        for row in _stream(self._session, AuditRow.seq >= self._place):
            assert row.seq is not None  # the query asks for it
            broken = self._row(row, row.seq, head)
            if broken:
                return broken
            self.checked += 1
            self._place += 1
            self._previous = row.chain_hash or ""
        return None

    def _row(self, row: AuditRow, seq: int, head: Head | None) -> Break | None:
        if head is not None and seq > head.seq:
            says = f"Row {seq} follows after the chain's end at {head.seq}: no seal put it there."
            return Break("inserted", says, row)
        if seq > self._place:
            return Break("missing", f"{_rows_named(self._place, seq - 1)} missing.", row)
        content = self._keys.check(row.content_hash, content_of(row))
        link = self._keys.check(row.chain_hash, link_content(seq, row.id, row.content_hash, self._previous))
        if Verdict.UNKNOWN_KEY in (content, link):
            return Break(
                "unreadable",
                f"Row {seq} was sealed with a key that is not among mine. Put the former key behind the new one in "
                "SPARKOPS_ENCRYPTION_KEY, and ask again.",
                row,
            )
        if link is Verdict.BROKEN:
            return self._misplaced(row, seq, content)
        if content is Verdict.BROKEN and row.content_hash is None:
            return Break("inserted", f"Row {seq} was not written by me.", row)
        if content is Verdict.BROKEN:
            return Break("changed", f"Row {seq} was changed: it is not what was written.", row)
        return self._without_key(row, seq, content, link)

    def _without_key(self, row: AuditRow, seq: int, content: Verdict, link: Verdict) -> Break | None:
        """Once a key seals, nothing is sealed without one, or anybody could go on with the chain."""
        if (self._keyed_rows and content is Verdict.PLAIN) or (self._keyed_links and link is Verdict.PLAIN):
            return Break(
                "unkeyed",
                f"Row {seq} is sealed without a key, though rows before it have one. A process of mine without "
                "SPARKOPS_ENCRYPTION_KEY does that, and so does somebody who forges.",
                row,
            )
        self._keyed_rows |= content is Verdict.KEYED
        self._keyed_links |= link is Verdict.KEYED
        if Verdict.PLAIN in (content, link):
            self.plain_through = seq
        return None

    def _misplaced(self, row: AuditRow, seq: int, content: Verdict) -> Break:
        """What happened at a place whose row does not fit there: look for the one that does."""
        original = self._sealed_here(row, seq)
        if original is None and content is Verdict.BROKEN:
            return Break("changed", f"Row {seq} was changed or replaced, and its hash with it.", row)
        if original is None:
            says = f"Row {seq} is not the one that was sealed there, which is gone: taken out, or exchanged for it."
            return Break("missing", says, row)
        where = f"at {original.seq}" if original.seq else f"outside of the chain (id {original.id})"
        if content is Verdict.BROKEN or original.seq is None:
            return Break(
                "inserted", f"Row {seq} was put in; the one that was sealed there is now {where}.", row
            )
        return Break(
            "reordered", f"Rows were reordered: the one that was sealed at {seq} is now {where}.", row
        )

    def _sealed_here(self, here: AuditRow, seq: int) -> AuditRow | None:
        """The row whose link was made for this place, wherever it is now; its number and its link may still be here."""
        for row in _stream(self._session, or_(AuditRow.seq > seq, AuditRow.seq.is_(None))):
            for row_id, link in product((row.id, here.id), (row.chain_hash, here.chain_hash)):
                made_for = link_content(seq, row_id, row.content_hash, self._previous)
                if self._keys.check(link, made_for) in (Verdict.KEYED, Verdict.PLAIN):
                    return row
        return None

    def _end(self, head: Head) -> Break | None:
        if self._place <= head.seq:
            return Break(
                "cut", f"{_rows_named(self._place, head.seq)} missing at the end: the tail was cut off."
            )
        if self._place == head.seq + 1 and self._previous != head.chain_hash:
            return Break(
                "head", f"The last row, {head.seq}, does not end the chain that the note of its end tells of."
            )
        return None

    def _waiting(self, adopted_through: int | None) -> Break | None:
        """Rows that are not sealed yet have their hash all the same, but those from before there was one."""
        for row in _stream(self._session, AuditRow.seq.is_(None)):
            is_old = row.content_hash is None and (adopted_through is None or row.id <= adopted_through)
            if not is_old and self._keys.check(row.content_hash, content_of(row)) is Verdict.BROKEN:
                says = f"The row with the id {row.id}, not sealed yet, was changed, or was not written by me."
                return Break("changed", says, row)
        return None


def _stream(session: Session, where: ColumnElement[bool]) -> Iterator[AuditRow]:
    query = select(AuditRow).where(where).order_by(AuditRow.seq, AuditRow.id)
    yield from session.scalars(query, execution_options={"yield_per": _READ_AT_ONCE})


def _rows_named(first: int, last: int) -> str:
    return f"Row {first} is" if first == last else f"Rows {first} to {last} are"


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
