"""`say`: speak as the bot in another room."""

from __future__ import annotations

import re

import click

from bot.commands.context import Context
from bot.commands.model import Command, Effect, Reply, command
from bot.commands.room_words import called, in_words, resolve_room, room_named
from bot.outbound.outbox import safe
from bot.outbound.quoting import code
from bot.outbound.split import hard_breaks
from bot.rooms.known import spoke

_PERSON = re.compile(r"<@(?P<target>person(?:Email|Id):[^<>|\s]+)(?:\|[^<>|\n]*)?>")


@command(
    "say",
    effect=Effect.CHANGE,
    resolve=resolve_room,
    options_first=True,
    examples=("say Ops The deploy is done.", 'say "Release 41" "**Frozen** until Monday."'),
)
@click.argument("room")
@click.argument("text", nargs=-1, required=True)
def say(context: Context, room: str, text: tuple[str, ...]) -> Reply:
    """Say something in another room, as myself.

    The text is markdown; put it in quotes where its own quotes and backticks are to stay. People may be mentioned
    (`<@personEmail:…>`), all of a room at once never.
    """
    services, found = context.services, room_named(context, room)
    words = " ".join(text)
    mentions = tuple(match["target"] for match in _PERSON.finditer(words))
    with in_words():
        said = services.webex.post_message(
            found.id, markdown=hard_breaks(safe(words, services.redactor, mentions))
        )
    with services.database.transaction() as session:
        spoke(session, found.id, found.title, found.type, said.created)
    return Reply(
        f"Said in {called(found)}, as myself. {code(f'message delete {said.id}', limit=1000)} takes it back."
    )


COMMANDS: tuple[Command, ...] = (say,)
