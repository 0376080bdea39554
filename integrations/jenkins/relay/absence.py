"""A Jenkins that is away, restarts and comes back: told once to the rooms that hear of it, and once that it is over."""

from __future__ import annotations

import time

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.commands.context import Services
from bot.outbound.budget import notify
from bot.outbound.outbox import Outgoing
from bot.outbound.subscriptions import subscriptions
from bot.store.models import Fact, Run
from integrations.jenkins import render
from integrations.jenkins.client import JenkinsClient
from integrations.jenkins.errors import JenkinsError, Starting
from integrations.jenkins.relay.runs import runs_on, wake
from integrations.jenkins.settings import account

log = structlog.get_logger(__name__)

_PATIENCE = 60.0
"""Seconds a server may be out of reach before its rooms are told; one that shows its boot page restarts, for sure."""


def away(services: Services, client: JenkinsClient, error: JenkinsError) -> tuple[str, ...]:
    """Remember since when a server does not answer; tell its rooms once: that it restarts, or that this lasts."""
    now, name = time.time(), client.name
    with services.database.transaction() as session:
        fact = session.get(Fact, _absence(name), with_for_update=True)
        if fact is None:
            log.warning("jenkins.away", server=name, error=str(error))
            fact = Fact(name=_absence(name), value={"since": now, "told": False})
            session.add(fact)
        since = float(fact.value["since"])
        restarts = isinstance(error, Starting)
        if fact.value["told"] or (not restarts and now - since < _PATIENCE):
            return ()
        fact.value = {"since": since, "told": True}
        text = (
            render.server_restarting(name)
            if restarts
            else render.server_away(name, error.came_back, now - since)
        )
        return _notice(session, services, name, f"away:{since}", text)


def back(services: Services, client: JenkinsClient) -> tuple[str, ...]:
    """A server answers: tell so where its absence was told, and have its runs look at once where it was restarted."""
    name = client.name
    with services.database.transaction() as session:
        restarted = _is_new_session(session, client)
        if restarted:
            log.info("jenkins.restarted", server=name)
            wake(session, session.scalars(select(Run).where(*runs_on(name))))
        fact = session.get(Fact, _absence(name), with_for_update=True)
        if fact is None:
            return ()
        session.delete(fact)
        since, was_told = float(fact.value["since"]), bool(fact.value["told"])
        log.info("jenkins.back", server=name, seconds=round(time.time() - since))
        if not was_told:
            return ()
        text = render.server_back(name, time.time() - since, restarted=restarted)
        return _notice(session, services, name, f"back:{since}", text)


def _is_new_session(session: Session, client: JenkinsClient) -> bool:
    """Whether it is not the process any more that answered before (`X-Jenkins-Session`); False at the first look."""
    now = client.jenkins_session
    fact = session.get(Fact, _process(client.name), with_for_update=True)
    if fact is None:
        session.add(Fact(name=_process(client.name), value={"session": now}))
        return False
    if now is None or fact.value["session"] == now:
        return False
    fact.value = {"session": now}
    return True


def _notice(session: Session, services: Services, server: str, key: str, text: str) -> tuple[str, ...]:
    """To each room that hears of the server's builds."""
    rooms = sorted({each.room_id for each in subscriptions(session, account(server))})
    rate = services.policies.file.notifications
    messages = [
        Outgoing(key=f"{account(server)}:{key}:{room}", markdown=text, room_id=room) for room in rooms
    ]
    return tuple(notify(session, message, services.redactor, rate) for message in messages)


def _absence(server: str) -> str:
    return f"{account(server)} is away"


def _process(server: str) -> str:
    return f"{account(server)} session"
