"""Snapshots kept, found and forgotten: what switches answered, masked and compressed, for a bounded time."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from bot.commands.context import Services
from integrations.switches.normalise import Row
from integrations.switches.store.models import SwitchSnapshot, SwitchSnapshotAnswer

Said = str | Mapping[str, Sequence[Row]]
"""What a switch said to one show: text, or its tables by name."""
Answered = Mapping[str, Said]
"""By show; one that was not answered is not there."""

MOST_OF_A_SWITCH = 2_000_000
"""Characters of one switch's answers that are kept; of more none is."""
MOST_BYTES = 100_000_000
"""Compressed bytes of a snapshot."""
MOST_SNAPSHOTS = 200


class CannotKeep(Exception):
    """A snapshot is not kept; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is known of a snapshot without its answers."""

    id: int
    name: str
    target: str
    shows: tuple[str, ...]
    switches: int
    size: int
    taken_by: str
    taken_at: datetime
    expires_at: datetime
    request_key: str


@dataclass(frozen=True, slots=True)
class Taken:
    """A snapshot to be kept."""

    name: str
    target: str
    shows: tuple[str, ...]
    taken_by: str
    request_key: str
    days: float
    replaces: bool


def packed(answered: Answered) -> bytes | None:
    """A switch's answers as they are kept; None where they are too many."""
    text = json.dumps(answered, ensure_ascii=False, separators=(",", ":"))
    return None if len(text) > MOST_OF_A_SWITCH else zlib.compress(text.encode(), 6)


def keep(session: Session, taken: Taken, contents: Mapping[str, bytes]) -> Snapshot:
    """Keep it, in place of one of that name where that was said. Raises CannotKeep."""
    refuse_unless_free(session, taken)
    size = sum(map(len, contents.values()))
    if size > MOST_BYTES:
        raise CannotKeep(
            f"These answers are {size / 1e6:,.0f} MB, and a snapshot has {MOST_BYTES / 1e6:,.0f} at most: "
            "take it of fewer switches or shows."
        )
    session.execute(delete(SwitchSnapshot).where(SwitchSnapshot.name == taken.name))
    row = SwitchSnapshot(
        name=taken.name,
        target=taken.target,
        shows=list(taken.shows),
        switches=len(contents),
        size=size,
        taken_by=taken.taken_by,
        expires_at=datetime.now(UTC) + timedelta(days=taken.days),
        request_key=taken.request_key,
    )
    session.add(row)
    session.flush()
    session.add_all(
        SwitchSnapshotAnswer(snapshot_id=row.id, switch=switch, content=content)
        for switch, content in contents.items()
    )
    session.flush()
    session.refresh(row)
    return _read(row)


def refuse_unless_free(session: Session, taken: Taken) -> None:
    """Raises CannotKeep where the name is another's, or there are too many."""
    there = find(session, taken.name)
    if there is not None:
        if not taken.replaces and there.request_key != taken.request_key:
            raise CannotKeep(
                f"There is a snapshot {taken.name} already, by {there.taken_by}, "
                f"{there.taken_at.astimezone(UTC):%Y-%m-%d %H:%M}. Say --replace, or take another name."
            )
        return
    if (session.scalar(select(func.count()).select_from(SwitchSnapshot)) or 0) >= MOST_SNAPSHOTS:
        raise CannotKeep(
            f"There are {MOST_SNAPSHOTS} snapshots already. `switch snapshots` lists them, `switch forget NAME` "
            "makes room."
        )


def find(session: Session, name: str) -> Snapshot | None:
    """The snapshot of this name that has not expired."""
    query = select(SwitchSnapshot).where(SwitchSnapshot.name == name, SwitchSnapshot.expires_at > func.now())
    row = session.scalars(query).first()
    return None if row is None else _read(row)


def every(session: Session) -> tuple[Snapshot, ...]:
    """All that have not expired, the newest first."""
    query = select(SwitchSnapshot).where(SwitchSnapshot.expires_at > func.now())
    return tuple(map(_read, session.scalars(query.order_by(SwitchSnapshot.taken_at.desc()))))


def answers(session: Session, snapshot: Snapshot) -> dict[str, Answered]:
    """What each switch had answered."""
    query = select(SwitchSnapshotAnswer).where(SwitchSnapshotAnswer.snapshot_id == snapshot.id)
    return {row.switch: json.loads(zlib.decompress(row.content)) for row in session.scalars(query)}


def forget(session: Session, name: str) -> bool:
    """Delete it; False where there is none."""
    statement = delete(SwitchSnapshot).where(SwitchSnapshot.name == name).returning(SwitchSnapshot.id)
    return session.execute(statement).first() is not None


def forget_expired(services: Services) -> tuple[str, ...]:
    """Delete those whose time is over: the work of a Periodic, which has nothing to say."""
    with services.database.transaction() as session:
        session.execute(delete(SwitchSnapshot).where(SwitchSnapshot.expires_at <= func.now()))
    return ()


def _read(row: SwitchSnapshot) -> Snapshot:
    return Snapshot(
        row.id,
        row.name,
        row.target,
        tuple(row.shows),
        row.switches,
        row.size,
        row.taken_by,
        row.taken_at,
        row.expires_at,
        row.request_key,
    )
