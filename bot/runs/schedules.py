"""Schedules: rows with a cron line, in UTC. The clock enqueues each slot once, however many clocks there are."""

from __future__ import annotations

from datetime import UTC, datetime

from apscheduler.triggers.cron import CronTrigger
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.store.jobs import defer
from bot.store.models import Schedule, ScheduleSlot

_TIDY = text("DELETE FROM schedule_slots WHERE slot < now() - interval '7 days'")

BUILT_IN = (
    Schedule(name="watch webhooks", cron="* * * * *", task="webex.watch", catch_up=1),
    Schedule(name="reap stalled jobs", cron="* * * * *", task="queue.reap", catch_up=1),
    Schedule(name="tidy the store", cron="17 3 * * *", task="store.tidy", catch_up=1),
)


def install(session: Session) -> None:
    """Write the built-in schedules where they are missing; a changed cron line of one is brought up to date."""
    for each in BUILT_IN:
        values = {"name": each.name, "cron": each.cron, "task": each.task, "catch_up": each.catch_up}
        statement = insert(Schedule).values(**values)
        session.execute(
            statement.on_conflict_do_update(
                index_elements=[Schedule.name], set_={"cron": each.cron, "task": each.task}
            )
        )


def all_schedules(session: Session) -> list[Schedule]:
    """Every schedule, by name."""
    return list(session.scalars(select(Schedule).order_by(Schedule.name)))


def trigger(cron: str) -> CronTrigger:
    """The trigger of a cron line of five fields, in UTC. Raises ValueError for any other."""
    return CronTrigger.from_crontab(cron, timezone=UTC)


def missed_slots(cron: str, since: datetime, until: datetime, limit: int) -> list[datetime]:
    """The slots after `since` up to `until`, the newest `limit` of them, oldest first."""
    if limit < 1:
        return []
    slots: list[datetime] = []
    at = trigger(cron).get_next_fire_time(since, since)
    while at is not None and at <= until:
        if at > since:
            slots = [*slots[-(limit - 1) :], at] if limit > 1 else [at]
        at = trigger(cron).get_next_fire_time(at, at)
    return slots


def enqueue_slot(session: Session, name: str, slot: datetime) -> bool:
    """Queue a schedule's task for one slot; False where some clock has done it before, or the schedule is gone."""
    schedule = session.get(Schedule, name)
    if schedule is None:
        return False
    slot = slot.replace(second=0, microsecond=0)
    new = session.execute(
        insert(ScheduleSlot)
        .values(name=name, slot=slot)
        .on_conflict_do_nothing()
        .returning(ScheduleSlot.name)
    ).first()
    if new is None:
        return False
    defer(session, schedule.task)
    if schedule.last_slot is None or schedule.last_slot < slot:
        schedule.last_slot = slot
    session.execute(_TIDY)
    return True
