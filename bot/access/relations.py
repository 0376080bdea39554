"""What Webex knows of people and rooms that a policy may ask: members, moderators, teams."""

from __future__ import annotations

from typing import Protocol


class Relations(Protocol):
    """Answers True, False or, where Webex cannot be asked now, None: an allow is then not given, a deny holds."""

    def is_member(self, person: str, room_id: str) -> bool | None:
        """Whether the person is in the room."""

    def moderates(self, person: str, room_id: str) -> bool | None:
        """Whether the person is one of the room's moderators."""

    def in_team(self, person: str, team: str) -> bool | None:
        """Whether the person is a member of the Webex team of that name or id."""

    def forget(self, room_id: str, person: str | None = None) -> None:
        """What was known of a room, or of one person in it, may not be true any more."""


class NoRelations:
    """Knows nothing: nobody moderates, nobody is in a team, and who is a member cannot be told."""

    def is_member(self, person: str, room_id: str) -> bool | None:
        """Not known."""
        return None

    def moderates(self, person: str, room_id: str) -> bool | None:
        """Not known."""
        return None

    def in_team(self, person: str, team: str) -> bool | None:
        """Not known."""
        return None

    def forget(self, room_id: str, person: str | None = None) -> None:
        """Nothing was known."""
