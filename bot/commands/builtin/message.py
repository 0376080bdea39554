"""`message delete`: take a message back, the bot's own or, where it is a moderator, another's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from bot.commands.context import Context
from bot.commands.model import Command, CommandError, Effect, Reply, command
from bot.commands.room_words import as_arguments, called, in_words
from bot.commands.tables import utc
from bot.outbound.quoting import code, quote
from bot.rooms.fate import own_membership
from bot.rooms.find import Titled
from bot.webex import BadRequest, Forbidden, Message, NotFound

_PARENT = "parent"
_FIRST_WORDS = 80


def _resolve(context: Context, parameters: Mapping[str, Any]) -> Mapping[str, tuple[str, ...]]:
    """The message's id, and the room it stands in by title and id."""
    message = _message(context, parameters["message"])
    return {"message": (message.id,), **as_arguments([_room(context, message)])}


def _plan(context: Context, parameters: Mapping[str, Any]) -> str:
    """What a yes is bound to: edited meanwhile, it is not the message that was quoted."""
    message = _message(context, parameters["message"])
    return f"{message.id} {message.updated or message.created}"


def _says(context: Context, parameters: Mapping[str, Any]) -> str:
    message = _message(context, parameters["message"])
    _check_may_delete(context, message)
    return f"Delete {_told(context, message)}?"


@command(
    "message delete",
    effect=Effect.DESTROY,
    says=_says,
    plan=_plan,
    resolve=_resolve,
    examples=("message delete parent", "message delete Y2lzY29zcGFyazovL3VzL01FU1NBR0UvMQ"),
)
@click.argument("message", metavar="ID|parent")
def message_delete(context: Context, message: str) -> Reply:
    """Delete one message: mine, or another's where I am a moderator.

    `parent` is the first message of the thread this is said in.
    """
    found = _message(context, message)
    _check_may_delete(context, found)
    what = _told(context, found)
    with in_words():
        context.services.webex.delete_message(found.id)
        try:
            context.services.webex.get_message(found.id)
        except NotFound:
            return Reply(f"Deleted: {what}.")
    raise CommandError(f"Webex said yes to deleting {what}, and it is still there.")


def _message(context: Context, word: str) -> Message:
    """The message that is meant, if its asker is in its room. Raises CommandError."""
    message_id = _parent(context) if word.casefold() == _PARENT else word
    services, request = context.services, context.request
    unseen = CommandError(
        f"I see no message {code(message_id, limit=1000)}. In group rooms I see only my own, and those that mention me."
    )
    with in_words():
        try:
            message = services.webex.get_message(message_id)
        except (
            NotFound,
            BadRequest,
            Forbidden,
        ) as error:  # an id that is none is a 400, another's a 403 or 404
            raise unseen from error
    if message.room_id in request.place.ids:
        return message
    match services.relations.is_member(request.person, message.room_id):
        case True:
            return message
        case False:  # that there is one, and what it says, is none of their business
            raise unseen
    raise CommandError("I could not find out from Webex whether you are in that message's room. Try again.")


def _parent(context: Context) -> str:
    request = context.request
    if request.parent_id is None or request.parent_id == request.message_id:
        raise CommandError(
            f"{code(_PARENT)} is the first message of a thread, and this was said in none. Reply to the message, "
            "or name it by its id."
        )
    return request.parent_id


def _check_may_delete(context: Context, message: Message) -> None:
    """Raises CommandError for another's message where the bot is no moderator."""
    webex = context.services.webex
    with in_words():
        me = webex.me()
        if message.person_id == me.id:
            return
        own = own_membership(webex, message.room_id, me.email)
    if own is None or not own.is_moderator:
        raise CommandError(
            f"That message is {quote(message.person_email)}'s, and others' messages I may delete only where I am a "
            f"moderator. In {called(_room(context, message))} I am none."
        )


def _told(context: Context, message: Message) -> str:
    """`the message of **ada@example.com** in **Ops** of 2026-11-01 10:00 UTC: “first words”`."""
    with in_words():
        is_mine = message.person_id == context.services.webex.me().id
    whose = "my message" if is_mine else f"the message of **{quote(message.person_email)}**"
    where = called(_room(context, message))
    words = quote(message.text or message.markdown or "", _FIRST_WORDS)
    holds = (
        f"“{words}”" if words else "",
        "with a file" if message.files else "",
        "with a card" if message.has_card else "",
    )
    what = " ".join(filter(None, holds)) or "without words"
    return f"{whose} in {where} of {utc(message.created, '%Y-%m-%d %H:%M')} UTC: {what}"


def _room(context: Context, message: Message) -> Titled:
    with in_words():
        room = context.services.webex.get_room(message.room_id)
    return Titled(room.id, room.title, room.type)


COMMANDS: tuple[Command, ...] = (message_delete,)
