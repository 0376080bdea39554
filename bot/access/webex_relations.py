"""Members, moderators and teams as Webex tells them, remembered for a minute."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

import structlog

from bot.access.answers import Answers
from bot.webex import Forbidden, NotFound, RateLimited, Team, Unreachable, WebexClient

log = structlog.get_logger(__name__)

_MOST_SEATS = 20_000
_MOST_TEAMS = 500
_PAUSE = 5.0
"""Seconds without a question after Webex gave no answer at all: whoever asks next must not wait for it too."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Seat:
    """What one person is in one room."""

    is_member: bool
    is_moderator: bool


class WebexRelations:
    """Implements `bot.access.relations.Relations` over the bot's own account. Safe to share between threads.

    An answer, yes or no, holds for `seconds`. While Webex is away one that is not older than `stale` seconds
    is used, and where there is none the answer is None. The same question asked at once is one call.
    """

    def __init__(
        self,
        webex: WebexClient,
        seconds: float = 60.0,
        stale: float = 600.0,
        *,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`now` tells seconds that never go back."""
        self._webex = webex
        self._now = now
        self._silent_until = float("-inf")
        self._seats = Answers(self._seat, seconds=seconds, stale=stale, most=_MOST_SEATS, now=now)
        self._members = Answers(self._members_of, seconds=seconds, stale=stale, most=_MOST_TEAMS, now=now)
        self._teams = Answers(self._all_teams, seconds=seconds, stale=stale, most=1, now=now)

    def is_member(self, person: str, room_id: str) -> bool | None:
        """Whether the person is in the room, group or direct; False too where the bot itself is not."""
        seat = self._seats.of((room_id, person.casefold()))
        return None if seat is None else seat.is_member

    def moderates(self, person: str, room_id: str) -> bool | None:
        """Whether the person is one of the room's moderators; learnt by the same call as membership."""
        seat = self._seats.of((room_id, person.casefold()))
        return None if seat is None else seat.is_moderator

    def in_team(self, person: str, team: str) -> bool | None:
        """Whether the person is in the team of this id or, capitals aside, this name.

        None as well where the bot is in no such team, or in several of that name: anybody may make a team
        called like another and put the bot into it, so a name that is not unique says nothing.
        """
        members = self._members.of(team.strip())
        return None if members is None else person.casefold() in members

    def forget(self, room_id: str, person: str | None = None) -> None:
        """Ask anew about a room, or one person in it: Webex has just told that a membership changed.

        A team's members are those of its General room, so what is known of teams is forgotten too.
        """
        email = person.casefold() if person else None
        self._seats.forget(lambda seat: seat[0] == room_id and email in (None, seat[1]))
        self._members.forget(lambda _team: True)

    def _seat(self, key: tuple[str, str]) -> _Seat:
        room_id, email = key
        try:
            found = self._ask(lambda: self._webex.list_memberships(room_id, person_email=email))
        except (NotFound, Forbidden):
            return _Seat(False, False)
        mine = [each for each in found if each.person_email.casefold() == email]
        return _Seat(bool(mine), any(each.is_moderator for each in mine))

    def _members_of(self, team: str) -> frozenset[str] | None:
        teams = self._teams.of("mine")
        if teams is None:
            raise Unreachable("Listing the bot's teams", "Webex has not answered lately", sent=False)
        found = _called(team, teams)
        if len(found) != 1:
            log.warning("relations.team_not_known", team=team, teams_of_that_name=len(found))
            return None
        try:
            members = self._ask(lambda: self._webex.list_team_memberships(found[0].id))
        except (NotFound, Forbidden):
            log.warning("relations.team_lost", team=team)  # since the list of teams was asked
            return None
        return frozenset(each.person_email.casefold() for each in members)

    def _all_teams(self, _key: str) -> tuple[Team, ...]:
        return tuple(self._ask(self._webex.list_teams))

    def _ask(self, call: Callable[[], Iterable[T]]) -> list[T]:
        """Make a call, unless Webex has just said to wait, or not said anything. Raises WebexError."""
        if self._now() < self._silent_until:
            raise Unreachable("Asking about members", "Webex did not answer a moment ago", sent=False)
        try:
            return list(call())
        except RateLimited as error:
            self._silent_until = self._now() + error.retry_after
            raise
        except Unreachable:
            self._silent_until = self._now() + _PAUSE
            raise


def _called(team: str, teams: tuple[Team, ...]) -> list[Team]:
    by_id = [each for each in teams if each.id == team]
    return by_id or [each for each in teams if each.name.strip().casefold() == team.casefold()]
