"""Logs: one JSON object a line (or plain text on a laptop), every secret taken out before it is written."""

from __future__ import annotations

import logging
import sys

import structlog

from bot.outbound.redact import RedactingFilter, Redactor, redacting


def configure(redactor: Redactor, *, level: str, as_json: bool) -> None:
    """Set up structlog and the standard library's logging to write the same lines to stderr.

    Raises ValueError for a level that logging does not know.
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
        foreign_pre_chain=shared,
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
