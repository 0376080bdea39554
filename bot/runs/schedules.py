"""Schedules: rows with a cron line, in UTC. The clock enqueues each slot once, however many clocks there are."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import uuid4

import structlog
from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.store.inbox_rows import store_event
from bot.store.jobs import defer
from bot.store.models import Schedule, ScheduleSlot

log = structlog.get_logger(__name__)

COMMAND = "command"
"""The task of a schedule that a person gave: its line is run as they would, with the rights they have then."""
SOURCE = "schedule"
"""The inbox's name for the slots of such schedules."""

_TIDY = text("DELETE FROM schedule_slots WHERE slot < now() - interval '7 days'")
_NEXT_NUMBER = text("""
    INSERT INTO facts (name, value) VALUES ('last schedule', '{"number": 1}')
    ON CONFLICT (name) DO UPDATE
    SET value = jsonb_build_object('number', (facts.value->>'number')::bigint + 1), updated_at = now()
    RETURNING value->>'number'
""")

BUILT_IN = (
    Schedule(name="watch webhooks", cron="* * * * *", task="webex.watch", catch_up=1),
    Schedule(name="reap stalled jobs", cron="* * * * *", task="queue.reap", catch_up=1),
    Schedule(name="tidy the store", cron="17 3 * * *", task="store.tidy", catch_up=1),
    Schedule(name="look at the rooms", cron="37 * * * *", task="rooms.look", catch_up=1),
)
SWEEP_TASK = "rooms.sweep"
"""The task of a schedule that `stale_rooms:` gives; its `line` is the policy's name."""
_SWEEP = "sweep "
"""What the names of such schedules begin with: no person's schedule is called so, since it has a blank."""


class NameTaken(Exception):
    """Another schedule has that name."""


def install(session: Session, sweeps: Mapping[str, str] | None = None) -> None:
    """Write the built-in schedules where they are missing; a changed cron line of one is brought up to date.

    `sweeps` are the policies of `sparkops.yaml` that run by the clock, with their cron lines: those and no others
    have a schedule then.
    """
    wanted = {each.name: {"cron": each.cron, "task": each.task, "line": None} for each in BUILT_IN}
    for policy, cron in (sweeps or {}).items():
        wanted[f"{_SWEEP}{policy}"] = {"cron": cron, "task": SWEEP_TASK, "line": policy}
    session.execute(delete(Schedule).where(Schedule.task == SWEEP_TASK, Schedule.name.not_in(wanted)))
    for name, values in wanted.items():
        statement = insert(Schedule).values(name=name, catch_up=1, **values)
        session.execute(statement.on_conflict_do_update(index_elements=[Schedule.name], set_=values))


def all_schedules(session: Session) -> list[Schedule]:
    """Every schedule, by name."""
    return list(session.scalars(select(Schedule).order_by(Schedule.name)))


def add(
    session: Session,
    *,
    name: str | None,
    cron: str,
    line: str,
    person: str,
    room_id: str | None,
    now: datetime,
) -> str:
    """Keep a person's schedule, whose slots count from `now`; returns its name.

    Without a name it is called by a number, which no other has had. Raises NameTaken.
    """
    name = name or str(session.scalar(_NEXT_NUMBER))
    statement = insert(Schedule).values(
        name=name,
        cron=cron,
        task=COMMAND,
        catch_up=1,
        last_slot=now,
        line=line,
        person_email=person,
        room_id=room_id,
    )
    new = session.execute(statement.on_conflict_do_nothing().returning(Schedule.name)).first()
    if new is None:
        raise NameTaken(name)
    return name


def given(session: Session, *, room_ids: Collection[str] | None = None) -> list[Schedule]:
    """The schedules people gave, the oldest first; of one room where its ids are given."""
    query = select(Schedule).where(Schedule.task == COMMAND).order_by(Schedule.created_at, Schedule.name)
    if room_ids is not None:
        query = query.where(Schedule.room_id.in_(room_ids))
    return list(session.scalars(query))


def find(session: Session, name: str) -> Schedule | None:
    """A person's schedule by its name, its row locked; None where there is none."""
    row = session.get(Schedule, name, with_for_update=True)
    return row if row is not None and row.task == COMMAND else None


def pause(session: Session, name: str, why: str) -> None:
    """Let a person's schedule rest until it is resumed; one that is gone stays gone."""
    if (schedule := find(session, name)) is not None:
        schedule.paused = why
        log.info("schedule.paused", schedule=name, why=why)


def resume(schedule: Schedule, now: datetime) -> None:
    """Let a paused schedule go on; what it missed meanwhile is not made good."""
    schedule.paused, schedule.last_slot = None, now


def enqueue_slot(session: Session, name: str, slot: datetime) -> bool:
    """Queue what a schedule stands for, for one slot: its task, or the event that its command is due.

    False where some clock has done it before, or the schedule is gone or paused.
    """
    schedule = session.get(Schedule, name)
    if schedule is None or schedule.paused is not None:
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
    if schedule.task == COMMAND:
        payload = {"schedule": name, "slot": slot.isoformat()}
        store_event(session, SOURCE, f"{name}:{slot.isoformat()}", payload, uuid4().hex[:12])
    elif schedule.task == SWEEP_TASK:
        defer(session, SWEEP_TASK, policy=schedule.line, slot=slot.isoformat())
    else:
        defer(session, schedule.task)
    if schedule.last_slot is None or schedule.last_slot < slot:
        schedule.last_slot = slot
    session.execute(_TIDY)
    return True
