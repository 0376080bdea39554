"""Requests that wait for others' yes: asked once, agreed to, denied, taken back or expired, and each of it once.

A row's lock decides who was first: whoever comes second finds how it ended.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.access.approvers import Standing, may_agree, standings
from bot.access.confirmations import new_code
from bot.access.policy import Policy, Question
from bot.access.relations import Relations
from bot.config_file import ApprovalRule
from bot.outbound.quoting import quote
from bot.store.inbox_rows import store_event
from bot.store.models import Approval, ApprovalVote, KnownRoom

SOURCE = "approval"
"""The inbox events that carry out what was approved."""


class NotTaken(Exception):
    """The yes, or the no, cannot be taken; the text says why, for the person who gave it."""


@dataclass(frozen=True, slots=True)
class Asking:
    """What is asked, and all that is needed to carry it out in its asker's name."""

    request_key: str
    person: str
    entry: str
    room_id: str | None
    room_title: str
    room_type: str
    parent_id: str | None
    words: tuple[str, ...]
    command: str
    digest: str
    effect: str
    """What it will do, in words; empty where the command does not say."""
    asked: Mapping[str, Any]
    needs: tuple[ApprovalRule, ...]
    confirmed: str | None
    token_id: int | None
    correlation_id: str


@dataclass(frozen=True, slots=True)
class Approved:
    """A request as it was asked, to be carried out now that others have agreed."""

    code: str
    person: str
    entry: str
    room_id: str | None
    room_title: str
    room_type: str
    parent_id: str | None
    words: tuple[str, ...]
    confirmed: str | None
    token_id: int | None
    correlation_id: str


@dataclass(frozen=True, slots=True)
class Vote:
    """What a yes came to: whether it was the person's first, and how far the rules are met with it."""

    approval: Approval
    is_new: bool
    standings: tuple[Standing, ...]

    @property
    def decides(self) -> bool:
        """Whether nothing lacks any more."""
        return is_met(self.standings)


def is_met(found: tuple[Standing, ...]) -> bool:
    """Whether there are rules, and each has as many as it needs."""
    return bool(found) and not any(standing.lacks for standing in found)


def ask(session: Session, asking: Asking) -> tuple[Approval, bool]:
    """Store what waits; returns it, and whether it is new: a request handled again has asked already."""
    within = min(rule.within for rule in asking.needs)
    remind = reminded_every(asking.needs)
    now = func.now()
    new = session.execute(
        insert(Approval)
        .values(
            code=new_code(),
            request_key=asking.request_key,
            person_email=asking.person.casefold(),
            entry=asking.entry,
            room_id=asking.room_id,
            room_title=asking.room_title,
            room_type=asking.room_type,
            parent_id=asking.parent_id,
            words={"words": list(asking.words)},
            command=asking.command,
            digest=asking.digest,
            effect_text=asking.effect,
            asked=dict(asking.asked),
            needs={"rules": [_as_json(rule) for rule in asking.needs]},
            confirmed=asking.confirmed,
            token_id=asking.token_id,
            correlation_id=asking.correlation_id,
            expires_at=now + within,
            remind_at=now + remind if remind else None,
        )
        .on_conflict_do_nothing(index_elements=[Approval.request_key])
        .returning(Approval.code)
    ).first()
    row = session.scalars(select(Approval).where(Approval.request_key == asking.request_key)).one()
    return row, new is not None


def rules_of(row: Approval) -> tuple[ApprovalRule, ...]:
    """The rules that asked, as they were then."""
    return tuple(ApprovalRule.model_validate(rule) for rule in row.needs["rules"])


def _as_json(rule: ApprovalRule) -> dict[str, Any]:
    """As it is read back: lengths of time in seconds."""
    spans = {"within": rule.within, "remind": rule.remind}
    seconds = {name: span.total_seconds() if span else None for name, span in spans.items()}
    return {**rule.model_dump(mode="json", by_alias=True, exclude=set(spans)), **seconds}


