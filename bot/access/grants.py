"""Rules given in chat: stored, taken back, and read as rules of the policy beside those of `sparkops.yaml`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Select, func, or_, select, text
from sqlalchemy.orm import Session

from bot.access.policy import Policy, Question, Rule
from bot.access.relations import Relations
from bot.config_file import AccessRule, is_somebody
from bot.store.models import Grant

_NAME = re.compile(r"grant (\d+) \((?:allow|deny)\)")
_ALONE = text("LOCK TABLE grants IN SHARE ROW EXCLUSIVE MODE")
_LATER = func.now() + func.make_interval(0, 0, 0, 0, 0, 0, text(":seconds"))


class NoSuchGrant(Exception):
    """There is no such grant to take back; the text says why, for the person who asked."""


@dataclass(frozen=True, slots=True)
class Given:
    """A rule given in chat.

    `rule` is what is in force of it (or was, before it ended), `fault` why that is not all that was given.
    An allow with a fault is left out. Of a deny stays what can still be read: the addresses, roles and groups
    there are; and where its conditions cannot be read, the addresses alone, everywhere.
    """

    number: int
    name: str
    rule: Rule | None
    fault: str
    denies: bool
    by: str
    at: datetime
    until: datetime | None
    revoked_by: str | None
    revoked_at: datetime | None
    ended: bool
    """Revoked, or its time is over."""


def begin(session: Session) -> None:
    """Let nobody else give or revoke until this transaction ends: each change is judged knowing the others."""
    session.execute(_ALONE)


def give(session: Session, rule: AccessRule, *, by: str, lasts: timedelta | None = None) -> int:
    """Store a rule, in force from the commit on; returns its number. Without `lasts` it has no end."""
    grant = Grant(rule=rule.model_dump(mode="json"), granted_by=by.casefold())
    if lasts is not None:
        grant.expires_at = session.scalar(select(_LATER), {"seconds": lasts.total_seconds()})
    session.add(grant)
    session.flush()
    return grant.id


def revoke(session: Session, number: int, *, by: str) -> None:
    """Take a rule back. Raises NoSuchGrant: unknown, taken back before, or over."""
    grant = session.get(Grant, number, with_for_update=True)
    if grant is None:
        raise NoSuchGrant(f"There is no grant {number}. `access list` shows those in force.")
    if grant.revoked_at is not None:
        raise NoSuchGrant(f"Grant {number} was revoked before, by {grant.revoked_by}.")
    now = session.scalar(select(func.now()))
    if grant.expires_at is not None and now is not None and grant.expires_at <= now:
        raise NoSuchGrant(f"Grant {number} is over: its time has run out.")
    grant.revoked_by, grant.revoked_at = by.casefold(), now


def find(session: Session, number: int, groups: Mapping[str, tuple[str, ...]]) -> Given | None:
    """One rule given in chat, ended or not."""
    return next(iter(_read(session, _every().where(Grant.id == number), groups)), None)


def in_force(session: Session, groups: Mapping[str, tuple[str, ...]]) -> tuple[Given, ...]:
    """The rules neither revoked nor over, in the order they were given; `groups` are the file's."""
    living = _every().where(
        Grant.revoked_at.is_(None), or_(Grant.expires_at.is_(None), Grant.expires_at > func.now())
    )
    return _read(session, living, groups)


def listed(session: Session, groups: Mapping[str, tuple[str, ...]], *, last: int) -> tuple[Given, ...]:
    """The `last` rules given, ended ones too, in the order they were given."""
    latest = _every().order_by(None).order_by(Grant.id.desc()).limit(last)
    return tuple(reversed(_read(session, latest, groups)))


def number_of(rule_name: str) -> int | None:
    """The number of the grant a decision's rule names; None for any other rule."""
    match = _NAME.fullmatch(rule_name)
    return int(match[1]) if match else None


def is_revocable(policy: Policy, number: int, relations: Relations) -> bool:
    """Whether an owner is left who may revoke this grant: directly, in a room of any title, or at the terminal."""
    return any(
        policy.decide(
            Question(
                person=owner,
                command="access revoke",
                effect="change",
                room_type=kind,
                arguments={"number": (str(number),)},
                relations=relations,
            )
        ).allowed
        for owner in policy.owners
        for kind in ("direct", "group", "none")
    )


def _every() -> Select[Grant, bool]:
    ended = or_(Grant.revoked_at.is_not(None), Grant.expires_at <= func.now())
    return select(Grant, func.coalesce(ended, False)).order_by(Grant.id)


def _read(
    session: Session, query: Select[Grant, bool], groups: Mapping[str, tuple[str, ...]]
) -> tuple[Given, ...]:
    return tuple(_given(grant, ended, groups) for grant, ended in session.execute(query).all())


def _given(grant: Grant, ended: bool, groups: Mapping[str, tuple[str, ...]]) -> Given:
    denies = bool(grant.rule.get("deny"))
    name = f"grant {grant.id} ({'deny' if denies else 'allow'})"
    says, fault = _readable(grant.rule, denies, groups)
    return Given(
        number=grant.id,
        name=name,
        rule=Rule(name, says, grant.expires_at) if says else None,
        fault=fault,
        denies=denies,
        by=grant.granted_by,
        at=grant.granted_at,
        until=grant.expires_at,
        revoked_by=grant.revoked_by,
        revoked_at=grant.revoked_at,
        ended=ended,
    )


def _readable(
    stored: Mapping[str, Any], denies: bool, groups: Mapping[str, tuple[str, ...]]
) -> tuple[AccessRule | None, str]:
    """What can be read of a stored rule, and why that is not all of it."""
    try:
        says = AccessRule.model_validate(stored)
    except ValidationError as error:
        fault = "; ".join(each["msg"].removeprefix("Value error, ") for each in error.errors())
        addresses = tuple(each for each in stored.get("deny") or () if "@" in str(each))
        return (AccessRule(deny=addresses) if addresses else None), fault
    strange = [name for name in (*says.allow, *says.deny) if not is_somebody(name, groups)]
    if not strange:
        return says, ""
    fault = f"there is no group {', '.join(map(repr, strange))} any more"
    known = tuple(name for name in says.deny if name not in strange)
    return (says.model_copy(update={"deny": known}) if denies and known else None), fault
