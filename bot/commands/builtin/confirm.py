"""`confirm` and `leave`: the answer to what I asked you to confirm."""

from __future__ import annotations

import click

from bot.access import approvals, confirmations
from bot.commands import approval_messages as messages
from bot.commands import approval_words as words
from bot.commands.context import Context
from bot.commands.execute import confirmed
from bot.commands.model import Command, CommandError, Reply, Rerun, command
from bot.outbound.quoting import code


@command("confirm", examples=("confirm 7K3F9Q",))
@click.argument("answer", metavar="CODE")
def confirm(context: Context, answer: str) -> Reply | Rerun:
    """Say yes to what I asked you to confirm."""
    request = context.request
    with context.services.database.transaction() as session:
        try:
            taken = confirmations.confirm(
                session,
                answer,
                person=request.person,
                room_id=request.place.room_id,
                request_key=request.key,
            )
        except confirmations.NotConfirmed as error:
            raise CommandError(str(error)) from error
    return Rerun(confirmed(request, taken.code, taken.words))


@command("leave", examples=("leave 7K3F9Q",))
@click.argument("answer", metavar="CODE")
def leave(context: Context, answer: str) -> Reply:
    """Say no to what I asked you to confirm, or take back what waits for others' yes."""
    request, services = context.request, context.services
    with services.database.transaction() as session:
        if confirmations.call_off(session, answer, person=request.person):
            return Reply("Left as it is; nothing was done.")
        taken_back = approvals.withdraw(session, answer, person=request.person, policy=services.policy)
        if taken_back is None:
            raise CommandError(f"Nothing of yours waits for the code {code(answer)}.")
        told = words.withdrawn(taken_back)
        besides = messages.answered_at(request)
        messages.tell(session, taken_back, told, services.redactor, besides=besides)
    return Reply(told)


COMMANDS: tuple[Command, ...] = (confirm, leave)
