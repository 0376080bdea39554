"""The Procrastinate app: tasks by name, run by the worker in threads."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

import structlog
from procrastinate import App, PsycopgConnector, RetryStrategy
from sqlalchemy.exc import SQLAlchemyError

log = structlog.get_logger(__name__)

REAP_TASK = "queue.reap"

# A job that could not even claim its row must come again: the row waits for it. It holds no lock, so nobody
# waits behind it.
_AFTER_AN_OUTAGE = RetryStrategy(max_attempts=100, wait=5, retry_exceptions={SQLAlchemyError})

Task = Callable[..., None] | Callable[..., Awaitable[None]]


class Queue:
    """One worker over the whole queue. Every task must be harmless to run twice: a job may be."""

    def __init__(self, url: str, tasks: Mapping[str, Task], *, threads: int) -> None:
        # Procrastinate's pool serves only fetching and finishing jobs; the tasks bring their own.
        connector = PsycopgConnector(conninfo=url, min_size=1, max_size=4, kwargs={"connect_timeout": 5})
        self._app = App(connector=connector)
        for name, task in {**tasks, REAP_TASK: self.retry_stalled}.items():
            self._app.task(name=name, retry=_AFTER_AN_OUTAGE)(task)
        self._threads = threads

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop`; then wait for what is running, 20 s at the most.

        Returns early when PostgreSQL goes away: the caller must start anew, with new ownership.
        """
        pool = ThreadPoolExecutor(self._threads, thread_name_prefix="task")
        asyncio.get_running_loop().set_default_executor(pool)
        async with self._app.open_async():
            working = asyncio.create_task(
                self._app.run_worker_async(
                    concurrency=self._threads,
                    install_signal_handlers=False,
                    delete_jobs="successful",
                    shutdown_graceful_timeout=20,
                )
            )
            stopping = asyncio.create_task(stop.wait())
            await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            working.cancel()
            await asyncio.gather(working, stopping, return_exceptions=True)
            if not stop.is_set() and not working.cancelled() and (error := working.exception()):
                log.error("queue.left", error=str(error))

    async def retry_stalled(self) -> None:
        """The reaper: jobs of workers that are gone are queued again.

        As a task it takes no lock and no queueing lock: a stalled reaper must not keep the next away.
        """
        manager = self._app.job_manager
        for job in await manager.get_stalled_jobs():
            log.warning("queue.stalled_job", job_id=job.id, task=job.task_name)
            await manager.retry_job(job)
        await manager.prune_stalled_workers(30)
