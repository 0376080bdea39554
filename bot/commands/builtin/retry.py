"""`retry`: do again what a command about many things could not do, and only that."""

from __future__ import annotations

from dataclasses import replace

import click

from bot.commands.context import Context
from bot.commands.model import Command, CommandError, Effect, Rerun, command
from bot.commands.parameters import BUILD_NUMBER
from bot.rooms import bulk


@command("retry", effect=Effect.CHANGE, repeatable=True, examples=("retry", "retry 7"))
@click.argument("number", type=BUILD_NUMBER, required=False)
def retry(context: Context, number: int | None) -> Rerun:
    """Do again what your last command about many things could not do, and nothing of what it did.

    It is asked as you would ask it anew: with the rights you have now, and confirmed where that is needed.
    """
    request = context.request
    with context.services.database.transaction() as session:
        left = bulk.left(session, request.person, request.place.ids, number)
    if left is None:
        which = (
            f"Nothing of yours has the number {number}" if number else "Nothing of yours waits in this room"
        )
        raise CommandError(f"{which}: either all of it was done, or it was somebody else's to ask.")
    return Rerun(replace(request, words=left.words, line=""))


COMMANDS: tuple[Command, ...] = (retry,)
