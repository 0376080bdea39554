"""What came of each item of a command about many things, and what of it is left to do: `retry` does only that."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.outbound.redact import Redactor
from bot.store.models import BulkResult


class Came(StrEnum):
    """What came of one item."""

    DONE = "done"
    SO_ALREADY = "so already"
    """Nothing was to be done."""
    IMPOSSIBLE = "impossible"
    """It cannot be done, however often it is tried."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Result:
    """One item's own result: how people know it, what came of it, and that in words.

    `word` stands for it in a command; the same as `item` unless it says otherwise.
    """

    item: str
    came: Came
    says: str
    word: str = ""

    @property
    def as_word(self) -> str:
        """The item as a command takes it."""
        return self.word or self.item


@dataclass(frozen=True, slots=True)
class Left:
    """What a command could not do: its number, and the words of the command that does the rest."""

    number: int
    words: tuple[str, ...]
    reasons: dict[str, str]
    """Why not, by item."""


def keep(
    session: Session,
    results: Sequence[Result],
    *,
    request_key: str,
    person: str,
    room_id: str | None,
    words: tuple[str, ...],
    redactor: Redactor,
    after: tuple[str, ...] | None = None,
) -> int | None:
    """Keep what failed, for `retry`; returns its number, or None where nothing did.

    `words` is the command without its items, which are taken at its end; `room_id` is where it was asked. What the
    same person had left of the same command is now told by these results. The same request keeps its number.
    With `after` the items are one word, parted by commas, and these words follow it.
    """
    command: dict[str, list[str]] = {"words": list(words)}
    if after is not None:
        command["after"] = list(after)
    _settle(session, {each.as_word for each in results}, person, command, request_key)
    failed = {each.as_word: redactor.redact(each.says) for each in results if each.came is Came.FAILED}
    if not failed:
        session.execute(delete(BulkResult).where(BulkResult.request_key == request_key))
        return None
    values = {
        "person_email": person.casefold(),
        "room_id": room_id,
        "words": command,
        "failed": {"items": failed},
    }
    statement = insert(BulkResult).values(request_key=request_key, **values)
    statement = statement.on_conflict_do_update(index_elements=[BulkResult.request_key], set_=values)
    return session.execute(statement.returning(BulkResult.id)).scalar_one()


def left(session: Session, person: str, room_ids: Collection[str], number: int | None = None) -> Left | None:
    """What is left of the command of this number, or of this person's latest in this room; None for nothing.

    `room_ids` are the room's present and former ids, none outside of rooms.
    """
    query = select(BulkResult).where(BulkResult.person_email == person.casefold())
    if number is not None:
        query = query.where(BulkResult.id == number)
    elif room_ids:
        query = query.where(BulkResult.room_id.in_(room_ids))
    else:
        query = query.where(BulkResult.room_id.is_(None))
    row = session.scalars(query.order_by(BulkResult.id.desc()).limit(1)).first()
    if row is None:
        return None
    reasons = dict(row.failed["items"])
    items = [",".join(reasons), *row.words["after"]] if "after" in row.words else [*reasons]
    return Left(row.id, (*row.words["words"], *items), reasons)


def _settle(
    session: Session,
    items: Collection[str],
    person: str,
    command: Mapping[str, list[str]],
    request_key: str,
) -> None:
    """Strike these items from what the same command left before."""
    earlier = select(BulkResult).where(
        BulkResult.person_email == person.casefold(),
        BulkResult.words == command,
        BulkResult.request_key != request_key,
    )
    for row in session.scalars(earlier.order_by(BulkResult.id).with_for_update()):
        rest = {item: why for item, why in row.failed["items"].items() if item not in items}
        if rest:
            row.failed = {"items": rest}
        else:
            session.delete(row)
