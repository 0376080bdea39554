"""What Jenkins reports, told to the rooms that subscribed.

Reports carry no signature and are not repeated when we are away, so nothing here is relied upon for builds
we follow ourselves: those are asked for.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from bot.commands.context import Services
from bot.integration import HookEvent
from bot.outbound.budget import notify
from bot.outbound.outbox import Outgoing
from bot.outbound.subscriptions import rooms_for
from bot.runs.states import State
from bot.store.models import Run
from integrations.jenkins import events, render
from integrations.jenkins.events import BuildEvent, InputEvent, Unknown
from integrations.jenkins.events.addresses import absolute
from integrations.jenkins.following.order import KIND
from integrations.jenkins.model import shown_name
from integrations.jenkins.servers import Servers
from integrations.jenkins.story import SOURCE, Story


def read(body: bytes, headers: Mapping[str, str]) -> HookEvent:
    """Type a report of any of the senders we know. Raises UnreadableEvent."""
    event = events.read(body, headers)
    return HookEvent(events.dedupe_key(event), event.model_dump(mode="json"))


def handle(event: HookEvent, services: Services, session: Session) -> tuple[str, ...]:
    """Do what a report asks for; returns the lanes of the messages stored."""
    match events.load(event.payload):
        case BuildEvent() as build:
            return _build(build, services, session)
        case InputEvent() as asked:
            return _input(asked, services, session)
        case Unknown() as unknown:
            return _unknown(unknown, services, session)
        case _:
            return ()


def _input(asked: InputEvent, services: Services, session: Session) -> tuple[str, ...]:
    """A Pipeline's question, or its answer: nobody is told of it here yet."""
    return ()


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


def _build(build: BuildEvent, services: Services, session: Session) -> tuple[str, ...]:
    """Wake the runs that follow this build, and tell the subscribed rooms of its end; returns their lanes."""
    following = _runs_following(session, build)
    session.execute(
        update(Run)
        .where(Run.id.in_([run.id for run in following]), Run.step == "idle", Run.next_step_at.is_not(None))
        .values(next_step_at=func.now())
    )
    if not build.finished:
        return ()
    told_by_runs = {
        run.room_id for run in following if run.state != State.LOST and not run.progress.get("left")
    }
    lanes = [_tell(build, room, room in told_by_runs, services, session) for room in _rooms(session, build)]
    return tuple(lane for lane in lanes if lane)


def _rooms(session: Session, build: BuildEvent) -> tuple[str, ...]:
    """The rooms that subscribed to the job, by its full name or as people write it; always in one order.

    Their stories and budgets are locked one by one, and two reports must not wait for each other.
    """
    spellings = dict.fromkeys([build.full_name, shown_name(build.full_name)])
    return tuple(sorted({room for name in spellings for room in rooms_for(session, SOURCE, name)}))


def _runs_following(session: Session, build: BuildEvent) -> list[Run]:
    """The runs of this very build: known by its number or, before that is known, by its queue item."""
    known = [Run.progress["number"].astext == str(build.number)]
    if build.queue_id is not None:
        known.append(Run.progress["queue_id"].astext == str(build.queue_id))
    query = select(Run).where(Run.kind == KIND, Run.arguments["job"].astext == build.full_name, or_(*known))
    return list(session.scalars(query))


def _tell(
    build: BuildEvent, room_id: str, told_by_run: bool, services: Services, session: Session
) -> str | None:
    """Tell one room of a build's end and return its lane; a build it follows itself only goes on the record.

    COMPLETED and FINALIZED both come, and either may be lost: the first is told, the other only where it
    tells another result, which the message's key sees to.
    """
    story = Story.of(session, build.subject, room_id)
    before = story.before(build.number)
    story.go_on(build.number, build.result)
    if told_by_run:
        return None
    key = f"jenkins:{build.url or build.full_name}:{build.number}:{build.result}:{room_id}"
    text = render.event(build, before, _address(build, services))
    message = Outgoing(key=key, markdown=text, room_id=room_id, parent_id=story.thread(key))
    return notify(session, message, services.redactor, services.policies.file.notifications)


def _address(build: BuildEvent, services: Services) -> str:
    """The build's page; made absolute with our own idea of where Jenkins is, where the report has none."""
    servers = services.clients.get(SOURCE)
    root = servers.get(servers.default).url if isinstance(servers, Servers) else ""
    address = absolute(root, build.url)
    return address if address.startswith(("http://", "https://")) else ""
