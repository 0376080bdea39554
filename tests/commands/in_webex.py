"""A conversation whose bot really is in rooms of a stand-in Webex."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from bot.access.webex_relations import WebexRelations
from bot.commands.model import Outcome, Place
from bot.store.database import Database
from bot.webex import WebexClient
from tests.bot_in_process import BOT
from tests.playground.running import Webex, running_webex
from tests.talking import OWNER, Conversation, confirmation_code, conversation


@dataclass
class InWebex:
    """The bot, the owner, and the room they are in."""

    webex: Webex
    talk: Conversation
    room: str

    @property
    def place(self) -> Place:
        """The room, as requests come from it."""
        return Place((self.room,), "Sparkops demo", "group")

    def say(self, line: str, **changes: Any) -> str:
        """Say a line in the room; returns the reply."""
        return self.outcome(line, **changes).replies[0].markdown

    def outcome(self, line: str, **changes: Any) -> Outcome:
        """Say a line in the room; returns all that came of it."""
        return self.talk.outcome(line, **{"place": self.place, **changes})

    def confirmed(self, line: str, **changes: Any) -> str:
        """Say a line, and yes to what is asked; returns the reply to the yes."""
        return self.say(f"confirm {confirmation_code(self.say(line, **changes))}", **changes)

    def messages(self, room: str | None = None, *, person: str = OWNER) -> list[dict[str, Any]]:
        """The messages of a room, oldest first."""
        found = self.webex.person(person).get("messages", roomId=room or self.room, max=100)["items"]
        return list(reversed(found))

    def post(self, text: str, *, person: str = OWNER, room: str | None = None, **more: Any) -> dict[str, Any]:
        """Somebody mentions the bot, so that it can see the message."""
        markdown = f"<@personEmail:{BOT}|Sparkops> {text}"
        posted = self.webex.person(person).post(
            "messages", roomId=room or self.room, markdown=markdown, **more
        )
        assert isinstance(posted, dict)
        return posted


@contextmanager
def in_webex(
    database: Database, *, environ: Mapping[str, str] | None = None, **more: Any
) -> Iterator[InWebex]:
    """The bot in a room with its owner for as long as the block runs."""
    with running_webex() as webex:
        client = WebexClient(f"bot:{BOT}", webex.api)
        room = webex.room_with_bot("Sparkops demo")
        talk = conversation(
            database, environ=environ, webex=client, relations=WebexRelations(client), clients={}, **more
        )
        yield InWebex(webex, talk, room)
        client.close()
