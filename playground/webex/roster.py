"""Who is in which room: the memberships, indexed both ways. Keeps no rules."""

from collections.abc import Iterable, KeysView
from dataclasses import replace

from playground.webex.identifiers import opaque, stable_key
from playground.webex.records import Membership


class Roster:
    """All memberships, found by id, by room and by person without searching."""

    def __init__(self) -> None:
        self._by_id: dict[str, Membership] = {}
        self._by_room: dict[str, dict[str, str]] = {}
        self._by_person: dict[str, dict[str, str]] = {}

    def add(self, membership: Membership) -> None:
        """Remember a membership, in place of an older record of it."""
        self._by_id[membership.id] = membership
        self._by_room.setdefault(membership.room_id, {})[membership.person.id] = membership.id
        self._by_person.setdefault(membership.person.id, {})[membership.room_id] = membership.id

    def drop(self, membership: Membership) -> None:
        """Forget a membership."""
        del self._by_id[membership.id]
        del self._by_room[membership.room_id][membership.person.id]
        del self._by_person[membership.person.id][membership.room_id]

    def get(self, membership_id: str) -> Membership | None:
        """Return the membership with this id, or None."""
        return self._by_id.get(membership_id)

    def of(self, room_id: str, person_id: str) -> Membership | None:
        """Return the membership of this person in this room, or None."""
        membership_id = self._by_room.get(room_id, {}).get(person_id)
        return self._by_id[membership_id] if membership_id else None

    def is_member(self, room_id: str, person_id: str) -> bool:
        """Whether this person is in this room."""
        return person_id in self._by_room.get(room_id, {})

    def member_ids(self, room_id: str) -> KeysView[str]:
        """Return a live view of the ids of the people in a room."""
        return self._by_room.get(room_id, {}).keys()

    def in_room(self, room_id: str) -> Iterable[Membership]:
        """Return the memberships of a room, in order of joining."""
        return [self._by_id[membership_id] for membership_id in self._by_room.get(room_id, {}).values()]

    def of_person(self, person_id: str) -> Iterable[Membership]:
        """Return the memberships of a person, in order of joining."""
        return [self._by_id[membership_id] for membership_id in self._by_person.get(person_id, {}).values()]

    def has_moderator(self, room_id: str) -> bool:
        """Whether anybody moderates this room."""
        return any(membership.is_moderator for membership in self.in_room(room_id))

    def move(self, old_room_id: str, new_room_id: str) -> None:
        """Let everybody of one room be in another instead, under new membership ids."""
        for membership in self.in_room(old_room_id):
            self.drop(membership)
            new_id = membership_id(new_room_id, membership.person.id)
            self.add(replace(membership, id=new_id, room_id=new_room_id))


def membership_id(room_id: str, person_id: str) -> str:
    """Return the id of a membership; as in Webex, who comes back to a room gets the old one again."""
    return opaque("MEMBERSHIP", f"{stable_key(person_id)}:{stable_key(room_id)}")
