"""Tell of a build's end in the rooms that want to hear it, each once, in the thread of its job and branch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.commands.context import Services
from bot.outbound.budget import notify
from bot.outbound.outbox import Outgoing
from bot.outbound.quoting import quote
from bot.outbound.subscriptions import wishes_about
from integrations.jenkins import render
from integrations.jenkins.errors import JenkinsError, Starting, Unreachable
from integrations.jenkins.events import BuildEvent
from integrations.jenkins.events.addresses import absolute
from integrations.jenkins.model import Result, shown_name
from integrations.jenkins.relay.committers import addresses, names_of
from integrations.jenkins.relay.details import Details, details_of, filled
from integrations.jenkins.relay.noise import Change, Past
from integrations.jenkins.relay.record import known_as, record
from integrations.jenkins.relay.runs import rooms_that_follow, runs_following, wake
from integrations.jenkins.relay.story import Story, pasts_of
from integrations.jenkins.relay.templates import TemplateFault, written
from integrations.jenkins.relay.threads import thread_above
from integrations.jenkins.relay.wishes import Wish
from integrations.jenkins.servers import Servers, noun_in
from integrations.jenkins.settings import account
from integrations.jenkins.store.models import JenkinsBuild

log = structlog.get_logger(__name__)

_MOST_CALLED = 5
"""Of more culprits than that none is called: a merge of everybody's work is nobody's fault."""
_CALLED_FOR = (Change.BROKE, Change.CHANGED)


@dataclass(frozen=True, slots=True)
class More:
    """What was gathered for a build's end. `present`: by room, the culprits' addresses of those who are in it."""

    details: Details = field(default_factory=Details)
    present: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def gather(services: Services, server: str, event: BuildEvent) -> More:
    """Ask Jenkins for what the report leaves out, and Webex who of the culprits is in the room.

    Nothing is asked where no room will be told. Jenkins' not answering leaves it at what the report says.
    """
    if not event.finished:
        return More()
    with services.database.transaction() as session:
        rooms = _likely(session, server, event)
    if not rooms:
        return More()
    details = Details()
    asks = any(wish.people for _, wishes in rooms.values() for wish in wishes)
    servers = _servers(services)
    if servers is not None and (asks or event.result is not Result.SUCCESS):
        details = _details(servers, server, event)
    culprits = filled(event, details).culprits
    called = [room for room, (change, _) in rooms.items() if change in _CALLED_FOR]
    if not called or len(culprits) > _MOST_CALLED:
        return More(details)
    with services.database.transaction() as session:
        known = addresses(session, culprits, servers.committers if servers else {})
    present = {
        room: {name: each for name, each in known.items() if services.relations.is_member(each, room)}
        for room in called
    }
    return More(details, present)


def _details(servers: Servers, server: str, event: BuildEvent) -> Details:
    """What Jenkins knows more; nothing where it does not answer, and then it is not waited for again at once."""
    if servers.is_away(server):
        return Details()
    try:
        return details_of(servers.get(server), event.full_name, event.number)
    except JenkinsError as error:
        log.warning("jenkins.details_missing", job=event.full_name, number=event.number, error=str(error))
        if isinstance(error, Starting | Unreachable):
            servers.was_away(server)
        return Details()


def _likely(session: Session, server: str, event: BuildEvent) -> dict[str, tuple[Change, tuple[Wish, ...]]]:
    """The rooms that will be told, as far as can be said without locking anything, with what it means there."""
    known = session.get(JenkinsBuild, (server, event.full_name, event.number))
    if known is not None and _is_told(known, event.result):
        return {}
    rooms, hear = {}, listeners(session, server, event)
    pasts = pasts_of(session, account(server), _subject(event, known), hear.keys(), event.number)
    for room, wishes in hear.items():
        past = pasts[room]
        change, failures = _meaning(past, event)
        wanting = tuple(each for each in wishes if _wants(each, change, event.result, failures, past))
        if wanting:
            rooms[room] = (change, wanting)
    return rooms


def listeners(session: Session, server: str, event: BuildEvent) -> dict[str, tuple[Wish, ...]]:
    """The rooms that subscribed to this job and branch, with their wishes; always in one order.

    A job is meant by its full name or as people write it. The rooms' stories and budgets are locked one by
    one, and two reports must not wait for each other.
    """
    rooms: dict[str, list[Wish]] = {}
    for name in dict.fromkeys([event.full_name, shown_name(event.full_name)]):
        for each in wishes_about(session, account(server), name):
            wish = Wish.model_validate(each.options)
            if wish.is_about_branch(event.full_name, event.branch):
                rooms.setdefault(each.room_id, []).append(wish)
    return {room: tuple(rooms[room]) for room in sorted(rooms)}


def announce(
    session: Session, services: Services, server: str, event: BuildEvent, more: More
) -> tuple[str, ...]:
    """Write down what an event tells, wake the runs that follow its build, and tell its end where it is wanted.

    However many senders report the same end, and the reconciler with them, it is told once: again only
    where it turns out to be another result. Returns the lanes of the messages stored.
    """
    build = record(session, server, filled(event, more.details))
    following = runs_following(session, server, build.job, build.number, build.queue_id)
    wake(session, following)
    if not event.finished or _is_told(build, event.result):
        return ()
    build.told, build.told_result = True, build.result
    known = filled(known_as(build, event), more.details)
    told_by_runs = rooms_that_follow(following)
    lanes = [
        _tell(session, services, server, known, more, room, wishes, followed=room in told_by_runs)
        for room, wishes in listeners(session, server, known).items()
    ]
    return tuple(lane for lane in lanes if lane)


def _is_told(build: JenkinsBuild, result: Result | None) -> bool:
    """Whether this end was told; one without a result tells nothing new after one with."""
    return build.told and (result is None or build.told_result == result)


def _tell(
    session: Session,
    services: Services,
    server: str,
    event: BuildEvent,
    more: More,
    room_id: str,
    wishes: tuple[Wish, ...],
    *,
    followed: bool,
) -> str | None:
    """Tell one room and return its lane; a build it follows itself only goes on the record."""
    story = Story.of(session, account(server), event.subject, room_id)
    past = story.before(event.number)
    change, failures = _meaning(past, event)
    story.go_on(event.number, event.result, _ended_at(session, event))
    people = _people(event, more.present.get(room_id, {}))
    wanting = [
        each
        for each in wishes
        if each.is_about_people(people) and _wants(each, change, event.result, failures, past)
    ]
    if followed or not wanting:
        return None
    result = event.result.value.lower() if event.result else "unknown"
    services.counters.count("jenkins_builds_told", change=change.value, result=result)
    told = render.Told(
        event=event,
        change=change,
        past=past or Past(),
        details=more.details,
        url=_address(services, server, event),
        present=more.present.get(room_id, {}) if change in _CALLED_FOR else {},
    )
    message = _message(session, services, server, told, wanting[0], room_id, story)
    return notify(session, message, services.redactor, services.policies.file.notifications)


def _message(
    session: Session,
    services: Services,
    server: str,
    told: render.Told,
    wish: Wish,
    room_id: str,
    story: Story,
) -> Outgoing:
    """What one room is told, in the thread of the build that asked for it, or of its own job and branch."""
    event = told.event
    key = f"jenkins:{server}:{event.full_name}:{event.number}:{event.queue_id or ''}:{event.result}:{room_id}"
    markdown = _text(services, told, wish.template)
    return Outgoing(
        key=key,
        markdown=markdown,
        card=_card(session, services, server, told, markdown, room_id),
        room_id=room_id,
        parent_id=thread_above(session, server, event, room_id) or story.thread(key),
        mentions=tuple(f"personEmail:{address}" for address in told.present.values()),
    )


def _meaning(past: Past | None, event: BuildEvent) -> tuple[Change, int]:
    """What the end means, and how many in a row are bad with it; of one that comes late, only what it is."""
    known = past or Past()
    change = known.change(event.result)
    return change, known.after(event.number, event.result, 0.0).failures


def _wants(wish: Wish, change: Change, result: Result | None, failures: int, past: Past | None) -> bool:
    """A build that ends after a later one changes nothing any more, and is told only where all are."""
    return wish.wants(Change.NEITHER if past is None else change, result, failures)


def _subject(event: BuildEvent, known: JenkinsBuild | None) -> str:
    branch = event.branch or (known.branch if known else "")
    return event.model_copy(update={"branch": branch}).subject


def _people(event: BuildEvent, present: Mapping[str, str]) -> tuple[str, ...]:
    """Everybody a wish about people may mean, by all their names."""
    culprits = [name for culprit in event.culprits for name in names_of(culprit)]
    return tuple(dict.fromkeys([event.asked_by, *culprits, *present.values()]))


def _ended_at(session: Session, event: BuildEvent) -> float:
    """When it ended, by Jenkins' clock; now, where that was not told."""
    if event.started is not None and event.duration is not None:
        return event.started + event.duration
    return float(session.scalar(select(func.extract("epoch", func.now()))) or 0.0)


