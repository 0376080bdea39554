"""Make up for reports that never came: look at each server every few seconds, and tell what nobody told.

One look serves all rooms and all runs. A server that reports by itself is given until the next look to do
so, so that its fuller report comes first. Nothing is looked at where nobody would hear of it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.commands.context import Services
from bot.outbound.budget import notify
from bot.outbound.outbox import Outgoing
from bot.outbound.subscriptions import subscriptions
from bot.runs.states import ENDED
from bot.store.models import Fact, Run
from integrations.jenkins import render
from integrations.jenkins.client import JenkinsClient
from integrations.jenkins.errors import JenkinsError, NotFound
from integrations.jenkins.events import BuildEvent, Phase
from integrations.jenkins.following.order import KIND
from integrations.jenkins.relay.details import TREE
from integrations.jenkins.relay.snapshot import Looked, Snapshot, ended, look
from integrations.jenkins.relay.telling import announce, gather
from integrations.jenkins.servers import Servers
from integrations.jenkins.settings import MAIN, account
from integrations.jenkins.store.models import JenkinsBuild, JenkinsJob

log = structlog.get_logger(__name__)

_MOST_MISSED = 20
"""Of one job's builds that ended unheard between two looks, the newest so many are told."""
_PATIENCE = 60.0
"""Seconds a server may be away before its rooms are told: a restart takes about a quarter of that."""


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
            lanes += _away(services, client, error)
            continue
        lanes += _back(services, client)
        lanes += take_in(services, client, snapshot, waits=client.name in servers.reporting)
    return tuple(dict.fromkeys(lanes))


def _is_of_interest(services: Services, server: str) -> bool:
    """Whether a room subscribed to one of its jobs, or a run follows a build there."""
    name = func.coalesce(Run.arguments["server"].astext, MAIN)
    runs = select(Run.id).where(Run.kind == KIND, name == server, Run.state.not_in(ENDED)).limit(1)
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
        begun = _begun(session, client.name)
    rows: list[dict[str, Any]] = []
    for job in snapshot.jobs:
        newest = job.last.event.number if job.last else 0
        first = begun.get(job.full_name, 1 if known and newest == 1 else newest + 1)
        span = _span(newest, known.get(job.full_name), first, waits=waits)
        if span is None:
            continue
        for event in _missed(services, client, job, span):
            lanes += _tell(services, client, event)
        rows.append({"job": job.full_name, "completed": span.upto, "seen": newest})
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
    """The ended builds of a job from a number on; none where the job is gone or Jenkins does not answer now."""
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
    taken = {"completed": given.excluded.completed, "seen": given.excluded.seen, "looked_at": func.now()}
    keys = [JenkinsJob.server, JenkinsJob.job]
    with services.database.transaction() as session:
        session.execute(given.on_conflict_do_update(index_elements=keys, set_=taken))


# --- a server that is away


def _away(services: Services, client: JenkinsClient, error: JenkinsError) -> tuple[str, ...]:
    """Remember since when it does not answer; tell its rooms once when that lasts."""
    now = time.time()
    with services.database.transaction() as session:
        fact = session.get(Fact, _fact(client.name), with_for_update=True)
        if fact is None:
            session.add(Fact(name=_fact(client.name), value={"since": now, "told": False}))
            log.warning("jenkins.away", server=client.name, error=str(error))
            return ()
        since = float(fact.value["since"])
        if fact.value["told"] or now - since < _PATIENCE:
            return ()
        fact.value = {"since": since, "told": True}
        text = render.server_away(client.name, error.came_back, now - since)
        return _notice(session, services, client.name, f"away:{since}", text)


def _back(services: Services, client: JenkinsClient) -> tuple[str, ...]:
    with services.database.transaction() as session:
        fact = session.get(Fact, _fact(client.name), with_for_update=True)
        if fact is None:
            return ()
        session.delete(fact)
        since, was_told = float(fact.value["since"]), bool(fact.value["told"])
        log.info("jenkins.back", server=client.name, seconds=round(time.time() - since))
        if not was_told:
            return ()
        text = render.server_back(client.name, time.time() - since)
        return _notice(session, services, client.name, f"back:{since}", text)


def _notice(session: Session, services: Services, server: str, key: str, text: str) -> tuple[str, ...]:
    """To each room that hears of the server's builds."""
    rooms = sorted({each.room_id for each in subscriptions(session, account(server))})
    rate = services.policies.file.notifications
    messages = [
        Outgoing(key=f"{account(server)}:{key}:{room}", markdown=text, room_id=room) for room in rooms
    ]
    return tuple(notify(session, message, services.redactor, rate) for message in messages)


def _fact(server: str) -> str:
    return f"{account(server)} is away"
