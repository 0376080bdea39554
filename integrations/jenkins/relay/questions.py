"""A Pipeline asks, or was answered: told to the rooms that hear of its job, as a card that answers it."""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from sqlalchemy.orm import Session

from bot.commands.context import Services
from bot.outbound.budget import notify
from bot.outbound.outbox import Outgoing
from bot.outbound.subscriptions import wishes_about
from integrations.jenkins import inputs, render
from integrations.jenkins.errors import JenkinsError
from integrations.jenkins.events import Answer, InputEvent
from integrations.jenkins.inputs import PendingInput
from integrations.jenkins.model import shown_name
from integrations.jenkins.relay.runs import rooms_that_follow, runs_following, wake
from integrations.jenkins.relay.story import Story
from integrations.jenkins.servers import Servers, noun_in
from integrations.jenkins.settings import account

log = structlog.get_logger(__name__)


def waiting(services: Services, server: str, asked: InputEvent) -> tuple[PendingInput, ...]:
    """What exactly is asked, by Jenkins itself: a report tells only that something is. None where it is unknown."""
    servers = services.clients.get("jenkins")
    if asked.result is not Answer.PENDING or not isinstance(servers, Servers):
        return ()
    try:
        found = inputs.pending(servers.get(server), asked.full_name, asked.number)
    except JenkinsError as error:
        log.warning("jenkins.question_unknown", job=asked.full_name, number=asked.number, error=str(error))
        return ()
    named = tuple(each for each in found if each.id == asked.input_id)
    return named or (found if not asked.input_id else ())


def ask(
    session: Session, services: Services, server: str, asked: InputEvent, questions: Sequence[PendingInput]
) -> tuple[str, ...]:
    """Put a question, or what became of it, into the rooms that hear of the job; returns their lanes.

    It is urgent: somebody waits. A room whose own run follows the build has it in that thread already.
    """
    following = runs_following(session, server, asked.full_name, asked.number)
    wake(session, following)
    rooms = _rooms(session, server, asked) - {room for room in rooms_that_follow(following) if room}
    lanes: list[str] = []
    for room_id in sorted(rooms):
        for message in _messages(session, services, server, asked, questions, room_id):
            rate = services.policies.file.notifications
            lanes.append(notify(session, message, services.redactor, rate))
    return tuple(dict.fromkeys(lanes))


def _rooms(session: Session, server: str, asked: InputEvent) -> set[str]:
    names = dict.fromkeys([asked.full_name, shown_name(asked.full_name)])
    return {each.room_id for name in names for each in wishes_about(session, account(server), name)}


def _messages(
    session: Session,
    services: Services,
    server: str,
    asked: InputEvent,
    questions: Sequence[PendingInput],
    room_id: str,
) -> list[Outgoing]:
    story = Story.of(session, account(server), asked.full_name, room_id)
    base = (
        f"jenkins:{server}:input:{asked.full_name}:{asked.number}:{asked.input_id}:{asked.result}:{room_id}"
    )
    if asked.result is not Answer.PENDING or not questions:
        text = render.question_told(asked)
        return [Outgoing(key=base, markdown=text, room_id=room_id, parent_id=story.thread(base), urgent=True)]
    servers = services.clients["jenkins"]
    noun = noun_in(session, servers, server, room_id)
    messages = []
    for question in questions:
        key = f"{base}:{question.id}"
        text, card = render.input_card(noun, asked.full_name, asked.number, question, asked.url)
        thread = story.thread(key)
        messages.append(
            Outgoing(key=key, markdown=text, card=card, room_id=room_id, parent_id=thread, urgent=True)
        )
    return messages
