"""Which rooms hear of what: a room subscribes to a glob over the topics an integration reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any

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
    options: Mapping[str, Any] = field(default_factory=dict)
    """What of it, in the integration's own words."""


class Stored(StrEnum):
    """What storing a wish came to."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"


def subscribe(
    session: Session, source: str, topic: str, room_id: str, by: str, options: Mapping[str, Any] | None = None
) -> Stored:
    """Store the wish, or the new options of one there is."""
    wanted = dict(options or {})
    query = select(Subscription).where(
        Subscription.source == source, Subscription.topic == topic, Subscription.room_id == room_id
    )
    values = {"source": source, "topic": topic, "room_id": room_id, "created_by": by, "options": wanted}
    statement = insert(Subscription).values(**values).on_conflict_do_nothing().returning(Subscription.id)
    if session.execute(statement).first() is not None:
        return Stored.NEW
    known = session.scalars(query.with_for_update()).one()
    if known.options == wanted:
        return Stored.SAME
    known.options = wanted
    return Stored.CHANGED


def unsubscribe(session: Session, source: str, topic: str, room_id: str) -> bool:
    """Drop the wish; False where there was none."""
    statement = (
        delete(Subscription)
        .where(Subscription.source == source, Subscription.topic == topic, Subscription.room_id == room_id)
        .returning(Subscription.id)
    )
    return session.execute(statement).first() is not None


def subscriptions(session: Session, source: str, room_id: str | None = None) -> tuple[Subscribed, ...]:
    """The wishes about one source, of one room or of all; of a room the bot has left they rest."""
    left = select(KnownRoom.room_id).where(KnownRoom.left)
    query = (
        select(Subscription.topic, Subscription.room_id, Subscription.created_by, Subscription.options)
        .where(Subscription.source == source, Subscription.room_id.not_in(left))
        .order_by(Subscription.id)
    )
    if room_id is not None:
        query = query.where(Subscription.room_id == room_id)
    return tuple(Subscribed(*row) for row in session.execute(query))


def wishes_about(session: Session, source: str, topic: str) -> tuple[Subscribed, ...]:
    """The wishes whose globs match this topic."""
    return tuple(
        each
        for each in subscriptions(session, source)
        if fnmatchcase(topic.casefold(), each.topic.casefold())
    )


def rooms_for(session: Session, source: str, topic: str) -> tuple[str, ...]:
    """The rooms whose globs match this topic, each once."""
    return tuple(dict.fromkeys(each.room_id for each in wishes_about(session, source, topic)))
