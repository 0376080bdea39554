"""Give notice in rooms, and see that it has arrived before its grace counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.access.wording import moment
from bot.outbound.outbox import Outgoing, enqueue
from bot.outbound.redact import Redactor
from bot.rooms import notices, sweep_items
from bot.rooms.idle import NOTHING_KNOWN, Known, active_since
from bot.rooms.known import known_of
from bot.rooms.notices import Button
from bot.rooms.stale import kept_words
from bot.rooms.sweep_items import ACTIVE, CHOSEN, KEPT, NOTHING, NOTICED
from bot.runs.kinds import RunView
from bot.stale_policy import StaleRooms
from bot.store.models import OutboxMessage, SweepItem
from bot.webex import cards

log = structlog.get_logger(__name__)

_LATE = 0.01
"""By which part of the grace a notice may be late without its grace counting from its arrival."""


def give_notice(
    session: Session, view: RunView, policy: StaleRooms, redactor: Redactor, button: Button, limit: int
) -> int:
    """Give the next chosen rooms notice, all in the caller's transaction; returns how many were dealt with.

    A room that was kept, or where somebody has written, since it was chosen gets none.
    """
    items = sweep_items.batch(session, view.id, CHOSEN, limit)
    known = known_of(session, [item.room_id for item in items])
    now: datetime = session.scalar(select(func.now()))  # type: ignore[assignment]
    for item in items:
        spared = _spared(item, known.get(item.room_id, NOTHING_KNOWN), now)
        if spared:
            sweep_items.change(session, view.id, item.room_key, **spared)
            continue
        act_after = None if item.foreseen == NOTHING else now + policy.grace
        text = notices.notice(policy, item, act_after or now)
        message = Outgoing(
            key=_key(view.id, item.room_key),
            markdown=text,
            room_id=item.room_id,
            card=_card(text, policy, redactor, button),
            correlation_id=view.correlation_id,
        )
        enqueue(session, message, redactor)
        sweep_items.change(
            session, view.id, item.room_key, state=NOTICED, noticed_at=now, act_after=act_after
        )
    return len(items)


def wait_for_notice(
    session: Session, run_id: int, policy: StaleRooms, items: Sequence[SweepItem]
) -> list[SweepItem]:
    """Those of the items that have had their notice for the whole grace; the others' dates are moved.

    The grace counts from when the notice arrived: Webex may have been away. A room that takes no notice (it is
    read-only, say) has had its whole grace too; that it had none is kept in its `error`.
    """
    keys = {f"{_key(run_id, item.room_key)}:0": item for item in items}
    rows = session.execute(
        select(
            OutboxMessage.dedupe_key, OutboxMessage.state, OutboxMessage.sent_at, OutboxMessage.error
        ).where(OutboxMessage.dedupe_key.in_(keys))
    )
    now: datetime = session.scalar(select(func.now()))  # type: ignore[assignment]
    ready = {item.room_key: item for item in items}
    for key, state, sent_at, error in rows:
        item, later = keys[key], None
        if state in ("pending", "sending"):
            later = now + policy.grace
        elif sent_at is not None and sent_at + policy.grace * (1 - _LATE) > now:
            later = sent_at + policy.grace
        elif state == "refused":
            item.error = f"No notice could be given in it: {error}"
        if later is not None:
            sweep_items.change(session, run_id, item.room_key, act_after=later)
            del ready[item.room_key]
    return list(ready.values())


def _spared(item: SweepItem, known: Known, now: datetime) -> Mapping[str, Any] | None:
    if known.kept_until is not None and known.kept_until > now:
        return {"state": KEPT, "outcome": kept_words(known)}
    active = active_since(item.idle_since, None, known)
    return {"state": ACTIVE, "outcome": f"Something happened in it, at {moment(active)}."} if active else None


def _card(text: str, policy: StaleRooms, redactor: Redactor, button: Button) -> Mapping[str, Any] | None:
    """The notice's card; the text does without one that would be too large, or that holds a secret."""
    try:
        card = notices.notice_card(text, policy, button)
    except cards.CardError as error:
        log.warning("sweep.card_left_out", error=str(error))
        return None
    return card if redactor.redact_value(card) == card else None


def _key(run_id: int, room_key: str) -> str:
    return f"sweep:{run_id}:notice:{room_key}"
