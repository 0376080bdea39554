"""Which builds a room hears of, and who of the committers is who in Webex."""

from __future__ import annotations

import click

from bot.commands.context import Context
from bot.commands.model import Command, CommandError, Effect, Reply, command, join_words
from bot.commands.parameters import instance_option
from bot.commands.rows import Rows
from bot.outbound.quoting import code, quote
from bot.outbound.subscriptions import Stored, Subscribed, subscribe, subscriptions, unsubscribe
from integrations.jenkins.client import JenkinsClient
from integrations.jenkins.commands.asking import (
    bot_client,
    client_of,
    in_words,
    noun_of,
    server_name,
    servers_of,
    usual_server,
)
from integrations.jenkins.model import Result, shown_name
from integrations.jenkins.names import matches
from integrations.jenkins.relay import committers
from integrations.jenkins.relay.wishes import EVERY, Tells, Wish
from integrations.jenkins.render.wishes import said
from integrations.jenkins.settings import account


@command(
    "jenkins subscribe",
    effect=Effect.CHANGE,
    repeatable=True,
    resolve=server_name,
    examples=(
        "jenkins subscribe team/*",
        "jenkins subscribe api --tell all",
        "jenkins subscribe mb/* --branch main --tell failures",
        "jenkins subscribe api --by ada@example.com",
    ),
)
@instance_option("server")
@click.argument("glob", metavar="JOB-GLOB")
@click.option(
    "--tell",
    type=click.Choice([each.value for each in Tells]),
    default=Tells.CHANGES.value,
    help=f"changes: the first failure, every {EVERY}th that follows, the recovery; failures: each; all: every build",
)
@click.option(
    "--every", type=click.IntRange(1, 1000), default=EVERY, help="of how many failures in a row to tell one"
)
@click.option("--branch", "branches", multiple=True, help="only these branches (globs)")
@click.option(
    "--result",
    "results",
    multiple=True,
    type=click.Choice([each.value.lower() for each in Result], case_sensitive=False),
    help="only builds that end so",
)
@click.option("--by", "people", multiple=True, help="only builds these asked for or changed something in")
@click.option("--template", default="", help="the template of my operator's to write its messages by")
def subscribe_room(
    context: Context,
    on: str | None,
    glob: str,
    tell: str,
    every: int,
    branches: tuple[str, ...],
    results: tuple[str, ...],
    people: tuple[str, ...],
    template: str,
) -> Reply:
    """Tell this room of the builds of the jobs that match: what breaks, what stays broken, what recovers.

    Each job and branch has a thread of its own here. Said again for the same jobs, it changes what is told.
    """
    room_id, client = _room(context), client_of(context)
    wish = Wish(
        tells=Tells(tell),
        every=every,
        branches=branches,
        results=tuple(Result(each.upper()) for each in results),
        people=people,
        template=_template(context, template),
    )
    with context.services.database.transaction() as session:
        stored = subscribe(
            session, account(client.name), glob, room_id, context.request.person, wish.options()
        )
    noun, now = (
        noun_of(context, client),
        {Stored.NEW: "", Stored.SAME: " already", Stored.CHANGED: " from now on"}[stored],
    )
    ends = code(join_words((noun, "unsubscribe", glob)))
    return Reply(
        f"📣 This room hears{now} of {code(glob)}: {said(wish)}. {_matching_now(client, glob)}"
        f"{ends} ends it, `{noun} subscriptions` lists them."
    )


def _template(context: Context, name: str) -> str:
    known = servers_of(context.services).templates if name else ()
    if name and name not in known:
        there = f"There is {', '.join(map(code, known))}." if known else "There are none in `sparkops.yaml`."
        raise CommandError(f"I know no template {code(name)}. {there}")
    return name


def _matching_now(client: JenkinsClient, glob: str) -> str:
    """How many jobs match, as a hint; that Jenkins is away for the moment does not spoil a subscription."""
    try:
        with in_words():
            names = [shown_name(each.full_name) for each in client.jobs() if matches(each.full_name, glob)]
    except CommandError as error:
        return f"I could not look which jobs that are: {error} "
    if not names:
        return "No job matches it now. "
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"Now that is {', '.join(code(each) for each in names[:3])}{more}. "


