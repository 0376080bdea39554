"""How long an instance may stand: its end, how far it may be put off, and which warnings are due. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.durations import span
from integrations.stacks.spec.model import Lease


class LeaseRefused(Exception):
    """The lease cannot be given so; the text says why."""


@dataclass(frozen=True, slots=True)
class Term:
    """From when to when. The most it may last counts from its beginning, however often it was put off."""

    begins: datetime
    ends: datetime

    def left(self, now: datetime) -> timedelta:
        """How long it still lasts; nothing once it has ended."""
        return max(self.ends - now, timedelta())

    def has_ended(self, now: datetime) -> bool:
        """Whether it has ended."""
        return now >= self.ends


def begin(lease: Lease, now: datetime, length: timedelta | None = None) -> Term:
    """A new term, of the lease's own length where none is asked for. Raises LeaseRefused for more than its most."""
    asked = lease.default if length is None else length
    if asked <= timedelta():
        raise LeaseRefused("A lease lasts for some time.")
    if asked > lease.max:
        raise LeaseRefused(f"It may stand for {span(lease.max)} at most, and {span(asked)} was asked for.")
    return Term(now, now + asked)


def extend(lease: Lease, term: Term, by: timedelta, now: datetime) -> Term:
    """The term, ending later: by as much as is asked, and not later than the most from its beginning allows.

    Counted from its end, or from now where that has passed. Raises LeaseRefused where nothing can be added.
    """
    if by <= timedelta():
        raise LeaseRefused("A lease is put off by some time.")
    latest = term.begins + lease.max
    ends = min(max(term.ends, now) + by, latest)
    if ends <= max(term.ends, now):
        raise LeaseRefused(
            f"It may stand for {span(lease.max)} at most, counted from {term.begins:%Y-%m-%d %H:%M} UTC, "
            "and has had all of that."
        )
    return Term(term.begins, ends)


def warnings_due(
    lease: Lease, term: Term, now: datetime, given: Collection[timedelta] = ()
) -> tuple[timedelta, ...]:
    """The warnings, by how long before the end, whose time has come and that were not given, longest first.

    One that is longer than the whole term is never due: it would come before anything is there to lose. Of
    several that are due at once the shortest says all, and the caller tells that one.
    """
    if term.has_ended(now):
        return ()
    whole = term.ends - term.begins
    due = {each for each in lease.warn if each < whole and now >= term.ends - each}
    return tuple(sorted(due - set(given), reverse=True))


def next_look(lease: Lease, term: Term, now: datetime) -> datetime:
    """When there is something to do next: the next warning, or the end."""
    moments = [term.ends - each for each in lease.warn if each < term.ends - term.begins]
    return min([moment for moment in moments if moment > now], default=term.ends)