def _text(services: Services, told: render.Told, template: str) -> str:
    """By the operator's template, where there is one and it can be filled in; else in my own words."""
    servers = _servers(services)
    source = servers.template(template, told.change) if servers else None
    if source is None:
        return render.event(told)
    try:
        return written(source, told)
    except TemplateFault as error:
        log.error("jenkins.template_broken", template=template, change=told.change, error=str(error))
        return render.event(told)


def _card(
    session: Session, services: Services, server: str, told: render.Told, markdown: str, room_id: str
) -> dict[str, Any] | None:
    """Buttons below what went wrong; whoever presses one does it under their own rights."""
    servers = _servers(services)
    if servers is None or told.change in (Change.SUCCEEDED, Change.RECOVERED):
        return None
    event, noun = told.event, noun_in(session, servers, server, room_id)
    for culprit, address in told.present.items():  # a card mentions nobody
        markdown = markdown.replace(f"<@personEmail:{address}>", quote(culprit.partition(" <")[0]))
    return render.report_card(
        markdown, render.build_buttons(event.full_name, event.number, "ended", noun=noun)
    )


def _address(services: Services, server: str, event: BuildEvent) -> str:
    """The build's page; made absolute with our own idea of where Jenkins is, where the report has none."""
    servers = _servers(services)
    address = absolute(servers.get(server).url if servers else "", event.url)
    return address if address.startswith(("http://", "https://")) else ""


def _servers(services: Services) -> Servers | None:
    servers = services.clients.get("jenkins")
    return servers if isinstance(servers, Servers) else None
