"""The clock process: APScheduler says when, and all that happens then is that a job or an event is queued."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import structlog
from apscheduler.events import EVENT_JOB_SUBMITTED, JobSubmissionEvent
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy.exc import SQLAlchemyError

from bot import cron
from bot.cron import BadCron
from bot.runs import schedules
from bot.store.database import Database
from bot.store.models import Schedule

log = structlog.get_logger(__name__)

_REFRESH = 30
"""Seconds between looks at the table, so that a new schedule is kept without a restart."""


class Clock:
    """Keeps the schedules of the table. Two clocks are harmless: a slot is queued once."""

    def __init__(self, database: Database, sweeps: Mapping[str, str] | None = None) -> None:
        """`sweeps`: the policies for stale rooms that run by the clock, with their cron lines."""
        self._database = database
        self._sweeps = sweeps
        self._scheduler = BackgroundScheduler(timezone=UTC)
        self._crons: dict[str, str] = {}

    def start(self) -> None:
        """Make good what was missed, then keep time."""
        with self._database.transaction() as session:
            schedules.install(session, self._sweeps)
        # APScheduler 3 does not tell a job its slot: it is taken from the event of its submission.
        self._scheduler.add_listener(self._submitted, EVENT_JOB_SUBMITTED)
        self._scheduler.add_job(self._refresh, "interval", seconds=_REFRESH, id="refresh")
        self._refresh()
        self._scheduler.start()
        log.info("clock.started", schedules=len(self._crons))

    def stop(self) -> None:
        """Stop keeping time."""
        self._scheduler.shutdown(wait=False)

    def _refresh(self) -> None:
        """Take in what is new in the table, and make good what was missed since the last look.

        A schedule may be given just before its first slot, and the database may be away at one.
        """
        try:
            with self._database.transaction() as session:
                kept = [each for each in schedules.all_schedules(session) if _is_kept(each)]
        except SQLAlchemyError as error:
            log.error("clock.database_away", error=str(error))
            return
        wanted = {each.name: each.cron for each in kept}
        for name in self._crons.keys() - wanted.keys():
            self._scheduler.remove_job(f"schedule:{name}")
        for name, line in wanted.items():
            if self._crons.get(name) != line:
                self._scheduler.add_job(
                    _nothing, cron.trigger(line), id=f"schedule:{name}", replace_existing=True,
                    misfire_grace_time=30,
                )  # fmt: skip
        self._crons = wanted
        self._catch_up(kept, datetime.now(UTC))

    def _catch_up(self, kept: list[Schedule], now: datetime) -> None:
        for each in kept:
            if each.last_slot is None:
                continue
            for slot in cron.missed_slots(each.cron, each.last_slot, now, each.catch_up):
                if self._enqueue(each.name, slot):
                    log.info("clock.caught_up", schedule=each.name, slot=slot.isoformat())

    def _submitted(self, event: JobSubmissionEvent) -> None:
        kind, _, name = event.job_id.partition(":")
        if kind != "schedule":
            return
        for slot in event.scheduled_run_times:
            self._enqueue(name, slot)

    def _enqueue(self, name: str, slot: datetime) -> bool:
        try:
            with self._database.transaction() as session:
                return schedules.enqueue_slot(session, name, slot)
        except SQLAlchemyError as error:
            # The next look at the table makes it good.
            log.error("clock.slot_missed", schedule=name, slot=slot.isoformat(), error=str(error))
            return False


def _is_kept(schedule: Schedule) -> bool:
    """Whether it has slots at present. One whose cron line cannot be read stops no other."""
    try:
        cron.trigger(schedule.cron)
    except BadCron as error:
        log.error("clock.bad_cron", schedule=schedule.name, error=str(error))
        return False
    return schedule.paused is None


def _nothing() -> None:
    """What APScheduler runs: the work is done by the listener, which knows the slot."""