def reminded_every(rules: tuple[ApprovalRule, ...]) -> timedelta | None:
    """How often those asked are reminded: as often as the most impatient rule says."""
    return min((rule.remind for rule in rules if rule.remind), default=None)


def words_of(row: Approval) -> tuple[str, ...]:
    """What was asked, word by word."""
    return tuple(row.words["words"])


def voters(session: Session, code: str) -> tuple[str, ...]:
    """The e-mails of those who said yes, in that order, whether they count or not."""
    said_yes = select(ApprovalVote.person_email).where(ApprovalVote.code == code)
    return tuple(session.scalars(said_yes.order_by(ApprovalVote.at, ApprovalVote.identity)))


def question(session: Session, row: Approval, relations: Relations) -> Question:
    """The question to the policy that the waiting request is, in its room as it is known now."""
    known = session.get(KnownRoom, row.room_id) if row.room_id else None
    former = tuple(known.former_ids.get("ids", ())) if known else ()
    return Question(
        person=row.person_email,
        command=row.command,
        effect=row.asked["effect"],
        room_ids=(row.room_id, *former) if row.room_id else (),
        room_title=known.title if known else row.room_title,
        room_type=row.room_type,
        arguments={name: tuple(values) for name, values in row.asked["arguments"].items()},
        relations=relations,
    )


def waiting(session: Session, limit: int) -> list[Approval]:
    """What waits, the oldest first."""
    in_time = select(Approval).where(Approval.state == "open", Approval.expires_at > func.now())
    return list(session.scalars(in_time.order_by(Approval.asked_at, Approval.code).limit(limit)))


def agree(
    session: Session, code: str, *, person: str, room_id: str | None, policy: Policy, relations: Relations
) -> Vote:
    """Take a yes. With the last one that lacks, the request is queued to be carried out, in the same transaction.

    Raises NotTaken: unknown, ended, late, the asker's own, or of somebody who may not agree by present policy.
    """
    row, asked = _answerable(session, code, person, policy, relations)
    new = session.execute(
        insert(ApprovalVote)
        .values(
            code=row.code, identity=policy.identity(person), person_email=person.casefold(), room_id=room_id
        )
        .on_conflict_do_nothing()
        .returning(ApprovalVote.code)
    ).first()
    vote = Vote(row, new is not None, standings(policy, asked, voters(session, row.code)))
    if vote.decides:
        _end(session, row, "approved", by=person)
        store_event(session, SOURCE, row.code, {"code": row.code}, row.correlation_id)
    return vote


def deny(
    session: Session, code: str, *, person: str, reason: str, policy: Policy, relations: Relations
) -> Approval:
    """Take a no: one of somebody who may agree ends it. `reason` may be empty. Raises NotTaken, as `agree` does."""
    row, _ = _answerable(session, code, person, policy, relations)
    _end(session, row, "denied", by=person, reason=reason or None)
    return row


def withdraw(session: Session, code: str, *, person: str, policy: Policy) -> Approval | None:
    """Take back one's own request; None where there is none under this code that still waits."""
    row = _locked(session, code)
    if row is None or not _is_theirs(row, person, policy) or row.state != "open" or _is_late(session, row):
        return None
    _end(session, row, "withdrawn", by=person)
    return row


def taken(session: Session, code: str) -> Approval | None:
    """The request under this code, locked, for the moment it is carried out."""
    return _locked(session, code)


def void(session: Session, row: Approval, reason: str) -> None:
    """What was agreed to is not carried out, and why."""
    _end(session, row, "void", by=None, reason=reason)


def expire(session: Session, code: str | None = None) -> list[Approval]:
    """End what has waited too long by the database's clock, only `code` where given; each is returned once."""
    late = select(Approval).where(Approval.state == "open", Approval.expires_at <= func.clock_timestamp())
    if code is not None:
        late = late.where(Approval.code == code.upper())
    rows = list(session.scalars(late.order_by(Approval.code).with_for_update(skip_locked=code is None)))
    for row in rows:
        _end(session, row, "expired", by=None)
    return rows


