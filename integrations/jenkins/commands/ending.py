"""End what runs or waits, once its asker has confirmed exactly that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from bot.access import confirmations
from bot.commands.context import Context
from bot.commands.model import CommandError, Effect, Reply, command
from bot.commands.parameters import BUILD_NUMBER, instance_option
from integrations.jenkins.commands.asking import client_of, full_name, in_words
from integrations.jenkins.commands.stopping import to_stop


def _says_stop(context: Context, parameters: Mapping[str, Any]) -> str:
    return to_stop(context, client_of(context), parameters["number"]).says


@command(
    "jenkins stop",
    effect=Effect.DESTROY,
    repeatable=True,
    says=_says_stop,
    resolve=full_name,
    examples=("jenkins stop long-job", "jenkins stop long-job #2"),
)
@instance_option("server")
@click.argument("job")
@click.argument("number", type=BUILD_NUMBER, required=False, metavar="#n")
def stop(context: Context, on: str | None, job: str, number: int | None) -> Reply:
    """Stop the running build of a job, or take the waiting one out of the queue.

    Where several run, say which: `jenkins stop api #12`.
    """
    client = client_of(context)
    stoppable = to_stop(context, client, number)
    with context.services.database.transaction() as session:
        asked = confirmations.expected_text(session, context.request.confirmed or "")
    if asked != stoppable.says:
        raise CommandError("What runs there has changed since I asked, so I stopped nothing. Say it again.")
    with in_words():
        return Reply(stoppable.end(client))


COMMANDS = (stop,)
