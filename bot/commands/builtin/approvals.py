"""`approve`, `deny` and `approvals`: others' answer to what somebody asked for."""

from __future__ import annotations

import click
from sqlalchemy import text
from sqlalchemy.orm import Session

from bot.access import approvals
from bot.access.approvers import agreed_by, may_agree, standings
from bot.commands import approval_messages as messages
from bot.commands import approval_words as words
from bot.commands.context import Context
from bot.commands.model import Command, CommandError, Reply, command
from bot.store.models import Approval

_MOST = 200
"""So many that wait are looked at, the oldest; more than that nobody reads."""


@command("approve", examples=("approve 4TZ8WM",))
@click.argument("answer", metavar="CODE")
def approve(context: Context, answer: str) -> Reply:
    """Say yes to what somebody else asked for."""
    request, services = context.request, context.services
    _expire_late(context, answer)
    try:
        with services.database.transaction() as session:
            vote = approvals.agree(
                session,
                answer,
                person=request.person,
                room_id=request.place.room_id,
                policy=services.policy,
                relations=services.relations,
            )
            if not vote.decides:
                return Reply(words.counted(vote.approval, vote.standings, is_new=vote.is_new))
            told = words.approved(vote.approval, agreed_by(vote.standings))
            _tell(context, session, vote.approval, told)
    except approvals.NotTaken as error:
        raise CommandError(str(error)) from error
    return Reply(told)


@command("deny", examples=("deny 4TZ8WM the freeze lasts until Monday",))
@click.argument("answer", metavar="CODE")
@click.argument("reason", nargs=-1)
def deny(context: Context, answer: str, reason: tuple[str, ...]) -> Reply:
    """Say no to what somebody else asked for, and why; one no ends it."""
    request, services = context.request, context.services
    _expire_late(context, answer)
    try:
        with services.database.transaction() as session:
            denied = approvals.deny(
                session,
                answer,
                person=request.person,
                reason=services.redactor.redact(" ".join(reason)),
                policy=services.policy,
                relations=services.relations,
            )
            told = words.denied(denied)
            _tell(context, session, denied, told)
    except approvals.NotTaken as error:
        raise CommandError(str(error)) from error
    return Reply(told)


@command("approvals", examples=("approvals",))
def show_approvals(context: Context) -> Reply:
    """Show what waits for your yes, and what of yours waits for others'."""
    with context.services.database.transaction() as session:
        now = session.execute(text("SELECT now()")).scalar_one()
        for_me: list[str] = []
        mine: list[str] = []
        for row in approvals.waiting(session, _MOST):
            asked = approvals.question(session, row, context.services.relations)
            policy, said_yes = context.services.policy, approvals.voters(session, row.code)
            entry = words.entry(row, standings(policy, asked, said_yes), now)
            if policy.identity(row.person_email) == policy.identity(context.request.person):
                mine.append(f"{entry}. `leave {row.code}` takes it back.")
            elif may_agree(policy, asked, context.request.person):
                agreed = policy.identity(context.request.person) in {
                    policy.identity(each) for each in said_yes
                }
                answer = (
                    "You agreed." if agreed else f"`approve {row.code}` or `deny {row.code}` with a reason."
                )
                for_me.append(f"{entry}. {answer}")
    parts = [("For you to decide", for_me), ("Yours, for others to decide", mine)]
    shown = [f"**{title}**\n\n" + "\n".join(entries) for title, entries in parts if entries]
    return Reply("\n\n".join(shown) or "Nothing waits for your yes, and nothing of yours for others'.")


def _expire_late(context: Context, answer: str) -> None:
    """By the database's clock, and now: whoever answers too late is told so, and whoever asked too."""
    with context.services.database.transaction() as session:
        messages.expire_due(session, context.services.redactor, answer)


def _tell(context: Context, session: Session, row: Approval, told: str) -> None:
    besides = messages.answered_at(context.request)
    messages.tell(session, row, told, context.services.redactor, besides=besides)


COMMANDS: tuple[Command, ...] = (approve, deny, show_approvals)
