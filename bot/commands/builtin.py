"""The core's own commands: help, who am I, confirm, audit, runs."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

import click

import bot
from bot.access import audit, confirmations
from bot.commands import help as helptext
from bot.commands.context import Context
from bot.commands.execute import confirmed
from bot.commands.model import Command, CommandError, Effect, Entry, Reply, Request, Rerun, command
from bot.commands.parameters import BUILD_NUMBER
from bot.commands.tables import table, utc
from bot.outbound.quoting import code, fence, quote
from bot.runs import runs
from bot.runs.states import ENDED, State
from bot.store.models import Run


@command("help", examples=("help", "help run list"))
@click.argument("words", nargs=-1)
def show_help(context: Context, words: tuple[str, ...]) -> Reply:
    """Show what you may run here, or tell more of one command."""
    services, request = context.services, context.request
    every = list(services.registry)
    mine = [each for each in every if services.may_ever(each, request.person, request.place).allowed]
    if not words:
        return Reply(helptext.overview(mine, len(every) - len(mine)))
    wanted = tuple(word.casefold() for word in words)
    found = [each for each in mine if each.words[: len(wanted)] == wanted]
    if not found:
        names = {each.name for each in mine} | {each.words[0] for each in mine}
        near = [f"`help {name}`" for name in get_close_matches(" ".join(wanted), sorted(names), n=2)]
        hint = f"Did you mean {' or '.join(near)}?" if near else "`help` shows what is."
        raise CommandError(f"There is no {code(' '.join(words))} that you may run here. {hint}")
    if len(found) == 1:
        return Reply(helptext.one_command(found[0]))
    return Reply(helptext.one_noun(" ".join(wanted), found))


@command("ping", examples=("ping",))
def ping(context: Context) -> Reply:
    """Answer, to show that I am there."""
    return Reply("pong")


@command("version", examples=("version",))
def version(context: Context) -> Reply:
    """Say which Sparkops this is."""
    return Reply(f"Sparkops {bot.__version__}")


@command("whoami", examples=("whoami",))
def whoami(context: Context) -> Reply:
    """Say who I take you for, where, and by what you are let in."""
    request, policy = context.request, context.services.policy
    groups = ", ".join(policy.groups_of(request.person)) or "none"
    owner = " You are one of my owners." if request.person.casefold() in policy.owners else ""
    return Reply(f"You are **{quote(request.person)}**, {_where(request)}. Groups: {quote(groups)}.{owner}")


def _where(request: Request) -> str:
    if request.place.type == "direct":
        return "in our direct room"
    if request.place.room_id is not None:
        return f"in the room {quote(request.place.title)}"
    return "at the terminal" if request.entry is Entry.TERMINAL else "in no room"


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
    """Say no to what I asked you to confirm."""
    with context.services.database.transaction() as session:
        done = confirmations.call_off(session, answer, person=context.request.person)
    if not done:
        raise CommandError(f"Nothing of yours waits for the code {code(answer)}.")
    return Reply("Left as it is; nothing was done.")


@command("audit", examples=("audit", "audit --denied --last 5"))
@click.option("--last", default=15, type=click.IntRange(1, 200), help="how many rows")
@click.option("--person", help="only this e-mail's requests")
@click.option("--denied", is_flag=True, help="only what was denied")
def show_audit(context: Context, last: int, person: str | None, denied: bool) -> Reply:
    """Show who asked for what lately, and what was decided."""
    with context.services.database.transaction() as session:
        rows = audit.latest(session, limit=last, person=person, decision="denied" if denied else None)
    if not rows:
        return Reply("No such requests yet.")
    lines = [
        (
            utc(row.at, "%m-%d %H:%M:%S") if row.at else "",
            row.person,
            row.line,
            row.result if row.decision == "allowed" else row.decision,
            row.rule,
        )
        for row in rows
    ]
    return Reply(fence(table(("UTC", "who", "asked", "came to", "by"), lines, widest=28)))


@command("run list", examples=("run list", "run list --all"))
@click.option("--all", "everything", is_flag=True, help="finished runs as well")
@click.option("--last", default=20, type=click.IntRange(1, 200), help="how many at the most")
def run_list(context: Context, everything: bool, last: int) -> Reply:
    """Show the runs that are going on."""
    with context.services.database.transaction() as session:
        found = runs.latest(session, limit=last, unfinished=not everything)
        rows = [
            (str(each.id), each.state, each.title, each.requester, utc(each.created_at, "%m-%d %H:%M"))
            for each in found
        ]
    if not rows:
        return Reply("No runs yet." if everything else "Nothing is running. `run list --all` shows what was.")
    return Reply(fence(table(("run", "state", "what", "who", "since (UTC)"), rows)))


@command("run show", examples=("run show 1",))
@click.argument("number", type=BUILD_NUMBER)
def run_show(context: Context, number: int) -> Reply:
    """Show one run: its state, and every move it made."""
    with context.services.database.transaction() as session:
        run = _run(session, number)
        moves = [
            (utc(each.at, "%H:%M:%S"), each.new, each.who[:32], each.why[:60])
            for each in runs.transitions(session, number)
        ]
        head = f"**{quote(run.title)}** (run {run.id}): **{run.state}**, for {quote(run.requester)}."
        head += f" {quote(run.result)}" if run.result else ""
        head += f" {quote(run.cancel_requested_by or '')} asked to cancel it." if _is_cancelling(run) else ""
    return Reply(f"{head}\n\n{fence(table(('UTC', 'to', 'by', 'why'), moves))}")


@command("run log", examples=("run log 1",))
@click.argument("number", type=BUILD_NUMBER)
@click.option("--last", default=40, type=click.IntRange(1, 1000), help="how many lines")
def run_log(context: Context, number: int, last: int) -> Reply:
    """Show the last lines a run wrote about itself."""
    with context.services.database.transaction() as session:
        _run(session, number)
        lines = [
            f"{utc(each.at, '%H:%M:%S')} {each.text}" for each in runs.log_lines(session, number, limit=last)
        ]
    return Reply(fence("\n".join(lines)) if lines else f"Run {number} has written nothing.")


def _says_cancel(context: Context, parameters: Mapping[str, Any]) -> str:
    with context.services.database.transaction() as session:
        run = _run(session, parameters["number"])
        if State(run.state) in ENDED:
            raise CommandError(f"Run {run.id} is over already: {run.state}.")
        return (
            f"Cancel run {run.id}, **{quote(run.title)}**, which is {run.state}, for {quote(run.requester)}?"
        )


@command("run cancel", effect=Effect.DESTROY, repeatable=True, says=_says_cancel, examples=("run cancel 1",))
@click.argument("number", type=BUILD_NUMBER)
def run_cancel(context: Context, number: int) -> Reply:
    """Ask a run to end; a lost one ends at once and frees what it holds."""
    with context.services.database.transaction() as session:
        try:
            run = runs.request_cancel(session, number, context.request.person)
        except runs.NoSuchRun as error:
            raise CommandError(str(error)) from error
        state = State(run.state)
    if state is State.CANCELLED:
        return Reply(f"Run {number} is cancelled.")
    if state in ENDED:
        return Reply(f"Run {number} is over already: {state}.")
    return Reply(f"Run {number} is asked to end. It says so in its own message when it has.")


def _run(session: Any, number: int) -> Run:
    try:
        return runs.get(session, number)
    except runs.NoSuchRun as error:
        raise CommandError(str(error)) from error


def _is_cancelling(run: Run) -> bool:
    return run.cancel_requested_by is not None and State(run.state) not in ENDED


COMMANDS: tuple[Command, ...] = (
    show_help,
    ping,
    version,
    whoami,
    confirm,
    leave,
    show_audit,
    run_list,
    run_show,
    run_log,
    run_cancel,
)
