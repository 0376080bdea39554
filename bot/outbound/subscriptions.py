"""Which rooms hear of what: a room subscribes to a glob over the topics an integration reports."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.store.models import KnownRoom, Subscription


@dataclass(frozen=True, slots=True)
class Subscribed:
    """One room's wish."""

    topic: str
    room_id: str
    created_by: str


def subscribe(session: Session, source: str, topic: str, room_id: str, by: str) -> bool:
    """Store the wish; False where the room had it already."""
    statement = (
        insert(Subscription)
        .values(source=source, topic=topic, room_id=room_id, created_by=by)
        .on_conflict_do_nothing()
        .returning(Subscription.id)
    )
    return session.execute(statement).first() is not None


def unsubscribe(session: Session, source: str, topic: str, room_id: str) -> bool:
    """Drop the wish; False where there was none."""
    statement = (
        delete(Subscription)
        .where(Subscription.source == source, Subscription.topic == topic, Subscription.room_id == room_id)
        .returning(Subscription.id)
    )
    return session.execute(statement).first() is not None


def subscriptions(session: Session, source: str, room_id: str | None = None) -> tuple[Subscribed, ...]:
    """The wishes about one source, of one room or of all."""
    query = select(Subscription).where(Subscription.source == source).order_by(Subscription.id)
    if room_id is not None:
        query = query.where(Subscription.room_id == room_id)
    return tuple(Subscribed(row.topic, row.room_id, row.created_by) for row in session.scalars(query))


def rooms_for(session: Session, source: str, topic: str) -> tuple[str, ...]:
    """The rooms whose globs match this topic, each once; of a room the bot has left the wishes rest."""
    matching = dict.fromkeys(
        each.room_id
        for each in subscriptions(session, source)
        if fnmatchcase(topic.casefold(), each.topic.casefold())
    )
    left = set(
        session.scalars(select(KnownRoom.room_id).where(KnownRoom.left, KnownRoom.room_id.in_(matching)))
    )
    return tuple(each for each in matching if each not in left)
