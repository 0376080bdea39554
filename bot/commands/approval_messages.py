"""Where approvals are asked, and what is told there: the question, reminders, and how it ended, each once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.access import approvals
from bot.access.approvers import addresses
from bot.access.policy import Policy
from bot.access.relations import Relations
from bot.commands import approval_words as words
from bot.commands.model import File, Request
from bot.config_file import ApprovalRule
from bot.outbound.outbox import Outgoing, enqueue
from bot.outbound.quoting import quote
from bot.outbound.redact import Redactor
from bot.store.models import Approval, ApprovalAsk, KnownRoom, OutboxMessage

_MOST_MENTIONS = 10
"""Webex is asked about each whether they are in the room; beyond that a mention calls a crowd, and nobody."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A thread of a room, or a person to write to."""

    room_id: str | None = None
    to_person_email: str | None = None
    parent_id: str | None = None
    mentions: tuple[str, ...] = ()

    @property
    def lane(self) -> str:
        """What makes two of them one place to ask."""
        return self.room_id or f"mailto:{self.to_person_email}"


@dataclass(frozen=True, slots=True)
class Route:
    """Where those who may agree are asked, and how that is told to whoever asks."""

    spots: tuple[Spot, ...]
    said: str


def spot_of(request: Request) -> Spot:
    """Where a request was made; its person, where it was made in no room."""
    if request.place.room_id is None:
        return Spot(to_person_email=request.person.casefold())
    return Spot(room_id=request.place.room_id, parent_id=request.parent_id)


def answered_at(request: Request) -> tuple[Spot, ...]:
    """Where the reply to a request appears: in a direct room that is also where its person is written to."""
    if request.place.type == "direct":
        return spot_of(request), Spot(to_person_email=request.person.casefold())
    return (spot_of(request),)


def route(
    session: Session, rules: Sequence[ApprovalRule], request: Request, policy: Policy, relations: Relations
) -> Route:
    """Where to ask for what these rules need.

    `here` is the asker's thread; where no approver would see it (a direct room, no room), they are written to.
    """
    spots: dict[str, Spot] = {}
    said: dict[str, None] = {}
    for rule in rules:
        found, text = _route(session, rule, request, policy)
        said[text] = None
        for spot in found:
            spots.setdefault(spot.lane, spot)
    everybody = [email for rule in rules for email in addresses(policy, rule.of, request.person)]
    called = tuple(dict.fromkeys(everybody))[:_MOST_MENTIONS]
    return Route(tuple(_calling(spot, called, relations) for spot in spots.values()), " ".join(said))


def _route(
    session: Session, rule: ApprovalRule, request: Request, policy: Policy
) -> tuple[tuple[Spot, ...], str]:
    if rule.ask == "here" and request.place.type == "group":
        return (spot_of(request),), "They are asked here."
    if rule.ask in ("here", "direct"):
        people = addresses(policy, rule.of, request.person)
        if not people:
            return (), f"I know no address of {words.who(rule.of)} to write to: pass this on to them."
        return (
            tuple(Spot(to_person_email=email) for email in people),
            f"I write to {words.listed([quote(email) for email in people], 'and')}.",
        )
    rooms = _rooms(session, rule.ask)
    if len(rooms) != 1:
        which = "more than one room" if rooms else "no room"
        return (), f"I know {which} {quote(rule.ask)} to ask in: pass this on to {words.who(rule.of)}."
    return (Spot(room_id=rooms[0].room_id),), f"They are asked in the room {quote(rooms[0].title)}."


def _rooms(session: Session, asked: str) -> list[KnownRoom]:
    """The group rooms of that id (also one from before a migration) or that title."""
    named = (
        (KnownRoom.room_id == asked)
        | (func.lower(KnownRoom.title) == asked.lower())
        | KnownRoom.former_ids["ids"].contains([asked])
    )
    in_them = select(KnownRoom).where(KnownRoom.type == "group", KnownRoom.left.is_(False), named)
    return list(session.scalars(in_them.order_by(KnownRoom.room_id)))


def _calling(spot: Spot, people: tuple[str, ...], relations: Relations) -> Spot:
    """With mentions of those who are in the room: one of anybody else would be shown as it is written."""
    if spot.room_id is None:
        return spot
    present = tuple(email for email in people if relations.is_member(email, spot.room_id))
    return Spot(spot.room_id, None, spot.parent_id, present)


