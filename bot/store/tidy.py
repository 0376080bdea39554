"""Throw away what nobody will ask for: events, sent messages, jobs and attempts that ended long ago."""

from __future__ import annotations

import structlog
from sqlalchemy import text

from bot.store.database import Database

log = structlog.get_logger(__name__)

_OLD = {
    "inbox": "DELETE FROM inbox WHERE state IN ('done', 'ignored', 'stale') "
    "AND finished_at < now() - interval '7 days'",
    "outbox": "DELETE FROM outbox WHERE state = 'sent' AND sent_at < now() - interval '7 days' "
    "OR state = 'left out' AND created_at < now() - interval '7 days'",
    "buckets": "DELETE FROM buckets WHERE full_at < now()",
    "attempts": "DELETE FROM attempts WHERE finished_at < now() - interval '30 days'",
    "confirmations": "DELETE FROM confirmations WHERE expires_at < now() - interval '7 days'",
    "approvals": "DELETE FROM approvals WHERE state <> 'open' AND expires_at < now() - interval '30 days'",
    "bulk_results": "DELETE FROM bulk_results WHERE at < now() - interval '30 days'",
    "procrastinate_jobs": "DELETE FROM procrastinate_jobs AS job WHERE status = 'failed' AND NOT EXISTS "
    "(SELECT FROM procrastinate_events WHERE job_id = job.id AND at > now() - interval '30 days')",
    "outbox_lanes": "DELETE FROM outbox_lanes WHERE owner IS NULL AND not_before < now() - interval '1 day'",
}
"""Dead letters, refused messages, runs and the audit trail stay: they are an operator's to judge."""


def tidy(database: Database) -> None:
    """Delete the old rows, table by table."""
    for table, statement in _OLD.items():
        with database.transaction() as session:
            gone = session.execute(text(statement)).rowcount  # type: ignore[attr-defined]
        log.info("store.tidied", table=table, rows=gone)
