"""The worker process: handles the inbox, moves runs on, sends the outbox, keeps the webhooks alive."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading

import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from bot.access.audit_chain import Sealer
from bot.access.audit_shipping import shipper_of
from bot.access.policy_watch import PolicyWatch
from bot.assembly import Parts, database_url, make_services, make_webex
from bot.commands.approval_messages import expire_due, remind_due
from bot.commands.context import Services
from bot.commands.gate import may_begin
from bot.inbound import inbox
from bot.inbound.dispatch import Dispatcher
from bot.inbound.handle import InboxHandler
from bot.inbound.identity import Identity, save_identity
from bot.inbound.rooms import Rooms
from bot.inbound.webex_events import WebexEvents
from bot.inbound.webhook_watch import WebhookWatch
from bot.outbound.sender import Sender
from bot.rooms.look import LOOK_TASK, look
from bot.rooms.sweep_by_clock import start_by_clock
from bot.runs.advance import Engine
from bot.runs.due import Due, queue_due_runs
from bot.runs.ownership import Ownership, OwnershipLost, free_work_of_the_dead
from bot.runs.periodic import PERIODIC_TASK, Periodics, queue_due_periodics
from bot.runs.queue import Queue
from bot.runs.runs import STEP_TASK
from bot.runs.schedules import SWEEP_TASK
from bot.store.counters import Counters
from bot.store.database import Database
from bot.store.tidy import tidy
from bot.webex import WebexError

log = structlog.get_logger(__name__)

_TASKS = 16
"""Jobs at once: run steps, and batches of events, which have threads of their own."""
_RETRY_WEBEX = 15.0
"""Seconds between tries to find out who the bot is, while Webex refuses the token or does not answer."""


class Worker:
    """One executor with everything it works with."""

    def __init__(self, parts: Parts) -> None:
        settings = parts.settings
        self._parts = parts
        self._url = database_url(settings)
        self._database = Database(self._url, pool_size=settings.database_pool * 2)
        self._counters = Counters(self._database)
        self._services: Services = make_services(parts, self._database, make_webex(settings), self._counters)
        self._stopping = threading.Event()

    def run(self) -> None:
        """Work until SIGTERM or SIGINT.

        When the database goes away, so does the lock that makes this process the owner of its work:
        the process then starts itself anew rather than go on as somebody it is no longer.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stopping.set())
        wait_for_schema(self._database, self._stopping)
        me = self._who_am_i()
        if me is None:
            return
        ownership = Ownership(self._url)
        log.info("worker.started", executor=str(ownership.id), bot=me.email)
        asyncio.run(self._work(me, ownership))
        if not self._stopping.wait(1.0):
            _start_anew()

    def _who_am_i(self) -> Identity | None:
        """Ask Webex until it answers; tell why not in one line, and `/readyz` too. None when told to stop."""
        watch = WebhookWatch(self._services)
        while not self._stopping.is_set():
            try:
                me = self._services.webex.me()
                # That all is well is said when the webhooks are in place: until then nothing would be heard.
                return save_identity(self._database, me)
            except WebexError as error:
                log.error("worker.webex_refuses", error=str(error))
                watch.say(ok=False, text=str(error))
            self._stopping.wait(_RETRY_WEBEX)
        return None

    async def _work(self, me: Identity, ownership: Ownership) -> None:
        parts, services, settings = self._parts, self._services, self._parts.settings
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        sender = Sender(
            self._database, services.webex, self._counters, ownership.id, threads=settings.worker_threads
        )
        engine = Engine(
            database=self._database,
            redactor=services.redactor,
            kinds=parts.run_kinds,
            services=services,
            owner=ownership.id,
            kick=sender.kick,
            edit_interval=settings.edit_interval,
            refuses=lambda view: may_begin(view, services),
        )
        rooms = Rooms(self._database, services.webex)
        events = WebexEvents(
            services.webex, rooms, me, allowed_bots=settings.allowed_bots, max_age=settings.max_event_age
        )
        handler = InboxHandler(
            services, events, rooms, sender, parts.integrations, ownership.id, threads=settings.worker_threads
        )
        watch = WebhookWatch(services, sender)

        periodics = Periodics(
            self._database,
            [
                (work, each.settings)
                for each in parts.integrations.values()
                for work in each.integration.periodics
            ],
            services,
            sender.kick,
        )
        periodics.install()

        def sweep(policy: str, slot: str) -> None:
            start_by_clock(services, policy, slot)

        queue = Queue(
            self._url,
            {
                STEP_TASK: engine.step,
                "webex.watch": watch.look,
                "store.tidy": lambda: tidy(self._database),
                LOOK_TASK: lambda: look(services),
                SWEEP_TASK: sweep,
                PERIODIC_TASK: periodics.run,
            },
            threads=_TASKS,
        )

        def free_the_dead(session: Session) -> None:
            dead = free_work_of_the_dead(session)
            engine.recover(session, dead)
            handler.put_back_forgotten(session)
            engine.recover_forgotten(session)
            sender.release_forgotten(session)
            for executor in dead:
                log.warning("worker.freed_work_of_the_dead", executor=str(executor))

        def lost(error: OwnershipLost) -> None:
            # Others may take this process's work from now on: what its threads still do must end here and now.
            log.error("worker.ownership_lost", error=str(error))
            _start_anew()

        def told_to_stop() -> None:
            self._stopping.wait()
            loop.call_soon_threadsafe(stop.set)

        sealer = Sealer(self._database, services.audit_keys)
        shipper = shipper_of(settings, self._database)
        policy_watch = PolicyWatch(services.policies, self._database, services.redactor)
        due = Due(
            self._database,
            ownership,
            each_tick=(
                inbox.queue_due,
                queue_due_runs,
                queue_due_periodics,
                lambda session: expire_due(session, services.redactor),
                lambda session: remind_due(session, services.redactor),
            ),
            after_tick=(sender.kick_due, sealer.tick),
            for_the_dead=free_the_dead,
            lost=lost,
        )
        dispatcher = Dispatcher(self._url, handler, slots=settings.worker_threads)
        policy_watch.start()
        if shipper is not None:
            shipper.start()
        due.start()
        dispatcher.start()
        threading.Thread(target=told_to_stop, name="stop", daemon=True).start()
        threading.Thread(target=watch.set_up, name="webhooks", daemon=True).start()
        await queue.run(stop)
        dispatcher.stop()
        handler.close()
        due.stop()
        sender.close()
        policy_watch.stop()
        if shipper is not None:
            shipper.stop()
        self._counters.flush()
        if self._stopping.is_set():
            ownership.close()
            log.info("worker.stopped")


def _start_anew() -> None:
    """Become a new process in place of this one, which waits for the database before it works."""
    log.info("worker.starting_anew")
    os.execv(sys.executable, [sys.executable, "-m", "bot", "worker"])


def wait_for_schema(database: Database, stopping: threading.Event) -> None:
    """Wait until the migrations have run; `release` may still be at it when the worker starts."""
    while not stopping.is_set():
        try:
            with database.transaction() as session:
                if session.scalar(text("SELECT to_regclass('alembic_version')")):
                    return
        except SQLAlchemyError as error:
            log.error("worker.waiting_for_database", error=str(error))
        stopping.wait(1.0)