@command(
    "jenkins unsubscribe",
    effect=Effect.CHANGE,
    repeatable=True,
    resolve=server_name,
    examples=("jenkins unsubscribe team/*",),
)
@instance_option("server")
@click.argument("glob", metavar="JOB-GLOB")
def unsubscribe_room(context: Context, on: str | None, glob: str) -> Reply:
    """Tell this room no more of the jobs that match; the glob must be one it subscribed to."""
    room_id, source = _room(context), account(bot_client(context).name)
    with context.services.database.transaction() as session:
        gone = unsubscribe(session, source, glob, room_id)
        left = [each.topic for each in subscriptions(session, source, room_id)]
    others = f" It still hears of {', '.join(map(code, left))}." if left else ""
    if gone:
        return Reply(f"🔕 This room hears no more of {code(glob)}.{others}")
    return Reply(f"This room was not subscribed to {code(glob)}.{others}")


@command("jenkins subscriptions", examples=("jenkins subscriptions",))
def list_subscriptions(context: Context) -> Reply:
    """List the jobs this room hears of, of every server."""
    names = servers_of(context.services).names
    with context.services.database.transaction() as session:
        found = {name: subscriptions(session, account(name), _room(context)) for name in names}
    lines = [_line(name, each, several=len(names) > 1) for name, those in found.items() for each in those]
    if not lines:
        return Reply("This room hears of no job. `jenkins subscribe JOB-GLOB` changes that.")
    usual = usual_server(context)
    other = next((name for name, those in found.items() if those and name != usual), None)
    beyond = f", `jenkins@{other} unsubscribe JOB-GLOB` one of another server" if other else ""
    ends = f"`jenkins unsubscribe JOB-GLOB` ends one{beyond}."
    return Reply("\n".join(["This room hears of", "", *lines, "", ends]))


def _line(server: str, each: Subscribed, *, several: bool) -> str:
    where = f" on **{server}**" if several else ""
    wish = Wish.model_validate(each.options)
    return f"- {code(each.topic)}{where}: {said(wish)}; {quote(each.created_by)} asked for it"


def _room(context: Context) -> str:
    room_id = context.request.place.room_id
    if room_id is None:
        raise CommandError("Subscriptions belong to a room: say it in the one that is to hear of the builds.")
    return room_id


@command(
    "jenkins committer",
    effect=Effect.CHANGE,
    repeatable=True,
    examples=(
        "jenkins committer alice alice@example.com",
        "jenkins committer alice --forget",
        "jenkins committer",
    ),
)
@click.argument("name", required=False)
@click.argument("email", required=False)
@click.option("--forget", is_flag=True, help="forget who it is")
def committer(context: Context, name: str | None, email: str | None, forget: bool) -> Reply:
    """Tell me who somebody is in Webex whom Jenkins knows by another name, so that they are called when they break it.

    A name is what Jenkins or a commit has: a user id, a full name, an address. Without one, all are listed.
    """
    with context.services.database.transaction() as session:
        if name is None:
            return _listed(
                [(each.name, each.person_email, each.added_by) for each in committers.every(session)]
            )
        if forget:
            known = committers.forget(session, name)
            return Reply(f"{code(name)} is {'forgotten' if known else 'nobody I was told of'}.")
        if email is None or email.count("@") != 1:
            raise CommandError(
                f"Say who {code(name)} is by their Webex address: `jenkins committer NAME EMAIL`."
            )
        committers.is_known_as(session, name, email.casefold(), context.request.person)
    return Reply(
        f"{code(name)} is {quote(email)}: I mention them in the room when they may know why a build broke."
    )


def _listed(rows: list[tuple[str, str, str]]) -> Reply:
    if not rows:
        return Reply("I was told of nobody. `jenkins committer NAME EMAIL` tells me who somebody is.")
    return Reply(Rows(("name in Jenkins", "in Webex", "said by"), rows).table())


COMMANDS: tuple[Command, ...] = (subscribe_room, unsubscribe_room, list_subscriptions, committer)