def due_for_reminder(session: Session) -> list[Approval]:
    """What is to be called to mind now; each is returned once for each time."""
    due = select(Approval).where(
        Approval.state == "open", Approval.expires_at > func.now(), Approval.remind_at <= func.now()
    )
    rows = list(session.scalars(due.order_by(Approval.code).with_for_update(skip_locked=True)))
    for row in rows:
        every = reminded_every(rules_of(row))
        row.remind_at = _now(session) + every if every else None
    return rows


def request_of(session: Session, code: str) -> Approved:
    """The request as it was asked. Raises NoResultFound where there is none under this code."""
    row = session.get_one(Approval, code)
    return Approved(
        code=row.code,
        person=row.person_email,
        entry=row.entry,
        room_id=row.room_id,
        room_title=row.room_title,
        room_type=row.room_type,
        parent_id=row.parent_id,
        words=words_of(row),
        confirmed=row.confirmed,
        token_id=row.token_id,
        correlation_id=row.correlation_id,
    )


def _answerable(
    session: Session, code: str, person: str, policy: Policy, relations: Relations
) -> tuple[Approval, Question]:
    """The locked row that waits for this person's answer, and the question it is to the policy."""
    row = _locked(session, code)
    if row is None:
        raise NotTaken(f"Nothing waits for the code {quote(code.upper())}.")
    if row.state != "open":
        raise NotTaken(_ended(session, row))
    if _is_late(session, row):
        raise NotTaken(_too_late(row))
    if _is_theirs(row, person, policy):
        raise NotTaken(
            f"{row.code} is your own request, made as {quote(row.person_email)}: somebody else must decide. "
            f"`leave {row.code}` takes it back."
        )
    asked = question(session, row, relations)
    if not policy.approvals_for(asked):
        raise NotTaken(
            f"No rule asks for anybody's yes to {row.code} any more. {quote(row.person_email)} can say it again."
        )
    if not may_agree(policy, asked, person):
        if may_agree(policy, asked, person, unknown=True):
            raise NotTaken(f"I could not find out from Webex whether you may decide {row.code}. Try again.")
        raise NotTaken(
            f"You are not one of those who may decide {row.code}. `approvals` shows what waits for you."
        )
    return row, asked


def _locked(session: Session, code: str) -> Approval | None:
    wanted = select(Approval).where(Approval.code == code.upper()).with_for_update()
    return session.scalars(wanted.execution_options(populate_existing=True)).first()


def _is_theirs(row: Approval, person: str, policy: Policy) -> bool:
    return policy.identity(person) == policy.identity(row.person_email)


def _is_late(session: Session, row: Approval) -> bool:
    return bool(session.scalar(select(func.clock_timestamp() >= row.expires_at)))


def _now(session: Session) -> Any:
    return session.scalar(text("SELECT now()"))


def _end(session: Session, row: Approval, state: str, *, by: str | None, reason: str | None = None) -> None:
    row.state = state
    row.decided_at = _now(session)
    row.decided_by = by.casefold() if by else row.decided_by
    row.reason = reason
    session.flush()


def _ended(session: Session, row: Approval) -> str:
    match row.state:
        case "approved":
            return f"{row.code} is approved already, by {quote(', '.join(voters(session, row.code)))}."
        case "denied":
            return f"{row.code} was denied by {quote(row.decided_by or '')}{_because(row)}"
        case "withdrawn":
            return f"{row.code} was taken back by {quote(row.decided_by or '')}."
        case "void":
            return f"{row.code} was approved, and not carried out{_because(row)}"
    return _too_late(row)


def _too_late(row: Approval) -> str:
    return (
        f"{row.code} came too late: not enough agreed in time, and nothing was done. "
        f"{quote(row.person_email)} can say the command again."
    )


def _because(row: Approval) -> str:
    return f": {quote(row.reason)}" if row.reason else "."
