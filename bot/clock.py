"""The clock process: APScheduler says when, and all that happens then is that a job is queued."""

from __future__ import annotations

from datetime import UTC, datetime

import structlog
from apscheduler.events import EVENT_JOB_SUBMITTED, JobSubmissionEvent
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy.exc import SQLAlchemyError

from bot.runs import schedules
from bot.store.database import Database

log = structlog.get_logger(__name__)

_REFRESH = 30
"""Seconds between looks at the table, so that a new schedule is kept without a restart."""


class Clock:
    """Keeps the schedules of the table. Two clocks are harmless: a slot is queued once."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._scheduler = BackgroundScheduler(timezone=UTC)
        self._crons: dict[str, str] = {}

    def start(self) -> None:
        """Catch up on what was missed, then keep time."""
        with self._database.transaction() as session:
            schedules.install(session)
        self._catch_up(datetime.now(UTC))
        # APScheduler 3 does not tell a job its slot: it is taken from the event of its submission.
        self._scheduler.add_listener(self._submitted, EVENT_JOB_SUBMITTED)
        self._scheduler.add_job(self._refresh, "interval", seconds=_REFRESH, id="refresh")
        self._refresh()
        self._scheduler.start()

    def stop(self) -> None:
        """Stop keeping time."""
        self._scheduler.shutdown(wait=False)

    def _catch_up(self, now: datetime) -> None:
        with self._database.transaction() as session:
            for schedule in schedules.all_schedules(session):
                if schedule.last_slot is None:
                    continue
                for slot in schedules.missed_slots(schedule.cron, schedule.last_slot, now, schedule.catch_up):
                    if schedules.enqueue_slot(session, schedule.name, slot):
                        log.info("clock.caught_up", schedule=schedule.name, slot=slot.isoformat())

    def _refresh(self) -> None:
        try:
            with self._database.transaction() as session:
                wanted = {each.name: each.cron for each in schedules.all_schedules(session)}
        except SQLAlchemyError as error:
            log.error("clock.database_away", error=str(error))
            return
        for name in self._crons.keys() - wanted.keys():
            self._scheduler.remove_job(f"schedule:{name}")
        for name, cron in wanted.items():
            if self._crons.get(name) != cron:
                self._scheduler.add_job(
                    _nothing, schedules.trigger(cron), id=f"schedule:{name}", replace_existing=True,
                    misfire_grace_time=30,
                )  # fmt: skip
        self._crons = wanted

    def _submitted(self, event: JobSubmissionEvent) -> None:
        kind, _, name = event.job_id.partition(":")
        if kind != "schedule":
            return
        for slot in event.scheduled_run_times:
            try:
                with self._database.transaction() as session:
                    schedules.enqueue_slot(session, name, slot)
            except SQLAlchemyError as error:
                # The slot is caught up when the clock starts next, or replaced by the next one.
                log.error("clock.slot_missed", schedule=name, slot=slot.isoformat(), error=str(error))


def _nothing() -> None:
    """What APScheduler runs: the work is done by the listener, which knows the slot."""
