"""`switch stop`, `switch rollback` and `switch changes`: end a change, take one back, see which there were."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import click

from bot.commands.context import Context
from bot.commands.model import Command, CommandError, Effect, File, Reply, Said, command
from bot.commands.parameters import BUILD_NUMBER
from bot.commands.rows import MOST_IN_A_FILE, FileKind, as_option
from bot.outbound.quoting import quote
from bot.runs import runs
from bot.runs.states import ENDED, State
from integrations.switches.changing.draft import hidden
from integrations.switches.changing.looking import all_running
from integrations.switches.changing.model import ROLLBACK, Holds, RollbackOrder
from integrations.switches.changing.record import Record, keep_what_is_changed, latest
from integrations.switches.changing.running import digest
from integrations.switches.commands.asking import client_of, in_words
from integrations.switches.commands.configuring import must_be_on
from integrations.switches.inventory.model import Switch
from integrations.switches.render import changes as render
from integrations.switches.render.words import counted
from integrations.switches.store.models import SwitchChange, SwitchChangeState

_MAY_HOLD_IT = (Holds.NEW, Holds.NEITHER, Holds.UNKNOWN, Holds.BUSY)


def _begun(context: Context, run_id: int) -> SwitchChange:
    """A change that has begun. Raises CommandError for a run that is none."""
    change = Record(context.services.database, run_id).change()
    if change is None or change.of_run is not None:
        raise CommandError(f"Run {run_id} changed no switches. `switch changes` shows those that did.")
    return change


def _state(context: Context, run_id: int) -> State:
    with context.services.database.transaction() as session:
        return State(runs.get(session, run_id).state)


def _resolve_stop(context: Context, parameters: Mapping[str, Any]) -> Mapping[str, tuple[str, ...]]:
    """The switches of the change, so that rules about them hold for stopping it too."""
    change = _begun(context, parameters["run"])
    return {"switch": tuple(row.switch for row in Record(context.services.database, change.run_id).rows())}


def _says_stop(context: Context, parameters: Mapping[str, Any]) -> str:
    run_id = parameters["run"]
    change, state = _begun(context, run_id), _state(context, run_id)
    if state in ENDED or state is State.LOST:
        raise CommandError(
            f"Run {run_id} is {state}, and goes on no more. `switch rollback {run_id}` takes it back."
        )
    kept = "keep what is changed" if parameters["keep"] else "take back what is changed"
    return f"Stop run {run_id} of {quote(change.requester)} after the switches that are in work, and {kept}?"


@command(
    "switch stop",
    effect=Effect.DESTROY,
    repeatable=True,
    resolve=_resolve_stop,
    says=_says_stop,
    examples=("switch stop 1 --keep",),
)
@click.argument("run", type=BUILD_NUMBER)
@click.option("--keep", is_flag=True, help="leave changed what is changed")
def switch_stop(context: Context, run: int, keep: bool) -> Reply:
    """Stop a change that goes on: it is taken back (as `run cancel` does) or, with `--keep`, stays as far as it is."""
    with context.services.database.transaction() as session:
        if keep:
            keep_what_is_changed(session, run)
        runs.request_cancel(session, run, context.request.person)
    return Reply(f"Run {run} is asked to stop. It says so in its own message when it has.")


def _found(context: Context, run_id: int) -> tuple[SwitchChange, list[SwitchChangeState]]:
    """A change and those switches that may hold it. Raises CommandError where there is nothing to take back."""
    must_be_on(context)
    change, state = _begun(context, run_id), _state(context, run_id)
    if state not in ENDED and state is not State.LOST:
        raise CommandError(f"Run {run_id} goes on: `switch stop {run_id}` stops it and takes it back.")
    rows = [row for row in Record(context.services.database, run_id).rows() if row.state in _MAY_HOLD_IT]
    if not rows:
        raise CommandError(f"No switch holds anything of run {run_id}: there is nothing to take back.")
    return change, rows


def _resolve(context: Context, parameters: Mapping[str, Any]) -> Mapping[str, tuple[str, ...]]:
    _, rows = _found(context, parameters["run"])
    return {"switch": tuple(row.switch for row in rows)}


def _switches(context: Context, rows: Sequence[SwitchChangeState]) -> list[Switch]:
    """Those of them that are still in the inventory."""
    with in_words():
        known = client_of(context).inventory().switches
    return [known[row.switch] for row in rows if row.switch in known]


def _order(context: Context, parameters: Mapping[str, Any]) -> RollbackOrder:
    """What each holds now is part of it: one that does not answer is taken as it is found."""
    change, rows = _found(context, parameters["run"])
    found, _ = all_running(client_of(context), _switches(context, rows))
    return RollbackOrder(
        of_run=change.run_id,
        switches=tuple(row.switch for row in rows),
        present={name: digest(text) for name, text in found.items()},
        save=parameters["save"],
    )


def _plan(context: Context, parameters: Mapping[str, Any]) -> str:
    order = _order(context, parameters)
    return json.dumps(order.model_dump(mode="json"), sort_keys=True)


def _says(context: Context, parameters: Mapping[str, Any]) -> Said:
    change, rows = _found(context, parameters["run"])
    order = _order(context, parameters)
    moved = [
        row.switch for row in rows if row.after and order.present.get(row.switch, row.after) != row.after
    ]
    return Said(
        render.rollback_question(change, len(rows), moved, order.save), _patches(context, change.run_id, rows)
    )


def _patches(context: Context, run_id: int, rows: Sequence[SwitchChangeState]) -> File:
    """What each switch itself says it would do to go back (`show diff rollback-patch`), masked, equal ones once."""
    client, found = client_of(context), dict[str, list[str]]()
    switches = _switches(context, rows)
    # All checkpoints of a run have one name.
    asked = f"show diff rollback-patch running-config checkpoint {rows[0].checkpoint}"
    for result in client.ask(switches, [asked], form="text"):
        failure = result.failure
        says = failure.came_back if failure is not None else str(result.outputs[0].body or "")
        found.setdefault(hidden(_patch(says), result.switch), []).append(result.switch.name)
    return render.patch_file(run_id, found)


def _patch(says: str) -> str:
    """The commands, without what the switch says of its work on them (`Collecting…`, `#Generating…`, `!!`)."""
    lines = [line.rstrip() for line in says.splitlines()]
    return "\n".join(line for line in lines if line and not re.match(r"Collecting |#|!!|\*", line))


@command(
    "switch rollback",
    effect=Effect.DESTROY,
    repeatable=True,
    resolve=_resolve,
    says=_says,
    plan=_plan,
    examples=("switch rollback 1",),
)
@click.argument("run", type=BUILD_NUMBER)
@click.option("--save", is_flag=True, help="copy to the startup configuration at the end")
def switch_rollback(context: Context, run: int, save: bool) -> Reply:
    """Take a change back: every switch that holds it returns to its checkpoint."""
    order = _order(context, {"run": run, "save": save})
    title = f"back before run {run} on {counted(len(order.switches), 'switch')}"
    return context.start_run(ROLLBACK, title, order.model_dump(mode="json"), live=render.started(title))


@command("switch changes", examples=("switch changes", "switch changes --last 50 --as csv"))
@click.argument("run", required=False, type=BUILD_NUMBER)
@click.option("--last", default=10, type=click.IntRange(1, MOST_IN_A_FILE), help="how many at the most")
@as_option
def switch_changes(context: Context, run: int | None, last: int, kind: FileKind | None) -> Reply:
    """Show who changed what on which switches, and what came of it; with a run's number, all of that one."""
    if run is not None:
        record = Record(context.services.database, run)
        change = record.change()
        if change is None:
            raise CommandError(f"Run {run} changed no switches. `switch changes` shows those that did.")
        rows = record.rows()
        name, content = render.states_file(f"switch-change-{run}", rows)
        return Reply(render.one_change(change, rows), file=File(name, content, "text/csv"))
    with context.services.database.transaction() as session:
        found = latest(session, last)
    if not found:
        return Reply("No switch has been changed from here yet. `help switch config` shows how.")
    return render.history(found).reply(kind, "switch-changes", below="`switch changes RUN` shows all of one.")


COMMANDS: tuple[Command, ...] = (switch_stop, switch_rollback, switch_changes)
