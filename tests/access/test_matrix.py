"""Every command × everybody × every door: who is let in where. Made from the registry, so a new command is in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import uuid4

import click
import pytest

from bot.access.policies import Policies
from bot.access.policy import OPEN_COMMANDS, Policy
from bot.assembly import load_parts
from bot.commands.context import asked
from bot.commands.gate import may_begin
from bot.commands.model import Command, Effect, Entry, Reply, Request
from bot.commands.parse import Parsed, parse, words_of
from bot.commands.registry import Registry
from bot.config_file import ConfigFile
from bot.runs.kinds import RunView
from bot.runs.states import State
from bot.store.database import Database
from bot.store.inbox_rows import store_event
from bot.store.models import Schedule
from bot.terminal import Terminal
from tests.bot_in_process import API_TOKEN, BOT, BotInProcess, about, bot_in_process, delivery, working
from tests.playground.running import Caller, Webex, running_webex
from tests.talking import OWNER, settings_of

ROOM = "Ops Berlin"
GRANTED, ELSEWHERE, UNGRANTED = "granted@example.com", "elsewhere@example.com", "ungranted@example.com"
FORMER, OTHER_BOT = "former@example.com", "other@webex.bot"
WHO = (OWNER, GRANTED, ELSEWHERE, UNGRANTED, FORMER, OTHER_BOT)
DOORS = ("text", "card", "rest", "terminal", "schedule", "begin")
"""The last is no door of its own: a run that waited is asked about once more before it begins."""
RULES = ConfigFile.model_validate(
    {
        "access": [
            {"allow": GRANTED, "rooms": [ROOM, "none"]},
            {"allow": ELSEWHERE, "rooms": "Another room"},
            {"allow": FORMER, "rooms": ROOM},
            {"allow": OTHER_BOT},
        ]
    }
)
REGISTRY = load_parts(settings_of({})).registry


def expected(who: str, door: str, command: Command) -> str:
    """What the matrix says, in words a person could have written on a wall."""
    is_open = command.name in OPEN_COMMANDS
    if who == OTHER_BOT:
        return "unheard" if door in ("text", "card") else "denied"
    if who == FORMER and door != "terminal":
        return "denied"
    if who in (OWNER, GRANTED):
        return "let in"
    return "let in" if is_open else "denied"


def harmless(command: Command) -> Command:
    """The same declaration with a handler that does nothing: what is tried is the gate."""

    made = click.Command(
        command.name,
        params=command.click.params,
        callback=lambda *_arguments, **_parameters: Reply("Done."),
        add_help_option=False,
        context_settings=command.click.context_settings,
    )
    says = (lambda *_: "Do it?") if command.effect is Effect.DESTROY else None
    return replace(command, click=made, says=says, resolve=None, plan=None)


@dataclass
class House:
    """The bot, its room, and a way in by every door."""

    bot: BotInProcess
    webex: Webex
    folder: Path

    def everywhere(self, who: str, door: str) -> dict[str, str]:
        """Try each command's first example; what was decided, by command."""
        lines = {command.name: command.examples[0] for command in REGISTRY}
        if door in ("text", "card"):
            events = {name: getattr(self, f"_{door}")(who, line) for name, line in lines.items()}
            if who == FORMER:
                self.leave(who)
            return {name: self.decided(lambda each=each: self.hear(each)) for name, each in events.items()}
        if who == FORMER:
            self.leave(who)
        enter = getattr(self, f"_{door}")
        return {name: self.decided(lambda line=line: enter(who, line)) for name, line in lines.items()}

    def decided(self, enter: Callable[[], str | None]) -> str:
        """What the audit row says that came of it."""
        last = self.bot.rows("SELECT coalesce(max(id), 0) FROM audit")[0][0]
        if (said := enter()) is not None:
            return said
        rows = self.bot.rows("SELECT decision FROM audit WHERE id > :last", last=last)
        if not rows:
            return "unheard"
        assert len(rows) == 1, rows
        return "let in" if rows[0][0] in ("allowed", "confirmation asked") else str(rows[0][0])

    def leave(self, who: str) -> None:
        """The person is no member of the room any more."""
        owner = self.webex.person()
        membership = owner.get("memberships", roomId=self.bot.room, personEmail=who)["items"][0]
        owner.delete(f"memberships/{membership['id']}")

    def hear(self, event: Mapping[str, Any]) -> None:
        """Deliver as Webex does, and let the bot work."""
        assert self.bot.deliver(event).status_code == 200
        self.bot.work()

    def caller(self, who: str) -> Caller:
        """Somebody at Webex."""
        return self.webex.bot(who) if who == OTHER_BOT else self.webex.person(who)

    def _text(self, who: str, line: str) -> Mapping[str, Any]:
        markdown = f"<@personEmail:{BOT}|Sparkops> {line}"
        said = self.caller(who).post("messages", roomId=self.bot.room, markdown=markdown)
        return about(said, **late(who))

    def _card(self, who: str, line: str) -> Mapping[str, Any]:
        if (
            who == OTHER_BOT
        ):  # Webex shows a bot no card of another's; whoever forged such an event is not heard
            return delivery("attachmentActions", "created", {"id": line, "personEmail": who})
        inputs = {"sparkops": "form", "words": json.dumps(words_of(line)), "shape": "[]"}
        pressed = self.caller(who).post(
            "attachment/actions", type="submit", messageId=self.card, inputs=inputs
        )
        data = {name: pressed[name] for name in ("id", "messageId", "personId", "roomId", "created")}
        return delivery("attachmentActions", "created", data | {"personEmail": who} | late(who))

    def _rest(self, who: str, line: str) -> None:
        body = {"command": line, "as": who, "room": self.bot.room}
        headers = {"Authorization": f"Bearer {API_TOKEN}"}
        with working(self.bot):
            assert self.bot.http.post("/api/commands", json=body, headers=headers).status_code == 200

    def _terminal(self, who: str, line: str) -> None:
        Terminal(self.bot.services, who, self.folder / "history").say(line)

    def _schedule(self, who: str, line: str) -> None:
        name = f"schedule {uuid4().hex}"
        with self.bot.database.transaction() as session:
            values = {"cron": "0 6 * * *", "task": "command", "line": line, "person_email": who}
            session.add(Schedule(name=name, room_id=self.bot.room, **values))
            store_event(session, "schedule", f"{name}:1", {"schedule": name, "slot": "1"}, "c0ffee")
        self.bot.work()

    def _begin(self, who: str, line: str) -> str:
        words = words_of(line)
        assert isinstance(words, tuple)
        parsed = parse(words, self.bot.services.registry)
        assert isinstance(parsed, Parsed), parsed
        request = Request("matrix", Entry.TEXT, who, self.bot.rooms.place(self.bot.room))
        view = RunView(
            1, "kind", "a run", State.REQUESTED, {}, {}, who, self.bot.room, "", None,
            asked=asked(parsed.command, request, parsed.arguments),
        )  # fmt: skip
        return "let in" if may_begin(view, self.bot.services) is None else "denied"

    @cached_property
    def card(self) -> str:
        """A card of the bot's in the room."""
        card = {"type": "AdaptiveCard", "version": "1.3", "body": [{"type": "TextBlock", "text": "Press"}]}
        attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
        posted = self.webex.bot().post(
            "messages", roomId=self.bot.room, text="Press", attachments=[attachment]
        )
        return str(posted["id"])


