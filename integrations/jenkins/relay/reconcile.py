"""Make up for reports that never came: look at each server every few seconds, and tell what nobody told.

One look serves all rooms and all runs. A server that reports by itself is given until the next look to do
so, so that its fuller report comes first. Nothing is looked at where nobody would hear of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.commands.context import Services
from bot.outbound.subscriptions import subscriptions
from bot.store.models import Run
from integrations.jenkins.client import JenkinsClient
from integrations.jenkins.errors import JenkinsError, NotFound
from integrations.jenkins.events import BuildEvent, Phase
from integrations.jenkins.relay.absence import away, back
from integrations.jenkins.relay.details import TREE
from integrations.jenkins.relay.renames import follow_renames
from integrations.jenkins.relay.runs import runs_on
from integrations.jenkins.relay.snapshot import Looked, Snapshot, ended, look
from integrations.jenkins.relay.telling import announce, gather
from integrations.jenkins.servers import Servers
from integrations.jenkins.settings import account
from integrations.jenkins.store.models import JenkinsBuild, JenkinsJob

log = structlog.get_logger(__name__)

_MOST_MISSED = 20
"""Of one job's builds that ended unheard between two looks, the newest so many are told."""


def reconcile(services: Services) -> tuple[str, ...]:
    """Look at every server that somebody wants to hear of; returns the lanes of the messages stored."""
    servers = services.clients.get("jenkins")
    if not isinstance(servers, Servers):
        return ()
    lanes: list[str] = []
    for client in servers.every():
        if not _is_of_interest(services, client.name):
            continue
        try:
            snapshot = look(client)
        except JenkinsError as error:
            services.counters.count("jenkins_looks", server=client.name, outcome=error.kind)
            lanes += away(services, client, error)
            continue
        services.counters.count("jenkins_looks", server=client.name, outcome="ok")
        lanes += back(services, client)
        lanes += take_in(services, client, snapshot, waits=client.name in servers.reporting)
    return tuple(dict.fromkeys(lanes))


def _is_of_interest(services: Services, server: str) -> bool:
    """Whether a room subscribed to one of its jobs, or a run follows a build there."""
    runs = select(Run.id).where(*runs_on(server)).limit(1)
    with services.database.transaction() as session:
        return bool(subscriptions(session, account(server))) or session.scalar(runs) is not None


def take_in(services: Services, client: JenkinsClient, snapshot: Snapshot, *, waits: bool) -> tuple[str, ...]:
    """Write down what a look shows, and tell the ends that nobody has told.

    `waits`: the server reports by itself, so that an end seen for the first time may still be reported.
    """
    lanes = [
        lane for event in _new(services, client.name, snapshot) for lane in _tell(services, client, event)
    ]
    with services.database.transaction() as session:
        known = {row.job: row for row in session.scalars(select(JenkinsJob).filter_by(server=client.name))}
        lanes += follow_renames(session, services, client.name, snapshot, known)
        begun = _begun(session, client.name)
    rows: list[dict[str, Any]] = []
    for job in snapshot.jobs:
        newest = job.last.event.number if job.last else 0
        first = begun.get(job.full_name, 1 if known and newest == 1 else newest + 1)
        span = _span(newest, known.get(job.full_name), first, waits=waits)
        if span is None:
            continue
        try:
            missed = _missed(services, client, job, span)
        except (
            JenkinsError
        ) as error:  # one job's trouble keeps no other from being told; it is next look's again
            log.warning("jenkins.builds_unknown", server=client.name, job=job.full_name, error=str(error))
            continue
        for event in missed:
            lanes += _tell(services, client, event)
        newest_id = job.last.event.queue_id if job.last else None
        rows.append({"job": job.full_name, "completed": span.upto, "seen": newest, "newest_id": newest_id})
    _keep(services, client.name, rows)
    return tuple(lanes)


