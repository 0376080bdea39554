"""A job that is there no more under its name: where it went, and whose subscriptions miss it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy.orm import Session

from bot.commands.context import Services
from bot.commands.forms import words_button
from bot.outbound.budget import notify
from bot.outbound.outbox import Outgoing
from bot.outbound.subscriptions import Subscribed, subscriptions
from integrations.jenkins import render
from integrations.jenkins.names import matches
from integrations.jenkins.relay.snapshot import Snapshot
from integrations.jenkins.relay.wishes import Wish
from integrations.jenkins.servers import Servers, noun_in
from integrations.jenkins.settings import account
from integrations.jenkins.store.models import JenkinsJob


def follow_renames(
    session: Session, services: Services, server: str, snapshot: Snapshot, known: dict[str, JenkinsJob]
) -> tuple[str, ...]:
    """Go on under a renamed job's new name, and ask the rooms that would hear of it no more; returns their lanes.

    `known` are the jobs as looked at before, by name; those that went are taken out of it, and put back by
    their new names.
    """
    present = {job.full_name for job in snapshot.jobs}
    gone = {name: row for name, row in known.items() if name not in present}
    if not gone:
        return ()
    renamed = _renamed(gone, snapshot, known)
    for name, row in gone.items():
        del known[name]
        if name in renamed:
            row.job = renamed[name]
            known[row.job] = row
        else:
            session.delete(row)
    session.flush()
    lanes = [
        _ask(session, services, server, each, {name: gone[name] for name in missed}, renamed)
        for each in subscriptions(session, account(server))
        if (missed := _missed(each, gone, present))
    ]
    return tuple(dict.fromkeys(lanes))


def _renamed(
    gone: Mapping[str, JenkinsJob], snapshot: Snapshot, known: Mapping[str, JenkinsJob]
) -> dict[str, str]:
    """New names by old ones: a job is the same whose newest build came of the same queue item."""
    fresh = {
        job.last.event.queue_id: job.full_name
        for job in snapshot.jobs
        if job.last and job.full_name not in known
    }
    found = {name: fresh.get(row.newest_id) for name, row in gone.items() if row.newest_id is not None}
    return {old: new for old, new in found.items() if new}


def _missed(wish: Subscribed, gone: Iterable[str], present: Iterable[str]) -> tuple[str, ...]:
    """The jobs that a subscription was about, where it is about none any more."""
    if any(matches(name, wish.topic) for name in present):
        return ()
    return tuple(name for name in gone if matches(name, wish.topic))


def _ask(
    session: Session,
    services: Services,
    server: str,
    wish: Subscribed,
    missed: Mapping[str, JenkinsJob],
    renamed: Mapping[str, str],
) -> str:
    servers: Servers = services.clients["jenkins"]
    noun = noun_in(session, servers, server, wish.room_id)
    now = {old: renamed[old] for old in missed if old in renamed}
    text = render.job_gone(wish.topic, now, noun)
    buttons = [words_button("Unsubscribe", (noun, "unsubscribe", wish.topic), "destructive")]
    if len(missed) == len(now) == 1:
        (new,) = now.values()
        words = (noun, "subscribe", new, *Wish.model_validate(wish.options).as_words())
        buttons.insert(0, words_button("Hear of the new name", words))
    last = max((row.newest_id or 0 for row in missed.values()), default=0)
    message = Outgoing(
        key=f"jenkins:{server}:gone:{wish.topic}:{last}:{wish.room_id}",
        markdown=text,
        card=render.report_card(text, buttons),
        room_id=wish.room_id,
    )
    return notify(session, message, services.redactor, services.policies.file.notifications)
