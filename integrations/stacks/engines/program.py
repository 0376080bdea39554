"""Any program as an engine: it is told an operation, and answers in JSON lines on its standard output.

    ./provision plan|apply|destroy|refresh|outputs

It finds what it needs in the environment: `SPARKOPS_STACK`, `SPARKOPS_INSTANCE`, `SPARKOPS_VARIABLES` (a file of
mode 0600 with the values as one JSON object), `SPARKOPS_PURPOSE` (`apply` or `destroy`, while planning) and
`SPARKOPS_PLAN` (a file with the plan: written by it while planning if it likes, and there again when it applies).
A line is an object with `event`:

    {"event": "change", "address": "node.1", "action": "create"}       while planning
    {"event": "progress", "address": "node.1", "action": "create", "phase": "started|going|done|errored"}
    {"event": "output", "name": "url", "value": "http://…", "sensitive": false}
    {"event": "held", "address": "node.1", "tainted": false}           while refreshing
    {"event": "log", "text": "…"}
    {"event": "error", "summary": "…", "detail": "…", "address": "…"}

What is no such line is taken for words. It exits with 0 when all went well. On SIGINT it stops in order.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from integrations.stacks.engines import process, saved
from integrations.stacks.engines.files import write_private
from integrations.stacks.engines.model import (
    Change,
    Counted,
    Counts,
    Diagnosed,
    Diagnostic,
    Event,
    Found,
    Held,
    Job,
    Listener,
    Moved,
    Output,
    Phase,
    Plan,
    Purpose,
    Result,
    Said,
    Tool,
    outcome_of,
)
from integrations.stacks.engines.process import Ended, Watch
from integrations.stacks.engines.secrecy import redaction
from integrations.stacks.engines.tools import path_of
from integrations.stacks.errors import Cancelled, EngineFailed, MissingProgram
from integrations.stacks.spec.model import Program as Told

_ACTIONS = frozenset({"create", "update", "delete", "replace", "read", "no-op", "import"})
_PHASES = {phase.value: phase for phase in Phase}
_VARIABLES = "variables.json"
_MOST_ERRORS = 50


@dataclass
class _Heard:
    listener: Listener
    changes: list[Change] = field(default_factory=list)
    outputs: dict[str, Output] = field(default_factory=dict)
    held: list[Held] = field(default_factory=list)
    errors: list[Diagnostic] = field(default_factory=list)
    begun: dict[str, str] = field(default_factory=dict)
    """What was begun, by address: its action."""
    done: dict[str, str] = field(default_factory=dict)
    """What was done."""
    complaints: list[str] = field(default_factory=list)

    def line(self, text: str) -> None:
        """Take in one line."""
        event = read_line(text)
        if event is None:
            return
        if isinstance(event, Found):
            self.changes.append(event.change)
        elif isinstance(event, Given):
            self.outputs[event.name] = event.output
            return
        elif isinstance(event, Held):
            self.held.append(event)
            return
        elif isinstance(event, Diagnosed) and len(self.errors) < _MOST_ERRORS:
            self.errors.append(event.diagnostic)
        elif isinstance(event, Moved):
            self.begun[event.address] = event.action
            if event.phase is Phase.DONE:
                self.done[event.address] = event.action
        self.listener.event(event)

    def words(self, text: str) -> None:
        """Take in a line of its errors."""
        if text.strip():
            self.complaints = [*self.complaints[-9:], text.strip()]
            self.listener.event(Said(text))


@dataclass(frozen=True, slots=True)
class Given:
    """An output."""

    name: str
    output: Output


def read_line(text: str) -> Event | Given | Held | None:
    """What a line tells. What is not of the documented form is taken for words. Pure."""
    try:
        told = json.loads(text)
    except ValueError:
        told = None
    if isinstance(told, dict) and (event := _event(told)) is not None:
        return event
    return Said(text) if text.strip() else None


def _event(told: Mapping[str, Any]) -> Event | Given | Held | None:
    match told:
        case {"event": "change", "address": str(address), "action": str(action)} if action in _ACTIONS:
            actions = ("delete", "create") if action == "replace" else (action,)
            return Found(Change(address, actions, str(told.get("reason") or "")))
        case {"event": "progress", "address": str(address), "phase": str(phase)} if phase in _PHASES:
            return Moved(address, str(told.get("action") or ""), _PHASES[phase])
        case {"event": "output", "name": str(name), "value": value}:
            return Given(name, Output(value, bool(told.get("sensitive"))))
        case {"event": "held", "address": str(address)}:
            return Held(address, bool(told.get("tainted")))
        case {"event": "log", "text": str(text)}:
            return Said(text)
        case {"event": "error", "summary": str(summary)}:
            detail, address = str(told.get("detail") or ""), str(told.get("address") or "")
            return Diagnosed(Diagnostic("error", summary, detail, address))
    return None


class Program:
    """The engine of `engine: program`."""

    def tool(self, job: Job) -> Tool:
        """The program that the stack names: in its own folder where there is a slash in its name. It has no version."""
        name = self._told(job).command[0]
        beside = job.folder / name
        path = str(beside.resolve()) if "/" in name and beside.is_file() else None
        path = path or (path_of(name, job.environ) if "/" not in name else None)
        if path is None:
            raise MissingProgram(
                f"looking for {name} for the stack {job.spec.name}",
                "it is neither in the stack's folder nor installed where the worker runs",
                "Nothing was changed.",
            )
        return Tool(path, name, "")

    def plan(self, job: Job, purpose: Purpose, listener: Listener) -> Plan:
        """Have it say what it would change."""
        return self._plan(job, "plan", purpose, listener, purpose.value)

    def apply(self, job: Job, plan: Plan, listener: Listener) -> Result:
        """Have it do that; the operation is `apply` or `destroy`, as the plan's purpose is."""
        attempted = f"applying the plan of {job.spec.name}"
        saved.check(attempted, job, plan)
        ended, heard = self._run(
            job, plan.purpose.value, plan.purpose, listener, f"{plan.purpose.value}-saved"
        )
        counts = _counted(heard.done)
        if ended.code == 0:
            listener.event(Counted(counts, plan.purpose.value))
        return Result(
            outcome=outcome_of(ended, touched=bool(heard.begun)),
            counts=counts,
            diagnostics=_diagnostics(ended, heard),
            outputs=heard.outputs,
            left_running=ended.left,
        )

    def destroy(self, job: Job, listener: Listener) -> Result:
        """A plan to destroy, applied."""
        return self.apply(job, self.plan(job, Purpose.DESTROY, listener), listener)

    def refresh(self, job: Job, listener: Listener) -> Plan:
        """Have it say what differs."""
        return self._plan(job, "refresh", Purpose.APPLY, listener, "refresh")

    def outputs(self, job: Job, listener: Listener) -> Mapping[str, Output]:
        """Have it say its outputs."""
        return self._asked(job, "outputs", listener).outputs

    def held(self, job: Job, listener: Listener) -> tuple[Held, ...]:
        """Have it say what stands."""
        return tuple(self._asked(job, "refresh", listener).held)

    def _plan(self, job: Job, operation: str, purpose: Purpose, listener: Listener, label: str) -> Plan:
        own = self._own_plan(job, purpose)
        own.unlink(missing_ok=True)
        heard = self._asked(job, operation, listener, purpose)
        return saved.save(job, purpose, label, heard.changes, own=own if own.exists() else None)

    def _asked(
        self, job: Job, operation: str, listener: Listener, purpose: Purpose = Purpose.APPLY
    ) -> _Heard:
        """Run what changes nothing. Raises EngineFailed and Cancelled."""
        ended, heard = self._run(job, operation, purpose, listener, operation)
        attempted = f"{operation} of {job.spec.name}"
        if ended.told or ended.killed:
            raise Cancelled(attempted, "it was stopped, and nothing was changed")
        if ended.code != 0:
            raise EngineFailed(attempted, "; ".join(str(each) for each in _diagnostics(ended, heard)[:3]))
        return heard

    def _run(
        self, job: Job, operation: str, purpose: Purpose, listener: Listener, label: str
    ) -> tuple[Ended, _Heard]:
        heard = _Heard(listener)
        variables = write_private(job.private / _VARIABLES, json.dumps(job.values.revealed()))
        given = {
            "SPARKOPS_STACK": job.spec.name,
            "SPARKOPS_INSTANCE": job.instance,
            "SPARKOPS_PURPOSE": purpose.value,
            "SPARKOPS_VARIABLES": str(variables),
            "SPARKOPS_PLAN": str(self._own_plan(job, purpose)),
        }
        call = process.Call(
            argv=(self.tool(job).path, *self._told(job).command[1:], operation),
            folder=job.folder,
            private=job.private,
            label=label,
            environment=process.environment(job.environ, job.spec.environment, given),
        )
        redact = redaction(job, listener)
        return process.run(call, Watch(heard.line, heard.words, listener.stop, redact)), heard

    @staticmethod
    def _own_plan(job: Job, purpose: Purpose) -> Path:
        return job.private / f"{purpose.value}.own-plan"

    @staticmethod
    def _told(job: Job) -> Told:
        assert job.spec.program is not None, "the types see to it"
        return job.spec.program


def _counted(done: Mapping[str, str]) -> Counts:
    words = list(done.values())
    replaced = words.count("replace")
    counts = Counts(words.count("create") + replaced, words.count("update"), words.count("delete") + replaced)
    return replace(counts, imported=words.count("import"))


def _diagnostics(ended: Ended, heard: _Heard) -> tuple[Diagnostic, ...]:
    if heard.errors or ended.code == 0 or ended.told or ended.killed:
        return tuple(heard.errors)
    says = " ".join(heard.complaints) or "it said nothing"
    return (Diagnostic("error", f"it exited with {ended.code}: {says}"),)