@dataclass(frozen=True, slots=True)
class _Span:
    """The builds of a job whose ends should be on the record by now: those behind `after`, up to `upto`."""

    after: int
    upto: int


def _span(newest: int, known: JenkinsJob | None, first: int, *, waits: bool) -> _Span | None:
    """None where nothing has ended since the last look. Pure.

    A job that was never looked at, or was made anew, is told from now on: from its build `first`, which was
    heard to begin and not to end, or is the first of a job that is new.
    """
    if known is None or newest < known.completed:
        return _Span(min(newest, first - 1), newest)
    if (known.completed, known.seen) == (newest, newest):
        return None
    return _Span(known.completed, max(known.completed, min(known.seen, newest) if waits else newest))


def _begun(session: Session, server: str) -> dict[str, int]:
    """Of each job with builds that were heard to begin and not to end: the first one's number."""
    query = (
        select(JenkinsBuild.job, func.min(JenkinsBuild.number).label("number"))
        .where(JenkinsBuild.server == server, JenkinsBuild.phase < Phase.COMPLETED.order)
        .group_by(JenkinsBuild.job)
    )
    return {row.job: row.number for row in session.execute(query)}


def _missed(services: Services, client: JenkinsClient, job: Looked, span: _Span) -> list[BuildEvent]:
    """The ends of that span that nobody has told, oldest first."""
    wanted = set(range(max(span.after, span.upto - _MOST_MISSED) + 1, span.upto + 1))
    if not wanted:
        return []
    query = select(JenkinsBuild.number).where(
        JenkinsBuild.server == client.name,
        JenkinsBuild.job == job.full_name,
        JenkinsBuild.number.in_(wanted),
        JenkinsBuild.told,
    )
    with services.database.transaction() as session:
        wanted -= set(session.scalars(query))
    found = {job.last.event.number: job.last.event} if job.last else {}
    if wanted - found.keys():
        found |= {event.number: event for event in _others(client, job.full_name, min(wanted))}
    return [found[number] for number in sorted(wanted & found.keys())]


def _others(client: JenkinsClient, full_name: str, first: int) -> Iterable[BuildEvent]:
    """The ended builds of a job from a number on; none where the job is gone. Raises JenkinsError."""
    asked = f"asking Jenkins for the builds of {full_name}"
    try:
        data = client.builds_as(full_name, TREE, _MOST_MISSED * 2)
    except NotFound:
        return ()
    return [
        client.typed(asked, lambda each=each: ended(full_name, each)).event  # type: ignore[misc]
        for each in data
        if not each.get("building") and each.get("number", 0) >= first
    ]


def _new(services: Services, server: str, snapshot: Snapshot) -> list[BuildEvent]:
    """The running builds that are not on the record yet."""
    running = {(each.full_name, each.number): each for each in snapshot.running}
    if not running:
        return []
    query = select(JenkinsBuild.job, JenkinsBuild.number).where(
        JenkinsBuild.server == server, JenkinsBuild.job.in_({job for job, _ in running})
    )
    with services.database.transaction() as session:
        known = {(row.job, row.number) for row in session.execute(query)}
    return [event for key, event in running.items() if key not in known]


def _tell(services: Services, client: JenkinsClient, event: BuildEvent) -> tuple[str, ...]:
    more = gather(services, client.name, event)
    with services.database.transaction() as session:
        return announce(session, services, client.name, event, more)


def _keep(services: Services, server: str, rows: list[dict[str, Any]]) -> None:
    """Write down how far each of these jobs is told, and what was seen of it."""
    if not rows:
        return
    given = insert(JenkinsJob).values([{"server": server, **row} for row in rows])
    taken: dict[str, Any] = {name: given.excluded[name] for name in ("completed", "seen", "newest_id")}
    taken["looked_at"] = func.now()
    keys = [JenkinsJob.server, JenkinsJob.job]
    with services.database.transaction() as session:
        session.execute(given.on_conflict_do_update(index_elements=keys, set_=taken))
