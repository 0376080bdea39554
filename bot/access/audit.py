"""The audit trail: one row for every request, denied ones too, and for every run that ended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Select, Text, cast, func, or_, select
from sqlalchemy.orm import Session

from bot.access.audit_seals import SealKeys, row_content
from bot.characters import well_formed
from bot.outbound.redact import Redactor
from bot.store.database import driver_connection
from bot.store.jsonb import as_jsonb
from bot.store.models import AuditRow, KnownRoom

_LONGEST_LINE = 2000
_LONGEST_VALUE = 500
_MOST_VALUES = 50
_MOST_MILLISECONDS = 2**31 - 1
"""What the column holds: 24 days."""
_READ_AT_ONCE = 1000
_RECORD = """
    INSERT INTO audit (at, request_key, correlation_id, entry, person_email, room_id, command, line, decision,
                       rule, result, duration_ms, arguments, approvers, content_hash)
    VALUES (%(at)s, %(request_key)s, %(correlation_id)s, %(entry)s, %(person_email)s, %(room_id)s, %(command)s,
            %(line)s, %(decision)s, %(rule)s, %(result)s, %(duration_ms)s, %(arguments)s::jsonb,
            %(approvers)s::jsonb, %(content_hash)s)
    ON CONFLICT (request_key) DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """What an audit row tells.

    `entry` is the door it came in by, or `run` for the end of a run. `decision` is allowed, denied, unknown,
    incomplete, wrong, limited, or what was asked for first (a confirmation, an approval). `arguments` are
    redacted words by name, `approval` the code of the approval that let it pass and `approvers` who agreed.
    """

    request_key: str
    correlation_id: str
    entry: str
    person: str
    room_id: str | None
    command: str
    line: str
    decision: str
    rule: str
    result: str
    duration_ms: int
    arguments: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    approval: str | None = None
    approvers: tuple[str, ...] = ()


def record(session: Session, entry: Entry, keys: SealKeys) -> None:
    """Write the row with its hash, in one statement; a request handled again after a crash still has one.

    The moment is this process's, since what is hashed must be what is stored.
    """
    values = _as_stored(entry, datetime.now(UTC))
    written = {
        **values,
        "arguments": as_jsonb(values["arguments"]),
        "approvers": as_jsonb(values["approvers"]),
        "content_hash": keys.seal(row_content(values)),
    }
    driver_connection(session).execute(_RECORD, written)


def redacted(arguments: Mapping[str, tuple[str, ...]], redactor: Redactor) -> Mapping[str, tuple[str, ...]]:
    """Arguments as the trail may hold them: secrets taken out, and the whole value under a name such as `token`."""
    return {
        name: tuple(str(redactor.redact_value({name: value})[name]) for value in values)
        for name, values in arguments.items()
        if values
    }


def _as_stored(entry: Entry, at: datetime) -> dict[str, Any]:
    """The columns as PostgreSQL will give them back: long ones cut, and no character that it refuses."""
    arguments = {
        _storable(name): [_cut(_storable(value), _LONGEST_VALUE) for value in values[:_MOST_VALUES]]
        for name, values in entry.arguments.items()
    }
    agreed = (
        {"code": entry.approval, "by": list(entry.approvers)} if entry.approval or entry.approvers else {}
    )
    return {
        "at": at,
        "request_key": _storable(entry.request_key),
        "correlation_id": _storable(entry.correlation_id),
        "entry": _storable(entry.entry),
        "person_email": _storable(entry.person.casefold()),
        "room_id": entry.room_id,
        "command": _storable(entry.command),
        "line": _storable(entry.line)[:_LONGEST_LINE],
        "decision": _storable(entry.decision),
        "rule": _storable(entry.rule),
        "result": _storable(entry.result),
        "duration_ms": min(entry.duration_ms, _MOST_MILLISECONDS),
        "arguments": arguments,
        "approvers": agreed,
    }


def _storable(text: str) -> str:
    return well_formed(text).replace("\0", "\ufffd")


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


@dataclass(frozen=True, slots=True)
class Search:
    """Which rows are looked for: all that is given must fit.

    Each of `words` must stand in the row, in either case. `command` is a glob, `decision` how the decision
    begins; `rooms` are ids, any of which will do; `since` counts and `until` does not.
    """

    words: tuple[str, ...] = ()
    person: str | None = None
    command: str | None = None
    decision: str | None = None
    rooms: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None


def latest(session: Session, search: Search, limit: int) -> list[AuditRow]:
    """The latest rows that fit, newest first."""
    return list(session.scalars(_found(search).order_by(AuditRow.id.desc()).limit(limit)))


def in_order(session: Session, search: Search) -> Iterator[AuditRow]:
    """All rows that fit, in the order of the chain and those not sealed yet last; a thousand in memory at a time."""
    ordered = _found(search).order_by(AuditRow.seq.asc().nulls_last(), AuditRow.id)
    yield from session.scalars(ordered, execution_options={"yield_per": _READ_AT_ONCE})


def _found(search: Search) -> Select[AuditRow]:
    query = select(AuditRow)
    told = func.concat_ws(
        " ", AuditRow.line, AuditRow.command, AuditRow.person_email, AuditRow.rule, AuditRow.result,
        AuditRow.correlation_id, cast(AuditRow.arguments, Text), cast(AuditRow.approvers, Text),
    )  # fmt: skip
    for word in search.words:
        query = query.where(told.icontains(word, autoescape=True))
    if search.person is not None:
        query = query.where(AuditRow.person_email == search.person.casefold())
    if search.command is not None:
        query = query.where(AuditRow.command.ilike(_like(search.command), escape="\\"))
    if search.decision is not None:
        query = query.where(AuditRow.decision.istartswith(search.decision, autoescape=True))
    if search.rooms:
        query = query.where(AuditRow.room_id.in_(search.rooms))
    if search.since is not None:
        query = query.where(AuditRow.at >= search.since)
    if search.until is not None:
        query = query.where(AuditRow.at < search.until)
    return query


def rooms_named(session: Session, name: str) -> tuple[str, ...]:
    """The ids, former ones too, of the rooms with this id or with a title that fits this glob."""
    rooms = session.scalars(
        select(KnownRoom).where(
            or_(
                KnownRoom.room_id == name,
                KnownRoom.former_ids["ids"].contains([name]),
                KnownRoom.title.ilike(_like(name), escape="\\"),
            )
        )
    )
    return tuple(each for room in rooms for each in (room.room_id, *room.former_ids.get("ids", [])))


def _like(glob: str) -> str:
    """A glob (`*`, `?`) as SQL's LIKE has it."""
    escaped = glob.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return escaped.replace("*", "%").replace("?", "_")
