"""End what runs or waits, once its asker has confirmed exactly that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from bot.access import confirmations
from bot.commands.context import Context
from bot.commands.model import CommandError, Effect, Reply, command
from bot.commands.parameters import BUILD_NUMBER, instance_option
from integrations.jenkins.acting import Ending
from integrations.jenkins.commands.asking import client_of, full_name, in_words
from integrations.jenkins.commands.stopping import to_stop


def _says_stop(context: Context, parameters: Mapping[str, Any]) -> str:
    how = _how(term=parameters["term"], kill=parameters["kill"])
    return to_stop(context, client_of(context), parameters["number"], how).says


def _how(*, term: bool, kill: bool) -> Ending:
    if term and kill:
        raise CommandError("Say `--term` or `--kill`, and not both: kill is for what term did not end.")
    return Ending.KILL if kill else Ending.TERM if term else Ending.STOP


@command(
    "jenkins stop",
    effect=Effect.DESTROY,
    repeatable=True,
    says=_says_stop,
    resolve=full_name,
    examples=("jenkins stop long-job", "jenkins stop long-job #2", "jenkins stop api #6 --term"),
)
@instance_option("server")
@click.argument("job")
@click.argument("number", type=BUILD_NUMBER, required=False, metavar="#n")
@click.option("--term", is_flag=True, help="break off a Pipeline that did not stop")
@click.option("--kill", is_flag=True, help="the last resort, for a Pipeline that did not even terminate")
def stop(context: Context, on: str | None, job: str, number: int | None, term: bool, kill: bool) -> Reply:
    """Stop the running build of a job, or take the waiting one out of the queue.

    Where several run, say which: `jenkins stop api #12`. A Pipeline that hangs can be broken off (--term)
    and, as the last resort, killed (--kill).
    """
    client = client_of(context)
    stoppable = to_stop(context, client, number, _how(term=term, kill=kill))
    with context.services.database.transaction() as session:
        asked = confirmations.expected_text(session, context.request.confirmed or "")
    if asked != stoppable.says:
        raise CommandError("What runs there has changed since I asked, so I stopped nothing. Say it again.")
    with in_words():
        return Reply(stoppable.end(client))


COMMANDS = (stop,)
