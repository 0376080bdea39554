"""What every Jenkins command does first: find the server, the client, the job, and put errors into words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from bot.access.credentials import CredentialError
from bot.commands.context import Context, Services
from bot.commands.model import CommandError
from bot.outbound.quoting import code, quote
from integrations.jenkins.client import JenkinsClient
from integrations.jenkins.credentials import client_as
from integrations.jenkins.errors import JenkinsError, NotFound
from integrations.jenkins.model import Job, shown_name
from integrations.jenkins.names import NoSuchJob, find_name
from integrations.jenkins.servers import NoSuchServer, Servers, server_of_room


def servers_of(services: Services) -> Servers:
    """The servers there are. Raises CommandError saying what to set where there is none."""
    servers = services.clients.get("jenkins")
    if isinstance(servers, Servers):
        return servers
    raise CommandError(
        "No Jenkins is set up here. Set `JENKINS_URL` (its root, such as https://jenkins.example.com/), "
        "`JENKINS_USER` and `JENKINS_TOKEN` (an API token of that user) and start me again."
    )


def usual_server(context: Context) -> str:
    """The server that is meant in this room where none is named. Raises CommandError where there is none at all."""
    servers = servers_of(context.services)
    with context.services.database.transaction() as session:
        chosen = server_of_room(session, context.request.place.room_id)
    return chosen if chosen in servers.names else servers.default


def bot_client(context: Context, named: str | None = None) -> JenkinsClient:
    """The bot's own client of the server that is meant. Raises CommandError.

    Which that is, `jenkins@prod` says, then the room's choice, then the settings; `named` goes before all.
    """
    servers = servers_of(context.services)
    name = named or next(iter(context.arguments.get("on", ())), None) or usual_server(context)
    try:
        return servers.get(name)
    except NoSuchServer as error:
        meant = f" Did you mean {code(error.likely)}?" if error.likely else ""
        known = ", ".join(code(each) for each in error.names)
        raise CommandError(f"I know no Jenkins called {code(name)}.{meant} There is {known}.") from error


def client_of(context: Context, named: str | None = None) -> JenkinsClient:
    """The client that acts as the asker, where they gave a credential, or else as the bot's own account.

    Raises CommandError: no Jenkins is set up, or the asker's credential cannot be opened.
    """
    bot = bot_client(context, named)
    try:
        return client_as(context.request.person, context.services, bot) or bot
    except CredentialError as error:
        raise CommandError(str(error)) from error


def noun_of(context: Context, client: JenkinsClient) -> str:
    """How a command to this server is begun in this room: `jenkins`, or `jenkins@prod`."""
    return "jenkins" if client.name == usual_server(context) else f"jenkins@{client.name}"


@contextmanager
def in_words() -> Iterator[None]:
    """Within, an error of Jenkins becomes a CommandError for the asker."""
    try:
        yield
    except JenkinsError as error:
        raise CommandError(quote(str(error), 600)) from error


def full_name(context: Context, parameters: Mapping[str, Any]) -> Mapping[str, tuple[str, ...]]:
    """The argument `job` as the full name that was meant, and `on` as the server.

    A rule about `team/*` holds for `deploy` too, and one about a server where none is named. Raises
    CommandError where no job, or more than one, can be meant.
    """
    client = client_of(context, parameters.get("on"))
    with in_words():
        return {"on": (client.name,), "job": (_find(context, client, str(parameters["job"])).full_name,)}


def server_name(context: Context, parameters: Mapping[str, Any]) -> Mapping[str, tuple[str, ...]]:
    """The argument `on` as the server that is meant, named or not."""
    return {"on": (bot_client(context, parameters.get("on")).name,)}


def full_name_if_given(context: Context, parameters: Mapping[str, Any]) -> Mapping[str, tuple[str, ...]]:
    """The same for an argument that may be left out."""
    return full_name(context, parameters) if parameters["job"] else server_name(context, parameters)


def find_job(context: Context, client: JenkinsClient) -> Job:
    """The job that `full_name` found. Raises CommandError."""
    with in_words():
        return client.job(context.arguments["job"][0])


def _find(context: Context, client: JenkinsClient, typed: str) -> Job:
    try:
        return client.job(typed)
    except NotFound:
        names = [each.full_name for each in client.jobs()]
    try:
        return client.job(find_name(typed, names))
    except NoSuchJob as error:
        raise CommandError(_which(error, noun_of(context, client))) from error


def _which(error: NoSuchJob, noun: str) -> str:
    likely = " or ".join(code(shown_name(each)) for each in error.likely)
    if error.ambiguous:
        return f"{code(error.typed)} could be {likely}. Say its full name."
    if likely:
        return f"Jenkins shows me no job {code(error.typed)}. Did you mean {likely}?"
    return f"Jenkins shows me no job {code(error.typed)}. `{noun} jobs` lists those I may see."
