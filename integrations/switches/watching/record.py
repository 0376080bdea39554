"""The rows of watches: which are due, what the last poll left, what is kept of this one."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from bot.store.database import driver_connection
from bot.store.jsonb import as_jsonb
from integrations.switches.store.watches import SwitchWatch, SwitchWatchPoll
from integrations.switches.watching import what as seeing
from integrations.switches.watching.judging import Item, News, Silence
from integrations.switches.watching.what import NOTHING, Before, What

MOST_IN_A_ROOM, MOST = 20, 200
"""Watches that are not over."""
LEAST_EVERY, MOST_EVERY = 10, 86_400
"""Seconds between two polls."""

# The next moment is a multiple of `every`: watches of one pace are due together, and a switch is asked once for all.
_CLAIM = text("""
    UPDATE switch_watches
    SET due_at = to_timestamp((floor(extract(epoch FROM now()) / every) + 1) * every)
    WHERE id IN (
        SELECT id FROM switch_watches
        WHERE ended_at IS NULL AND paused IS NULL AND due_at <= now() AND until > now()
        ORDER BY id FOR UPDATE SKIP LOCKED
    )
    RETURNING id
""")
_EXPIRE = text("""
    UPDATE switch_watches SET ended_at = now() WHERE ended_at IS NULL AND until <= now() RETURNING id
""")
_KEEP = """
    INSERT INTO switch_watch_polls (watch_id, switch, at, seen, silence)
    SELECT %s, * FROM unnest(%s::text[], %s::float8[], %s::text[]::jsonb[], %s::text[]::jsonb[])
    ON CONFLICT (watch_id, switch)
    DO UPDATE SET at = EXCLUDED.at, seen = EXCLUDED.seen, silence = EXCLUDED.silence
"""
_FORGET = "DELETE FROM switch_watch_polls WHERE watch_id = %s AND switch <> ALL(%s::text[])"
_HAPPENED = """
    INSERT INTO switch_watch_events (watch_id, at, kind, switch, subject, says)
    SELECT %s, to_timestamp(%s), * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[])
"""
MOST_AT_ONCE = 1_000
"""Events of one poll that are written down."""
_KINDS = ("begun", "changed", "recovered", "silent", "back")


@dataclass(frozen=True, slots=True)
class Last:
    """The last poll of one switch: when it answered (seconds since the epoch), what it said, and its silence since."""

    at: float | None = None
    before: Before = NOTHING
    silence: Silence | None = None


NEVER = Last()


def what_of(row: SwitchWatch) -> What:
    """What it looks at."""
    return What(row.kind, row.show, row.detail)  # type: ignore[arg-type]


def claim(session: Session) -> list[SwitchWatch]:
    """Take the watches that are due, and say when they are next: nobody else gets them before then."""
    return _rows(session, session.scalars(_CLAIM).all())


def expire(session: Session) -> list[SwitchWatch]:
    """End the watches whose time is over; returns them."""
    return _rows(session, session.scalars(_EXPIRE).all())


def _rows(session: Session, ids: Sequence[int]) -> list[SwitchWatch]:
    if not ids:
        return []
    return list(session.scalars(select(SwitchWatch).where(SwitchWatch.id.in_(ids)).order_by(SwitchWatch.id)))


def active(session: Session, room_ids: Collection[str] | None = None) -> list[SwitchWatch]:
    """The watches that are not over, the oldest first; of one room where its ids are given."""
    query = select(SwitchWatch).where(SwitchWatch.ended_at.is_(None)).order_by(SwitchWatch.id)
    if room_ids is not None:
        query = query.where(SwitchWatch.room_id.in_(room_ids))
    return list(session.scalars(query))


def find(session: Session, room_ids: Collection[str], name: str, *, lock: bool = False) -> SwitchWatch | None:
    """A room's watch by its name, one that is over too."""
    query = select(SwitchWatch).where(SwitchWatch.room_id.in_(room_ids), SwitchWatch.name == name)
    return session.scalars(query.with_for_update() if lock else query).first()


def next_number(session: Session, room_id: str) -> str:
    """The name of a watch that was given none: a number no other watch of the room has."""
    numbers = select(SwitchWatch.name).where(
        SwitchWatch.room_id == room_id, SwitchWatch.name.regexp_match("^[0-9]{1,9}$")
    )
    return str(max(map(int, session.scalars(numbers)), default=0) + 1)


def count(session: Session) -> int:
    """How many watches are not over."""
    return session.scalar(select(func.count()).where(SwitchWatch.ended_at.is_(None))) or 0


def last_polls(session: Session, watch_id: int) -> dict[str, Last]:
    """What the last polls left, by switch."""
    query = select(SwitchWatchPoll).where(SwitchWatchPoll.watch_id == watch_id)
    return {row.switch: _last(row) for row in session.scalars(query)}


def _last(row: SwitchWatchPoll) -> Last:
    silence = None if row.silence is None else Silence(**row.silence)
    return Last(row.at, seeing.from_json(row.seen, row.at or 0.0), silence)


def keep(
    session: Session,
    watch_id: int,
    polls: Mapping[str, Last],
    before: Mapping[str, Last],
    names: Sequence[str],
) -> None:
    """Keep what this poll leaves; rows that would say the same are not written, and those of others go."""
    connection = driver_connection(session)
    changed = {name: last for name, last in polls.items() if _differs(last, before.get(name))}
    if changed:
        connection.execute(
            _KEEP,
            (
                watch_id,
                list(changed),
                [last.at for last in changed.values()],
                [_seen(last) for last in changed.values()],
                [_silence(last) for last in changed.values()],
            ),
        )
    if not before.keys() <= set(names):
        connection.execute(_FORGET, (watch_id, list(names)))


def _differs(last: Last, before: Last | None) -> bool:
    """A text that was seen again needs no new row: its moment is of no use. Counters do."""
    if before is None or last.silence != before.silence or last.before.look is not None:
        return True
    return last.before != before.before


def _seen(last: Last) -> str | None:
    return None if last.at is None else as_jsonb(seeing.as_json(last.before))


def _silence(last: Last) -> str | None:
    return None if last.silence is None else as_jsonb(asdict(last.silence))


def happened(session: Session, watch_id: int, news: News, at: float) -> None:
    """Write down what is told, for the history; that something still stands is no event."""
    lines: list[tuple[str, Item]] = [(kind, item) for kind in _KINDS for item in getattr(news, kind)]
    if not lines:
        return
    del lines[MOST_AT_ONCE:]  # the message's file has them all
    columns = zip(*((kind, item.switch, item.subject, item.says) for kind, item in lines), strict=True)
    driver_connection(session).execute(_HAPPENED, (watch_id, at, *map(list, columns)))


def pause(row: SwitchWatch, why: str) -> None:
    """Let a watch rest until it is resumed."""
    row.paused = why


def resume(row: SwitchWatch, now: datetime) -> None:
    """Let it go on; what was missed meanwhile is not made good."""
    row.paused, row.due_at = None, now


def as_arguments(row: SwitchWatch, names: Sequence[str]) -> dict[str, Any]:
    """What the policy is asked: as it was asked first, of the switches that the target means now."""
    return {**row.asked, "arguments": {**row.asked["arguments"], "switch": list(names)}}
