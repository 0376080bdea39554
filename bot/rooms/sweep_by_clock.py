"""Sweeps that the file schedules: the clock says which policy and which slot, and the worker starts the run."""

from __future__ import annotations

from collections.abc import Iterable

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.rooms.services import RoomServices, stale_policy
from bot.rooms.sweep import KIND, lock_key
from bot.runs import runs
from bot.runs.states import ENDED
from bot.stale_policy import StaleRooms
from bot.store.models import Run

log = structlog.get_logger(__name__)

CLOCK = "the clock"
"""Who asks for a sweep that the file schedules: whoever may write the file has said so."""


def start_by_clock(services: RoomServices, policy: str, slot: str) -> int | None:
    """The task: start the sweep of a policy for one slot of its schedule, and return its number.

    One slot is one run, however often the job comes. None where the policy has left the file or its schedule, or
    where a sweep by it is still going on: that one is not overtaken.
    """
    found = stale_policy(services, policy)
    if found is None or found.schedule is None:
        log.warning("sweep.not_scheduled_any_more", policy=policy, slot=slot)
        return None
    key = f"sweep:{found.name.casefold()}:{slot}"
    with services.database.transaction() as session:
        going_on = unfinished(session, found.name, but=key)
        if going_on is not None:
            log.warning("sweep.still_going_on", policy=policy, slot=slot, run=going_on)
            return None
        number, _new = runs.start(
            session,
            services.redactor,
            kind=KIND,
            title=title(found),
            arguments={"policy": found.name},
            requester=CLOCK,
            request_key=key,
            room_id=None,
            parent_id=None,
            correlation_id=key[:60],
            live="",
            lock_key=lock_key(found.name),
        )
    return number


def scheduled(policies: Iterable[StaleRooms]) -> dict[str, str]:
    """The cron lines of the policies that run by the clock, by their names."""
    return {policy.name: policy.schedule for policy in policies if policy.schedule is not None}


def title(policy: StaleRooms) -> str:
    """What a sweep is called among the runs."""
    return f"sweep {policy.name}"


def unfinished(session: Session, policy: str, *, but: str = "") -> int | None:
    """The number of a sweep by this policy that is not over, other than the run of this request key; or None."""
    query = select(Run.id).where(
        Run.kind == KIND,
        Run.lock_key == lock_key(policy),
        Run.request_key != but,
        Run.state.not_in(ENDED),
    )
    return session.scalars(query.order_by(Run.id)).first()
