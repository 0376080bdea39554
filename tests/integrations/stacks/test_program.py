"""A program as an engine: the operations it is told, the lines it answers with, and what is made of others."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from integrations.stacks.engines.model import (
    Change,
    Counts,
    Diagnosed,
    Diagnostic,
    Found,
    Held,
    Job,
    Moved,
    Outcome,
    Output,
    Phase,
    Purpose,
    Said,
)
from integrations.stacks.engines.program import Given, Program, read_line
from integrations.stacks.errors import EngineFailed, MissingProgram, PlanChanged
from tests.integrations.stacks.jobs import Hearing, job

NODES = """#!/usr/bin/env python3
import json, os, pathlib, sys

def say(event, **more):
    print(json.dumps({"event": event} | more), flush=True)

operation = sys.argv[-1]
values = json.loads(pathlib.Path(os.environ["SPARKOPS_VARIABLES"]).read_text())
made = pathlib.Path("made")
there = set(made.read_text().split()) if made.exists() else set()
wanted = {f"node.{n}" for n in range(values["nodes"])} if os.environ["SPARKOPS_PURPOSE"] == "apply" else set()
if operation in ("plan", "refresh"):
    for name in sorted(wanted - there):
        say("change", address=name, action="create")
    for name in sorted(there - wanted):
        say("change", address=name, action="delete")
    for name in sorted(there):
        say("held", address=name)
    pathlib.Path(os.environ["SPARKOPS_PLAN"]).write_text(" ".join(sorted(wanted)))
elif operation in ("apply", "destroy"):
    planned = set(pathlib.Path(os.environ["SPARKOPS_PLAN"]).read_text().split())
    for name in sorted(planned ^ there):
        action = "create" if name in planned else "delete"
        say("progress", address=name, action=action, phase="started")
        if name == values.get("bad"):
            say("error", summary="no more room", address=name)
            sys.exit(1)
        there = there | {name} if name in planned else there - {name}
        made.write_text(" ".join(sorted(there)))
        say("progress", address=name, action=action, phase="done")
    print("the password is " + values["os_pass"])
elif operation == "outputs":
    say("output", name="count", value=len(there))
    say("output", name="pass", value="x", sensitive=True)
