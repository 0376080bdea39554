"""The rules for adding people to rooms, making them moderators, hiding rooms and removing people."""

from collections.abc import Iterable
from dataclasses import replace

from playground.webex.bus import Bus
from playground.webex.errors import BadRequest, Conflict, Forbidden, NotFound
from playground.webex.paging import Page, Window, cut
from playground.webex.people import People
from playground.webex.records import Membership, Person, Room
from playground.webex.rooms import Rooms
from playground.webex.roster import Roster


class Memberships:
    """What a caller may do to memberships."""

    def __init__(self, bus: Bus, people: People, roster: Roster, rooms: Rooms) -> None:
        self._bus = bus
        self._people = people
        self._roster = roster
        self._rooms = rooms

    def list(
        self, caller: Person, asked: Window, *, room_id: str | None, person_id: str | None, email: str | None
    ) -> Page[Membership]:
        """Return one page of a room's memberships, or without a room of the caller's own.

        Of a locked room of their team, team members who are not in it see the moderators only
        (developer.webex.com, List Memberships).

        Raises BadRequest when a person is asked for without a room, NotFound for a room the caller is not in.
        """
        if room_id is None:
            if person_id or email:
                raise BadRequest("roomId is required when personId or personEmail is given.")
            return cut(self._roster.of_person(caller.id), _order, asked)
        seats = [
            seat
            for seat in self._seats_seen_by(caller, room_id)
            if person_id in (None, seat.person.id)
            and (email is None or seat.person.email.lower() == email.lower())
        ]
        return cut(seats, _order, asked)

    def get(self, caller: Person, membership_id: str) -> Membership:
        """Return a membership in one of the caller's rooms. Raises NotFound."""
        seat = self._roster.get(membership_id)
        if seat is None or not self._roster.is_member(seat.room_id, caller.id):
            raise NotFound()
        return seat

    def create(self, caller: Person, room_id: str, person: Person, *, is_moderator: bool) -> Membership:
        """Add a person to a group room.

        Raises Conflict for somebody who is in it, BadRequest for a direct room, Forbidden when the room is
        locked and the caller does not moderate it.
        """
        room = self._rooms.get(caller, room_id)
        if room.type == "direct":
            raise BadRequest("Nobody can be added to a direct room.")
        self._rooms.require_moderator(room, caller, "add people")
        if self._roster.is_member(room_id, person.id):
            raise Conflict("User is already a participant")
        return self._rooms.seat(room, person, caller, is_moderator=is_moderator)

    def update(
        self, caller: Person, membership_id: str, *, is_moderator: bool | None, is_room_hidden: bool | None
    ) -> Membership:
        """Make or unmake a moderator, or hide one's own direct room until its next message.

        Raises Forbidden when the room is locked and the caller does not moderate it, or on hiding for
        somebody else; BadRequest on hiding a group room or moderating a direct one.
        """
        seat = self.get(caller, membership_id)
        room = self._rooms.get(caller, seat.room_id)
        changed = seat
        if is_moderator is not None and is_moderator != seat.is_moderator:
            changed = self._moderate(caller, room, changed, is_moderator)
        if is_room_hidden is not None and is_room_hidden != seat.is_room_hidden:
            changed = _hide(caller, room, changed, is_room_hidden)
        self._roster.add(changed)
        self._bus.publish("memberships", "updated", caller.id, changed, self._roster.member_ids(room.id))
        return changed

    def delete(self, caller: Person, membership_id: str) -> None:
        """Leave a room or take somebody out of it.

        Raises BadRequest for a direct room, Forbidden when the room is locked and the caller does not
        moderate it, and for the last moderator of a team's General room.
        """
        seat = self.get(caller, membership_id)
        room = self._rooms.get(caller, seat.room_id)
        if room.type == "direct":
            raise BadRequest("A direct room cannot be left.")
        if seat.person.id != caller.id:
            self._rooms.require_moderator(room, caller, "remove people")
        if self._rooms.is_general(room) and seat.is_moderator and self._moderators(room) == 1:
            raise Forbidden(
                "The last moderator of a team's General room cannot leave it; promote another one first."
            )
        self._rooms.vacate(caller, seat)

    def unhide(self, room: Room) -> None:
        """Show a hidden direct room again, as any new message does."""
        for seat in self._roster.in_room(room.id):
            if seat.is_room_hidden:
                self._roster.add(replace(seat, is_room_hidden=False))

    def _seats_seen_by(self, caller: Person, room_id: str) -> Iterable[Membership]:
        room, seats = self._rooms.any(room_id), self._roster.in_room(room_id)
        if self._roster.is_member(room_id, caller.id):
            return seats
        if not self._rooms.is_in_team(room, caller):
            raise NotFound("Could not find a room with provided ID.")
        return [seat for seat in seats if seat.is_moderator] if room.is_locked else seats

    def _moderate(self, caller: Person, room: Room, seat: Membership, is_moderator: bool) -> Membership:
        if room.type == "direct":
            raise BadRequest("A direct room has no moderators.")
        self._rooms.require_moderator(room, caller, "name moderators")
        return replace(seat, is_moderator=is_moderator)

    def _moderators(self, room: Room) -> int:
        return sum(seat.is_moderator for seat in self._roster.in_room(room.id))


def _hide(caller: Person, room: Room, seat: Membership, is_room_hidden: bool) -> Membership:
    if room.type != "direct":
        raise BadRequest("Only a direct room can be hidden.")
    if seat.person.id != caller.id:
        raise Forbidden("A room can be hidden only by its member.")
    return replace(seat, is_room_hidden=is_room_hidden)


def _order(seat: Membership) -> tuple[int]:
    return (seat.sequence,)
