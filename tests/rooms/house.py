"""A stand-in Webex with rooms for these tests, and somebody who talks with the bot about them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from bot.commands.model import Outcome, Place
from tests.playground.running import Webex
from tests.talking import OWNER, Conversation, confirmation_code

BOT = "sparkops@webex.bot"
ADA, GRACE, BOB = "ada@example.com", "grace@example.com", "bob@example.com"


@dataclass
class House:
    """The bot's rooms, and the owner in one of them."""

    webex: Webex
    talk: Conversation

    def room(self, title: str, *people: str, moderator: bool | None = None, **fields: Any) -> str:
        """A room of the owner's with the bot and these people in it; its id.

        `moderator` makes it a moderated one, with the bot as a moderator or as none.
        """
        owner = self.webex.person()
        self.webex.bot().get("people/me")
        room = owner.post("rooms", title=title, isLocked=moderator is not None, **fields)
        owner.post("memberships", roomId=room["id"], personEmail=BOT, isModerator=bool(moderator))
        for person in people:
            owner.post("memberships", roomId=room["id"], personEmail=person)
        return str(room["id"])

    def team_room(self, title: str) -> str:
        """A room of a team in which the bot is; its id."""
        owner = self.webex.person()
        self.webex.bot().get("people/me")
        team = owner.post("teams", name="Release train")
        owner.post("team/memberships", teamId=team["id"], personEmail=BOT)
        return self.room(title, teamId=team["id"])

    def direct(self, person: str) -> str:
        """The direct room of the bot and a person, who wrote to it; its id."""
        self.webex.bot().get("people/me")
        return str(self.webex.person(person).post("messages", toPersonEmail=BOT, text="Hello")["roomId"])

    def sit_in(self, room_id: str, title: str = "Ops", kind: str = "group") -> None:
        """The owner speaks in this room from now on."""
        self.talk = replace(self.talk, place=Place((room_id,), title, kind))

    def say(self, line: str, **changes: Any) -> str:
        """What the bot answers."""
        return self.talk.say(line, **changes)

    def confirm(self, line: str, **changes: Any) -> tuple[str, Outcome]:
        """What the bot asks before, and what comes of it after a yes."""
        asked = self.talk.say(line, **changes)
        return asked.split("\n\nSay `confirm")[0], self.talk.outcome(
            f"confirm {confirmation_code(asked)}", **changes
        )

    def members(self, room_id: str) -> set[str]:
        """Who is in a room, whoever may see it."""
        return {seat.person.email for seat in self.webex.world.roster.in_room(room_id)}

    def moderators(self, room_id: str) -> set[str]:
        """Who moderates a room."""
        return {s.person.email for s in self.webex.world.roster.in_room(room_id) if s.is_moderator}

    def is_there(self, room_id: str) -> bool:
        """Whether the room exists at all."""
        return room_id in self.webex.world.rooms._rooms

    def texts(self, room_id: str) -> list[str]:
        """What is said in a room, oldest first, as the owner sees it."""
        items = self.webex.person(OWNER).get("messages", roomId=room_id, max=100)["items"]
        return [each["text"] for each in reversed(items)]

    def calls(self, route: str) -> int:
        """How often the API was called so, whatever it answered."""
        return sum(self.webex.control("GET", "stats").json()["calls"].get(route, {}).values())

    @property
    def here(self) -> str:
        """The id of the room in which the owner speaks."""
        assert self.talk.place.room_id is not None
        return self.talk.place.room_id
