"""`run …`: the work that outlives a reply."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from bot.commands.context import Context
from bot.commands.model import Command, CommandError, Effect, Reply, command
from bot.commands.parameters import BUILD_NUMBER
from bot.commands.rows import MOST_IN_A_FILE, FileKind, Rows, as_option
from bot.commands.tables import table, utc
from bot.outbound.quoting import fence, quote
from bot.runs import runs
from bot.runs.states import ENDED, State
from bot.store.models import Run


@command("run list", examples=("run list", "run list --all", "run list --all --as csv"))
@click.option("--all", "everything", is_flag=True, help="finished runs as well")
@click.option("--last", type=click.IntRange(1, MOST_IN_A_FILE), help="how many at the most, 20 in a table")
@as_option
def run_list(context: Context, everything: bool, last: int | None, kind: FileKind | None) -> Reply:
    """Show the runs that are going on."""
    limit = last or (MOST_IN_A_FILE if kind else 20)
    with context.services.database.transaction() as session:
        found = runs.latest(session, limit=limit, unfinished=not everything)
        rows = [(each.id, each.state, each.title, each.requester, each.created_at) for each in found]
    if not rows:
        return Reply("No runs yet." if everything else "Nothing is running. `run list --all` shows what was.")
    return Rows(("run", "state", "what", "who", "since (UTC)"), rows).reply(kind, "runs")


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


COMMANDS: tuple[Command, ...] = (run_list, run_show, run_log, run_cancel)
