"""`stale_rooms:` of `sparkops.yaml`: which rooms nobody uses any more, and what becomes of them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Literal

from pydantic import Field

from bot.config_fields import Kinds, Listed, Span, Strict
from bot.cron import BadCron, trigger

Fault = tuple[tuple[int | str, ...], str]
"""Where in the file, and what is wrong there."""
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,39}")


class StaleRooms(Strict):
    """One line of `stale_rooms:`. By itself it does nothing: a person runs it, or `schedule` does."""

    name: str
    """What it is called in `room stale NAME` and `room sweep NAME`: one word."""
    titles: Listed = ("*",)
    """Globs; a room whose title meets one of them may be stale. Capitals make no difference."""
    kinds: Kinds = ("group",)
    """Which rooms: `group` (of several people, in no team), `team`, `direct`."""
    idle: Span
    """How long no person has done anything in it, as far as that can be known."""
    action: Literal["notify", "leave", "delete"] = "notify"
    """`notify` gives notice and does nothing else. `delete` only leaves where the bot is no moderator."""
    grace: Span = timedelta(days=7)
    """How long a room has to answer its notice before anything is done."""
    keep: Span = timedelta(days=90)
    """How long a room is left alone when somebody presses Keep."""
    protected: Listed = ()
    """Titles, globs over titles and ids of rooms that are never touched."""
    report_to: str | None = None
    """The title or the id of the room that is told what will be done, and what was."""
    schedule: str | None = None
    """When it runs by itself: five cron fields in UTC, read when the clock starts. Left out: when a person says so."""
    most: int = Field(20, ge=0)
    """Of more rooms than that a person is asked first (`room sweep-go`). 0: always."""
    percent: int = Field(25, ge=0, le=100)
    """So too of more than so many of a hundred of all the rooms the bot is in."""


def faults_of_stale_rooms(policies: Sequence[StaleRooms]) -> Iterator[Fault]:
    """What pydantic cannot see: names that cannot be said or are given twice, policies about nothing."""
    first: set[str] = set()
    for number, policy in enumerate(policies):
        place = ("stale_rooms", number)
        if not _NAME.fullmatch(policy.name):
            says = "is no name to be typed: it begins with a letter and goes on with letters, digits, `.`, `_`, `-`"
            yield (*place, "name"), f"{policy.name!r} {says}"
        elif policy.name.casefold() in first:
            yield (*place, "name"), f"there is a policy {policy.name!r} already"
        first.add(policy.name.casefold())
        for key, given in (("titles", policy.titles), ("kinds", policy.kinds)):
            if not given:
                yield (*place, key), "is empty, so that the policy would be about nothing"
        if policy.action == "delete" and "direct" in policy.kinds:
            says = "a direct room cannot be deleted; leave 'direct' out, or let the action be 'leave', which hides it"
            yield (*place, "kinds"), says
        yield from _faults_of_schedule(place, policy)


def _faults_of_schedule(place: tuple[int | str, ...], policy: StaleRooms) -> Iterator[Fault]:
    if policy.schedule is None:
        return
    try:
        trigger(policy.schedule)
    except BadCron as error:
        yield (*place, "schedule"), str(error).rstrip(".")
    if policy.report_to is None:
        yield (*place, "schedule"), "needs 'report_to': somebody must be told what is done by the clock"
