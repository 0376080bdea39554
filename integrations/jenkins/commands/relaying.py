"""Which builds a room hears of."""

from __future__ import annotations

import click

from bot.commands.context import Context
from bot.commands.model import CommandError, Effect, Reply, command
from bot.outbound.quoting import code, quote
from bot.outbound.subscriptions import Stored, subscribe, subscriptions, unsubscribe
from integrations.jenkins.commands.asking import client_of, in_words
from integrations.jenkins.model import shown_name
from integrations.jenkins.names import matches
from integrations.jenkins.servers import Servers
from integrations.jenkins.story import SOURCE


@command(
    "jenkins subscribe",
    effect=Effect.CHANGE,
    repeatable=True,
    examples=("jenkins subscribe team/*", "jenkins subscribe api"),
)
@click.argument("glob", metavar="JOB-GLOB")
def subscribe_room(context: Context, glob: str) -> Reply:
    """Tell this room of every finished build of the jobs that match."""
    room_id = _room(context)
    with context.services.database.transaction() as session:
        stored = subscribe(session, SOURCE, glob, room_id, context.request.person)
    again = " already" if stored is Stored.SAME else ""
    return Reply(
        f"📣 This room hears{again} of every finished build of {code(glob)}. {_matching_now(context, glob)}"
        f"`jenkins unsubscribe {glob}` ends it, `jenkins subscriptions` lists them."
    )


def _matching_now(context: Context, glob: str) -> str:
    """How many jobs match, as a hint; that Jenkins is away for the moment does not spoil a subscription."""
    if not isinstance(context.services.clients.get("jenkins"), Servers):
        return "No Jenkins is set up here yet, so nothing will be heard until one is. "
    try:
        client = client_of(context)
        with in_words():
            names = [shown_name(each.full_name) for each in client.jobs() if matches(each.full_name, glob)]
    except CommandError as error:
        return f"I could not look which jobs that are: {error} "
    if not names:
        return "No job matches it now. "
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"Now that is {', '.join(code(each) for each in names[:3])}{more}. "


@command(
    "jenkins unsubscribe", effect=Effect.CHANGE, repeatable=True, examples=("jenkins unsubscribe team/*",)
)
@click.argument("glob", metavar="JOB-GLOB")
def unsubscribe_room(context: Context, glob: str) -> Reply:
    """Tell this room no more of the jobs that match; the glob must be one it subscribed to."""
    room_id = _room(context)
    with context.services.database.transaction() as session:
        gone = unsubscribe(session, SOURCE, glob, room_id)
        left = [each.topic for each in subscriptions(session, SOURCE, room_id)]
    others = f" It still hears of {', '.join(map(code, left))}." if left else ""
    if gone:
        return Reply(f"🔕 This room hears no more of {code(glob)}.{others}")
    return Reply(f"This room was not subscribed to {code(glob)}.{others}")


@command("jenkins subscriptions", examples=("jenkins subscriptions",))
def list_subscriptions(context: Context) -> Reply:
    """List the jobs this room hears of."""
    with context.services.database.transaction() as session:
        found = subscriptions(session, SOURCE, _room(context))
    if not found:
        return Reply("This room hears of no job. `jenkins subscribe JOB-GLOB` changes that.")
    lines = [f"- {code(each.topic)}, since {quote(each.created_by)} asked for it" for each in found]
    return Reply(
        "\n".join(
            [
                "This room hears of every finished build of",
                "",
                *lines,
                "",
                "`jenkins unsubscribe JOB-GLOB` ends one.",
            ]
        )
    )


def _room(context: Context) -> str:
    room_id = context.request.place.room_id
    if room_id is None:
        raise CommandError("Subscriptions belong to a room: say it in the one that is to hear of the builds.")
    return room_id


COMMANDS = (subscribe_room, unsubscribe_room, list_subscriptions)
