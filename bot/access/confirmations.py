"""A dangerous command waits for its asker's yes: in time, once, for exactly the same words."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from bot.outbound.quoting import quote
from bot.store.models import Confirmation

_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Letters and digits that cannot be mistaken for each other when typed from a screen."""


class NotConfirmed(Exception):
    """The yes cannot be taken; the text says why, for the person who gave it."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What was confirmed: the words to run now."""

    code: str
    words: tuple[str, ...]


def digest(words: tuple[str, ...], arguments: Mapping[str, tuple[str, ...]], plan: str = "") -> str:
    """A hash over the exact words, what they were read as, and the plan they stand for where there is one."""
    exact = json.dumps([words, sorted(arguments.items()), plan], ensure_ascii=True)
    return hashlib.sha256(exact.encode()).hexdigest()


def new_code() -> str:
    """Six characters that a person types to answer a question: one of nearly 600 million."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(6))


def ask(
    session: Session,
    *,
    person: str,
    room_id: str | None,
    words: tuple[str, ...],
    digest: str,
    effect: str,
    seconds: float,
) -> str:
    """Store the question; returns the code that answers it."""
    code = new_code()
    expires = session.scalar(text("SELECT now() + make_interval(secs => :s)"), {"s": seconds})
    session.add(
        Confirmation(
            code=code,
            person_email=person.casefold(),
            room_id=room_id,
            words={"words": list(words)},
            digest=digest,
            effect_text=effect,
            expires_at=expires,
        )
    )
    return code


def confirm(session: Session, code: str, *, person: str, room_id: str | None, request_key: str) -> Confirmed:
    """Take the yes. The same request may take it again (after a crash); any other finds it used.

    Raises NotConfirmed: unknown, another's, another room's, late, used, or taken back.
    """
    row = session.scalars(
        select(Confirmation).where(Confirmation.code == code.upper()).with_for_update()
    ).first()
    if row is None:
        raise NotConfirmed(f"Nothing waits for the code {quote(code.upper())}.")
    if row.person_email != person.casefold():
        raise NotConfirmed(f"{row.code} was asked of {row.person_email}, and only they can confirm it.")
    if row.room_id != room_id:
        raise NotConfirmed(f"{row.code} was asked in another room; confirm it there.")
    if row.cancelled:
        raise NotConfirmed(f"{row.code} was called off.")
    if row.used_by_request not in (None, request_key):
        raise NotConfirmed(f"{row.code} was confirmed already, and counts once.")
    if row.used_by_request is None and session.scalar(text("SELECT now()")) > row.expires_at:
        raise NotConfirmed(f"{row.code} came too late. Say the command again for a new code.")
    row.used_by_request = request_key
    return Confirmed(row.code, tuple(row.words["words"]))


def call_off(session: Session, code: str, *, person: str) -> bool:
    """Take the question back; False where there is none of this person's that is still open."""
    row = session.get(Confirmation, code.upper(), with_for_update=True)
    if row is None or row.person_email != person.casefold() or row.used_by_request or row.cancelled:
        return False
    row.cancelled = True
    return True


def expected_digest(session: Session, code: str) -> str | None:
    """The digest a confirmed command must still have when it runs."""
    row = session.get(Confirmation, code)
    return row.digest if row else None


def expected_text(session: Session, code: str) -> str | None:
    """What a confirmed command said it would do; a handler whose target may have moved compares."""
    row = session.get(Confirmation, code)
    return row.effect_text if row else None