def late(who: str) -> dict[str, str]:
    """What somebody wrote before leaving is handled after: only then does leaving matter."""
    if who != FORMER:
        return {}
    return {"created": (datetime.now(UTC) - timedelta(minutes=3)).isoformat().replace("+00:00", "Z")}


@pytest.fixture(scope="module")
def webex() -> Iterator[Webex]:
    """A stand-in Webex."""
    with running_webex() as running:
        yield running


@pytest.fixture
def house(webex: Webex, database: Database, tmp_path: Path) -> Iterator[House]:
    """The bot with every command there is, harmless, in a room with everybody."""
    with bot_in_process(webex, database, room=False) as bot:
        bot.serve(
            replace(
                bot.services,
                registry=Registry(harmless(each) for each in REGISTRY),
                policies=Policies(Policy.of_file(RULES, owners=(OWNER,))),
            )
        )
        bot.room = webex.room_with_bot(ROOM)
        for who in (GRANTED, ELSEWHERE, UNGRANTED, FORMER):
            webex.person().post("memberships", roomId=bot.room, personEmail=who)
        webex.bot(OTHER_BOT).get("people/me")
        webex.person().post("memberships", roomId=bot.room, personEmail=OTHER_BOT)
        yield House(bot, webex, tmp_path)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("who", WHO)
def test_who_is_let_in_where(house: House, who: str, door: str) -> None:
    wanted = {command.name: expected(who, door, command) for command in REGISTRY}
    assert house.everywhere(who, door) == wanted
