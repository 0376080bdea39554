"""Which Jenkins: the servers there are, and the one a room means where none is named."""

from __future__ import annotations

import click

from bot.commands.context import Context
from bot.commands.model import CommandError, Effect, Reply, command
from bot.commands.rows import Rows
from bot.outbound.quoting import code, quote
from integrations.jenkins.client import JenkinsClient
from integrations.jenkins.commands.asking import bot_client, servers_of, usual_server
from integrations.jenkins.errors import JenkinsError
from integrations.jenkins.servers import choose_server, unchoose_server


@command("jenkins servers", examples=("jenkins servers",))
def servers(context: Context) -> Reply:
    """List the Jenkins servers I know, how they are, and which one is meant in this room."""
    known, usual = servers_of(context.services), usual_server(context)
    rows = [
        (each.name, "here" if each.name == usual else "", *_state(each), each.url) for each in known.every()
    ]
    table = Rows(("server", "meant", "version", "state", "address"), rows).table()
    one = next((name for name in known.names if name != usual), None)
    hint = f"`jenkins@{one} jobs` asks another, `jenkins use {one}` has it meant in this room." if one else ""
    return Reply("\n\n".join(filter(None, (table, hint))))


def _state(client: JenkinsClient) -> tuple[str, str]:
    """Its version, and in a few words how it is."""
    try:
        quieting = client.quieting().on
    except JenkinsError as error:
        return "?", error.came_back
    return client.version or "?", "quieting down" if quieting else "up"


@command(
    "jenkins use", effect=Effect.CHANGE, repeatable=True, examples=("jenkins use main", "jenkins use default")
)
@click.argument("server")
def use(context: Context, server: str) -> Reply:
    """Choose the Jenkins that is meant in this room; `default` goes back to the usual one."""
    room_id = context.request.place.room_id
    if room_id is None:
        raise CommandError("A room chooses: say it in the room that is to mean this server.")
    known = servers_of(context.services)
    is_default = server.casefold() == "default" and "default" not in known.names
    client = bot_client(context, known.default if is_default else server)
    with context.services.database.transaction() as session:
        if is_default:
            unchoose_server(session, room_id)
        else:
            choose_server(session, room_id, client.name, context.request.person)
    return Reply(f"In this room {code('jenkins')} means **{quote(client.name)}** now: {quote(client.url)}")


COMMANDS = (servers, use)
