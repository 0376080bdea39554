"""The rules for who is in a team: its members are those of its General room, under ids of their own."""

from collections.abc import Iterator
from dataclasses import dataclass

from playground.webex.errors import NotFound
from playground.webex.identifiers import opaque, stable_key
from playground.webex.memberships import Memberships
from playground.webex.paging import Page, Window, cut
from playground.webex.records import Membership, Person, Team
from playground.webex.rooms import Rooms
from playground.webex.roster import Roster


@dataclass(frozen=True, slots=True)
class TeamMembership:
    """One person in one team: the seat in its General room."""

    team: Team
    seat: Membership

    @property
    def id(self) -> str:
        """An id that says team membership, and is the same again for who comes back."""
        return opaque("TEAM_MEMBERSHIP", f"{stable_key(self.seat.person.id)}:{stable_key(self.team.id)}")


class TeamMemberships:
    """What a caller may do to the memberships of teams."""

    def __init__(self, roster: Roster, rooms: Rooms, memberships: Memberships) -> None:
        self._roster = roster
        self._rooms = rooms
        self._memberships = memberships

    def list(self, caller: Person, asked: Window, *, team_id: str) -> Page[TeamMembership]:
        """Return one page of a team's memberships. Raises NotFound for a team the caller is not in."""
        members = self._of(self._rooms.team(caller, team_id))
        return cut(members, lambda member: (member.seat.sequence,), asked)

    def get(self, caller: Person, membership_id: str) -> TeamMembership:
        """Return a membership in one of the caller's teams. Raises NotFound."""
        for team in self._rooms.teams_of(caller):
            for member in self._of(team):
                if member.id == membership_id:
                    return member
        raise NotFound()

    def create(self, caller: Person, team_id: str, person: Person, *, is_moderator: bool) -> TeamMembership:
        """Add a person to a team, and so to its General room.

        Raises NotFound for a team the caller is not in, Conflict for somebody who is, Forbidden for a caller
        who does not moderate the team.
        """
        team = self._rooms.team(caller, team_id)
        seat = self._memberships.create(caller, team.general_room_id, person, is_moderator=is_moderator)
        return TeamMembership(team, seat)

    def update(self, caller: Person, membership_id: str, *, is_moderator: bool) -> TeamMembership:
        """Make or unmake a team's moderator. Raises NotFound, Forbidden for who does not moderate the team."""
        member = self.get(caller, membership_id)
        seat = self._memberships.update(
            caller, member.seat.id, is_moderator=is_moderator, is_room_hidden=None
        )
        return TeamMembership(member.team, seat)

    def delete(self, caller: Person, membership_id: str) -> None:
        """Leave a team or take somebody out of it.

        Raises NotFound, Forbidden for a caller who does not moderate it and for its last moderator. The rooms
        of the team one was added to are kept: the reference does not say that they are lost.
        """
        self._memberships.delete(caller, self.get(caller, membership_id).seat.id)

    def _of(self, team: Team) -> Iterator[TeamMembership]:
        return (TeamMembership(team, seat) for seat in self._roster.in_room(team.general_room_id))