"""


def programmed(
    folder: Path, text: str = NODES, command: tuple[str, ...] = ("./provision",), **values: Any
) -> Job:
    """A job of a program."""
    work = job(
        folder,
        {"provision": text} if text else {},
        spec={"engine": "program", "program": {"command": list(command)}},
        secrets={"os_pass": "hunter2-hunter2"},
        **values,
    )
    if text:
        (work.folder / "provision").chmod(0o755)
    return work


def test_it_plans_applies_tells_and_takes_away(tmp_path: Path) -> None:
    work, hearing, engine = programmed(tmp_path, nodes=2), Hearing(), Program()
    plan = engine.plan(work, Purpose.APPLY, hearing.listener)
    assert plan.changes == (Change("node.0", ("create",)), Change("node.1", ("create",)))
    assert (plan.counts, plan.has_changes) == (Counts(add=2), True)
    result = engine.apply(work, plan, hearing.listener)
    assert (result.outcome, result.counts) == (Outcome.DONE, Counts(add=2))
    assert engine.outputs(work, hearing.listener) == {"count": Output(2), "pass": Output("x", sensitive=True)}
    assert engine.held(work, hearing.listener) == (Held("node.0"), Held("node.1"))
    assert not engine.refresh(work, hearing.listener).has_changes
    gone = engine.destroy(work, hearing.listener)
    assert (gone.outcome, gone.counts) == (Outcome.DONE, Counts(remove=2))
    assert engine.held(work, hearing.listener) == ()


def test_its_secrets_are_taken_out_and_given_in_a_file_that_only_it_can_read(tmp_path: Path) -> None:
    work, hearing = programmed(tmp_path, nodes=1), Hearing()
    Program().apply(work, Program().plan(work, Purpose.APPLY, hearing.listener), hearing.listener)
    assert Said("the password is «redacted»") in hearing.events
    assert stat.S_IMODE((work.private / "variables.json").stat().st_mode) == 0o600
    logs = "".join(path.read_text() for path in work.private.glob("*.log"))
    assert "hunter2" not in logs


def test_what_was_begun_before_an_error_makes_it_partial(tmp_path: Path) -> None:
    work, quiet = programmed(tmp_path, nodes=3, bad="node.1"), Hearing().listener
    result = Program().apply(work, Program().plan(work, Purpose.APPLY, quiet), quiet)
    assert (result.outcome, result.counts) == (Outcome.PARTIAL, Counts(add=1))
    assert result.errors == (Diagnostic("error", "no more room", "", "node.1"),)


def test_its_own_plan_is_held_to_as_well(tmp_path: Path) -> None:
    work, quiet = programmed(tmp_path, nodes=1), Hearing().listener
    plan = Program().plan(work, Purpose.APPLY, quiet)
    (work.private / "apply.own-plan").write_text("node.0 node.1 node.2")
    with pytest.raises(PlanChanged, match=r"what was approved was for other apply\.own-plan"):
        Program().apply(work, plan, quiet)
    assert Program().held(work, quiet) == ()


def test_a_cancelled_one_is_told_to_stop_once(tmp_path: Path) -> None:
    text = (
        "#!/bin/sh\ntrap 'echo stopping; kill $!; exit 5' INT\n"
        'test "$1" = plan && exit 0\necho at it\nsleep 1000 & wait\n'
    )
    work = programmed(tmp_path, text)
    plan = Program().plan(work, Purpose.APPLY, Hearing().listener)
    hearing = Hearing(until=Said, text="at it")
    result = Program().apply(work, plan, hearing.listener)
    assert result.outcome is Outcome.CANCELLED
    assert [each.text for each in hearing.of(Said)] == ["at it", "stopping"]


def test_one_that_fails_without_a_word_of_the_protocol_is_told_by_its_errors(tmp_path: Path) -> None:
    work = programmed(tmp_path, "#!/bin/sh\necho 'no such cloud' >&2\nexit 3\n")
    with pytest.raises(EngineFailed) as told:
        Program().plan(work, Purpose.APPLY, Hearing().listener)
    assert str(told.value) == "Plan of eth: it exited with 3: no such cloud."


def test_one_that_is_not_there_is_told(tmp_path: Path) -> None:
    work = programmed(tmp_path, "", ("nowhere-to-be-found",))
    with pytest.raises(MissingProgram) as told:
        Program().plan(work, Purpose.APPLY, Hearing().listener)
    assert str(told.value) == (
        "Looking for nowhere-to-be-found for the stack eth: it is neither in the stack's folder nor installed "
        "where the worker runs. Nothing was changed."
    )


LINES = {
    '{"event": "change", "address": "a", "action": "replace"}': Found(Change("a", ("delete", "create"))),
    '{"event": "progress", "address": "a", "action": "create", "phase": "going"}': Moved(
        "a", "create", Phase.GOING
    ),
    '{"event": "output", "name": "a", "value": null}': Given("a", Output(None)),
    '{"event": "held", "address": "a", "tainted": true}': Held("a", tainted=True),
    '{"event": "log", "text": "hello"}': Said("hello"),
    '{"event": "error", "summary": "no"}': Diagnosed(Diagnostic("error", "no")),
    '{"event": "change", "address": "a", "action": "explode"}': Said(
        '{"event": "change", "address": "a", "action": "explode"}'
    ),
    '{"event": "else"}': Said('{"event": "else"}'),
    "hello": Said("hello"),
    "[1]": Said("[1]"),
    "  ": None,
}


@pytest.mark.parametrize(("line", "event"), LINES.items())
def test_a_line_is_an_event_or_words(line: str, event: object) -> None:
    assert read_line(line) == event


@given(some.text() | some.dictionaries(some.sampled_from(("event", "address", "name")), some.text()).map(str))
def test_no_line_however_odd_breaks_the_reader(line: str) -> None:
    read_line(line)
