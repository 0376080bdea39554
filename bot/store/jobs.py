"""Queue a job by its name, on the caller's own connection: it commits or rolls back with the caller's rows.

The tasks themselves, and the worker that runs them, are in `bot.runs.queue`.
"""

from __future__ import annotations

from procrastinate import App, SyncPsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.types import JSONValue
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from bot.store.database import driver_connection

_deferring = App(connector=SyncPsycopgConnector())  # never opened: every job comes with its connection


def defer(session: Session, task: str, **arguments: JSONValue) -> None:
    """Queue `task` with JSON arguments; it is queued when, and only when, the session commits.

    No lock is taken and no delay can be given: a delayed job under a lock would block all behind it
    (Procrastinate 3.10), so whatever waits here waits in a row with a `not_before` of its own.

    Raises SQLAlchemy's OperationalError when the database is away, as the session itself does.
    """
    connection = driver_connection(session)
    try:
        _deferring.configure_task(task, connection=connection).defer(**arguments)
    except ConnectorException as error:
        raise OperationalError(f"queueing {task}", arguments, error.__cause__ or error) from error
