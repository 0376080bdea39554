"""What Jenkins reports: read while it waits, then told to the rooms that care.

Reports carry no signature and are not repeated when we are away, so nothing here is relied upon for builds
we follow ourselves, which are asked for; and what never arrives is made up for by the reconciler.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pydantic import TypeAdapter
from sqlalchemy.orm import Session

from bot.commands.context import Services
from bot.integration import HookEvent
from bot.outbound.budget import notify
from bot.outbound.outbox import Outgoing
from integrations.jenkins import events, render
from integrations.jenkins.events import BuildEvent, InputEvent, Unknown
from integrations.jenkins.inputs import PendingInput
from integrations.jenkins.relay.questions import ask, waiting
from integrations.jenkins.relay.telling import More, announce
from integrations.jenkins.relay.telling import gather as gather_more
from integrations.jenkins.servers import Servers
from integrations.jenkins.settings import MAIN

_MORE = "jenkins:more"
"""Beside a report's own words: what was gathered for it."""
_AS_JSON = TypeAdapter(More)


def read(body: bytes, headers: Mapping[str, str]) -> HookEvent:
    """Type a report of any of the senders we know. Raises UnreadableEvent."""
    event = events.read(body, headers)
    return HookEvent(events.dedupe_key(event), event.model_dump(mode="json"))


def gather(event: HookEvent, services: Services) -> HookEvent:
    """Ask for what a report leaves out, before anything is locked."""
    match events.load(event.payload):
        case BuildEvent() as build:
            more = gather_more(services, server_of(event, build.url, services), build)
            return replace(event, payload={**event.payload, _MORE: _AS_JSON.dump_python(more, mode="json")})
        case InputEvent() as asked:
            questions = waiting(services, server_of(event, asked.url, services), asked)
            return replace(event, payload={**event.payload, _MORE: [each.model_dump() for each in questions]})
        case _:
            return event


def handle(event: HookEvent, services: Services, session: Session) -> tuple[str, ...]:
    """Do what a report asks for; returns the lanes of the messages stored."""
    report = events.load(event.payload)
    services.counters.count("jenkins_reports", sender=report.sender, type=report.type)
    match report:
        case BuildEvent() as build:
            more = _AS_JSON.validate_python(event.payload.get(_MORE, {}))
            return announce(session, services, server_of(event, build.url, services), build, more)
        case InputEvent() as asked:
            questions = [PendingInput.model_validate(each) for each in event.payload.get(_MORE, ())]
            return ask(session, services, server_of(event, asked.url, services), asked, questions)
        case Unknown() as unknown:
            return _unknown(unknown, services, session)
        case _:
            return ()


def server_of(event: HookEvent, url: str, services: Services) -> str:
    """The server a report is from: by the secret it came with, by the address it names, or the default one."""
    servers = services.clients.get("jenkins")
    if not isinstance(servers, Servers):
        return event.door or MAIN
    if event.door in servers.names:
        return event.door
    return servers.of_address(url) or servers.default


def _unknown(unknown: Unknown, services: Services, session: Session) -> tuple[str, ...]:
    """Tell each owner of the bot, directly and once, of a kind of report that we cannot read."""
    key = f"jenkins:unknown:{unknown.sender}:{unknown.kind}"
    text = render.unknown_report(unknown)
    messages = [
        Outgoing(key=f"{key}:{owner}", markdown=text, to_person_email=owner)
        for owner in services.settings.admins
    ]
    rate = services.policies.file.notifications
    return tuple(notify(session, message, services.redactor, rate) for message in messages)
