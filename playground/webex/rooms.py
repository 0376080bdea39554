"""Rooms and teams, and the rules for making, changing, deleting and leaving them.

Rules after developer.webex.com (rooms, teams); where the reference is silent a comment says what was assumed.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, Literal

from playground.webex.bus import Bus
from playground.webex.clock import Clock, timestamp
from playground.webex.errors import BadRequest, Forbidden, NotFound
from playground.webex.identifiers import opaque, random_key, stable_key
from playground.webex.paging import Page, Window, cut
from playground.webex.people import People
from playground.webex.records import Membership, Person, Room, RoomType, Team
from playground.webex.roster import Roster, membership_id

SortBy = Literal["id", "lastactivity", "created"]


@dataclass(frozen=True, slots=True)
class RoomDraft:
    """What a caller may say about a new room. `key` fixes the identifier, for seeded rooms."""

    title: str
    team_id: str | None = None
    is_locked: bool = False
    is_public: bool = False
    is_announcement_only: bool = False
    description: str | None = None
    key: str | None = None


class Rooms:
    """All rooms and teams."""

    def __init__(self, clock: Clock, bus: Bus, people: People, roster: Roster) -> None:
        self._clock = clock
        self._bus = bus
        self._people = people
        self._roster = roster
        self._rooms: dict[str, Room] = {}
        self._teams: dict[str, Team] = {}
        self._sequence = count(1)
        self._when_gone: list[Callable[[str], None]] = []
        self._when_migrated: list[Callable[[str, str], None]] = []

    def on_gone(self, listener: Callable[[str], None]) -> None:
        """Call `listener(room_id)` when a room has ceased to exist."""
        self._when_gone.append(listener)

    def on_migrated(self, listener: Callable[[str, str], None]) -> None:
        """Call `listener(old_room_id, new_room_id)` when a room got a new id."""
        self._when_migrated.append(listener)

    def any(self, room_id: str) -> Room:
        """Return a room whoever asks. Raises NotFound."""
        room = self._rooms.get(room_id)
        if room is None:
            raise NotFound("Could not find a room with provided ID.")
        return room

    def get(self, caller: Person, room_id: str) -> Room:
        """Return a room of the caller's. Raises NotFound, also for a room the caller is not in."""
        if not self._roster.is_member(room_id, caller.id):
            raise NotFound("Could not find a room with provided ID.")
        return self._rooms[room_id]

    def title(self, room: Room, viewer: Person) -> str:
        """Return the title a viewer sees: in a direct room, the other person's name."""
        if room.type == "group":
            return room.title
        others = [seat.person for seat in self._roster.in_room(room.id) if seat.person.id != viewer.id]
        return others[0].display_name if others else room.title

    def list(
        self,
        caller: Person,
        asked: Window,
        *,
        room_type: str | None,
        team_id: str | None,
        sort_by: str | None,
    ) -> Page[Room]:
        """Return one page of the caller's rooms; oldest membership first unless `sort_by` says otherwise.

        Raises BadRequest for a `type` or `sortBy` that does not exist.
        """
        if room_type not in (None, "direct", "group"):
            raise BadRequest(f"type must be 'direct' or 'group', not '{room_type}'.")
        rooms = [
            room
            for room in (self._rooms[seat.room_id] for seat in self._roster.of_person(caller.id))
            if room_type in (None, room.type) and team_id in (None, room.team_id)
        ]
        if sort_by is None:
            return cut(rooms, lambda room: (room.sequence,), asked)
        if sort_by == "id":
            return cut(rooms, lambda room: (room.id,), asked)
        if sort_by == "created":
            return cut(rooms, lambda room: (room.created, room.sequence), asked, newest_first=True)
        if sort_by == "lastactivity":
            return cut(rooms, lambda room: (room.last_activity, room.activity), asked, newest_first=True)
        raise BadRequest(f"sortBy must be 'id', 'lastactivity' or 'created', not '{sort_by}'.")

    def create(self, caller: Person, draft: RoomDraft) -> Room:
        """Make a group room with the caller in it, who moderates it when it is locked.

        Raises BadRequest for an empty title, a public room without description, announcements in an unlocked
        room; NotFound for a team the caller is not in.
        """
        if not draft.title.strip():
            raise BadRequest("title cannot be empty.")
        _check_modes(draft.is_locked, draft.is_announcement_only, draft.is_public, draft.description)
        if draft.team_id is not None:
            self.team(caller, draft.team_id)
        room = self._open("group", draft.title, caller, draft.key or random_key(), draft)
        self.seat(room, caller, caller, is_moderator=draft.is_locked)
        return room

    def direct(self, caller: Person, other: Person) -> Room:
        """Return the room of these two, made now if there is none. Raises BadRequest for oneself."""
        if caller.id == other.id:
            raise BadRequest("You cannot send a direct message to yourself.")
        room_id = _direct_room_id(caller.id, other.id)
        if room_id in self._rooms:
            return self._rooms[room_id]
        key = _direct_key(caller.id, other.id)
        room = self._open("direct", other.display_name, caller, key, RoomDraft(other.display_name))
        for person in (caller, other):
            self.seat(room, person, caller, is_moderator=False)
        return room

    def direct_if_any(self, caller: Person, other: Person) -> Room:
        """Return the room of these two. Raises NotFound when they never talked."""
        return self.get(caller, _direct_room_id(caller.id, other.id))

    def update(self, caller: Person, room_id: str, changes: dict[str, Any]) -> Room:
        """Change fields of a room, given by their field names here, and return it.

        Locking makes the caller a moderator, unlocking leaves nobody one. Raises BadRequest for a direct room
        and for modes that exclude each other, Forbidden for a locked room the caller does not moderate.
        """
        room = self.get(caller, room_id)
        if room.type == "direct":
            raise BadRequest("A direct room cannot be changed.")
        self.require_moderator(room, caller, "change it")
        if changes.get("team_id") not in (None, room.team_id):
            self._check_team_move(caller, room, changes["team_id"])
        if changes.get("description") == " ":
            # The reference: "To remove a `description` please use a space character ` ` by itself."
            changes = changes | {"description": None}
        changed = replace(room, **changes)
        _check_modes(changed.is_locked, changed.is_announcement_only, changed.is_public, changed.description)
        if changed.is_public and not room.is_public:
            changed = replace(changed, made_public=timestamp(self._clock()))
        return self._change(caller, room, changed)

    def set_read_only(self, room_id: str, read_only: bool) -> Room:
        """Make a room read-only or writable, as a compliance officer can."""
        room = self.any(room_id)
        return self._change(self._people.get(room.creator_id), room, replace(room, is_read_only=read_only))

    def set_locked(self, room_id: str, locked: bool, moderator: Person) -> Room:
        """Lock a room with a moderator, or unlock it. Raises BadRequest when the moderator is not in it."""
        room = self.any(room_id)
        if room.type == "direct":
            raise BadRequest("A direct room has no moderators.")
        if locked and not self._roster.is_member(room_id, moderator.id):
            raise BadRequest(f"{moderator.email} is not in this room and cannot moderate it.")
        return self._change(moderator, room, replace(room, is_locked=locked))

    def migrate(self, room_id: str) -> Room:
        """Give a room a new id, as a move to another region does; return the room under it."""
        room = self.any(room_id)
        moved = replace(room, id=opaque("ROOM", random_key()), migrated_from=room.id)
        del self._rooms[room.id]
        self._rooms[moved.id] = moved
        self._roster.move(room.id, moved.id)
        for listener in self._when_migrated:
            listener(room.id, moved.id)
        self._bus.publish("rooms", "migrated", room.creator_id, moved, self._roster.member_ids(moved.id))
        return moved

    def delete(self, caller: Person, room_id: str) -> None:
        """Archive a team's room, delete a moderator's, in any other case only let the caller leave.

        Raises BadRequest for a direct room ("Webex prevents these from being deleted"; the status is an
        assumption).
        """
        room = self.get(caller, room_id)
        if room.type == "direct":
            raise BadRequest("A direct room cannot be deleted.")
        seat = self._roster.of(room_id, caller.id)
        if room.team_id is not None and not (room.is_locked and seat and not seat.is_moderator):
            # How an archived room answers is not documented; here it stays, and nobody can post into it.
            self._change(caller, room, replace(room, is_read_only=True))
        elif seat and seat.is_moderator:
            self.dissolve(caller, room)
        elif seat:
            self.vacate(caller, seat)

    def seat(self, room: Room, person: Person, actor: Person, *, is_moderator: bool) -> Membership:
        """Put a person into a room, tell everybody in it, and return the membership."""
        membership = Membership(
            id=membership_id(room.id, person.id),
            room_id=room.id,
            room_type=room.type,
            person=person,
            created=timestamp(self._clock()),
            sequence=next(self._sequence),
            is_moderator=is_moderator,
        )
        self._roster.add(membership)
        self._bus.publish("memberships", "created", actor.id, membership, self._roster.member_ids(room.id))
        return membership

    def vacate(self, actor: Person, seat: Membership) -> None:
        """Take a person out of a room. With the last one the room goes too."""
        told = {*self._roster.member_ids(seat.room_id)}
        self._roster.drop(seat)
        self._bus.publish("memberships", "deleted", actor.id, seat, told)
        if not self._roster.member_ids(seat.room_id):
            self._forget(actor, self._rooms[seat.room_id], told)

    def dissolve(self, actor: Person, room: Room) -> None:
        """End a room, whoever may or may not do that.

        Webex has no rooms.deleted webhook; that its members learn of it by memberships.deleted is an assumption.
        """
        told = {*self._roster.member_ids(room.id)}
        for seat in self._roster.in_room(room.id):
            self._roster.drop(seat)
            self._bus.publish("memberships", "deleted", actor.id, seat, told)
        self._forget(actor, room, told)

    def touch(self, room_id: str, moment: str) -> None:
        """Note that a message came into a room at `moment`."""
        room = self._rooms[room_id]
        self._rooms[room_id] = replace(room, last_activity=moment, activity=next(self._sequence))

    def require_moderator(self, room: Room, caller: Person, deed: str) -> None:
        """Raise Forbidden when the room has moderators by its nature and the caller is none of them.

        That is a locked room, and a team's General room, whose moderators are the team's (an assumption: the
        reference names team moderators and does not say what only they can do).
        """
        seat = self._roster.of(room.id, caller.id)
        if seat and seat.is_moderator:
            return
        if self.is_general(room):
            raise Forbidden(f"Only the moderators of the team can {deed}.")
        if room.is_locked:
            raise Forbidden(f"This room is locked: only its moderators can {deed}.")

    def create_team(self, caller: Person, name: str, description: str | None) -> Team:
        """Make a team and its General room, moderated by the caller. Raises BadRequest for an empty name."""
        if not name.strip():
            raise BadRequest("name cannot be empty.")
        team_id = opaque("TEAM", random_key())
        general = self._open("group", name, caller, random_key(), RoomDraft(name, team_id=team_id))
        self.seat(general, caller, caller, is_moderator=True)
        self._teams[team_id] = Team(team_id, name, description, general.id, timestamp(self._clock()))
        return self._teams[team_id]

    def team(self, caller: Person, team_id: str) -> Team:
        """Return a team of the caller's. Raises NotFound."""
        team = self._teams.get(team_id)
        if team is None or not self._roster.is_member(team.general_room_id, caller.id):
            raise NotFound("Could not find a team with provided ID.")
        return team

    def teams(self, caller: Person, asked: Window) -> Page[Team]:
        """Return one page of the caller's teams."""
        return cut(self.teams_of(caller), lambda team: (team.created, team.id), asked)

    def teams_of(self, person: Person) -> Iterator[Team]:
        """Return the teams a person is in."""
        teams = self._teams.values()
        return (team for team in teams if self._roster.is_member(team.general_room_id, person.id))

    def update_team(self, caller: Person, team_id: str, name: str, description: str | None) -> Team:
        """Rename a team, and its General room with it, or describe it anew; return it.

        Raises NotFound, Forbidden for who does not moderate it, BadRequest for an empty name.
        """
        team = self.team(caller, team_id)
        if not name.strip():
            raise BadRequest("name cannot be empty.")
        general = self._rooms[team.general_room_id]
        self.require_moderator(general, caller, "change it")
        self._change(caller, general, replace(general, title=name))
        changed = replace(team, name=name, description=description or team.description)
        self._teams[team_id] = changed
        return changed

    def delete_team(self, caller: Person, team_id: str) -> None:
        """Delete a team with all its rooms. Raises NotFound, Forbidden for who does not moderate it.

        What becomes of the rooms the reference does not say; that they go too is an assumption.
        """
        team = self.team(caller, team_id)
        self.require_moderator(self._rooms[team.general_room_id], caller, "delete it")
        for room in [room for room in self._rooms.values() if room.team_id == team_id]:
            self.dissolve(caller, room)
        del self._teams[team_id]

    def is_general(self, room: Room) -> bool:
        """Whether this is the General room of a team."""
        team = self._teams.get(room.team_id) if room.team_id is not None else None
        return team is not None and team.general_room_id == room.id

    def is_in_team(self, room: Room, person: Person) -> bool:
        """Whether the room is a team's and the person in that team."""
        team = self._teams.get(room.team_id) if room.team_id is not None else None
        return team is not None and self._roster.is_member(team.general_room_id, person.id)

    def _open(self, room_type: RoomType, title: str, creator: Person, key: str, draft: RoomDraft) -> Room:
        moment = timestamp(self._clock())
        sequence = next(self._sequence)
        room = Room(
            id=opaque("ROOM", key),
            type=room_type,
            title=title,
            creator_id=creator.id,
            created=moment,
            last_activity=moment,
            sequence=sequence,
            activity=sequence,
            is_locked=draft.is_locked,
            is_public=draft.is_public,
            is_announcement_only=draft.is_announcement_only,
            description=draft.description,
            team_id=draft.team_id,
            made_public=moment if draft.is_public else None,
        )
        self._rooms[room.id] = room
        self._bus.publish("rooms", "created", creator.id, room, {creator.id})
        return room

    def _change(self, actor: Person, old: Room, new: Room) -> Room:
        self._rooms[new.id] = new
        if new.is_locked != old.is_locked:
            self._settle_moderators(actor, new)
        self._bus.publish("rooms", "updated", actor.id, new, self._roster.member_ids(new.id))
        return new

    def _settle_moderators(self, actor: Person, room: Room) -> None:
        for seat in self._roster.in_room(room.id):
            moderates = room.is_locked and (seat.is_moderator or seat.person.id == actor.id)
            if moderates != seat.is_moderator:
                changed = replace(seat, is_moderator=moderates)
                self._roster.add(changed)
                self._bus.publish(
                    "memberships", "updated", actor.id, changed, self._roster.member_ids(room.id)
                )

    def _forget(self, actor: Person, room: Room, told: set[str]) -> None:
        del self._rooms[room.id]
        for listener in self._when_gone:
            listener(room.id)
        self._bus.publish("rooms", "deleted", actor.id, room, told)

    def _check_team_move(self, caller: Person, room: Room, team_id: str) -> None:
        if room.team_id is not None:
            raise BadRequest("Only a room without a team can be moved into one.")
        self.team(caller, team_id)


def _check_modes(locked: bool, announcement_only: bool, public: bool, description: str | None) -> None:
    if announcement_only and not locked:
        raise BadRequest("A space can only be put into announcement mode when it is locked.")
    if public and not description:
        raise BadRequest("A public space must have a description.")


def _direct_key(one: str, other: str) -> str:
    return stable_key("direct", *sorted((one, other)))


def _direct_room_id(one: str, other: str) -> str:
    return opaque("ROOM", _direct_key(one, other))
