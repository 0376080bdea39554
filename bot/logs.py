"""Logs: one JSON object a line (or plain text on a laptop), every secret taken out before it is written."""

from __future__ import annotations

import logging
import sys
import threading
from types import TracebackType

import structlog
from structlog.typing import EventDict

from bot.outbound.redact import RedactingFilter, Redactor, redacting


def configure(redactor: Redactor, *, level: str, as_json: bool) -> None:
    """Set up structlog and the standard library's logging to write the same lines to stderr.

    What ends a thread or the process unforeseen is written so too, since Python itself would print it with its
    secrets. Raises ValueError for a level that logging does not know.
    """
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        cache_logger_on_first_use=True,
    )
    last = structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=False)
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*shared, _traceback_of_a_library],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            redacting(redactor),
            last,
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    handler.addFilter(RedactingFilter(redactor))
    # Where a line cannot be written, the standard library would print its record, secrets and all.
    logging.raiseExceptions = False
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for noisy in ("procrastinate", "apscheduler", "alembic", "urllib3", "webexpythonsdk"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    sys.excepthook = _process_ended
    if threading.excepthook is threading.__excepthook__:
        threading.excepthook = _thread_ended


def _traceback_of_a_library(_logger: object, _method: str, event: EventDict) -> EventDict:
    """The filter has made text of the traceback, and structlog looks only for the exception."""
    if event["_record"].exc_text:
        event["exception"] = event["_record"].exc_text
    return event


def _process_ended(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    structlog.get_logger(__name__).critical("process.ended_by_error", exc_info=(kind, error, trace))


def _thread_ended(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is None or issubclass(args.exc_type, SystemExit):
        return
    name = args.thread.name if args.thread else ""
    exception = (args.exc_type, args.exc_value, args.exc_traceback)
    structlog.get_logger(__name__).error("thread.ended_by_error", thread=name, exc_info=exception)
