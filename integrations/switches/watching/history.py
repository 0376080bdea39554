"""The history of a watch: a frame for every poll, thinned to five minutes after a day and forgotten after a month."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby

from sqlalchemy import delete, func, select, text
from sqlalchemy.orm import Session

from bot.store.database import Database, driver_connection
from integrations.switches.store.watches import (
    SwitchWatch,
    SwitchWatchEvent,
    SwitchWatchFrame,
    SwitchWatchSeries,
)
from integrations.switches.watching.frames import Frame, packed, thinned, unpacked
from integrations.switches.watching.judging import Key

MOST_SERIES = 2_000
"""Subjects of one watch of which history is kept: those seen first."""
MOST_EVENTS = 5_000
"""Events of one watch that are kept: the newest."""
STEP = 300
"""Seconds of a thinned frame."""
RAW, KEPT = timedelta(hours=24), timedelta(days=30)
"""How long every poll is kept, and how long anything is."""

_DUE = text("""
    UPDATE switch_watches SET thinned_at = now()
    WHERE id IN (
        SELECT id FROM switch_watches WHERE thinned_at < now() - interval '1 hour'
        ORDER BY id LIMIT 20 FOR UPDATE SKIP LOCKED
    )
    RETURNING id
""")
_SERIES = """
    INSERT INTO switch_watch_series (watch_id, number, switch, subject)
    SELECT %s, * FROM unnest(%s::int[], %s::text[], %s::text[])
"""


def keep_frame(
    session: Session, watch_id: int, at: datetime, fields: int, values: Mapping[Key, Sequence[float | None]]
) -> None:
    """Keep a poll's values, `fields` of them for each subject. A subject beyond MOST_SERIES is left out."""
    if not values:
        return
    numbers = _numbers(session, watch_id, list(values))
    frame: list[float | None] = [None] * (fields * (max(numbers.values(), default=-1) + 1))
    for key, kept in values.items():
        if (number := numbers.get(key)) is not None:
            frame[number * fields : (number + 1) * fields] = kept
    session.merge(SwitchWatchFrame(watch_id=watch_id, step=0, at=at, mean=packed(frame)))


def _numbers(session: Session, watch_id: int, keys: Sequence[Key]) -> dict[Key, int]:
    """The places of these subjects in the frames; new ones are appended."""
    known = {key: number for number, key in enumerate(series(session, watch_id))}
    new = [key for key in keys if key not in known][: MOST_SERIES - len(known)]
    if new:
        places = range(len(known), len(known) + len(new))
        columns = ([key[0] for key in new], [key[1] for key in new])
        driver_connection(session).execute(_SERIES, (watch_id, list(places), *columns))
        known |= zip(new, places, strict=True)
    return {key: known[key] for key in keys if key in known}


def series(session: Session, watch_id: int) -> list[Key]:
    """The subjects of which history is kept, in the order of the frames."""
    query = (
        select(SwitchWatchSeries.switch, SwitchWatchSeries.subject)
        .where(SwitchWatchSeries.watch_id == watch_id)
        .order_by(SwitchWatchSeries.number)
    )
    return [(row.switch, row.subject) for row in session.execute(query)]


def frames(session: Session, watch_id: int, since: datetime) -> Iterator[Frame]:
    """The frames from a moment on, the oldest first; a hundred in memory at a time."""
    query = (
        select(SwitchWatchFrame.at, SwitchWatchFrame.mean, SwitchWatchFrame.peak)
        .where(SwitchWatchFrame.watch_id == watch_id, SwitchWatchFrame.at >= since)
        .order_by(SwitchWatchFrame.at)
    )
    for row in session.execute(query, execution_options={"yield_per": 100}):
        means = unpacked(row.mean)
        yield Frame(row.at, means, unpacked(row.peak) if row.peak is not None else means)


def events(session: Session, watch_id: int, since: datetime, limit: int) -> list[SwitchWatchEvent]:
    """The latest events from a moment on, the newest first."""
    query = (
        select(SwitchWatchEvent)
        .where(SwitchWatchEvent.watch_id == watch_id, SwitchWatchEvent.at >= since)
        .order_by(SwitchWatchEvent.id.desc())
        .limit(limit)
    )
    return list(session.scalars(query))


def thin(database: Database, now: datetime | None = None) -> None:
    """Once an hour for each watch: thin what is older than a day, forget what is older than a month."""
    now = now or datetime.now(UTC)
    with database.transaction() as session:
        due = session.scalars(_DUE).all()
    for watch_id in due:
        with database.transaction() as session:
            thin_one(session, watch_id, now)
    if due:
        with database.transaction() as session:
            session.execute(delete(SwitchWatch).where(SwitchWatch.ended_at < now - KEPT))


def thin_one(session: Session, watch_id: int, now: datetime) -> None:
    """Thin one watch's history as of a moment."""
    whole = int((now - RAW).timestamp()) // STEP * STEP  # a bucket that is not over stays as it is
    until = datetime.fromtimestamp(whole, UTC)
    mine = SwitchWatchFrame.watch_id == watch_id
    raw = (
        select(SwitchWatchFrame.at, SwitchWatchFrame.mean)
        .where(mine, SwitchWatchFrame.step == 0, SwitchWatchFrame.at < until)
        .order_by(SwitchWatchFrame.at)
    )
    rows = session.execute(raw, execution_options={"yield_per": 100})
    for bucket, polls in groupby(rows, key=lambda row: int(row.at.timestamp()) // STEP * STEP):
        means, peaks = thinned(unpacked(row.mean) for row in polls)
        at = datetime.fromtimestamp(bucket, UTC)
        session.add(
            SwitchWatchFrame(watch_id=watch_id, step=STEP, at=at, mean=packed(means), peak=packed(peaks))
        )
    session.flush()
    session.execute(
        delete(SwitchWatchFrame).where(mine, SwitchWatchFrame.step == 0, SwitchWatchFrame.at < until)
    )
    session.execute(delete(SwitchWatchFrame).where(mine, SwitchWatchFrame.at < now - KEPT))
    _forget_events(session, watch_id, now)


def _forget_events(session: Session, watch_id: int, now: datetime) -> None:
    mine = SwitchWatchEvent.watch_id == watch_id
    newest = (
        select(SwitchWatchEvent.id)
        .where(mine)
        .order_by(SwitchWatchEvent.id.desc())
        .offset(MOST_EVENTS)
        .limit(1)
        .scalar_subquery()
    )
    session.execute(delete(SwitchWatchEvent).where(mine, SwitchWatchEvent.at < now - KEPT))
    session.execute(delete(SwitchWatchEvent).where(mine, SwitchWatchEvent.id <= func.coalesce(newest, 0)))