def ask(
    session: Session,
    row: Approval,
    rules: Sequence[ApprovalRule],
    spots: Sequence[Spot],
    card: Mapping[str, Any] | None,
    redactor: Redactor,
    file: File | None = None,
) -> None:
    """Put the question into every place, with the file that says what it is about, and remember which they were."""
    for number, spot in enumerate(spots):
        session.add(
            ApprovalAsk(
                code=row.code,
                number=number,
                room_id=spot.room_id,
                to_person_email=spot.to_person_email,
                parent_id=spot.parent_id,
                mentions={"people": list(spot.mentions)},
            )
        )
        question = words.asked_of_others(row, rules, spot.mentions)
        _enqueue(session, row, f"ask:{number}", question, spot, redactor, card, file)


def tell(
    session: Session, row: Approval, text: str, redactor: Redactor, *, besides: Sequence[Spot] = ()
) -> tuple[str, ...]:
    """Tell how it ended, once for each end: where it was asked, and whoever asked for it.

    `besides` is where it is told already, by a reply. Returns the lanes.
    """
    lanes = []
    asker = _asker(row)
    for number, spot in enumerate((asker, *_asked(session, row))):
        told_twice = number > 0 and spot.lane == asker.lane
        if told_twice or (spot.lane, spot.parent_id) in {(each.lane, each.parent_id) for each in besides}:
            continue
        calls = row.state in ("denied", "expired") and row.room_type == "group" and number == 0
        mentions = (row.person_email,) if calls else ()
        meant = Spot(spot.room_id, spot.to_person_email, spot.parent_id, mentions)
        key = f"{row.state}:{number}"
        lanes.append(_enqueue(session, row, key, text + words.called(mentions), meant, redactor))
    return tuple(lanes)


def expire_due(session: Session, redactor: Redactor, code: str | None = None) -> tuple[str, ...]:
    """End what has waited too long, and tell so; only `code` where it is given. Returns the lanes."""
    lanes: list[str] = []
    for row in approvals.expire(session, code):
        text = words.expired(row, approvals.voters(session, row.code))
        lanes += tell(session, row, text, redactor)
    return tuple(lanes)


def remind_due(session: Session, redactor: Redactor) -> tuple[str, ...]:
    """Call to mind, where it was asked, what is due for it. Returns the lanes."""
    lanes: list[str] = []
    for row in approvals.due_for_reminder(session):
        voters = approvals.voters(session, row.code)
        for number, spot in enumerate(_asked(session, row)):
            text = words.reminder(row, approvals.rules_of(row), voters, spot.mentions)
            key = f"remind:{row.remind_at}:{number}"
            lanes.append(_enqueue(session, row, key, text, spot, redactor))
    return tuple(lanes)


def _asker(row: Approval) -> Spot:
    if row.room_id is None:
        return Spot(to_person_email=row.person_email)
    return Spot(room_id=row.room_id, parent_id=row.parent_id)


def _asked(session: Session, row: Approval) -> tuple[Spot, ...]:
    """Where it was asked; a question that began a thread of its own is answered in it."""
    asks = session.scalars(
        select(ApprovalAsk).where(ApprovalAsk.code == row.code).order_by(ApprovalAsk.number)
    ).all()
    keys = {f"approval:{row.code}:ask:{ask.number}:0": ask.number for ask in asks}
    sent = select(OutboxMessage.dedupe_key, OutboxMessage.message_id).where(
        OutboxMessage.dedupe_key.in_(keys)
    )
    roots = {keys[key]: message_id for key, message_id in session.execute(sent)}
    return tuple(
        Spot(
            room_id=ask.room_id,
            to_person_email=ask.to_person_email,
            parent_id=ask.parent_id or (roots.get(ask.number) if ask.room_id else None),
            mentions=tuple(ask.mentions["people"]),
        )
        for ask in asks
    )


def _enqueue(
    session: Session,
    row: Approval,
    key: str,
    text: str,
    spot: Spot,
    redactor: Redactor,
    card: Mapping[str, Any] | None = None,
    file: File | None = None,
) -> str:
    message = Outgoing(
        key=f"approval:{row.code}:{key}",
        markdown=text,
        room_id=spot.room_id,
        to_person_email=spot.to_person_email,
        parent_id=spot.parent_id,
        card=card,
        file_name=file.name if file else None,
        file_content=file.content if file else None,
        mentions=tuple(f"personEmail:{email}" for email in spot.mentions),
        correlation_id=row.correlation_id,
    )
    return enqueue(session, message, redactor)
