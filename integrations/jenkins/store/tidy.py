"""Throw away what nobody will ask for: builds heard of long ago."""

from __future__ import annotations

import structlog
from sqlalchemy import text

from bot.commands.context import Services

log = structlog.get_logger(__name__)

EVERY = 6 * 3600.0
"""Seconds."""
_OLD = {
    # The newest of each job and branch stay: stories, flaky tests and the reconciler go by them.
    "jenkins_builds": """
        DELETE FROM jenkins_builds AS build WHERE seen_at < now() - interval '90 days'
        AND EXISTS (
            SELECT FROM jenkins_builds AS later
            WHERE (later.server, later.job, later.branch) = (build.server, build.job, build.branch)
            AND later.number > build.number OFFSET 50
        )
    """,
}


def tidy(services: Services) -> tuple[str, ...]:
    """Delete the old rows, table by table; no lane has anything to send for it."""
    for table, statement in _OLD.items():
        with services.database.transaction() as session:
            gone = session.execute(text(statement)).rowcount  # type: ignore[attr-defined]
        log.info("jenkins.tidied", table=table, rows=gone)
    return ()
